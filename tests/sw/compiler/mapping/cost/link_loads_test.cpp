#include "sw/compiler/mapping/cost/link_loads.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

/// 12 clusters: 2 routers of level 2 with 3 routers of 2 clusters each.
chip_config three_levels() {
  chip_config chip;
  chip.network.factors = {1, 2, 3, 2};
  chip.network.latency = {100, 4, 4, 4};
  chip.network.width = {64, 32, 16, 8};
  return chip;
}

TEST(LinkLoadsTest, SiblingsUseTheirOwnLinksOnly) {
  link_loads links(three_levels());
  links.write(4, 5, 800);
  EXPECT_EQ(links.most_loaded().name, "cluster_4.up");
  EXPECT_DOUBLE_EQ(links.most_loaded().cycles, 100) << "8 bytes per cycle";
}

TEST(LinkLoadsTest, SharedLinksAddUp) {
  link_loads links(three_levels());
  // Clusters 0..5 are below l2_0, 6..11 below l2_1. Each cluster sends to another one of the other half.
  for (unsigned c = 0; c < 6; ++c) links.write(c, 6 + c, 1000);
  // A cluster's link: 1000 / 8 = 125; l1's: 2000 / 16 = 125; l2_0.up: 6000 / 32 = 187.5.
  EXPECT_EQ(links.most_loaded().name, "l2_0.up");
  EXPECT_DOUBLE_EQ(links.most_loaded().cycles, 187.5);
  for (unsigned c = 6; c < 8; ++c) links.write(5, c, 10000);  // 21000 / 8 leave cluster 5
  EXPECT_EQ(links.most_loaded().name, "cluster_5.up");
  EXPECT_DOUBLE_EQ(links.most_loaded().cycles, 2625);
}

TEST(LinkLoadsTest, ReadsBringTheirDataTheOtherWayOnAChannelOfTheirOwn) {
  link_loads links(three_levels());
  for (unsigned c = 0; c < 12; ++c) {
    links.read(c, link_loads::hbm, 100);
    links.write(link_loads::hbm, c, 1);  // W and R do not share a channel
  }
  // A cluster: 100 / 8; l1: 200 / 16; l2: 600 / 32 = 18.75; the link to HBM: 1200 / 64 = 18.75. The first one is named.
  EXPECT_DOUBLE_EQ(links.most_loaded().cycles, 18.75);
  EXPECT_EQ(links.most_loaded().name, "l2_0.down");
  links.read(11, link_loads::hbm, 4);
  EXPECT_EQ(links.most_loaded().name, "l2_1.down");
}

TEST(LinkLoadsTest, NothingMovedIsNoLoad) {
  link_loads links(three_levels());
  EXPECT_EQ(links.most_loaded().cycles, 0);
  links.write(3, 3, 1 << 20);
  EXPECT_EQ(links.most_loaded().cycles, 0) << "a cluster's own L1 is not behind the network";
}

}  // namespace
}  // namespace ohmic
