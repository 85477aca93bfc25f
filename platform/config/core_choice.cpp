#include "platform/config/core_choice.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <sstream>

namespace ohmic {
namespace {

core_model model_named(const std::string& word) {
  return word == "rtl" ? core_model::rtl : word == "lockstep" ? core_model::lockstep : core_model::iss;
}

/// "0-3,7" or "all" as sorted numbers below `count`; nothing if it is neither.
std::optional<std::vector<unsigned>> parse_ranges(const std::string& text, unsigned count) {
  std::vector<unsigned> numbers;
  if (text == "all") {
    for (unsigned i = 0; i < count; ++i) numbers.push_back(i);
    return numbers;
  }
  if (text.back() == ',') return std::nullopt;
  std::stringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    unsigned first = 0, last = 0;
    int used = 0;
    if (part.empty() || part.find_first_not_of("0123456789-") != std::string::npos) return std::nullopt;
    if (std::sscanf(part.c_str(), "%u-%u%n", &first, &last, &used) != 2) {
      used = 0;
      if (std::sscanf(part.c_str(), "%u%n", &first, &used) != 1) return std::nullopt;
      last = first;
    }
    if (static_cast<std::size_t>(used) != part.size() || first > last || last >= count) return std::nullopt;
    for (unsigned i = first; i <= last; ++i) numbers.push_back(i);
  }
  std::sort(numbers.begin(), numbers.end());
  if (std::adjacent_find(numbers.begin(), numbers.end()) != numbers.end()) return std::nullopt;
  return numbers;
}

std::optional<unsigned> first_common(const std::vector<unsigned>& a, const std::vector<unsigned>& b) {
  for (unsigned x : a)
    if (std::binary_search(b.begin(), b.end(), x)) return x;
  return std::nullopt;
}

}  // namespace

const char* name_of(core_model model) {
  switch (model) {
    case core_model::rtl:
      return "rtl";
    case core_model::lockstep:
      return "lockstep";
    default:
      return "iss";
  }
}

std::vector<std::string> choose_cores(const chip_file& file, chip_config& chip) {
  std::vector<std::string> errors;
  if (file.cores.model) chip.cores.model = model_named(*file.cores.model);
  std::vector<std::string> places;
  for (const auto& o : file.cores.overrides) {
    chip_config::cores_config::override_entry entry;
    entry.model = model_named(o.model);
    const auto take = [&](const char* key, const std::string& text, unsigned count, std::vector<unsigned>& to) {
      if (auto numbers = parse_ranges(text, count)) {
        to = std::move(*numbers);
      } else {
        errors.push_back(o.place + ": cores.overrides: " + key + ": " + text +
                         " is not allowed; allowed: all, or numbers and ranges from 0 to " + std::to_string(count - 1) +
                         ", each once, as in 0-3,7");
      }
    };
    take("clusters", o.clusters, chip.clusters(), entry.clusters);
    take("cores", o.cores, chip.cluster.cores, entry.cores);
    for (std::size_t i = 0; i < chip.cores.overrides.size(); ++i) {
      const auto cluster = first_common(entry.clusters, chip.cores.overrides[i].clusters);
      const auto core = first_common(entry.cores, chip.cores.overrides[i].cores);
      if (cluster && core)
        errors.push_back(o.place + ": cores.overrides: core " + std::to_string(*cluster) + "." + std::to_string(*core) +
                         " is chosen by the override at " + places[i] + " too; allowed: overrides that do not overlap");
    }
    chip.cores.overrides.push_back(std::move(entry));
    places.push_back(o.place);
  }
  return errors;
}

std::vector<core_model> chip_config::core_models(unsigned cluster_index) const {
  std::vector<core_model> models(cluster.cores, cores.model);
  for (const auto& o : cores.overrides) {
    if (!std::binary_search(o.clusters.begin(), o.clusters.end(), cluster_index)) continue;
    for (unsigned core : o.cores) models[core] = o.model;
  }
  return models;
}

bool chip_config::any_core(core_model model) const {
  for (unsigned i = 0; i < clusters(); ++i) {
    const std::vector<core_model> models = core_models(i);
    if (std::find(models.begin(), models.end(), model) != models.end()) return true;
  }
  return false;
}

}  // namespace ohmic
