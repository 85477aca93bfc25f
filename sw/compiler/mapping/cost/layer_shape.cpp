#include "sw/compiler/mapping/cost/layer_shape.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "sw/compiler/mapping/plan/digital_layer.h"

namespace ohmic {

namespace {

/// Whatever the weights are: what they really need is known too late for policies.
bool may_need_limits(const crossbar_layer& layer) {
  const requantise_constants& r = layer.requantise;
  const std::int64_t products =
      std::int64_t{layer.window.size_x} * layer.window.size_y * layer.in_channels / layer.groups;
  std::int64_t most = 0;
  for (std::size_t c = 0; c < r.m.size(); ++c)
    most = std::max(most, products * 128 * 128 * r.m[c] + std::abs(std::int64_t{r.b[c]}));
  return most > INT32_MAX;
}

}  // namespace

kernel_shape layer_kernel(const graph_node& node, const graph_tensor& in, const graph_tensor& out,
                          channel_range outputs) {
  const crossbar_layer& layer = node.layer();
  kernel_shape tile;
  tile.kernel = digital_kernel(node);
  tile.height = static_cast<unsigned>(out.height);
  tile.channels = static_cast<unsigned>(outputs.count());
  tile.in_channels = static_cast<unsigned>(inputs_read(layer, outputs).count());
  tile.groups = groups_of(layer, outputs);
  tile.window = static_cast<unsigned>(layer.window.size_x);
  tile.window_height = static_cast<unsigned>(layer.window.size_y);
  tile.stride = static_cast<unsigned>(layer.window.stride_x);
  tile.stride_height = static_cast<unsigned>(layer.window.stride_y);
  tile.pad_height = static_cast<unsigned>(layer.window.pad_y);
  tile.input_height = static_cast<unsigned>(in.height);
  tile.input_width = static_cast<unsigned>(in.width);
  if (tile.kernel == OHMIC_KERNEL_LAYER_LOGITS)
    tile.finish = OHMIC_LAYER_SUMS;
  else if (layer.requantise.lo != 0 || layer.requantise.hi != 127)
    tile.finish = OHMIC_LAYER_ANY;
  else
    tile.finish = may_need_limits(layer) ? OHMIC_LAYER_RELU_LIMITED : OHMIC_LAYER_RELU;
  return tile;
}

}  // namespace ohmic
