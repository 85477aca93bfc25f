#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/ip/iss/one_instruction.h"

namespace ohmic {
namespace {

constexpr std::uint32_t base = 0x80000000;
constexpr std::uint32_t nop = 0x00000013;

std::uint32_t loop_word(unsigned funct4, unsigned l, unsigned rs1, std::uint32_t imm) {
  return imm << 20 | rs1 << 15 | 4 << 12 | funct4 << 8 | l << 7 | 0x2b;
}
std::uint32_t addi(unsigned rd, unsigned rs1, std::int32_t imm) {
  return static_cast<std::uint32_t>(imm) << 20 | rs1 << 15 | rd << 7 | 0x13;
}

struct recorder {
  static constexpr bool enabled = true;
  std::vector<std::uint32_t> pcs;
  cycle_t last = 0;
  void retire(unsigned, const retire_record& r) {
    pcs.push_back(r.pc);
    last = r.cycle;
  }
};

/// Runs until the first pc outside the words; returns the final state.
hart_state run(const std::vector<std::uint32_t>& words, const hart_state& from, recorder& r) {
  iss::decoded_text text(base, words.data(), words.size() * 4);
  iss_group group(text, 1, 0);
  group.start(0, base, 0);
  hart_state s = from;
  s.pc = base;
  group.restore(0, s);
  for (;;) {
    switch (group.advance(0, 100000, r)) {
      case core_stop::fetch:
        group.fetch_complete(0, group.time(0));
        break;
      case core_stop::halted:
        return group.save(0);
      default:
        ADD_FAILURE() << "the loop does not end";
        return group.save(0);
    }
  }
}

TEST(IssHardwareLoop, SetupFormsSetStartEndAndCount) {
  struct {
    std::uint32_t word, start, end, count;
  } const cases[] = {
      {loop_word(6, 0, 31, 4095), 4, 124, 4095},     // cv.setupi: end from the short immediate
      {loop_word(7, 0, 5, 4095), 4, 4 * 4095, 123},  // cv.setup: count from the register
      {loop_word(0, 0, 0, 100), 400, 0, 0},          // cv.starti
      {loop_word(1, 0, 6, 0), 0x1234 - base, 0, 0},  // cv.start: low two bits ignored
      {loop_word(2, 0, 0, 4095), 0, 4 * 4095, 0},    // cv.endi
      {loop_word(3, 0, 6, 0), 0, 0x1234 - base, 0},  // cv.end
      {loop_word(4, 0, 0, 4095), 0, 0, 4095},        // cv.counti
      {loop_word(5, 0, 5, 0), 0, 0, 123},            // cv.count
  };
  for (const auto& c : cases) {
    for (unsigned l = 0; l < 2; ++l) {
      std::vector<std::uint32_t> words(4100, nop);  // long enough for the longest body
      words[0] = c.word | l << 7;
      iss::decoded_text text(base, words.data(), words.size() * 4);
      iss_group group(text, 1, 0);
      group.start(0, base, 0);
      hart_state s = group.save(0);
      s.x[5] = 123;
      s.x[6] = 0x1237;
      group.restore(0, s);
      null_observer silent;
      ASSERT_EQ(group.advance(0, 1, silent), core_stop::fetch);
      group.fetch_complete(0, 0);
      group.advance(0, 1, silent);
      s = group.save(0);
      if (c.start != 0) EXPECT_EQ(s.lpstart[l], base + c.start);
      if (c.end != 0) EXPECT_EQ(s.lpend[l], base + c.end);
      EXPECT_EQ(s.lpcount[l], c.count);
      EXPECT_EQ(s.lpcount[1 - l], 0u);
      EXPECT_EQ(s.x[0], 0u);
    }
  }
}

TEST(IssHardwareLoop, RunsTheBodyCountTimesWithoutExtraCycles) {
  for (const std::uint32_t count : {0u, 1u, 2u, 3u, 100u, 4095u}) {
    const std::vector<std::uint32_t> words = {loop_word(6, 0, 4, count), addi(10, 10, 1), addi(11, 11, 1),
                                              addi(12, 12, 1), addi(13, 0, 7)};
    recorder r;
    const hart_state s = run(words, {}, r);
    const std::uint32_t times = count == 0 ? 1 : count;  // count 0 still runs the body once
    EXPECT_EQ(s.x[10], times);
    EXPECT_EQ(s.x[12], times);
    EXPECT_EQ(s.x[13], 7u);
    EXPECT_EQ(s.lpcount[0], 0u);
    EXPECT_EQ(r.last, 1 + 3 * times);
  }
}

/// The manual's example of a nested loop, shrunk to the limit: the outer end is 8 bytes behind the inner one.
TEST(IssHardwareLoop, NestsAtTheLimit) {
  for (const unsigned outer : {1u, 2u, 7u}) {
    for (const unsigned inner : {1u, 2u, 5u}) {
      const std::vector<std::uint32_t> words = {
          loop_word(0, 1, 0, 3),      // 0: starti 1, +12
          loop_word(2, 1, 0, 8),      // 4: endi 1 -> 36
          loop_word(4, 1, 0, outer),  // 8: counti 1
          loop_word(6, 0, 4, inner),  // 12: start of loop 1: setupi 0, inner, end 28
          addi(10, 10, 1),
          addi(10, 10, 1),
          addi(10, 10, 1),  // 16..24
          addi(11, 11, 1),
          addi(11, 11, 1),  // 28, 32: loop 1 ends at 36
          addi(12, 12, 1)};
      recorder r;
      const hart_state s = run(words, {}, r);
      EXPECT_EQ(s.x[10], 3 * inner * outer);
      EXPECT_EQ(s.x[11], 2 * outer);
      EXPECT_EQ(s.x[12], 1u);
      EXPECT_EQ(r.last, 3 + outer * (1 + 3 * inner + 2));
    }
  }
}

/// An end set from a register is not visible when the text is decoded.
TEST(IssHardwareLoop, EndsWhereARegisterSays) {
  hart_state s;
  s.x[5] = base + 12;
  s.x[6] = base + 24;
  s.x[7] = 9;
  const std::vector<std::uint32_t> words = {loop_word(1, 1, 5, 0), loop_word(3, 1, 6, 0), loop_word(5, 1, 7, 0),
                                            addi(10, 10, 1),       addi(10, 10, 1),       addi(10, 10, 1),
                                            addi(11, 11, 1)};
  recorder r;
  s = run(words, s, r);
  EXPECT_EQ(s.x[10], 27u);
  EXPECT_EQ(s.x[11], 1u);
}

/// The text's last instruction may be a loop's last one, wherever its end comes from.
TEST(IssHardwareLoop, MayEndWithTheText) {
  hart_state s;
  s.x[5] = base + 12;
  s.x[6] = base + 24;
  s.x[7] = 9;
  recorder r;
  s = run({loop_word(1, 1, 5, 0), loop_word(3, 1, 6, 0), loop_word(5, 1, 7, 0), addi(10, 10, 1), addi(10, 10, 1),
           addi(10, 10, 1)},
          s, r);
  EXPECT_EQ(s.x[10], 27u);
  EXPECT_EQ(run({loop_word(6, 0, 4, 9), addi(10, 10, 1), addi(10, 10, 1), addi(10, 10, 1)}, {}, r).x[10], 27u);
}

/// A loop that crosses instruction lines, and one that starts and ends at their borders.
TEST(IssHardwareLoop, CrossesLines) {
  for (unsigned before = 0; before < 40; ++before) {
    std::vector<std::uint32_t> words(before, nop);
    words.push_back(loop_word(7, 0, 5, 21));
    for (unsigned i = 0; i < 20; ++i) words.push_back(addi(10, 10, 1));
    words.push_back(addi(11, 11, 1));
    hart_state s;
    s.x[5] = 50;
    recorder r;
    s = run(words, s, r);
    EXPECT_EQ(s.x[10], 1000u) << before;
    EXPECT_EQ(s.x[11], 1u);
    EXPECT_EQ(r.last, before + 1 + 1000);
  }
}

/// The manual asks simulators to notice loops whose behaviour is undefined in hardware.
TEST(IssHardwareLoop, HaltsAtALoopThatTheManualForbids) {
  const auto fault_of = [](std::vector<std::uint32_t> words, std::uint32_t at = base) {
    words.resize(words.size() + 8, nop);
    iss::decoded_text text(base, words.data(), words.size() * 4);
    iss_group group(text, 1, 0);
    group.start(0, at, 0);
    null_observer silent;
    core_stop why = core_stop::horizon;
    for (unsigned i = 0; i < 40 && why != core_stop::halted; ++i) {
      why = group.advance(0, group.time(0) + 1, silent);
      if (why == core_stop::fetch) group.fetch_complete(0, group.time(0));
      if (why == core_stop::bus) group.complete(0, 0, group.request(0).cycle, group.request(0).cycle + 1);
      if (group.pc(0) >= base + words.size() * 4 - 8) break;
    }
    return group.fault(0);
  };
  EXPECT_EQ(fault_of({loop_word(6, 0, 4, 3), nop, nop, nop}), hart_fault::none);
  EXPECT_EQ(fault_of({loop_word(6, 0, 3, 3), nop, nop, nop}), hart_fault::loop_too_short);  // two instructions
  EXPECT_EQ(fault_of({loop_word(6, 0, 3, 0), nop, nop, nop}), hart_fault::none);            // not entered
  EXPECT_EQ(fault_of({loop_word(6, 0, 4, 3), nop, 0x00010001, nop}), hart_fault::loop_compressed);
  // beq, jal, jalr, cv.beqimm; fence, fence.i; mret, wfi; cv.counti of the loop itself
  for (const std::uint32_t jump : {0x00000463u, 0x0080006fu, 0x00008067u, 0x0005640bu})
    EXPECT_EQ(fault_of({loop_word(6, 1, 4, 3), nop, nop, jump}), hart_fault::loop_jumps) << jump;
  for (const std::uint32_t fence : {0x0000000fu, 0x0000100fu})
    EXPECT_EQ(fault_of({loop_word(6, 1, 4, 3), nop, nop, fence}), hart_fault::loop_fences) << fence;
  for (const std::uint32_t privileged : {0x30200073u, 0x10500073u})
    EXPECT_EQ(fault_of({loop_word(6, 1, 4, 3), nop, nop, privileged}), hart_fault::loop_privileged) << privileged;
  EXPECT_EQ(fault_of({loop_word(6, 1, 4, 3), nop, nop, loop_word(4, 1, 0, 0)}), hart_fault::loop_changes_itself);
  // At 2 mod 4.
  EXPECT_EQ(fault_of({0x00010000u | (loop_word(6, 0, 4, 3) & 0xffff) << 16, (loop_word(6, 0, 4, 3) >> 16) | 0x00010000,
                      nop, nop, nop},
                     base + 2),
            hart_fault::loop_set_up_misaligned);
  // The same with a body that is legal otherwise.
  EXPECT_EQ(fault_of({0x00000001u | (loop_word(6, 0, 4, 3) & 0xffff) << 16, (loop_word(6, 0, 4, 3) >> 16) | 0x00130000,
                      0x00130000, 0x00130000, 0x00130000, 0x00130000},
                     base + 2),
            hart_fault::loop_set_up_misaligned);
  // cv.starti, cv.endi, then what counts; a count before start and end.
  EXPECT_EQ(fault_of({loop_word(0, 0, 0, 3), loop_word(2, 0, 0, 5), loop_word(4, 0, 0, 2), nop, nop, nop}),
            hart_fault::none);
  EXPECT_EQ(fault_of({loop_word(0, 0, 0, 3), loop_word(2, 0, 0, 4), loop_word(4, 0, 0, 2), nop, nop, nop}),
            hart_fault::loop_too_short);
  EXPECT_EQ(fault_of({loop_word(0, 0, 0, 4), loop_word(2, 0, 0, 6), loop_word(4, 0, 0, 2), loop_word(0, 0, 0, 1), nop,
                      nop, nop}),
            hart_fault::loop_moved_while_counting);
  EXPECT_EQ(fault_of({loop_word(6, 1, 5, 2), loop_word(6, 0, 4, 2), nop, nop, nop, nop}), hart_fault::loop_nested_ends);
  EXPECT_EQ(fault_of({loop_word(6, 0, 7, 2), loop_word(6, 1, 4, 2), nop, nop, nop, nop, nop}),
            hart_fault::loop_nested_order);
  // The outer loop ends 4 bytes behind the inner one.
  EXPECT_EQ(fault_of({loop_word(6, 1, 6, 2), loop_word(6, 0, 4, 2), nop, nop, nop, nop}), hart_fault::loop_nested_ends);
  EXPECT_EQ(fault_of({loop_word(6, 1, 7, 2), loop_word(6, 0, 4, 2), nop, nop, nop, nop, nop}), hart_fault::none);
}

TEST(IssHardwareLoop, RecordsShowTheJumpBack) {
  const std::vector<std::uint32_t> words = {loop_word(6, 0, 4, 2), nop, nop, nop, nop};
  recorder r;
  run(words, {}, r);
  const std::vector<std::uint32_t> want = {base,     base + 4, base + 8,  base + 12,
                                           base + 4, base + 8, base + 12, base + 16};
  EXPECT_EQ(r.pcs, want);
}

/// Found by random programs in lock-step; docs/rtl-findings.md.
TEST(IssHardwareLoop, ItsLastInstructionReadsTheCountCountedDown) {
  recorder r;
  const hart_state s = run(
      {loop_word(6, 0, 4, 3), nop, 0x00a585b3 /* add a1, a1, a0 */, 0xcc202573 /* csrr a0, lpcount0 */, nop}, {}, r);
  EXPECT_EQ(s.x[11], 2u + 1u);
  EXPECT_EQ(s.x[10], 0u);
}

/// Without a loop there is nothing to count down.
TEST(IssHardwareLoop, ACountOfZeroIsReadAsZero) {
  test::one_instruction machine({nop, nop, 0xcc202573 /* csrr a0, lpcount0 */, nop});
  hart_state s;
  s.pc = test::code_base + 8;
  s.lpstart[0] = test::code_base;
  s.lpend[0] = test::code_base + 12;
  s = machine.step(s);
  EXPECT_EQ(s.x[10], 0u);
  EXPECT_EQ(s.pc, test::code_base + 12);
}

/// The registers have no low bits: a set-up at 2 mod 4, whose count is 0, writes its start without them.
TEST(IssHardwareLoop, StartAndEndAreMultiplesOfFour) {
  const std::uint16_t halves[] = {0x0001, 0x462b, 0x0002, 0x0001, 0x0001};  // c.nop; cv.setupi 0, 0, 16
  const decoded_text text(base, halves, sizeof halves);
  iss_group group(text, 1, 0);
  group.start(0, base + 2, 0);
  null_observer silent;
  while (group.pc(0) == base + 2)
    if (group.advance(0, group.time(0) + 1, silent) == core_stop::fetch) group.fetch_complete(0, group.time(0));
  const hart_state s = group.save(0);
  EXPECT_EQ(s.lpstart[0], base + 4);
  EXPECT_EQ(s.lpend[0], base + 16);
}

/// Found by random programs in lock-step; docs/rtl-findings.md.
TEST(IssHardwareLoop, AStatusCsrAtTheEndOfALoopWithCountZeroWrapsTheCount) {
  test::one_instruction machine({nop, nop, 0x30002573 /* csrr a0, mstatus */, nop});
  hart_state s;
  s.pc = test::code_base + 8;
  s.lpstart[1] = test::code_base;
  s.lpend[1] = test::code_base + 12;
  s = machine.step(s);
  EXPECT_EQ(s.pc, test::code_base);
  EXPECT_EQ(s.lpcount[1], ~0u);
  EXPECT_EQ(s.x[10], 0x1800u);
}

}  // namespace
}  // namespace ohmic
