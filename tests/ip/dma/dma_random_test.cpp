// Random transfers on all channels at once against plain copy loops.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "dma_bench.h"
#include "tests/fresh_seed.h"

namespace ohmic {
namespace {

/// A side of a transfer: where its bytes lie, by the meaning in descriptor.h.
struct side {
  std::uint64_t base;
  std::int64_t stride1, stride2;
  std::int64_t offset(unsigned i1, unsigned i2) const { return i1 * stride1 + i2 * stride2; }
};

class DmaRandom : public testing::TestWithParam<bool> {};

TEST_P(DmaRandom, TransfersEqualCopyLoops) {
  const unsigned seed = fresh_seed();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  const auto upto = [&](unsigned n) { return std::uniform_int_distribution<unsigned>(0, n)(random); };
  for (int trial = 0; trial < 60 && !testing::Test::HasFailure(); ++trial) {
    SCOPED_TRACE(testing::Message() << "trial " << trial);
    auto p = dma_bench::make_parameters();
    p.burst_buffers = 1 + upto(15);
    p.width = 4u << upto(4);
    p.max_burst_bytes = std::min(4096u, std::min(256u, 1u << upto(8)) * p.width);
    dma_bench bench(p);
    for (auto* m : {&bench.l1, &bench.hbm_bytes, &bench.peer_bytes})
      for (auto& b : *m) b = static_cast<std::uint8_t>(random());
    if (GetParam()) {
      // Other requesters in L1, and responses of different ids in any order.
      bench.bank_taken = [&](cycle_t, unsigned) { return random() % 4 == 0; };
      bench.latency = [&](const axi_burst&) { return cycle_t{1 + random() % 300}; };
    }
    auto l1 = bench.l1, hbm = bench.hbm_bytes, peer = bench.peer_bytes;
    const auto byte = [&](std::uint64_t addr) -> std::uint8_t& {
      if (addr >= dma_bench::hbm) return hbm.at(addr - dma_bench::hbm);
      if (addr >= dma_bench::peer) return peer.at(addr - dma_bench::peer);
      return l1.at(addr - (addr >= dma_bench::own_global ? dma_bench::own_global : dma_bench::own));
    };
    unsigned used = 0;
    for (unsigned c = 0; c < 8; ++c) {
      if (upto(3) == 0) continue;
      used |= 1u << c;
      const unsigned dims = 1 + upto(2);
      const unsigned n1 = dims >= 2 ? 1 + upto(5) : 1, n2 = dims == 3 ? 1 + upto(4) : 1;
      const std::uint32_t bytes = 1 + upto(upto(3) == 0 ? 5000 / (n1 * n2) : 150);
      // Channel c owns 8 KiB at 8 KiB * c of either memory and 16 KiB of L1 at 64 KiB + 16 KiB * c.
      const auto place = [&](std::uint64_t region, unsigned room) {
        const std::int64_t step1 = bytes + upto(40), step2 = step1 * n1 + upto(40);
        const bool back1 = upto(3) == 0, back2 = upto(3) == 0;
        side s{region + upto(room - static_cast<unsigned>(step2 * n2)), back1 ? -step1 : step1, back2 ? -step2 : step2};
        if (back1) s.base += static_cast<std::uint64_t>(step1 * (n1 - 1));
        if (back2) s.base += static_cast<std::uint64_t>(step2 * (n2 - 1));
        return s;
      };
      const std::uint64_t home = (upto(1) ? dma_bench::own : dma_bench::own_global) + 0x10000 + c * 0x4000;
      const std::uint64_t away = (upto(1) ? dma_bench::hbm : dma_bench::peer) + c * 0x2000;
      side src{}, dst{};
      switch (upto(2)) {
        case 0:
          src = place(home, 0x2000), dst = place(away, 0x2000);
          break;
        case 1:
          src = place(away, 0x2000), dst = place(home, 0x2000);
          break;
        default:
          src = place(home, 0x2000), dst = place(home + 0x2000, 0x2000);
          break;
      }
      auto d = copy(src.base, dst.base, bytes);
      d.flags = dims;
      d.counts = n1 | n2 << 16;
      if (dims < 2) d.counts = 0;  // counts that are not in use do not matter
      d.src_stride1 = static_cast<std::int32_t>(src.stride1), d.src_stride2 = static_cast<std::int32_t>(src.stride2);
      d.dst_stride1 = static_cast<std::int32_t>(dst.stride1), d.dst_stride2 = static_cast<std::int32_t>(dst.stride2);
      bench.put(0x40 * c, d);
      std::memcpy(&l1[0x40 * c], &d, 64);
      for (unsigned i2 = 0; i2 < n2; ++i2)
        for (unsigned i1 = 0; i1 < n1; ++i1)
          for (std::uint32_t i = 0; i < bytes; ++i)
            byte(dst.base + dst.offset(i1, i2) + i) = byte(src.base + src.offset(i1, i2) + i);
      bench.start(c, 0x40 * c);
    }
    bench.run();
    EXPECT_EQ(bench.errors.size(), 0u);
    for (unsigned c = 0; c < 8; ++c) EXPECT_EQ(bench.completed(c), used >> c & 1);
    EXPECT_TRUE(bench.l1 == l1);
    EXPECT_TRUE(bench.hbm_bytes == hbm);
    EXPECT_TRUE(bench.peer_bytes == peer);
  }
}

INSTANTIATE_TEST_SUITE_P(Banks, DmaRandom, testing::Bool(),
                         [](const auto& p) { return std::string(p.param ? "disturbed" : "quiet"); });

}  // namespace
}  // namespace ohmic
