#include "platform/config/config_tree.h"

#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "platform/config/config_error.h"

namespace ohmic {
namespace {

std::string place_of(const YAML::Mark& mark, const std::string& name) {
  if (mark.line < 0) return name;
  return name + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
}

/// `option`: every place is the option itself.
config_node convert(const YAML::Node& node, const std::string& name, bool option) {
  config_node out;
  out.place = option ? name : place_of(node.Mark(), name);
  switch (node.Type()) {
    case YAML::NodeType::Undefined:
    case YAML::NodeType::Null:
      out.kind = config_node::kind_t::null;
      break;
    case YAML::NodeType::Scalar:
      out.kind = config_node::kind_t::scalar;
      out.scalar = node.Scalar();
      out.quoted = node.Tag() == "!";
      break;
    case YAML::NodeType::Sequence:
      out.kind = config_node::kind_t::sequence;
      for (const auto& item : node) out.items.push_back(convert(item, name, option));
      break;
    case YAML::NodeType::Map:
      out.kind = config_node::kind_t::map;
      for (const auto& pair : node) {
        const std::string key_place = option ? name : place_of(pair.first.Mark(), name);
        if (!pair.first.IsScalar()) throw config_error(key_place + ": a key must be a plain word");
        out.entries.push_back({pair.first.Scalar(), key_place, convert(pair.second, name, option)});
      }
      break;
  }
  return out;
}

}  // namespace

const config_node* config_node::find(const std::string& path) const {
  const config_node* node = this;
  for (const std::string& key : split_path(path)) {
    const config_node* next = nullptr;
    for (const entry& e : node->entries) {
      if (e.key == key) next = &e.value;
    }
    if (next == nullptr) return nullptr;
    node = next;
  }
  return node;
}

std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> keys;
  std::stringstream stream(path);
  for (std::string key; std::getline(stream, key, '.');) keys.push_back(key);
  return keys;
}

config_node parse_yaml(const std::string& text, const std::string& name) {
  try {
    std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.size() > 1) {
      throw config_error(place_of(documents[1].Mark(), name) + ": one YAML document is allowed, here begins another");
    }
    config_node root = documents.empty() ? config_node{} : convert(documents[0], name, false);
    if (root.kind == config_node::kind_t::null) root.kind = config_node::kind_t::map;
    if (root.place.empty()) root.place = name;
    if (root.kind != config_node::kind_t::map) {
      throw config_error(root.place + ": found a single value; allowed: keys and values (key: value)");
    }
    return root;
  } catch (const YAML::Exception& error) {
    throw config_error(place_of(error.mark, name) + ": not valid YAML: " + error.msg);
  }
}

config_node read_yaml(const std::string& path) {
  std::error_code code;
  if (std::filesystem::is_directory(path, code)) {
    throw config_error(path + ": cannot be read: it is a folder; allowed: a YAML file");
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file) throw config_error(path + ": cannot be read: " + std::strerror(errno));
  return parse_yaml(text.str(), path);
}

std::pair<std::string, config_node> parse_override(const std::string& option) {
  const std::string place = "--set " + option;
  const std::size_t equals = option.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw config_error(place + ": allowed: KEY=VALUE with a dotted key, as in --set cluster.cores=8");
  }
  const std::string path = option.substr(0, equals);
  for (const std::string& key : split_path(path + ".")) {
    if (key.empty()) throw config_error(place + ": the key " + path + " has an empty part");
  }
  try {
    config_node value = convert(YAML::Load(option.substr(equals + 1)), place, true);
    if (value.kind == config_node::kind_t::null) {
      value.kind = config_node::kind_t::scalar;  // KEY= sets the empty string
      value.quoted = true;
    }
    return {path, std::move(value)};
  } catch (const YAML::Exception& error) {
    throw config_error(place + ": the value is not valid YAML: " + error.msg);
  }
}

void set_value(config_node& root, const std::string& path, config_node value) {
  config_node* node = &root;
  std::string walked;
  for (const std::string& key : split_path(path)) {
    if (node->kind == config_node::kind_t::null) node->kind = config_node::kind_t::map;
    if (node->kind != config_node::kind_t::map) {
      throw config_error(value.place + ": " + walked + " is a single value, so there is no " + path);
    }
    walked += (walked.empty() ? "" : ".") + key;
    config_node* next = nullptr;
    for (config_node::entry& e : node->entries) {
      if (e.key == key) next = &e.value;
    }
    if (next == nullptr) {
      config_node empty;
      empty.place = value.place;
      node->entries.push_back({key, value.place, std::move(empty)});
      next = &node->entries.back().value;
    }
    node = next;
  }
  *node = std::move(value);
}

}  // namespace ohmic
