#include "sw/compiler/graph/integer_graph.h"

#include <gmock/gmock.h>

namespace ohmic {
namespace {

using ::testing::HasSubstr;

// Row sets per layer of ResNet-18 on 256 rows, counted by hand from the rule.
TEST(SplitRows, GivesTheSetsOfResNet18) {
  EXPECT_EQ(split_rows(3, 7, 7, 256).size(), 1u);
  EXPECT_EQ(split_rows(64, 3, 3, 256).size(), 3u);
  EXPECT_EQ(split_rows(128, 3, 3, 256).size(), 6u);
  EXPECT_EQ(split_rows(256, 3, 3, 256).size(), 10u);
  EXPECT_EQ(split_rows(512, 3, 3, 256).size(), 19u);
  EXPECT_EQ(split_rows(256, 1, 1, 256).size(), 1u);
  EXPECT_EQ(split_rows(512, 1, 1, 256).size(), 2u);
}

TEST(SplitRows, OrdersSetsByChannelGroupThenKernelRow) {
  const std::vector<row_set> expected = {{0, 1, 0, 64},   {1, 2, 0, 64},   {2, 3, 0, 64},
                                         {0, 1, 64, 100}, {1, 2, 64, 100}, {2, 3, 64, 100}};
  EXPECT_EQ(split_rows(100, 3, 3, 256), expected);
}

TEST(SplitRows, SplitsByChannelsWhenAKernelRowOf64ChannelsDoesNotFit) {
  const std::vector<row_set> expected = {{0, 3, 0, 14}, {0, 3, 14, 28}, {0, 3, 28, 32}};
  EXPECT_EQ(split_rows(32, 3, 3, 128), expected);
}

TEST(SplitRows, UsesKernelRowsWhere64ChannelsOfOneJustFit) {
  const std::vector<row_set> rows = {{0, 1, 0, 64}, {1, 2, 0, 64}, {2, 3, 0, 64}};
  EXPECT_EQ(split_rows(64, 3, 3, 192), rows);
  const std::vector<row_set> channels = split_rows(64, 3, 3, 191);  // 21 channels of nine taps
  ASSERT_EQ(channels.size(), 4u);
  EXPECT_EQ(channels[0], (row_set{0, 3, 0, 21}));
}

TEST(SplitRows, IsOneSetWhereTheWholeLayerJustFits) {
  EXPECT_EQ(split_rows(7, 3, 3, 63).size(), 1u);
  EXPECT_EQ(split_rows(7, 3, 3, 62).size(), 2u);
  EXPECT_EQ(split_rows(128, 3, 3, 256).size(), 6u) << "by kernel row";
  EXPECT_EQ(split_rows(129, 3, 3, 256).size(), 5u) << "28 channels of nine taps";
  EXPECT_EQ(split_rows(2, 16, 16, 256).size(), 2u) << "one channel fills the crossbar";
}

TEST(SplitRows, CutsAKernelTallerThanTheCrossbarIntoKernelRows) {
  const std::vector<row_set> sets = split_rows(2, 17, 17, 256);
  ASSERT_EQ(sets.size(), 4u) << "15 rows of 17 weights are 255";
  EXPECT_EQ(sets[0], (row_set{0, 15, 0, 1}));
  EXPECT_EQ(sets[1], (row_set{15, 17, 0, 1}));
  EXPECT_EQ(sets[3], (row_set{15, 17, 1, 2}));
}

TEST(SplitRows, RefusesAKernelWiderThanTheCrossbar) { EXPECT_THROW(split_rows(1, 257, 1, 256), graph_error); }

TEST(RowSet, OrdersRowsByColumnThenKernelRowThenChannel) {
  crossbar_layer l;
  l.in_channels = 3;
  l.out_channels = 2;
  l.window.size_x = 2;
  l.window.size_y = 3;
  for (int i = 0; i < 36; ++i) l.weights.push_back(static_cast<std::int8_t>(i));
  const row_set set{1, 3, 1, 3};
  ASSERT_EQ(set.rows(2), 8);
  // weight index = ((out*3 + c)*3 + ky)*2 + kx, written out by hand for output channel 1
  const int expected[] = {26, 32, 28, 34, 27, 33, 29, 35};
  for (int row = 0; row < 8; ++row) EXPECT_EQ(l.weight(set, row, 1), expected[row]) << "row " << row;
}

// input [2,4,4] -> 1x1 pool window -> average -> logits of 2
integer_graph small_graph() {
  integer_graph g;
  g.calibrated = true;
  g.rows = 256;
  g.tensors = {{"image", 2, 4, 4, 1, -1, {}}, {"pooled", 2, 1, 1, 1, -1, {}}, {"logits", 2, 1, 1, 1, -1, {}}};
  graph_node input;
  input.name = "image";
  input.output = 0;
  graph_node average;
  average.operation = make_operation(node_kind::average_pool);
  average.name = "avgpool";
  average.inputs = {0};
  average.output = 1;
  average.average() = {16384, 18};
  graph_node fc;
  fc.operation = make_operation(node_kind::logits);
  fc.name = "fc";
  fc.inputs = {1};
  fc.output = 2;
  fc.layer().in_channels = fc.layer().out_channels = 2;
  fc.layer().weights = {1, 2, 3, 4};
  fc.layer().row_sets = {{0, 1, 0, 2}};
  fc.layer().adc = {16384, 14};
  fc.layer().requantise = {{100, 200}, {5, -5}, 10, -128};
  g.nodes = {input, average, fc};
  link_tensors(g);
  return g;
}

std::string complaint(const integer_graph& g) {
  try {
    check_graph(g);
  } catch (const graph_error& e) {
    return e.what();
  }
  return "";
}

TEST(CheckGraph, AcceptsAWholeGraph) { EXPECT_EQ(complaint(small_graph()), ""); }

TEST(CheckGraph, NamesTheNodeAndTheValueOutOfRange) {
  integer_graph g = small_graph();
  g.nodes[1].average().m = 40000;
  EXPECT_THAT(complaint(g), AllOf(HasSubstr("avgpool"), HasSubstr("40000"), HasSubstr("32767")));
  g = small_graph();
  g.nodes[2].layer().adc.s = 31;
  EXPECT_THAT(complaint(g), AllOf(HasSubstr("'fc'"), HasSubstr("adc.s = 31")));
  g = small_graph();
  g.nodes[2].layer().requantise.b[1] = 2147483647;
  EXPECT_THAT(complaint(g), HasSubstr("32 bits"));
}

TEST(CheckGraph, RefusesRowSetsThatOverlapOrLeaveAHole) {
  integer_graph g = small_graph();
  g.nodes[2].layer().row_sets = {{0, 1, 0, 1}};
  EXPECT_THAT(complaint(g), HasSubstr("do not cover"));
  g.nodes[2].layer().row_sets = {{0, 1, 0, 2}, {0, 1, 1, 2}};
  EXPECT_THAT(complaint(g), HasSubstr("overlaps"));
  g.nodes[2].layer().row_sets = {{0, 1, 0, 3}};
  EXPECT_THAT(complaint(g), HasSubstr("not part of the layer"));
}

TEST(CheckGraph, CopiesOfALayerRepeatAllItsRowSets) {
  const row_set a{0, 1, 0, 1}, b{0, 1, 1, 2};
  const auto with = [](std::vector<row_set> sets) {
    integer_graph g = small_graph();
    g.nodes[2].layer().row_sets = std::move(sets);
    return g;
  };
  EXPECT_EQ(with({a, b}).nodes[2].layer().copies(), 1u);
  for (const auto& sets : {std::vector{a, b, a, b}, {a, b, a, b, a, b}, {row_set{0, 1, 0, 2}, row_set{0, 1, 0, 2}}}) {
    EXPECT_EQ(complaint(with(sets)), "");
    EXPECT_EQ(with(sets).nodes[2].layer().copies(), sets.size() / (sets[0] == a ? 2 : 1));
  }
  for (const auto& sets : {std::vector{a, a, b}, {a, b, b, a}, {a, b, a, a}})
    EXPECT_THAT(complaint(with(sets)), HasSubstr("copy"));
  EXPECT_THAT(complaint(with({a, a})), HasSubstr("do not cover"));
}

TEST(CheckGraph, RefusesDuplicateNamesAndBrokenOrder) {
  integer_graph g = small_graph();
  g.nodes[2].name = "avgpool";
  EXPECT_THAT(complaint(g), HasSubstr("unique"));
  g = small_graph();
  g.nodes[1].inputs = {2};
  EXPECT_THAT(complaint(g), HasSubstr("no node before it"));
}

TEST(CheckGraph, RefusesGroupsThatDoNotDivideTheChannels) {
  integer_graph g = small_graph();
  g.nodes[2].layer().groups = 3;
  EXPECT_THAT(complaint(g), HasSubstr("3 groups do not divide 2 input"));
}

TEST(MvmCount, MultipliesPixelsSetsAndColumnTiles) {
  integer_graph g = small_graph();
  EXPECT_EQ(mvm_count(g, 256), 1);
  EXPECT_EQ(mvm_count(g, 1), 2);
}

// Each constant has a range with both its ends.
TEST(CheckGraph, ConstantsHaveTheirRangesWithBothEnds) {
  const auto with = [](auto change) {
    integer_graph g = small_graph();
    change(g);
    return complaint(g);
  };
  for (const int m : {0, 32767}) {
    EXPECT_EQ(with([&](auto& g) { g.nodes[1].average().m = m; }), "");
    EXPECT_EQ(with([&](auto& g) { g.nodes[2].layer().adc.m = m; }), "");
  }
  for (const int m : {-1, 32768}) {
    EXPECT_THAT(with([&](auto& g) { g.nodes[1].average().m = m; }), HasSubstr("is outside 0 .. 32767"));
    EXPECT_THAT(with([&](auto& g) { g.nodes[2].layer().adc.m = m; }), HasSubstr("is outside 0 .. 32767"));
  }
  for (const unsigned s : {1u, 30u}) {
    EXPECT_EQ(with([&](auto& g) { g.nodes[1].average().s = s; }), "");
    EXPECT_EQ(with([&](auto& g) { g.nodes[2].layer().adc.s = s; }), "");
    EXPECT_EQ(with([&](auto& g) { g.nodes[2].layer().requantise.s = s; }), "");
  }
  for (const unsigned s : {0u, 31u}) {
    EXPECT_THAT(with([&](auto& g) { g.nodes[1].average().s = s; }), HasSubstr("is outside 1 .. 30"));
    EXPECT_THAT(with([&](auto& g) { g.nodes[2].layer().adc.s = s; }), HasSubstr("is outside 1 .. 30"));
    EXPECT_THAT(with([&](auto& g) { g.nodes[2].layer().requantise.s = s; }), HasSubstr("is outside 1 .. 30"));
  }
  for (const int hi : {0, 127}) EXPECT_EQ(with([&](auto& g) { g.nodes[2].layer().requantise.hi = hi; }), "");
  for (const int hi : {-1, 128})
    EXPECT_THAT(with([&](auto& g) { g.nodes[2].layer().requantise.hi = hi; }), HasSubstr("upper bound"));
  for (const int lo : {0, -128}) EXPECT_EQ(with([&](auto& g) { g.nodes[2].layer().requantise.lo = lo; }), "");
  for (const int lo : {-129, -127, -1, 1})
    EXPECT_THAT(with([&](auto& g) { g.nodes[2].layer().requantise.lo = lo; }), HasSubstr("lower bound"));
}

TEST(CheckGraph, ARowSetHasAtMostTheRowsThatTheNetworkWasCalibratedFor) {
  integer_graph g = small_graph();
  g.rows = 2;
  EXPECT_EQ(complaint(g), "");
  g.rows = 1;
  EXPECT_THAT(complaint(g), HasSubstr("has 2 rows, more than the 1 it was calibrated for"));
}

// The sums of codes of 255 row sets fit 16 bits: 255 * 128 = 32640.
TEST(CheckGraph, ALayerHasAtMost255RowSets) {
  for (const int sets : {255, 256}) {
    integer_graph g = small_graph();
    g.tensors[0].channels = g.tensors[1].channels = sets;
    crossbar_layer& fc = g.nodes[2].layer();
    fc.in_channels = sets;
    fc.weights.assign(static_cast<std::size_t>(2 * sets), 1);
    fc.row_sets = split_rows(sets, 1, 1, 1);
    if (sets == 255)
      EXPECT_EQ(complaint(g), "");
    else
      EXPECT_THAT(complaint(g), HasSubstr("has 256 row sets, whose codes do not fit 16 bits (255 are allowed)"));
  }
}

// Codes are -128 .. 127, so a product is widest below zero: -128 * m + b, and 127 * m + b above.
TEST(CheckGraph, RequantisationFits32BitsToTheLastOne) {
  const auto with = [](std::int64_t b) {
    integer_graph g = small_graph();
    g.nodes[2].layer().requantise.b[0] = static_cast<std::int32_t>(b);
    return complaint(g);
  };
  const std::int64_t high = (std::int64_t{1} << 31) - 1, low = -high - 1;
  EXPECT_EQ(with(high - 127 * 100), "");
  EXPECT_THAT(with(high - 127 * 100 + 1), HasSubstr("requantisation can reach 2147483648"));
  EXPECT_EQ(with(low + 128 * 100), "");
  EXPECT_THAT(with(low + 128 * 100 - 1), HasSubstr("requantisation can reach -2147483649"));
}

// 128 * pixels * m and half of the last bit: the sum of an average's rounding, to the last bit of 32.
TEST(CheckGraph, AnAveragesProductFits32BitsToTheLastOne) {
  integer_graph g = small_graph();
  g.tensors[0].height = g.tensors[0].width = 32;
  g.nodes[1].average() = {16383, 17};  // 128 * 1024 * 16383 + 65536
  EXPECT_EQ(complaint(g), "");
  g.nodes[1].average().s = 18;  // one more than 2^31 - 1
  EXPECT_THAT(complaint(g), HasSubstr("the pool's product can reach 2147483648"));
}

/// image [2, 4, 4] -> max pool of the window -> average -> logits
integer_graph pooled_graph(const graph_window& window, int height, int width) {
  integer_graph g = small_graph();
  g.tensors.push_back({"windows", 2, height, width, 1, -1, {}});
  graph_node pool;
  pool.operation = make_operation(node_kind::max_pool);
  pool.name = "pool";
  pool.inputs = {0};
  pool.output = 3;
  pool.pool_window() = window;
  g.nodes[1].inputs = {3};
  g.nodes.insert(g.nodes.begin() + 1, pool);
  link_tensors(g);
  return g;
}

TEST(CheckGraph, EveryWindowTouchesTheMap) {
  const auto x = [](int size, int stride, int pad, int outputs) {
    return complaint(pooled_graph({size, 1, stride, 1, pad, 0}, 4, outputs));
  };
  const auto y = [](int size, int stride, int pad, int outputs) {
    return complaint(pooled_graph({1, size, 1, stride, 0, pad}, outputs, 4));
  };
  EXPECT_EQ(x(2, 4, 1, 2), "") << "the second begins in the last column";
  EXPECT_THAT(x(2, 5, 1, 2), HasSubstr("window along x (kernel 2, stride 5, padding 1) lies wholly outside"));
  EXPECT_THAT(x(2, 1, 2, 4), HasSubstr("wholly outside")) << "the first ends before the map";
  EXPECT_EQ(y(2, 4, 1, 2), "");
  EXPECT_THAT(y(2, 5, 1, 2), HasSubstr("window along y"));
  EXPECT_THAT(y(2, 1, 2, 4), HasSubstr("window along y"));
  for (const auto& window : {graph_window{0, 1, 1, 1, 0, 0}, {1, 1, 0, 1, 0, 0}, {1, 1, 1, 1, -1, 0}})
    EXPECT_THAT(complaint(pooled_graph(window, 4, 4)), HasSubstr("is not a window"));
}

TEST(CheckGraph, MapsAreMadeOnceAndBeforeTheyAreRead) {
  for (const int t : {-1, 3, 4}) {
    integer_graph g = small_graph();
    g.nodes[1].inputs = {t};
    EXPECT_THAT(complaint(g), HasSubstr("reads a map that no node before it makes")) << t;
    g = small_graph();
    g.nodes[2].output = t;
    EXPECT_THAT(complaint(g), HasSubstr("does not make a map of its own")) << t;
  }
  integer_graph g = small_graph();
  g.nodes[2].output = 1;
  EXPECT_THAT(complaint(g), HasSubstr("does not make a map of its own"));
}

/// image -> pool; image and pool -> add -> average -> logits
TEST(CheckGraph, AnAddsFactorsAndShiftHaveTheirRanges) {
  integer_graph g = pooled_graph({1, 1, 1, 1, 0, 0}, 4, 4);
  graph_node add;
  add.operation = make_operation(node_kind::add);
  add.name = "add";
  add.inputs = {0, 3};
  add.output = 4;
  add.add().a = add.add().b = 32767;
  add.add().s = 1;
  g.tensors.push_back({"sum", 2, 4, 4, 1, -1, {}});
  g.nodes.insert(g.nodes.begin() + 2, add);
  g.nodes[3].inputs = {4};
  link_tensors(g);
  EXPECT_EQ(complaint(g), "");
  const auto with = [&](auto change) {
    integer_graph wrong = g;
    change(wrong.nodes[2].add());
    return complaint(wrong);
  };
  EXPECT_THAT(with([](auto& a) { a.a = 32768; }), HasSubstr("add.a = 32768"));
  EXPECT_THAT(with([](auto& a) { a.b = 32768; }), HasSubstr("add.b = 32768"));
  EXPECT_THAT(with([](auto& a) { a.b = -1; }), HasSubstr("add.b = -1"));
  EXPECT_THAT(with([](auto& a) { a.s = 31; }), HasSubstr("add.s = 31"));
  EXPECT_THAT(with([](auto& a) { a.lo = 1; }), HasSubstr("lower bound 1"));
  g.tensors[3].width = 3;
  EXPECT_THAT(complaint(g), HasSubstr("adds maps of different shapes ([2, 4, 3] to [2, 4, 4])"));
}

}  // namespace
}  // namespace ohmic
