#include <algorithm>

#include "sw/compiler/hybrid/hybrid_search.h"

namespace ohmic {

hybrid_result search_exhaustive(const hybrid_problem& problem) {
  const std::size_t layers = problem.layers.size();
  if (layers > exhaustive_layers)
    throw graph_error("method exhaustive looks at every choice of up to " + std::to_string(exhaustive_layers) +
                      " layers, and the network has " + std::to_string(layers) + " that may run on crossbars");
  // In this order neighbours have most of their first layers in common.
  std::vector<layer_choice> all;
  for (std::size_t bits = 0; bits < std::size_t{1} << layers; ++bits) {
    layer_choice& choice = all.emplace_back(layers, false);
    for (std::size_t l = 0; l < layers; ++l) choice[l] = (bits >> (layers - 1 - l) & 1) != 0;
  }
  const std::vector<drawn_accuracy> found = problem.accuracy->accuracies(all, problem.draws);
  hybrid_result result;
  std::size_t best = 0;  // all on cores, if none holds
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool holds = within(problem, found[i]);
    result.steps.push_back({all[i], found[i], holds});
    if (!holds) continue;
    const double share = analog_share(problem.layers, all[i]), best_share = analog_share(problem.layers, all[best]);
    if (!result.holds || share > best_share || (share == best_share && found[i].mean() > found[best].mean())) best = i;
    result.holds = true;
  }
  result.choice = all[best];
  result.accuracy = found[best];
  return result;
}

}  // namespace ohmic
