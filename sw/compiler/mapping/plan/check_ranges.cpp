#include "sw/compiler/mapping/plan/check_ranges.h"

#include <fmt/format.h>

#include "sw/compiler/mapping/mapping_error.h"

namespace ohmic {
namespace {

constexpr int largest_coordinate = 0x7FFF;  // ORIGIN, X_RANGE, Y_RANGE, LOOP.STEP and PIXEL.STEP are signed
constexpr int largest_count = 0xFFFF;       // PIXEL.COUNT, counts of a DMA descriptor, ohmic_work, ohmic_piece

class range_checker {
 public:
  range_checker(const integer_graph& graph, const graph_node& node) : graph_(graph), node_(node) {}

  void run() const {
    const graph_tensor& out = graph_.tensors[node_.output];
    for (const graph_tensor* map : maps())
      at_most(largest_count, map->height, "rows of map '" + map->name + "'", "rows of a column are counted in 16 bits");
    if (node_.kind() == node_kind::input) return;
    if (!node_.on_crossbar()) {
      at_most(largest_count, out.channels, "channels of map '" + out.name + "'",
              "channels of what runs on cores are counted in 16 bits");
      return;
    }
    const graph_tensor& in = graph_.tensors[node_.inputs[0]];
    const graph_window& window = node_.layer().window;
    constexpr const char* coordinates = "the crossbar's input coordinates are signed 16-bit numbers";
    at_most(largest_coordinate, in.width, "columns of map '" + in.name + "'", coordinates);
    at_most(largest_coordinate, in.height, "rows of map '" + in.name + "'", coordinates);
    if (out.width > 1) at_most(largest_coordinate, window.stride_x, "columns from window to window", coordinates);
    if (out.height > 1) at_most(largest_coordinate, window.stride_y, "rows from window to window", coordinates);
  }

 private:
  std::vector<const graph_tensor*> maps() const {
    std::vector<const graph_tensor*> all = {&graph_.tensors[node_.output]};
    for (int t : node_.inputs) all.push_back(&graph_.tensors[t]);
    return all;
  }
  void at_most(int limit, int value, const std::string& what, const std::string& why) const {
    if (value > limit)
      throw mapping_error(fmt::format("node '{}' ({}): {} {}; at most {} are allowed ({})", node_.name,
                                      to_string(node_.kind()), value, what, limit, why));
  }

  const integer_graph& graph_;
  const graph_node& node_;
};

}  // namespace

void check_ranges(const integer_graph& graph, const chip_config& chip) {
  if (chip.ima.columns > static_cast<unsigned>(largest_count))
    throw mapping_error(fmt::format("chip '{}' has crossbars of {} columns; a job takes at most {}", chip.name,
                                    chip.ima.columns, largest_count));
  for (const graph_node& node : graph.nodes) range_checker(graph, node).run();
}

}  // namespace ohmic
