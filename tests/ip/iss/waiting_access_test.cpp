// What stands behind an access that waits, in all combinations: the ISS takes the RTL's cycles.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "ip/iss/iss_group.h"
#include "ip/rtl_core/rtl_group.h"
#include "tests/cosim/core_bench.h"
#include "tests/ip/iss/timing_pieces.h"

namespace ohmic {
namespace {

constexpr std::uint32_t base = 0x80000000, nop = 0x13;

using test::piece;

struct stores {
  static constexpr bool enabled = true;
  std::vector<cycle_t> at;
  void retire(unsigned, const retire_record& r) {
    if (r.mem_write && (r.mem_addr & 0xfff) < 8) at.push_back(r.cycle);
  }
};

std::vector<std::uint32_t> program_of(const std::vector<std::uint32_t>& first, const piece& x, const piece& y) {
  std::vector<std::uint32_t> words = {0x10000537, 0x00700293, 0x3e800313, 0xffd00393};  // lui a0; addi t0, t1, t2
  words.resize(16, nop);
  words.insert(words.end(), {0x00052023, nop});  // sw zero, 0(a0): all of it is in the second line
  for (const auto* part : {&first, &x.words, &y.words}) words.insert(words.end(), part->begin(), part->end());
  words.insert(words.end(), {0x0ff0000f, 0x00052223, nop, 0x00000067});  // fence; sw zero, 4(a0); jr zero
  EXPECT_LE(words.size(), 33u);
  words.resize(32, nop);
  return words;
}

/// Cycles from the first store to the last one. The access behind the first store waits.
template <class Group, class... A>
cycle_t cycles_of(test::access_wait wait, const A&... text) {
  Group group(text..., 1, 0);
  std::vector<std::uint8_t> memory(4096, 1);
  test::happenings what;
  what.accesses = {{}, wait};
  test::core_bench<Group> bench(group, memory, what);
  group.start(0, base, 0);
  stores watch;
  EXPECT_TRUE(bench.run(5000, watch));
  EXPECT_EQ(watch.at.size(), 2u);
  return watch.at.back() - watch.at.front();
}

struct access_kind {
  const char* name;
  std::vector<std::uint32_t> words;
  /// Combinations in which the ISS is off. What makes it better may lower the number; nothing may raise it.
  unsigned known_to_differ;
};

class WaitingAccess : public ::testing::TestWithParam<access_kind> {};

TEST_P(WaitingAccess, WhatStandsBehindItTakesTheRtlsCycles) {
  unsigned differ = 0, runs = 0;
  for (const piece& x : test::timing_pieces)
    for (const piece& y : test::timing_pieces) {
      std::vector<std::uint32_t> words = program_of(GetParam().words, x, y);
      const auto bytes = static_cast<std::uint32_t>(words.size() * 4);
      const decoded_text text(base, words.data(), bytes);
      bool shown = false;
      const text_bytes raw{base, bytes, reinterpret_cast<const std::uint8_t*>(words.data())};
      for (const test::access_wait wait :
           {test::access_wait{0, 0}, {0, 1}, {0, 2}, {0, 3}, {0, 4}, {0, 5}, {0, 7}, {0, 40}, {1, 0}, {3, 0}, {2, 6}}) {
        const cycle_t iss = cycles_of<iss_group>(wait, text), rtl = cycles_of<rtl_group>(wait, raw);
        ++runs;
        if (iss == rtl) continue;
        ++differ;
        if (!std::exchange(shown, true))
          std::printf("granted %u late, answered %u late, then %s, %s: ISS %llu, RTL %llu\n", wait.grant, wait.response,
                      x.name, y.name, static_cast<unsigned long long>(iss), static_cast<unsigned long long>(rtl));
      }
    }
  std::printf("%u of %u differ\n", differ, runs);
  EXPECT_LE(differ, GetParam().known_to_differ);
}

INSTANTIATE_TEST_SUITE_P(Kind, WaitingAccess,
                         ::testing::Values(access_kind{"load", {0x00852583}, 41},            // lw a1, 8(a0)
                                           access_kind{"store", {0x00552423}, 49},           // sw t0, 8(a0)
                                           access_kind{"misaligned_load", {0x00952583}, 0},  // lw a1, 9(a0)
                                           access_kind{"byte_behind_mulh", {0x02629633, 0x00854583}, 41}),
                         [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace ohmic
