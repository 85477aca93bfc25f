// What a change of a hart's kind asks of both kinds, step by step: kinds that only count time.
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "ip/core/core_relay.h"

namespace ohmic {
namespace {

/// One hart, which rests as soon as it is to.
template <unsigned Kind>
struct idle_group {
  cycle_t clock = 0;
  bool held = false;
  std::uint32_t irq = 0, held_at = 0;
  unsigned times = 0, withdrawn = 0, stopped = 0;
  private_icache cache;
  std::size_t version = 0;
  hart_state state;
  hart_counters counted;

  void start(unsigned, std::uint32_t pc, cycle_t now) {
    const hart_counters done = counted;
    *this = {};
    counted = done;
    state.pc = pc;
    clock = now;
  }
  void stop(unsigned) { ++stopped; }
  template <class Observer>
  core_stop advance(unsigned, cycle_t until, Observer&) {
    if (!held) clock = until;
    return core_stop::horizon;
  }
  cycle_t time(unsigned) const { return clock; }
  void set_irq(unsigned, std::uint32_t lines, cycle_t) { irq = lines; }
  const hart_counters& counters(unsigned) const { return counted; }
  void hold(unsigned) { held = true; }
  void hold_at(unsigned, std::uint32_t pc, unsigned n) { held_at = pc, times = n; }
  void withdraw(unsigned, cycle_t) { held = true, ++withdrawn; }
  bool resting(unsigned) const { return held; }
  hart_state save(unsigned) const { return state; }
  void restore(unsigned, const hart_state& s) { state = s; }
  const private_icache& lines(unsigned) const { return cache; }
  void set_lines(unsigned, const private_icache& lines) { cache = lines; }
  std::size_t text_version(unsigned) const { return version; }
  void set_text_version(unsigned, std::size_t v) { version = v; }
};
using first = idle_group<1>;
using second = idle_group<2>;
using relay = core_relay<first, second>;

relay_leg leg(unsigned order, unsigned kind, cycle_t cycle = never) {
  relay_leg l;
  l.order = order;
  l.kind = kind;
  l.cycle = cycle;
  return l;
}

TEST(RelaySteps, AllThatAHartHasGoesWithItInTheCycleOfItsLeg) {
  relay cores({0}, {{leg(4, 1, 10)}}, first{}, second{});
  null_observer nobody;
  cores.start(0, 0x80000000, 5);
  cores.set_irq(0, 0x800);
  first& old = cores.group<first>();
  old.cache.fill(7);
  old.version = 3;
  old.state.x[5] = 77;
  old.state.pc = 0x80000040;
  old.counted.retired = 10;
  old.counted.awake_cycles = 20;
  const second& now = cores.group<second>();
  EXPECT_EQ(cores.advance(0, 9, nobody), core_stop::horizon);
  EXPECT_EQ(cores.kind(0), 0u);
  EXPECT_EQ(cores.legs_ahead(0).size(), 1u);
  EXPECT_EQ(cores.advance(0, 100, nobody), core_stop::horizon);
  EXPECT_EQ(cores.kind(0), 1u);
  EXPECT_EQ(old.stopped, 1u);
  ASSERT_EQ(cores.changes().size(), 1u);
  EXPECT_EQ(cores.changes()[0].order, 4u);
  EXPECT_EQ(cores.changes()[0].cycle, 10u);
  EXPECT_EQ(cores.changes()[0].pc, 0x80000040u);
  EXPECT_EQ(now.irq, 0x800u);
  EXPECT_TRUE(now.cache.holds(7));
  EXPECT_EQ(now.version, 3u);
  EXPECT_EQ(now.state.x[5], 77u);
  EXPECT_EQ(now.clock, 100u) << "it went on at once";
  EXPECT_TRUE(cores.legs_ahead(0).empty());
  cores.group<second>().counted.retired = 4;
  EXPECT_EQ(cores.counters(0).retired, 14u);
  EXPECT_EQ(cores.counters(0).awake_cycles, 20u);
  cores.start(0, 0x80000000, 200);
  EXPECT_EQ(cores.group<second>().irq, 0x800u) << "the lines stand whatever the core does";
  EXPECT_EQ(cores.counters(0).retired, 4u) << "out of reset: what it did before does not count";
}

TEST(RelaySteps, ALegToAnInstructionIsLookedOutForFromTheLegBeforeOn) {
  relay_leg at_pc = leg(2, 0);
  at_pc.at_pc = true, at_pc.pc = 0x80000010, at_pc.times = 3;
  relay cores({0}, {{leg(1, 1, 10), at_pc}}, first{}, second{});
  null_observer nobody;
  cores.start(0, 0x80000000, 0);
  EXPECT_EQ(cores.group<first>().times, 0u);
  cores.advance(0, 20, nobody);
  EXPECT_EQ(cores.group<second>().held_at, 0x80000010u);
  EXPECT_EQ(cores.group<second>().times, 3u);
  EXPECT_EQ(cores.kind(0), 1u);
  cores.group<second>().held = true;  // it has come there
  cores.advance(0, 30, nobody);
  EXPECT_EQ(cores.kind(0), 0u);
}

TEST(RelaySteps, OnlyWhoseNextLegItIsIsWokenForIt) {
  relay cores({0, 0, 0}, {{leg(1, 1), leg(2, 0)}, {leg(2, 1)}, {}}, first{}, second{});
  EXPECT_FALSE(cores.leaves(0));
  EXPECT_EQ(cores.trigger(2, 50, 0b111), 0b010u) << "hart 0 is to go another leg first";
  EXPECT_FALSE(cores.leaves(0));
  EXPECT_TRUE(cores.leaves(1));
  EXPECT_FALSE(cores.leaves(2)) << "it has no leg";
  EXPECT_EQ(cores.trigger(1, 60, 0b110), 0u) << "hart 0 is awake";
  EXPECT_TRUE(cores.leaves(0));
  EXPECT_EQ(cores.legs_ahead(0)[0].cycle, 60u);
  EXPECT_EQ(cores.legs_ahead(0)[1].cycle, 50u);
  EXPECT_EQ(cores.trigger(1, 60, 0b001), 0b001u);
  cores.withdraw(0, 60);
  EXPECT_EQ(cores.group<first>().withdrawn, 1u);
}

}  // namespace
}  // namespace ohmic
