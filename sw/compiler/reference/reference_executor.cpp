#include "sw/compiler/reference/reference_executor.h"

#include "sw/compiler/reference/work_sharing.h"

namespace ohmic {

reference_executor::reference_executor(const integer_graph& graph, reference_mode mode, const analog_chip* chip)
    : graph_(graph) {
  if (mode == reference_mode::adc && !graph.calibrated) throw graph_error("the model is not calibrated");
  for (int n = 0; n < static_cast<int>(graph.nodes.size()); ++n) nodes_.emplace_back(graph, n, mode, chip);
}

reference_result reference_executor::run(const feature_map& image, bool keep_maps, unsigned number) const {
  const graph_tensor& expected = graph_.input();
  if (image.channels != expected.channels || image.height != expected.height || image.width != expected.width)
    throw graph_error("the image is " + std::to_string(image.width) + "x" + std::to_string(image.height) + " with " +
                      std::to_string(image.channels) + " channels, but the network takes " +
                      std::to_string(expected.width) + "x" + std::to_string(expected.height) + " with " +
                      std::to_string(expected.channels));
  reference_result result;
  std::vector<feature_map> maps(graph_.tensors.size());
  std::vector<std::size_t> readers;
  for (const graph_tensor& t : graph_.tensors) readers.push_back(t.consumers.size());
  maps[graph_.nodes.front().output] = image;
  for (std::size_t n = 1; n < graph_.nodes.size(); ++n) {
    const graph_node& node = graph_.nodes[n];
    std::vector<const feature_map*> inputs;
    for (int t : node.inputs) inputs.push_back(&maps[t]);
    if (node.kind() == node_kind::logits) {
      result.logits = nodes_[n].logits(inputs, number);
      continue;
    }
    maps[node.output] = nodes_[n].apply(inputs, number);
    for (int t : node.inputs)
      if (--readers[t] == 0 && !keep_maps) maps[t] = {};
  }
  if (keep_maps) result.maps = std::move(maps);
  return result;
}

std::vector<reference_result> reference_executor::run(const std::vector<feature_map>& images, bool keep_maps,
                                                      unsigned threads,
                                                      const std::function<void(std::size_t)>& progress) const {
  std::vector<reference_result> results(images.size());
  share_work(
      images.size(), threads, [&](std::size_t i) { results[i] = run(images[i], keep_maps, static_cast<unsigned>(i)); },
      progress);
  return results;
}

}  // namespace ohmic
