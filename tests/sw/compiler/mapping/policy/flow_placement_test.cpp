// Seats chosen for flows: each cluster one seat, neighbours where much is sent, the same for the same seed.
#include "sw/compiler/mapping/policy/flow_placement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <tuple>

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

/// Beats of all links, cubed and summed, link by link: the link above each node of each level, up and down, of what is
/// written and of what is read. Level 0 are clusters.
double sum_of_cubes(const std::vector<flow>& flows, const std::vector<unsigned>& places, const chip_config& chip) {
  std::map<std::tuple<unsigned, unsigned, bool, bool>, double> beats;  // level, node, up, read
  const auto& factors = chip.network.factors;
  for (const flow& f : flows) {
    unsigned below = 1;
    for (unsigned level = 0; level < factors.size(); ++level) {
      const std::size_t at = factors.size() - 1 - level;
      const double width = chip.network.width[at];
      const auto node = [&](unsigned cluster) { return places[cluster] / below; };
      const bool outward = f.from == link_loads::hbm || f.to == link_loads::hbm;
      if (!outward && node(f.from) == node(f.to)) break;
      if (f.from != link_loads::hbm) beats[{level, node(f.from), true, f.read}] += double(f.bytes) / width;
      if (f.to != link_loads::hbm) beats[{level, node(f.to), false, f.read}] += double(f.bytes) / width;
      below *= factors[at];
    }
  }
  double sum = 0;
  for (const auto& [link, load] : beats) sum += load * load * load;
  return sum;
}

// On a chip of six clusters it ends where no two that change seats make it better.
TEST(FlowPlacement, EndsWhereNoExchangeOfSeatsIsBetter) {
  chip_config chip;
  chip.network.factors = {1, 3, 2};
  chip.network.width = {8, 16, 64};
  chip.network.latency = {100, 4, 4};
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    std::mt19937 random(seed);
    std::vector<flow> flows;
    for (unsigned from = 0; from < 6; ++from)
      for (unsigned to = 0; to < 6; ++to)
        if (from != to && random() % 3 == 0) flows.push_back({from, to, 1 + random() % 100'000, random() % 4 == 0});
    flows.push_back({link_loads::hbm, static_cast<unsigned>(random() % 6), 1 + random() % 100'000, true});
    flows.push_back({static_cast<unsigned>(random() % 6), link_loads::hbm, 1 + random() % 100'000, false});
    const std::vector<unsigned> found = place_by_flows(flows, linear(6), chip, seed, 20'000);
    const double least = sum_of_cubes(flows, found, chip);
    EXPECT_LE(least, sum_of_cubes(flows, linear(6), chip));
    for (unsigned a = 0; a < 6; ++a)
      for (unsigned b = 0; b < a; ++b) {
        std::vector<unsigned> other = found;
        std::swap(other[a], other[b]);
        EXPECT_GE(sum_of_cubes(flows, other, chip), (1 - 1e-9) * least) << "seed " << seed << ": " << a << ", " << b;
      }
  }
}

TEST(FlowPlacement, OneClusterStaysWhereItIsAndFreeSeatsAreTaken) {
  chip_config chip;
  chip.network.factors = {1, 2, 2};
  chip.network.width = {64, 64, 64};
  chip.network.latency = {100, 4, 4};
  EXPECT_EQ(place_by_flows({{link_loads::hbm, 0, 100, true}}, {3}, chip, 1, 1000), std::vector<unsigned>{3});
  const std::vector<unsigned> found = place_by_flows({{0, 1, 1000, false}}, {0, 3}, chip, 1, 1000);
  EXPECT_EQ(found[0] / 2, found[1] / 2) << "one of them has moved to the other's neighbour";
  EXPECT_EQ(place_by_flows({{0, 1, 1000, false}}, {0, 3}, chip, 1, 0), (std::vector<unsigned>{0, 3})) << "no moves";
}

}  // namespace
}  // namespace ohmic
