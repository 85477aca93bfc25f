#include "sw/compiler/hybrid/policy/greedy.h"

namespace ohmic {

hybrid_result search_sensitivity(const hybrid_problem& problem) {
  std::vector<layer_choice> alone;
  for (std::size_t l = 0; l < problem.layers.size(); ++l) {
    alone.emplace_back(problem.layers.size(), false);
    alone[l][l] = true;
  }
  const std::vector<drawn_accuracy> found = problem.accuracy->accuracies(alone, problem.draws);
  std::vector<double> accuracies;
  for (const drawn_accuracy& a : found) accuracies.push_back(a.mean());
  const std::vector<std::size_t> order = descending(accuracies, by_macs(problem));  // of equal losses more MACs first
  hybrid_result result = keep_what_holds(problem, order);
  std::vector<hybrid_step> steps;
  for (std::size_t l = 0; l < alone.size(); ++l) steps.push_back({alone[l], found[l], false});
  result.steps.insert(result.steps.begin(), steps.begin(), steps.end());
  return result;
}

}  // namespace ohmic
