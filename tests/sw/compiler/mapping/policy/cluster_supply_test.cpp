// Clusters of different make: who gets which, and that what is enough in number is seated.
#include "sw/compiler/mapping/policy/cluster_supply.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/fresh_seed.h"

namespace ohmic {
namespace {

/// 0-4: two cores and an IMA; 5: eight and an IMA; 6, 7: sixteen and none.
chip_config three_makes() {
  chip_config chip;
  chip.name = "three";
  chip.network.factors = {1, 2, 4};
  chip.cluster.cores = 2;
  chip.makes = {{{5}, 8, true}, {{6, 7}, 16, false}};
  return chip;
}

TEST(ClusterSupply, OfAChipWhoseClustersAreAllAlike) {
  chip_config chip;
  chip.network.factors = {1, 2, 4};
  const cluster_supply supply(chip);
  EXPECT_EQ(supply.makes(), 1u);
  cluster_demand wanted{3, 1, {4}};
  EXPECT_TRUE(supply.enough_for(wanted));
  seat_giver seats(supply, wanted);
  EXPECT_EQ(seats.crossbar(), 0u);
  EXPECT_EQ(seats.cores(0), 1u);
  EXPECT_EQ(seats.relay(), 2u);
  EXPECT_EQ(seats.others(), 3u);
  wanted.cores[0] = 5;
  EXPECT_FALSE(supply.enough_for(wanted));
  EXPECT_EQ(supply.shortage(wanted, 8),
            "9 clusters for one replica of every layer, and chip 'aimc512' has 8: 1 too few");
  EXPECT_EQ(supply.shortage(wanted, 7),
            "9 clusters for one replica of every layer, and most_clusters allows 7: 2 too few");
}

TEST(ClusterSupply, CrossbarsTakeTheFewestCores) {
  const chip_config chip = three_makes();
  const cluster_supply supply(chip);
  ASSERT_EQ(supply.makes(), 3u);
  EXPECT_EQ(supply.make(supply.crossbar_make()).cores, 2u);
  EXPECT_EQ(supply.imas(), 6u);
  seat_giver seats(supply, {6, 0, {0, 0, 0}});
  for (unsigned c = 0; c < 6; ++c) EXPECT_EQ(seats.crossbar(), c);
  EXPECT_GE(seats.crossbar(), 8u) << "there is no seventh";
}

TEST(ClusterSupply, SharedWishesAreMetInAnyOrder) {
  const chip_config chip = three_makes();
  const cluster_supply supply(chip);
  // Five crossbars and one cluster of two cores: one crossbar must take the eight cores.
  seat_giver seats(supply, {5, 0, {1, 0, 0}});
  std::set<unsigned> crossbars;
  for (unsigned k = 0; k < 5; ++k) crossbars.insert(seats.crossbar());
  EXPECT_EQ(crossbars.count(5), 1u);
  EXPECT_EQ(seats.cores(0), 4u);
}

TEST(ClusterSupply, RelaysTakeFewCoresAndOthersMany) {
  const chip_config chip = three_makes();
  const cluster_supply supply(chip);
  seat_giver seats(supply, {4, 2, {0, 0, 1}});
  EXPECT_EQ(seats.relay(), 0u);
  EXPECT_EQ(seats.others(), 6u) << "one of sixteen cores is spoken for, the other is not";
  EXPECT_EQ(seats.others(), 5u);
}

TEST(ClusterSupply, TellsWhatIsMissing) {
  const chip_config chip = three_makes();
  const cluster_supply supply(chip);
  EXPECT_EQ(supply.shortage({7, 0, {0, 0, 0}}, 8),
            "7 clusters with an IMA for one replica of every layer, and chip 'three' has 6: 1 too few");
  EXPECT_EQ(
      supply.shortage({0, 0, {0, 0, 3}}, 8),
      "3 clusters of 16 cores without crossbars for one replica of every layer, and chip 'three' has 2: 1 too few");
  EXPECT_EQ(
      supply.shortage({2, 0, {4, 1, 0}}, 8),
      "7 clusters with an IMA or of such a make for one replica of every layer, and chip 'three' has 6: 1 too few");
  EXPECT_EQ(supply.left(0, 0), 5u);
  EXPECT_EQ(supply.left(0, 4), 2u) << "of all with an IMA";
  EXPECT_EQ(supply.left(2, 6), 2u);
}

/// Whatever is asked for in whatever order: if it is enough by number, crossbars get IMAs, cores get their make, and
/// no cluster is given twice.
TEST(ClusterSupply, WhatIsEnoughIsSeated) {
  const unsigned seed = fresh_seed();
  std::mt19937 random(seed);
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  unsigned seated = 0;
  for (unsigned run = 0; run < 2000; ++run) {
    chip_config chip;
    chip.network.factors = {1, 2, 6};
    chip.cluster.cores = 1 + below(3);
    std::vector<unsigned> other[2];
    for (unsigned c = 0; c < 12; ++c)
      if (const unsigned k = below(3); k < 2) other[k].push_back(c);
    chip.makes = {{other[0], 4, below(2) == 0}, {other[1], 8, below(2) == 0}};
    const cluster_supply supply(chip);
    cluster_demand wanted = supply.nothing();
    wanted.crossbars = below(7);
    wanted.relays = below(4);
    for (unsigned& cores : wanted.cores) cores = below(5);
    if (!supply.enough_for(wanted)) continue;
    ++seated;
    std::vector<int> order;  // -2 a crossbar, -1 a relay, else cores of a make
    order.insert(order.end(), wanted.crossbars, -2);
    order.insert(order.end(), wanted.relays, -1);
    for (std::size_t m = 0; m < wanted.cores.size(); ++m) order.insert(order.end(), wanted.cores[m], int(m));
    std::shuffle(order.begin(), order.end(), random);
    seat_giver seats(supply, wanted);
    std::set<unsigned> taken;
    for (const int wish : order) {
      const unsigned place = wish == -2   ? seats.crossbar()
                             : wish == -1 ? seats.relay()
                                          : seats.cores(std::size_t(wish));
      ASSERT_LT(place, 12u) << "seed " << seed;
      ASSERT_TRUE(taken.insert(place).second) << "seed " << seed;
      if (wish == -2) ASSERT_TRUE(chip.has_ima(place)) << "seed " << seed;
      if (wish >= 0) ASSERT_EQ(chip.cores_of(place), supply.make(std::size_t(wish)).cores) << "seed " << seed;
    }
  }
  EXPECT_GT(seated, 100u);
}

}  // namespace
}  // namespace ohmic
