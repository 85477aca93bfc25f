#include <gtest/gtest.h>

#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "ip/iss/iss_group.h"
#include "ip/iss/semantic_step.h"
#include "tests/ip/iss/random_program.h"

namespace ohmic {
namespace {

using test::test_program;

struct stream {
  static constexpr bool enabled = true;
  std::vector<retire_record> records;
  void retire(unsigned, const retire_record& r) { records.push_back(r); }
};

/// Everything of a record but the cycle.
auto fields(const retire_record& r) {
  return std::make_tuple(r.pc, r.next_pc, r.instruction, r.compressed, r.trap, r.cause, r.rd, r.rd2, r.rd_value,
                         r.rd2_value, r.mem_addr, r.mem_data, r.mem_size, r.mem_write);
}

class IssMigration : public ::testing::TestWithParam<unsigned> {};

/// The state moved into a fresh group at random retirements: the same retire stream.
TEST_P(IssMigration, StreamStaysTheSame) {
  std::mt19937 random(GetParam());
  const test_program random_program = test::make_random_program(GetParam());
  const test::assembled_program program = test::assemble(random_program);
  decoded_text text(test_program::base, program.words.data(), program.words.size() * 4);
  hart_state start;
  start.pc = program.boot;

  stream whole;
  auto memory = random_program.memory;
  {
    iss_group group(text, 1, 3);
    group.start(0, test_program::base, 0);
    group.restore(0, start);
    test::run_to_end(group, whole, memory, never);
  }
  ASSERT_GT(whole.records.size(), 200u);

  stream moved;
  memory = random_program.memory;
  hart_state state = start;
  for (bool ended = false; !ended;) {
    iss_group group(text, 1, 3);
    group.start(0, test_program::base, 1000);
    group.restore(0, state);
    ended = test::run_to_end(group, moved, memory, group.time(0) + 1 + random() % 40);
    state = group.save(0);
  }
  ASSERT_EQ(moved.records.size(), whole.records.size());
  for (std::size_t i = 0; i < whole.records.size(); ++i) {
    ASSERT_EQ(fields(moved.records[i]), fields(whole.records[i]))
        << "retirement " << i << " pc " << std::hex << whole.records[i].pc;
  }

  // The lock-step entry, without bus or time, sees the same.
  memory = random_program.memory;
  semantic_step step(text, 3);
  state = start;
  for (std::size_t i = 0; i < whole.records.size(); ++i) {
    const retire_record r = step(state, [&](const bus_request& q) { return test::access(memory, q); });
    if (r.mem_write) test::store(memory, r.mem_addr, r.mem_data, r.mem_size);
    ASSERT_EQ(fields(r), fields(whole.records[i])) << "retirement " << i << " pc " << std::hex << r.pc;
    ASSERT_EQ(state.pc, r.next_pc);
  }
}

/// Up to the horizon, and not a cycle further: what comes behind it an interrupt may change.
TEST_P(IssMigration, NothingIssuesBehindTheHorizon) {
  std::mt19937 random(GetParam());
  const test_program random_program = test::make_random_program(GetParam());
  const test::assembled_program program = test::assemble(random_program);
  decoded_text text(test_program::base, program.words.data(), program.words.size() * 4);
  iss_group group(text, 1, 3);
  group.start(0, program.boot, 0);
  auto memory = random_program.memory;
  std::size_t retired = 0;
  for (bool ended = false; !ended && retired < 100'000;) {
    const cycle_t until = group.time(0) + 1 + random() % 8;
    stream seen;
    for (core_stop stop;
         !ended && ((stop = group.advance(0, until, seen)) != core_stop::horizon || group.time(0) < until);) {
      if (stop == core_stop::bus) {
        const bus_request r = group.request(0);
        group.complete(0, test::access(memory, r), r.cycle, r.cycle + 1);
      }
      if (stop == core_stop::fetch) group.fetch_complete(0, group.time(0));
      ended = stop == core_stop::halted;
    }
    for (const retire_record& r : seen.records) ASSERT_LT(r.cycle, until) << std::hex << r.pc;
    retired += seen.records.size();
  }
  EXPECT_GT(retired, 200u);
}

INSTANTIATE_TEST_SUITE_P(Seed, IssMigration, ::testing::Range(1u, 41u));

TEST(IssSemanticStep, TakesTheInterruptItIsTold) {
  const std::uint32_t words[] = {0x00000013, 0x00000013};
  decoded_text text(0x1000, words, sizeof words);
  semantic_step step(text, 0);
  hart_state s;
  s.pc = 0x1004;
  s.mtvec = 0x2001;
  s.mie = 0xffff0888;
  s.mstatus = 0x1808;
  const retire_record r = step.interrupt(s, 17);
  EXPECT_TRUE(r.trap);
  EXPECT_EQ(r.cause, 0x80000011u);
  EXPECT_EQ(s.pc, 0x2000u + 4 * 17);
  EXPECT_EQ(s.mepc, 0x1004u);
  // That one and no more: enabled again, interrupts do not come by themselves.
  s.pc = 0x1000;
  s.mstatus = 0x1808;
  EXPECT_FALSE(step(s, [](const bus_request&) { return 0u; }).trap);
  EXPECT_EQ(s.pc, 0x1004u);
}

TEST(IssSemanticStep, OutsideTheTextNothingHappens) {
  const std::uint32_t words[] = {0x00000013, 0x00000013};
  decoded_text text(0x1000, words, sizeof words);
  semantic_step step(text, 0);
  hart_state s;
  s.pc = 0x1004;
  EXPECT_EQ(step(s, [](const bus_request&) { return 0u; }).instruction, 0x13u);
  EXPECT_EQ(s.pc, 0x1008u);
  s.x[5] = 7;
  const retire_record r = step(s, [](const bus_request&) { return 0u; });
  EXPECT_EQ(r.instruction, 0u);
  EXPECT_EQ(r.pc, 0u);
  EXPECT_EQ(s.pc, 0x1008u);
  EXPECT_EQ(s.x[5], 7u);
}

}  // namespace
}  // namespace ohmic
