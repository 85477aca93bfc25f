// Layers on cores: which channels belong together, and their weights byte by byte as sw/deployment/layer_format.h lays
// them out.
#include "sw/compiler/mapping/plan/digital_layer.h"

#include <gtest/gtest.h>

#include <cstring>

#include "sw/compiler/graph/exact_sums.h"
#include "sw/deployment/layer_format.h"

namespace ohmic {
namespace {

/// A layer whose weights are all different for a while, and so are its constants.
crossbar_layer layer_of(int in, int out, int groups, int size_x, int size_y) {
  crossbar_layer l;
  l.in_channels = in;
  l.out_channels = out;
  l.groups = groups;
  l.window = {size_x, size_y, 1, 1, 0, 0};
  l.digital = true;
  for (int i = 0; i < out * in / groups * size_x * size_y; ++i)
    l.weights.push_back(static_cast<std::int8_t>(i * 37 % 251 - 125));
  for (int c = 0; c < out; ++c) {
    l.requantise.m.push_back(static_cast<std::int16_t>(100 + c));
    l.requantise.b.push_back(-5000 + 17 * c);
  }
  l.requantise.s = 10;
  return l;
}

TEST(DigitalLayer, OutputsReadTheInputsOfTheirGroups) {
  const crossbar_layer grouped = layer_of(8, 12, 4, 1, 1);  // 3 outputs of 2 inputs each
  EXPECT_EQ(inputs_read(grouped, {0, 3}), (channel_range{0, 2}));
  EXPECT_EQ(inputs_read(grouped, {3, 9}), (channel_range{2, 6}));
  EXPECT_EQ(inputs_read(grouped, {2, 4}), (channel_range{0, 4})) << "parts of two groups";
  EXPECT_EQ(inputs_read(grouped, {9, 12}), (channel_range{6, 8}));
  EXPECT_EQ(groups_of(grouped, {3, 9}), 2u);
  EXPECT_EQ(groups_of(grouped, {0, 12}), 4u);
  const crossbar_layer whole = layer_of(8, 12, 1, 1, 1);
  EXPECT_EQ(inputs_read(whole, {4, 8}), (channel_range{0, 8}));
  EXPECT_EQ(groups_of(whole, {4, 8}), 1u);
  EXPECT_EQ(part_unit(whole), 4u);
  EXPECT_EQ(part_unit(grouped), 12u) << "whole groups of 3 and whole words of 4";
  EXPECT_EQ(part_unit(layer_of(4, 24, 4, 1, 1)), 12u) << "6 and 4";
  EXPECT_EQ(part_unit(layer_of(4, 32, 4, 1, 1)), 8u);
}

TEST(DigitalLayer, DepthwiseIsOneOutputOfOneInput) {
  EXPECT_TRUE(is_depthwise(layer_of(6, 6, 6, 3, 3)));
  EXPECT_FALSE(is_depthwise(layer_of(6, 12, 6, 3, 3))) << "two outputs each";
  EXPECT_FALSE(is_depthwise(layer_of(1, 1, 1, 3, 3)));
  graph_node node;
  node.operation = make_operation(node_kind::convolution);
  node.layer() = layer_of(6, 6, 6, 3, 3);
  EXPECT_EQ(digital_kernel(node), OHMIC_KERNEL_DEPTHWISE);
  node.layer() = layer_of(6, 12, 6, 3, 3);
  EXPECT_EQ(digital_kernel(node), OHMIC_KERNEL_LAYER);
  node.operation = make_operation(node_kind::logits);
  node.layer() = layer_of(6, 4, 1, 1, 1);
  EXPECT_EQ(digital_kernel(node), OHMIC_KERNEL_LAYER_LOGITS);
}

TEST(DigitalLayer, BlocksAreAlikeWordsOfAtLeastEight) {
  EXPECT_EQ(equal_blocks({{0, 8}, {8, 16}, {16, 24}}), 3u);
  EXPECT_EQ(equal_blocks({{0, 12}, {12, 24}}), 2u);
  EXPECT_EQ(equal_blocks({{0, 24}}), 1u) << "one is no blocks";
  EXPECT_EQ(equal_blocks({}), 1u);
  EXPECT_EQ(equal_blocks({{0, 12}, {12, 20}}), 1u) << "not alike";
  EXPECT_EQ(equal_blocks({{0, 10}, {10, 20}}), 1u) << "not words";
  EXPECT_EQ(equal_blocks({{0, 4}, {4, 8}}), 1u) << "too few";
}

TEST(DigitalLayer, LimitsAreNeededByThePartWhoseSumsAreTooLarge) {
  crossbar_layer l = layer_of(64, 12, 1, 3, 3);
  for (std::size_t i = 0; i < l.weights.size(); ++i) l.weights[i] = 1;  // sums up to 576 x 128
  EXPECT_FALSE(needs_limits(l, {0, 12}));
  l.requantise.m[9] = 32767;  // 73,728 x 32,767 is more than 31 bits
  EXPECT_TRUE(needs_limits(l, {0, 12}));
  EXPECT_TRUE(needs_limits(l, {8, 12}));
  EXPECT_TRUE(needs_limits(l, {9, 10}));
  EXPECT_FALSE(needs_limits(l, {0, 8}));
  EXPECT_FALSE(needs_limits(l, {10, 12}));
}

void expect_constants(const std::vector<std::uint8_t>& bytes, std::size_t at, const crossbar_layer& l, int channel) {
  ohmic_layer_channel found;
  ASSERT_LE(at + sizeof found, bytes.size());
  std::memcpy(&found, &bytes[at], sizeof found);
  const auto c = static_cast<std::size_t>(channel);
  EXPECT_EQ(found.multiplier, l.requantise.m[c]) << channel;
  EXPECT_EQ(found.bias, l.requantise.b[c]) << channel;
  EXPECT_EQ(found.limit, sum_without_limit) << channel;
}

// A window is [kx][block][ky][channel of the block], four channels' words by turns; 6 outputs are two blocks, of which
// the second has two channels.
TEST(DigitalLayer, DenseWeightsAreWordsOfFourChannelsByTurns) {
  for (const unsigned blocks : {1u, 2u}) {
    const int in = 8, size_x = 2, size_y = 3;
    const crossbar_layer l = layer_of(in, 10, 1, size_x, size_y);
    const channel_range outputs{4, 10};
    const std::vector<std::uint8_t> bytes = pack_weights(l, outputs, blocks);
    ASSERT_EQ(bytes.size(), packed_bytes(l, outputs));
    const std::size_t window = 2 * 3 * 8, block = 4 * (window + 12);
    ASSERT_EQ(bytes.size(), 2 * block);
    for (int channel = outputs.begin; channel < outputs.end; ++channel) {
      const auto lane = static_cast<std::size_t>((channel - outputs.begin) % 4),
                 base = static_cast<std::size_t>((channel - outputs.begin) / 4) * block;
      std::size_t byte = 0;
      const int of_block = in / static_cast<int>(blocks);
      for (int kx = 0; kx < size_x; ++kx)
        for (int from = 0; from < in; from += of_block)
          for (int ky = 0; ky < size_y; ++ky)
            for (int i = from; i < from + of_block; ++i, ++byte)
              ASSERT_EQ(static_cast<std::int8_t>(bytes[base + 16 * (byte / 4) + 4 * lane + byte % 4]),
                        l.weight(channel, i, ky, kx))
                  << channel << ", " << byte;
      expect_constants(bytes, base + 4 * window + 12 * lane, l, channel);
    }
    for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(bytes[block + 4 * window + 24 + i], 0) << "there is no channel 10";
  }
}

TEST(DigitalLayer, EachGroupsOutputsFillBlocksOfTheirOwn) {
  const crossbar_layer l = layer_of(4, 6, 2, 3, 1);  // windows of 6 bytes, in 8
  const std::vector<std::uint8_t> bytes = pack_weights(l, {0, 6});
  ASSERT_EQ(bytes.size(), packed_bytes(l, {0, 6}));
  ASSERT_EQ(bytes.size(), 2u * 4 * (8 + 12)) << "3 outputs of each group, and one that there is not";
  for (int channel = 0; channel < 6; ++channel) {
    const std::size_t base = channel < 3 ? 0 : 80, lane = static_cast<std::size_t>(channel % 3);
    for (int kx = 0; kx < 3; ++kx)
      for (int i = 0; i < 2; ++i) {
        const auto byte = static_cast<std::size_t>(2 * kx + i);
        EXPECT_EQ(static_cast<std::int8_t>(bytes[base + 16 * (byte / 4) + 4 * lane + byte % 4]),
                  l.weight(channel, (channel < 3 ? 0 : 2) + i, 0, kx));
      }
    expect_constants(bytes, base + 32 + 12 * lane, l, channel);
  }
}

TEST(DigitalLayer, DepthwiseWeightsAreKernelColumnsOfWholeWords) {
  const crossbar_layer l = layer_of(10, 10, 10, 3, 5);
  const channel_range outputs{4, 10};
  const std::vector<std::uint8_t> bytes = pack_weights(l, outputs);
  ASSERT_EQ(bytes.size(), packed_bytes(l, outputs));
  constexpr std::size_t each = 3 * 8 + 12;
  ASSERT_EQ(bytes.size(), 8 * each) << "six channels, in two blocks of four";
  for (int channel = 4; channel < 10; ++channel) {
    const std::size_t at = static_cast<std::size_t>(channel - 4) * each;
    for (int kx = 0; kx < 3; ++kx)
      for (int ky = 0; ky < 8; ++ky)
        EXPECT_EQ(static_cast<std::int8_t>(bytes[at + static_cast<std::size_t>(8 * kx + ky)]),
                  ky < 5 ? l.weight(channel, channel, ky, kx) : 0);
    expect_constants(bytes, at + 24, l, channel);
  }
}

}  // namespace
}  // namespace ohmic
