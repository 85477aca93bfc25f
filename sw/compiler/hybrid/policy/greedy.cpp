#include "sw/compiler/hybrid/policy/greedy.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace ohmic {

hybrid_result keep_what_holds(const hybrid_problem& problem, const std::vector<std::size_t>& order) {
  return keep_what_holds(problem, order, [](const layer_choice&, const std::vector<std::size_t>&) { return 0; });
}

hybrid_result keep_what_holds(const hybrid_problem& problem, std::vector<std::size_t> left, const next_layer& next) {
  hybrid_result result;
  result.choice.assign(problem.layers.size(), 0);
  result.accuracy = problem.accuracy->accuracies({result.choice}, problem.draws)[0];
  result.holds = within(problem, result.accuracy);
  result.steps.push_back({result.choice, result.accuracy, result.holds});
  while (!left.empty()) {
    const auto tried = left.begin() + static_cast<std::ptrdiff_t>(next(result.choice, left));
    layer_choice with = result.choice;
    with[*tried] = 1;
    left.erase(tried);
    const drawn_accuracy accuracy = problem.accuracy->accuracies({with}, problem.draws)[0];
    const bool kept = within(problem, accuracy);
    result.steps.push_back({with, accuracy, kept});
    if (!kept) continue;
    result.choice = with;
    result.accuracy = accuracy;
    result.holds = true;
  }
  return result;
}

std::vector<std::size_t> descending(const std::vector<double>& keys, const std::vector<std::size_t>& order) {
  std::vector<std::size_t> places(order.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::sort(places.begin(), places.end(), [&](std::size_t a, std::size_t b) {
    return std::make_pair(-keys[order[a]], a) < std::make_pair(-keys[order[b]], b);
  });
  std::vector<std::size_t> sorted;
  for (const std::size_t place : places) sorted.push_back(order[place]);
  return sorted;
}

std::vector<std::size_t> by_macs(const hybrid_problem& problem) {
  std::vector<std::size_t> order(problem.layers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (problem.ties == tie_order::reversed) std::reverse(order.begin(), order.end());
  std::vector<double> macs;
  for (const choosable_layer& layer : problem.layers) macs.push_back(static_cast<double>(layer.macs));
  return descending(macs, order);
}

}  // namespace ohmic
