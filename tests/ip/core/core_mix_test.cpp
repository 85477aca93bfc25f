// Two kinds of harts that only tell who was called: each call must reach the hart's own kind, with its own number.
#include "ip/core/core_mix.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace ohmic {
namespace {

template <unsigned Kind>
struct telling_group {
  mutable std::map<std::string, unsigned> called;  // by function: hart + 1
  bus_request asked;
  hart_counters counted;

  telling_group() {
    asked.addr = Kind;
    counted.retired = Kind;
  }
  unsigned note(const char* function, unsigned h) const {
    called[function] = h + 1;
    return 10 * Kind + h;
  }
  void start(unsigned h, std::uint32_t, cycle_t) { note("start", h); }
  void stop(unsigned h) { note("stop", h); }
  template <class Observer>
  core_stop advance(unsigned h, cycle_t, Observer&) {
    note("advance", h);
    return Kind == 1 ? core_stop::fetch : core_stop::halted;
  }
  cycle_t time(unsigned h) const { return note("time", h); }
  cycle_t due(unsigned h) const { return note("due", h); }
  cycle_t certain_until(unsigned h, cycle_t now) const { return note("certain_until", h) + now; }
  void set_stack_guard(unsigned h, stack_guard) { note("set_stack_guard", h); }
  void set_trap_limit(unsigned h, std::uint32_t most) { note("set_trap_limit", h), limit = most; }
  std::uint32_t trap_cause(unsigned h) const { return note("trap_cause", h); }
  instruction_counts instructions() const {
    instruction_counts counts;
    counts[instruction_class::alu] = Kind;
    counts[instruction_class::system] = 10 * Kind;
    return counts;
  }
  std::uint32_t limit = 0;
  const bus_request& request(unsigned h) const { return note("request", h), asked; }
  std::uint32_t fetch_line(unsigned h) const { return note("fetch_line", h); }
  void complete(unsigned h, std::uint32_t, cycle_t, cycle_t) { note("complete", h); }
  void fetch_complete(unsigned h, cycle_t) { note("fetch_complete", h); }
  void set_irq(unsigned h, std::uint32_t, cycle_t) { note("set_irq", h); }
  bool irq_would_be_taken(unsigned h) const { return note("irq_would_be_taken", h), Kind == 2; }
  std::uint32_t irq_enabled(unsigned h) const { return note("irq_enabled", h); }
  std::uint32_t pc(unsigned h) const { return note("pc", h); }
  std::uint32_t x(unsigned h, unsigned r) const { return note("x", h) + 1000 * r; }
  void warm(unsigned h) const { note("warm", h); }
  const hart_counters& counters(unsigned h) const { return note("counters", h), counted; }
  hart_fault fault(unsigned h) const {
    note("fault", h);
    return Kind == 1 ? hart_fault::none : hart_fault::fetch_outside_text;
  }
};
using first = telling_group<1>;
using second = telling_group<2>;
using mix = core_mix<first, second>;

TEST(CoreMix, EveryCallReachesTheHartsOwnKind) {
  for (const unsigned kind : {0u, 1u}) {
    const unsigned hart = 3;
    std::vector<std::uint8_t> kinds(5, static_cast<std::uint8_t>(1 - kind));
    kinds[hart] = static_cast<std::uint8_t>(kind);
    mix cores(kinds, first{}, second{});
    const unsigned value = 10 * (kind + 1) + hart;
    null_observer nobody;
    cores.start(hart, 0, 0);
    cores.stop(hart);
    EXPECT_EQ(cores.advance(hart, 0, nobody), kind == 0 ? core_stop::fetch : core_stop::halted);
    EXPECT_EQ(cores.time(hart), value);
    EXPECT_EQ(cores.due(hart), value);
    EXPECT_EQ(cores.certain_until(hart, 5000), value + 5000);
    EXPECT_EQ(cores.trap_cause(hart), value);
    EXPECT_EQ(cores.request(hart).addr, kind + 1);
    EXPECT_EQ(cores.fetch_line(hart), value);
    cores.complete(hart, 0, 0, 0);
    cores.fetch_complete(hart, 0);
    cores.set_irq(hart, 0);
    EXPECT_EQ(cores.irq_would_be_taken(hart), kind == 1);
    EXPECT_EQ(cores.irq_enabled(hart), value);
    EXPECT_EQ(cores.pc(hart), value);
    EXPECT_EQ(cores.x(hart, 7), value + 7000);
    cores.warm(hart);
    EXPECT_EQ(cores.counters(hart).retired, kind + 1);
    EXPECT_EQ(cores.fault(hart), kind == 0 ? hart_fault::none : hart_fault::fetch_outside_text);
    const auto& own = kind == 0 ? cores.group<first>().called : cores.group<second>().called;
    const auto& other = kind == 0 ? cores.group<second>().called : cores.group<first>().called;
    EXPECT_EQ(own.size(), 19u);
    for (const auto& [function, called] : own) EXPECT_EQ(called, hart + 1) << function;
    EXPECT_TRUE(other.empty());
  }
}

// A hart may become one of another kind, which then is guarded already.
TEST(CoreMix, GuardsAndLimitsReachAllKinds) {
  mix cores({0, 1, 1, 0}, first{}, second{});
  cores.set_stack_guard(2, {});
  cores.set_trap_limit(1, 77);
  for (const auto& called : {cores.group<first>().called, cores.group<second>().called}) {
    EXPECT_EQ(called.at("set_stack_guard"), 3u);
    EXPECT_EQ(called.at("set_trap_limit"), 2u);
  }
  EXPECT_EQ(cores.group<first>().limit, 77u);
  EXPECT_EQ(cores.group<second>().limit, 77u);
}

TEST(CoreMix, InstructionsOfAllKindsAddUp) {
  const mix cores({0, 1}, first{}, second{});
  const instruction_counts counts = cores.instructions();
  EXPECT_EQ(counts[instruction_class::alu], 3u);
  EXPECT_EQ(counts[instruction_class::system], 30u);
  EXPECT_EQ(counts.total(), 33u);
}

TEST(CoreMix, KnowsItsHartsAndTheirKinds) {
  const mix cores({0, 1, 1, 0}, first{}, second{});
  EXPECT_EQ(cores.size(), 4u);
  EXPECT_EQ(cores.kind(0), 0u);
  EXPECT_EQ(cores.kind(2), 1u);
}

}  // namespace
}  // namespace ohmic
