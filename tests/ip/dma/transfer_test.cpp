#include "ip/dma/transfer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/fresh_seed.h"

namespace ohmic {
namespace {

constexpr std::uint32_t own = 0x10000000, hbm = 0x80000000, l1_bytes = 1 << 20;
using direction = transfer::direction;

dma_descriptor copy(std::uint32_t from, std::uint32_t to, std::uint32_t bytes) {
  dma_descriptor d{};
  d.flags = 1;
  d.src_lo = from;
  d.dst_lo = to;
  d.bytes = bytes;
  return d;
}

std::vector<transfer::piece> pieces(transfer& t, std::uint32_t width = 64, std::uint32_t most = 4096) {
  std::vector<transfer::piece> all;
  while (!t.done()) all.push_back(t.take(width, most));
  return all;
}

TEST(TransferTest, TellsItsDirectionByWhereTheSidesLie) {
  const own_cluster_map map;
  const struct {
    std::uint32_t from, to;
    direction kind;
  } cases[] = {{own, hbm, direction::to_network},
               {hbm, own, direction::from_network},
               {own, own + 0x100, direction::local},
               {static_cast<std::uint32_t>(map.global_base), own, direction::local},  // the own L1 by its other name
               {own, 0x40200000, direction::to_network}};
  for (const auto& c : cases) {
    transfer t;
    ASSERT_EQ(t.begin(copy(c.from, c.to, 4), map).what, nullptr);
    EXPECT_EQ(t.kind(), c.kind) << std::hex << c.from << " " << c.to;
  }
}

TEST(TransferTest, KnowsItsClusterByBothAddresses) {
  using place = own_cluster_map::place;
  const own_cluster_map map;
  for (const std::uint64_t base : {map.own_base, map.global_base}) {
    EXPECT_EQ(map.locate(base - 1).where, place::elsewhere);
    EXPECT_EQ(map.locate(base).where, place::l1);
    EXPECT_EQ(map.locate(base + l1_bytes - 1).offset, l1_bytes - 1);
    EXPECT_EQ(map.locate(base + l1_bytes).where, place::peripherals);
    EXPECT_EQ(map.locate(base + l1_bytes).offset, 0u);
    EXPECT_EQ(map.locate(base + 2 * l1_bytes - 1).where, place::peripherals);
    EXPECT_EQ(map.locate(base + 2 * l1_bytes).where, place::elsewhere);
    EXPECT_EQ(map.locate(base + (std::uint64_t{1} << 32)).where, place::elsewhere) << "64 bits are compared";
  }
}

TEST(TransferTest, CutsAtPagesOfTheNetworkSideOnly) {
  transfer t;
  ASSERT_EQ(t.begin(copy(own + 0xFC0, hbm + 0x1800, 5000), {}).what, nullptr);
  const auto all = pieces(t);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].network, hbm + 0x1800u);
  EXPECT_EQ(all[0].bytes, 2048u);
  EXPECT_EQ(all[1].network, hbm + 0x2000u);
  EXPECT_EQ(all[1].l1, 0xFC0u + 2048);
  EXPECT_EQ(all[1].bytes, 5000u - 2048);
}

TEST(TransferTest, LocalPiecesAreBoundedByTheBufferOnly) {
  transfer t;
  ASSERT_EQ(t.begin(copy(own + 1, own + 0x4001, 5000), {}).what, nullptr);
  const auto all = pieces(t, 64, 4096);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].bytes, 4096u);
  EXPECT_EQ(all[1].l1, 1u + 4096);
  EXPECT_EQ(all[1].l1_to, 0x4001u + 4096);
}

TEST(TransferTest, AddressesHave48Bits) {
  dma_descriptor d = copy(own, 0xFFFFFFC0, 64);
  d.src_dst_hi = 0xFFFF0000;
  d.flags = 2;
  d.counts = 2;
  d.dst_stride1 = 64;
  transfer t;
  ASSERT_EQ(t.begin(d, {}).what, nullptr);
  const auto all = pieces(t);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].network, 0xFFFF'FFFFFFC0u);
  EXPECT_EQ(all[1].network, 0u) << "behind the last address comes the first";
}

TEST(TransferTest, AnAbandonedTransferIsDone) {
  transfer t;
  ASSERT_EQ(t.begin(copy(own, hbm, 100'000), {}).what, nullptr);
  t.take(64, 4096);
  EXPECT_FALSE(t.done());
  t.abandon();
  EXPECT_TRUE(t.done());
}

TEST(TransferTest, ANotificationAloneMovesNothing) {
  dma_descriptor d = copy(own, hbm, 0);
  d.flags |= DMA_NOTIFY_COUNT;
  transfer t;
  EXPECT_EQ(t.begin(d, {}).what, nullptr);
  EXPECT_EQ(t.kind(), direction::none);
  EXPECT_TRUE(t.done());
}

TEST(TransferTest, CountsThatAreNotInUseMayBeAnything) {
  dma_descriptor d = copy(own, hbm, 64);
  d.counts = 0;
  transfer t;
  EXPECT_EQ(t.begin(d, {}).what, nullptr);
  EXPECT_EQ(pieces(t).size(), 1u);
  d.flags = 2;
  d.counts = 3;  // count2 is 0
  EXPECT_EQ(t.begin(d, {}).what, nullptr);
  EXPECT_EQ(pieces(t).size(), 3u);
}

// The last byte of L1 may be touched, the one behind it not, whichever stride leads there.
TEST(TransferTest, TheBorderOfL1IsExact) {
  const auto accepted = [](const dma_descriptor& d) {
    transfer t;
    return t.begin(d, {}).what == nullptr;
  };
  EXPECT_TRUE(accepted(copy(own + l1_bytes - 64, hbm, 64)));
  EXPECT_FALSE(accepted(copy(own + l1_bytes - 64, hbm, 65)));
  dma_descriptor d = copy(own + 1000, hbm, 24);
  d.flags = 3;
  d.counts = 11 | 3u << 16;
  d.src_stride1 = -40;
  d.src_stride2 = -300;  // lowest byte: 1000 - 10 * 40 - 2 * 300 = 0
  EXPECT_TRUE(accepted(d));
  d.src_lo -= 1;
  EXPECT_FALSE(accepted(d));
  d = copy(own, hbm, 24);
  d.flags = 3;
  d.counts = 11 | 3u << 16;
  d.src_stride1 = 40;
  d.src_stride2 = 300;  // highest byte: 10 * 40 + 2 * 300 + 23
  d.src_lo += l1_bytes - 1024;
  EXPECT_TRUE(accepted(d));
  d.src_lo += 1;
  EXPECT_FALSE(accepted(d));
  d = copy(hbm, own, 24);
  d.flags = 3;
  d.counts = 65535 | 65535u << 16;
  d.dst_stride1 = 0x7FFFFFFF;  // 2^47 and more: no wrap makes it legal
  d.dst_stride2 = -0x7FFFFFFF;
  EXPECT_FALSE(accepted(d));
}

// Oracle: the two loops of the descriptor's text, byte by byte.
TEST(TransferTest, PiecesCoverTheTransferInOrder) {
  const unsigned seed = fresh_seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int trial = 0; trial < 300; ++trial) {
    const std::uint32_t here = own + 0x40000 + random() % 4096, there = hbm + random() % 8192;
    const bool out = random() % 2;
    dma_descriptor d = copy(out ? here : there, out ? there : here, 1 + random() % 9000);
    d.flags = 1 + random() % 3;
    d.counts = (1 + random() % 4) | (1 + random() % 3) << 16;
    for (std::int32_t* stride : {&d.src_stride1, &d.dst_stride1, &d.src_stride2, &d.dst_stride2})
      *stride = static_cast<std::int32_t>(random() % 40000) - 20000;
    const std::uint32_t width = 4u << random() % 5, most = std::min(256 * width, 4096u);
    transfer t;
    ASSERT_EQ(t.begin(d, {}).what, nullptr);
    std::vector<std::pair<std::uint64_t, std::uint64_t>> got, want;  // network, L1
    for (const auto& p : pieces(t, width, most)) {
      ASSERT_EQ(p.network / 4096, (p.network + p.bytes - 1) / 4096) << "crosses a page";
      ASSERT_LE((p.network % width + p.bytes + width - 1) / width, 256u) << "too many beats";
      for (std::uint32_t k = 0; k < p.bytes; ++k) got.emplace_back(p.network + k, p.l1 + k);
    }
    const unsigned n1 = d.flags >= 2 ? d.counts & 0xFFFF : 1, n2 = d.flags == 3 ? d.counts >> 16 : 1;
    for (std::int64_t i2 = 0; i2 < n2; ++i2)
      for (std::int64_t i1 = 0; i1 < n1; ++i1)
        for (std::int64_t k = 0; k < d.bytes; ++k) {
          const std::uint64_t src = d.src_lo + i1 * d.src_stride1 + i2 * d.src_stride2 + k;
          const std::uint64_t dst = d.dst_lo + i1 * d.dst_stride1 + i2 * d.dst_stride2 + k;
          want.emplace_back(out ? dst : src, (out ? src : dst) - own);
        }
    ASSERT_EQ(got, want) << "trial " << trial;
  }
}

}  // namespace
}  // namespace ohmic
