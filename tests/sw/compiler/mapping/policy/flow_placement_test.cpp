// Seats chosen for flows: each cluster one seat, neighbours where much is sent, the same for the same seed.
#include "sw/compiler/mapping/policy/flow_placement.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <set>

namespace ohmic {
namespace {

std::vector<unsigned> linear(unsigned clusters) {
  std::vector<unsigned> places(clusters);
  std::iota(places.begin(), places.end(), 0u);
  return places;
}

TEST(FlowPlacement, PairsThatTalkEndInOneQuadrant) {
  const chip_config chip;  // quadrants of four
  std::vector<flow> flows;
  for (unsigned c = 0; c < 32; ++c) flows.push_back({c, 63 - c, 1u << 20, false});
  const double before = loads_of(flows, linear(64), chip).most_loaded().cycles;
  const std::vector<unsigned> places = place_by_flows(flows, linear(64), chip, 1, 100'000);
  EXPECT_EQ(std::set<unsigned>(places.begin(), places.end()).size(), 64u) << "each has a seat of its own";
  for (const unsigned place : places) EXPECT_LT(place, chip.clusters());
  const double after = loads_of(flows, places, chip).most_loaded().cycles;
  EXPECT_EQ(after, (1u << 20) / 64.0) << "no link carries more than one pair's bytes";
  EXPECT_GT(before, 2 * after);
}

TEST(FlowPlacement, IsNoWorseThanWhatItBeganWithAndTheSameForTheSameSeed) {
  std::mt19937 random(20261203);
  chip_config chip;
  chip.network.factors = {1, 2, 2, 4, 4};
  std::vector<flow> flows;
  for (unsigned n = 0; n < 300; ++n) {
    const unsigned from = random() % 50, to = random() % 50;
    if (from != to) flows.push_back({from, to, 1 + random() % 100'000, false});
  }
  flows.push_back({link_loads::hbm, 7, 50'000, true});
  flows.push_back({9, link_loads::hbm, 50'000, false});
  const auto one = place_by_flows(flows, linear(50), chip, 5, 20'000);
  EXPECT_EQ(one, place_by_flows(flows, linear(50), chip, 5, 20'000));
  EXPECT_NE(one, place_by_flows(flows, linear(50), chip, 6, 20'000));
  EXPECT_LT(loads_of(flows, one, chip).most_loaded().cycles, loads_of(flows, linear(50), chip).most_loaded().cycles);
}

}  // namespace
}  // namespace ohmic
