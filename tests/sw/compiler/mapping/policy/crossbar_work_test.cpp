// Whatever a policy replicates, splits or packs, its crossbars do a network's work once: counted from a deployment's
// crossbars alone, weights that are not 0 times the MVMs that use them are the products of the network's layers.
#include <gtest/gtest.h>

#include <map>

#include "sw/compiler/mapping/compile.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

std::uint64_t weights_in_use(const std::vector<std::int8_t>& weights) {
  return weights.size() - static_cast<std::uint64_t>(std::count(weights.begin(), weights.end(), std::int8_t{0}));
}

class CrossbarWork : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { RecordProperty("seed", static_cast<int>(seed)); }

  static const graph_node& layer_of(const integer_graph& graph, const std::string& name) {
    return *std::find_if(graph.nodes.begin(), graph.nodes.end(), [&](const graph_node& n) { return n.name == name; });
  }
  /// Of one image.
  static std::uint64_t mvms_of(const integer_graph& graph, const crossbar_image& image) {
    const graph_tensor& out = graph.tensors[layer_of(graph, image.layer).output];
    std::uint64_t tiles = 0;
    for (unsigned t = 0; t < static_cast<unsigned>(out.width) / image.tile_columns; ++t)
      tiles += t % image.replicas == image.replica ? 1 : 0;
    return tiles * (image.tile_columns / image.packing.x) * (static_cast<unsigned>(out.height) / image.packing.y);
  }

  void expect_work_done_once(const integer_graph& graph, const chip_config& chip) {
    mapping_options options;
    options.policy = GetParam();
    options.balanced.balance_mvms = 0;  // as fast as the chip allows
    options.best.evaluations = 40;
    const deployment made = compile(graph, chip, options);
    std::uint64_t products = 0;
    std::map<unsigned, std::map<std::pair<std::string, unsigned>, std::uint64_t>> of_cluster;
    for (const crossbar_image& image : made.crossbars) {
      products += weights_in_use(image.weights) * mvms_of(graph, image);
      // Tiles of one cluster, layer and replica that stand beside each other may share an MVM: it counts once.
      std::uint64_t& mvms = of_cluster[image.cluster][{image.layer, image.replica}];
      mvms = std::max(mvms, mvms_of(graph, image));
      packed_ = packed_ || image.packing.x * image.packing.y > 1;
      replicated_ = replicated_ || image.replicas > 1;
    }
    std::uint64_t expected = 0;
    for (const graph_node& node : graph.nodes) {
      if (!node.on_crossbar()) continue;
      const graph_tensor& out = graph.tensors[node.output];
      expected += weights_in_use(node.layer().weights) * static_cast<std::uint64_t>(out.width * out.height);
    }
    EXPECT_EQ(products, expected);
    for (const auto& [cluster, layers] : of_cluster) {
      std::uint64_t mvms = 0;
      for (const auto& [layer, count] : layers) mvms += count;
      EXPECT_GE(made.bound.per_image, static_cast<double>(mvms * chip.ima.mvm_cycles)) << "cluster " << cluster;
    }
  }

  static constexpr std::uint32_t seed = 20261211;
  std::mt19937 random{seed};
  bool packed_ = false, replicated_ = false;
};

TEST_P(CrossbarWork, IsTheNetworksProducts) {
  for (unsigned round = 0; round < 6; ++round) {
    SCOPED_TRACE("round " + std::to_string(round) + ", seed " + std::to_string(seed));
    const bool large = round % 2 == 1;
    const integer_graph graph = large ? small_network(random, 32, 32, 256) : small_network(random, 29, 37, 40);
    expect_work_done_once(graph, small_chip(large ? 128 : 200, large ? 256 : 40, large ? 256 : 64));
  }
  const std::string policy = GetParam();
  EXPECT_TRUE(replicated_);
  EXPECT_EQ(packed_, policy == "best");
}

INSTANTIATE_TEST_SUITE_P(Policies, CrossbarWork, ::testing::Values("naive", "replicated", "paper", "best"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace ohmic
