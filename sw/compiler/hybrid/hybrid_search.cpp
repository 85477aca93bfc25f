#include "sw/compiler/hybrid/hybrid_search.h"

namespace ohmic {

namespace {
constexpr double rounding = 1e-9;
}

bool within(const hybrid_problem& problem, const drawn_accuracy& accuracy) {
  return problem.reference - accuracy.mean() <= problem.threshold + rounding;
}

bool surely_within(const hybrid_problem& problem, const drawn_accuracy& accuracy) {
  return problem.reference - accuracy.mean() + accuracy.margin(problem.confidence) <= problem.threshold + rounding;
}

const std::vector<hybrid_policy>& hybrid_policies() {
  static const std::vector<hybrid_policy> all{
      {"ohmic", "least time of those that hold with confidence, by the chip's cost model", search_ohmic},
      {"lionheart", "greedy by MACs, keeps what holds", search_lionheart},
      {"sensitivity", "greedy by the loss of each layer alone", search_sensitivity},
      {"second_order", "greedy by the losses of layers alone and in pairs", search_second_order},
      {"first_last", "all but the first and the last layer, without a look at the threshold", search_first_last},
      {"exhaustive", "all choices: most MACs on crossbars", search_exhaustive}};
  return all;
}

}  // namespace ohmic
