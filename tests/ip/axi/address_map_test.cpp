#include "ip/axi/address_map.h"

#include <gtest/gtest.h>

#include "ip/axi/topology.h"

namespace ohmic {
namespace {

TEST(AddressMapTest, TableOneAddressesLeadWhereTheDesignSays) {
  const address_map map;
  EXPECT_EQ(map.decode(0x3FFF'FFFF), port_none);
  EXPECT_EQ(map.decode(0x4000'0000), 0u);
  EXPECT_EQ(map.decode(0x401F'FFFF), 0u);
  EXPECT_EQ(map.decode(0x4020'0000), 1u);
  EXPECT_EQ(map.decode(0x7FFF'FFFF), 511u);
  EXPECT_EQ(map.decode(0x8000'0000), port_hbm);
  EXPECT_EQ(map.decode(0xDFFF'FFFF), port_hbm);
  EXPECT_EQ(map.decode(0xE000'0000), port_none);
  EXPECT_EQ(map.decode(0xF000'0000), port_platform);
  EXPECT_EQ(map.decode(0xF000'0FFF), port_platform);
  EXPECT_EQ(map.decode(0xF000'1000), port_none);
  EXPECT_EQ(map.decode(0x1'4000'0000), port_none) << "64 bits are decoded";
  EXPECT_EQ(map.decode(0x1000'0000), port_none) << "a cluster's own alias is not on the network";
}

TEST(AddressMapTest, RegionsAreWhatDecodeSays) {
  const address_map map;
  for (const network_port port : {0u, 17u, 511u, port_hbm, port_platform}) {
    const auto [begin, end] = map.region(port);
    EXPECT_EQ(map.decode(begin), port);
    EXPECT_EQ(map.decode(end - 1), port);
    EXPECT_NE(map.decode(end), port);
  }
  EXPECT_EQ(map.region(512).end, 0u);
}

TEST(AddressMapTest, OverlapsAndOddBoundariesAreInvalid) {
  EXPECT_TRUE(address_map{}.valid());
  address_map overlap;
  overlap.cluster_count = 513;
  EXPECT_FALSE(overlap.valid());
  address_map odd;
  odd.hbm_bytes = 1000;
  EXPECT_FALSE(odd.valid());
  address_map inside;
  inside.platform_base = 0x9000'0000;
  EXPECT_FALSE(inside.valid());
}

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

}  // namespace
}  // namespace ohmic
