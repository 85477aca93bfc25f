#include "ip/axi/address_map.h"

#include <gtest/gtest.h>

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

TEST(AddressMapTest, StridesAreWholePages) {
  address_map map;
  map.cluster_stride = 0x1800;
  map.cluster_count = 2;  // begin and end of the clusters lie on pages all the same
  EXPECT_FALSE(map.valid());
}

TEST(AddressMapTest, ARegionThatWrapsAroundIsInvalid) {
  address_map map;
  map.platform_base = ~std::uint64_t{0xFFF};
  map.platform_bytes = 0x2000;
  EXPECT_FALSE(map.valid());
}

}  // namespace
}  // namespace ohmic
