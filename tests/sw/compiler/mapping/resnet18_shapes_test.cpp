// The shapes of ResNet-18 on the chip of the paper, with random weights: every option that a user is shown compiles.
#include <gtest/gtest.h>

#include "sw/compiler/mapping/compile.h"
#include "tests/sw/compiler/random_network.h"

namespace ohmic {
namespace {

class resnet18_builder {
 public:
  integer_graph run() {
    graph_.name = "resnet18_shapes";
    add(node_kind::input, "image", {}, 3, 256);
    int at = convolution("conv1", 0, 64, 7, 2, 3);
    at = add(node_kind::max_pool, "maxpool", {at}, 64, 64);
    graph_.nodes.back().pool_window() = {3, 3, 2, 2, 1, 1};
    for (int layer = 1; layer <= 4; ++layer)
      for (int block = 0; block < 2; ++block) {
        const std::string name = "l" + std::to_string(layer) + "b" + std::to_string(block);
        const int channels = 32 << layer, stride = layer > 1 && block == 0 ? 2 : 1;
        const int first = convolution(name + "c1", at, channels, 3, stride, 1);
        const int skip = stride == 2 ? convolution(name + "down", at, channels, 1, 2, 0) : at;
        const int second = convolution(name + "c2", first, channels, 3, 1, 1);
        at = add(node_kind::add, name + "add", {second, skip}, channels, size(second));
      }
    at = add(node_kind::average_pool, "avgpool", {at}, 512, 1);
    layer(node_kind::logits, "fc", at, 1000, {}, 1);
    link_tensors(graph_);
    guess_calibration(graph_, random_, 256);
    return std::move(graph_);
  }

 private:
  int size(int t) const { return graph_.tensors[static_cast<std::size_t>(t)].width; }
  int add(node_kind kind, const std::string& name, std::vector<int> inputs, int channels, int width) {
    graph_.tensors.push_back({name, channels, width, width, 0.02f, -1, {}});
    graph_node& n = graph_.nodes.emplace_back();
    n.operation = make_operation(kind);
    n.name = name;
    n.inputs = std::move(inputs);
    n.output = static_cast<int>(graph_.tensors.size()) - 1;
    return n.output;
  }
  int layer(node_kind kind, const std::string& name, int input, int channels, graph_window window, int width) {
    const int in_channels = graph_.tensors[static_cast<std::size_t>(input)].channels;
    const int output = add(kind, name, {input}, channels, width);
    crossbar_layer& l = graph_.nodes.back().layer();
    l.in_channels = in_channels;
    l.out_channels = channels;
    l.window = window;
    l.weights.assign(static_cast<std::size_t>(in_channels * channels * window.size_x * window.size_y), 1);
    l.bias.assign(static_cast<std::size_t>(channels), 0);
    l.weight_scale.assign(static_cast<std::size_t>(channels), 0.01f);
    return output;
  }
  int convolution(const std::string& name, int input, int channels, int kernel, int stride, int pad) {
    return layer(node_kind::convolution, name, input, channels, {kernel, kernel, stride, stride, pad, pad},
                 size(input) / stride);
  }

  std::mt19937 random_{18};
  integer_graph graph_;
};

struct chip_case {
  std::string name;
  unsigned cores = 16, mvm_ns = 130;
  std::uint32_t l1_bytes = 1u << 20;
  unsigned tile_cycles = 2000, prefetch_tiles = 1;
};

class Resnet18Shapes : public testing::TestWithParam<chip_case> {};

TEST_P(Resnet18Shapes, FitTheChip) {
  const chip_case& p = GetParam();
  static const integer_graph graph = resnet18_builder().run();
  static const bool checked = (check_graph(graph), true);
  EXPECT_TRUE(checked);
  chip_config chip;
  chip.cluster.cores = p.cores;
  chip.cluster.l1_bytes = p.l1_bytes;
  chip.ima.mvm_cycles = p.mvm_ns;
  if (p.l1_bytes > 1u << 20) chip.network.factors = {1, 4, 4, 4, 4};  // 256 clusters have room for them
  mapping_options options;
  options.naive.tile_cycles = p.tile_cycles;
  options.naive.prefetch_tiles = p.prefetch_tiles;
  const deployment mapped = compile(graph, chip, options);
  for (const cluster_image& cluster : mapped.clusters) EXPECT_LE(cluster.l1_end, p.l1_bytes);
  EXPECT_EQ(mapped.mvms_per_image, 106248u);
}

/// A cost model that is wrong by little may still lead the search elsewhere.
TEST(Resnet18Best, IsExpectedToTakeAMillisecondABatchAtMost) {
  const chip_config chip;
  mapping_options options;
  options.policy = "best";
  options.best.evaluations = 40;
  EXPECT_LE(compile(resnet18_builder().run(), chip, options).expected.of(16), 1e6 * chip.clock_ghz);
}

INSTANTIATE_TEST_SUITE_P(Options, Resnet18Shapes,
                         testing::Values(chip_case{"paper"}, chip_case{"cores1", 1}, chip_case{"cores2", 2},
                                         chip_case{"cores4", 4}, chip_case{"cores7", 7}, chip_case{"cores64", 64},
                                         chip_case{"mvm1", 16, 1}, chip_case{"mvm65", 16, 65},
                                         chip_case{"mvm1000", 16, 1000}, chip_case{"l1_256k", 16, 130, 1u << 18},
                                         chip_case{"l1_512k_2cores", 2, 130, 1u << 19},
                                         chip_case{"l1_4m", 16, 130, 1u << 22},
                                         chip_case{"tile_cycles1", 16, 130, 1u << 20, 1},
                                         chip_case{"long_tiles", 16, 130, 1u << 20, 1000000},
                                         chip_case{"prefetch16", 16, 130, 1u << 20, 2000, 16}),
                         [](const testing::TestParamInfo<chip_case>& i) { return i.param.name; });

}  // namespace
}  // namespace ohmic
