#include "sw/compiler/mapping/plan/column_layout.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

TEST(ColumnLayout, AGroupThatStraddlesTwoProducersIsFilledPixelByPixel) {
  // Channels 252..279 of a map whose crossbars hold 0..255 and 256..511.
  const column_layout group = plain_layout(8, {252, 280});
  column_layout low, high;
  low.height = high.height = 8;
  const column_copy from_low = copy_block(8, block_of(low, {252, 256}), group.segments[0]);
  const column_copy from_high = copy_block(8, block_of(high, {256, 280}), group.segments[0]);
  EXPECT_EQ(from_low.rows, 8u);
  EXPECT_EQ(from_low.run_bytes, 4u);
  EXPECT_EQ(from_low.destination_offset, 0u);
  EXPECT_EQ(from_low.destination_pitch, 28u);
  EXPECT_EQ(from_high.run_bytes, 24u);
  EXPECT_EQ(from_high.destination_offset, 4u);
}

TEST(ColumnLayout, AWholeGroupIsOneRun) {
  const column_layout group = plain_layout(16, {28, 56});
  column_layout source;
  source.height = 16;
  block_of(source, {0, 28});
  const column_copy copy = copy_block(16, block_of(source, {28, 56}), group.segments[0]);
  EXPECT_EQ(copy.rows, 1u);
  EXPECT_EQ(copy.run_bytes, 16u * 28u);
  EXPECT_EQ(copy.source_offset, 16u * 28u);
}

TEST(ColumnLayout, ConsumersOfTheSameChannelsShareABlock) {
  column_layout source;
  source.height = 4;
  block_of(source, {0, 64});
  block_of(source, {64, 128});
  EXPECT_EQ(block_of(source, {0, 64}).offset, 0u);
  const std::vector<layout_segment> run = run_of_blocks(source, {0, 128});
  ASSERT_EQ(run.size(), 2u);
  EXPECT_EQ(run[1].offset, 256u);
  EXPECT_EQ(source.bytes, 512u) << "nothing was added";
  EXPECT_EQ(run_of_blocks(source, {32, 64}).size(), 1u);
  EXPECT_EQ(source.bytes, 640u) << "a block of its own";
}

TEST(ColumnLayout, BlocksThatAreNotNeighboursAreNotOneRun) {
  column_layout source;
  source.height = 4;
  block_of(source, {0, 64});
  block_of(source, {128, 192});
  block_of(source, {64, 128});
  const std::vector<layout_segment> run = run_of_blocks(source, {0, 128});
  ASSERT_EQ(run.size(), 1u) << "128..191 lie between 0..63 and 64..127";
  EXPECT_EQ(run[0].channels, (channel_range{0, 128}));
  EXPECT_EQ(run[0].offset, 3u * 256u);
  EXPECT_EQ(run_of_blocks(source, {128, 192}).front().offset, 256u);
}

TEST(ColumnLayout, NeighboursOfAnyOrderOfChannelsAreFound) {
  column_layout source;
  source.height = 4;
  block_of(source, {0, 32});
  block_of(source, {32, 96});
  block_of(source, {0, 64});
  block_of(source, {64, 96});
  EXPECT_EQ(run_of_blocks(source, {0, 96}).size(), 2u);
  EXPECT_EQ(source.segments.size(), 4u);
}

TEST(ColumnLayout, BlocksBeginAtWords) {
  column_layout source;
  source.height = 3;
  source.append({0, 5});
  EXPECT_EQ(source.append({5, 6}).offset, 16u);
  EXPECT_EQ(source.bytes, 20u);
}

}  // namespace
}  // namespace ohmic
