#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "ip/iss/iss_group.h"
#include "ip/lockstep/lockstep_group.h"
#include "ip/rtl_core/rtl_group.h"

namespace ohmic {
namespace {

constexpr std::uint32_t base = 0x80000000, floor_ = 0x10000400, limit = 0x10000800;

/// Where a program ended: halted by its stack, or at its last instruction, a jump out of the text.
struct ending {
  hart_fault fault;
  std::uint32_t pc, sp;
  std::size_t accesses;
  bool operator==(const ending& o) const {
    return fault == o.fault && pc == o.pc && sp == o.sp && accesses == o.accesses;
  }
};

/// Loads answer with the word at `loaded`; all accesses take a cycle.
template <class Group>
ending end_of(Group& group, std::uint32_t loaded) {
  ending e{};
  null_observer nobody;
  group.set_stack_guard(0, {floor_, limit});
  group.start(0, base, 0);
  for (;;) {
    switch (group.advance(0, 10000, nobody)) {
      case core_stop::bus: {
        const bus_request r = group.request(0);
        ++e.accesses;
        group.complete(0, loaded, r.cycle, r.cycle + 1);
        break;
      }
      case core_stop::fetch:
        group.fetch_complete(0, group.time(0));
        break;
      case core_stop::horizon:
        if (group.time(0) >= 10000) ADD_FAILURE() << "did not end";
        if (group.time(0) >= 10000) return e;
        break;
      case core_stop::halted:
        e.fault = group.fault(0);
        e.pc = group.pc(0);
        e.sp = group.x(0, 2);
        return e;
    }
  }
}

/// The same on every model.
ending end_of(std::vector<std::uint32_t> words, std::uint32_t loaded = 0) {
  words.push_back(0x00000067);  // jr zero
  const decoded_text decoded(base, words.data(), words.size() * 4);
  const text_bytes bytes{base, static_cast<std::uint32_t>(words.size() * 4),
                         reinterpret_cast<const std::uint8_t*>(words.data())};
  iss_group iss(decoded, 1, 0);
  rtl_group rtl(bytes, 1, 0);
  lockstep_group both(decoded, bytes, 1, 0);
  const ending e = end_of(iss, loaded);
  const ending r = end_of(rtl, loaded), l = end_of(both, loaded);
  EXPECT_TRUE(e == r) << std::hex << "ISS " << e.pc << " " << e.sp << ", RTL " << r.pc << " " << r.sp;
  EXPECT_TRUE(r == l) << "lock-step differs from the RTL";
  return e;
}

constexpr std::uint32_t sp_at_limit = 0x10001137,  // lui sp, 0x10001
    sub_800 = 0x80010113,                          // addi sp, sp, -2048: at the limit
    sub_16 = 0xff010113, add_16 = 0x01010113, sub_1024 = 0xc0010113, store = 0x00512023 /* sw t0, 0(sp) */,
                        load = 0x00012283 /* lw t0, 0(sp) */, nop = 0x00000013;

void expect_fine(const ending& e) { EXPECT_EQ(e.fault, hart_fault::fetch_outside_text); }
void expect_overflow(const ending& e, unsigned instruction, std::uint32_t sp) {
  EXPECT_EQ(e.fault, hart_fault::stack_overflow);
  EXPECT_EQ(e.pc, base + 4 * instruction);
  EXPECT_EQ(e.sp, sp);
}

TEST(StackGuardTest, TheWholeStackMayBeUsed) { expect_fine(end_of({sp_at_limit, sub_800, store, load, nop, store})); }

TEST(StackGuardTest, TheFirstAccessBelowItIsAnOverflow) {
  const ending e = end_of({sp_at_limit, sub_800, store, sub_16, nop, nop, store, store});
  expect_overflow(e, 6, limit - 16);
  EXPECT_EQ(e.accesses, 1u) << "the overflowing store is not made";
  expect_overflow(end_of({sp_at_limit, sub_800, sub_16, load}), 3, limit - 16);
}

TEST(StackGuardTest, AnyAddressCountsNotOnlyThoseFromSp) {
  // mv a0, sp; addi sp, sp, -16; sb zero, -1(a0)
  expect_overflow(end_of({sp_at_limit, sub_800, 0x00010513, sub_16, 0xfe050fa3}), 4, limit - 16);
}

TEST(StackGuardTest, MovingSpThereAndBackWithoutAnAccessIsFine) {
  expect_fine(end_of({sp_at_limit, sub_800, sub_16, nop, add_16, store, load}));
}

TEST(StackGuardTest, StacksBelowTheFloorAreTheProgramsOwn) {
  expect_fine(end_of({sp_at_limit, sub_800, sub_1024, sub_16, store}));
  expect_overflow(end_of({sp_at_limit, sub_800, sub_1024, store}), 3, floor_);
}

TEST(StackGuardTest, WhateverPutsSpThereIsSeen) {
  expect_overflow(end_of({sp_at_limit, 0x40000293 /* li t0, 1024 */, sub_800, 0x40510133 /* sub sp, sp, t0 */, load}),
                  4, floor_);
  expect_overflow(end_of({sp_at_limit, 0x00012103 /* lw sp, 0(sp) */, store}, limit - 4), 2, limit - 4);
  expect_overflow(end_of({sp_at_limit, sub_800, 0x71797179 /* c.addi16sp sp, -48, twice */, nop, store}), 4,
                  limit - 96);
  // mv t0, sp; addi t0, t0, -4; csrw mscratch, t0; csrrw sp, mscratch, sp
  expect_overflow(end_of({sp_at_limit, sub_800, 0x00010293, 0xffc28293, 0x34029073, 0x34011173, store}), 6, limit - 4);
  // cv.sw t0, (sp), -4 puts the word at the limit and steps sp below it
  expect_overflow(end_of({sp_at_limit, sub_800, 0xfe512e2b, nop, store}), 4, limit - 4);
}

TEST(StackGuardTest, ItIsOffWithoutALimit) {
  const std::vector<std::uint32_t> words = {0x00012023 /* sw zero, 0(sp) */, 0x00000067};
  const decoded_text text(base, words.data(), words.size() * 4);
  iss_group group(text, 1, 0);
  null_observer nobody;
  group.start(0, base, 0);
  while (group.advance(0, 100, nobody) == core_stop::fetch) group.fetch_complete(0, group.time(0));
  EXPECT_EQ(group.request(0).addr, 0u);
  EXPECT_EQ(group.fault(0), hart_fault::none);
}

TEST(StackGuardTest, ItStaysThroughResetAndHoldsForAStateThatComesIn) {
  const std::vector<std::uint32_t> words = {store, 0x00000067};
  const decoded_text text(base, words.data(), words.size() * 4);
  iss_group group(text, 1, 0);
  group.set_stack_guard(0, {floor_, limit});
  null_observer nobody;
  hart_state state;
  state.pc = base;
  state.x[2] = limit - 4;
  group.start(0, base, 0);
  group.restore(0, state);
  core_stop stop;
  while ((stop = group.advance(0, 100, nobody)) == core_stop::fetch) group.fetch_complete(0, group.time(0));
  EXPECT_EQ(stop, core_stop::halted);
  EXPECT_EQ(group.fault(0), hart_fault::stack_overflow);
}

/// Taken back, it stops nobody.
template <class Group>
void expect_no_guard_any_more(Group group) {
  null_observer nobody;
  group.set_stack_guard(0, {floor_, limit});
  group.start(0, base, 0);
  group.set_stack_guard(0, {});
  hart_state state;
  state.pc = base;
  state.x[2] = limit - 4;
  group.restore(0, state);
  for (core_stop stop; (stop = group.advance(0, 200, nobody)) != core_stop::bus;) {
    ASSERT_NE(stop, core_stop::halted);
    ASSERT_LT(group.time(0), 200u);
    if (stop == core_stop::fetch) group.fetch_complete(0, group.time(0));
  }
  EXPECT_EQ(group.request(0).addr, limit - 4);
}

TEST(StackGuardTest, ItCanBeTakenBack) {
  const std::vector<std::uint32_t> words = {0x00012023 /* sw zero, 0(sp) */, 0x0000006f};
  const decoded_text text(base, words.data(), words.size() * 4);
  const text_bytes bytes{base, 8, reinterpret_cast<const std::uint8_t*>(words.data())};
  expect_no_guard_any_more(iss_group(text, 1, 0));
  expect_no_guard_any_more(rtl_group(bytes, 1, 0));
  expect_no_guard_any_more(lockstep_group(text, bytes, 1, 0));
}

}  // namespace
}  // namespace ohmic
