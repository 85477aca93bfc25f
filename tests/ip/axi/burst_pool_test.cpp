#include "ip/axi/burst_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace ohmic {
namespace {

TEST(BurstPoolTest, RecyclesTheLastReturnedBurstFirst) {
  burst_pool pool(4096);
  axi_burst* const a = pool.get(4);
  axi_burst* const b = pool.get(4096);
  a->resp = axi_resp::decerr;
  std::uint8_t* const data = a->data;
  EXPECT_EQ(pool.in_use(), 2u);
  pool.put(a);
  axi_burst* const c = pool.get(64);
  EXPECT_EQ(c, a);
  EXPECT_EQ(c->data, data);
  EXPECT_EQ(c->resp, axi_resp::okay);
  EXPECT_EQ(c->bytes, 64u);
  pool.put(b);
  EXPECT_EQ(pool.in_use(), 1u);
  EXPECT_EQ(pool.get(65), b);
  pool.put(b), pool.put(c);
  EXPECT_EQ(pool.in_use(), 0u);
}

TEST(BurstPoolTest, GivesDisjointAlignedBuffers) {
  burst_pool pool(2048);
  std::vector<std::pair<std::uint8_t*, std::uint32_t>> buffers;
  for (int i = 0; i < 100; ++i) {
    const std::uint32_t bytes = i % 3 ? 64 : 2048;
    buffers.emplace_back(pool.get(bytes)->data, bytes);
    std::fill_n(buffers.back().first, bytes, std::uint8_t{1});
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffers.back().first) % 64, 0u);
  }
  std::sort(buffers.begin(), buffers.end());
  for (std::size_t i = 1; i < buffers.size(); ++i) {
    EXPECT_LE(buffers[i - 1].first + buffers[i - 1].second, buffers[i].first);
  }
}

TEST(BurstPoolTest, ARecycledBurstHasForgottenItsFormerLife) {
  burst_pool pool(4096);
  axi_burst* const before = pool.get(4000);
  before->addr = 1, before->write = true, before->resp = axi_resp::slverr, before->initiator = 2, before->id = 3;
  before->core = 4, before->tag = 5, before->pc = 6, before->carrier = before, before->next = before, before->ready = 7;
  pool.put(before);
  const axi_burst* const after = pool.get(3000);
  ASSERT_EQ(after, before);
  EXPECT_EQ(after->addr, 0u);
  EXPECT_FALSE(after->write);
  EXPECT_EQ(after->resp, axi_resp::okay);
  EXPECT_EQ(after->initiator + after->id + after->core + after->tag + after->pc, 0u);
  EXPECT_EQ(after->carrier, nullptr);
  EXPECT_EQ(after->next, nullptr);
  EXPECT_EQ(after->ready, 0u);
}

TEST(BurstPoolTest, SizeClassesDoNotMix) {
  burst_pool pool(128);
  axi_burst* const small = pool.get(64);
  axi_burst* const large = pool.get(65);
  pool.put(small);
  pool.put(large);
  EXPECT_EQ(pool.get(128), large);
  EXPECT_NE(pool.get(128), small) << "64 bytes would not do";
  EXPECT_EQ(pool.get(1), small);
}

TEST(BurstPoolTest, HandsOutTheSameAddressesInEveryRun) {
  std::vector<int> first, second;
  for (std::vector<int>* const order : {&first, &second}) {
    burst_pool pool(4096);
    std::vector<axi_burst*> all;
    for (int i = 0; i < 40; ++i) all.push_back(pool.get(8));
    const std::vector<axi_burst*> known = all;
    for (int i = 0; i < 200; ++i) {
      const auto at = static_cast<std::size_t>(i * 7 % 40);
      if (all[at] != nullptr) {
        pool.put(std::exchange(all[at], nullptr));
      } else {
        all[at] = pool.get(8);
        order->push_back(static_cast<int>(std::find(known.begin(), known.end(), all[at]) - known.begin()));
      }
    }
  }
  EXPECT_EQ(first, second);
  EXPECT_LT(*std::max_element(first.begin(), first.end()), 40) << "nothing new is made while something is free";
}

}  // namespace
}  // namespace ohmic
