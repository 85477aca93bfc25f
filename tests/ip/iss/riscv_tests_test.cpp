#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/ip/iss/flat_machine.h"

namespace ohmic {
namespace {

std::vector<std::string> programs() {
  std::vector<std::string> found;
  const std::filesystem::path folder(RISCV_TESTS);
  if (!std::filesystem::exists(folder)) return found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".elf") found.push_back(entry.path().stem().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// riscv-tests (rv32ui, rv32um, rv32uc): each program checks itself.
class RiscvTests : public ::testing::TestWithParam<std::string> {};

TEST_P(RiscvTests, Passes) {
  flat_machine m;
  m.load_elf(std::string(RISCV_TESTS "/") + GetParam() + ".elf");
  m.set_exit(0xF0000000);
  ASSERT_EQ(m.run(1000000), flat_machine::outcome::exited) << "pc " << std::hex << m.group().pc(0);
  EXPECT_EQ(m.exit_code(), 0u) << "case " << m.exit_code() / 2;
}

INSTANTIATE_TEST_SUITE_P(Program, RiscvTests, ::testing::ValuesIn(programs()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RiscvTests);

TEST(RiscvTestsSetUp, AllProgramsAreThere) {
  if (programs().empty())
    GTEST_SKIP() << "riscv-tests are not unpacked: run scripts/fetch_riscv_tests and configure again";
  EXPECT_EQ(programs().size(), 48u);
}

}  // namespace
}  // namespace ohmic
