// Where the words of a descriptor lie in L1: what firmware that does not include the header relies on.
#include "ip/dma/descriptor.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>

#include "ip/dma/transfer.h"

namespace ohmic {
namespace {

TEST(DescriptorTest, IsSixteenWordsInThisOrder) {
  std::uint32_t words[16];
  for (std::uint32_t i = 0; i < 16; ++i) words[i] = 0x1000 + i;
  dma_descriptor d;
  ASSERT_EQ(sizeof d, sizeof words);
  std::memcpy(&d, words, sizeof d);
  EXPECT_EQ(d.flags, 0x1000u);
  EXPECT_EQ(d.next, 0x1001u);
  EXPECT_EQ(d.bytes, 0x1002u);
  EXPECT_EQ(d.src_lo, 0x1003u);
  EXPECT_EQ(d.dst_lo, 0x1004u);
  EXPECT_EQ(d.src_dst_hi, 0x1005u);
  EXPECT_EQ(d.counts, 0x1006u);
  EXPECT_EQ(d.src_stride1, 0x1007);
  EXPECT_EQ(d.dst_stride1, 0x1008);
  EXPECT_EQ(d.src_stride2, 0x1009);
  EXPECT_EQ(d.dst_stride2, 0x100A);
  EXPECT_EQ(d.notify_lo, 0x100Bu);
  EXPECT_EQ(d.notify_value, 0x100Cu);
  EXPECT_EQ(d.doorbell_lo, 0x100Du);
  EXPECT_EQ(d.doorbell_value, 0x100Eu);
  EXPECT_EQ(d.notify_hi, 0x100Fu);
}

TEST(DescriptorTest, FlagsAreThoseBits) {
  EXPECT_EQ(DMA_DIMS_MASK, 3);
  EXPECT_EQ(DMA_NOTIFY_COUNT, 1 << 2);
  EXPECT_EQ(DMA_NOTIFY_DOORBELL, 1 << 3);
  EXPECT_EQ(DMA_NOTIFY, DMA_NOTIFY_COUNT | DMA_NOTIFY_DOORBELL);
  EXPECT_EQ(DMA_EVENT, 1 << 4);
  EXPECT_EQ(DMA_FLAGS_MASK, DMA_DIMS_MASK | DMA_NOTIFY | DMA_EVENT);
}

// 48-bit addresses, two of them sharing a word of upper halves.
TEST(DescriptorTest, UpperAddressBitsAreShared) {
  dma_descriptor d{};
  d.src_lo = 0x11111111, d.dst_lo = 0x22222222, d.src_dst_hi = 0xAAAA5555;
  d.notify_lo = 0x33333333, d.doorbell_lo = 0x44444444, d.notify_hi = 0xCCCC7777;
  EXPECT_EQ(dma_source(d), 0x5555'11111111u);
  EXPECT_EQ(dma_destination(d), 0xAAAA'22222222u);
  EXPECT_EQ(dma_count_word(d), 0x7777'33333333u);
  EXPECT_EQ(dma_doorbell(d), 0xCCCC'44444444u);
}

}  // namespace
}  // namespace ohmic
