#include "sw/compiler/onnx/import_onnx.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

#include "sw/compiler/onnx/calibration_metadata.h"
#include "sw/compiler/onnx/qdq_importer.h"

namespace ohmic {
namespace {

constexpr std::int64_t least_opset = 13, greatest_opset = 21;

std::string read_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string bytes;
  if (file) bytes.assign(std::istreambuf_iterator<char>(file), {});
  if (!file || file.bad())
    throw import_error(path + ": cannot be read: " + (errno ? std::strerror(errno) : "not a file"));
  return bytes;
}

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

void write_whole(const std::string& path, const std::string& bytes) {
  const std::string part = path + ".part." + std::to_string(::getpid());
  errno = 0;
  std::ofstream file(part, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file || std::rename(part.c_str(), path.c_str()) != 0) {
    const std::string reason = std::strerror(errno);
    std::remove(part.c_str());
    throw import_error(path + ": cannot be written: " + reason);
  }
}

}  // namespace

integer_graph import_onnx_bytes(std::string_view bytes, const std::string& name) {
  try {
    return import_model(parse(bytes));
  } catch (const import_error& e) {
    throw import_error(name + ": " + e.what());
  } catch (const graph_error& e) {
    throw import_error(name + ": " + e.what());
  }
}

integer_graph import_onnx(const std::string& path) { return import_onnx_bytes(read_file(path), path); }

void save_calibrated(const std::string& source_path, const integer_graph& graph, const std::string& path) {
  onnx::ModelProto model;
  try {
    model = parse(read_file(source_path));
  } catch (const import_error& e) {
    throw import_error(source_path + ": " + e.what());
  }
  onnx::StringStringEntryProto* target = nullptr;
  for (onnx::StringStringEntryProto& entry : *model.mutable_metadata_props())
    if (entry.key() == "ohmic.calibration") target = &entry;
  if (!target) target = model.add_metadata_props();
  target->set_key("ohmic.calibration");
  target->set_value(write_calibration(graph));
  write_whole(path, model.SerializeAsString());
}

}  // namespace ohmic
