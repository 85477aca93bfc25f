// A group's harts between reset and reset; what they compute and when is in the tests of the ISS's parts.
#include "ip/iss/iss_group.h"

#include <gtest/gtest.h>

#include <vector>

namespace ohmic {
namespace {

constexpr std::uint32_t base = 0x80000000, nop = 0x13;

/// Until the hart halts, asks for the bus, or its time is `until`; lines are there as they are asked for.
core_stop run(iss_group& group, unsigned h, cycle_t until) {
  null_observer silent;
  for (;;) {
    const core_stop stop = group.advance(h, until, silent);
    if (stop == core_stop::fetch)
      group.fetch_complete(h, group.time(h));
    else if (stop != core_stop::horizon || group.time(h) >= until)
      return stop;
  }
}

// csrwi mcountinhibit, 0; csrw mcycle, zero; csrw minstret, zero; six nops; csrr a1, mcycle; csrr a2, minstret; j .
const std::vector<std::uint32_t> counting = {0x32005073, 0xb0001073, 0xb0201073, nop,        nop,        nop,
                                             nop,        nop,        nop,        0xb00025f3, 0xb0202673, 0x0000006f};

TEST(IssGroup, EverythingCountsFromTheStartWheneverThatIs) {
  const decoded_text text(base, counting.data(), counting.size() * 4);
  hart_state first;
  for (const cycle_t start : {0u, 1u, 500u, 1000000u}) {
    iss_group group(text, 1, 0);
    group.start(0, base, start);
    run(group, 0, start + 200);
    EXPECT_EQ(group.counters(0).awake_cycles, group.time(0) - start) << start;
    const hart_state s = group.save(0);
    if (start == 0) first = s;
    EXPECT_EQ(s.x[11], first.x[11]) << start;
    EXPECT_EQ(s.x[12], 7u) << "six nops and the csrr";
    EXPECT_EQ(s.mcycle, first.mcycle) << start;
    EXPECT_EQ(s.minstret, first.minstret) << start;
  }
}

TEST(IssGroup, ASecondStartCountsAnew) {
  const decoded_text text(base, counting.data(), counting.size() * 4);
  iss_group group(text, 1, 0);
  group.start(0, base, 0);
  run(group, 0, 200);
  const std::uint64_t retired = group.counters(0).retired;
  const hart_state before = group.save(0);
  group.stop(0);
  group.start(0, base, 1000);
  EXPECT_EQ(group.counters(0).retired, 0u);
  run(group, 0, 1200);
  EXPECT_EQ(group.counters(0).retired, retired);
  EXPECT_EQ(group.counters(0).awake_cycles, group.time(0) - 1000);
  EXPECT_EQ(group.save(0).mcycle, before.mcycle);
  EXPECT_EQ(group.instructions().total(), 2 * retired) << "the group's own count goes on";
}

TEST(IssGroup, ItsHartsAreApart) {
  const std::vector<std::uint32_t> words = {0xf1402573, 0x00150513, 0xffdff06f};  // csrr a0, mhartid; addi; j -4
  const decoded_text text(base, words.data(), words.size() * 4);
  iss_group group(text, 3, 40);
  for (const unsigned h : {2u, 0u}) group.start(h, base, 0);
  run(group, 2, 100);
  const std::uint32_t second = group.x(2, 10);
  EXPECT_GT(second, 42u);
  EXPECT_EQ(group.counters(0).retired, 0u);
  run(group, 0, 100);
  EXPECT_EQ(group.x(0, 10), second - 2) << "40 and 42, and as many steps";
  EXPECT_EQ(group.x(2, 10), second);
  group.stop(2);
  null_observer silent;
  EXPECT_EQ(group.advance(2, 200, silent), core_stop::halted);
  EXPECT_EQ(group.advance(1, 200, silent), core_stop::halted) << "never started";
  run(group, 0, 200);
  EXPECT_GT(group.x(0, 10), second);
}

TEST(IssGroup, OnlyLinesGuardAndTrapLimitOutliveAReset) {
  const std::vector<std::uint32_t> words = {0x00000073, nop};  // ecall, to itself
  const decoded_text text(base, words.data(), words.size() * 4);
  iss_group group(text, 1, 7);
  group.set_trap_limit(0, 4);
  group.set_stack_guard(0, {0x100, 0x200});
  group.start(0, base, 0);
  hart_state s = group.save(0);
  s.mtvec = base;
  s.mie = 0x800;
  s.x[5] = 1;
  group.restore(0, s);
  group.set_irq(0, 0x800);
  EXPECT_EQ(run(group, 0, 500), core_stop::halted);
  EXPECT_EQ(group.fault(0), hart_fault::trap_storm);
  group.start(0, base, 600);
  EXPECT_EQ(group.fault(0), hart_fault::none);
  const hart_state fresh = group.save(0);
  EXPECT_EQ(fresh.x[5], 0u);
  EXPECT_EQ(fresh.mtvec, 1u);
  EXPECT_EQ(fresh.mie, 0u);
  EXPECT_EQ(fresh.mcause, 0u);
  EXPECT_EQ(fresh.pc, base);
  s = fresh;
  s.mie = 0x800;
  s.mstatus = 0x1808;
  s.mtvec = base;
  group.restore(0, s);
  EXPECT_TRUE(group.irq_would_be_taken(0)) << "the line is still high";
  group.set_irq(0, 0);
  EXPECT_EQ(run(group, 0, 1500), core_stop::halted);
  EXPECT_EQ(group.fault(0), hart_fault::trap_storm) << "the limit is still there";
}

}  // namespace
}  // namespace ohmic
