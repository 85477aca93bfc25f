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

}  // namespace
}  // namespace ohmic
