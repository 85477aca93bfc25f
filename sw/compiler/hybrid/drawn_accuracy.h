#pragma once

#include <vector>

namespace ohmic {

/// Accuracies of one network on several chips, each drawn anew, as shares of right answers.
struct drawn_accuracy {
  std::vector<double> shares;  ///< one per draw
  /// Standard error of the mean loss against a reference that comes of the images: how differently they lose, image by
  /// image; 0: not known. Draws have theirs beside it.
  double image_error = 0;
  double mean() const;
  double deviation() const;  ///< of the draws; 0 of one
  /// Of the mean's 95 % interval, from the deviation of the draws (Student's t); 0 of one draw.
  double half_interval() const;
  /// Of the loss, whose error is that of draws and images together.
  double half_interval_of_loss() const;
  /// The loss is so much more than its mean at most, with this confidence (0.5 to less than 1; of 0.5: nothing).
  double margin(double confidence) const;
};

/// Of right answers by [draw][image], the first `draws` of them, and those of the reference on the same images (empty:
/// not known).
drawn_accuracy accuracy_of(const std::vector<std::vector<bool>>& right, unsigned draws,
                           const std::vector<bool>& reference);

}  // namespace ohmic
