#include "sw/compiler/onnx/import_onnx.h"

#include <cmath>
#include <stdexcept>

#include "host/gunzip.h"
#include "host/whole_file.h"
#include "sw/compiler/onnx/calibration_metadata.h"
#include "sw/compiler/onnx/qdq_importer.h"

namespace ohmic {
namespace {

constexpr std::int64_t least_opset = 13, greatest_opset = 21;

onnx::ModelProto parse(std::string_view bytes) {
  const google::protobuf::LogSilencer silence;  // its complaints would not be one clear line
  onnx::ModelProto model;
  if (bytes.empty()) throw import_error("the file is empty");
  if (bytes.size() > INT32_MAX) throw import_error("the file is larger than 2 GB");
  if (!model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    throw import_error("is not a whole ONNX file (truncated, or of another kind)");
  if (!model.has_graph() || model.graph().node_size() == 0)
    throw import_error("is not an ONNX model: it holds no graph");
  return model;
}

void check_versions(const onnx::ModelProto& model) {
  for (const onnx::OperatorSetIdProto& set : model.opset_import()) {
    if (!set.domain().empty() && set.domain() != "ai.onnx") continue;
    if (set.version() < least_opset || set.version() > greatest_opset)
      throw import_error("opset version " + std::to_string(set.version()) + " is not supported; " +
                         std::to_string(least_opset) + " to " + std::to_string(greatest_opset) +
                         " are (17 is recommended)");
    return;
  }
  throw import_error("is not an ONNX model: it names no operator set");
}

integer_graph import_model(const onnx::ModelProto& model) {
  check_versions(model);
  integer_graph graph = qdq_importer(model.graph()).run();
  graph.pixels_known = false;
  check_graph(graph);
  std::string calibration;
  for (const onnx::StringStringEntryProto& entry : model.metadata_props()) {
    if (entry.key() == "ohmic.labels") read_labels(entry.value(), graph);
    if (entry.key() == "ohmic.input") read_input(entry.value(), graph);
    if (entry.key() == "ohmic.calibration") read_calibration(entry.value(), graph);
  }
  if (graph.calibrated) check_graph(graph);
  return graph;
}

void set_metadata(onnx::ModelProto& model, const std::string& key, const std::string& value) {
  onnx::StringStringEntryProto* target = nullptr;
  for (onnx::StringStringEntryProto& entry : *model.mutable_metadata_props())
    if (entry.key() == key) target = &entry;
  if (!target) target = model.add_metadata_props();
  target->set_key(key);
  target->set_value(value);
}

}  // namespace

namespace {

std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) {
      line += c;
    } else {
      constexpr const char* digits = "0123456789abcdef";
      line += {'\\', 'x', digits[static_cast<unsigned char>(c) >> 4], digits[c & 15]};
    }
  }
  return line;
}

}  // namespace

import_error::import_error(std::string_view message) : message_(one_line(message)) {}

std::string read_network_file(const std::string& path) {
  std::string bytes;
  try {
    bytes = read_whole_file(path);
  } catch (const std::runtime_error& error) {
    throw import_error(error.what());
  }
  if (!is_gzipped(bytes)) return bytes;
  try {
    return gunzipped(bytes);
  } catch (const std::runtime_error& error) {
    throw import_error(path + ": " + error.what());
  }
}

integer_graph import_onnx_bytes(std::string_view bytes, const std::string& name) {
  try {
    return import_model(parse(bytes));
  } catch (const import_error& e) {
    throw import_error(name + ": " + e.what());
  } catch (const graph_error& e) {
    throw import_error(name + ": " + e.what());
  }
}

integer_graph import_onnx(const std::string& path) { return import_onnx_bytes(read_network_file(path), path); }

std::string settle_pixels(integer_graph& graph, const std::optional<pixel_conversion>& given, const std::string& file) {
  const double scale = graph.input().scale;
  std::string note;
  if (given) {
    graph.pixels = *given;
  } else if (!graph.pixels_known) {
    const pixel_conversion ours = pixel_conversion::of_our_models();
    const int channels = graph.input().channels;
    if (channels != 1 && channels != 3)
      throw import_error(
          file + ": nothing says how values become the network's real input of " + std::to_string(channels) +
          " channels: give `input:` in the experiment (or metadata 'ohmic.input'); {} takes them as they are");
    if (std::abs(scale / ours.scale - 1) > 0.01)
      throw import_error(
          file + ": nothing says how pixels become the network's real input, whose QuantizeLinear has scale " +
          std::to_string(scale) +
          ": give `input:` in the experiment (or metadata 'ohmic.input'), for example input: {scale: "
          "1/255} for pixels divided by 255, with mean: [...] and std: [...] if they are normalised then");
    graph.pixels = ours;
    note = file +
           " does not say how pixels become its input: (pixel - 128) / 64 is taken, because the scale of its "
           "QuantizeLinear is that of such numbers; `input:` in the experiment says otherwise";
  }
  graph.pixels_known = true;
  try {
    pixel_tables(graph.pixels, graph.input().channels, graph.input().scale);
  } catch (const graph_error& e) {
    throw import_error(file + ": " + e.what());
  }
  return note;
}

std::string calibrated_bytes(const std::string& source_path, const integer_graph& graph) {
  return calibrated_bytes_of(read_network_file(source_path), source_path, graph);
}

std::string calibrated_bytes_of(std::string_view bytes, const std::string& source_path, const integer_graph& graph) {
  onnx::ModelProto model;
  try {
    model = parse(bytes);
  } catch (const import_error& e) {
    throw import_error(source_path + ": " + e.what());
  }
  set_metadata(model, "ohmic.calibration", write_calibration(graph));
  if (graph.pixels_known) set_metadata(model, "ohmic.input", write_input(graph));
  return model.SerializeAsString();
}

void save_calibrated(const std::string& source_path, const integer_graph& graph, const std::string& path) {
  const std::string bytes = calibrated_bytes(source_path, graph);
  try {
    write_whole_file(path, bytes);
  } catch (const std::runtime_error& error) {
    throw import_error(error.what());
  }
}

}  // namespace ohmic
