#include "sw/compiler/reference/mvm_errors.h"

#include <algorithm>
#include <cmath>

#include "sw/compiler/reference/reference_executor.h"
#include "sw/compiler/reference/work_sharing.h"

namespace ohmic {
namespace {

pcm::pcm_options without_noise() {
  pcm::pcm_options options;
  options.devices.programming_scale = options.devices.drift_scale = options.devices.read_scale = 0;
  options.reads = pcm::read_noise::off;
  return options;
}

mvm_error errors_of(const integer_graph& graph, int n, const analog_chip& chip, const analog_chip& ideal,
                    const std::vector<reference_result>& maps) {
  const graph_node& node = graph.nodes[static_cast<std::size_t>(n)];
  const graph_tensor& out = graph.tensors[static_cast<std::size_t>(node.output)];
  mvm_error e;
  e.layer = node.name;
  e.row_sets = node.layer().row_sets.size();
  std::int64_t sum = 0, squares = 0;
  for (unsigned image = 0; image < maps.size(); ++image) {
    const feature_map& input = maps[image].maps[static_cast<std::size_t>(node.inputs[0])];
    const auto found = chip.codes(n, input, image, out.width, out.height, out.channels);
    const auto right = ideal.codes(n, input, image, out.width, out.height, out.channels);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const int error = found[i] - right[i];
      sum += error;
      squares += std::int64_t{error} * error;
      ++e.histogram[static_cast<std::size_t>(std::clamp(error, -mvm_error::most, mvm_error::most) + mvm_error::most)];
    }
    e.values += found.size();
  }
  if (e.values == 0) return e;
  e.mean = static_cast<double>(sum) / static_cast<double>(e.values);
  e.deviation =
      std::sqrt(std::max(0.0, static_cast<double>(squares) / static_cast<double>(e.values) - e.mean * e.mean));
  return e;
}

}  // namespace

std::vector<mvm_error> mvm_errors(const integer_graph& graph, unsigned columns, const pcm::pcm_options& options,
                                  const std::vector<feature_map>& images, unsigned threads) {
  const auto crossbars = crossbars_without_mapping(graph, columns);
  const auto rows = static_cast<unsigned>(graph.rows);
  const analog_chip chip(graph, crossbars, rows, columns, options, threads);
  const analog_chip ideal(graph, crossbars, rows, columns, without_noise(), threads);
  const std::vector<reference_result> maps = reference_executor(graph).run(images, true, threads);
  std::vector<int> nodes;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n)
    if (graph.nodes[n].on_crossbar()) nodes.push_back(static_cast<int>(n));
  std::vector<mvm_error> errors(nodes.size());
  share_work(nodes.size(), threads, [&](std::size_t i) { errors[i] = errors_of(graph, nodes[i], chip, ideal, maps); });
  return errors;
}

}  // namespace ohmic
