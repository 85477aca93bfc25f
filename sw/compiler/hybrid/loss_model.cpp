#include "sw/compiler/hybrid/loss_model.h"

#include <cstddef>
#include <utility>

namespace ohmic {
namespace {

constexpr double least_error = 1e-4;   // of a measurement
constexpr double not_additive = 0.05;  // of a loss: what the model itself is wrong by
constexpr double of_a_layer = 0.25;    // likewise, of a layer alone

constexpr double common = 0.2;  // of a loss: what copies do not help against (small weights drift faster in all)

double share_of(std::uint8_t copies) { return copies > 0 ? common + (1 - common) / copies : 0; }

}  // namespace

loss_model::loss_model(std::vector<double> losses, const std::vector<double>& errors)
    : mean_(std::move(losses)), covariance_(mean_.size(), std::vector<double>(mean_.size(), 0)) {
  for (std::size_t l = 0; l < mean_.size(); ++l) {
    const double model = of_a_layer * mean_[l];
    covariance_[l][l] = errors[l] * errors[l] + least_error * least_error + model * model;
  }
}

double loss_model::expected(const layer_choice& choice) const {
  double sum = 0;
  for (std::size_t l = 0; l < mean_.size(); ++l) sum += share_of(choice[l]) * mean_[l];
  return sum;
}

void loss_model::learn(const layer_choice& choice, double loss, double error) {
  const std::size_t layers = mean_.size();
  std::vector<double> with(layers, 0);  // covariance of each layer's loss with that of the choice
  double variance = 0;
  for (std::size_t l = 0; l < layers; ++l) {
    for (std::size_t k = 0; k < layers; ++k) with[l] += share_of(choice[k]) * covariance_[l][k];
    variance += share_of(choice[l]) * with[l];
  }
  if (variance <= 0) return;
  const double model = not_additive * loss;
  const double all = variance + error * error + least_error * least_error + model * model;
  const double surprise = loss - expected(choice);
  for (std::size_t l = 0; l < layers; ++l) {
    mean_[l] += with[l] / all * surprise;
    for (std::size_t k = 0; k < layers; ++k) covariance_[l][k] -= with[l] * with[k] / all;
  }
}

}  // namespace ohmic
