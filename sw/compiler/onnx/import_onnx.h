#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "sw/compiler/graph/integer_graph.h"

namespace ohmic {

/// A model that cannot be imported or written. what() is a complete message for the user: file, node,
/// operator, what was found and what is allowed. Names of the file can hold anything; the message is one line.
struct import_error : std::exception {
  explicit import_error(std::string_view message);
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

/// The bytes of an ONNX file, unpacked where it is packed by gzip (NAME.onnx.gz). Throws import_error.
std::string read_network_file(const std::string& path);

/// Reads a quantised (QDQ) ONNX file, calibrated or not, as described in sw/models/CALIBRATED_FORMAT.md.
/// Every map and node of the graph bears the name of its ONNX node (the input: of the graph input), in file
/// order. Understands Conv, Gemm, MatMul (with a constant Add as its bias), Relu, Add, MaxPool,
/// GlobalAveragePool, Flatten, QuantizeLinear, DequantizeLinear; a Relu is fused into the operator before it.
/// Throws import_error; the graph returned has passed check_graph().
integer_graph import_onnx(const std::string& path);

/// The same from memory; `name` stands for the file in messages.
integer_graph import_onnx_bytes(std::string_view bytes, const std::string& name);

/// Decides how pictures become the input of an imported network: `given` (of an experiment), else what its metadata
/// `ohmic.input` says, else (pixel - 128) / 64 if its input quantiser's scale is 1/64 within 1 %. Returns a note for
/// the user in that last case, else nothing. Throws import_error if nothing says it, or it does not fit the network.
std::string settle_pixels(integer_graph& graph, const std::optional<pixel_conversion>& given, const std::string& file);

/// The model at `source_path` again, with the calibration of `graph`, which must have been imported from it, and its
/// conversion of pixels in its metadata. Throws import_error.
std::string calibrated_bytes(const std::string& source_path, const integer_graph& graph);

/// The same from memory; `name` stands for the file in messages.
std::string calibrated_bytes_of(std::string_view bytes, const std::string& name, const integer_graph& graph);

/// Writes them as output_file does. Throws import_error.
void save_calibrated(const std::string& source_path, const integer_graph& graph, const std::string& path);

}  // namespace ohmic
