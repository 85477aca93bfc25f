#include "platform/cluster/cluster_parameters.h"

#include <gtest/gtest.h>

#include <set>

namespace ohmic {
namespace {

TEST(ClusterParametersTest, EverySourceOfAPortHasItsOwnId) {
  chip_config chip;
  chip.cluster.cores = 5;
  chip.dma.channels = 3;
  std::set<unsigned> ids;
  for (unsigned core = 0; core < 5; ++core) ids.insert(core);
  const dma_parameters mover = make_dma_parameters(chip, 0);
  for (unsigned channel = 0; channel < mover.channels; ++channel) ids.insert(mover.first_id + channel);
  ids.insert(make_icache_config(chip, 0).axi_id);
  EXPECT_EQ(ids.size(), 5u + 3 + 1);
  EXPECT_EQ(make_master_port_config(chip).ids, ids.size());
  EXPECT_EQ(*ids.rbegin() + 1, ids.size());
}

TEST(ClusterParametersTest, BlocksKnowWhichClusterTheyAreIn) {
  const chip_config chip;
  EXPECT_EQ(make_cluster_identity(chip, 17).cluster, 17u);
  EXPECT_EQ(make_cluster_identity(chip, 17).clusters, 512u);
  EXPECT_EQ(make_cluster_identity(chip, 17).stride, 0x20'0000u);
  EXPECT_EQ(make_dma_parameters(chip, 17).initiator, 17u);
  EXPECT_EQ(make_icache_config(chip, 17).initiator, 17u);
  EXPECT_EQ(make_dma_parameters(chip, 17).own.global_base, 0x4000'0000u + 17 * 0x20'0000u);
}

// 1 MiB of L1 in Table I; the map follows a smaller one.
TEST(ClusterParametersTest, AllBlocksSeeTheSameL1) {
  chip_config chip;
  chip.cluster.l1_bytes = 1u << 18;
  EXPECT_EQ(make_cluster_identity(chip, 1).l1_bytes, 1u << 18);
  EXPECT_EQ(make_dma_parameters(chip, 1).own.l1_bytes, 1u << 18);
  EXPECT_EQ(make_ima_parameters(chip).l1_bytes, 1u << 18);
  EXPECT_EQ(make_cluster_identity(chip, 1).stride, make_dma_parameters(chip, 1).own.global_base - 0x4000'0000u);
}

}  // namespace
}  // namespace ohmic
