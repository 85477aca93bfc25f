// exact_layers MODEL.onnx IN OUT: every layer of the model by itself, in the exact form. Reads its inputs
// from IN/MAP.bin and writes its output to OUT/LAYER.bin, int8 [image][height][width][channel] (logits:
// int32), where MAP and LAYER are names of nodes. Serves onnxruntime_layers_test.py.
#include <cstdio>
#include <exception>
#include <fstream>

#include "sw/compiler/onnx/import_onnx.h"
#include "sw/compiler/reference/node_executor.h"
#include "tests/sw/compiler/dumped_maps.h"

namespace ohmic {
namespace {

void write_map(std::ofstream& file, const feature_map& map) {
  for (int y = 0; y < map.height; ++y)
    for (int x = 0; x < map.width; ++x)
      file.write(reinterpret_cast<const char*>(&map.data[map.index(x, y, 0)]), map.channels);
}

void run(const std::string& model, const std::string& in, const std::string& out) {
  const integer_graph graph = import_onnx(model);
  for (std::size_t n = 1; n < graph.nodes.size(); ++n) {
    const graph_node& node = graph.nodes[n];
    const node_executor executor(graph, static_cast<int>(n), reference_mode::exact);
    std::vector<std::vector<feature_map>> inputs;
    for (int t : node.inputs) inputs.push_back(read_maps(in + "/" + graph.tensors[t].name + ".bin", graph.tensors[t]));
    std::ofstream file(out + "/" + node.name + ".bin", std::ios::binary);
    for (std::size_t i = 0; i < inputs[0].size(); ++i) {
      if (node.kind() == node_kind::logits) {
        const std::vector<std::int32_t> logits = executor.logits({&inputs[0][i]});
        file.write(reinterpret_cast<const char*>(logits.data()), static_cast<std::streamsize>(logits.size() * 4));
        continue;
      }
      std::vector<const feature_map*> maps;
      for (const auto& input : inputs) maps.push_back(&input.at(i));
      write_map(file, executor.apply(maps));
    }
    if (!file.flush()) throw graph_error(out + ": cannot be written");
  }
}

}  // namespace
}  // namespace ohmic

int main(int count, char** arguments) {
  try {
    if (count != 4) throw ohmic::graph_error("usage: exact_layers MODEL.onnx IN OUT");
    ohmic::run(arguments[1], arguments[2], arguments[3]);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "exact_layers: %s\n", e.what());
    return 2;
  }
}
