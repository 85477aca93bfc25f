// What stands behind an access that waits, in all combinations: the ISS takes the RTL's cycles.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "ip/iss/iss_group.h"
#include "ip/rtl_core/rtl_group.h"
#include "tests/cosim/core_bench.h"

namespace ohmic {
namespace {

constexpr std::uint32_t base = 0x80000000, nop = 0x13;

struct piece {
  const char* name;
  std::vector<std::uint32_t> words;
};

/// a0: an address; a1: what has been loaded; t0: 7; t1: 1000; t2: -3; a2, a3: results.
const std::vector<piece> behind = {
    {"addi", {0x00128613}},                              // addi a2, t0, 1
    {"uses the load", {0x00158613}},                     // addi a2, a1, 1
    {"mul", {0x02628633}},                               // mul a2, t0, t1
    {"mulh", {0x02629633}},                              // mulh a2, t0, t1
    {"mulh of the load", {0x02b29633}},                  // mulh a2, t0, a1
    {"div by 7", {0x02534633}},                          // div a2, t1, t0
    {"div by -3", {0x02734633}},                         // div a2, t1, t2
    {"divu by -3", {0x02735633}},                        // divu a2, t1, t2
    {"rem by -3", {0x02736633}},                         // rem a2, t1, t2
    {"remu by -3", {0x02737633}},                        // remu a2, t1, t2
    {"div of the load", {0x0255c633}},                   // div a2, a1, t0
    {"csrr mscratch", {0x34002673}},                     // one cycle
    {"csrr mstatus", {0x30002673}},                      // flushes the pipeline
    {"csrr mcycleh", {0xb8002673}},                      // the same
    {"branch not taken", {0x00529463}},                  // bne t0, t0, 8
    {"branch taken", {0x00528463, nop}},                 // beq t0, t0, 8
    {"jal", {0x0080066f, nop}},                          // jal a2, 8
    {"jalr", {0x00000617, 0x00c60667, nop}},             // auipc a2, 0; jalr a2, 12(a2)
    {"jr", {0x00000617, 0x00c60067, nop}},               // auipc a2, 0; jr 12(a2)
    {"jalr a3", {0x00000617, 0x00c606e7, nop}},          // auipc a2, 0; jalr a3, 12(a2)
    {"jalr later", {0x00000617, nop, 0x01060667, nop}},  // auipc a2, 0; nop; jalr a2, 16(a2)
    {"load", {0x01052603}},                              // lw a2, 16(a0)
    {"load into the same", {0x01052583}},                // lw a1, 16(a0)
    {"misaligned load", {0x01252603}},                   // lw a2, 18(a0)
    {"store", {0x00552a23}},                             // sw t0, 20(a0)
    {"fence", {0x0ff0000f}},
    {"fence.i", {0x0000100f}},
    {"nothing", {}},
};

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
  for (const piece& x : behind)
    for (const piece& y : behind) {
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
  EXPECT_LE(differ, GetParam().known_to_differ) << "of " << runs;
}

INSTANTIATE_TEST_SUITE_P(Kind, WaitingAccess,
                         ::testing::Values(access_kind{"load", {0x00852583}, 93},            // lw a1, 8(a0)
                                           access_kind{"store", {0x00552423}, 77},           // sw t0, 8(a0)
                                           access_kind{"misaligned_load", {0x00952583}, 0},  // lw a1, 9(a0)
                                           access_kind{"byte_behind_mulh", {0x02629633, 0x00854583}, 93}),
                         [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace ohmic
