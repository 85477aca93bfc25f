#include "sw/compiler/mapping/plan/code_lanes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ohmic {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

/// A part whose tiles make these codes, and one sum of the sets 0 to `sets` - 1.
channel_part part_of(std::vector<std::vector<packed_set>> tiles, unsigned sets) {
  channel_part part;
  for (std::vector<packed_set>& made : tiles) part.tiles.push_back({0, 0, 0, std::move(made)});
  part.sums.resize(1);
  for (unsigned set = 0; set < sets; ++set) part.sums[0].sets.push_back(set);
  return part;
}

std::vector<std::pair<unsigned, unsigned>> made(const code_lane& lane) {
  std::vector<std::pair<unsigned, unsigned>> sets;
  for (const packed_set& p : lane.made) sets.emplace_back(p.set, p.dy);
  return sets;
}

TEST(CodeLanes, ATileOfOneSetIsALaneAndAnInput) {
  const code_lanes lanes = share_lanes(part_of({{{0, 0}}, {{1, 0}}}, 2), 1);
  ASSERT_EQ(lanes.of_tiles.size(), 2u);
  ASSERT_EQ(lanes.of_tiles[1].size(), 1u);
  EXPECT_THAT(made(lanes.of_tiles[1][0]), ElementsAre(Pair(1u, 0u)));
  EXPECT_EQ(lanes.of_tiles[1][0].set(), 1);
  ASSERT_EQ(lanes.inputs.size(), 1u);
  ASSERT_EQ(lanes.inputs[0].size(), 2u);
  EXPECT_THAT(lanes.inputs[0][0].lanes, ElementsAre(Pair(0u, 0u)));
  EXPECT_THAT(lanes.inputs[0][1].lanes, ElementsAre(Pair(1u, 0u)));
}

// Both rows of both sets in one crossbar: two whole lanes.
TEST(CodeLanes, SetsOfTheSameRowTakeALaneEach) {
  const code_lanes lanes = share_lanes(part_of({{{0, 0}, {0, 1}, {1, 0}, {1, 1}}}, 2), 2);
  ASSERT_EQ(lanes.of_tiles[0].size(), 2u);
  EXPECT_THAT(made(lanes.of_tiles[0][0]), ElementsAre(Pair(0u, 0u), Pair(0u, 1u)));
  EXPECT_THAT(made(lanes.of_tiles[0][1]), ElementsAre(Pair(1u, 0u), Pair(1u, 1u)));
  EXPECT_EQ(lanes.inputs[0].size(), 2u);
}

// Three sets by two rows in two crossbars: the middle set is in both, one row in each. Each crossbar has a whole lane
// and half a one, and the halves come together: three inputs, none of which lacks a row.
TEST(CodeLanes, LanesThatComplementEachOtherAreOneInput) {
  const code_lanes lanes = share_lanes(part_of({{{0, 0}, {0, 1}, {1, 0}}, {{1, 1}, {2, 0}, {2, 1}}}, 3), 2);
  ASSERT_EQ(lanes.inputs[0].size(), 3u);
  std::size_t rows = 0;
  for (const code_input& input : lanes.inputs[0]) {
    std::vector<unsigned> here;
    for (const auto& [tile, lane] : input.lanes)
      for (const packed_set& p : lanes.of_tiles[tile][lane].made) here.push_back(p.dy);
    EXPECT_THAT(here, ::testing::UnorderedElementsAre(0u, 1u));
    rows += here.size();
  }
  EXPECT_EQ(rows, 6u) << "each code once";
}

// Sets 0 and 1 have one row each in one crossbar, which fill a column together; the other crossbar has the rows that
// are missing.
TEST(CodeLanes, ALaneIsOfSeveralSetsWhereTheirRowsFillAColumn) {
  const code_lanes lanes = share_lanes(part_of({{{0, 0}, {1, 1}}, {{0, 1}, {1, 0}}}, 2), 2);
  ASSERT_EQ(lanes.of_tiles[0].size(), 1u);
  EXPECT_THAT(made(lanes.of_tiles[0][0]), ElementsAre(Pair(0u, 0u), Pair(1u, 1u)));
  EXPECT_EQ(lanes.of_tiles[0][0].set(), -1);
  EXPECT_EQ(lanes.inputs[0].size(), 2u);
}

// The same in one crossbar, but of two sums: their codes never share a lane.
TEST(CodeLanes, CodesOfTwoSumsLieApart) {
  channel_part part = part_of({{{0, 0}, {1, 1}}, {{0, 1}, {1, 0}}}, 1);
  part.sums.push_back({{}, {1}, {0}});
  const code_lanes lanes = share_lanes(part, 2);
  ASSERT_EQ(lanes.of_tiles[0].size(), 2u);
  EXPECT_EQ(lanes.of_tiles[0][0].node, 0u);
  EXPECT_EQ(lanes.of_tiles[0][1].node, 1u);
  ASSERT_EQ(lanes.inputs.size(), 2u);
  for (const std::vector<code_input>& of_node : lanes.inputs) {
    ASSERT_EQ(of_node.size(), 1u);
    EXPECT_THAT(of_node[0].lanes, ElementsAre(Pair(0u, ::testing::_), Pair(1u, ::testing::_)));
  }
}

// Three rows at once. Mixed, the first crossbar's lane would have rows 0 and 1, the others' rows 1, 2 and 0, 2: no two
// complement each other. Apart, each set's first row goes with its other two.
TEST(CodeLanes, WhereMixedLanesDoNotComeOutEvenEachIsOfOneSet) {
  const code_lanes lanes = share_lanes(part_of({{{0, 0}, {1, 1}}, {{0, 1}, {0, 2}}, {{1, 0}, {1, 2}}}, 2), 3);
  EXPECT_EQ(lanes.of_tiles[0].size(), 2u);
  for (const std::vector<code_lane>& tile : lanes.of_tiles)
    for (const code_lane& lane : tile) EXPECT_GE(lane.set(), 0);
  ASSERT_EQ(lanes.inputs[0].size(), 2u);
  for (const code_input& input : lanes.inputs[0]) {
    ASSERT_EQ(input.lanes.size(), 2u);
    EXPECT_EQ(lanes.of_tiles[input.lanes[0].first][input.lanes[0].second].set(),
              lanes.of_tiles[input.lanes[1].first][input.lanes[1].second].set());
  }
}

TEST(CodeLanes, ASumOfSumsAloneHasNoInputs) {
  channel_part part = part_of({{{0, 0}}, {{1, 0}}}, 2);
  part.sums.push_back({{}, {}, {0}});
  EXPECT_THAT(share_lanes(part, 1).inputs[1], IsEmpty());
}

}  // namespace
}  // namespace ohmic
