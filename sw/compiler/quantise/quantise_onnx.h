#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sw/compiler/graph/integer_graph.h"

namespace ohmic {

/// Whether an ONNX file holds no QuantizeLinear at all: a float network. False for what is no ONNX file.
bool is_float_onnx(std::string_view bytes);

/// Real inputs of a network, each in the order of feature_map ([width][height][channels]).
using real_maps = std::vector<std::vector<float>>;

/// A float network that was imported: the structure of an integer graph with the float weights beside it.
class float_network {
 public:
  /// Understands the float operators that import_onnx() understands quantised, and BatchNormalization behind a Conv,
  /// which it folds. Throws import_error, with `name` in front.
  float_network(std::string_view bytes, const std::string& name);
  ~float_network();
  float_network(float_network&&) noexcept;

  /// Shapes alone are meant: scales are placeholders.
  const integer_graph& structure() const;
  /// The logits of one input. Safe to share among threads.
  std::vector<float> logits(const std::vector<float>& input) const;
  /// A QDQ file of the network: int8, symmetric, weights with a scale per output channel, activations with the scale
  /// of least squared error over the inputs. Deterministic, whatever the threads. Throws import_error.
  std::string quantised(const real_maps& inputs, unsigned threads) const;

 private:
  struct contents;
  std::unique_ptr<contents> contents_;
};

}  // namespace ohmic
