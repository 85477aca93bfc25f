// Exceptions again and again without progress end a hart: the same one on every model, at the same exception.
#include "ip/core/trap_storm.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "ip/iss/iss_group.h"
#include "ip/lockstep/lockstep_group.h"
#include "ip/rtl_core/rtl_group.h"

namespace ohmic {
namespace {

constexpr std::uint32_t base = 0x80000000, handler = base + 0x100;
constexpr unsigned zero = 0, t0 = 5, t1 = 6, t2 = 7, s0 = 8, a0 = 10;
constexpr unsigned mtvec = 0x305, mepc = 0x341;

// RISC-V unprivileged manual, instruction formats.
constexpr std::uint32_t addi(unsigned rd, unsigned rs, std::uint32_t imm) {
  return (imm & 0xfff) << 20 | rs << 15 | rd << 7 | 0x13;
}
constexpr std::uint32_t csrw(unsigned csr, unsigned rs) { return csr << 20 | rs << 15 | 1 << 12 | 0x73; }
constexpr std::uint32_t csrr(unsigned rd, unsigned csr) { return csr << 20 | 2 << 12 | rd << 7 | 0x73; }
constexpr std::uint32_t branch(unsigned funct3, unsigned a, unsigned b, std::int32_t by) {
  const auto u = static_cast<std::uint32_t>(by);
  return (u >> 12 & 1) << 31 | (u >> 5 & 63) << 25 | b << 20 | a << 15 | funct3 << 12 | (u >> 1 & 15) << 8 |
         (u >> 11 & 1) << 7 | 0x63;
}
constexpr std::uint32_t bne(unsigned a, unsigned b, std::int32_t by) { return branch(1, a, b, by); }
constexpr std::uint32_t bltu(unsigned a, unsigned b, std::int32_t by) { return branch(6, a, b, by); }
constexpr std::uint32_t lui_t0 = 0x800002b7, ecall = 0x73, ebreak = 0x00100073, mret = 0x30200073, illegal = 0xffffffff,
                        leave = 0x00000067 /* jr zero */, load = 0x00012e03 /* lw t3, 0(sp) */;

struct ending {
  hart_fault fault;
  std::uint32_t pc, cause;
  std::uint64_t retired;
};

template <class Group>
ending end_of(Group& group, std::uint32_t most) {
  ending e{};
  null_observer nobody;
  group.set_trap_limit(0, most);
  group.start(0, base, 0);
  for (;;) {
    switch (group.advance(0, 100'000, nobody)) {
      case core_stop::bus:
        group.complete(0, 0, group.request(0).cycle, group.request(0).cycle + 1);
        break;
      case core_stop::fetch:
        group.fetch_complete(0, group.time(0));
        break;
      case core_stop::horizon:
        if (group.time(0) < 100'000) break;
        return e;
      case core_stop::halted:
        e = {group.fault(0), group.pc(0), 0, group.counters(0).retired};
        if (e.fault == hart_fault::trap_storm) e.cause = group.trap_cause(0);
        return e;
    }
  }
}

/// `program` behind the setting of mtvec (its first instruction is at base + 12), `handling` at the handler's place;
/// the same on every model.
ending end_of(const std::vector<std::uint32_t>& program, const std::vector<std::uint32_t>& handling,
              std::uint32_t most) {
  std::vector<std::uint32_t> words = {lui_t0, addi(t0, t0, 0x100), csrw(mtvec, t0)};
  words.insert(words.end(), program.begin(), program.end());
  words.push_back(leave);
  words.resize((handler - base) / 4, leave);
  words.insert(words.end(), handling.begin(), handling.end());
  words.push_back(leave);
  const decoded_text decoded(base, words.data(), words.size() * 4);
  const text_bytes bytes{base, static_cast<std::uint32_t>(words.size() * 4),
                         reinterpret_cast<const std::uint8_t*>(words.data())};
  iss_group iss(decoded, 1, 0);
  rtl_group rtl(bytes, 1, 0);
  lockstep_group both(decoded, bytes, 1, 0);
  const ending e = end_of(iss, most), r = end_of(rtl, most), l = end_of(both, most);
  for (const ending& other : {r, l}) {
    EXPECT_EQ(e.fault, other.fault);
    EXPECT_EQ(e.pc, other.pc);
    EXPECT_EQ(e.cause, other.cause);
    EXPECT_EQ(e.retired, other.retired);
  }
  return e;
}

const std::vector<std::uint32_t> next_instruction = {csrr(t1, mepc), addi(t1, t1, 4), csrw(mepc, t1), mret};

void expect_storm(const ending& e, std::uint32_t pc, std::uint32_t cause) {
  EXPECT_EQ(e.fault, hart_fault::trap_storm);
  EXPECT_EQ(e.pc, pc);
  EXPECT_EQ(e.cause, cause);
}
void expect_fine(const ending& e) { EXPECT_EQ(e.fault, hart_fault::fetch_outside_text); }

TEST(TrapStormTest, AHandlerThatReturnsToWhatTrappedIsOne) {
  const ending e = end_of({illegal}, {mret}, 10);
  expect_storm(e, base + 12, 2);
  EXPECT_EQ(e.retired, 3u + 10u) << "ten times the mret; the eleventh exception is one too many";
  expect_storm(end_of({ecall}, {mret}, 10), base + 12, 11);
  expect_storm(end_of({ebreak}, {addi(s0, s0, 1), mret}, 10), base + 12, 3);
}

TEST(TrapStormTest, AHandlerThatTrapsItselfIsOne) {
  expect_storm(end_of({ecall}, {illegal}, 10), handler, 2);
  expect_storm(end_of({ecall}, {addi(s0, s0, 1), ebreak}, 10), handler + 4, 3);
  expect_storm(end_of({ecall}, {load, illegal}, 10), handler + 4, 2);
}

TEST(TrapStormTest, SystemCallsInALoopAreNone) {
  expect_fine(end_of({addi(a0, zero, 50), ecall, addi(a0, a0, 0xfff), bne(a0, zero, -8)}, next_instruction, 10));
}

TEST(TrapStormTest, SystemCallsOneBehindTheOtherAreNone) {
  expect_fine(end_of(std::vector<std::uint32_t>(30, ecall), next_instruction, 10));
}

// The handler mends it at the tenth exception.
TEST(TrapStormTest, TheLimitIsExact) {
  std::vector<std::uint32_t> handling = {addi(s0, s0, 1), addi(t2, zero, 10), bltu(s0, t2, 16)};
  handling.insert(handling.end(), next_instruction.begin(), next_instruction.end());
  expect_fine(end_of({illegal}, handling, 10));
  expect_storm(end_of({illegal}, handling, 9), base + 12, 2);
}

TEST(TrapStormTest, WithoutALimitThereIsNone) {
  EXPECT_EQ(end_of({illegal}, {mret}, 0).fault, hart_fault::none) << "it goes on to the horizon";
}

TEST(TrapStormTest, ProgressInBetweenStartsTheCountAnew) {
  std::vector<std::uint32_t> program;
  for (int i = 0; i < 5; ++i) program.insert(program.end(), {illegal, addi(s0, zero, 0)});
  std::vector<std::uint32_t> handling = {addi(s0, s0, 1), addi(t2, zero, 4), bltu(s0, t2, 16)};
  handling.insert(handling.end(), next_instruction.begin(), next_instruction.end());
  expect_fine(end_of(program, handling, 4));  // four exceptions at each of five places
  expect_storm(end_of(program, handling, 3), base + 12, 2);
}

TEST(TrapStormTest, CountsFromExceptionToException) {
  trap_storm storm;
  storm.set_limit(2);
  EXPECT_EQ(storm.limit(), 2u);
  EXPECT_FALSE(storm.watching());
  EXPECT_FALSE(storm.trapped(base, 10));
  EXPECT_TRUE(storm.watching());
  storm.returned(12);
  EXPECT_FALSE(storm.trapped(base, 12));
  storm.returned(14);
  EXPECT_FALSE(storm.trapped(base + 4, 14)) << "it returned to another instruction: the first of these";
  EXPECT_FALSE(storm.trapped(base + 8, 15)) << "in the handler: the second one";
  EXPECT_TRUE(storm.trapped(base + 12, 16));
  storm.returned(17);
  EXPECT_FALSE(storm.trapped(base + 12, 18)) << "an instruction has retired behind the return";
  EXPECT_FALSE(storm.trapped(base + 12, 18));
  EXPECT_TRUE(storm.trapped(base + 12, 18));
}

TEST(TrapStormTest, ForgetsAllButItsLimit) {
  trap_storm storm;
  storm.set_limit(1);
  EXPECT_FALSE(storm.trapped(base, 0));
  storm.returned(1);
  storm.forget();
  EXPECT_FALSE(storm.watching());
  EXPECT_EQ(storm.limit(), 1u);
  EXPECT_FALSE(storm.trapped(base + 4, 2));
  EXPECT_TRUE(storm.trapped(base + 8, 3)) << "the return before does not count";
}

}  // namespace
}  // namespace ohmic
