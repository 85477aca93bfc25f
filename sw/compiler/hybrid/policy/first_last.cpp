#include "sw/compiler/hybrid/hybrid_search.h"

namespace ohmic {

hybrid_result search_first_last(const hybrid_problem& problem) {
  hybrid_result result;
  result.choice.assign(problem.layers.size(), 1);
  if (!result.choice.empty()) result.choice.front() = result.choice.back() = 0;
  result.accuracy = problem.accuracy->accuracies({result.choice}, problem.draws)[0];
  result.holds = within(problem, result.accuracy);
  result.steps.push_back({result.choice, result.accuracy, true});
  return result;
}

}  // namespace ohmic
