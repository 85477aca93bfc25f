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

TEST(ClusterParametersTest, AClustersIdsAreThoseOfItsMake) {
  chip_config chip;
  chip.cluster.cores = 5;
  chip.dma.channels = 3;
  chip.makes = {{{0, 1}, 2, true}, {{7}, 9, false}};
  EXPECT_EQ(make_dma_parameters(chip, 1).first_id, 2u);
  EXPECT_EQ(make_dma_parameters(chip, 2).first_id, 5u);
  EXPECT_EQ(make_icache_config(chip, 7).axi_id, 9u + 3);
  EXPECT_EQ(make_icache_config(chip, 7).cores, 9u);
  EXPECT_EQ(make_master_port_config(chip).ids, 9u + 3 + 1) << "ports are alike";
  EXPECT_EQ(make_cluster_identity(chip, 1).cores, 2u);
  EXPECT_EQ(make_cluster_identity(chip, 1).ima_rows, 256u);
  EXPECT_EQ(make_cluster_identity(chip, 7).ima_rows, 0u);
  EXPECT_EQ(make_cluster_identity(chip, 7).ima_columns, 0u);
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

TEST(ClusterParametersTest, ThePortIsTheLowestLevelsLink) {
  chip_config chip;
  chip.network.width = {64, 64, 32, 32, 16};
  chip.network.max_burst_bytes = 1024;
  chip.network.ingress_cycles = 3;
  chip.network.egress_cycles = 2;
  EXPECT_EQ(make_dma_parameters(chip, 0).width, 16u);
  EXPECT_EQ(make_dma_parameters(chip, 0).max_burst_bytes, 1024u);
  EXPECT_EQ(make_master_port_config(chip).turnaround, 5u) << "out of the cluster and in again";
}

TEST(ClusterParametersTest, BlocksHaveTheShapeOfTheChip) {
  chip_config chip;
  chip.dma.channels = 3, chip.dma.start_cycles = 21, chip.dma.burst_buffers = 5;
  chip.ima.rows = 96, chip.ima.columns = 80, chip.ima.mvm_cycles = 44;
  chip.ima.streamer_ports = 7, chip.ima.job_queue = 6;
  chip.icache.shared_bytes = 8192, chip.icache.ways = 2, chip.icache.banks = 8, chip.icache.hit_cycles = 9;
  chip.network.outstanding_reads = 13, chip.network.outstanding_writes = 14;
  chip.cluster.l1_banks = 32;
  const dma_parameters d = make_dma_parameters(chip, 0);
  EXPECT_EQ(d.channels, 3u);
  EXPECT_EQ(d.start_cycles, 21u);
  EXPECT_EQ(d.burst_buffers, 5u);
  const ima_parameters i = make_ima_parameters(chip);
  EXPECT_EQ(i.rows, 96u);
  EXPECT_EQ(i.columns, 80u);
  EXPECT_EQ(i.mvm_cycles, 44u);
  EXPECT_EQ(i.streamer_ports, 7u);
  EXPECT_EQ(i.job_queue, 6u);
  const shared_icache_config s = make_icache_config(chip, 0);
  EXPECT_EQ(s.bytes, 8192u);
  EXPECT_EQ(s.ways, 2u);
  EXPECT_EQ(s.banks, 8u);
  EXPECT_EQ(s.hit_cycles, 9u);
  EXPECT_EQ(s.cores, chip.cluster.cores);
  const master_port_config m = make_master_port_config(chip);
  EXPECT_EQ(m.outstanding_reads, 13u);
  EXPECT_EQ(m.outstanding_writes, 14u);
  const cluster_identity c = make_cluster_identity(chip, 0);
  EXPECT_EQ(c.ima_rows, 96u);
  EXPECT_EQ(c.ima_columns, 80u);
  EXPECT_EQ(c.dma_channels, 3u);
  EXPECT_EQ(c.l1_banks, 32u);
  EXPECT_EQ(c.hbm_bytes, chip.hbm.bytes);
  EXPECT_EQ(c.cores, 16u);
}

}  // namespace
}  // namespace ohmic
