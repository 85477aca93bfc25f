#include "ip/iss/timing.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/ip/iss/flat_machine.h"
#include "tests/ip/iss/one_instruction.h"

namespace ohmic {
namespace {

struct class_cost {
  const char* snippet;
  unsigned cycles;
};

/// Cycles of each instruction class with memories that answer in the next cycle. Source: measurements on the
/// Verilated CV32E40P; the manual's table "Cycle counts per instruction type" agrees except for fence.i.
constexpr class_cost costs[] = {
    {"alu", 2},
    {"mul_dependent", 3},
    {"mulh_all", 15},
    {"load_independent", 2},
    {"load_use", 3},
    {"load_use_as_store_data", 3},
    {"load_use_as_address", 3},
    {"load_use_one_apart", 3},
    {"load_overwritten", 3},
    {"loads_back_to_back", 3},
    {"load_use_sdot", 3},
    {"post_increment_base_reuse", 3},
    {"stores", 4},
    {"misaligned_word", 2},
    {"misaligned_half", 2},
    {"unaligned_half_in_word", 1},
    {"misaligned_store", 2},
    {"misaligned_load_use", 4},
    {"branch_not_taken", 1},
    {"branch_taken", 3},
    {"branch_immediate_taken", 3},
    {"branch_immediate_not_taken", 1},
    {"branch_to_wide_at_2mod4", 4},
    {"branch_to_compressed_at_2mod4", 4},  // 3 and the c.nop
    {"jump", 2},
    {"jump_register", 5},
    {"jump_register_after_alu", 5},
    {"jump_register_after_load", 8},
    {"jump_register_one_after_load", 8},
    {"jump_register_two_after_load", 8},
    {"jump_to_wide_at_2mod4", 3},
    {"jump_register_to_wide_at_2mod4", 6},
    {"compressed", 4},
    {"divu_by_2_to_31", 3},
    {"div_by_int_min", 3},
    {"div_by_7fffffff", 4},
    {"div_by_12345678", 6},
    {"rem_by_1000", 25},
    {"remu_by_7", 32},
    {"div_by_1", 34},
    {"div_by_minus_1", 34},
    {"divu_by_minus_1", 3},
    {"div_by_0", 35},
    {"div_by_minus_1000", 24},
    {"csr_quick", 4},
    {"csr_mcycle", 4},
    {"csr_mcycleh", 4},
    {"csr_cycle", 4},
    {"csr_privlv", 4},
    {"csr_mcountinhibit", 4},
    {"csr_mhpmevent31", 4},
    {"csr_mtvec", 4},
    {"csr_mcause", 4},
    {"csr_mtval", 1},
    {"csr_mstatus", 4},
    {"csr_mepc", 4},
    {"event_load", 4},
    {"event_load_use", 5},
    {"fence_both", 8},
    {"wait_for_interrupt", 1},
    {"loop_hardware", 16},
    {"loop_hardware_hazard", 20},
    {"loop_software", 24},  // li, 4 * (2 + 3), 2 + 1
};

struct marker_observer {
  static constexpr bool enabled = true;
  cycle_t begin = 0, end = 0;
  void retire(unsigned, const retire_record& r) {
    if (r.instruction == 0x00100013) begin = r.cycle;
    if (r.instruction == 0x00200013 && end == 0) end = r.cycle;
  }
};

class IssTiming : public ::testing::TestWithParam<class_cost> {};

TEST_P(IssTiming, IsThatOfTheRtl) {
  flat_machine machine;
  machine.load_elf(GUEST_FOLDER "/timing.elf");
  machine.map(0x1000, 0x1000);
  hart_state s = machine.group().save(0);
  s.x[2] = 0x1100;
  s.x[8] = 0x1140;
  s.x[5] = 4;
  s.x[11] = 0x12345678;
  s.x[9] = 0x80000000;
  s.x[18] = 0x7fffffff;
  s.x[19] = 0x12345678;
  s.x[20] = 1000;
  s.x[21] = 7;
  s.x[22] = 1;
  s.x[23] = ~0u;
  s.x[24] = -1000u;
  s.pc = machine.symbol(GetParam().snippet);
  machine.write_word(0x1110, 0x1100);
  machine.group().restore(0, s);
  marker_observer markers;
  machine.run(1000, markers);
  ASSERT_NE(markers.end, 0u);
  EXPECT_EQ(markers.end - markers.begin - 1, GetParam().cycles);
}

INSTANTIATE_TEST_SUITE_P(Class, IssTiming, ::testing::ValuesIn(costs),
                         [](const auto& p) { return std::string(p.param.snippet); });

/// From the issue of the instruction to that of the first one of the handler or behind the mret (RTL).
TEST(IssTrapTiming, IsThatOfTheRtl) {
  struct {
    std::uint32_t word;
    cycle_t cycles;
  } const traps[] = {{0x00000073, 4}, {0x00100073, 4}, {0x00009002, 4},
                     {0xffffffff, 5}, {0x00000000, 5}, {0x30200073, 5}};
  for (const auto& t : traps) {
    test::one_instruction machine(t.word);
    hart_state s;
    s.pc = test::code_base;
    s.mepc = 0x8000;
    machine.step(s);
    EXPECT_EQ(machine.cycles(), t.cycles) << std::hex << t.word;
  }
}

TEST(IssTrapTiming, InterruptsCostTwoCycles) {
  const std::uint32_t nops[] = {0x13, 0x13};
  iss::decoded_text text(0x1000, nops, sizeof nops);
  iss_group group(text, 1, 0);
  group.start(0, 0x1000, 0);
  hart_state s = group.save(0);
  s.mie = 0xffffffff;
  s.mstatus = 0x1808;
  group.restore(0, s);
  null_observer silent;
  ASSERT_EQ(group.advance(0, 1, silent), core_stop::fetch);
  group.fetch_complete(0, 0);
  ASSERT_EQ(group.advance(0, group.time(0) + 1, silent), core_stop::horizon);
  ASSERT_EQ(group.pc(0), 0x1004u);
  const cycle_t would_issue = group.time(0);
  group.set_irq(0, 0x10000);
  group.advance(0, would_issue + 1, silent);
  EXPECT_EQ(group.time(0), would_issue + 2);
}

/// The next instruction issues 4 cycles after the grant, or 2 after the response, whatever is later (RTL).
TEST(IssEventLoadTiming, CountsFromGrantAndResponse) {
  for (cycle_t late_grant = 0; late_grant < 6; ++late_grant) {
    for (cycle_t late_response = 0; late_response < 4; ++late_response) {
      const std::uint32_t words[] = {0x0000350b, 0x13};  // cv.elw a0, 0(zero)
      iss::decoded_text text(0x1000, words, sizeof words);
      iss_group group(text, 1, 0);
      group.start(0, 0x1000, 10);
      null_observer silent;
      ASSERT_EQ(group.advance(0, never, silent), core_stop::fetch);
      group.fetch_complete(0, 10);
      ASSERT_EQ(group.advance(0, never, silent), core_stop::bus);
      const cycle_t granted = group.request(0).cycle + late_grant;
      const cycle_t valid = granted + 1 + late_response;
      group.complete(0, 1, granted, valid);
      EXPECT_EQ(group.time(0), std::max(granted + 4, valid + 2));
    }
  }
}

/// The manual gives 3..35 cycles; the divider's shift depends on the divisor alone.
TEST(IssDivider, CountsLeadingBitsOfTheDivisor) {
  for (unsigned shift = 0; shift < 32; ++shift) {
    EXPECT_EQ(iss::divider_cycles(0x80000000u >> shift, false), 3 + shift);
    if (shift > 0) EXPECT_EQ(iss::divider_cycles(0x80000000u >> shift, true), 3 + shift);
    EXPECT_EQ(iss::divider_cycles(static_cast<std::uint32_t>(static_cast<std::int32_t>(0x80000000u) >> shift), true),
              3 + shift);
  }
  EXPECT_EQ(iss::divider_cycles(0, true), 35u);
  EXPECT_EQ(iss::divider_cycles(0, false), 35u);
}

}  // namespace
}  // namespace ohmic
