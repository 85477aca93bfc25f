#include <nlohmann/json.hpp>
#include <optional>

#include "platform/config/config_error.h"
#include "platform/config/numbers.h"
#include "platform/energy/energy_report.h"

namespace ohmic {
namespace {

using json = nlohmann::ordered_json;

/// As a file of coefficients would say it, so that it can be read again.
json tree_json(const config_node& node) {
  if (node.kind != config_node::kind_t::map) {
    const auto number = node.quoted ? std::nullopt : parse_number(node.scalar);
    return number ? json(*number) : json(node.scalar);
  }
  json all = json::object();
  for (const config_node::entry& e : node.entries) all[e.key] = tree_json(e.value);
  return all;
}

double per(double of, double by) { return by > 0 ? of / by : 0; }

json by_block(const std::map<std::string, double>& joules) {
  json all = json::object();
  for (const auto& [name, j] : joules) all[name] = j * 1e3;
  return all;
}

json section(const energy_report& r, const energy_coefficients& c) {
  const double images_per_s = per(r.images, r.seconds), tops = per(2 * r.macs, r.seconds) / 1e12;
  const double watts = per(r.total_j, r.seconds);
  json e = {{"coefficients", tree_json(c.tree)},
            {"digital_scale", c.digital_scale},
            {"energy_mj", r.total_j * 1e3},
            {"energy_per_image_mj", per(r.total_j * 1e3, r.images)},
            {"programming_mj", r.programming_j * 1e3},
            {"calibration_mj", r.calibration_j * 1e3},
            {"average_power_w", watts},
            {"leakage_w", r.leakage_w},
            {"crossbars_mj", r.crossbars_j * 1e3},
            {"mvm_readings", {{"fixed_mj", r.crossbars_fixed_j * 1e3}, {"in_use_mj", r.crossbars_in_use_j * 1e3}}},
            {"images_per_s_per_w", per(images_per_s, watts)},
            {"tops_per_w", per(tops, watts)},
            {"area_mm2", r.area_mm2},
            {"images_per_s_per_mm2", per(images_per_s, r.area_mm2)},
            {"gops_per_mm2", per(1e3 * tops, r.area_mm2)}};
  e["blocks"] = json::array();
  for (const energy_part& b : r.blocks)
    e["blocks"].push_back({{"name", b.name},
                           {"energy_mj", b.total_j() * 1e3},
                           {"dynamic_mj", b.dynamic_j * 1e3},
                           {"leakage_mj", b.leakage_j * 1e3},
                           {"energy_per_image_mj", per(b.total_j() * 1e3, r.images)},
                           {"average_power_w", per(b.total_j(), r.seconds)},
                           {"leakage_w", per(b.leakage_j, r.seconds)},
                           {"share", per(b.total_j(), r.total_j)},
                           {"area_mm2", b.area_mm2}});
  e["stages"] = json::array();
  for (const stage_energy& s : r.stages)
    e["stages"].push_back({{"name", s.name},
                           {"energy_mj", s.total_j * 1e3},
                           {"energy_per_image_mj", per(s.total_j * 1e3, r.images)},
                           {"average_power_w", per(s.total_j, r.seconds)},
                           {"leakage_mj", s.leakage_j * 1e3},
                           {"by_block_mj", by_block(s.by_block)}});
  e["unattributed_mj"] = r.unattributed_j * 1e3;
  e["unattributed_by_block_mj"] = by_block(r.unattributed);
  e["sensitivity"] = json::array();
  for (const coefficient_share& s : r.sensitivity)
    e["sensitivity"].push_back({{"coefficient", s.key},
                                {"value", s.value},
                                {"unit", s.unit},
                                {"energy_mj", s.energy_j * 1e3},
                                {"energy_share", per(s.energy_j, r.total_j)},
                                {"area_mm2", s.area_mm2},
                                {"area_share", per(s.area_mm2, r.area_mm2)}});
  return e;
}

}  // namespace

std::string energy_json(const energy_report& r, const energy_coefficients& c) { return section(r, c).dump(1) + "\n"; }

std::string with_energy(const std::string& summary, const energy_report& r, const energy_coefficients& c) {
  json s = json::parse(summary);
  s["energy"] = section(r, c);
  return s.dump(1) + "\n";
}

// Whoever calls has read the summary's activity, which refuses what is nested too deeply to be written again.
energy_coefficients coefficients_of_summary(const std::string& summary, const std::string& name,
                                            const std::vector<std::string>& sets) {
  const json s = json::parse(summary, nullptr, false);
  if (!s.is_object() || !s.contains("energy") || !s["energy"].is_object() || !s["energy"].contains("coefficients"))
    throw config_error(name + ": it holds no coefficients; name a file of them: --energy configs/energy/silicon.yaml");
  return parse_coefficients(s["energy"]["coefficients"].dump(), name, sets);
}

}  // namespace ohmic
