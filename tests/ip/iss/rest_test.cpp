// Coming to rest between two instructions, state in and out (ip/core/core_seam.h), and what a retirement's record says.
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "ip/iss/iss_group.h"

namespace ohmic {
namespace {

constexpr std::uint32_t base = 0x80000000, nop = 0x13;
constexpr std::uint32_t addi_a0 = 0x00150513;  // addi a0, a0, 1

struct one_hart {
  static constexpr bool enabled = true;

  explicit one_hart(std::vector<std::uint32_t> code)
      : words(std::move(code)), text(base, words.data(), words.size() * 4), group(text, 1, 0) {
    group.start(0, base, 0);
  }
  /// Until it rests, asks for the bus, halts, or its time is `until`.
  core_stop run(cycle_t until = 1000) {
    for (;;) {
      const core_stop stop = group.advance(0, until, *this);
      if (stop == core_stop::fetch)
        group.fetch_complete(0, group.time(0));
      else if (stop != core_stop::horizon || group.resting(0) || group.time(0) >= until)
        return stop;
    }
  }
  void answer(std::uint32_t data = 0) { group.complete(0, data, group.request(0).cycle, group.request(0).cycle + 1); }
  void retire(unsigned, const retire_record& r) { seen.push_back(r); }

  std::vector<std::uint32_t> words;
  decoded_text text;
  iss_group group;
  std::vector<retire_record> seen;
};

TEST(IssRest, InFrontOfAnInstructionForTheTimeThatCounts) {
  for (const unsigned times : {1u, 2u, 3u, 7u}) {
    one_hart h({addi_a0, nop, 0xff9ff06f});  // j -8
    h.group.hold_at(0, base, times);
    EXPECT_EQ(h.run(), core_stop::horizon);
    ASSERT_TRUE(h.group.resting(0)) << times;
    EXPECT_EQ(h.group.pc(0), base);
    EXPECT_EQ(h.group.save(0).x[10], times - 1);
    const cycle_t now = h.group.time(0);
    EXPECT_EQ(h.run(now + 500), core_stop::horizon);
    EXPECT_EQ(h.group.time(0), now) << "it does nothing while it rests";
    EXPECT_EQ(h.group.save(0).x[10], times - 1);
    h.group.restore(0, h.group.save(0));
    EXPECT_FALSE(h.group.resting(0));
    h.run(now + 500);
    EXPECT_GT(h.group.save(0).x[10], times + 10) << "not held again";
  }
}

// It is where the loop goes round that its first instruction comes next again.
TEST(IssRest, AtTheStartOfAHardwareLoop) {
  for (const unsigned times : {1u, 2u, 4u, 5u}) {
    one_hart h({5u << 20 | 4 << 15 | 0x462b, addi_a0, nop, nop, nop, 0x0000006f});  // cv.setupi 0, 5, 16
    h.group.hold_at(0, base + 4, times);
    h.run();
    ASSERT_TRUE(h.group.resting(0));
    const hart_state s = h.group.save(0);
    EXPECT_EQ(s.pc, base + 4);
    EXPECT_EQ(s.x[10], times - 1);
    EXPECT_EQ(s.lpcount[0], 5 - (times - 1));
  }
}

// In front of a place where the core stays, too: it has come there once.
TEST(IssRest, AnInstructionThatWaitsHasBeenReachedOnce) {
  one_hart h({0x00052583, 0xffdff06f});  // lw a1, (a0); j -4
  h.group.hold_at(0, base, 2);
  ASSERT_EQ(h.run(), core_stop::bus);
  EXPECT_FALSE(h.group.resting(0));
  h.answer();
  EXPECT_EQ(h.run(), core_stop::horizon);
  EXPECT_TRUE(h.group.resting(0));
  EXPECT_EQ(h.group.counters(0).retired, 2u);
}

TEST(IssRest, AnAccessIsFinishedFirst) {
  one_hart h({0x00152583, nop, nop});  // lw a1, 1(a0): two halves
  ASSERT_EQ(h.run(), core_stop::bus);
  h.group.hold(0);
  EXPECT_FALSE(h.group.resting(0));
  h.answer(0x332211);
  EXPECT_FALSE(h.group.resting(0)) << "between the halves";
  ASSERT_EQ(h.run(), core_stop::bus);
  EXPECT_EQ(h.group.request(0).addr, 4u);
  EXPECT_EQ(h.group.request(0).size, 1u);
  h.answer(0x44);
  EXPECT_TRUE(h.group.resting(0));
  EXPECT_EQ(h.run(), core_stop::horizon);
  EXPECT_EQ(h.group.save(0).x[11], 0x44332211u);
  EXPECT_EQ(h.group.save(0).pc, base + 4);
}

TEST(IssRest, AHaltedHartDoesNotRest) {
  one_hart h({0x00000067});  // jr zero: outside the text
  ASSERT_EQ(h.run(), core_stop::halted);
  h.group.hold(0);
  EXPECT_FALSE(h.group.resting(0));
}

// Its clock runs for two cycles from the request on, then it sleeps until the request is taken back.
TEST(IssRest, AnEventWaitThatIsTakenBackHasSlept) {
  for (const cycle_t later : {0u, 1u, 2u, 3u, 100u}) {
    one_hart h({0x32001073, 0x0000350b | 11 << 15, nop});  // csrw mcountinhibit, zero; cv.elw a0, 0(a1)
    ASSERT_EQ(h.run(), core_stop::bus);
    const cycle_t asked = h.group.request(0).cycle;
    const std::uint64_t retired = h.group.counters(0).retired;
    h.group.withdraw(0, asked + later);
    EXPECT_TRUE(h.group.resting(0));
    EXPECT_EQ(h.group.time(0), asked + std::max<cycle_t>(later, 1)) << "the cycle of the request is over at least";
    EXPECT_EQ(h.group.counters(0).retired, retired);
    const cycle_t awake = std::min<cycle_t>(std::max<cycle_t>(later, 1), 2);
    EXPECT_EQ(h.group.counters(0).awake_cycles, asked + awake);
    const hart_state s = h.group.save(0);
    EXPECT_EQ(s.pc, base + 4);
    h.group.restore(0, s);
    ASSERT_EQ(h.run(h.group.time(0) + 100), core_stop::bus) << "it asks again";
    EXPECT_EQ(h.group.request(0).pc, base + 4);
  }
}

// ecall, whose handler is itself.
TEST(IssRest, ExceptionsInARowBeginAnewWithARestoredState) {
  one_hart h({0x00000073});
  hart_state s = h.group.save(0);
  s.mtvec = base;
  h.group.set_trap_limit(0, 3);
  for (int round = 0; round < 2; ++round) {
    h.group.restore(0, s);
    EXPECT_EQ(h.group.fault(0), hart_fault::none);
    h.seen.clear();
    EXPECT_EQ(h.run(h.group.time(0) + 1000), core_stop::halted);
    EXPECT_EQ(h.group.fault(0), hart_fault::trap_storm);
    EXPECT_EQ(h.group.trap_cause(0), 11u);
    EXPECT_EQ(h.seen.size(), 3u);
  }
}

// On its way to an instruction, too, the cluster is asked which lines are high when some become enabled.
TEST(IssRest, AWatchedHartStopsWhereInterruptsAreEnabled) {
  one_hart h({nop, 0x30046073, nop, nop, 0x0000006f});  // csrsi mstatus, 8
  hart_state s = h.group.save(0);
  s.mie = 0x10000;
  h.group.restore(0, s);
  h.group.hold_at(0, base + 16, 1);
  core_stop stop;
  while ((stop = h.group.advance(0, 1000, h)) == core_stop::fetch) h.group.fetch_complete(0, h.group.time(0));
  EXPECT_EQ(stop, core_stop::horizon);
  EXPECT_FALSE(h.group.resting(0));
  EXPECT_EQ(h.group.pc(0), base + 8);
  h.run();
  EXPECT_TRUE(h.group.resting(0));
}

// What has been asked for before belongs to the old state: its line, and the time of leaving reset.
TEST(IssRest, ARestoredHartGoesOnAtItsOwnTime) {
  for (const bool waited : {false, true}) {
    one_hart h({nop, nop, nop, nop, 0x0000006f});
    ASSERT_EQ(h.group.advance(0, 1000, h), core_stop::fetch);
    h.group.fetch_complete(0, 700);
    if (waited) h.group.advance(0, 600, h);
    const cycle_t now = h.group.time(0);
    if (waited) EXPECT_GT(now, 600u) << "the first instruction comes with its line";
    hart_state s = h.group.save(0);
    s.pc = base + 8;
    h.group.restore(0, s);
    EXPECT_EQ(h.group.time(0), waited ? now : 0) << "a hart that has just been started does not leave reset";
    while (h.seen.empty() && h.group.time(0) < 2000)
      if (h.group.advance(0, h.group.time(0) + 1, h) == core_stop::fetch) h.group.fetch_complete(0, h.group.time(0));
    ASSERT_FALSE(h.seen.empty());
    EXPECT_LT(h.seen[0].cycle, (waited ? now : 0) + 10) << "not behind the old line, which comes in cycle 700";
  }
}

// The lines of another model's hart are there for this one.
TEST(IssRest, LinesThatComeInNeedNotBeFetched) {
  for (const bool both : {false, true}) {
    one_hart h(std::vector<std::uint32_t>(32, nop));
    private_icache lines;
    lines.fill(private_icache::line_of(base));
    if (both) lines.fill(private_icache::line_of(base + 64));
    h.group.set_lines(0, lines);
    EXPECT_TRUE(h.group.lines(0) == lines);
    hart_state s;
    s.pc = base;
    h.group.restore(0, s);
    std::vector<std::uint32_t> asked;
    while (h.group.pc(0) < base + 100) {
      if (h.group.advance(0, h.group.time(0) + 1, h) != core_stop::fetch) continue;
      asked.push_back(h.group.fetch_line(0));
      h.group.fetch_complete(0, h.group.time(0));
    }
    EXPECT_EQ(asked, both ? std::vector<std::uint32_t>{} : std::vector<std::uint32_t>{base + 64});
  }
}

// Counters go on from the state's, whatever the hart did before.
TEST(IssRest, CountersAreTheStates) {
  one_hart h({nop, nop, nop, nop, 0x0000006f});
  hart_state s = h.group.save(0);
  s.mcountinhibit = 0;
  h.group.restore(0, s);
  h.run(100);
  s = h.group.save(0);
  EXPECT_GT(s.mcycle, 50u);
  s.mcycle = 1000, s.minstret = 2000, s.mtvec = 0x80000101, s.pc = base;
  h.run(300);
  h.group.restore(0, s);
  const hart_state same = h.group.save(0);
  EXPECT_EQ(same.mcycle, 1000u);
  EXPECT_EQ(same.minstret, 2000u);
  EXPECT_EQ(same.mtvec, 0x80000101u);
  EXPECT_EQ(same.pc, base);
}

// A bus shows more than was asked for: the bytes that count are the lower ones.
TEST(IssRecord, HalvesOfAMisalignedLoadTakeTheirBytesAlone) {
  for (unsigned at = 1; at < 4; ++at) {
    one_hart h({at << 20 | 0x00052583, nop});  // lw a1, at(a0)
    ASSERT_EQ(h.run(), core_stop::bus);
    h.answer(0x44332211);
    ASSERT_EQ(h.run(), core_stop::bus);
    h.answer(0x88776655);
    const unsigned first = 8 * (4 - at);
    EXPECT_EQ(h.group.save(0).x[11], (0x44332211 & ((1u << first) - 1)) | 0x88776655u << first) << at;
  }
}

// What a load brought is what it asked for, whatever else the bus showed.
TEST(IssRecord, ALoadsDataAreItsBytes) {
  one_hart h({0x00054583, 0x00050583, 0x00051583, 0x00052583, nop});  // lbu, lb, lh and lw a1, 0(a0)
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(h.run(), core_stop::bus);
    h.answer(0x8899aabb);
  }
  h.run(h.group.time(0) + 2);
  ASSERT_GE(h.seen.size(), 4u);
  const std::uint32_t data[] = {0xbb, 0xbb, 0xaabb, 0x8899aabb}, value[] = {0xbb, 0xffffffbb, 0xffffaabb, 0x8899aabb};
  for (unsigned i = 0; i < 4; ++i) {
    EXPECT_EQ(h.seen[i].mem_data, data[i]) << i;
    EXPECT_EQ(h.seen[i].rd_value, value[i]) << i;
  }
}

// Stores of less than a word; loads whose base is what they load.
TEST(IssRecord, SaysWhatTheInstructionDidAndNoMore) {
  one_hart h({0x00b50023, 0x00b51123, 0x0045250b, 0x0045258b, 0x00b5222b,
              nop});  // sb a1, 0(a0); sh a1, 2(a0); cv.lw a0, (a0), 4; cv.lw a1, (a0), 4; cv.sw a1, (a0), 4
  hart_state s = h.group.save(0);
  s.x[10] = 0x1000, s.x[11] = 0x87654321;
  h.group.restore(0, s);
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(h.run(), core_stop::bus);
    h.answer(0x2000);
  }
  h.run(h.group.time(0) + 2);
  ASSERT_GE(h.seen.size(), 5u);
  EXPECT_EQ(h.seen[0].mem_data, 0x21u);
  EXPECT_EQ(h.seen[0].mem_size, 1u);
  EXPECT_EQ(h.seen[1].mem_data, 0x4321u);
  EXPECT_EQ(h.seen[1].mem_addr, 0x1002u);
  EXPECT_EQ(h.seen[2].rd, 10u);
  EXPECT_EQ(h.seen[2].rd_value, 0x2000u);
  EXPECT_EQ(h.seen[2].rd2, 0u) << "the base is what was loaded";
  EXPECT_EQ(h.seen[3].rd, 11u);
  EXPECT_EQ(h.seen[3].rd2, 10u);
  EXPECT_EQ(h.seen[3].rd2_value, 0x2004u);
  EXPECT_EQ(h.seen[4].rd, 0u);
  EXPECT_EQ(h.seen[4].rd2, 10u);
  EXPECT_EQ(h.seen[4].rd2_value, 0x2008u);
  EXPECT_TRUE(h.seen[4].mem_write);
}

}  // namespace
}  // namespace ohmic
