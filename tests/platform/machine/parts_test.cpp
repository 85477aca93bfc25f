// The parts of a machine that need no chip to run: which program a cluster runs, what hand-overs become of, whose
// retirements are traced.
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "host/whole_file.h"
#include "platform/config/config_error.h"
#include "platform/elf/elf_file.h"
#include "platform/machine/hand_over.h"
#include "platform/machine/instruction_trace.h"
#include "platform/machine/machine.h"
#include "platform/machine/program_set.h"
#include "tests/host/scratch_folder.h"

namespace ohmic {
namespace {

using hand_over = chip_config::cores_config::hand_over;
using moment = hand_over::moment;

chip_config four_clusters() {
  chip_config c;
  c.network.factors = {1, 1, 1, 1, 4};
  c.cluster.cores = 3;
  return c;
}

TEST(ProgramSetTest, AClusterRunsTheFirstProgramThatOneOfItsCoresNeeds) {
  chip_config chip = four_clusters();
  const elf_file first = elf_file::load(OHMIC_FIRMWARE_FOLDER "/hello.elf"), second = first;
  program_set programs(first);
  EXPECT_EQ(programs.size(), 1u);
  EXPECT_EQ(programs.index(chip, 3), 0u);
  programs.add(core_model::rtl, second);
  EXPECT_EQ(programs.size(), 2u);
  for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(programs.index(chip, i), 0u) << "all cores are the ISS";
  EXPECT_EQ(&programs.in(chip, 0), &first);
  chip.cores.overrides = {{{1, 2}, {1}, core_model::rtl}, {{0}, {0, 1, 2}, core_model::lockstep}};
  for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(programs.index(chip, i), i == 1 || i == 2 ? 1u : 0u) << i;
  EXPECT_EQ(&programs.in(chip, 2), &second);
  EXPECT_EQ(&programs[1], &second);
}

hand_over of(moment at, std::uint64_t number, std::vector<unsigned> clusters, std::vector<unsigned> cores) {
  hand_over h;
  h.clusters = std::move(clusters), h.cores = std::move(cores);
  h.model = core_model::rtl;
  h.at = at, h.number = number;
  return h;
}

TEST(HandOverParts, EachCoreHasTheLegsThatNameIt) {
  const elf_file program = elf_file::load(OHMIC_FIRMWARE_FOLDER "/hello.elf");
  chip_config chip = four_clusters();
  chip.cores.hand_overs = {of(moment::cycle, 500, {1, 3}, {0, 2}), of(moment::marker, 4, {3}, {2}),
                           of(moment::pc, program.entry() + 4, {3}, {1, 2})};
  chip.cores.hand_overs[1].model = core_model::iss;
  chip.cores.hand_overs[2].times = 7;
  const auto legs = relay_legs(chip, program);
  ASSERT_EQ(legs.size(), 4u);
  for (const auto& by_core : legs) ASSERT_EQ(by_core.size(), 3u);
  for (unsigned i = 0; i < 4; ++i)
    for (unsigned core = 0; core < 3; ++core) {
      const std::size_t n = i == 1 ? core != 1 : i == 3 ? (core == 0 ? 1 : core == 1 ? 1 : 3) : 0;
      EXPECT_EQ(legs[i][core].size(), n) << i << "." << core;
    }
  const relay_leg& cycle = legs[3][2][0];
  EXPECT_EQ(cycle.order, 0u);
  EXPECT_EQ(cycle.kind, static_cast<unsigned>(core_model::rtl));
  EXPECT_EQ(cycle.cycle, 500u);
  EXPECT_FALSE(cycle.at_pc);
  const relay_leg& marker = legs[3][2][1];
  EXPECT_EQ(marker.order, 1u);
  EXPECT_EQ(marker.kind, static_cast<unsigned>(core_model::iss));
  EXPECT_EQ(marker.cycle, never) << "it is triggered";
  EXPECT_FALSE(marker.at_pc);
  const relay_leg& pc = legs[3][2][2];
  EXPECT_EQ(pc.order, 2u);
  EXPECT_TRUE(pc.at_pc);
  EXPECT_EQ(pc.pc, program.entry() + 4);
  EXPECT_EQ(pc.times, 7u);
}

TEST(HandOverParts, AFunctionIsAPlaceAndAnUnknownOneIsNot) {
  const elf_file program = elf_file::load(OHMIC_FIRMWARE_FOLDER "/hello.elf");
  chip_config chip = four_clusters();
  chip.cores.hand_overs = {of(moment::symbol, 0, {0}, {0})};
  chip.cores.hand_overs[0].symbol = "main";
  EXPECT_EQ(relay_legs(chip, program)[0][0].at(0).pc, program.address_of("main"));
  chip.cores.hand_overs[0].symbol = "no_such_function";
  EXPECT_THROW(relay_legs(chip, program), config_error);
}

TEST(HandOverParts, ReportsBeginWithWhatWasAskedFor) {
  chip_config chip = four_clusters();
  chip.cores.hand_overs = {of(moment::cycle, 500, {0, 1, 3}, {0, 1}), of(moment::marker, 4, {3}, {2})};
  const std::vector<hand_over_report> reports = begin_hand_over_reports(chip);
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_EQ(reports[0].text, "0-1,3.0-1=rtl@cycle:500");
  EXPECT_EQ(reports[0].cores, 6u);
  EXPECT_EQ(reports[0].handed_over, 0u);
  EXPECT_EQ(reports[1].text, "3.2=rtl@marker:4");
  EXPECT_EQ(reports[1].cores, 1u);
}

TEST(HandOverParts, WhoWasLeftAloneIsCountedByReason) {
  hand_over_report r;
  const hand_over marker = of(moment::marker, 4, {0}, {0}), cycle = of(moment::cycle, 500, {0}, {0}),
                  pc = of(moment::pc, 0x80001234, {0}, {0});
  note_left_alone(r, marker, false, false);
  note_left_alone(r, marker, true, true);
  note_left_alone(r, marker, true, false);
  note_left_alone(r, cycle, true, false);
  note_left_alone(r, pc, true, false);
  note_left_alone(r, marker, true, false);
  note_left_alone(r, cycle, false, true);
  const std::vector<std::pair<std::string, unsigned>> expected = {{"a hand-over before it never came", 2},
                                                                  {"in reset, halted, or in an access to the end", 1},
                                                                  {"marker 4 was never written", 2},
                                                                  {"the run ended before cycle 500", 1},
                                                                  {"never came to pc:0x80001234", 1}};
  EXPECT_EQ(r.left_alone, expected);
}

class TraceParts : public ScratchFolder {
 protected:
  /// The lines of a trace of these pcs, without its header.
  std::string traced(const std::vector<std::string>& pcs, const std::vector<retire_record>& records) {
    traced_core core{0, 0, path("t")};
    core.pcs = pcs;
    instruction_trace trace(core, program);
    for (const retire_record& r : records) trace.write(r);
    trace.close();
    const std::string text = read_whole_file(path("t"));
    return text.substr(text.find('\n') + 1);
  }
  static retire_record at(std::uint32_t pc) {
    retire_record r;
    r.pc = pc, r.instruction = 0x13;
    return r;
  }
  const elf_symbol& symbol(const std::string& name) const {
    for (const elf_symbol& s : program.symbols())
      if (s.name == name && s.size != 0) return s;
    throw std::runtime_error(name);
  }
  elf_file program = elf_file::load(OHMIC_FIRMWARE_FOLDER "/hello.elf");
};

TEST_F(TraceParts, AFunctionIsItsBytes) {
  const elf_symbol& main = symbol("main");
  const auto seen = [&](std::uint32_t pc) { return !traced({"main"}, {at(pc)}).empty(); };
  EXPECT_TRUE(seen(main.address));
  EXPECT_TRUE(seen(main.address + main.size - 2));
  EXPECT_FALSE(seen(main.address + main.size));
  EXPECT_FALSE(seen(main.address - 2));
}

TEST_F(TraceParts, OnePcIsARangeOfItself) {
  EXPECT_FALSE(traced({"0x80000100"}, {at(0x80000100)}).empty());
  EXPECT_TRUE(traced({"0x80000100"}, {at(0x80000102), at(0x800000fe)}).empty());
  EXPECT_FALSE(traced({"0xffffffff"}, {at(0xffffffff)}).empty());
}

TEST_F(TraceParts, WhatIsNoRangeOfPcsIsTakenForAFunctionAndRefused) {
  for (const char* const word : {"0x80000104-0x80000100", "0-0x100000000", "-1", "0x100-", "no_such_function", ""}) {
    try {
      traced({word}, {});
      FAIL() << word;
    } catch (const config_error& error) {
      EXPECT_NE(std::string(error.what()).find("no such function"), std::string::npos) << error.what();
    }
  }
}

TEST_F(TraceParts, EncodingsHaveTheirLengthAndInterruptsNone) {
  retire_record wide = at(0x80000000), narrow = at(0x80000004), interrupt = at(0x80000006), exception = at(0x80000008);
  narrow.instruction = 0x0505, narrow.compressed = true;  // c.addi a0, 1
  interrupt.trap = true, interrupt.cause = 0x8000000b;
  exception.instruction = 0x73, exception.trap = true, exception.cause = 11;
  const std::string text = traced({}, {wide, narrow, interrupt, exception});
  EXPECT_NE(text.find("80000000 00000013 "), std::string::npos) << text;
  EXPECT_NE(text.find("80000004     0505 "), std::string::npos) << text;
  EXPECT_NE(text.find("80000006 -------- "), std::string::npos) << text;
  EXPECT_NE(text.find("(interrupt) trap cause=8000000b\n"), std::string::npos) << text;
  EXPECT_NE(text.find("80000008 00000073 "), std::string::npos) << text;
  EXPECT_NE(text.find("ecall trap cause=0000000b\n"), std::string::npos) << text;
}

TEST_F(TraceParts, ATraceSeesItsCoreAlone) {
  traced_core core{0, 2, path("t")};
  instruction_trace trace(core, program);
  trace_observer::of_cores of{};
  of[2] = &trace;
  trace_observer all{&of}, none;
  for (unsigned h = 0; h < 64; ++h) {
    all.retire(h, at(0x80000000 + 4 * h));
    none.retire(h, at(0x80000400));
  }
  trace.close();
  const std::string text = read_whole_file(path("t"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_NE(text.find("80000008"), std::string::npos);
}

}  // namespace
}  // namespace ohmic
