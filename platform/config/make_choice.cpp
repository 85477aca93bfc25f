#include "platform/config/make_choice.h"

#include <algorithm>

#include "platform/config/core_choice.h"

namespace ohmic {

std::vector<std::string> choose_makes(const chip_file& file, chip_config& chip) {
  std::vector<std::string> errors;
  chip_config asked = chip;
  std::vector<std::string> named(chip.clusters());  // by cluster: where its make was said
  for (const chip_file::make& m : file.makes) {
    const auto clusters = parse_ranges(m.clusters, chip.clusters());
    if (!clusters) {
      errors.push_back(m.place + ": clusters: clusters: " + allowed_ranges(m.clusters, chip.clusters()));
      continue;
    }
    const auto twice =
        std::find_if(clusters->begin(), clusters->end(), [&](unsigned cluster) { return !named[cluster].empty(); });
    if (twice != clusters->end()) {
      errors.push_back(m.place + ": clusters: cluster " + std::to_string(*twice) + " is named in " + named[*twice] +
                       " already; allowed: each cluster once");
      continue;
    }
    for (const unsigned cluster : *clusters) named[cluster] = m.place;
    asked.makes.push_back({*clusters, m.cores.value_or(chip.cluster.cores), m.ima.value_or(true)});
  }
  for (chip_config::cluster_make& make : asked.all_makes())
    if (make.cores != chip.cluster.cores || !make.ima) chip.makes.push_back(std::move(make));
  return errors;
}

}  // namespace ohmic
