#include "ip/cluster_control/cluster_control.h"

#include <gtest/gtest.h>

#include "registers/cluster_control.h"

namespace ohmic {
namespace {

namespace reg = registers::cluster_control;

TEST(ClusterControlTest, ShowsTheShapeOfTheChip) {
  cluster_identity chip;
  chip.cluster = 17, chip.clusters = 512, chip.cores = 5, chip.stride = 0x200000, chip.hbm_bytes = 0x1'6000'0000;
  cluster_control control(chip);
  bool ok = true;
  EXPECT_EQ(control.read(reg::cluster_id_offset, 0, ok), 17u);
  EXPECT_EQ(control.read(reg::cluster_count_offset, 0, ok), 512u);
  EXPECT_EQ(control.read(reg::core_count_offset, 0, ok), 5u);
  EXPECT_EQ(control.read(reg::cluster_stride_offset, 0, ok), 0x200000u);
  EXPECT_EQ(control.read(reg::hbm_bytes_lo_offset, 0, ok), 0x60000000u);
  EXPECT_EQ(control.read(reg::hbm_bytes_hi_offset, 0, ok), 1u);
  EXPECT_TRUE(ok);
}

TEST(ClusterControlTest, EnablesOnlyCoresThatExist) {
  cluster_identity chip;
  chip.cores = 5;
  cluster_control control(chip);
  EXPECT_TRUE(control.write(reg::core_enable_lo_offset, ~0u));
  EXPECT_TRUE(control.write(reg::core_enable_hi_offset, ~0u));
  EXPECT_EQ(control.enabled(), 0x1Fu);
}

TEST(ClusterControlTest, KeepsTheFirstErrorUntilItIsCleared) {
  cluster_control control(cluster_identity{});
  bool ok = true;
  control.record_error(cluster_control::error_kind::dma, 0x1234, 0);
  control.record_error(cluster_control::error_kind::core_access, 0x5678, 3);
  EXPECT_EQ(control.read(reg::error_status_offset, 0, ok), 3u);
  EXPECT_EQ(control.read(reg::error_addr_offset, 0, ok), 0x1234u);
  control.write(reg::error_status_offset, 3);
  EXPECT_EQ(control.read(reg::error_status_offset, 0, ok), 0u);
  control.record_error(cluster_control::error_kind::core_access, 0x5678, 3);
  EXPECT_EQ(control.read(reg::error_addr_offset, 0, ok), 0x5678u);
  EXPECT_EQ(control.read(reg::error_core_offset, 0, ok), 3u);
}

TEST(ClusterControlTest, ClearsTheErrorsThatAreWrittenAndNoOthers) {
  cluster_control control(cluster_identity{});
  bool ok = true;
  control.record_error(cluster_control::error_kind::dma, 0x1234, 2);
  control.record_error(cluster_control::error_kind::core_access, 0x5678, 3);
  const std::uint32_t both = control.read(reg::error_status_offset, 0, ok);
  const std::uint32_t one = both & (~both + 1);
  control.write(reg::error_status_offset, one);
  EXPECT_EQ(control.read(reg::error_status_offset, 0, ok), both & ~one);
  control.record_error(cluster_control::error_kind::dma, 0x9999, 4);
  EXPECT_EQ(control.read(reg::error_addr_offset, 0, ok), 0x1234u) << "not all have been seen to";
  EXPECT_EQ(control.read(reg::error_core_offset, 0, ok), 2u);
}

TEST(ClusterControlTest, GuardsTheStackOfEachCoreApart) {
  cluster_control control(cluster_identity{});
  bool ok = true;
  for (std::uint32_t core = 0; core < 64; ++core) EXPECT_EQ(control.stack_limit(core), 0u) << "off after reset";
  for (std::uint32_t core = 0; core < 64; ++core) control.write(reg::stack_limit_offset + 4 * core, 0x10000000 + core);
  control.write(reg::stack_floor_offset, 0x10000400);
  for (std::uint32_t core = 0; core < 64; ++core) {
    EXPECT_EQ(control.read(reg::stack_limit_offset + 4 * core, 0, ok), 0x10000000 + core);
    EXPECT_EQ(control.stack_limit(core), 0x10000000 + core);
  }
  EXPECT_EQ(control.read(reg::stack_floor_offset, 0, ok), 0x10000400u);
  EXPECT_EQ(control.stack_floor(), 0x10000400u);
  EXPECT_TRUE(ok);
}

// The register map says what may be read and written; the block must agree at every offset.
TEST(ClusterControlTest, AgreesWithTheRegisterMapAboutRights) {
  cluster_control control(cluster_identity{});
  for (std::uint32_t offset = 0; offset < reg::block_bytes + 16; offset += 4) {
    bool ok = true;
    control.read(offset, 0, ok);
    EXPECT_EQ(ok, reg::access.readable(offset)) << std::hex << offset;
    EXPECT_EQ(control.write(offset, 0), reg::access.writable(offset)) << std::hex << offset;
  }
}

TEST(ClusterControlTest, ReadingTheLowCycleWordLatchesTheHighOne) {
  cluster_control control(cluster_identity{});
  bool ok = true;
  EXPECT_EQ(control.read(reg::cycle_lo_offset, 0x5'FFFFFFFFull, ok), 0xFFFFFFFFu);
  EXPECT_EQ(control.read(reg::cycle_hi_offset, 0x6'00000001ull, ok), 5u);
}

}  // namespace
}  // namespace ohmic
