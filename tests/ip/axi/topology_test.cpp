#include "ip/axi/topology.h"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>

namespace ohmic {
namespace {

TEST(TopologyTest, PlacesTableOnesRouters) {
  const network_config config;
  const std::vector<router_place> places = place_routers(config);
  ASSERT_EQ(places.size(), 1u + 8 + 32 + 128);
  EXPECT_EQ(places[0].name, "top");
  EXPECT_EQ(places[0].config.clusters_per_child, 64u);
  EXPECT_EQ(places[8].name, "l3_7");
  EXPECT_EQ(places[8].parent, 0);
  EXPECT_EQ(places[8].parent_port, 7u);
  EXPECT_EQ(places[9].name, "l2_0");
  EXPECT_EQ(places[9].parent, 1);
  EXPECT_EQ(places[40].name, "l2_31");
  EXPECT_EQ(places[40].parent, 8);
  EXPECT_EQ(places[40].parent_port, 3u);
  EXPECT_EQ(places[40].config.first_cluster, 496u);
  EXPECT_EQ(places[168].name, "l1_127");
  EXPECT_EQ(places[168].parent, 40);
  EXPECT_EQ(places[168].config.first_cluster, 508u);
  EXPECT_TRUE(places[168].config.children_are_clusters);
}

TEST(TopologyTest, LinksHaveTheWidthOfTheLevelAboveThem) {
  network_config config;
  config.levels = {{2, 4, 32}, {3, 5, 16}};
  config.hbm_width = 128;
  const std::vector<router_place> places = place_routers(config);
  ASSERT_EQ(places.size(), 3u);
  EXPECT_EQ(places[0].config.up_width, 128u) << "to HBM";
  EXPECT_EQ(places[0].config.child_width, 32u);
  EXPECT_EQ(places[2].name, "l1_1");
  EXPECT_EQ(places[2].config.up_width, 32u);
  EXPECT_EQ(places[2].config.child_width, 16u);
  EXPECT_EQ(places[2].config.latency, 5u);
  EXPECT_EQ(places[2].config.first_cluster, 3u);
}

// Every cluster hangs below exactly one router of each level, and its parents agree about it.
TEST(TopologyTest, EveryClusterHasOneWayUp) {
  network_config config;
  config.levels = {{3, 4, 64}, {2, 4, 64}, {5, 4, 64}};
  const std::vector<router_place> places = place_routers(config);
  for (unsigned cluster = 0; cluster < 30; ++cluster) {
    unsigned holders = 0;
    for (const router_place& place : places) {
      const router_config& r = place.config;
      const unsigned offset = cluster - r.first_cluster;
      if (offset >= r.children * r.clusters_per_child) continue;
      ++holders;
      if (place.parent < 0) continue;
      const router_config& above = places[static_cast<std::size_t>(place.parent)].config;
      EXPECT_EQ((cluster - above.first_cluster) / above.clusters_per_child, place.parent_port);
    }
    EXPECT_EQ(holders, 3u);
  }
}

// DESIGN: 8, 24, 40, 56 cycles between clusters; HBM behind four routers, its access time apart.
TEST(TopologyTest, ZeroLoadRoundTripsAreThoseOfTheDesign) {
  const network_config config;
  EXPECT_EQ(zero_load_round_trip(config, 0, 3), 8u);
  EXPECT_EQ(zero_load_round_trip(config, 0, 4), 24u);
  EXPECT_EQ(zero_load_round_trip(config, 0, 16), 40u);
  EXPECT_EQ(zero_load_round_trip(config, 0, 64), 56u);
  EXPECT_EQ(zero_load_round_trip(config, 511, 448), 40u);
  EXPECT_EQ(zero_load_round_trip(config, 511, 447), 56u);
  EXPECT_EQ(zero_load_round_trip(config, 300, port_hbm), 32u);
  EXPECT_EQ(zero_load_round_trip(config, 300, port_platform), 32u);
  EXPECT_EQ(zero_load_round_trip(config, 300, 300), 8u) << "itself, through its first router";
}

TEST(TopologyTest, WhatCannotBeBuiltIsRefusedWithTheReason) {
  const auto reason = [](const std::function<void(network_config&)>& spoil) {
    network_config config;
    spoil(config);
    try {
      config.check();
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(reason([](network_config&) {}), "");
  EXPECT_NE(reason([](network_config& c) { c.levels.clear(); }).find("level"), std::string::npos);
  EXPECT_NE(reason([](network_config& c) { c.levels[1].factor = 0; }).find("at least 1"), std::string::npos);
  EXPECT_NE(reason([](network_config& c) { c.levels[1].factor = 513; }).find("65536"), std::string::npos);
  EXPECT_NE(reason([](network_config& c) { c.map.cluster_count = 511; }).find("511"), std::string::npos);
  EXPECT_NE(reason([](network_config& c) { c.map.hbm_base += 1; }).find("4 KiB"), std::string::npos);
}

// Both ends of every range may be had, what is next to them may not.
TEST(TopologyTest, LimitsAreExact) {
  const auto accepted = [](const std::function<void(network_config&)>& change) {
    network_config config;
    config.levels = {{2, 4, 64}, {2, 4, 64}};
    config.map.cluster_count = 4;
    change(config);
    try {
      config.check();
    } catch (const std::invalid_argument&) {
      return false;
    }
    return true;
  };
  const auto levels = [&](unsigned count) {
    return accepted([&](network_config& c) {
      c.levels.assign(count, {1, 4, 64});
      c.map.cluster_count = 1;
    });
  };
  EXPECT_TRUE(levels(1));
  EXPECT_TRUE(levels(7));
  EXPECT_FALSE(levels(8));
  const auto clusters = [&](unsigned last) {
    return accepted([&](network_config& c) {
      c.levels = {{64, 4, 64}, {64, 4, 64}, {last, 4, 64}};
      c.map.cluster_count = 4096 * last;
      c.map.cluster_stride = 4096;
    });
  };
  EXPECT_TRUE(clusters(16));
  EXPECT_FALSE(clusters(17));
  const struct {
    const char* name;
    std::function<void(network_config&, unsigned)> set;
    unsigned least, most;
  } ranges[] = {{"latency", [](network_config& c, unsigned v) { c.levels[1].latency = v; }, 1, 1000},
                {"register depth", [](network_config& c, unsigned v) { c.flow.stage_depth = v; }, 1, 255},
                {"names", [](network_config& c, unsigned v) { c.flow.names = v; }, 1, 64},
                {"open per id", [](network_config& c, unsigned v) { c.flow.open_per_id = v; }, 1, 1000},
                {"open writes", [](network_config& c, unsigned v) { c.flow.open_writes = v; }, 1, 1000},
                {"ids", [](network_config& c, unsigned v) { c.port.ids = v; }, 1, 128},
                {"reads", [](network_config& c, unsigned v) { c.port.outstanding_reads = v; }, 1, 1000},
                {"writes", [](network_config& c, unsigned v) { c.port.outstanding_writes = v; }, 1, 1000}};
  for (const auto& r : ranges) {
    const auto with = [&](unsigned value) { return accepted([&](network_config& c) { r.set(c, value); }); };
    EXPECT_FALSE(with(r.least - 1)) << r.name;
    EXPECT_TRUE(with(r.least)) << r.name;
    EXPECT_TRUE(with(r.most)) << r.name;
    if (r.most != 1000) EXPECT_FALSE(with(r.most + 1)) << r.name;
  }
  for (const bool hbm : {false, true}) {
    const auto width = [&](unsigned bytes) {
      return accepted([&](network_config& c) { (hbm ? c.hbm_width : c.levels[1].width) = bytes; });
    };
    for (unsigned bytes = 4; bytes <= 4096; bytes *= 2) EXPECT_TRUE(width(bytes)) << bytes;
    for (const unsigned bytes : {0u, 1u, 2u, 6u, 48u, 8192u}) EXPECT_FALSE(width(bytes)) << bytes;
  }
}

// The converter of a router works on the wider of its links.
TEST(TopologyTest, EveryRouterKnowsItsWidestLinkAndItsParentsClusters) {
  network_config config;
  config.levels = {{2, 4, 16}, {3, 4, 64}, {2, 4, 8}};
  config.hbm_width = 4;
  const std::vector<router_place> places = place_routers(config);
  ASSERT_EQ(places.size(), 1u + 2 + 6);
  EXPECT_EQ(places[0].config.widest_log2, 4u);
  EXPECT_EQ(places[1].config.widest_log2, 6u);
  EXPECT_EQ(places[3].config.widest_log2, 6u);
  EXPECT_EQ(places[2].config.parent_first, 0u);
  EXPECT_EQ(places[2].config.parent_clusters, 12u) << "the top's own";
  EXPECT_EQ(places[7].config.first_cluster, 8u);
  EXPECT_EQ(places[7].config.parent_first, 6u);
  EXPECT_EQ(places[7].config.parent_clusters, 6u);
  EXPECT_EQ(places[7].config.level, 0u);
  EXPECT_EQ(places[0].config.level, 2u);
}

}  // namespace
}  // namespace ohmic
