#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "ip/lockstep/lockstep_group.h"
#include "tests/cosim/core_bench.h"
#include "tests/cosim/lockstep_program.h"

namespace ohmic {
namespace {

using test::core_bench;
using test::lockstep_program;
using test::random_program;
using test::surroundings;

/// Seeds per kind of surroundings; more by LOCKSTEP_SEEDS, from LOCKSTEP_FIRST on.
unsigned number(const char* name, unsigned otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr ? static_cast<unsigned>(std::atoi(text)) : otherwise;
}

struct outcome {
  std::uint64_t retirements = 0;
  std::string mismatch;
  bool ended = false;
};

outcome run(const lockstep_program& program, unsigned seed, const surroundings& around) {
  const auto bytes = static_cast<std::uint32_t>(program.words.size() * 4);
  const decoded_text text(random_program::base, program.words.data(), bytes);
  lockstep_group group(text, {random_program::base, bytes, reinterpret_cast<const std::uint8_t*>(program.words.data())},
                       1, 7);
  group.start(0, program.boot, 0);
  auto memory = program.memory;
  null_observer nobody;
  outcome result;
  core_bench<lockstep_group> bench(group, memory, seed, around);
  result.ended = bench.run(200000, nobody);
  for (const std::uint64_t n : group.counts()) result.retirements += n;
  if (group.bad_hart()) result.mismatch = group.mismatch();
  return result;
}

class LockstepRandom : public ::testing::TestWithParam<std::pair<const char*, surroundings>> {};

TEST_P(LockstepRandom, RtlAndIssRetireTheSame) {
  const surroundings around = GetParam().second;
  const unsigned first = number("LOCKSTEP_FIRST", 1), count = number("LOCKSTEP_SEEDS", 60);
  std::uint64_t retirements = 0;
  for (unsigned seed = first; seed < first + count; ++seed) {
    const lockstep_program program(seed, around.interrupt_every != 0);
    const outcome o = run(program, seed, around);
    ASSERT_EQ(o.mismatch, "") << "seed " << seed;
    ASSERT_TRUE(o.ended) << "seed " << seed;
    retirements += o.retirements;
  }
  std::printf("%llu retirements compared, seeds %u..%u\n", static_cast<unsigned long long>(retirements), first,
              first + count - 1);
  EXPECT_GT(retirements, count * 200u);
}

INSTANTIATE_TEST_SUITE_P(Surroundings, LockstepRandom,
                         ::testing::Values(std::pair{"Quiet", surroundings{}},
                                           std::pair{"Stalls", surroundings{3, 3, 5, 0}},
                                           std::pair{"LongStalls", surroundings{20, 40, 60, 0}},
                                           std::pair{"Interrupts", surroundings{0, 0, 0, 60}},
                                           std::pair{"InterruptsAndStalls", surroundings{3, 5, 6, 40}}),
                         [](const auto& info) { return std::string(info.param.first); });

/// A core that differs is found: one instruction of the program the ISS follows is another one.
TEST(LockstepTest, ADifferentInstructionIsFound) {
  unsigned found = 0, ran = 0;
  for (unsigned seed = 1; seed <= 10; ++seed) {
    const lockstep_program program(seed, false);
    std::vector<std::uint32_t> other = program.words;
    for (std::uint32_t& word : other)
      if ((word & 0xfe00707f) == 0x13) word ^= 1u << 20;  // addi: another immediate
    const auto bytes = static_cast<std::uint32_t>(program.words.size() * 4);
    const decoded_text text(random_program::base, other.data(), bytes);
    lockstep_group group(
        text, {random_program::base, bytes, reinterpret_cast<const std::uint8_t*>(program.words.data())}, 1, 7);
    group.start(0, program.boot, 0);
    auto memory = program.memory;
    null_observer nobody;
    core_bench<lockstep_group> bench(group, memory, seed, {});
    bench.run(200000, nobody);
    ++ran;
    if (group.bad_hart() && group.fault(0) == hart_fault::lockstep_mismatch) ++found;
  }
  EXPECT_EQ(found, ran);
}

}  // namespace
}  // namespace ohmic
