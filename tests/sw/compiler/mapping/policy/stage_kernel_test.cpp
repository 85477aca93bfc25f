// The shape of a tile, as the cost model is asked about it: every number another one.
#include "sw/compiler/mapping/policy/stage_kernel.h"

#include <gtest/gtest.h>

#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

class StageKernel : public ::testing::Test {
 protected:
  kernel_shape of(const std::string& name, kernel_share share = {}) const {
    for (const stage& s : stages)
      if (s.name == name) return stage_kernel(graph, s, share);
    ADD_FAILURE() << name;
    return {};
  }
  std::mt19937 random{1};
  integer_graph graph = network_with_separate_add(random, 29, 37, 40);
  std::vector<stage> stages = make_stages(graph);
};

TEST_F(StageKernel, ASumIsPartialUnlessItIsTheRoot) {
  kernel_share share;
  share.columns = 5;
  share.channels = 6;
  share.in8 = 7;
  share.in16 = 2;
  for (const bool root : {true, false}) {
    share.root = root;
    const kernel_shape shape = of("down+add", share);
    EXPECT_EQ(shape.kernel, root ? OHMIC_KERNEL_REQUANTISE : OHMIC_KERNEL_PARTIAL);
    EXPECT_EQ(shape.residual, root);
    EXPECT_EQ(shape.columns, 5u);
    EXPECT_EQ(shape.channels, 6u);
    EXPECT_EQ(shape.in8, 7u);
    EXPECT_EQ(shape.in16, 2u);
    EXPECT_EQ(shape.height, 8u) << "29 rows, halved twice";
  }
  share.root = true;
  EXPECT_FALSE(of("main", share).residual);
  EXPECT_EQ(of("fc", share).kernel, OHMIC_KERNEL_LOGITS);
}

TEST_F(StageKernel, APoolHasItsWindowAndAllChannels) {
  graph.nodes[2].pool_window() = {3, 5, 2, 4, 1, 1};
  const kernel_shape pool = of("maxpool");
  EXPECT_EQ(pool.kernel, OHMIC_KERNEL_MAX_POOL);
  EXPECT_EQ(pool.window, 3u);
  EXPECT_EQ(pool.window_height, 5u);
  EXPECT_EQ(pool.stride_height, 4u);
  EXPECT_EQ(pool.channels, 20u);
  EXPECT_EQ(pool.input_height, 15u);
  EXPECT_EQ(pool.input_width, 19u);
  EXPECT_EQ(of("avgpool").kernel, OHMIC_KERNEL_AVERAGE_POOL);
  EXPECT_EQ(of("again").kernel, OHMIC_KERNEL_ADD);
  EXPECT_EQ(of("again").channels, 13u);
}

}  // namespace
}  // namespace ohmic
