#include "ip/cluster_control/cluster_control.h"

#include <gtest/gtest.h>

#include <vector>

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

TEST(ClusterControlTest, EveryNumberOfItsShapeHasItsOwnRegister) {
  cluster_identity chip;
  chip.cluster = 17, chip.clusters = 512, chip.cores = 64, chip.l1_bytes = 0x80000, chip.l1_banks = 32;
  chip.stride = 0x400000, chip.hbm_bytes = 0x3'8000'0000, chip.ima_rows = 128, chip.ima_columns = 96;
  chip.dma_channels = 4, chip.boot_addr = 0x80001234;
  cluster_control control(chip);
  bool ok = true;
  EXPECT_EQ(control.read(reg::l1_bytes_offset, 0, ok), 0x80000u);
  EXPECT_EQ(control.read(reg::l1_banks_offset, 0, ok), 32u);
  EXPECT_EQ(control.read(reg::cluster_stride_offset, 0, ok), 0x400000u);
  EXPECT_EQ(control.read(reg::hbm_bytes_lo_offset, 0, ok), 0x80000000u);
  EXPECT_EQ(control.read(reg::hbm_bytes_hi_offset, 0, ok), 3u);
  EXPECT_EQ(control.read(reg::ima_rows_offset, 0, ok), 128u);
  EXPECT_EQ(control.read(reg::ima_columns_offset, 0, ok), 96u);
  EXPECT_EQ(control.read(reg::dma_channels_offset, 0, ok), 4u);
  EXPECT_EQ(control.read(reg::boot_addr_offset, 0, ok), 0x80001234u);
  EXPECT_EQ(control.boot_addr(), 0x80001234u);
  EXPECT_TRUE(ok);
}

TEST(ClusterControlTest, WhatAProgramWritesStaysInItsOwnRegister) {
  cluster_control control(cluster_identity{});
  bool ok = true;
  const std::vector<std::uint32_t> registers = {
      reg::argument_offset,      reg::argument_offset + 4, reg::argument_offset + 8,
      reg::argument_offset + 12, reg::boot_addr_offset,    reg::activity_offset,
      reg::in_kernel_offset,     reg::waiting_for_offset,  reg::stack_floor_offset};
  for (const std::uint32_t offset : registers) EXPECT_TRUE(control.write(offset, 0xABC00000 + offset));
  for (const std::uint32_t offset : registers) EXPECT_EQ(control.read(offset, 0, ok), 0xABC00000 + offset) << offset;
  EXPECT_TRUE(ok);
  EXPECT_EQ(control.boot_addr(), 0xABC00000 + reg::boot_addr_offset);
  EXPECT_EQ(control.activity(), 0xABC00000 + reg::activity_offset);
  EXPECT_EQ(control.in_kernel(), 0xABC00000 + reg::in_kernel_offset);
  EXPECT_EQ(control.waiting_for(), 0xABC00000 + reg::waiting_for_offset);
}

TEST(ClusterControlTest, EachHalfOfTheEnablesOf64CoresIsWrittenAlone) {
  cluster_identity chip;
  chip.cores = 64;
  cluster_control control(chip);
  bool ok = true;
  control.write(reg::core_enable_lo_offset, 0x81);
  control.write(reg::core_enable_hi_offset, 0x80000002);
  EXPECT_EQ(control.enabled(), 0x8000000200000081u);
  control.write(reg::core_enable_lo_offset, 0x10);
  EXPECT_EQ(control.enabled(), 0x8000000200000010u);
  EXPECT_EQ(control.read(reg::core_enable_lo_offset, 0, ok), 0x10u);
  EXPECT_EQ(control.read(reg::core_enable_hi_offset, 0, ok), 0x80000002u);
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
