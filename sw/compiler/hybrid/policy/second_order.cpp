#include "sw/compiler/hybrid/policy/greedy.h"

namespace ohmic {

hybrid_result search_second_order(const hybrid_problem& problem) {
  const std::size_t count = problem.layers.size();
  std::vector<layer_choice> asked{layer_choice(count, 0)};
  for (std::size_t l = 0; l < count; ++l)
    for (std::size_t m = l; m < count; ++m) {
      asked.emplace_back(count, 0);
      asked.back()[l] = asked.back()[m] = 1;
    }
  const std::vector<drawn_accuracy> found = problem.accuracy->accuracies(asked, problem.draws);
  // together[l][m]: loss of two layers (of one: l == m) against all on cores.
  std::vector<std::vector<double>> together(count, std::vector<double>(count));
  for (std::size_t l = 0, at = 1; l < count; ++l)
    for (std::size_t m = l; m < count; ++m, ++at) together[l][m] = together[m][l] = found[0].mean() - found[at].mean();

  const auto more = [&](std::size_t layer, const layer_choice& kept) {
    double loss = together[layer][layer];
    for (std::size_t m = 0; m < count; ++m)
      if (kept[m] != 0) loss += together[layer][m] - together[layer][layer] - together[m][m];
    return loss;
  };
  const auto least = [&](const layer_choice& kept, const std::vector<std::size_t>& left) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < left.size(); ++i)
      if (more(left[i], kept) < more(left[best], kept)) best = i;
    return best;
  };
  hybrid_result result = keep_what_holds(problem, by_macs(problem), least);
  std::vector<hybrid_step> steps;
  for (std::size_t i = 1; i < asked.size(); ++i) steps.push_back({asked[i], found[i], false});
  result.steps.insert(result.steps.begin(), steps.begin(), steps.end());
  return result;
}

}  // namespace ohmic
