#include "platform/experiment/chip_loader.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <systemc>

#include "platform/config/config_error.h"
#include "sw/compiler/mapping/compile.h"
#include "tests/platform/experiment/plain_memory_machine.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

chip_config two_clusters() {
  chip_config config;
  config.network.factors = {1, 2};
  config.network.latency = {100, 4};
  config.network.width = {64, 64};
  config.ima.columns = 8;
  return config;
}

TEST(Faults, AreReadByName) {
  fault_list faults;
  add_fault(faults, "drop-write=12");
  add_fault(faults, "flip-weight=3");
  add_fault(faults, "wrong-constant=4");
  add_fault(faults, "stuck-column=5");
  EXPECT_EQ(faults.stuck_column, 5u);
  EXPECT_EQ(faults.drop_write, 12u);
  EXPECT_EQ(faults.flip_weight, 3u);
  EXPECT_EQ(faults.wrong_constant, 4u);
}

TEST(Faults, RefusesWhatIsNone) {
  for (const char* text :
       {"", "drop-write", "drop-write=", "drop-write=0", "drop-write=x", "drop-write=1x", "drop=1", "=1"}) {
    fault_list faults;
    EXPECT_THROW(add_fault(faults, text), config_error) << text;
  }
}

TEST(Faults, FlipsOneBitOfOneWeight) {
  deployment d;
  d.crossbars = {{0, 0, 0, 1, 3, {1, 2, 3}}, {1, 0, 0, 1, 2, {4, 5}}};
  fault_list faults;
  faults.flip_weight = 5;  // the second of the second crossbar
  apply_faults(d, faults);
  EXPECT_EQ(d.crossbars[0].weights, (std::vector<std::int8_t>{1, 2, 3}));
  EXPECT_EQ(d.crossbars[1].weights, (std::vector<std::int8_t>{4, 5 ^ 64}));
  faults.flip_weight = 6;
  EXPECT_THROW(apply_faults(d, faults), config_error);
}

TEST(Faults, SticksAllDevicesThatAddToOneColumn) {
  deployment d;
  d.crossbars = {{3, 0, 0, 4, 2, std::vector<std::int8_t>(8)}, {5, 7, 10, 3, 4, std::vector<std::int8_t>(12)}};
  pcm::pcm_options analog;
  fault_list faults;
  EXPECT_TRUE(stuck_devices(d, faults, {}).empty());
  faults.stuck_column = 5;  // the third of the second crossbar
  const auto stuck = stuck_devices(d, faults, analog);
  ASSERT_EQ(stuck.size(), 1u);
  ASSERT_EQ(stuck.at(5).size(), 3u);
  for (unsigned row = 0; row < 3; ++row) {
    const pcm::device_fault& device = stuck.at(5)[row];
    EXPECT_EQ(device.row, 7 + row);
    EXPECT_EQ(device.column, 12u);
    EXPECT_FALSE(device.negative);
    EXPECT_EQ(device.conductance, analog.devices.g_max);
  }
  EXPECT_THROW(stuck_devices(d, faults, {}), config_error) << "ideal crossbars have no devices";
  faults.stuck_column = 7;
  EXPECT_THROW(stuck_devices(d, faults, analog), config_error);
}

// Two convolutions of five channels have ten constants in their requantisation; each is one of them, once.
TEST(Faults, SpoilsEachRequantiseConstantByItsNumber) {
  std::mt19937 random(3);
  const integer_graph graph = chain_network(random, 16, 12, {{}, {}});
  mapping_options options;
  options.naive.conv1_replicas = 1;
  const deployment right = compile(graph, small_chip(8, 256, 64), options);
  std::set<std::pair<std::size_t, std::size_t>> spoilt;  // cluster image, byte
  std::multiset<std::int32_t> constants, found;
  for (const graph_node& node : graph.nodes)
    if (node.kind() == node_kind::convolution)
      constants.insert(node.layer().requantise.b.begin(), node.layer().requantise.b.end());
  fault_list faults;
  for (faults.wrong_constant = 1; faults.wrong_constant <= 10; ++faults.wrong_constant) {
    deployment d = right;
    apply_faults(d, faults);
    unsigned words = 0;
    for (std::size_t c = 0; c < d.clusters.size(); ++c)
      for (std::size_t at = 0; at + 4 <= d.clusters[c].bytes.size(); at += 4) {
        std::int32_t before = 0, after = 0;
        std::memcpy(&before, &right.clusters[c].bytes[at], 4);
        std::memcpy(&after, &d.clusters[c].bytes[at], 4);
        if (before == after) continue;
        ++words;
        EXPECT_EQ(after - before, 1 << 20);
        spoilt.emplace(c, at);
        found.insert(before);
      }
    EXPECT_EQ(words, 1u) << faults.wrong_constant;
  }
  EXPECT_EQ(spoilt.size(), 10u);
  EXPECT_EQ(found, constants);
  deployment d = right;
  EXPECT_THROW(apply_faults(d, faults), config_error) << "there is no eleventh";
}

TEST(ChipLoader, PutsConductancesRowByRowIntoTheCrossbar) {
  plain_memory_machine chip(two_clusters());
  deployment d;
  d.crossbars = {{1, 0, 0, 2, 3, {1, 2, 3, 4, 5, 6}}, {1, 2, 5, 2, 2, {7, 8, 9, 10}}};
  load_chip_memory(chip, d, {});
  const std::uint64_t base = chip.config().cluster_peripherals(1) + 0x10000;  // ip/registers/ohmic.rdl
  EXPECT_EQ(chip.bytes[base + 2], 3);
  EXPECT_EQ(chip.bytes[base + 8 + 0], 4);  // the crossbar is 8 columns wide
  EXPECT_EQ(chip.bytes[base + 8 + 2], 6);
  EXPECT_EQ(chip.bytes[base + 2 * 8 + 5], 7) << "a tile from row 2 and bitline 5 on";
  EXPECT_EQ(chip.bytes[base + 3 * 8 + 6], 10);
}

TEST(ChipLoader, TellsEachClusterWhereItsDeploymentIs) {
  plain_memory_machine chip(two_clusters());
  deployment d;
  cluster_image image;
  image.cluster = 1;
  image.offset = 0x10000;
  image.bytes = {9, 8, 7};
  d.clusters = {image};
  load_chip_memory(chip, d, {});
  EXPECT_EQ(chip.l1s[1][0x10002], 7);
  std::uint32_t argument = 0;
  chip.read_word(chip.config().cluster_peripherals(1) + 0x40, argument);  // ARGUMENT[0]
  EXPECT_EQ(argument, 0x10000u);
}

TEST(ChipLoader, PadsImageColumns) {
  plain_memory_machine chip(two_clusters());
  deployment d;
  d.image_width = 2, d.image_height = 1, d.image_channels = 3;
  d.hbm.images = 0x80001000, d.hbm.images_column_bytes = 4, d.hbm.images_stride = 8;
  image_set images;
  feature_map map(3, 1, 2);
  map.data = {1, 2, 3, 4, 5, 6};
  feature_map other(3, 1, 2);
  other.data = {11, 12, 13, 14, 15, 16};
  images.maps = {map, other};
  load_chip_memory(chip, d, images);
  const std::vector<int> expected = {1, 2, 3, 0, 4, 5, 6, 0, 11, 12, 13, 0, 14, 15, 16, 0};
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(chip.bytes[0x80001000 + i], expected[i]) << i;
}

TEST(ChipLoader, ReadsLogitsImageByImage) {
  plain_memory_machine chip(two_clusters());
  deployment d;
  d.classes = 2;
  d.hbm.results = 0x80002000, d.hbm.results_stride = 16;
  const std::int32_t first[] = {-1, 2}, second[] = {3, -4};
  chip.write(0x80002000, first, sizeof first);
  chip.write(0x80002010, second, sizeof second);
  EXPECT_EQ(read_logits(chip, d, 2), (std::vector<std::vector<std::int32_t>>{{-1, 2}, {3, -4}}));
}

}  // namespace
}  // namespace ohmic

// The SystemC library wants one; the tests start without it.
int sc_main(int, char**) { return 0; }
