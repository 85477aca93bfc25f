#include "chip/chip_config.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

TEST(ChipConfig, TableOnesChipIsTheDefault) {
  const chip_config c;
  EXPECT_EQ(c.clusters(), 512u);
  EXPECT_EQ(c.peripheral_bytes(), 0x20000u) << "64 KiB of registers, then a crossbar of 64 KiB";
  EXPECT_EQ(c.cluster_stride(), 0x200000u);
  EXPECT_EQ(c.cluster_l1(1), 0x40200000u);
  EXPECT_EQ(c.cluster_peripherals(511), 0x40000000u + 511 * 0x200000u + 0x100000u);
  EXPECT_EQ(c.own_peripheral_base(), 0x10100000u);
}

// Registers end at 64 KiB, the crossbar begins there; each region is a power of two.
TEST(ChipConfig, RegionsAreTheLeastPowersOfTwoThatHoldTheirContents) {
  const struct {
    unsigned rows, columns;
    std::uint32_t bytes;
  } crossbars[] = {{256, 256, 0x20000}, {256, 255, 0x20000}, {256, 257, 0x40000},
                   {1, 1, 0x20000},     {512, 384, 0x40000}, {512, 385, 0x80000}};
  for (const auto& x : crossbars) {
    chip_config c;
    c.ima.rows = x.rows, c.ima.columns = x.columns;
    EXPECT_EQ(c.peripheral_bytes(), x.bytes) << x.rows << " x " << x.columns;
  }
  const struct {
    std::uint32_t l1, stride;
  } memories[] = {{0x10000, 0x40000}, {0x20000, 0x40000}, {0x40000, 0x80000}, {0x100000, 0x200000}};
  for (const auto& m : memories) {
    chip_config c;
    c.cluster.l1_bytes = m.l1;
    EXPECT_EQ(c.cluster_stride(), m.stride) << m.l1;
  }
}

chip_config mixed() {
  chip_config c;
  c.network.factors = {1, 2, 3};
  c.cluster.cores = 3;
  c.cores.overrides = {{{1, 4}, {0, 2}, core_model::rtl}, {{5}, {1}, core_model::ibex}};
  return c;
}

TEST(ChipConfig, OverridesChooseModelsOfTheirClustersAndCores) {
  const chip_config c = mixed();
  using models = std::vector<core_model>;
  constexpr auto iss = core_model::iss, rtl = core_model::rtl, ibex = core_model::ibex;
  for (const unsigned plain : {0u, 2u, 3u}) EXPECT_EQ(c.core_models(plain), (models{iss, iss, iss})) << plain;
  for (const unsigned other : {1u, 4u}) EXPECT_EQ(c.core_models(other), (models{rtl, iss, rtl})) << other;
  EXPECT_EQ(c.core_models(5), (models{iss, ibex, iss}));
}

TEST(ChipConfig, KnowsWhichModelsAndDesignsItHas) {
  chip_config c = mixed();
  EXPECT_TRUE(c.any_core(core_model::rtl));
  EXPECT_TRUE(c.any_core(core_model::ibex)) << "one core of the last cluster";
  EXPECT_FALSE(c.any_core(core_model::lockstep));
  EXPECT_EQ(c.other_core_designs(), "5.1: ibex\n") << "RTL is the same design";
  c.cores.overrides.clear();
  EXPECT_EQ(c.other_core_designs(), "");
  EXPECT_FALSE(c.any_core(core_model::ibex));
  c.cores.model = core_model::lockstep;
  EXPECT_FALSE(c.any_core(core_model::iss));
  EXPECT_EQ(c.other_core_designs(), "");
}

TEST(ChipConfig, AllModelsButIbexStandForTheCv32e40p) {
  for (const core_model m : {core_model::iss, core_model::rtl, core_model::lockstep})
    EXPECT_EQ(design_of(m), core_design::cv32e40p);
  EXPECT_EQ(design_of(core_model::ibex), core_design::ibex);
}

}  // namespace
}  // namespace ohmic
