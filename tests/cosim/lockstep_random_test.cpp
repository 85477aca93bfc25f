#include <gtest/gtest.h>

#include <string>

#include "tests/cosim/environment.h"
#include "tests/cosim/lockstep_case.h"

namespace ohmic {
namespace {

using test::surroundings;

class LockstepRandom : public ::testing::TestWithParam<std::pair<const char*, surroundings>> {};

TEST_P(LockstepRandom, RtlAndIssRetireTheSame) {
  const surroundings around = GetParam().second;
  const unsigned first = test::number_from_environment("LOCKSTEP_FIRST", 1),
                 count = test::number_from_environment("LOCKSTEP_SEEDS", 60);
  std::uint64_t retirements = 0;
  for (unsigned seed = first; seed < first + count; ++seed) {
    null_observer nobody;
    test::happenings what;
    const test::lockstep_outcome o =
        test::run_randomly(test::random_program_for(seed, around), seed, around, what, nobody);
    ASSERT_EQ(o.mismatch, "") << "seed " << seed;
    ASSERT_TRUE(o.ended) << "seed " << seed;
    retirements += o.retirements;
  }
  EXPECT_GT(retirements, count * 200u);
}

INSTANTIATE_TEST_SUITE_P(Surroundings, LockstepRandom, ::testing::ValuesIn(test::all_surroundings()),
                         [](const auto& info) { return std::string(info.param.first); });

/// What happened to a program is all that its run depends on: repeated from the record, it takes the same cycles.
TEST(LockstepCase, ARecordedRunIsRepeated) {
  for (const auto& [name, around] : test::all_surroundings()) {
    for (unsigned seed = 1; seed <= 10; ++seed) {
      null_observer nobody;
      test::lockstep_case c;
      c.program = test::random_program_for(seed, around);
      const test::lockstep_outcome first = test::run_randomly(c.program, seed, around, c.what, nobody);
      const test::lockstep_outcome again = test::run_case(c);
      EXPECT_EQ(first.cycles, again.cycles) << name << " seed " << seed;
      EXPECT_EQ(first.retirements, again.retirements) << name << " seed " << seed;
    }
  }
}

}  // namespace
}  // namespace ohmic
