#include "platform/chip/chip_parameters.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

/// Every number another one.
chip_config distinct_chip() {
  chip_config c;
  c.network.factors = {1, 2, 3};
  c.network.latency = {70, 5, 6};
  c.network.width = {32, 16, 8};
  c.network.stage_depth = 3;
  c.network.remap_ids = 40;
  c.network.open_per_id = 41;
  c.network.open_writes = 42;
  c.network.outstanding_reads = 11;
  c.network.outstanding_writes = 12;
  c.network.egress_cycles = 2;
  c.network.ingress_cycles = 5;
  c.cluster.cores = 7;
  c.cluster.l1_bytes = 1u << 19;
  c.dma.channels = 4;
  c.hbm.bytes = 3u << 20;
  c.hbm.outstanding = 9;
  return c;
}

TEST(ChipParametersTest, TheFirstLevelIsHbmsLinkAndTheRestAreRouters) {
  const chip_config c = distinct_chip();
  network_options options;
  options.random_delay = 17;
  const network_config n = make_network_config(c, make_address_map(c), options);
  ASSERT_EQ(n.levels.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(n.levels[i].factor, c.network.factors[i + 1]);
    EXPECT_EQ(n.levels[i].latency, c.network.latency[i + 1]);
    EXPECT_EQ(n.levels[i].width, c.network.width[i + 1]);
  }
  EXPECT_EQ(n.hbm_width, 32u);
  EXPECT_EQ(n.flow.stage_depth, 3u);
  EXPECT_EQ(n.flow.names, 40u);
  EXPECT_EQ(n.flow.open_per_id, 41u);
  EXPECT_EQ(n.flow.open_writes, 42u);
  EXPECT_EQ(n.port.outstanding_reads, 11u);
  EXPECT_EQ(n.port.outstanding_writes, 12u);
  EXPECT_EQ(n.port.ids, 7u + 4 + 1) << "cores, channels, the instruction cache";
  EXPECT_EQ(n.port.turnaround, 7u) << "in and out of the cluster";
  EXPECT_EQ(n.options.random_delay, 17u);
  EXPECT_EQ(n.clusters(), 6u);
  EXPECT_NO_THROW(n.check());
  const hbm_config h = make_hbm_config(c);
  EXPECT_EQ(h.base, chip_config::hbm_base);
  EXPECT_EQ(h.bytes, 3u << 20);
  EXPECT_EQ(h.timing.access, 70u);
  EXPECT_EQ(h.timing.outstanding, 9u);
  EXPECT_EQ(h.timing.width, 32u);
}

// The network is not worked off ahead of a memory that answers within what it would be worked off.
TEST(ChipParametersTest, AFastMemoryIsAskedCycleByCycle) {
  chip_config c = distinct_chip();
  for (const auto& [access, limit] : {std::pair<cycle_t, cycle_t>{1, 1}, {2, 1}, {3, never}, {100, never}}) {
    c.network.latency[0] = access;
    EXPECT_EQ(make_network_config(c, make_address_map(c), {}).batch_limit, limit) << access;
  }
}

TEST(ChipParametersTest, TheNetworksMapIsTheChips) {
  const chip_config c = distinct_chip();
  const address_map map = make_address_map(c);
  EXPECT_EQ(map.cluster_count, 6u);
  for (unsigned i = 0; i < 6; ++i) {
    EXPECT_EQ(map.decode(c.cluster_l1(i)), i);
    EXPECT_EQ(map.decode(c.cluster_peripherals(i) + c.peripheral_bytes() - 1), i);
  }
  EXPECT_EQ(map.decode(c.cluster_l1(6)), port_none);
  EXPECT_EQ(map.decode(chip_config::hbm_base + c.hbm.bytes - 1), port_hbm);
  EXPECT_EQ(map.decode(chip_config::hbm_base + c.hbm.bytes), port_none);
  EXPECT_EQ(map.decode(chip_config::platform_base + chip_config::platform_bytes - 1), port_platform);
  EXPECT_TRUE(map.valid());
}

}  // namespace
}  // namespace ohmic
