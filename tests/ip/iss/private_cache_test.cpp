#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "ip/iss/iss_group.h"

namespace ohmic {
namespace {

constexpr std::uint32_t base = 0x80000000;
constexpr std::uint32_t nop = 0x00000013;

std::uint32_t jump(std::int32_t offset) {
  const auto o = static_cast<std::uint32_t>(offset);
  return (o >> 20 & 1) << 31 | (o >> 1 & 0x3ff) << 21 | (o >> 11 & 1) << 20 | (o >> 12 & 0xff) << 12 | 0x6f;
}

/// Lines asked for, in order, until the horizon.
std::vector<std::uint32_t> lines_of(iss_group& group, cycle_t until) {
  std::vector<std::uint32_t> lines;
  null_observer silent;
  for (;;) {
    const core_stop why = group.advance(0, until, silent);
    if (why != core_stop::fetch) return lines;
    lines.push_back(group.fetch_line(0));
    group.fetch_complete(0, group.time(0));
  }
}

TEST(IssPrivateCache, AsksForEachLineOnceOnAStraightPath) {
  const std::vector<std::uint32_t> words(64, nop);
  decoded_text text(base, words.data(), words.size() * 4);
  iss_group group(text, 1, 0);
  group.start(0, base + 8, 0);
  EXPECT_EQ(lines_of(group, 1000), (std::vector<std::uint32_t>{base, base + 64, base + 128, base + 192}));
}

TEST(IssPrivateCache, KeepsALoopOfItsOwnSizeAndThrashesBeyond) {
  for (const unsigned lines : {8u, 9u}) {
    std::vector<std::uint32_t> words(16 * lines, nop);
    words.back() = jump(-static_cast<std::int32_t>(words.size() * 4 - 4));
    decoded_text text(base, words.data(), words.size() * 4);
    iss_group group(text, 1, 0);
    group.start(0, base, 0);
    const auto asked = lines_of(group, 10000);
    if (lines == 8)
      EXPECT_EQ(asked.size(), 8u);
    else
      EXPECT_GT(asked.size(), 9u);  // lines 0 and 8 share a place
  }
}

TEST(IssPrivateCache, AnInstructionOverALineEndNeedsBothLines) {
  std::vector<std::uint16_t> halves(64, 0x0001);  // c.nop
  halves[31] = 0x0013;                            // a nop over the end of the first line
  halves[32] = 0x0000;
  decoded_text text(base, halves.data(), halves.size() * 2);
  iss_group group(text, 1, 0);
  group.start(0, base + 62, 0);
  null_observer silent;
  ASSERT_EQ(group.advance(0, 100, silent), core_stop::fetch);
  EXPECT_EQ(group.fetch_line(0), base);
  group.fetch_complete(0, 0);
  ASSERT_EQ(group.advance(0, 100, silent), core_stop::fetch);
  EXPECT_EQ(group.fetch_line(0), base + 64);
  group.fetch_complete(0, 0);
  ASSERT_EQ(group.advance(0, group.time(0) + 1, silent), core_stop::horizon);
  EXPECT_EQ(group.pc(0), base + 66);
}

TEST(IssPrivateCache, TheLineArrivesWhenTheClusterSays) {
  const std::vector<std::uint32_t> words(4, nop);
  decoded_text text(base, words.data(), words.size() * 4);
  iss_group group(text, 1, 0);
  group.start(0, base, 5);
  null_observer silent;
  ASSERT_EQ(group.advance(0, 100, silent), core_stop::fetch);
  // Out of reset the core asks for its first word in its third cycle; two behind that word the instruction issues.
  EXPECT_EQ(group.time(0), 7u);
  group.fetch_complete(0, 42);
  ASSERT_EQ(group.advance(0, 44, silent), core_stop::horizon);
  EXPECT_EQ(group.time(0), 44u);
  EXPECT_EQ(group.counters(0).retired, 0u);
  ASSERT_EQ(group.advance(0, 45, silent), core_stop::horizon);
  EXPECT_EQ(group.counters(0).retired, 1u);
}

TEST(IssPrivateCache, FenceIForgetsLinesAndMakesNewTextVisible) {
  std::vector<std::uint32_t> words = {0x0000100f, 0x00100513, nop, nop};  // fence.i; li a0, 1
  decoded_text text(base, words.data(), words.size() * 4);
  iss_group group(text, 1, 0);
  group.start(0, base, 0);
  null_observer silent;
  ASSERT_EQ(group.advance(0, 100, silent), core_stop::fetch);
  group.fetch_complete(0, 0);
  ASSERT_EQ(group.advance(0, 100, silent), core_stop::fetch);
  words[1] = 0x00200513;  // li a0, 2
  text.refresh(base, words.data(), words.size() * 4);
  group.fetch_complete(0, group.time(0));
  group.advance(0, group.time(0) + 1, silent);
  EXPECT_EQ(group.save(0).x[10], 2u);
}

// A jump that waits in ID behind mulh or a division has asked for its target: in the same cycle, and for the same line,
// whether the hart is advanced at once or cycle by cycle.
TEST(IssPrivateCache, AHiddenJumpsLineIsAskedForHoweverItIsAdvanced) {
  for (const std::uint32_t slow : {0x026296b3u, 0x0262c6b3u})                 // mulh, div a3, t0, t1
    for (const std::uint32_t to : {0x08060067u, 0xff060067u, 0x0800006fu}) {  // jr 128(a2), -16(a2); jal
      std::vector<std::uint32_t> words(128, nop);
      words[32] = 0x00000617;  // auipc a2, 0
      words[33] = slow;
      words[34] = to;
      decoded_text text(base, words.data(), words.size() * 4);
      std::vector<std::pair<cycle_t, std::uint32_t>> asked[2];
      for (const bool by_cycle : {false, true}) {
        iss_group group(text, 1, 0);
        group.start(0, base + 128, 0);
        null_observer silent;
        while (group.time(0) < 80 && asked[by_cycle].size() < 3) {
          if (group.advance(0, by_cycle ? group.time(0) + 1 : 80, silent) != core_stop::fetch) continue;
          asked[by_cycle].emplace_back(group.time(0), group.fetch_line(0));
          group.fetch_complete(0, group.time(0));
        }
      }
      EXPECT_EQ(asked[0], asked[1]) << std::hex << slow << " " << to;
      ASSERT_GE(asked[0].size(), 2u);
      const std::uint32_t target = to == 0x08060067u ? base + 256 : to == 0x0800006fu ? base + 136 + 128 : base + 112;
      EXPECT_EQ(asked[0][1].second, target & ~63u) << std::hex << to;
    }
}

TEST(IssPrivateCache, LeavingTheTextHalts) {
  const std::vector<std::uint32_t> words = {nop, 0x00008067};  // ret
  decoded_text text(base, words.data(), words.size() * 4);
  for (const std::uint32_t target : {0u, base - 4, base + 8, 0xfffffffeu}) {
    iss_group group(text, 1, 0);
    group.start(0, base, 0);
    hart_state s = group.save(0);
    s.x[1] = target;
    group.restore(0, s);
    lines_of(group, 100);
    null_observer silent;
    EXPECT_EQ(group.advance(0, 200, silent), core_stop::halted);
    EXPECT_EQ(group.fault(0), hart_fault::fetch_outside_text);
    EXPECT_EQ(group.pc(0), target);
    group.start(0, base, 300);  // a reset brings it back
    EXPECT_EQ(group.advance(0, 310, silent), core_stop::fetch);
  }
}

TEST(IssPrivateCache, RunningPastTheEndHalts) {
  const std::vector<std::uint32_t> words = {nop, nop};
  decoded_text text(base, words.data(), words.size() * 4);
  iss_group group(text, 1, 0);
  group.start(0, base, 0);
  lines_of(group, 100);
  null_observer silent;
  EXPECT_EQ(group.advance(0, 200, silent), core_stop::halted);
  EXPECT_EQ(group.pc(0), base + 8);
}

TEST(IssPrivateCache, AHartInResetDoesNothing) {
  const std::vector<std::uint32_t> words = {nop, nop};
  decoded_text text(base, words.data(), words.size() * 4);
  iss_group group(text, 2, 0);
  null_observer silent;
  EXPECT_EQ(group.advance(1, 10, silent), core_stop::halted);
  group.start(1, base, 0);
  group.stop(1);
  group.set_irq(1, ~0u);
  EXPECT_EQ(group.advance(1, 10, silent), core_stop::halted);
}

}  // namespace
}  // namespace ohmic
