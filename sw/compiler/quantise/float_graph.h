#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sw/compiler/onnx/onnx_constants.h"

namespace ohmic {

/// A Conv or Gemm with its batch norm folded in; weights [out][in / groups][y][x].
struct float_layer {
  std::vector<float> weights, bias;
  std::vector<std::int64_t> dims;
};

/// The model of an ONNX file. Throws import_error if it is none, or not whole.
onnx::ModelProto parse_onnx(std::string_view bytes);

/// The nodes of a float network as quantisation sees them: BatchNormalization and added constants are part of the layer
/// in front of them, every matrix product is a Gemm with transB, every node has a name.
class float_graph {
 public:
  /// `source` outlives this. Throws import_error, which names the node, for what is not understood.
  explicit float_graph(const onnx::ModelProto& source);

  const onnx::ModelProto& source() const { return source_; }
  const std::vector<onnx::NodeProto>& nodes() const { return nodes_; }
  const std::vector<onnx::NodeProto>& constant_nodes() const { return constant_nodes_; }
  bool is_constant(const std::string& value) const { return constants_.count(value) != 0; }
  /// Of a Conv or Gemm; null of other nodes.
  const float_layer* layer_of(const onnx::NodeProto& node) const;
  const std::map<std::string, float_layer>& layers() const { return layers_; }  ///< by the node's name
  /// What the feature map is called that a value belongs to: the node that made it, or the network's input.
  const std::string& map_of(const std::string& value) const { return map_of_.at(value); }
  /// Upper bounds of Clips, by the map that they bound.
  const std::map<std::string, float>& uppers() const { return uppers_; }
  /// Whether a node reads the value that computes with its numbers.
  bool computed_with(const std::string& value) const { return computed_with_.count(value) != 0; }

 private:
  const onnx::TensorProto& constant(const onnx::NodeProto& node, int input, const char* what) const;
  int uses(const std::string& value) const;
  void read_values();
  void read_nodes();
  void read_conv(onnx::NodeProto& node);
  void read_gemm(onnx::NodeProto& node);
  void enter(const onnx::NodeProto& node, float_layer layer);
  bool fold(const onnx::NodeProto& node);
  void fold_norm(const onnx::NodeProto& node, float_layer& layer) const;
  void fold_addition(const onnx::NodeProto& node, int from, float_layer& layer) const;
  void name_maps();

  const onnx::ModelProto& source_;
  std::map<std::string, const onnx::TensorProto*> constants_;
  std::map<std::string, int> uses_;
  std::map<std::string, std::size_t> made_by_;  // node of a value
  std::vector<onnx::NodeProto> nodes_, constant_nodes_;
  std::set<std::string> computed_with_;
  std::map<std::string, float_layer> layers_;
  std::map<std::string, std::string> map_of_;
  std::map<std::string, float> uppers_;
};

}  // namespace ohmic
