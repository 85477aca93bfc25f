#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sw/compiler/graph/feature_map.h"
#include "sw/compiler/graph/integer_graph.h"

namespace ohmic {

/// Inputs of a network with the class of each: what its accuracy is measured with.
///
/// Read from one of
/// - a NumPy archive (.npz, compressed or not): inputs `x` (or images, data, x_test) [N, H, W], [N, C, H, W],
///   [N, H, W, C] or [N, C] of int8, uint8 or float, labels `y` (or labels, y_test) [N] of integers;
/// - CIFAR-10's binary files (label byte, then 3072 bytes): one .bin, or a folder with test_batch.bin;
/// - IDX files (MNIST's, also .gz): the images' file, whose labels lie beside it (images-idx3 -> labels-idx1), or a
///   folder with t10k-images-idx3-ubyte;
/// - a folder with one folder of PNG or JPEG pictures for each class, in the order of their names, or of the network's
///   labels where it has them all.
class labelled_data {
 public:
  /// For a network of this input. Throws image_error for what cannot be read or does not fit it: a cut or damaged file,
  /// another size, labels that the network has no logit for.
  labelled_data(const std::string& path, const integer_graph& graph);

  std::size_t size() const { return labels.size(); }
  std::vector<int> labels;

  /// The real input of sample i, [width][height][channels], by the graph's conversion. Throws image_error for a picture
  /// that cannot be decoded. Safe to call from several threads.
  std::vector<float> real(std::size_t i) const;
  /// The same in int8, by the scale of the graph's input.
  feature_map quantised(std::size_t i, float scale) const;

 private:
  enum class type { uint8, int8, float32, float64 };
  void read_npz(const std::string& path);
  void read_cifar(const std::string& path);
  void read_idx(const std::string& path);
  void read_folders(const std::string& path, const std::vector<std::string>& classes);
  void set_shape(const std::vector<std::size_t>& shape, const std::string& path);
  void check_labels(const std::string& path) const;
  double value(std::size_t sample, std::size_t element) const;

  pixel_conversion pixels_;
  int channels_, height_, width_, classes_;
  std::vector<std::string> pictures_;  ///< of folders; else:
  std::string bytes_;
  std::size_t begin_ = 0;  ///< of the first sample in bytes_
  std::size_t stride_ = 0;
  type type_ = type::uint8;
  bool channels_last_ = false;
};

/// The real input of a network from a picture: decoded, cut to the centre, converted. Throws image_error.
std::vector<float> real_picture(const integer_graph& graph, const std::string& file);

}  // namespace ohmic
