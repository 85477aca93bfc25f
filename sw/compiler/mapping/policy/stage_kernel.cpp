#include "sw/compiler/mapping/policy/stage_kernel.h"

#include "sw/compiler/mapping/cost/layer_shape.h"

namespace ohmic {

kernel_shape stage_kernel(const integer_graph& graph, const stage& s, const kernel_share& share) {
  const graph_node& node = graph.nodes[s.node];
  const graph_tensor &in = graph.tensors[s.input], &out = graph.tensors[s.output];
  kernel_shape tile;
  tile.columns = share.columns;
  tile.height = static_cast<unsigned>(out.height);
  tile.channels = static_cast<unsigned>(out.channels);
  tile.input_height = static_cast<unsigned>(in.height);
  tile.input_width = static_cast<unsigned>(in.width);
  if (node.on_crossbar()) {
    tile.kernel = !share.root                        ? OHMIC_KERNEL_PARTIAL
                  : node.kind() == node_kind::logits ? OHMIC_KERNEL_LOGITS
                                                     : OHMIC_KERNEL_REQUANTISE;
    tile.channels = share.channels;
    tile.in8 = share.in8;
    tile.in16 = share.in16;
    tile.residual = share.root && s.fused_add >= 0;
  } else if (node.has_layer()) {
    tile = layer_kernel(node, in, out, {0, static_cast<int>(share.channels)});
    tile.columns = share.columns;
    tile.residual = s.fused_add >= 0;
  } else if (node.kind() == node_kind::max_pool) {
    tile.kernel = OHMIC_KERNEL_MAX_POOL;
    tile.window = static_cast<unsigned>(node.pool_window().size_x);
    tile.window_height = static_cast<unsigned>(node.pool_window().size_y);
    tile.stride_height = static_cast<unsigned>(node.pool_window().stride_y);
    tile.stride = static_cast<unsigned>(node.pool_window().stride_x);
    tile.pad_height = static_cast<unsigned>(node.pool_window().pad_y);
  } else {
    tile.kernel = node.kind() == node_kind::average_pool ? OHMIC_KERNEL_AVERAGE_POOL : OHMIC_KERNEL_ADD;
  }
  return tile;
}

}  // namespace ohmic
