#include "chip/chip_config.h"

#include <algorithm>

namespace ohmic {

const chip_config::cluster_make* chip_config::make_of(unsigned cluster_index) const {
  for (const cluster_make& make : makes)
    if (std::binary_search(make.clusters.begin(), make.clusters.end(), cluster_index)) return &make;
  return nullptr;
}

unsigned chip_config::cores_of(unsigned cluster_index) const {
  const cluster_make* make = make_of(cluster_index);
  return make != nullptr ? make->cores : cluster.cores;
}

bool chip_config::has_ima(unsigned cluster_index) const {
  const cluster_make* make = make_of(cluster_index);
  return make == nullptr || make->ima;
}

std::vector<chip_config::cluster_make> chip_config::all_makes() const {
  std::vector<cluster_make> all;
  for (unsigned i = 0; i < clusters(); ++i) {
    const unsigned count = cores_of(i);
    const bool with_ima = has_ima(i);
    auto make = std::find_if(all.begin(), all.end(),
                             [&](const cluster_make& m) { return m.cores == count && m.ima == with_ima; });
    if (make == all.end()) make = all.insert(all.end(), {{}, count, with_ima});
    make->clusters.push_back(i);
  }
  return all;
}

unsigned chip_config::most_cores() const {
  unsigned most = 0;
  for (const cluster_make& make : all_makes()) most = std::max(most, make.cores);
  return most;
}

unsigned chip_config::all_cores() const {
  unsigned all = 0;
  for (const cluster_make& make : all_makes()) all += make.cores * static_cast<unsigned>(make.clusters.size());
  return all;
}

unsigned chip_config::imas() const {
  unsigned all = 0;
  for (const cluster_make& make : all_makes())
    if (make.ima) all += static_cast<unsigned>(make.clusters.size());
  return all;
}

std::vector<core_model> chip_config::core_models(unsigned cluster_index) const {
  std::vector<core_model> models(cores_of(cluster_index), cores.model);
  for (const auto& o : cores.overrides) {
    if (!std::binary_search(o.clusters.begin(), o.clusters.end(), cluster_index)) continue;
    for (unsigned core : o.cores)
      if (core < models.size()) models[core] = o.model;
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
