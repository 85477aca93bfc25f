// The small pure pieces of the mapping.
#include <gtest/gtest.h>

#include <set>

#include "sw/compiler/mapping/column_layout.h"
#include "sw/compiler/mapping/reduction_tree.h"
#include "sw/compiler/mapping/stage.h"
#include "sw/compiler/mapping/tile_columns.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

TEST(TileColumns, GrowUntilATileLastsLongEnough) {
  tile_cost cost;
  cost.width = 16;
  cost.analog_per_column = 1000;
  EXPECT_EQ(choose_tile_columns(cost, 1e6, 0.5, 1000), 1u);
  EXPECT_EQ(choose_tile_columns(cost, 1e6, 0.5, 1001), 2u);
  EXPECT_EQ(choose_tile_columns(cost, 1e6, 0.5, 1e9), 16u) << "all of the image";
  cost.cores_per_column = 2000;
  EXPECT_EQ(choose_tile_columns(cost, 1e6, 0.5, 1001), 1u) << "the slower of crossbars and cores counts";
}

TEST(TileColumns, GrowUntilTheMastersWorkFitsIntoItsShare) {
  tile_cost cost;
  cost.width = 16;
  cost.analog_per_column = 1000;
  cost.cores_per_tile = 3000;  // 48000, 24000, 12000, ... per image
  EXPECT_EQ(choose_tile_columns(cost, 50000, 1, 1), 1u);
  EXPECT_EQ(choose_tile_columns(cost, 50000, 0.5, 1), 2u);
  EXPECT_EQ(choose_tile_columns(cost, 20000, 0.5, 1), 8u);
}

TEST(TileColumns, AreTheCheapestWhereNothingMeetsTheBottleneck) {
  tile_cost cost;
  cost.width = 32;
  cost.copies = 3;
  cost.analog_per_column = 4000;  // the busiest copy makes 11, 6 * 2, 3 * 4, 2 * 8, ... columns
  EXPECT_EQ(cheapest_tile_columns(cost), 1u);
  cost.cores_per_tile = 4500;  // 49500, 27000, 13500, ...
  EXPECT_EQ(cheapest_tile_columns(cost), 2u) << "48000 of MVMs";
  EXPECT_EQ(choose_tile_columns(cost, 10000, 0.5, 1), 2u);
}

TEST(TileColumns, DivideTheWidth) {
  tile_cost cost;
  cost.width = 7;
  cost.analog_per_column = 100;
  EXPECT_EQ(choose_tile_columns(cost, 1e6, 0.5, 300), 7u);
}

TEST(ReductionTree, SumsEverySetOnceWithinTheFanIn) {
  for (unsigned sets = 1; sets <= 40; ++sets) {
    for (unsigned fan_in = 2; fan_in <= 20; ++fan_in) {
      const std::vector<reduction_node> tree = make_reduction_tree(sets, fan_in);
      std::multiset<unsigned> leaves, inner;
      for (std::size_t n = 0; n < tree.size(); ++n) {
        EXPECT_LE(tree[n].sets.size() + tree[n].nodes.size(), fan_in);
        leaves.insert(tree[n].sets.begin(), tree[n].sets.end());
        for (unsigned node : tree[n].nodes) {
          EXPECT_LT(node, n) << "children come first";
          inner.insert(node);
        }
      }
      EXPECT_EQ(leaves.size(), sets);
      EXPECT_EQ(std::set<unsigned>(leaves.begin(), leaves.end()).size(), sets);
      EXPECT_EQ(inner.size() + 1, tree.size()) << "every node but the root has one parent";
    }
  }
}

TEST(ReductionTree, IsASingleRootIfThatIsEnough) {
  EXPECT_EQ(make_reduction_tree(19, 19).size(), 1u);
  EXPECT_EQ(make_reduction_tree(19, 18).size(), 3u);
}

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

TEST(Stages, TheLongBranchTakesTheAddAndStandsBehindTheShortOne) {
  std::mt19937 random(1);
  integer_graph graph = small_network(random, 20, 20, 40);
  // main -> second: the long branch; down: the short one.
  graph_node second = graph.nodes[3];
  second.name = "second";
  second.inputs = {graph.nodes[3].output};
  second.output = static_cast<int>(graph.tensors.size());
  graph.tensors.push_back(graph.tensors[graph.nodes[3].output]);
  graph.nodes[5].inputs = {graph.nodes[4].output, second.output};
  graph.nodes.insert(graph.nodes.begin() + 4, second);
  link_tensors(graph);
  const std::vector<stage> stages = make_stages(graph);
  std::vector<std::string> names;
  for (const stage& s : stages) names.push_back(s.name);
  EXPECT_EQ(names, (std::vector<std::string>{"conv1", "maxpool", "main", "down", "second+add", "avgpool", "fc"}));
  EXPECT_TRUE(stages[4].input_is_second);
  EXPECT_EQ(stages[4].residual, graph.nodes[5].output);
}

TEST(Stages, AConvolutionWithAnotherConsumerKeepsItsOwnOutput) {
  std::mt19937 random(1);
  const std::vector<stage> stages = make_stages(network_with_separate_add(random, 20, 20, 40));
  std::vector<std::string> names;
  for (const stage& s : stages) names.push_back(s.name);
  EXPECT_EQ(names, (std::vector<std::string>{"conv1", "maxpool", "main", "down+add", "again", "avgpool", "fc"}));
}

}  // namespace
}  // namespace ohmic
