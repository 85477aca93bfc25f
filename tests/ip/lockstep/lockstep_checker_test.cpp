#include "ip/lockstep/lockstep_checker.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace ohmic {
namespace {

constexpr std::uint32_t base = 0x80000000;
const std::vector<std::uint32_t> words = {
    0x10000537,  // lui a0, 0x10000
    0x00550593,  // addi a1, a0, 5
    0x0045a60b,  // cv.lw a2, (a1), 4
    0x00c52423,  // sw a2, 8(a0)
    0xb00026f3,  // csrr a3, mcycle
    0x00000073,  // ecall
};

/// What a core does with these words, worked out by hand. mtvec is 0.
std::vector<retire_record> right() {
  std::vector<retire_record> all(6);
  for (unsigned i = 0; i < 6; ++i) {
    all[i].pc = base + 4 * i;
    all[i].instruction = words[i];
  }
  all[0].rd = 10, all[0].rd_value = 0x10000000;
  all[1].rd = 11, all[1].rd_value = 0x10000005;
  all[2].rd = 12, all[2].rd_value = 0xcafe1234, all[2].rd2 = 11, all[2].rd2_value = 0x10000009;
  all[2].mem_addr = 0x10000005, all[2].mem_size = 4, all[2].mem_data = 0xcafe1234;
  all[3].mem_addr = 0x10000008, all[3].mem_size = 4, all[3].mem_data = 0xcafe1234, all[3].mem_write = true;
  all[4].rd = 13, all[4].rd_value = 4711;  // a counter: whatever the RTL says
  all[5].trap = true, all[5].cause = 11;
  return all;
}

struct checked {
  checked() : text(base, words.data(), words.size() * 4), checker(text, 0) { checker.start(base); }
  decoded_text text;
  lockstep_checker checker;
};

TEST(LockstepChecker, AcceptsWhatTheInstructionsMean) {
  checked c;
  for (const retire_record& r : right()) ASSERT_TRUE(c.checker.check(r)) << c.checker.mismatch();
  EXPECT_EQ(c.checker.counts()[static_cast<unsigned>(lockstep_class::load)], 1u);
  EXPECT_EQ(c.checker.counts()[static_cast<unsigned>(lockstep_class::exception)], 1u);
}

/// A mismatch is one: behind it the ISS goes on from what the RTL did.
TEST(LockstepChecker, GoesOnFromWhatTheRtlDid) {
  {
    checked c;  // a wrong sum is the address of the load behind it
    std::vector<retire_record> all = right();
    all[1].rd_value += 0x100;
    all[2].mem_addr += 0x100, all[2].rd2_value += 0x100;
    for (unsigned i = 0; i < all.size(); ++i) EXPECT_EQ(c.checker.check(all[i]), i != 1) << c.checker.mismatch();
  }
  {
    checked c;  // an instruction is missing: the next one is executed as if it had been there
    std::vector<retire_record> all = right();
    all[2].mem_addr = 7, all[2].rd2_value = 11;
    for (const unsigned i : {0u, 2u, 3u, 4u, 5u}) EXPECT_EQ(c.checker.check(all[i]), i != 2) << c.checker.mismatch();
  }
  {
    checked c;  // a trap that should not be, to the ecall: registers stay, its return address is the RTL's
    std::vector<retire_record> all = right();
    all[3].trap = true, all[3].cause = 2, all[3].mem_size = 0;
    for (const unsigned i : {0u, 1u, 2u, 3u, 5u}) EXPECT_EQ(c.checker.check(all[i]), i != 3) << c.checker.mismatch();
  }
}

/// What a trap that the RTL alone has taken leaves in CSRs is read by its handler.
TEST(LockstepChecker, FollowsATrapIntoItsHandlersCsrs) {
  const std::vector<std::uint32_t> code = {0x30046073,   // csrsi mstatus, 8
                                           0x00000013,   // nop
                                           0x34202573,   // csrr a0, mcause
                                           0x341025f3,   // csrr a1, mepc
                                           0x30002673};  // csrr a2, mstatus
  const decoded_text text(base, code.data(), code.size() * 4);
  lockstep_checker checker(text, 0);
  checker.start(base);
  std::vector<retire_record> all(code.size());
  for (unsigned i = 0; i < all.size(); ++i) all[i].pc = base + 4 * i, all[i].instruction = code[i];
  all[1].trap = true, all[1].cause = 2;
  all[2].rd = 10, all[2].rd_value = 2;
  all[3].rd = 11, all[3].rd_value = base + 4;
  all[4].rd = 12, all[4].rd_value = 0x1880;  // MPP, and MPIE from MIE
  for (unsigned i = 0; i < all.size(); ++i) EXPECT_EQ(checker.check(all[i]), i != 1) << i << checker.mismatch();
}

/// Each field is compared: wrong by a bit, the retirement is refused for the reason named.
TEST(LockstepChecker, RefusesEachFieldThatIsWrong) {
  struct {
    unsigned at;
    const char* why;
    std::function<void(retire_record&)> spoil;
  } const cases[] = {
      {0, "pc", [](retire_record& r) { r.pc += 4; }},
      {0, "instruction", [](retire_record& r) { r.instruction ^= 0x1000; }},
      {1, "register", [](retire_record& r) { r.rd = 12; }},
      {1, "register", [](retire_record& r) { r.rd_value ^= 0x80000000u; }},
      {1, "trap", [](retire_record& r) { r.trap = true, r.cause = 2; }},
      {2, "base register", [](retire_record& r) { r.rd2_value ^= 1; }},
      {2, "base register", [](retire_record& r) { r.rd2 = 0, r.rd2_value = 0; }},
      {2, "access", [](retire_record& r) { r.mem_size = 2; }},
      {3, "access", [](retire_record& r) { r.mem_addr ^= 4; }},
      {3, "access", [](retire_record& r) { r.mem_write = false; }},
      {3, "data", [](retire_record& r) { r.mem_data ^= 1; }},
      {4, "register", [](retire_record& r) { r.rd = 14; }},
      {5, "trap", [](retire_record& r) { r.cause = 3; }},
      {5, "trap", [](retire_record& r) { r.trap = false, r.cause = 0; }},
  };
  for (const auto& wrong : cases) {
    checked c;
    std::vector<retire_record> all = right();
    wrong.spoil(all[wrong.at]);
    for (unsigned i = 0; i < wrong.at; ++i) ASSERT_TRUE(c.checker.check(all[i]));
    EXPECT_FALSE(c.checker.check(all[wrong.at]));
    const std::string& story = c.checker.mismatch();
    EXPECT_EQ(story.substr(0, story.find('\n')), wrong.why) << story;
  }
}

TEST(LockstepChecker, RefusesAnInterruptThatIsOff) {
  checked c;
  retire_record r;
  r.pc = base;
  r.trap = true;
  r.cause = 0x80000010u;
  EXPECT_FALSE(c.checker.check(r));
  EXPECT_NE(c.checker.mismatch().find("the ISS has this interrupt disabled"), std::string::npos);
}

/// Control state of the RTL is compared at the access it belongs to.
TEST(LockstepChecker, AnInterruptReturnsToWhatWouldHaveComeNext) {
  for (const std::int32_t wrong : {0, 4, -4}) {
    const std::vector<std::uint32_t> code = {0x30046073, 0x00000013, 0x00000013, 0x00000013};  // csrsi mstatus, 8
    const decoded_text text(base, code.data(), code.size() * 4);
    lockstep_checker checker(text, 0);
    hart_state state;
    state.pc = base;
    state.mie = 0x800;
    checker.start(base);
    checker.restore(state);
    retire_record enable, interrupt;
    enable.pc = base, enable.instruction = code[0];
    ASSERT_TRUE(checker.check(enable)) << checker.mismatch();
    interrupt.pc = base + 4 + static_cast<std::uint32_t>(wrong);
    interrupt.trap = true, interrupt.cause = 0x8000000b;
    EXPECT_EQ(checker.check(interrupt), wrong == 0) << wrong;
    if (wrong != 0) EXPECT_NE(checker.mismatch().find("pc"), std::string::npos) << checker.mismatch();
  }
}

TEST(LockstepChecker, RefusesControlStateThatIsWrong) {
  const std::vector<retire_record> all = right();
  for (const bool wrong : {false, true}) {
    checked c;
    ASSERT_TRUE(c.checker.check(all[0]) && c.checker.check(all[1]));
    hart_state rtl;
    rtl.mtvec = 1;
    rtl.lpcount[1] = wrong ? 3 : 0;
    c.checker.expect_control(all[2].pc, rtl);
    EXPECT_EQ(c.checker.check(all[2]), !wrong);
    if (wrong) EXPECT_EQ(c.checker.mismatch().substr(0, 9), "lpcount1:");
  }
}

/// The stepped base of an access is a register that the RTL wrote, too.
TEST(LockstepChecker, GoesOnWithTheBaseThatTheRtlStepped) {
  const std::vector<std::uint32_t> program = {
      0x0045a60b,  // cv.lw a2, (a1), 4
      0x00158693,  // addi a3, a1, 1
  };
  const decoded_text text(base, program.data(), program.size() * 4);
  lockstep_checker checker(text, 0);
  checker.start(base);
  std::vector<retire_record> all(2);
  for (unsigned i = 0; i < 2; ++i) all[i].pc = base + 4 * i, all[i].instruction = program[i];
  all[0].rd = 12, all[0].rd2 = 11, all[0].rd2_value = 0x104, all[0].mem_size = 4;  // wrong: a1 was 0
  all[1].rd = 13, all[1].rd_value = 0x105;
  EXPECT_FALSE(checker.check(all[0]));
  EXPECT_TRUE(checker.check(all[1])) << checker.mismatch();
}

/// The control state that was noted belongs to one instruction: a mismatch of another one does not take it over.
TEST(LockstepChecker, TakesControlStateOverOnlyWithItsInstruction) {
  const std::vector<std::uint32_t> program = {
      0x00052583,  // lw a1, 0(a0)
      0x00452603,  // lw a2, 4(a0)
      0x340026f3,  // csrr a3, mscratch
  };
  for (const bool its_own : {false, true}) {
    const decoded_text text(base, program.data(), program.size() * 4);
    lockstep_checker checker(text, 0);
    checker.start(base);
    std::vector<retire_record> all(3);
    for (unsigned i = 0; i < 3; ++i) all[i].pc = base + 4 * i, all[i].instruction = program[i];
    all[0].rd = 11, all[0].mem_size = 4, all[0].mem_addr = 0x40;  // wrong: a0 is 0
    all[1].rd = 12, all[1].mem_size = 4, all[1].mem_addr = 4;
    all[2].rd = 13, all[2].rd_value = its_own ? 5 : 0;
    hart_state rtl;
    rtl.mscratch = 5;
    checker.expect_control(all[its_own ? 0 : 1].pc, rtl);
    EXPECT_FALSE(checker.check(all[0]));
    EXPECT_TRUE(checker.check(all[1])) << checker.mismatch();
    EXPECT_TRUE(checker.check(all[2])) << checker.mismatch();
  }
}

/// What is compared is counted by what it is.
TEST(LockstepChecker, CountsInstructionsByTheirClass) {
  struct {
    std::uint32_t word;
    lockstep_class is;
  } const cases[] = {{0x02b50533, lockstep_class::multiply},       // mul
                     {0x02b51533, lockstep_class::multiply},       // mulh
                     {0x02b54533, lockstep_class::divide},         // div
                     {0x02b57533, lockstep_class::divide},         // remu
                     {0x00b50533, lockstep_class::alu},            // add
                     {0x00000517, lockstep_class::alu},            // auipc
                     {0x00a00463, lockstep_class::branch},         // beq x0, a0
                     {0x0080056f, lockstep_class::jump},           // jal
                     {0x34051573, lockstep_class::csr},            // csrrw mscratch
                     {0x0000000f, lockstep_class::system},         // fence
                     {0x0000100f, lockstep_class::system},         // fence.i
                     {0x0030402b, lockstep_class::hardware_loop},  // cv.starti 0, 12
                     {0x00b5057b, lockstep_class::simd},           // cv.add.h
                     {0x00b5157b, lockstep_class::simd}};          // cv.add.b
  for (const auto& c : cases) {
    const std::uint32_t program[] = {c.word, 0x13, 0x13, 0x13, 0x13};
    const decoded_text text(base, program, sizeof program);
    // What it does the ISS says itself: here only its class matters.
    semantic_step step(text, 0);
    hart_state state;
    state.pc = base;
    retire_record r = step(state, [](const bus_request&) { return 0u; });
    lockstep_checker checker(text, 0);
    checker.start(base);
    ASSERT_TRUE(checker.check(r)) << std::hex << c.word << checker.mismatch();
    for (unsigned k = 0; k < lockstep_class_count; ++k)
      EXPECT_EQ(checker.counts()[k], k == static_cast<unsigned>(c.is) ? 1u : 0u)
          << std::hex << c.word << " " << name_of(static_cast<lockstep_class>(k));
  }
}

}  // namespace
}  // namespace ohmic
