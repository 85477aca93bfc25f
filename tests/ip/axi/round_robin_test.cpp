#include "ip/axi/round_robin.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace ohmic {
namespace {

/// rr_arb_tree as it is drawn: a binary tree of 64 leaves. A node with requests on both sides follows the state's bit
/// of its level, the uppermost node the highest bit.
struct tree {
  unsigned state = 0;
  bool locked = false;
  std::vector<bool> seen = std::vector<bool>(64);

  static bool any(const std::vector<bool>& requests, unsigned first, unsigned size) {
    for (unsigned i = first; i < first + size; ++i) {
      if (requests[i]) return true;
    }
    return false;
  }
  unsigned descend(unsigned first, unsigned size) const {
    if (size == 1) return first;
    const unsigned half = size / 2;
    const bool low = any(seen, first, half), high = any(seen, first + half, half);
    const bool go_high = low && high ? (state & half) != 0 : high;
    return descend(go_high ? first + half : first, half);
  }
  unsigned choose(std::uint64_t requests) {
    if (!locked) {
      for (unsigned i = 0; i < 64; ++i) seen[i] = (requests >> i & 1) != 0;
    }
    return descend(0, 64);
  }
  void end(bool taken) {
    locked = !taken;
    if (!taken) return;
    for (unsigned k = 1; k <= 64; ++k) {  // upwards from the state, around
      if (!seen[(state + k) % 64]) continue;
      state = (state + k) % 64;
      return;
    }
  }
};

TEST(RoundRobinTest, ChoosesLikeTheTree) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::mt19937_64 random(seed);
    tree reference;
    round_robin arbiter;
    const unsigned ports = 1 + random() % 64;
    const std::uint64_t all = ports == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << ports) - 1;
    std::uint64_t waiting = 0;
    for (unsigned cycle = 0; cycle < 2000; ++cycle) {
      waiting |= random() & random() & all;  // who asks goes on asking
      if (waiting == 0) continue;
      const unsigned chosen = arbiter.pick(waiting);
      ASSERT_EQ(chosen, reference.choose(waiting)) << "seed " << seed << ", cycle " << cycle;
      const bool taken = random() % 3 != 0;
      if (taken) {
        arbiter.taken();
        waiting &= ~(std::uint64_t{1} << chosen);
      } else {
        arbiter.not_taken();
      }
      reference.end(taken);
      ASSERT_EQ(arbiter.frozen(), !taken);
    }
  }
}

TEST(RoundRobinTest, AllWhoAskAllTheTimeGetTheSame) {
  round_robin arbiter;
  const std::uint64_t requests = 0b1010'1110'0001;
  std::vector<unsigned> wins(64);
  for (unsigned i = 0; i < 600; ++i) {
    ++wins[arbiter.pick(requests)];
    arbiter.taken();
  }
  for (unsigned i = 0; i < 64; ++i) EXPECT_EQ(wins[i], (requests >> i & 1) != 0 ? 100u : 0u) << i;
}

}  // namespace
}  // namespace ohmic
