// Layers on cores whose weights L1 does not hold: the compiler itself has them brought from HBM, part by part, and the
// bytes of that, run by the oracle, give every edge and all outputs of the reference.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sw/compiler/mapping/compile.h"
#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/plan/digital_layer.h"
#include "tests/fresh_seed.h"
#include "tests/sw/compiler/mapping/expect_reference.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

constexpr const char* policies[] = {"naive", "replicated", "paper", "best"};

/// Three layers of 256 channels with 3x3 kernels on cores alone: 600 KB of weights in the second and the third.
integer_graph wide_chain(std::mt19937& random) {
  const graph_window same{3, 3, 1, 1, 1, 1};
  integer_graph graph = chain_network(random, 4, 4, {same, same, same}, 256);
  for (graph_node& node : graph.nodes)
    if (node.has_layer()) put_on_cores(node, random);
  check_graph(graph);
  return graph;
}

mapping_options options_of(const char* policy) {
  mapping_options options;
  options.policy = policy;
  options.best.evaluations = 10;
  return options;
}

chip_config chip_of(unsigned clusters, std::uint32_t l1_bytes) {
  chip_config chip = small_chip(clusters, 256, 256);
  chip.cluster.l1_bytes = l1_bytes;
  return chip;
}

std::uint64_t all_weights(const integer_graph& graph) {
  std::uint64_t bytes = 0;
  for (const graph_node& node : graph.nodes)
    if (node.has_layer()) bytes += packed_bytes(node.layer(), {0, node.layer().out_channels});
  return bytes;
}

TEST(StreamedWeights, ComeFromHbmWhereL1DoesNotHoldThem) {
  const std::uint32_t seed = fresh_seed();
  RecordProperty("seed", std::to_string(seed));
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const integer_graph graph = wide_chain(random);
  for (const char* policy : policies)
    for (const unsigned clusters : {1u, 2u}) {
      SCOPED_TRACE(std::string(policy) + " on " + std::to_string(clusters));
      const chip_config chip = chip_of(clusters, 512u << 10);
      ASSERT_GT(all_weights(graph), clusters * chip.cluster.l1_bytes) << "no mapping holds them all in L1";
      const deployment_plan plan = make_plan(graph, chip, options_of(policy));
      ASSERT_FALSE(plan.weights.empty());
      const deployment mapped = compile(graph, chip, options_of(policy));
      EXPECT_EQ(mapped.hbm_images.size(), plan.weights.size());
      expect_reference(graph, chip, mapped, random, 2);
      if (HasFatalFailure()) return;
    }
}

TEST(StreamedWeights, StayInL1WhereThereIsRoom) {
  std::mt19937 random(4);
  const integer_graph graph = wide_chain(random);
  for (const char* policy : policies) {
    SCOPED_TRACE(policy);
    EXPECT_TRUE(make_plan(graph, chip_of(2, 4u << 20), options_of(policy)).weights.empty());
  }
}

}  // namespace
}  // namespace ohmic
