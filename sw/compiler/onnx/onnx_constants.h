#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#define ONNX_ML 1
#define ONNX_NAMESPACE onnx
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#include <onnx/onnx_pb.h>
#pragma GCC diagnostic pop

namespace ohmic {

/// A node that cannot be imported, before the file name is known.
[[noreturn]] void refuse(const onnx::NodeProto& node, const std::string& reason);

/// Reads constants of the file with all checks (type, external data, number of elements); `node` and `what`
/// are named in the message of the import_error otherwise.
std::vector<std::int64_t> read_integers(const onnx::TensorProto& tensor, const onnx::NodeProto& node,
                                        const std::string& what);
std::vector<float> read_floats(const onnx::TensorProto& tensor, const onnx::NodeProto& node, const std::string& what);

std::string shape_text(const std::vector<std::int64_t>& dims);
std::string shape_text(const onnx::TensorProto& tensor);
std::string type_text(int data_type);

/// Attributes of a node; anything that nobody asked for is refused by refuse_unknown().
class node_attributes {
 public:
  explicit node_attributes(const onnx::NodeProto& node);
  std::int64_t integer(const std::string& name, std::int64_t otherwise);
  float real(const std::string& name, float otherwise);
  std::string text(const std::string& name, const std::string& otherwise);
  std::vector<std::int64_t> integers(const std::string& name, std::vector<std::int64_t> otherwise);
  void refuse_unknown() const;

 private:
  const onnx::AttributeProto* take(const std::string& name, int type);

  const onnx::NodeProto& node_;
  std::map<std::string, const onnx::AttributeProto*> unread_;
};

}  // namespace ohmic
