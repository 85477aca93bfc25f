#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/ip/iss/one_instruction.h"

namespace ohmic {
namespace {

using test::code_base;
using test::one_instruction;

constexpr std::uint32_t nop = 0x00000013;

constexpr std::uint32_t csrr(unsigned rd, std::uint32_t csr) { return csr << 20 | rd << 7 | 0x2073; }
constexpr std::uint32_t csrw(std::uint32_t csr, unsigned rs) { return csr << 20 | rs << 15 | 0x1073; }

struct csr_case {
  const char* name;
  std::uint32_t number, reset, writable;
};
constexpr csr_case csrs[] = {
    {"mstatus", 0x300, 0x1800, 0x88},
    {"misa", 0x301, 0x40801104, 0},
    {"mie", 0x304, 0, 0xffff0888},
    {"mtvec", 0x305, 1, 0xffffff01},
    {"mcountinhibit", 0x320, 0xd, 0xd},
    {"mhpmevent3", 0x323, 0, 0xffff},
    {"mhpmevent4", 0x324, 0, 0},
    {"mscratch", 0x340, 0, 0xffffffff},
    {"mepc", 0x341, 0, 0xfffffffe},
    {"mcause", 0x342, 0, 0x8000001f},
    {"mtval", 0x343, 0, 0},
    {"mip", 0x344, 0, 0},
    {"tselect", 0x7a0, 0, 0},
    {"mcycle", 0xb00, 0, 0xffffffff},
    {"minstret", 0xb02, 0, 0xffffffff},
    {"mhpmcounter3", 0xb03, 0, 0xffffffff},
    {"mhpmcounter4", 0xb04, 0, 0},
    {"mcycleh", 0xb80, 0, 0xffffffff},
    {"minstreth", 0xb82, 0, 0xffffffff},
};

// The program stops counting, so that what it writes is what it reads.
TEST(IssCsr, AWriteToHalfACounterLeavesTheOtherHalf) {
  for (const std::uint32_t low : {0xb00u, 0xb02u, 0xb03u}) {
    const std::uint32_t high = low + 0x80;
    const auto write = [](std::uint32_t csr, unsigned from) { return csr << 20 | from << 15 | 0x1073; };
    const auto read = [](std::uint32_t csr, unsigned to) { return csr << 20 | to << 7 | 0x2073; };
    one_instruction machine({write(0x320, 9), write(high, 10), write(low, 11), read(high, 12), read(low, 13),
                             write(high, 11), read(low, 14), read(high, 15), read(low + 0x100, 16),
                             read(high + 0x100, 17)});
    hart_state s;
    s.pc = code_base;
    s.x[9] = 0xd;  // mcountinhibit
    s.x[10] = 0x12345678;
    s.x[11] = 0x9abcdef0;
    for (int i = 0; i < 10; ++i) s = machine.step(s);
    EXPECT_EQ(s.x[12], 0x12345678u) << std::hex << low;
    EXPECT_EQ(s.x[13], 0x9abcdef0u);
    EXPECT_EQ(s.x[14], 0x9abcdef0u);
    EXPECT_EQ(s.x[15], 0x9abcdef0u);
    // "cycle" and "instret" are the user's view of the first two.
    EXPECT_EQ(s.x[16], 0x9abcdef0u);
    EXPECT_EQ(s.x[17], 0x9abcdef0u);
  }
}

TEST(IssCsr, ResetValuesAndWritableBits) {
  for (const csr_case& c : csrs) {
    // csrrw a0, csr, a1; csrrs a2, csr, zero; csrrc a3, csr, a4; csrr a5, csr
    one_instruction machine({c.number << 20 | 0x00059573, c.number << 20 | 0x00002673, c.number << 20 | 0x000736f3,
                             c.number << 20 | 0x000027f3});
    hart_state s;
    s.pc = code_base;
    s.x[11] = 0xffffffff;
    s.x[14] = 0x55555555;
    s = machine.step(s);
    EXPECT_EQ(s.x[10], c.reset) << c.name;
    s = machine.step(s);
    const std::uint32_t all = (c.reset & ~c.writable) | c.writable;
    EXPECT_EQ(s.x[12], all) << c.name;
    s = machine.step(s);
    s = machine.step(s);
    EXPECT_EQ(s.x[15], (c.reset & ~c.writable) | (c.writable & 0xaaaaaaaa)) << c.name;
  }
}

TEST(IssCsr, ClearingABitThatIsClearLeavesItClear) {
  // csrw mscratch, a1; csrrc zero, mscratch, a2; csrrc zero, mscratch, a2; csrrs zero, mscratch, a3
  one_instruction machine({csrw(0x340, 11), 0x340 << 20 | 12 << 15 | 0x3073, 0x340 << 20 | 12 << 15 | 0x3073,
                           0x340 << 20 | 13 << 15 | 0x2073});
  hart_state s;
  s.pc = code_base;
  s.x[11] = 0x0f0f0f0f;
  s.x[12] = 0x00ff00ff;
  s.x[13] = 0x0f000001;
  for (int i = 0; i < 3; ++i) s = machine.step(s);
  EXPECT_EQ(s.mscratch, 0x0f000f00u);
  EXPECT_EQ(machine.step(s).mscratch, 0x0f000f01u);
}

TEST(IssCsr, IdentifiesItself) {
  struct {
    std::uint32_t csr, value;
  } const ids[] = {{0xf11, 0x602}, {0xf12, 4}, {0xf13, 1}, {0xf14, 7}, {0xcd0, 7}, {0xcd1, 3}};
  for (const auto& id : ids) {
    one_instruction machine(id.csr << 20 | 0x00002573);
    hart_state s;
    s.pc = code_base;
    EXPECT_EQ(machine.step(s).x[10], id.value) << std::hex << id.csr;
  }
}

TEST(IssCsr, ImmediateFormsAndZeroOperandsThatDoNotWrite) {
  // csrrwi zero, mscratch, 21; csrrsi a0, mscratch, 10; csrrci a1, mscratch, 1; csrrsi a2, mhartid, 0
  one_instruction machine({0x340ad073, 0x34056573, 0x3400f5f3, 0xf1406673});
  hart_state s;
  s.pc = code_base;
  for (unsigned i = 0; i < 4; ++i) s = machine.step(s);
  EXPECT_EQ(s.x[10], 21u);
  EXPECT_EQ(s.x[11], 31u);
  EXPECT_EQ(s.mscratch, 30u);
  EXPECT_EQ(s.x[12], 7u);
  EXPECT_EQ(s.pc, code_base + 16);
}

TEST(IssCsr, CountersStandStillUntilTheInhibitIsCleared) {
  // csrr a0, mcycle; csrw mcountinhibit, zero; csrr a1, mcycle; nop; csrr a2, mcycle; csrr a3, minstret
  const std::uint32_t words[] = {0xb0002573, 0x32001073, 0xb00025f3, nop, 0xb0002673, 0xb02026f3, 0};
  iss::decoded_text text(code_base, words, sizeof words);
  iss_group group(text, 1, 0);
  group.start(0, code_base, 50);
  null_observer silent;
  ASSERT_EQ(group.advance(0, never, silent), core_stop::fetch);
  group.fetch_complete(0, 50);
  for (unsigned i = 0; i < 6; ++i) group.advance(0, group.time(0) + 1, silent);
  const hart_state s = group.save(0);
  EXPECT_EQ(s.x[10], 0u);
  EXPECT_EQ(s.x[12] - s.x[11], 5u);  // csrr mcycle 4, nop 1
  EXPECT_EQ(s.x[13], 3u);            // csrr, nop, csrr: the csrw that starts the count is not counted
}

// Numbers as the RTL gives them for the same program.
TEST(IssCsr, CountersChangeBehindTheInstructionThatWritesThem) {
  // csrwi mcountinhibit, 0; csrw mcycle, zero; csrr a0, mcycle; csrr a1, mcycle; csrwi mcountinhibit, 5; nop;
  // csrr a2, mcycle; csrr a3, minstret; csrwi mcountinhibit, 0; csrw minstret, zero; csrr a4, minstret
  const std::uint32_t words[] = {0x32005073, 0xb0001073, 0xb0002573, 0xb00025f3, 0x3202d073, nop,
                                 0xb0002673, 0xb02026f3, 0x32005073, 0xb0201073, 0xb0202773, 0};
  iss::decoded_text text(code_base, words, sizeof words);
  iss_group group(text, 1, 0);
  group.start(0, code_base, 50);
  null_observer silent;
  ASSERT_EQ(group.advance(0, never, silent), core_stop::fetch);
  group.fetch_complete(0, 50);
  for (unsigned i = 0; i < 11; ++i) group.advance(0, group.time(0) + 1, silent);
  const hart_state s = group.save(0);
  EXPECT_EQ(s.x[10], 3u);
  EXPECT_EQ(s.x[11], 7u);
  EXPECT_EQ(s.x[12], 12u);
  EXPECT_EQ(s.x[13], 4u);  // csrw mcycle, two csrr, and the csrwi that stops the count
  EXPECT_EQ(s.x[14], 0u);
}

// The manual's table of the registers that a core with COREV_PULP, without FPU, has in machine mode.
TEST(IssCsr, TheManualsRegistersAreThereAndNoOthers) {
  std::set<std::uint32_t> writable = {0x300, 0x301, 0x304, 0x305, 0x320, 0x340, 0x341, 0x342, 0x343, 0x344, 0x7a0,
                                      0x7a1, 0x7a2, 0x7a3, 0x7a4, 0x7a8, 0x7aa, 0xb00, 0xb02, 0xb80, 0xb82};
  std::set<std::uint32_t> readable = {0xf11, 0xf12, 0xf13, 0xf14, 0xcc0, 0xcc1, 0xcc2, 0xcc4, 0xcc5,
                                      0xcc6, 0xcd0, 0xcd1, 0xcd2, 0xc00, 0xc02, 0xc80, 0xc82};
  for (std::uint32_t n = 3; n < 32; ++n) {
    writable.insert({0x320 + n, 0xb00 + n, 0xb80 + n});
    readable.insert({0xc00 + n, 0xc80 + n});
  }
  for (std::uint32_t csr = 0; csr < 4096; ++csr) {
    one_instruction machine({csrr(5, csr), nop, csrw(csr, 6)});
    hart_state s;
    s.pc = code_base;
    s.mtvec = 0x2001;
    const bool may_be_read = machine.step(s).mcause != 2;
    s.pc = code_base + 8;
    const bool may_be_written = machine.step(s).mcause != 2;
    EXPECT_EQ(may_be_read, writable.count(csr) + readable.count(csr) != 0) << std::hex << csr;
    EXPECT_EQ(may_be_written, writable.count(csr) != 0) << std::hex << csr;
  }
}

TEST(IssCsr, LoopRegistersAreSeen) {
  std::vector<std::uint32_t> words;
  for (unsigned n = 0; n < 6; ++n) words.push_back(csrr(10 + n, 0xcc0 + n + (n >= 3)));
  one_instruction machine(words);
  hart_state s;
  s.pc = code_base;
  s.lpstart = {0x1000000, 0x2000000};
  s.lpend = {0x1000100, 0x2000200};
  s.lpcount = {77, 88};
  for (unsigned n = 0; n < 6; ++n) s = machine.step(s);
  const std::uint32_t want[] = {0x1000000, 0x1000100, 77, 0x2000000, 0x2000200, 88};
  for (unsigned n = 0; n < 6; ++n) EXPECT_EQ(s.x[10 + n], want[n]) << n;
}

// mhpmevent3: bit 0 counts cycles, bit 1 retired instructions; the first that is set decides.
TEST(IssCsr, TheThirdCounterCountsWhatItsEventSays) {
  const auto counted = [](std::uint32_t events) {
    // csrw mhpmevent3, a0; csrw mcountinhibit, zero; nop, nop, csrr mstatus (4 cycles); csrr a1, mhpmcounter3; a2, a3:
    // mcycle and minstret at once after it
    one_instruction machine({csrw(0x323, 10), csrw(0x320, 0), nop, nop, csrr(5, 0x300), csrr(11, 0xb03)});
    hart_state s;
    s.pc = code_base;
    s.x[10] = events;
    for (unsigned n = 0; n < 6; ++n) s = machine.step(s);
    return s.x[11];
  };
  EXPECT_EQ(counted(0), 0u);
  EXPECT_EQ(counted(4), 0u) << "other events are not modelled";
  EXPECT_EQ(counted(2), 3u);
  EXPECT_EQ(counted(3), counted(1));
  EXPECT_GT(counted(1), counted(2));
}

// Each bit of mcountinhibit stops its own counter, and no other.
TEST(IssCsr, EachInhibitBitIsOneCounters) {
  for (const std::uint32_t stopped : {1u, 4u, 8u}) {
    one_instruction machine({csrw(0x323, 10), csrw(0xb00, 0), csrw(0xb02, 0), csrw(0xb03, 0), csrw(0x320, 11), nop, nop,
                             csrr(12, 0xb00), csrr(13, 0xb02), csrr(14, 0xb03)});
    hart_state s;
    s.pc = code_base;
    s.x[10] = 2;  // the third one counts instructions
    s.x[11] = stopped;
    for (unsigned n = 0; n < 10; ++n) s = machine.step(s);
    EXPECT_EQ(s.x[12] == 0, stopped == 1) << stopped;
    EXPECT_EQ(s.x[13] == 0, stopped == 4) << stopped;
    EXPECT_EQ(s.x[14] == 0, stopped == 8) << stopped;
  }
}

// Manual, "Interrupts": fast interrupts from 31 down to 16 go before external, software and timer.
TEST(IssCsr, TheHighestInterruptIsTakenFirst) {
  const unsigned order[] = {31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 11, 3, 7};
  for (std::size_t a = 0; a < std::size(order); ++a)
    for (std::size_t b = a; b < std::size(order); ++b)
      EXPECT_EQ(iss::highest_priority(1u << order[a] | 1u << order[b]), order[a]) << order[b];
}

TEST(IssCsr, InterruptsGoToTheirVectorsAndExceptionsToTheTablesBegin) {
  iss::hart_control c;
  c.mtvec = 0x3001;
  EXPECT_EQ(iss::trap_handler(c, 0x80000000u | 11), 0x3000u + 44);
  EXPECT_EQ(iss::trap_handler(c, 0x80000000u | 31), 0x3000u + 124);
  EXPECT_EQ(iss::trap_handler(c, 11), 0x3000u);
  c.mtvec = 0x3000;
  EXPECT_EQ(iss::trap_handler(c, 0x80000000u | 11), 0x3000u);
}

TEST(IssCsr, PendingShowsTheLinesOfInterruptsThatExistWhetherEnabledOrNot) {
  const std::uint32_t words[] = {csrr(10, 0x344), nop, nop, nop};
  iss::decoded_text text(code_base, words, sizeof words);
  iss_group group(text, 1, 0);
  group.start(0, code_base, 0);
  null_observer silent;
  group.set_irq(0, ~0u);
  ASSERT_EQ(group.advance(0, never, silent), core_stop::fetch);
  group.fetch_complete(0, 50);
  while (group.counters(0).retired == 0) group.advance(0, group.time(0) + 1, silent);
  EXPECT_EQ(group.save(0).x[10], 0xffff0888u);
}

}  // namespace
}  // namespace ohmic
