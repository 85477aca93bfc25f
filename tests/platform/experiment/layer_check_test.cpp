#include "platform/experiment/layer_check.h"

#include <gtest/gtest.h>

#include "tests/platform/experiment/plain_memory_machine.h"

namespace ohmic {
namespace {

constexpr int channels = 4, height = 3, width = 6;

/// A ring in cluster 1 that two replicas fill with a tensor of two images, and what it should hold.
class LayerCheckTest : public testing::Test {
 protected:
  LayerCheckTest() {
    chip_config config;
    config.network.factors = {1, 2};
    config.network.latency = {100, 4};
    config.network.width = {64, 64};
    config.cluster.l1_bytes = 64 * 1024;
    chip = std::make_unique<plain_memory_machine>(config);

    graph.tensors.resize(1);
    graph.tensors[0].name = "conv";
    for (int image = 0; image < 2; ++image) {
      feature_map map(channels, height, width);
      for (std::size_t i = 0; i < map.data.size(); ++i) map.data[i] = static_cast<std::int8_t>(7 * i + 50 * image);
      golden.maps.push_back({map});
    }

    source.chip_clusters = 2;
    ring_report ring;
    ring.cluster = 1;
    ring.tensor = "conv";
    ring.content = "activations";
    ring.base = 1024;
    ring.column_bytes = height * channels;
    ring.slots = 4;
    ring.columns_per_image = width;
    ring.height = height;
    ring.segments = {{{0, channels}, 0, channels}};
    for (unsigned replica = 0; replica < 2; ++replica) {
      ring_producer producer;
      producer.produced_word = 256 + 4 * replica;
      producer.channels = {0, channels};
      producer.replica = replica;
      producer.replicas = 2;
      ring.producers.push_back(producer);
    }
    source.rings = {ring};
  }

  void put_column(unsigned number) {
    const feature_map& map = golden.maps[number / width][0];
    std::memcpy(&chip->l1s[1][1024 + number % 4 * height * channels], &map.data[map.index(number % width, 0, 0)],
                height * channels);
  }
  void announce(unsigned replica, std::uint32_t frontier) {
    std::memcpy(&chip->l1s[1][256 + 4 * replica], &frontier, sizeof frontier);
  }

  std::unique_ptr<plain_memory_machine> chip;
  integer_graph graph;
  golden_outputs golden;
  deployment source;
};

TEST_F(LayerCheckTest, ComparesEachAnnouncedColumnOnce) {
  layer_check check(source, graph, golden, *chip, 2);
  check.look({1});
  EXPECT_EQ(check.columns(), 0u);
  put_column(0);
  put_column(1);
  put_column(2);
  announce(0, 4);  // columns 0 and 2 are its
  check.look({0, 1});
  EXPECT_EQ(check.columns(), 2u);
  check.look({1});
  announce(1, 3);  // column 1
  check.look({1});
  EXPECT_EQ(check.columns(), 3u);
  EXPECT_EQ(check.result().compared, 3u * height * channels);
  EXPECT_EQ(check.result().mismatching, 0u);
}

TEST_F(LayerCheckTest, LooksOnlyAtClustersThatRan) {
  layer_check check(source, graph, golden, *chip, 2);
  announce(0, 2);
  check.look({0});
  EXPECT_EQ(check.columns(), 0u);
}

TEST_F(LayerCheckTest, NamesLayerPixelAndChannelOfTheFirstDifference) {
  layer_check check(source, graph, golden, *chip, 2);
  put_column(8);  // image 1, x 2, slot 0
  chip->l1s[1][1024 + 1 * channels + 3] ^= 1;
  announce(0, 9);
  check.look({1});
  const auto& first = check.result().first;
  ASSERT_TRUE(first);
  // Columns 0, 2, 4, 6 of the replica were never put into the ring: the first of them differs first.
  EXPECT_EQ(first->layer, "conv");
  EXPECT_EQ(first->image, 0u);

  layer_check late(source, graph, golden, *chip, 2);
  announce(0, 0);
  announce(1, 0);
  late.look({1});
  for (unsigned n = 0; n < 4; ++n) put_column(n);
  announce(0, 4);
  announce(1, 4);
  late.look({1});
  for (unsigned n = 4; n < 8; ++n) put_column(n);
  announce(0, 8);
  announce(1, 8);
  late.look({1});
  put_column(8);
  chip->l1s[1][1024 + 1 * channels + 3] ^= 1;
  announce(0, 9);
  late.look({1});
  ASSERT_TRUE(late.result().first);
  EXPECT_EQ(late.result().mismatching, 1u);
  EXPECT_EQ(late.result().first->image, 1u);
  EXPECT_EQ(late.result().first->x, 2);
  EXPECT_EQ(late.result().first->y, 1);
  EXPECT_EQ(late.result().first->channel, 3);
  EXPECT_EQ(late.result().first->expected ^ late.result().first->found, 1);
}

// A pipeline may be filled with images behind the last one: nobody knows what is right there.
TEST_F(LayerCheckTest, SkipsImagesBehindTheLast) {
  layer_check check(source, graph, golden, *chip, 2);
  for (unsigned n = 0; n < 4; ++n) put_column(n);
  announce(0, 2 * width + 3);
  announce(1, 2 * width + 3);
  check.look({1});
  EXPECT_EQ(check.columns(), 2u * width);
  layer_check one(source, graph, golden, *chip, 1);
  one.look({1});
  EXPECT_EQ(one.columns(), 1u * width);
}

// Two producers make two channels each of every column, which lie in segments of three channels and one: each announces
// its own channels alone.
TEST_F(LayerCheckTest, ComparesOnlyTheChannelsThatTheProducerMakes) {
  ring_report& ring = source.rings[0];
  for (unsigned p = 0; p < 2; ++p) {
    ring.producers[p].channels = {2 * static_cast<int>(p), 2 * static_cast<int>(p) + 2};
    ring.producers[p].replica = 0;
    ring.producers[p].replicas = 1;
  }
  ring.segments = {{{0, 3}, 0, 3}, {{3, 4}, 9, 1}};
  const feature_map& map = golden.maps[0][0];
  for (int y = 0; y < height; ++y) {
    std::uint8_t* const slot = &chip->l1s[1][1024];
    for (int c = 0; c < 3; ++c) slot[y * 3 + c] = static_cast<std::uint8_t>(map.at(0, y, c));
    slot[9 + y] = static_cast<std::uint8_t>(map.at(0, y, 3));
  }
  layer_check check(source, graph, golden, *chip, 2);
  announce(0, 1);
  check.look({1});
  EXPECT_EQ(check.result().compared, 2u * height);
  announce(1, 1);
  check.look({1});
  EXPECT_EQ(check.result().compared, 4u * height);
  EXPECT_EQ(check.result().mismatching, 0u);
  chip->l1s[1][1024 + 9] ^= 1;
  layer_check wrong(source, graph, golden, *chip, 2);
  wrong.look({1});
  EXPECT_EQ(wrong.result().mismatching, 1u);
  EXPECT_EQ(wrong.result().first->channel, 3);
}

TEST_F(LayerCheckTest, RingsOfCodesSumsAndSequencesAreNoTensors) {
  for (const char* content : {"codes", "partial_sums"}) {
    source.rings[0].content = content;
    layer_check check(source, graph, golden, *chip, 2);
    announce(0, 4);
    check.look({1});
    EXPECT_EQ(check.columns(), 0u) << content;
  }
  source.rings[0].content = "activations";
  source.rings[0].sequence = true;
  layer_check check(source, graph, golden, *chip, 2);
  check.look({1});
  EXPECT_EQ(check.columns(), 0u);
}

// A reader that makes output column o of every fourth, with windows of 3 columns, stride 1 and a padding of 1: the one
// that makes column 1 wants columns 0, 1, 2 and, of its second, column 5: 4, 5, (6).
TEST_F(LayerCheckTest, ColumnsOfAReadersWindowsCountFromItsPadding) {
  ring_report& ring = source.rings[0];
  for (ring_producer& p : ring.producers) p.replicas = 1, p.replica = 0;
  ring.producers.pop_back();
  ring.wanted_replicas = 4;
  ring.wanted_replica = 1;
  ring.wanted_size = 3;
  ring.wanted_pad = 1;
  ring.wanted_columns = width;
  layer_check check(source, graph, golden, *chip, 1);
  announce(0, width);
  check.look({1});
  EXPECT_EQ(check.columns(), 5u) << "0, 1, 2 and 4, 5";
}

TEST_F(LayerCheckTest, SkipsColumnsThatTheReaderNeverAskedFor) {
  ring_report& ring = source.rings[0];
  ring.wanted_replicas = 3;  // reader 1 of 3, one column each, no halo: columns 1 and 4
  ring.wanted_replica = 1;
  ring.wanted_columns = width;
  layer_check check(source, graph, golden, *chip, 2);
  announce(0, 6);
  announce(1, 6);
  check.look({1});
  EXPECT_EQ(check.columns(), 2u);
  ASSERT_TRUE(check.result().first) << "the ring is empty";
  EXPECT_EQ(check.result().first->x, 4) << "of columns 1 and 4 the one of the producer that is looked at first";
}

}  // namespace
}  // namespace ohmic
