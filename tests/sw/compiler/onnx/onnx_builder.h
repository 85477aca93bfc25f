#pragma once

#include <string>
#include <vector>

#define ONNX_ML 1
#define ONNX_NAMESPACE onnx
#include <onnx/onnx_pb.h>

namespace ohmic {

/// Writes an ONNX model of one image [N, channels, height, width] node by node: what float_builder and qdq_builder
/// share. The protobuf is open, so that a test can break it.
class onnx_builder {
 public:
  onnx::ModelProto model;

  onnx_builder(int channels, int height, int width) {
    model.set_ir_version(8);
    auto* opset = model.add_opset_import();
    opset->set_domain("");
    opset->set_version(17);
    graph().set_name("test");
    auto* input = graph().add_input();
    input->set_name("image");
    auto* type = input->mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    type->mutable_shape()->add_dim()->set_dim_param("N");
    for (int size : {channels, height, width}) type->mutable_shape()->add_dim()->set_dim_value(size);
  }

  onnx::GraphProto& graph() { return *model.mutable_graph(); }
  std::string bytes() const { return model.SerializeAsString(); }
  void output(const std::string& value) { graph().add_output()->set_name(value); }

  onnx::NodeProto& node(const std::string& op, const std::string& name, const std::vector<std::string>& inputs) {
    auto* n = graph().add_node();
    n->set_op_type(op);
    n->set_name(name);
    for (const std::string& i : inputs) n->add_input(i);
    n->add_output(name + ".out");
    return *n;
  }
  /// Constants may be nodes as well.
  void turn_constants_into_nodes() {
    onnx::GraphProto turned = graph();
    turned.clear_node();
    turned.clear_initializer();
    for (const onnx::TensorProto& t : graph().initializer()) {
      auto* n = turned.add_node();
      n->set_op_type("Constant");
      n->set_name(t.name() + ".node");
      n->add_output(t.name());
      auto* a = n->add_attribute();
      a->set_name("value");
      a->set_type(onnx::AttributeProto::TENSOR);
      *a->mutable_t() = t;
    }
    for (const auto& n : graph().node()) *turned.add_node() = n;
    graph() = turned;
  }
  onnx::NodeProto& find(const std::string& name) {
    for (auto& n : *graph().mutable_node())
      if (n.name() == name) return n;
    throw name;
  }
  static void set(onnx::NodeProto& n, const std::string& name, const std::vector<long>& values) {
    auto* a = n.add_attribute();
    a->set_name(name);
    a->set_type(onnx::AttributeProto::INTS);
    for (long v : values) a->add_ints(v);
  }
  static void set(onnx::NodeProto& n, const std::string& name, long value) {
    auto* a = n.add_attribute();
    a->set_name(name);
    a->set_type(onnx::AttributeProto::INT);
    a->set_i(value);
  }
};

}  // namespace ohmic
