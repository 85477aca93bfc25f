#include "sw/compiler/mapping/emit/content_hash.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <set>

#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

// Test vectors of "The FNV Non-Cryptographic Hash Algorithm", RFC 9923, 64-bit FNV-1a.
TEST(ContentHash, OfBytesIsFnv1a) {
  EXPECT_EQ(content_hash(std::string()), "cbf29ce484222325");
  EXPECT_EQ(content_hash(std::string("a")), "af63dc4c8601ec8c");
  EXPECT_EQ(content_hash(std::string("foobar")), "85944171f73967e8");
}

TEST(ContentHash, TellsEverythingOfAChipThatADeploymentDependsOn) {
  const chip_config chip = small_chip(64, 40, 8);
  const std::function<void(chip_config&)> changes[] = {
      [](chip_config& c) { c.cluster.cores = 8; },
      [](chip_config& c) { c.cluster.l1_bytes *= 2; },
      [](chip_config& c) { c.cluster.program_l1_bytes += 4096; },
      [](chip_config& c) { c.cluster.l1_banks = 32; },
      [](chip_config& c) { c.icache.hit_cycles = 5; },
      [](chip_config& c) { c.dma.channels = 4; },
      [](chip_config& c) { c.ima.rows += 1; },
      [](chip_config& c) { c.ima.columns += 1; },
      [](chip_config& c) { c.ima.mvm_cycles += 1; },
      [](chip_config& c) { c.network.factors = {1, 1, 1, 64, 1}; },
      [](chip_config& c) { c.network.width[4] = 32; },
      [](chip_config& c) { c.hbm.bytes += 1; },
      [](chip_config& c) { c.cores.overrides = {{{3}, {1}, core_model::ibex}}; },
      [](chip_config& c) { c.cores.overrides = {{{3}, {2}, core_model::ibex}}; },
      [](chip_config& c) { c.cores.overrides = {{{4}, {1}, core_model::ibex}}; },
      [](chip_config& c) { c.makes = {{{4}, 2, true}}; },
      [](chip_config& c) { c.makes = {{{5}, 2, true}}; },
      [](chip_config& c) { c.makes = {{{4}, 3, true}}; },
      [](chip_config& c) { c.makes = {{{4}, 2, false}}; },
  };
  const std::string base = content_hash(chip);
  std::set<std::string> hashes = {base};
  EXPECT_EQ(content_hash(chip), base);
  for (std::size_t i = 0; i < std::size(changes); ++i) {
    chip_config other = chip;
    changes[i](other);
    EXPECT_TRUE(hashes.insert(content_hash(other)).second) << "change " << i;
  }
  chip_config same = chip;  // who simulates a core changes nothing that a compiler sees
  same.cores.overrides = {{{3}, {1}, core_model::rtl}};
  same.name = "another name";
  EXPECT_EQ(content_hash(same), base);
}

TEST(ContentHash, TellsEverythingOfAGraphThatItsLogitsDependOn) {
  std::mt19937 random(5);
  const integer_graph graph = small_network(random, 29, 37, 40);
  const std::size_t pool = 2, main = 3, add = 5, average = 6;
  const std::function<void(integer_graph&)> changes[] = {
      [](integer_graph& g) { g.name += "x"; },
      [](integer_graph& g) { ++g.rows; },
      [](integer_graph& g) { g.tensors[1].name += "x"; },
      [](integer_graph& g) { ++g.tensors[1].channels; },
      [](integer_graph& g) { ++g.tensors[1].height; },
      [](integer_graph& g) { ++g.tensors[1].width; },
      [&](integer_graph& g) { g.nodes[add].name += "x"; },
      [&](integer_graph& g) { std::swap(g.nodes[add].inputs[0], g.nodes[add].inputs[1]); },
      [&](integer_graph& g) { std::swap(g.nodes[main].output, g.nodes[main + 1].output); },
      [&](integer_graph& g) { ++g.nodes[pool].pool_window().size_x; },
      [&](integer_graph& g) { ++g.nodes[pool].pool_window().size_y; },
      [&](integer_graph& g) { ++g.nodes[pool].pool_window().stride_x; },
      [&](integer_graph& g) { ++g.nodes[pool].pool_window().stride_y; },
      [&](integer_graph& g) { ++g.nodes[pool].pool_window().pad_x; },
      [&](integer_graph& g) { ++g.nodes[pool].pool_window().pad_y; },
      [&](integer_graph& g) { ++g.nodes[add].add().a; },
      [&](integer_graph& g) { ++g.nodes[add].add().b; },
      [&](integer_graph& g) { ++g.nodes[add].add().s; },
      [&](integer_graph& g) { g.nodes[add].add().lo = g.nodes[add].add().lo == 0 ? -128 : 0; },
      [&](integer_graph& g) { g.nodes[add].add().hi = 90; },
      [&](integer_graph& g) { ++g.nodes[average].average().m; },
      [&](integer_graph& g) { ++g.nodes[average].average().s; },
      [&](integer_graph& g) { g.nodes[average].average().window = graph_window{2, 2, 1, 1, 0, 0}; },
      [&](integer_graph& g) { g.nodes[average].average().window = graph_window{2, 3, 1, 1, 0, 0}; },
      [&](integer_graph& g) { ++g.nodes[main].layer().window.pad_x; },
      [&](integer_graph& g) { ++g.nodes[main].layer().weights.back(); },
      [&](integer_graph& g) { g.nodes[main].layer().row_sets.pop_back(); },
      [&](integer_graph& g) { ++g.nodes[main].layer().row_sets.back().channel_begin; },
      [&](integer_graph& g) { ++g.nodes[main].layer().adc.m; },
      [&](integer_graph& g) { ++g.nodes[main].layer().adc.s; },
      [&](integer_graph& g) { ++g.nodes[main].layer().requantise.m.front(); },
      [&](integer_graph& g) { ++g.nodes[main].layer().requantise.b.back(); },
      [&](integer_graph& g) { ++g.nodes[main].layer().requantise.s; },
      [&](integer_graph& g) { ++g.nodes[main].layer().requantise.lo; },
      [&](integer_graph& g) { g.nodes[main].layer().requantise.hi = 126; },
      [&](integer_graph& g) { g.nodes[main].layer().digital = true; },
      [&](integer_graph& g) { g.nodes[main].layer().groups = 2; },
      [](integer_graph& g) { g.labels = {"cat"}; },
      [](integer_graph& g) { g.labels = {"ca", "t"}; },
  };
  std::set<std::string> hashes = {content_hash(graph)};
  EXPECT_EQ(hashes.count(content_hash(graph)), 1u);
  for (std::size_t i = 0; i < std::size(changes); ++i) {
    integer_graph other = graph;
    changes[i](other);
    EXPECT_TRUE(hashes.insert(content_hash(other)).second) << "change " << i;
  }
}

}  // namespace
}  // namespace ohmic
