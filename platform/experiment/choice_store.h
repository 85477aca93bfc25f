#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "sw/compiler/hybrid/choice_evaluator.h"
#include "sw/compiler/hybrid/hybrid_search.h"

namespace ohmic {

/// Accuracies by evaluation, each asked for once: kept in memory and, choice by choice, in the cache. So methods and
/// thresholds share what they ask for, and a search that was interrupted goes on where it was.
class choice_store : public accuracy_source {
 public:
  /// `reference`: which of the images the network has right that losses are measured from. `key` names everything that
  /// an answer depends on but choice and draw: network, devices, images. `what` is for the progress. Keeps a reference
  /// to the evaluator.
  choice_store(choice_evaluator& evaluator, judged_images images, std::vector<bool> reference, std::string key,
               std::string what, bool quiet);

  std::vector<drawn_accuracy> accuracies(const std::vector<layer_choice>& choices, unsigned draws) override;

  /// What was not known: networks run on an image of one chip, and the seconds that took.
  std::size_t evaluations() const { return evaluations_; }
  double seconds() const { return seconds_; }

 private:
  std::vector<std::vector<bool>>& known(const layer_choice& choice);
  void evaluate(const std::vector<layer_choice>& choices, unsigned first_draw, unsigned draws);

  choice_evaluator& evaluator_;
  const judged_images images_;
  const std::vector<bool> reference_;
  const std::string key_, what_;
  const bool quiet_;
  std::map<layer_choice, std::vector<std::vector<bool>>> right_;  // by draw and image
  std::size_t evaluations_ = 0;
  double seconds_ = 0;
};

}  // namespace ohmic
