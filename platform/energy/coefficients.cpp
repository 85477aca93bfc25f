#include "platform/energy/coefficients.h"

#include <optional>

#include "platform/config/config_error.h"
#include "platform/config/schema.h"
#include "platform/config/tree_reader.h"

namespace ohmic {
namespace {

constexpr const char* units[] = {"pj", "mm2", "mw_per_mm2", "mw"};

double number(const config_node& node, const char* key) {
  std::optional<double> value;
  const tree_reader read(node);
  read(key, value);
  return value.value_or(0);
}

/// From the source's node to the chip's.
double factor_of(const config_node& node, const std::string& key, const energy_coefficients& chip) {
  const std::string rule = node.find("scaling") != nullptr ? node.find("scaling")->scalar : "none";
  if (rule == "none") return 1;
  const double nm = number(node, "node_nm"), volts = number(node, "volts");
  if (nm == 0)
    throw config_error(node.place + ": " + key + ".node_nm: this key is missing; scaling " + rule +
                       " needs the node of the source");
  if (rule == "node") return chip.node_nm / nm;
  if (volts == 0)
    throw config_error(node.place + ": " + key + ".volts: this key is missing; scaling " + rule +
                       " needs the supply voltage of the source");
  return chip.node_nm / nm * (chip.volts / volts) * (chip.volts / volts);
}

void collect(const config_node& node, const std::string& prefix, energy_coefficients& c) {
  for (const config_node::entry& e : node.entries) {
    if (e.value.kind != config_node::kind_t::map) continue;
    const std::string key = prefix + e.key;
    const char* unit = nullptr;
    for (const char* u : units)
      if (e.value.find(u) != nullptr) unit = u;
    if (unit == nullptr) {
      collect(e.value, key + ".", c);
      continue;
    }
    coefficient& own = c.of[key];
    own.unit = unit;
    own.published = number(e.value, unit);
    own.factor = factor_of(e.value, key, c);
    own.source = e.value.find("source")->scalar;
  }
}

energy_coefficients resolve(config_node tree, const std::vector<std::string>& sets) {
  for (const std::string& set : sets) {
    auto [path, value] = parse_override(set);
    set_value(tree, path, std::move(value));
  }
  refuse_mistakes(check(tree, schema_kind::energy));
  energy_coefficients c;
  c.name = tree.find("name")->scalar;
  c.node_nm = number(tree, "node_nm");
  c.volts = number(tree, "volts");
  c.fixed_mvm = tree.find("mvm")->scalar == "fixed";
  c.digital_scale = number(tree, "digital_scale");
  c.fit_mj = number(tree, "fit_mj");
  collect(tree, "", c);
  c.tree = std::move(tree);
  return c;
}

}  // namespace

double energy_coefficients::operator()(const std::string& key) const {
  const coefficient& c = of.at(key);
  return c.unit == "pj" ? c.value() * 1e-12 : c.unit == "mm2" ? c.value() : c.value() * 1e-3;
}

energy_coefficients load_coefficients(const std::string& path, const std::vector<std::string>& sets) {
  return resolve(read_yaml(path), sets);
}

energy_coefficients parse_coefficients(const std::string& text, const std::string& name,
                                       const std::vector<std::string>& sets) {
  return resolve(parse_yaml(text, name), sets);
}

}  // namespace ohmic
