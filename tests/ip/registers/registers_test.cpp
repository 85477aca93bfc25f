#include <gtest/gtest.h>

#include "registers/cluster_peripherals.h"
#include "registers/platform_control.h"

namespace ohmic::registers {
namespace {

extern "C" unsigned ohmic_c_header_dma_start(unsigned channel);
extern "C" unsigned ohmic_c_header_barrier_arrive(unsigned barrier);

// The numbers are those of ohmic.rdl, read by a person.
TEST(RegistersTest, OffsetsAreThoseOfTheSource) {
  EXPECT_EQ(event_unit::own_wait_offset, 0x810u);
  EXPECT_EQ(event_unit::barrier_arrive_offset + 7 * event_unit::barrier_array_stride, 0xAE8u);
  EXPECT_EQ(dma::channel_start_offset + 3 * dma::channel_array_stride, 0x30u);
  EXPECT_EQ(ima::group_base_offset + 7 * ima::group_array_stride, 0x104u);
  EXPECT_EQ(cluster_peripherals::ima_base, 0x3000u);
  EXPECT_EQ(cluster_peripherals::crossbar_base, 0x10000u);
  EXPECT_EQ(platform_control::exit_offset, 4u);
}

TEST(RegistersTest, FieldsAndResets) {
  EXPECT_EQ(ima::loop_step_dy_shift, 16u);
  EXPECT_EQ(ima::loop_step_dy_mask, 0xFFFF0000u);
  EXPECT_EQ(ima::status_free_mask, 0x3FCu);
  EXPECT_EQ(event_unit::doorbell_cores_lo_reset, 1u);
  EXPECT_EQ(event_unit::doorbell_cores_hi_reset, 0u);
}

TEST(RegistersTest, CHeaderAgreesWithCppHeader) {
  EXPECT_EQ(ohmic_c_header_dma_start(5), dma::channel_start_offset + 5 * dma::channel_array_stride);
  EXPECT_EQ(ohmic_c_header_barrier_arrive(2), 0xA48u);
}

TEST(RegistersTest, TableFindsEveryElementAndNothingBetween) {
  EXPECT_EQ(to_string(find(event_unit::table, 0x7F0)), "CORE[63].WAIT");
  EXPECT_EQ(to_string(find(event_unit::table, 0xB0C)), "DOORBELL[3]");
  EXPECT_FALSE(find(event_unit::table, 0x14));   // behind CORE[0].WAIT
  EXPECT_FALSE(find(event_unit::table, 0x812));  // unaligned
  EXPECT_FALSE(find(dma::table, 0x104));
}

TEST(RegistersTest, AccessRightsAreTheSources) {
  const auto pending = find(event_unit::table, event_unit::own_pending_offset);
  EXPECT_TRUE(pending.info->readable);
  EXPECT_FALSE(pending.info->writable);
  const auto push = find(ima::table, ima::push_offset);
  EXPECT_FALSE(push.info->readable);
  EXPECT_TRUE(push.info->writable);
}

TEST(RegistersTest, AccessMapAgreesWithTheTableEverywhere) {
  for (std::uint32_t offset = 0; offset < event_unit::block_bytes + 16; ++offset) {
    const auto found = find(event_unit::table, offset);
    EXPECT_EQ(event_unit::access.readable(offset), found && found.info->readable) << offset;
    EXPECT_EQ(event_unit::access.writable(offset), found && found.info->writable) << offset;
  }
  static_assert(ima::access.writable(ima::push_offset) && !ima::access.readable(ima::push_offset));
}

TEST(RegistersTest, NamesAddressesForMessages) {
  EXPECT_EQ(name_at(cluster_peripherals::table, 0x2034), "dma.CHANNEL[3].STATUS");
  EXPECT_EQ(name_at(cluster_peripherals::table, 0x2FFC), "0x2ffc");
}

}  // namespace
}  // namespace ohmic::registers
