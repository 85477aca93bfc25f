#include <gtest/gtest.h>

#include <vector>

#include "ip/iss/iss_group.h"

namespace ohmic {
namespace {

constexpr std::uint32_t base = 0x1000;
constexpr std::uint32_t nop = 0x00000013;

/// Ten nops at 0x1000 and a vector table of nops at 0x1100.
class IssInterrupt : public ::testing::Test {
 protected:
  explicit IssInterrupt(std::vector<std::uint32_t> words = {}) : code(256, nop) {
    std::copy(words.begin(), words.end(), code.begin());
    text = std::make_unique<iss::decoded_text>(base, code.data(), code.size() * 4);
    group = std::make_unique<iss_group>(*text, 1, 0);
    group->start(0, base, 0);
    hart_state s = group->save(0);
    s.mtvec = 0x1101;
    s.mie = 0xffff0888;
    s.mstatus = 0x1808;
    group->restore(0, s);
  }
  void load(std::vector<std::uint32_t> words) {
    std::copy(words.begin(), words.end(), code.begin());
    text->refresh(base, code.data(), code.size() * 4);
  }
  void change(void (*f)(hart_state&)) {
    hart_state s = group->save(0);
    f(s);
    group->restore(0, s);
  }
  /// Advances past fetches until another stop.
  core_stop go(cycle_t until) {
    for (;;) {
      const core_stop why = group->advance(0, until, silent);
      if (why != core_stop::fetch) return why;
      group->fetch_complete(0, group->time(0));
    }
  }
  std::vector<std::uint32_t> code;
  /// What is interrupted has to be in ID, so its line is fetched first.
  void come_to_handler() {
    const std::uint32_t from = group->save(0).pc;
    for (unsigned i = 0; i < 3 && group->save(0).pc == from; ++i) go(group->time(0) + 1);
  }

  std::unique_ptr<iss::decoded_text> text;
  std::unique_ptr<iss_group> group;
  null_observer silent;
};

TEST_F(IssInterrupt, VectorsByPriorityAndMasks) {
  struct {
    std::uint32_t lines, mie, id;
  } const cases[] = {{0xffffffff, 0xffff0888, 31}, {0x00ff0888, 0xffff0888, 23}, {0x00010888, 0xffff0888, 16},
                     {0x00000888, 0xffff0888, 11}, {0x00000088, 0xffff0888, 3},  {0x00000080, 0xffff0888, 7},
                     {0xffffffff, 0x00000080, 7},  {0xffffffff, 0x00020080, 17}};
  for (const auto& c : cases) {
    hart_state s;
    s.pc = base + 8;
    s.mtvec = 0x1101;
    s.mie = c.mie;
    s.mstatus = 0x1808;
    group->restore(0, s);
    group->set_irq(0, c.lines);
    EXPECT_TRUE(group->irq_would_be_taken(0));
    come_to_handler();
    const hart_state r = group->save(0);
    EXPECT_EQ(r.mcause, 0x80000000u | c.id);
    EXPECT_EQ(r.mepc, base + 8);
    EXPECT_EQ(r.mstatus, 0x1880u);
    EXPECT_EQ(r.pc, 0x1100 + 4 * c.id);
    group->set_irq(0, 0);
  }
}

TEST_F(IssInterrupt, DirectModeGoesToTheBase) {
  change([](hart_state& s) { s.mtvec = 0x1100; });
  group->set_irq(0, 1u << 20);
  come_to_handler();
  EXPECT_EQ(group->save(0).pc, 0x1100u);
}

TEST_F(IssInterrupt, WaitsUntilEnabledAndIsTakenRightBehindTheEnablingInstruction) {
  load({nop, nop, 0x30046073, nop, nop});  // csrsi mstatus, 8 at +8
  change([](hart_state& s) { s.mstatus = 0x1800; });
  group->set_irq(0, 1u << 11);
  EXPECT_FALSE(group->irq_would_be_taken(0));
  EXPECT_EQ(group->irq_enabled(0), 0u);
  EXPECT_EQ(go(1000), core_stop::horizon);  // stops behind the csrsi, long before 1000
  EXPECT_EQ(group->save(0).pc, base + 12);
  EXPECT_TRUE(group->irq_would_be_taken(0));
  go(group->time(0) + 1);
  const hart_state r = group->save(0);
  EXPECT_EQ(r.mepc, base + 12);
  EXPECT_EQ(r.mcause, 0x8000000bu);
}

TEST_F(IssInterrupt, EnablingStopsTheHartEvenIfNoLineIsHighYet) {
  load({nop, 0x30451073, nop, nop});  // csrw mie, a0
  change([](hart_state& s) {
    s.mie = 0;
    s.x[10] = 0x10000;
  });
  EXPECT_EQ(go(1000), core_stop::horizon);
  EXPECT_EQ(group->save(0).pc, base + 8);
  EXPECT_EQ(group->irq_enabled(0), 0x10000u);
}

TEST_F(IssInterrupt, MipShowsLinesWhetherEnabledOrNot) {
  load({0x34402573, nop});  // csrr a0, mip
  change([](hart_state& s) { s.mie = 0; });
  group->set_irq(0, 0xf0f0ffff);
  go(1);
  EXPECT_EQ(group->save(0).x[10], 0xf0f00888u);
}

// Lines are outside the core: a reset leaves them as they are.
TEST_F(IssInterrupt, LinesStayOverAReset) {
  load({0x34402573, nop});  // csrr a0, mip
  group->set_irq(0, 0x10000);
  group->stop(0);
  group->start(0, base, 100);
  go(110);
  EXPECT_EQ(group->save(0).x[10], 0x10000u);
  EXPECT_FALSE(group->irq_would_be_taken(0)) << "none is enabled";
}

// A line that rises is noticed some cycles later; one that has been high is known, whatever another one does.
TEST_F(IssInterrupt, ALineThatFallsDelaysNoOther) {
  const auto handler_begins = [&](bool other) {
    change([](hart_state& s) { s.pc = base, s.mstatus = 0x1800, s.mie = 0x30000; });
    group->set_irq(0, 0x30000, group->time(0));
    const cycle_t began = group->time(0);
    while (group->save(0).pc < base + 4 * 20) go(group->time(0) + 1);
    if (other) group->set_irq(0, 0x10000, group->time(0));
    hart_state s = group->save(0);
    s.mstatus = 0x1808;
    group->restore(0, s);
    if (!other) group->set_irq(0, 0x10000);
    while (group->save(0).pc < base + 0x100) go(group->time(0) + 1);
    const cycle_t cycles = group->time(0) - began;
    group->set_irq(0, 0);
    return cycles;
  };
  EXPECT_EQ(handler_begins(true), handler_begins(false));
}

TEST_F(IssInterrupt, DuringAnEventLoadReplaysIt) {
  load({nop, 0x0005a60b | 0x3000, nop});  // nop; cv.elw a2, 0(a1)
  change([](hart_state& s) { s.x[11] = 0x9000; });
  ASSERT_EQ(go(1000), core_stop::bus);
  EXPECT_EQ(group->request(0).addr, 0x9000u);
  group->set_irq(0, 1u << 16);
  group->complete(0, 0, 50, 51);
  go(group->time(0) + 1);
  hart_state r = group->save(0);
  EXPECT_EQ(r.mepc, base + 4);  // the cv.elw
  EXPECT_EQ(r.x[12], 0u);
  EXPECT_EQ(r.pc, 0x1140u);
  // After the handler the event load asks again.
  group->set_irq(0, 0);
  r.pc = r.mepc;
  r.mstatus = 0x1808;
  group->restore(0, r);
  ASSERT_EQ(go(1000), core_stop::bus);
  EXPECT_EQ(group->request(0).pc, base + 4);
  group->complete(0, 5, group->request(0).cycle, group->request(0).cycle + 1);
  EXPECT_EQ(group->save(0).x[12], 5u);
  EXPECT_EQ(group->save(0).pc, base + 8);
}

TEST_F(IssInterrupt, AfterAnOrdinaryAccessGoesOnBehindIt) {
  load({0x0005a603, nop});  // lw a2, 0(a1)
  ASSERT_EQ(go(1000), core_stop::bus);
  group->set_irq(0, 1u << 16);
  group->complete(0, 77, 10, 11);
  go(group->time(0) + 1);
  EXPECT_EQ(group->save(0).mepc, base + 4);
  EXPECT_EQ(group->save(0).x[12], 77u);
}

TEST_F(IssInterrupt, OnTheLastInstructionOfAHardwareLoopLeavesTheCount) {
  // cv.setupi 0, 3, 16; three nops; nop
  load({0x0032462b, nop, nop, nop, nop});
  for (unsigned i = 0; i < 3; ++i) go(group->time(0) + 1);  // setup and two nops
  EXPECT_EQ(group->save(0).pc, base + 12);
  group->set_irq(0, 1u << 16);
  go(group->time(0) + 1);
  hart_state r = group->save(0);
  EXPECT_EQ(r.mepc, base + 12);
  EXPECT_EQ(r.lpcount[0], 3u);
  // Between the last instruction and the loop's start the saved pc is the start, the count is down.
  group->set_irq(0, 0);
  r.pc = r.mepc;
  r.mstatus = 0x1808;
  group->restore(0, r);
  go(group->time(0) + 1);
  group->set_irq(0, 1u << 16);
  go(group->time(0) + 1);
  EXPECT_EQ(group->save(0).mepc, base + 4);
  EXPECT_EQ(group->save(0).lpcount[0], 2u);
}

/// From the second cycle behind the request until the third in front of the response the clock stands still, so a wait
/// costs 11 cycles of mcycle between two reads around it, however long it is (RTL: the same, TimingRandom).
TEST_F(IssInterrupt, EventLoadGatesTheClockWhileItWaits) {
  for (const cycle_t wait : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 20u, 501u}) {
    load({0x32001073, 0xb0002573, 0x0005a60b | 0x3000, 0xb00025f3, nop,
          nop});  // csrw mcountinhibit, zero; csrr a0, mcycle;
                  // cv.elw a2, 0(a1); csrr a1, mcycle
    change([](hart_state& s) {
      s.pc = base;
      s.x[11] = 0x9000;
    });
    const cycle_t began = group->time(0), awake_before = group->counters(0).awake_cycles;
    ASSERT_EQ(go(began + 1000), core_stop::bus);
    const cycle_t asked = group->request(0).cycle;
    EXPECT_EQ(asked, began + 8);  // two accesses to counters
    group->complete(0, 1, asked + (wait > 2 ? wait - 2 : 0), asked + wait);
    const cycle_t on = asked + std::max<cycle_t>({wait + 2, 4, wait > 2 ? wait + 2 : 0});
    EXPECT_EQ(group->time(0), on) << wait;
    go(on + 1);
    const cycle_t slept = wait > 5 ? wait - 5 : 0;
    EXPECT_EQ(group->save(0).x[11] - group->save(0).x[10], on - began - 4 - slept) << wait;
    EXPECT_EQ(group->counters(0).awake_cycles - awake_before, group->time(0) - began - slept) << wait;
  }
}

}  // namespace
}  // namespace ohmic
