#include "sw/compiler/mapping/plan/digital_layer.h"

#include <algorithm>
#include <cstring>

#include "sw/compiler/graph/exact_sums.h"
#include "sw/deployment/layer_format.h"

namespace ohmic {
namespace {

unsigned size_x(const crossbar_layer& l) { return static_cast<unsigned>(l.window.size_x); }
unsigned size_y(const crossbar_layer& l) { return static_cast<unsigned>(l.window.size_y); }
int outputs_of_group(const crossbar_layer& l) { return l.out_channels / l.groups; }

std::vector<std::int32_t> limits(const crossbar_layer& layer) {
  const std::vector<std::int64_t> largest = largest_sums(layer);
  std::vector<std::int32_t> all;
  for (std::size_t c = 0; c < largest.size(); ++c)
    all.push_back(limit_of(layer, c, largest[c]).value_or(sum_without_limit));
  return all;
}

class packer {
 public:
  packer(const crossbar_layer& layer, channel_range outputs, unsigned blocks)
      : layer_(layer), outputs_(outputs), blocks_(static_cast<int>(blocks)), limits_(limits(layer)) {}

  std::vector<std::uint8_t> dense() {
    const unsigned of_group = static_cast<unsigned>(layer_.group_inputs());
    const unsigned window = ohmic_layer_window_bytes(size_x(layer_) * size_y(layer_), of_group);
    const int step = layer_.groups == 1 ? outputs_.count() : outputs_of_group(layer_);
    for (int first = outputs_.begin; first < outputs_.end; first += step)
      for (int block = first; block < first + step; block += 4) {
        const std::size_t at = bytes_.size();
        bytes_.resize(at + ohmic_layer_block_bytes(window));
        for (int c = 0; c < 4 && block + c < first + step; ++c) {
          unsigned byte = 0;
          const int of_block = layer_.group_inputs() / blocks_;
          for (int kx = 0; kx < layer_.window.size_x; ++kx)
            for (int from = 0; from < blocks_ * of_block; from += of_block)
              for (int ky = 0; ky < layer_.window.size_y; ++ky)
                for (int i = from; i < from + of_block; ++i, ++byte)
                  bytes_[at + byte / 4 * 16 + 4 * static_cast<unsigned>(c) + byte % 4] =
                      static_cast<std::uint8_t>(layer_.weight(block + c, layer_.first_input(block + c) + i, ky, kx));
          put(at + 4 * window + static_cast<unsigned>(c) * sizeof(ohmic_layer_channel), block + c);
        }
      }
    return std::move(bytes_);
  }

  std::vector<std::uint8_t> depthwise() {
    const unsigned rows = (size_y(layer_) + 3) / 4 * 4;
    for (int channel = outputs_.begin; channel < outputs_.begin + (outputs_.count() + 3) / 4 * 4; ++channel) {
      const std::size_t at = bytes_.size();
      bytes_.resize(at + ohmic_depthwise_channel_bytes(size_x(layer_), size_y(layer_)));
      if (channel >= outputs_.end) continue;
      for (int kx = 0; kx < layer_.window.size_x; ++kx)
        for (int ky = 0; ky < layer_.window.size_y; ++ky)
          bytes_[at + static_cast<unsigned>(kx) * rows + static_cast<unsigned>(ky)] =
              static_cast<std::uint8_t>(layer_.weight(channel, layer_.first_input(channel), ky, kx));
      put(at + size_x(layer_) * rows, channel);
    }
    return std::move(bytes_);
  }

 private:
  void put(std::size_t at, int channel) {
    const auto c = static_cast<std::size_t>(channel);
    const ohmic_layer_channel k{layer_.requantise.m[c], layer_.requantise.b[c], limits_[c]};
    std::memcpy(bytes_.data() + at, &k, sizeof k);
  }

  const crossbar_layer& layer_;
  channel_range outputs_;
  int blocks_;
  std::vector<std::int32_t> limits_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace

channel_range inputs_read(const crossbar_layer& layer, channel_range outputs) {
  if (layer.groups == 1) return {layer.first_channel, layer.first_channel + layer.in_channels};
  const int first = outputs.begin / outputs_of_group(layer), end = (outputs.end - 1) / outputs_of_group(layer) + 1;
  return {first * layer.group_inputs(), end * layer.group_inputs()};
}

unsigned groups_of(const crossbar_layer& layer, channel_range outputs) {
  return layer.groups == 1 ? 1 : static_cast<unsigned>(outputs.count() / outputs_of_group(layer));
}

unsigned part_unit(const crossbar_layer& layer) {
  if (layer.groups == 1 || is_depthwise(layer)) return 4;
  unsigned unit = static_cast<unsigned>(outputs_of_group(layer));
  while (unit % 4 != 0) unit += static_cast<unsigned>(outputs_of_group(layer));
  return unit;
}

bool is_depthwise(const crossbar_layer& layer) { return layer.depthwise() && layer.groups == layer.out_channels; }

ohmic_kernel digital_kernel(const graph_node& node) {
  if (node.kind() == node_kind::logits) return OHMIC_KERNEL_LAYER_LOGITS;
  return is_depthwise(node.layer()) ? OHMIC_KERNEL_DEPTHWISE : OHMIC_KERNEL_LAYER;
}

bool needs_limits(const crossbar_layer& layer, channel_range outputs) {
  const std::vector<std::int32_t> all = limits(layer);
  for (int c = outputs.begin; c < outputs.end; ++c)
    if (all[static_cast<std::size_t>(c)] != sum_without_limit) return true;
  return false;
}

unsigned equal_blocks(const std::vector<channel_range>& made) {
  if (made.size() < 2) return 1;
  const int channels = made[0].count();
  const bool alike =
      std::all_of(made.begin(), made.end(), [&](const channel_range& one) { return one.count() == channels; });
  return alike && channels % 4 == 0 && channels >= 8 ? static_cast<unsigned>(made.size()) : 1;
}

std::uint32_t packed_bytes(const crossbar_layer& layer, channel_range outputs) {
  const auto channels = static_cast<std::uint32_t>(outputs.count());
  if (is_depthwise(layer)) return ohmic_depthwise_weight_bytes(size_x(layer), size_y(layer), channels);
  return ohmic_layer_weight_bytes(size_x(layer) * size_y(layer),
                                  static_cast<std::uint32_t>(inputs_read(layer, outputs).count()), channels,
                                  groups_of(layer, outputs));
}

std::vector<std::uint8_t> pack_weights(const crossbar_layer& layer, channel_range outputs, unsigned blocks) {
  packer p(layer, outputs, blocks);
  return is_depthwise(layer) ? p.depthwise() : p.dense();
}

}  // namespace ohmic
