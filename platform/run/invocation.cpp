#include "platform/run/invocation.h"

#include "platform/config/config_tree.h"
#include "platform/config/load_chip.h"
#include "platform/config/numbers.h"

namespace ohmic {
namespace {

using json = nlohmann::ordered_json;

/// Sizes become bytes.
json value_of(const config_node& node) {
  switch (node.kind) {
    case config_node::kind_t::null:
      return nullptr;
    case config_node::kind_t::sequence: {
      json all = json::array();
      for (const config_node& item : node.items) all.push_back(value_of(item));
      return all;
    }
    case config_node::kind_t::map: {
      json all = json::object();
      for (const config_node::entry& e : node.entries) all[e.key] = value_of(e.value);
      return all;
    }
    case config_node::kind_t::scalar:
      break;
  }
  if (node.quoted) return node.scalar;
  if (const auto whole = parse_size(node.scalar)) return *whole;
  if (const auto number = parse_number(node.scalar)) return *number;
  if (const auto boolean = parse_boolean(node.scalar)) return *boolean;
  return node.scalar;
}

/// A word of the command line may be any bytes; JSON is UTF-8.
json text(const std::vector<std::string>& words) {
  json all = json::array();
  for (const std::string& word : words) {
    const std::string quoted = json(word).dump(-1, ' ', false, json::error_handler_t::replace);
    all.push_back(json::parse(quoted));
  }
  return all;
}

}  // namespace

void add_invocation(json& report, const invocation& how, const chip_config& chip) {
  report["ohmic_version"] = how.version;
  report["command_line"] = text(how.command_line);
  report["overrides"] = text(how.overrides);
  report["firmware_hash"] = how.firmware_hash;
  report["chip_hash"] = chip_hash(chip);
  report["resolved_chip"] = value_of(parse_yaml(to_yaml(chip), "chip"));
}

}  // namespace ohmic
