#include "host/console.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>

namespace ohmic {
namespace {

/// In a process of its own: prints `times` lines where standard output is what `prepare` makes it, and ends with 1 and
/// what finish_console() says on standard error, 0 if it says nothing.
[[noreturn]] void print_lines(int times, const std::function<void()>& prepare) {
  prepare();
  prepare_console();
  for (int i = 0; i < times; ++i) print("a line\n");
  if (times > 10000 && !console_is_lost()) _exit(2);
  try {
    finish_console();
  } catch (const std::runtime_error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    _exit(1);
  }
  _exit(0);
}

void to(const char* file) { dup2(open(file, O_WRONLY), STDOUT_FILENO); }

TEST(ConsoleDeathTest, WhatIsLostIsToldWithItsFirstReason) {
  for (const int times : {1, 20000}) {  // noticed at the end, and while printing
    EXPECT_EXIT(print_lines(times, [] { to("/dev/full"); }), testing::ExitedWithCode(1),
                "^cannot write standard output: No space left on device\n$");
    EXPECT_EXIT(print_lines(times,
                            [] {
                              int ends[2];
                              if (pipe(ends) != 0) _exit(3);
                              close(ends[0]);
                              dup2(ends[1], STDOUT_FILENO);
                            }),
                testing::ExitedWithCode(1), "^cannot write standard output: Broken pipe\n$");
    EXPECT_EXIT(print_lines(times, [] { close(STDOUT_FILENO); }), testing::ExitedWithCode(1),
                "^cannot write standard output: Bad file descriptor\n$");
  }
}

// First a full disk; what comes later finds the descriptor closed.
TEST(ConsoleDeathTest, AnotherReasonLaterDoesNotReplaceTheFirst) {
  EXPECT_EXIT(
      {
        to("/dev/full");
        prepare_console();
        for (int i = 0; i < 20000; ++i) print("a line\n");
        close(STDOUT_FILENO);
        for (int i = 0; i < 20000; ++i) print("a line\n");
        try {
          finish_console();
        } catch (const std::runtime_error& error) {
          std::fprintf(stderr, "%s\n", error.what());
        }
        _exit(1);
      },
      testing::ExitedWithCode(1), "^cannot write standard output: No space left on device\n$");
}

TEST(ConsoleDeathTest, WhatIsTakenIsRight) {
  EXPECT_EXIT(print_lines(1, [] { to("/dev/null"); }), testing::ExitedWithCode(0), "^$");
}

TEST(ConsoleDeathTest, NoFileGetsTheNumberOfAClosedStandardDescriptor) {
  EXPECT_EXIT(
      {
        close(STDIN_FILENO);
        close(STDOUT_FILENO);
        prepare_console();
        _exit(open("/dev/null", O_WRONLY));
      },
      [](int status) { return WIFEXITED(status) && WEXITSTATUS(status) > STDERR_FILENO; }, "");
}

}  // namespace
}  // namespace ohmic
