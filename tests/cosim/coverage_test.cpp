#include "tests/cosim/coverage.h"

#include <gtest/gtest.h>

#include "tests/cosim/lockstep_case.h"

namespace ohmic {
namespace {

/// Random programs execute everything: each instruction of the table, each compressed form, each situation.
TEST(Coverage, RandomProgramsExecuteEverything) {
  test::coverage all;
  for (const auto& [name, around] : test::all_surroundings()) {
    for (unsigned seed = 1; seed <= 250; ++seed) {
      test::happenings what;
      ASSERT_EQ(test::run_randomly(test::random_program_for(seed, around), seed, around, what, all).mismatch, "")
          << name << " seed " << seed;
      all.end_program(what);
    }
  }
  for (const auto& [name, count] : all.table()) EXPECT_GT(count, 0u) << name;
}

}  // namespace
}  // namespace ohmic
