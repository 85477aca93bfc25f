#include "chip/chip_config.h"

#include <algorithm>

namespace ohmic {

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

std::string chip_config::other_core_designs() const {
  std::string text;
  for (unsigned i = 0; i < clusters(); ++i) {
    const std::vector<core_model> models = core_models(i);
    for (unsigned c = 0; c < models.size(); ++c)
      if (design_of(models[c]) == core_design::ibex) text += std::to_string(i) + "." + std::to_string(c) + ": ibex\n";
  }
  return text;
}

}  // namespace ohmic
