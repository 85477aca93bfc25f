// The constraints of the CV32E40P user manual, "CORE-V Hardware Loop feature", one by one, without a core.
#include "ip/core/loop_rules.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace ohmic {
namespace {

constexpr std::uint32_t base = 0x80000000, nop = 0x00000013;

/// funct3 4 of the custom opcode: 0 cv.starti, 1 cv.start, 2 cv.endi, 3 cv.end, 4 cv.counti, 5 cv.count, 6 cv.setupi,
/// 7 cv.setup.
constexpr std::uint32_t loop_word(unsigned which, unsigned loop) { return which << 8 | loop << 7 | 4 << 12 | 0x2b; }

class program {
 public:
  explicit program(std::vector<std::uint32_t> words) : words_(std::move(words)) {}
  text_bytes text() const {
    return {base, static_cast<std::uint32_t>(words_.size() * 4), reinterpret_cast<const std::uint8_t*>(words_.data())};
  }

 private:
  std::vector<std::uint32_t> words_;
};

hart_fault fault_of_body(std::vector<std::uint32_t> body, unsigned loop = 0) {
  const program p(std::move(body));
  return check_loop_body(p.text(), loop, base, base + p.text().size);
}

TEST(LoopBody, HasAtLeastThreeInstructions) {
  const program p(std::vector<std::uint32_t>(8, nop));
  EXPECT_EQ(check_loop_body(p.text(), 0, base, base + 12), hart_fault::none);
  EXPECT_EQ(check_loop_body(p.text(), 0, base, base + 8), hart_fault::loop_too_short);
  EXPECT_EQ(check_loop_body(p.text(), 0, base, base + 11), hart_fault::loop_too_short);
  EXPECT_EQ(check_loop_body(p.text(), 0, base, base), hart_fault::loop_too_short);
  EXPECT_EQ(check_loop_body(p.text(), 0, base + 16, base), hart_fault::loop_too_short);
}

TEST(LoopBody, LiesInTheTextToItsLastByte) {
  const program p(std::vector<std::uint32_t>(8, nop));
  EXPECT_EQ(check_loop_body(p.text(), 0, base, base + 32), hart_fault::none);
  EXPECT_EQ(check_loop_body(p.text(), 0, base + 20, base + 32), hart_fault::none);
  EXPECT_EQ(check_loop_body(p.text(), 0, base, base + 36), hart_fault::loop_outside_text);
  EXPECT_EQ(check_loop_body(p.text(), 0, base - 4, base + 12), hart_fault::loop_outside_text);
  EXPECT_EQ(check_loop_body(p.text(), 0, base + 32, base + 48), hart_fault::loop_outside_text);
}

TEST(LoopBody, HasNoInstructionThatTheManualForbidsAtAnyPlace) {
  struct {
    std::uint32_t word;
    hart_fault fault;
  } const forbidden[] = {
      {0x00010001, hart_fault::loop_compressed}, {0x00000063, hart_fault::loop_jumps},  // beq
      {0x0000006f, hart_fault::loop_jumps},                                             // jal
      {0x00008067, hart_fault::loop_jumps},                                             // jalr
      {0x0005600b, hart_fault::loop_jumps},                                             // cv.beqimm
      {0x0005700b, hart_fault::loop_jumps},                                             // cv.bneimm
      {0x0000000f, hart_fault::loop_fences},     {0x0000100f, hart_fault::loop_fences},
      {0x30200073, hart_fault::loop_privileged},  // mret
      {0x7b200073, hart_fault::loop_privileged},  // dret
      {0x10500073, hart_fault::loop_privileged},  // wfi
  };
  for (const auto& f : forbidden) {
    for (unsigned place = 0; place < 4; ++place) {
      std::vector<std::uint32_t> body(4, nop);
      body[place] = f.word;
      EXPECT_EQ(fault_of_body(body), f.fault) << std::hex << f.word << " at " << place;
    }
  }
}

TEST(LoopBody, MayHaveWhatOnlyLooksLikeIt) {
  // cv.lb post-increment (custom-0 with funct3 0) and cv.elw (funct3 3); ecall, ebreak, csrw; a load.
  for (const std::uint32_t word : {0x0005000bu, 0x0005300bu, 0x00000073u, 0x00100073u, 0x34051073u, 0x00052503u})
    EXPECT_EQ(fault_of_body({nop, word, nop}), hart_fault::none) << std::hex << word;
}

TEST(LoopBody, WritesTheOtherLoopsRegistersOnly) {
  for (unsigned which = 0; which < 8; ++which) {
    for (const unsigned loop : {0u, 1u}) {
      const std::uint32_t own = loop_word(which, loop), others = loop_word(which, 1 - loop);
      EXPECT_EQ(fault_of_body({nop, own, nop}, loop), hart_fault::loop_changes_itself) << which;
      EXPECT_EQ(fault_of_body({nop, others, nop}, loop), hart_fault::none) << which;
    }
  }
}

loop_registers both(std::uint32_t start0, std::uint32_t end0, std::uint32_t start1, std::uint32_t end1) {
  return {{start0, start1}, {end0, end1}, {2, 2}};
}

TEST(LoopNesting, TheOuterOneIsLoopOneAndEndsEightBytesLater) {
  EXPECT_EQ(check_loop_nesting(both(112, 124, 100, 132)), hart_fault::none);
  EXPECT_EQ(check_loop_nesting(both(112, 124, 100, 131)), hart_fault::loop_nested_ends);
  EXPECT_EQ(check_loop_nesting(both(112, 124, 100, 124)), hart_fault::loop_nested_ends);
  EXPECT_EQ(check_loop_nesting(both(112, 124, 100, 120)), hart_fault::loop_nested_order);
  EXPECT_EQ(check_loop_nesting(both(100, 132, 112, 124)), hart_fault::loop_nested_order);
  EXPECT_EQ(check_loop_nesting(both(100, 112, 100, 120)), hart_fault::none) << "both may start together";
}

TEST(LoopNesting, LoopsOneBehindTheOtherAreNotNested) {
  EXPECT_EQ(check_loop_nesting(both(100, 112, 112, 124)), hart_fault::none);
  EXPECT_EQ(check_loop_nesting(both(112, 124, 100, 112)), hart_fault::none);
}

TEST(LoopNesting, ALoopThatDoesNotCountIsNotThere) {
  loop_registers r = both(100, 132, 112, 124);
  r.count[0] = 0;
  EXPECT_EQ(check_loop_nesting(r), hart_fault::none);
  r = both(100, 132, 112, 124);
  r.count[1] = 0;
  EXPECT_EQ(check_loop_nesting(r), hart_fault::none);
}

class LoopRules : public ::testing::Test {
 protected:
  hart_fault written(std::uint32_t pc, unsigned loop, unsigned what) {
    return rules.written(words.text(), pc, loop, what, registers);
  }
  void has_body(unsigned loop, std::uint32_t start, std::uint32_t end, std::uint32_t count) {
    registers.start[loop] = start;
    registers.end[loop] = end;
    registers.count[loop] = count;
  }

  // A set-up at 0, nops, a jump at 40, nops.
  program words{{loop_word(6, 0), nop, nop, nop, nop, nop, nop, nop, nop, nop, 0x6f, nop, nop, nop}};
  loop_registers registers;
  loop_rules rules;
};

TEST_F(LoopRules, StartAndEndAreSetBeforeTheCount) {
  has_body(0, base + 4, base + 44, 0);  // over the jump: nobody goes round it yet
  EXPECT_EQ(written(base, 0, loop_write_start), hart_fault::none);
  EXPECT_EQ(written(base, 0, loop_write_end), hart_fault::none);
  registers.count[0] = 1;
  EXPECT_EQ(written(base, 0, loop_write_count), hart_fault::loop_jumps);
}

TEST_F(LoopRules, NothingMovesWhileItCounts) {
  has_body(0, base + 4, base + 16, 3);
  EXPECT_EQ(written(base, 0, loop_write_all), hart_fault::none);
  EXPECT_EQ(written(base, 0, loop_write_start), hart_fault::loop_moved_while_counting);
  EXPECT_EQ(written(base, 0, loop_write_end), hart_fault::loop_moved_while_counting);
  EXPECT_EQ(written(base, 0, loop_write_count), hart_fault::none) << "its count may be set anew";
  registers.count[0] = 0;
  EXPECT_EQ(written(base, 0, loop_write_start), hart_fault::none) << "it has run out";
}

TEST_F(LoopRules, ABodyThatWasCheckedIsCheckedAgainWhereItsStartOrItsEndIsAnother) {
  has_body(0, base + 4, base + 16, 2);
  EXPECT_EQ(written(base, 0, loop_write_all), hart_fault::none);
  has_body(0, base + 4, base + 44, 2);
  EXPECT_EQ(written(base, 0, loop_write_all), hart_fault::loop_jumps);
  EXPECT_EQ(written(base, 0, loop_write_all), hart_fault::loop_jumps) << "what was refused is not taken for checked";
  has_body(0, base + 36, base + 48, 2);
  EXPECT_EQ(written(base, 0, loop_write_all), hart_fault::loop_jumps);
  has_body(0, base + 44, base + 56, 2);
  EXPECT_EQ(written(base, 0, loop_write_all), hart_fault::none);
  has_body(0, base + 36, base + 56, 2);
  EXPECT_EQ(written(base, 0, loop_write_all), hart_fault::loop_jumps) << "the same end";
}

TEST_F(LoopRules, OneLoopsBodyIsNotCheckedForTheOther) {
  program changes_zero{{loop_word(6, 1), nop, loop_word(4, 0), nop, nop}};
  has_body(1, base + 4, base + 16, 2);
  EXPECT_EQ(rules.written(changes_zero.text(), base, 1, loop_write_all, registers), hart_fault::none);
  registers = {};
  has_body(0, base + 4, base + 16, 2);
  EXPECT_EQ(rules.written(changes_zero.text(), base, 0, loop_write_all, registers), hart_fault::loop_changes_itself);
}

TEST_F(LoopRules, ResetForgetsWhatWasChecked) {
  has_body(0, base + 4, base + 16, 2);
  EXPECT_EQ(written(base, 0, loop_write_all), hart_fault::none);
  rules.reset();
  program other{{loop_word(6, 0), nop, 0x6f, nop, nop}};
  EXPECT_EQ(rules.written(other.text(), base, 0, loop_write_all, registers), hart_fault::loop_jumps);
}

TEST_F(LoopRules, WhatSetsALoopUpRelativeToItselfIsAligned) {
  has_body(0, base + 8, base + 20, 2);
  for (unsigned which = 0; which < 8; ++which) {
    const std::uint32_t w = loop_word(which, 0);
    program at_2{{0x0001u | w << 16, w >> 16 | 0x0001u << 16, nop, nop, nop, nop}};
    // cv.starti, cv.endi, cv.setupi, cv.setup count from their own pc; cv.start, cv.end take registers.
    const bool relative = which == 0 || which == 2 || which == 6 || which == 7;
    loop_rules fresh;
    EXPECT_EQ(fresh.written(at_2.text(), base + 2, 0, loop_write_all, registers) == hart_fault::loop_set_up_misaligned,
              relative)
        << which;
  }
}

TEST_F(LoopRules, ALoopThatIsNotEnteredIsNotChecked) {
  has_body(0, base + 4, base + 8, 0);
  EXPECT_EQ(written(base + 2, 0, loop_write_all), hart_fault::none);
}

TEST_F(LoopRules, NestingIsCheckedWithWhatTheOtherLoopHas) {
  has_body(1, base + 4, base + 40, 2);
  EXPECT_EQ(written(base, 1, loop_write_all), hart_fault::none);
  has_body(0, base + 8, base + 36, 2);
  EXPECT_EQ(written(base, 0, loop_write_all), hart_fault::loop_nested_ends);
  has_body(0, base + 8, base + 32, 2);
  EXPECT_EQ(written(base, 0, loop_write_all), hart_fault::none);
}

}  // namespace
}  // namespace ohmic
