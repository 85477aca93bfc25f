#include "sw/compiler/onnx/onnx_constants.h"

#include <cstring>

#include "sw/compiler/onnx/import_onnx.h"

namespace ohmic {
namespace {

std::size_t element_count(const onnx::TensorProto& tensor, const onnx::NodeProto& node, const std::string& what) {
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL || tensor.external_data_size() > 0)
    refuse(node, what + " '" + tensor.name() + "' lies outside the file; store the model with its data inside");
  std::int64_t n = 1;
  for (std::int64_t d : tensor.dims()) {
    if (d < 0 || (d > 0 && n > (std::int64_t{1} << 31) / d))
      refuse(node, what + " '" + tensor.name() + "' has an impossible shape " + shape_text(tensor));
    n *= d;
  }
  return static_cast<std::size_t>(n);
}

/// Little-endian elements of `type` from raw_data; the caller has checked the type.
template <class type, class result>
std::vector<result> from_raw(const onnx::TensorProto& tensor, std::size_t count, const onnx::NodeProto& node,
                             const std::string& what) {
  const std::string& raw = tensor.raw_data();
  if (raw.size() != count * sizeof(type))
    refuse(node, what + " '" + tensor.name() + "' holds " + std::to_string(raw.size()) + " bytes, but its shape " +
                     shape_text(tensor) + " needs " + std::to_string(count * sizeof(type)));
  std::vector<result> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    type v;
    std::memcpy(&v, raw.data() + i * sizeof(type), sizeof(type));
    values[i] = v;
  }
  return values;
}

template <class list, class result>
std::vector<result> from_list(const list& data, const onnx::TensorProto& tensor, std::size_t count,
                              const onnx::NodeProto& node, const std::string& what) {
  if (static_cast<std::size_t>(data.size()) != count)
    refuse(node, what + " '" + tensor.name() + "' holds " + std::to_string(data.size()) + " values, but its shape is " +
                     shape_text(tensor));
  return std::vector<result>(data.begin(), data.end());
}

}  // namespace

void refuse(const onnx::NodeProto& node, const std::string& reason) {
  throw import_error("node '" + node.name() + "' (" + node.op_type() + "): " + reason);
}

std::string shape_text(const std::vector<std::int64_t>& dims) {
  std::string text = "[";
  for (std::size_t i = 0; i < dims.size(); ++i) text += (i ? ", " : "") + std::to_string(dims[i]);
  return text + "]";
}

std::string shape_text(const onnx::TensorProto& tensor) {
  return shape_text(std::vector<std::int64_t>{tensor.dims().begin(), tensor.dims().end()});
}

std::string type_text(int data_type) {
  const std::string& name = onnx::TensorProto::DataType_Name(static_cast<onnx::TensorProto::DataType>(data_type));
  return name.empty() ? "type " + std::to_string(data_type) : name;
}

std::vector<std::int64_t> read_integers(const onnx::TensorProto& tensor, const onnx::NodeProto& node,
                                        const std::string& what) {
  const std::size_t n = element_count(tensor, node, what);
  const bool raw = tensor.has_raw_data();
  switch (tensor.data_type()) {
    case onnx::TensorProto::INT8:
      if (raw) return from_raw<std::int8_t, std::int64_t>(tensor, n, node, what);
      break;
    case onnx::TensorProto::UINT8:
      if (raw) return from_raw<std::uint8_t, std::int64_t>(tensor, n, node, what);
      break;
    case onnx::TensorProto::INT32:
      if (raw) return from_raw<std::int32_t, std::int64_t>(tensor, n, node, what);
      break;
    case onnx::TensorProto::INT64:
      if (raw) return from_raw<std::int64_t, std::int64_t>(tensor, n, node, what);
      return from_list<decltype(tensor.int64_data()), std::int64_t>(tensor.int64_data(), tensor, n, node, what);
    default:
      refuse(node, what + " '" + tensor.name() + "' is " + type_text(tensor.data_type()) +
                       "; int8, uint8, int32 or int64 is expected");
  }
  const auto values =
      from_list<decltype(tensor.int32_data()), std::int64_t>(tensor.int32_data(), tensor, n, node, what);
  const bool wide = tensor.data_type() == onnx::TensorProto::INT32,
             is_signed = tensor.data_type() == onnx::TensorProto::INT8;
  for (std::int64_t v : values)
    if (!wide && (v < (is_signed ? -128 : 0) || v > (is_signed ? 127 : 255)))
      refuse(node, what + " '" + tensor.name() + "' holds " + std::to_string(v) + ", which is no " +
                       type_text(tensor.data_type()));
  return values;
}

std::vector<float> read_floats(const onnx::TensorProto& tensor, const onnx::NodeProto& node, const std::string& what) {
  const std::size_t n = element_count(tensor, node, what);
  if (tensor.data_type() != onnx::TensorProto::FLOAT)
    refuse(node, what + " '" + tensor.name() + "' is " + type_text(tensor.data_type()) + "; float is expected");
  if (tensor.has_raw_data()) return from_raw<float, float>(tensor, n, node, what);
  return from_list<decltype(tensor.float_data()), float>(tensor.float_data(), tensor, n, node, what);
}

node_attributes::node_attributes(const onnx::NodeProto& node) : node_(node) {
  for (const onnx::AttributeProto& a : node.attribute()) {
    if (!unread_.emplace(a.name(), &a).second) refuse(node, "attribute '" + a.name() + "' stands there twice");
    if (!a.ref_attr_name().empty()) refuse(node, "attribute '" + a.name() + "' refers to one of a function");
  }
}

const onnx::AttributeProto* node_attributes::take(const std::string& name, int type) {
  const auto found = unread_.find(name);
  if (found == unread_.end()) return nullptr;
  const onnx::AttributeProto* attribute = found->second;
  unread_.erase(found);
  if (attribute->type() != type) refuse(node_, "attribute '" + name + "' has the wrong type");
  return attribute;
}

std::int64_t node_attributes::integer(const std::string& name, std::int64_t otherwise) {
  const auto* a = take(name, onnx::AttributeProto::INT);
  return a ? a->i() : otherwise;
}
float node_attributes::real(const std::string& name, float otherwise) {
  const auto* a = take(name, onnx::AttributeProto::FLOAT);
  return a ? a->f() : otherwise;
}
std::string node_attributes::text(const std::string& name, const std::string& otherwise) {
  const auto* a = take(name, onnx::AttributeProto::STRING);
  return a ? a->s() : otherwise;
}
std::vector<std::int64_t> node_attributes::integers(const std::string& name, std::vector<std::int64_t> otherwise) {
  const auto* a = take(name, onnx::AttributeProto::INTS);
  return a ? std::vector<std::int64_t>(a->ints().begin(), a->ints().end()) : otherwise;
}

void node_attributes::refuse_unknown() const {
  if (!unread_.empty()) refuse(node_, "attribute '" + unread_.begin()->first + "' is not supported");
}

}  // namespace ohmic
