// exact_networks FOLDER: imports every X.onnx there. Writes the importer's message to X.refused, or the logits that the
// exact form makes of X.in (int8 [height][width][channel]) to X.out, as doubles. Serves onnxruntime_graphs_test.py.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sw/compiler/onnx/import_onnx.h"
#include "sw/compiler/reference/reference_executor.h"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

feature_map read_image(const fs::path& path, const graph_tensor& shape) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  feature_map map(shape.channels, shape.height, shape.width);
  if (bytes.size() != map.data.size()) throw graph_error(path.string() + ": has the wrong size");
  std::size_t i = 0;
  for (int y = 0; y < shape.height; ++y)
    for (int x = 0; x < shape.width; ++x)
      for (int c = 0; c < shape.channels; ++c) map.at(x, y, c) = static_cast<std::int8_t>(bytes[i++]);
  return map;
}

void run(fs::path path) {
  integer_graph graph;
  try {
    graph = import_onnx(path.string());
  } catch (const import_error& e) {
    std::ofstream(path.replace_extension("refused")) << e.what();
    return;
  }
  const feature_map image = read_image(path.replace_extension("in"), graph.input());
  const std::vector<std::int32_t> sums = reference_executor(graph, reference_mode::exact).run(image).logits;
  const graph_node& last = graph.nodes.back();
  std::ofstream file(path.replace_extension("out"), std::ios::binary);
  for (std::size_t c = 0; c < sums.size(); ++c) {
    const double logit = double{graph.tensors[last.inputs[0]].scale} * last.layer().weight_scale[c] * sums[c];
    file.write(reinterpret_cast<const char*>(&logit), sizeof logit);
  }
}

}  // namespace
}  // namespace ohmic

int main(int, char** arguments) {
  try {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(arguments[1]))
      if (entry.path().extension() == ".onnx") files.push_back(entry.path());
    for (const auto& file : files) ohmic::run(file);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "exact_networks: %s\n", e.what());
    return 2;
  }
}
