#pragma once

#include <vector>

namespace ohmic {

/// Accuracies of one network on several chips, each drawn anew, as shares of right answers.
struct drawn_accuracy {
  std::vector<double> shares;  ///< one per draw
  double mean() const;
  double deviation() const;  ///< of the draws; 0 of one
  /// Of the mean's 95 % interval, from the deviation of the draws (Student's t); 0 of one draw.
  double half_interval() const;
};

}  // namespace ohmic
