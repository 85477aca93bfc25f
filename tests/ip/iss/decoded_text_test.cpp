// The decoded text by itself: which words are instructions, what a change of the text reaches, and the stalls that it
// foresees (CV32E40P user manual, "Hazards"; cv32e40p_controller.sv).
#include "ip/iss/decoded_text.h"

#include <gtest/gtest.h>

#include <vector>

#include "ip/iss/iss_group.h"

namespace ohmic {
namespace {

using iss::decoded;
using iss::op;

constexpr std::uint32_t base = 0x80000000, nop = 0x13;

decoded of(std::uint32_t word) { return decoded_text::decode(base, word); }
bool is_instruction(std::uint32_t word) { return of(word).body != static_cast<std::uint16_t>(op::illegal); }

constexpr std::uint32_t lw_a1 = 0x00052583;       // lw a1, 0(a0)
constexpr std::uint32_t lw_a1_post = 0x0045258b;  // cv.lw a1, (a0), 4
constexpr std::uint32_t uses_a1 = 0x00158613;     // addi a2, a1, 1
constexpr std::uint32_t jalr_a1 = 0x00058067;     // jr a1
constexpr std::uint32_t jalr_a0 = 0x00050067, jalr_zero = 0x00000067;

TEST(DecodedText, ShiftsOfLanesAreAsWideAsTheLanes) {
  const auto srl = [](unsigned six, unsigned lane) {  // cv.srl.sci.{h, b} a0, a1, six
    return 16u << 26 | (six & 1) << 25 | (six >> 1) << 20 | 11u << 15 | lane << 12 | 10u << 7 | 0x7b;
  };
  for (unsigned six = 0; six < 64; ++six) {
    EXPECT_EQ(is_instruction(srl(six, 6)), six < 16) << six;
    EXPECT_EQ(is_instruction(srl(six, 7)), six < 8) << six;
  }
}

TEST(DecodedText, HoldsWholeHalfWordsOfWhatItWasGiven) {
  const std::uint8_t bytes[] = {0x01, 0x00, 0x13, 0x05, 0xff};
  const decoded_text text(base + 1, bytes, 5);
  EXPECT_EQ(text.base(), base);
  EXPECT_EQ(text.size(), 4u);
  EXPECT_TRUE(text.contains(base + 3));
  EXPECT_FALSE(text.contains(base + 4));
  EXPECT_FALSE(text.contains(base - 1));
  EXPECT_EQ(text.word_at(base), 0x0001u);
}

// The other half of the instruction is not there.
TEST(DecodedText, AnInstructionThatIsCutOffIsNone) {
  const std::uint16_t halves[] = {0x0001, 0x0513};
  const decoded_text text(base, halves, sizeof halves);
  iss_group group(text, 1, 0);
  group.start(0, base, 0);
  null_observer nobody;
  core_stop stop;
  while ((stop = group.advance(0, 100, nobody)) == core_stop::fetch) group.fetch_complete(0, group.time(0));
  EXPECT_EQ(stop, core_stop::halted);
  EXPECT_EQ(group.fault(0), hart_fault::fetch_outside_text);
  EXPECT_EQ(group.pc(0), base + 2);
}

TEST(DecodedText, AChangeReachesWhatStandsInFrontOfIt) {
  std::vector<std::uint32_t> words = {lw_a1, nop, nop, lw_a1, nop, nop};
  decoded_text text(base, words.data(), words.size() * 4);
  EXPECT_EQ(text.entry(base)->cycles, 0u);
  text.refresh(base + 4, &uses_a1, 4);
  EXPECT_EQ(text.word_at(base + 4), uses_a1);
  EXPECT_EQ(text.entry(base)->cycles, 1u) << "its result is used at once now";
  // The upper half of an instruction alone: it is another one.
  const std::uint16_t upper = 0x0010;  // addi zero, zero, 1
  text.refresh(base + 10, &upper, 2);
  EXPECT_EQ(text.entry(base + 8)->imm, 1);
  // Two instructions behind a load a jump waits for it; the one between takes the cycle.
  text.refresh(base + 20, &jalr_a1, 4);
  EXPECT_EQ(text.entry(base + 16)->cycles, 2u);
}

TEST(DecodedText, PartsOfAChangeOutsideTheTextAreIgnored) {
  std::vector<std::uint32_t> words(4, nop);
  decoded_text text(base, words.data(), words.size() * 4);
  const std::uint32_t two[] = {0x11111111, uses_a1};
  text.refresh(base - 4, two, sizeof two);
  EXPECT_EQ(text.word_at(base), uses_a1);
  EXPECT_EQ(text.entry(base)->rd, 12u);
  text.refresh(base + 12, &two[1], 4);
  const std::uint32_t last[] = {lw_a1, 0x22222222};
  text.refresh(base + 12, last, sizeof last);
  EXPECT_EQ(text.word_at(base + 12), lw_a1);
  EXPECT_EQ(text.entry(base + 12)->rd, 11u);
  text.refresh(base + 100, last, sizeof last);
  EXPECT_EQ(text.word_at(base + 4), nop);
}

TEST(DecodedText, WhatWaitsForALoadReadsIt) {
  const auto stall = [](std::uint32_t from, std::uint32_t to) { return iss::hazard_cycles(of(from), of(to)); };
  EXPECT_EQ(stall(lw_a1, uses_a1), 1u);
  EXPECT_EQ(stall(lw_a1, 0x00b50633), 1u) << "add a2, a0, a1";
  EXPECT_EQ(stall(lw_a1, 0x00b52023), 1u) << "sw a1, 0(a0): the data";
  EXPECT_EQ(stall(lw_a1, 0x00a5a023), 1u) << "sw a0, 0(a1): the address";
  EXPECT_EQ(stall(lw_a1, 0x2cc535ab), 1u) << "cv.sw a2, a1(a0): the offset";
  EXPECT_EQ(stall(lw_a1, 0x24c535ab), 1u) << "cv.sw a2, (a0), a1: the step";
  EXPECT_EQ(stall(lw_a1, 0x0cb5362b), 1u) << "cv.lw a2, a1(a0)";
  EXPECT_EQ(stall(lw_a1, 0x00b50663), 1u) << "beq a0, a1";
  EXPECT_EQ(stall(lw_a1, 0x90c505ab | 0x3000), 1u) << "cv.mac a1, a0, a2 adds to it";
  EXPECT_EQ(stall(lw_a1, 0x00150593), 1u) << "addi a1, a0, 1 overwrites it";
  EXPECT_EQ(stall(lw_a1, 0x34059073), 1u) << "csrw mscratch, a1";
  EXPECT_EQ(stall(lw_a1, 0x00150613), 0u) << "addi a2, a0, 1";
  EXPECT_EQ(stall(lw_a1, 0x3405d073), 0u) << "csrwi mscratch, 11: an immediate";
  EXPECT_EQ(stall(lw_a1, 0x00b58637), 0u) << "lui: bits of an immediate";
  EXPECT_EQ(stall(lw_a1, 0x00b58617), 0u) << "auipc";
  EXPECT_EQ(stall(lw_a1, 0x00b5866f), 0u) << "jal";
  EXPECT_EQ(stall(0x00052003, 0x00158013), 0u) << "lw zero: nothing is loaded";
  EXPECT_EQ(stall(lw_a1_post, uses_a1), 1u);
  EXPECT_EQ(stall(lw_a1_post, 0x00150613), 0u) << "the stepped base is there at once";
  EXPECT_EQ(stall(0x0005358b, uses_a1), 0u) << "cv.elw a1, 0(a0) flushes the pipeline";
  EXPECT_EQ(stall(0x00b52023, uses_a1), 0u) << "a store loads nothing";
}

// The decoder takes the bits of rs2 for a register although they are the index.
TEST(DecodedText, AnIndexOfALaneWaitsForTheRegisterOfItsBits) {
  const std::uint32_t extract_1 = 0xb800007b | 1u << 25 | 10u << 15 | 12u << 7;   // cv.extract.h a2, a0, 1: rs2 bits 0
  const std::uint32_t extract_b2 = 0xb800107b | 1u << 20 | 10u << 15 | 12u << 7;  // cv.extract.b a2, a0, 2: rs2 bits 1
  constexpr std::uint32_t lw_ra = 0x00052083;                                     // lw ra, 0(a0)
  EXPECT_EQ(iss::hazard_cycles(of(lw_ra), of(extract_b2)), 1u);
  EXPECT_EQ(iss::hazard_cycles(of(lw_ra), of(extract_1)), 0u);
}

TEST(DecodedText, AJumpWaitsForItsRegister) {
  const auto stall = [](std::uint32_t from, std::uint32_t to) { return iss::hazard_cycles(of(from), of(to)); };
  EXPECT_EQ(stall(lw_a1, jalr_a1), 2u);
  EXPECT_EQ(stall(0x00150593, jalr_a1), 1u) << "addi a1, a0, 1";
  EXPECT_EQ(stall(0x02c515b3, jalr_a1), 1u) << "mulh a1, a0, a2";
  EXPECT_EQ(stall(lw_a1_post, jalr_a0), 1u) << "the stepped base";
  EXPECT_EQ(stall(lw_a1_post, jalr_a1), 2u);
  EXPECT_EQ(stall(lw_a1, jalr_a0), 0u);
  EXPECT_EQ(stall(0x00b52023, jalr_zero), 0u) << "sw writes nothing, and x0 is nobody's result";
  EXPECT_EQ(stall(0x00000013, jalr_zero), 0u);
  EXPECT_EQ(stall(0x00052003, jalr_zero), 0u);
}

// mulh stays in EX for five cycles, in which a jump behind it may ask for its target, unless it waits for the product.
TEST(DecodedText, AJumpBehindAProductHidesACycleIfItDoesNotNeedIt) {
  const auto cycles = [](std::uint32_t jump) {
    const std::uint32_t words[] = {0x02c515b3, jump, nop, nop};  // mulh a1, a0, a2
    return unsigned{decoded_text(base, words, sizeof words).entry(base)->cycles};
  };
  EXPECT_EQ(cycles(nop), 5u);
  EXPECT_EQ(cycles(0x0080006f), 4u) << "jal";
  EXPECT_EQ(cycles(jalr_a0), 4u);
  EXPECT_EQ(cycles(jalr_a1), 6u);
}

// c.lw a1; c.nop; addi; jr a1: three instructions in front of the jump the load is done.
TEST(DecodedText, ALoadBlocksTheJumpsTwoInstructionsBehindItAndNoOthers) {
  const auto cycles_before_jump = [](std::vector<std::uint16_t> halves) {
    const auto at = static_cast<std::uint32_t>(halves.size() * 2 - 4);
    halves.insert(halves.end(), {0x8067, 0x0005, 0x0001, 0x0001});  // jr a1
    const decoded_text text(base, halves.data(), halves.size() * 2);
    return unsigned{text.entry(base + at)->cycles};
  };
  EXPECT_EQ(cycles_before_jump({0x410c, 0x0013, 0x0000}), 2u) << "c.lw a1, 0(a0); nop";
  EXPECT_EQ(cycles_before_jump({0x2583, 0x0005, 0x0013, 0x0000}), 2u) << "lw a1, 0(a0); nop";
  EXPECT_EQ(cycles_before_jump({0x410c, 0x0001, 0x0013, 0x0000}), 1u) << "c.lw a1, 0(a0); c.nop; nop";
}

// Such a target needs the line behind it, which a near jump would not ask for.
TEST(DecodedText, AJumpToAnInstructionOverTheLinesEndLooksForBothLines) {
  std::vector<std::uint16_t> halves(64, 0x0001);
  halves[16] = 0xa839;  // c.j 30: from 32 to 62
  halves[31] = 0x0013, halves[32] = 0x0000;
  const decoded_text text(base, halves.data(), halves.size() * 2);
  EXPECT_FALSE(text.entry(base + 32)->flags & iss::flag_near_target);
  iss_group group(text, 1, 0);
  group.start(0, base + 32, 0);
  null_observer nobody;
  std::vector<std::uint32_t> lines;
  while (group.pc(0) < base + 68 && lines.size() < 4)
    if (group.advance(0, group.time(0) + 1, nobody) == core_stop::fetch) {
      lines.push_back(group.fetch_line(0));
      group.fetch_complete(0, group.time(0));
    }
  EXPECT_EQ(lines, (std::vector<std::uint32_t>{base, base + 64}));
}

}  // namespace
}  // namespace ohmic
