#pragma once

#include <vector>

#include "sw/compiler/hybrid/layer_choice.h"

namespace ohmic {

/// What is known about the losses of layers, as if those of a choice added up, and n copies of a layer's crossbars lost
/// as one does of what all devices have in common, and an n-th of the rest: mean and covariance of a normal
/// distribution, sharpened by every choice that is measured (Bayesian linear regression, one observation at a time).
class loss_model {
 public:
  /// Of each layer: the loss measured when it was alone on crossbars, and the error of that.
  loss_model(std::vector<double> losses, const std::vector<double>& errors);

  double expected(const layer_choice& choice) const;
  /// A choice lost so much, measured with this error. That losses do not quite add up is taken into account.
  void learn(const layer_choice& choice, double loss, double error);

 private:
  std::vector<double> mean_;
  std::vector<std::vector<double>> covariance_;
};

}  // namespace ohmic
