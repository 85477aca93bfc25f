#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tests/cosim/case_file.h"

namespace ohmic {
namespace {

std::vector<std::filesystem::path> kept_programs() {
  std::vector<std::filesystem::path> all;
  for (const auto& file : std::filesystem::directory_iterator(KEPT_PROGRAMS)) {
    if (file.path().extension() == ".txt") all.push_back(file.path());
  }
  std::sort(all.begin(), all.end());
  return all;
}

class KeptProgram : public ::testing::TestWithParam<std::filesystem::path> {};

/// What once differed is equal since then.
TEST_P(KeptProgram, RtlAndIssRetireTheSame) {
  std::ifstream in(GetParam());
  std::stringstream text;
  text << in.rdbuf();
  test::lockstep_case c;
  ASSERT_NO_THROW(c = test::case_from_text(text.str())) << GetParam();
  const test::lockstep_outcome o = test::run_case(c);
  EXPECT_EQ(o.mismatch, "");
  EXPECT_TRUE(o.ended);
}

INSTANTIATE_TEST_SUITE_P(File, KeptProgram, ::testing::ValuesIn(kept_programs()),
                         [](const auto& info) { return info.param.stem().string(); });

/// A random program's text is that program: it runs cycle by cycle like it.
TEST(CaseFile, SaysAllThatARunDependsOn) {
  for (const auto& [name, around] : test::all_surroundings()) {
    for (unsigned seed = 1; seed <= 5; ++seed) {
      null_observer nobody;
      test::lockstep_case c;
      c.program = test::random_program_for(seed, around);
      const test::lockstep_outcome first = test::run_randomly(c.program, seed, around, c.what, nobody);
      const test::lockstep_outcome again = test::run_case(test::case_from_text(test::to_text(c, "")));
      EXPECT_EQ(first.cycles, again.cycles) << name << " seed " << seed;
      EXPECT_EQ(first.retirements, again.retirements) << name << " seed " << seed;
    }
  }
}

TEST(CaseFile, TellsTheLineThatCannotBeRead) {
  const auto message = [](const char* text) -> std::string {
    try {
      test::case_from_text(text);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "read";
  };
  EXPECT_EQ(message("# comment\nregister x5 12\nprogram\n80000300 00000013 nop\n"), "read");
  EXPECT_EQ(message("register x32 12\nprogram\n"), "line 1: registers are x1 to x31");
  EXPECT_EQ(message("memory 10000000 xyz\nprogram\n"), "line 1: 'xyz' is no number");
  EXPECT_EQ(message("\nevent 1 wait 3\nprogram\n"), "line 2: something is missing at the end");
  EXPECT_EQ(message("wait 3\nprogram\n"), "line 1: unknown word 'wait'");
  EXPECT_EQ(message("program\n80000300 13 nop\n"), "line 2: an instruction has four or eight digits");
  EXPECT_EQ(message("register x1 1\n"), "line 1: there is no program");
}

}  // namespace
}  // namespace ohmic
