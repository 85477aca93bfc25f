#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sw/compiler/hybrid/drawn_accuracy.h"
#include "sw/compiler/hybrid/layer_choice.h"

namespace ohmic {

/// What choices of layers are worth: asked by the search policies, answered by an evaluation, or by a table.
class accuracy_source {
 public:
  virtual ~accuracy_source() = default;
  /// Accuracies of each choice on draws 0 .. draws-1. The same question always gets the same answer, and fewer draws
  /// are the first ones of more: a source may remember.
  virtual std::vector<drawn_accuracy> accuracies(const std::vector<layer_choice>& choices, unsigned draws) = 0;
};

/// Layers of equally many MACs are tried in the network's order, or the last one first.
enum class tie_order { network, reversed };

/// Put as many of these layers on crossbars as the threshold allows.
struct hybrid_problem {
  std::vector<choosable_layer> layers;
  double reference = 0;  ///< share of right answers that losses are measured from: the float network's
  double threshold = 0;  ///< greatest loss allowed, as a share: 0.01 for one point
  /// ohmic: that the loss on other draws and images is within the threshold, too. Of 0.5: the mean decides.
  double confidence = 0.5;
  unsigned draws = 20;
  tie_order ties = tie_order::network;
  accuracy_source* accuracy = nullptr;
  /// Batch time of a choice on the chip, as its cost model expects it (any unit); infinity: it does not fit. Empty:
  /// not known; then MACs on cores stand for time.
  std::function<double(const layer_choice&)> time;
  /// What was found for tighter thresholds: it holds this one, too, and may be faster than it is expected to be.
  std::vector<layer_choice> known;
};

/// A choice that was looked at.
struct hybrid_step {
  layer_choice choice;
  drawn_accuracy accuracy;
  bool kept = false;
};

struct hybrid_result {
  layer_choice choice;
  drawn_accuracy accuracy;  ///< of it, on the draws of the search
  bool holds = false;       ///< the threshold, on these draws
  std::vector<hybrid_step> steps;
  /// Choices that hold as well, by their expected times: whoever can measure times may take another one.
  std::vector<hybrid_step> alternatives;
};

/// The mean loss is within the threshold. A loss that equals it is; rounding of decimal shares is forgiven.
bool within(const hybrid_problem& problem, const drawn_accuracy& accuracy);

/// The loss is within the threshold with the problem's confidence.
bool surely_within(const hybrid_problem& problem, const drawn_accuracy& accuracy);

/// One way to choose layers. Deterministic.
struct hybrid_policy {
  std::string name, what;
  hybrid_result (*search)(const hybrid_problem&);
};

/// lionheart, first_last, sensitivity, second_order, exhaustive, ohmic.
const std::vector<hybrid_policy>& hybrid_policies();

/// Layers in descending MACs: each goes to crossbars, and back again if the threshold is missed with it (LionHeart:
/// Lammie et al., IEEE Transactions on Emerging Topics in Computing, 2025, without retraining).
hybrid_result search_lionheart(const hybrid_problem&);
/// All layers but the first and the last one, whatever it costs (as DIANA's mapping; compared in LionHeart).
hybrid_result search_first_last(const hybrid_problem&);
/// The layers' losses when each is alone on crossbars; then as lionheart, the least loss first.
hybrid_result search_sensitivity(const hybrid_problem&);
/// The losses of single layers and of pairs (as second derivatives in Harmonica's measure of sensitivity, but
/// measured); then as lionheart, next always the layer that, after these, adds the least to the loss of those that were
/// kept.
hybrid_result search_second_order(const hybrid_problem&);
/// All choices of at most exhaustive_layers layers: of those that hold, that with most MACs on crossbars, the more
/// accurate one of equals. Throws graph_error for more layers.
constexpr std::size_t exhaustive_layers = 16;
hybrid_result search_exhaustive(const hybrid_problem&);
/// Ours: the least time that holds with confidence (policy/ohmic.cpp).
hybrid_result search_ohmic(const hybrid_problem&);

}  // namespace ohmic
