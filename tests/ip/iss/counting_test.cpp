// Instructions by class: what class an instruction is, against lists of mnemonics, and how many were retired, against
// the records of the same run.
#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <random>
#include <string>

#include "ip/iss/iss_group.h"
#include "tests/ip/iss/random_program.h"

namespace ohmic {
namespace {

bool begins(const std::string& word, std::initializer_list<const char*> with) {
  return std::any_of(with.begin(), with.end(), [&](const char* w) { return word.rfind(w, 0) == 0; });
}
bool is(const std::string& word, std::initializer_list<const char*> any) {
  return std::any_of(any.begin(), any.end(), [&](const char* w) { return word == w; });
}

/// By name alone, from the tables of the core's manual.
instruction_class by_name(const std::string& name) {
  using c = instruction_class;
  if (begins(name, {"cv.dot", "cv.sdot", "cv.cplxmul"})) return c::dot;
  if (begins(name, {"cv.pack", "cv.cplxconj", "cv.subrotmj", "cv.shuffle"})) return c::simd;
  if (std::count(name.begin(), name.end(), '.') > 1) return c::simd;
  if (is(name, {"lb", "lh", "lw", "lbu", "lhu", "cv.lb", "cv.lh", "cv.lw", "cv.lbu", "cv.lhu", "cv.elw"}))
    return c::load;
  if (is(name, {"sb", "sh", "sw", "cv.sb", "cv.sh", "cv.sw"})) return c::store;
  if (is(name, {"beq", "bne", "blt", "bge", "bltu", "bgeu", "cv.beqimm", "cv.bneimm"})) return c::branch;
  if (is(name, {"jal", "jalr"})) return c::jump;
  if (is(name, {"mul", "mulh", "mulhu", "mulhsu"}) || begins(name, {"cv.mac", "cv.msu", "cv.mul"})) return c::mul;
  if (is(name, {"div", "divu", "rem", "remu"})) return c::div;
  if (begins(name, {"csr", "fence", "mret", "wfi", "ecall", "ebreak"})) return c::system;
  if (begins(name, {"cv.start", "cv.end", "cv.count", "cv.setup"})) return c::loop;
  return c::alu;
}

TEST(InstructionClass, OfEveryInstructionFollowsItsName) {
  for (unsigned o = 0; o < static_cast<unsigned>(iss::op::illegal); ++o) {
    const iss::instruction_info& what = iss::instructions[o];
    for (const std::uint32_t operands : {0u, ~0u, 0x5a5a5a5au}) {
      const std::uint32_t word = what.match | (operands & ~what.mask);
      if (iss::identify(word) != static_cast<iss::op>(o)) continue;  // another instruction is cut out of this one
      EXPECT_STREQ(name_of(class_of(word)), name_of(by_name(std::string(what.mnemonic)))) << what.mnemonic;
    }
  }
}

TEST(InstructionClass, OfACompressedInstructionIsThatOfTheOneItStandsFor) {
  unsigned legal = 0;
  for (std::uint32_t half = 0; half < 0x10000; ++half) {
    if (iss::is_wide(static_cast<std::uint16_t>(half))) continue;
    const std::uint32_t word = iss::expand_compressed(static_cast<std::uint16_t>(half));
    if (iss::identify(word) == iss::op::illegal) continue;
    ++legal;
    ASSERT_STREQ(name_of(class_of(half)), name_of(class_of(word))) << std::hex << half;
  }
  EXPECT_GT(legal, 28000u);
}

struct counted_records {
  static constexpr bool enabled = true;
  instruction_counts seen;
  void retire(unsigned, const retire_record& r) {
    if (r.trap) return;
    const std::uint32_t word =
        r.compressed ? iss::expand_compressed(static_cast<std::uint16_t>(r.instruction)) : r.instruction;
    ++seen[by_name(std::string(iss::info(iss::identify(word)).mnemonic))];
  }
};

class IssCounting : public ::testing::TestWithParam<unsigned> {};

/// Two runs with the same answers, cut into the same random strides: one counts, the other is observed.
TEST_P(IssCounting, CountsWhatRetires) {
  const test::test_program random_program = test::make_random_program(GetParam());
  const test::assembled_program program = test::assemble(random_program);
  const decoded_text text(test::test_program::base, program.words.data(), program.words.size() * 4);
  iss_group observed(text, 1, 0), counting(text, 1, 0);
  counted_records records;
  counting_observer counts;
  std::vector<std::uint8_t> memory = random_program.memory, other = random_program.memory;
  observed.start(0, program.boot, 0);
  counting.start(0, program.boot, 0);
  std::mt19937 random(GetParam());
  bool ended = false;
  for (unsigned k = 0; k < 100'000 && !ended; ++k) {
    const cycle_t until = observed.time(0) + 1 + random() % 50;
    ended = test::run_to_end(observed, records, memory, until);
    ASSERT_EQ(test::run_to_end(counting, counts, other, until), ended) << "seed " << GetParam();
    ASSERT_EQ(counting.instructions().total(), counting.counters(0).retired) << "seed " << GetParam();
    for (unsigned c = 0; c < instruction_class_count; ++c)
      ASSERT_EQ(counting.instructions().of[c], records.seen.of[c])
          << name_of(static_cast<instruction_class>(c)) << ", seed " << GetParam() << ", cycle " << until;
  }
  ASSERT_TRUE(ended);
}

INSTANTIATE_TEST_SUITE_P(Seed, IssCounting, ::testing::Range(1u, 41u));

/// `words` from the text's begin; the hart stands at the first access that is not answered.
struct one_hart {
  explicit one_hart(std::vector<std::uint32_t> code)
      : words(std::move(code)), text(0x80000000, words.data(), words.size() * 4), group(text, 1, 0) {
    group.start(0, 0x80000000, 0);
  }
  core_stop run() {
    for (;;) {
      const core_stop stop = group.advance(0, 1000, observer);
      if (stop != core_stop::fetch) return stop;
      group.fetch_complete(0, group.time(0));
    }
  }
  std::uint64_t count(instruction_class c) const { return group.instructions()[c]; }

  std::vector<std::uint32_t> words;
  decoded_text text;
  iss_group group;
  counting_observer observer;
};

constexpr std::uint32_t lw_a0_sp = 0x00012503, sw_a0_1_sp = 0x00a120a3, addi_sp = 0x01010113, nop = 0x13;

TEST(IssCountingOf, AnAccessCountsWhenItIsAnswered) {
  one_hart h({nop, lw_a0_sp, nop, nop});
  ASSERT_EQ(h.run(), core_stop::bus);
  EXPECT_EQ(h.count(instruction_class::load), 0u);
  EXPECT_EQ(h.count(instruction_class::alu), 1u);
  h.group.complete(0, 0, 20, 21);
  EXPECT_EQ(h.count(instruction_class::load), 1u);
  EXPECT_EQ(h.group.instructions().total(), 2u);
}

TEST(IssCountingOf, AMisalignedStoreCountsOnceWhenItsSecondHalfIsAnswered) {
  one_hart h({sw_a0_1_sp, nop, nop, nop});
  ASSERT_EQ(h.run(), core_stop::bus);
  h.group.complete(0, 0, 20, 21);
  EXPECT_EQ(h.count(instruction_class::store), 0u);
  ASSERT_EQ(h.run(), core_stop::bus);
  EXPECT_EQ(h.count(instruction_class::store), 0u);
  h.group.complete(0, 0, 30, 31);
  EXPECT_EQ(h.count(instruction_class::store), 1u);
  EXPECT_EQ(h.group.instructions().total(), 1u);
}

TEST(IssCountingOf, WhatTheStackGuardStopsDoesNotCount) {
  one_hart h({addi_sp, lw_a0_sp, nop, nop});
  h.group.set_stack_guard(0, {0, 0x100});
  ASSERT_EQ(h.run(), core_stop::halted);
  EXPECT_EQ(h.group.fault(0), hart_fault::stack_overflow);
  EXPECT_EQ(h.count(instruction_class::load), 0u);
  EXPECT_EQ(h.count(instruction_class::alu), 1u);
}

TEST(IssCountingOf, CountsGoOnOverAResetInTheMiddleOfAnAccess) {
  one_hart h({nop, sw_a0_1_sp, nop, nop});
  ASSERT_EQ(h.run(), core_stop::bus);
  h.group.complete(0, 0, 20, 21);
  h.group.stop(0);  // between the halves
  h.group.start(0, 0x80000000, 100);
  ASSERT_EQ(h.run(), core_stop::bus);
  EXPECT_EQ(h.count(instruction_class::store), 0u);
  EXPECT_EQ(h.count(instruction_class::alu), 2u);
  EXPECT_EQ(h.group.counters(0).retired, 1u);
}

TEST(IssCountingOf, AProductIntoSpIsNoAddition) {
  constexpr std::uint32_t mul_sp = 0x02a50133;  // mul sp, a0, a0
  one_hart h({mul_sp, nop, lw_a0_sp, nop});
  ASSERT_EQ(h.run(), core_stop::bus);
  EXPECT_EQ(h.count(instruction_class::mul), 1u);
  EXPECT_EQ(h.count(instruction_class::alu), 1u);
}

}  // namespace
}  // namespace ohmic
