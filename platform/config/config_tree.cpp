#include "platform/config/config_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "platform/config/config_error.h"
#include "platform/config/numbers.h"

namespace ohmic {
namespace {

std::string place_of(const YAML::Mark& mark, const std::string& name) {
  if (mark.line < 0) return name;
  return name + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
}

// A file says what a person could have written; more is an accident or an attack, and is refused before it costs
// memory: aliases count as what they stand for.
constexpr std::size_t most_bytes = std::size_t{256} << 10, most_values = 50'000, most_depth = 32, most_key_parts = 16;

/// YAML 1.2, 5.1: text is UTF-8 (here) of printable characters. The offset of the first that is none, or npos.
std::size_t first_unprintable(const std::string& text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(at < text.size() ? text[at] : 0); };
    const unsigned char first = byte(i);
    if (first < 0x80) {
      if (first == 0x7f || (first < 0x20 && first != '\t' && first != '\n' && first != '\r')) return i;
      ++i;
      continue;
    }
    const unsigned length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    std::uint32_t code = first & (0xffu >> (length + 1));
    if (first < 0xc2 || first > 0xf4) return i;
    for (unsigned k = 1; k < length; ++k) {
      if ((byte(i + k) & 0xc0) != 0x80) return i;
      code = code << 6 | (byte(i + k) & 0x3fu);
    }
    const bool shortest = code >= (length == 4 ? 0x10000u : length == 3 ? 0x800u : 0x80u);
    const bool control = code < 0xa0 && code != 0x85, surrogate = code >= 0xd800 && code < 0xe000;
    if (!shortest || control || surrogate || code > 0x10ffff || code == 0xfffe || code == 0xffff) return i;
    i += length;
  }
  return std::string::npos;
}

/// Builds the tree while the parser reads, so that nothing is built of what is refused.
class tree_builder : public YAML::EventHandler {
 public:
  /// `option`: every place is the option itself.
  tree_builder(const std::string& name, bool option) : name_(name), option_(option) {}

  /// The tree, once the whole text has been read.
  config_node take() {
    if (!bad_key_.empty()) throw config_error(bad_key_ + ": a key must be a plain word");
    return std::move(root_);
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) throw config_error(place(mark) + ": one YAML document is allowed, here begins another");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    config_node node = begun(mark, config_node::kind_t::null, "");
    finish(std::move(node), anchor, mark);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) throw config_error(place(mark) + ": an alias stands inside of what it names");
    count(known->second.values, mark);
    if (frames_.size() + known->second.depth > most_depth) too_deep(mark);
    finish(known->second.node, 0, mark, known->second.values, known->second.depth);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    config_node node = begun(mark, config_node::kind_t::scalar, tag);
    node.scalar = value;
    node.quoted = tag == "!";
    finish(std::move(node), anchor, mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(mark, config_node::kind_t::sequence, tag, anchor);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(mark, config_node::kind_t::map, tag, anchor);
  }
  void OnMapEnd() override { end(); }

 private:
  /// A list or map that is not complete yet.
  struct frame {
    config_node node;
    YAML::anchor_t anchor;
    YAML::Mark mark;
    std::size_t values_before;
    std::size_t depth = 1;  ///< of what it holds, itself included
    bool has_key = false;   ///< of a map: its next value belongs to `key`
    config_node::entry next;
  };
  struct anchored {
    config_node node;
    std::size_t values, depth;
  };

  std::string place(const YAML::Mark& mark) const { return option_ ? name_ : place_of(mark, name_); }
  void count(std::size_t values, const YAML::Mark& mark) {
    values_ += values;
    if (values_ > most_values)
      throw config_error(place(mark) + ": more than " + std::to_string(most_values) +
                         " values (an alias counts as what it stands for); allowed: fewer");
  }
  [[noreturn]] void too_deep(const YAML::Mark& mark) const {
    throw config_error(place(mark) + ": more than " + std::to_string(most_depth) +
                       " lists and maps in each other; allowed: fewer");
  }
  config_node begun(const YAML::Mark& mark, config_node::kind_t kind, const std::string& tag) {
    count(1, mark);
    config_node node;
    node.kind = kind;
    node.place = place(mark);
    if (!tag.empty() && tag != "?" && tag != "!")
      throw config_error(node.place + ": the tag " + printable(tag) + "; allowed: values without tags");
    return node;
  }
  void begin(const YAML::Mark& mark, config_node::kind_t kind, const std::string& tag, YAML::anchor_t anchor) {
    frame f{begun(mark, kind, tag), anchor, mark, values_ - 1, 1, false, {}};
    if (frames_.size() == most_depth) too_deep(mark);
    frames_.push_back(std::move(f));
  }
  void end() {
    frame f = std::move(frames_.back());
    frames_.pop_back();
    finish(std::move(f.node), f.anchor, f.mark, values_ - f.values_before, f.depth);
  }
  void finish(config_node node, YAML::anchor_t anchor, const YAML::Mark& mark, std::size_t values = 1,
              std::size_t depth = 0) {
    if (anchor != 0) {
      count(values, mark);  // a copy is kept
      anchors_[anchor] = {node, values, depth};
    }
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    frame& parent = frames_.back();
    parent.depth = std::max(parent.depth, depth + 1);
    if (parent.node.kind == config_node::kind_t::sequence) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.has_key) {
      if (node.kind != config_node::kind_t::scalar && bad_key_.empty()) bad_key_ = node.place;
      parent.next.key = std::move(node.scalar);
      parent.next.place = std::move(node.place);
      parent.has_key = true;
    } else {
      parent.next.value = std::move(node);
      parent.node.entries.push_back(std::move(parent.next));
      parent.has_key = false;
    }
  }

  const std::string name_;
  const bool option_;
  std::string bad_key_;  ///< its place; told only if the text is YAML at all
  unsigned documents_ = 0;
  std::size_t values_ = 0;
  std::vector<frame> frames_;
  std::map<YAML::anchor_t, anchored> anchors_;
  config_node root_;
};

/// The one document of a text, a map of nothing if there is none. `wrong` begins what the parser says.
config_node parsed(const std::string& text, const std::string& name, bool option, const char* wrong) {
  if (text.size() > most_bytes)
    throw config_error(name + ": has more than 256 KiB; allowed: files that a person could have written");
  if (const std::size_t at = first_unprintable(text); at != std::string::npos) {
    const auto line = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    const std::size_t begin = at == 0 ? std::string::npos : text.rfind('\n', at - 1);
    throw config_error((option ? name
                               : name + ":" + std::to_string(line + 1) + ":" +
                                     std::to_string(at - (begin == std::string::npos ? 0 : begin + 1) + 1)) +
                       ": " + wrong + ": the byte " + printable(text.substr(at, 1)) +
                       " is no text; allowed: printable characters in UTF-8");
  }
  std::istringstream stream(text);
  tree_builder builder(name, option);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    throw config_error((option ? name : place_of(error.mark, name)) + ": " + wrong + ": " + printable(error.msg));
  }
  return builder.take();
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
  config_node root = parsed(text, name, false, "not valid YAML");
  if (root.kind == config_node::kind_t::null) root.kind = config_node::kind_t::map;
  if (root.place.empty()) root.place = name;
  if (root.kind != config_node::kind_t::map) {
    throw config_error(root.place + ": found " +
                       (root.kind == config_node::kind_t::scalar ? "a single value" : "a list") +
                       "; allowed: keys and values (key: value)");
  }
  return root;
}

config_node read_yaml(const std::string& path) {
  std::error_code code;
  if (std::filesystem::is_directory(path, code)) {
    throw config_error(path + ": cannot be read: it is a folder; allowed: a YAML file");
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  if (file) {
    text.resize(most_bytes + 1);
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
  }
  if (!file.is_open() || file.bad()) throw config_error(path + ": cannot be read: " + std::strerror(errno));
  return parse_yaml(text, path);
}

std::pair<std::string, config_node> parse_override(const std::string& option) {
  const std::string place = "--set " + printable(option);
  const std::size_t equals = option.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw config_error(place + ": allowed: KEY=VALUE with a dotted key, as in --set cluster.cores=8");
  }
  const std::string path = option.substr(0, equals);
  const std::vector<std::string> keys = split_path(path + ".");
  for (const std::string& key : keys) {
    if (key.empty()) throw config_error(place + ": the key " + printable(path) + " has an empty part");
  }
  if (keys.size() > most_key_parts) throw config_error(place + ": no key has so many parts");
  config_node value = parsed(option.substr(equals + 1), place, true, "the value is not valid YAML");
  if (value.place.empty() || value.kind == config_node::kind_t::null) {
    value.kind = config_node::kind_t::scalar;  // KEY= sets the empty string
    value.quoted = true;
    value.place = place;
  }
  return {path, std::move(value)};
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
