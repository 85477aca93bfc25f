// What a group does about mismatches: its checkers are given another program than its RTL, which differs in places.
#include "ip/lockstep/lockstep_group.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ohmic {
namespace {

constexpr std::uint32_t base = 0x80000000;
constexpr std::uint32_t self = 0x0000006f;  // j .

std::uint32_t addi(unsigned rd, unsigned rs1, unsigned imm) { return imm << 20 | rs1 << 15 | rd << 7 | 0x13; }

struct bench {
  static constexpr bool enabled = true;

  /// The RTL adds 1 to a0 so many times (or does something else); the ISS believes that it adds 2 at these places.
  bench(unsigned length, const std::vector<unsigned>& wrong, unsigned harts = 1, std::uint32_t first_mhartid = 0,
        std::uint32_t word = addi(10, 10, 1))
      : rtl(length, word), iss(rtl) {
    rtl.push_back(self), iss.push_back(self);
    for (const unsigned at : wrong) iss[at] = addi(10, 10, 2);
    text = std::make_unique<decoded_text>(base, iss.data(), iss.size() * 4);
    group = std::make_unique<lockstep_group>(
        *text,
        text_bytes{base, static_cast<std::uint32_t>(rtl.size() * 4), reinterpret_cast<std::uint8_t*>(rtl.data())},
        harts, first_mhartid);
    seen.resize(harts);
  }
  /// Runs a hart for so many cycles, or until it halts: true.
  bool run(unsigned h, cycle_t cycles) {
    const cycle_t end = group->time(h) + cycles;
    while (group->time(h) < end) {
      const core_stop stop = group->advance(h, end, *this);
      if (stop == core_stop::halted) return true;
      if (stop == core_stop::fetch) group->fetch_complete(h, group->time(h));
    }
    return false;
  }
  void retire(unsigned h, const retire_record& r) { seen[h].push_back(r); }

  std::vector<std::uint32_t> rtl, iss;
  std::unique_ptr<decoded_text> text;
  std::unique_ptr<lockstep_group> group;
  std::vector<std::vector<retire_record>> seen;
};

TEST(LockstepGroup, HaltsAtItsFirstMismatch) {
  bench b(12, {5, 8});
  b.group->start(0, base, 0);
  EXPECT_EQ(b.group->bad_hart(), std::nullopt);
  EXPECT_TRUE(b.run(0, 1000));
  EXPECT_EQ(b.group->bad_hart(), 0u);
  EXPECT_EQ(b.group->fault(0), hart_fault::lockstep_mismatch);
  ASSERT_EQ(b.group->mismatches().size(), 1u);
  const lockstep_group::mismatch& m = b.group->mismatches()[0];
  EXPECT_EQ(m.hart, 0u);
  EXPECT_EQ(m.pc, base + 20);
  EXPECT_EQ(m.what.substr(0, m.what.find('\n')), "instruction");
  ASSERT_EQ(b.seen[0].size(), 6u) << "observers see what the RTL did, up to the mismatch";
  EXPECT_EQ(m.cycle, b.seen[0].back().cycle);
  EXPECT_EQ(b.group->counts()[static_cast<unsigned>(lockstep_class::alu)], 5u);
  EXPECT_TRUE(b.run(0, 1000)) << "and it stays halted";
  EXPECT_EQ(b.seen[0].size(), 6u);
}

TEST(LockstepGroup, GoesOnUpToTheMismatchItIsToStopAt) {
  for (const unsigned most : {1u, 2u, 3u}) {
    bench b(20, {2, 7, 11, 15});
    b.group->stop_at(most);
    b.group->start(0, base, 0);
    EXPECT_TRUE(b.run(0, 1000));
    ASSERT_EQ(b.group->mismatches().size(), most);
    const unsigned at[] = {2, 7, 11};
    for (unsigned n = 0; n < most; ++n) EXPECT_EQ(b.group->mismatches()[n].pc, base + 4 * at[n]);
    EXPECT_EQ(b.seen[0].size(), at[most - 1] + 1);
  }
}

TEST(LockstepGroup, FewerThanItIsToStopAtDoNotHaltIt) {
  bench b(20, {2, 7, 11, 15});
  b.group->stop_at(5);
  b.group->start(0, base, 0);
  EXPECT_FALSE(b.run(0, 100));
  EXPECT_EQ(b.group->mismatches().size(), 4u);
  EXPECT_EQ(b.group->bad_hart(), std::nullopt);
  EXPECT_EQ(b.group->fault(0), hart_fault::none);
  EXPECT_EQ(b.group->x(0, 10), 20u);
}

TEST(LockstepGroup, WithTheFirstMismatchStandsWhatCameBeforeIt) {
  bench b(60, {50, 55});
  b.group->stop_at(2);
  b.group->start(0, base, 0);
  EXPECT_TRUE(b.run(0, 1000));
  const std::string& first = b.group->mismatches()[0].what;
  EXPECT_NE(first.find("retirements of the RTL before it"), std::string::npos);
  EXPECT_NE(first.find("x10=00000032"), std::string::npos) << "the one right before it, its fiftieth\n" << first;
  EXPECT_EQ(first.find("x10=00000013 "), std::string::npos);
  EXPECT_EQ(first.find("x0="), std::string::npos) << "what has not been written is not listed\n" << first;
  // The reason, both sides, a heading and 31 retirements.
  EXPECT_EQ(std::count(first.begin(), first.end(), '\n'), 3 + 1 + 31) << first;
  EXPECT_EQ(b.group->mismatches()[1].what.find("before it"), std::string::npos);
}

TEST(LockstepGroup, OfSeveralHartsTheOneWithTheLastMismatchHalts) {
  bench b(12, {5}, 3);
  b.group->stop_at(2);
  for (unsigned h = 0; h < 3; ++h) b.group->start(h, base, 0);
  EXPECT_FALSE(b.run(1, 50)) << "the first one";
  EXPECT_TRUE(b.run(2, 50));
  EXPECT_EQ(b.group->bad_hart(), 2u);
  EXPECT_EQ(b.group->fault(1), hart_fault::none);
  EXPECT_EQ(b.group->fault(2), hart_fault::lockstep_mismatch);
  EXPECT_EQ(b.group->mismatches()[0].hart, 1u);
  EXPECT_EQ(b.group->mismatches()[1].hart, 2u);
  // All that retired and agreed, of all harts: what hart 2 did up to the mismatch among them.
  std::uint64_t agreed = 0;
  for (const std::uint64_t n : b.group->counts()) agreed += n;
  EXPECT_EQ(agreed, b.seen[0].size() + b.seen[1].size() + b.seen[2].size() - 2);
}

// csrr a1, mhartid: the checkers know the numbers of their harts.
TEST(LockstepGroup, ItsHartsAreNumberedFromTheFirst) {
  bench b(1, {}, 2, 70, 0xf14025f3);
  b.group->start(1, base, 0);
  EXPECT_FALSE(b.run(1, 50));
  EXPECT_EQ(b.group->x(1, 11), 71u);
  EXPECT_TRUE(b.group->mismatches().empty()) << b.group->mismatches()[0].what;
}

TEST(LockstepGroup, GoesOnWithARestoredState) {
  bench b(12, {5});
  b.group->start(0, base, 0);
  hart_state state;
  state.pc = base + 24;
  state.x[10] = 100;
  b.group->restore(0, state);
  EXPECT_FALSE(b.run(0, 100));
  EXPECT_EQ(b.group->x(0, 10), 106u);
  EXPECT_TRUE(b.group->mismatches().empty()) << b.group->mismatches()[0].what;
}

}  // namespace
}  // namespace ohmic
