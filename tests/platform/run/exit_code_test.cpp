// The numbers that scripts rely on: README and `ohmic --help` name the same ones.
#include "platform/run/exit_code.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

int code(run_end end, std::uint32_t status = 0) { return static_cast<int>(exit_code_of(end, status)); }

TEST(ExitCodeTest, EveryEndHasItsNumber) {
  EXPECT_EQ(code(run_end::exited), 0);
  EXPECT_EQ(code(run_end::deadlock), 3);
  EXPECT_EQ(code(run_end::guest_error), 4);
  EXPECT_EQ(code(run_end::lockstep_mismatch), 5);
  EXPECT_EQ(code(run_end::cycle_limit), 6);
  EXPECT_EQ(code(run_end::asserted), 7);
  EXPECT_EQ(code(run_end::interrupted), 130);
}

TEST(ExitCodeTest, ASignalIs128AndItsNumber) {
  const auto by = [](int signal) { return static_cast<int>(exit_code_of(run_end::interrupted, 0, signal)); };
  EXPECT_EQ(by(1), 129);
  EXPECT_EQ(by(2), 130);
  EXPECT_EQ(by(15), 143);
  EXPECT_EQ(static_cast<int>(exit_code_of(run_end::exited, 0, 15)), 0) << "it came when the run had ended";
}

TEST(ExitCodeTest, AnyStatusButZeroIsAFailureOfTheFirmware) {
  for (const std::uint32_t status : {1u, 130u, 256u, 0x80000000u, 0xFFFFFFFFu})
    EXPECT_EQ(code(run_end::exited, status), 7) << status;
  EXPECT_EQ(code(run_end::deadlock, 5), 3) << "the status counts for exit() only";
}

}  // namespace
}  // namespace ohmic
