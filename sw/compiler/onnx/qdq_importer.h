#pragma once

#include <map>
#include <string>
#include <vector>

#include "sw/compiler/graph/integer_graph.h"
#include "sw/compiler/onnx/onnx_constants.h"

namespace ohmic {

/// Turns one QDQ ONNX graph into an integer graph: follows the values in file order, each of which is a float
/// result waiting for its QuantizeLinear, an int8 map, a map seen as real numbers, or a constant.
/// Throws import_error (without the file name).
class qdq_importer {
 public:
  explicit qdq_importer(const onnx::GraphProto& source) : source_(source) {}
  integer_graph run();

 private:
  enum class form { pending, quantised, real };
  struct value {
    form state;
    int tensor;
    int rank;           ///< 4: [N, C, H, W]; 2: [N, C * H * W], in this order
    bool sole;          ///< nothing else reads it, or what it was made from since its operator
    float rounded = 0;  ///< scale of the quantiser that stands between the operator and the Relu that this comes from
  };
  struct real_constant {
    std::vector<std::int64_t> values, dims;
    std::vector<float> scales;  ///< one, or one per element of `axis`
    std::int64_t axis;
    int data_type;
    std::string name;
  };

  void read_constants_and_uses();
  void read_input();
  void read_node(const onnx::NodeProto& node);
  void read_quantise(const onnx::NodeProto& node);
  void read_dequantise(const onnx::NodeProto& node);
  void read_conv(const onnx::NodeProto& node);
  void read_gemm(const onnx::NodeProto& node);
  void read_matmul(const onnx::NodeProto& node);
  void read_relu(const onnx::NodeProto& node);
  void read_clip(const onnx::NodeProto& node);
  /// A Relu (`lower` 0) or Clip: least and greatest real value of what the node reads.
  void read_bounds(const onnx::NodeProto& node, float lower, float upper);
  void fuse_bounds(const onnx::NodeProto& node, int tensor, float lower, float upper);
  void settle_upper_bound(int tensor);
  void read_add(const onnx::NodeProto& node);
  void read_bias_add(const onnx::NodeProto& node);
  void read_max_pool(const onnx::NodeProto& node);
  void read_average_pool(const onnx::NodeProto& node);
  void read_global_average_pool(const onnx::NodeProto& node);
  void read_reduce_mean(const onnx::NodeProto& node);
  void read_flatten(const onnx::NodeProto& node);
  void read_reshape(const onnx::NodeProto& node);
  void read_squeeze(const onnx::NodeProto& node);
  void read_identity(const onnx::NodeProto& node);
  /// The map seen as [N, C * H * W].
  void flatten(const onnx::NodeProto& node);
  void read_output();

  const value& value_of(const onnx::NodeProto& node, int input);
  /// The tensor index of a dequantised map of that rank (0: any).
  int real_map(const onnx::NodeProto& node, int input, int rank = 4);
  /// The tensor index of a result that only `node` reads.
  int pending_map(const onnx::NodeProto& node, int input);
  /// Enters the node's output; refuses a name that is taken.
  void define(const onnx::NodeProto& node, value made);
  void refuse_taken_name(const onnx::NodeProto& node) const;
  bool read_once(const std::string& name) const;
  const real_constant& constant_of(const onnx::NodeProto& node, int input, const char* what);
  const onnx::TensorProto& initialiser(const onnx::NodeProto& node, int input, const char* what);
  std::vector<float> read_scale(const onnx::NodeProto& node);
  void check_zero_point(const onnx::NodeProto& node, int data_type);
  std::int64_t read_axis(const onnx::NodeProto& node);
  void require_input(const onnx::NodeProto& node, int input);
  void check_inputs(const onnx::NodeProto& node, int least, int most);
  bool has_input(const onnx::NodeProto& node, int input) const;

  graph_node& append(const onnx::NodeProto& node, node_kind kind, std::vector<int> inputs, graph_tensor output,
                     int rank = 4);
  void take_weights(const onnx::NodeProto& node, const real_constant& weights, bool transposed, crossbar_layer& layer);
  /// A bias whose shape spreads over the result as one number per channel; `channel_axis` counts from the last axis.
  void take_bias(const onnx::NodeProto& node, const real_constant& bias, std::size_t channel_axis,
                 crossbar_layer& layer);
  /// Has not met its QuantizeLinear yet.
  bool waits_for_scale(int tensor) const { return graph_.tensors[tensor].scale == 0; }
  graph_node& producer(int tensor) { return graph_.nodes[producers_[tensor]]; }

  const onnx::GraphProto& source_;
  integer_graph graph_;
  std::map<std::string, const onnx::TensorProto*> initialisers_;
  std::map<std::string, real_constant> constants_;
  std::map<std::string, value> values_;
  std::map<std::string, int> uses_;
  std::vector<int> producers_;         ///< node index per tensor
  std::map<int, float> upper_bounds_;  ///< real upper bound (of a Clip) of tensors that wait for their scale
};

}  // namespace ohmic
