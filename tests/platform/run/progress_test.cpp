#include "platform/run/progress.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>

namespace ohmic {
namespace {

TEST(ReadableSecondsTest, TellsTenthsBelowAMinute) {
  EXPECT_EQ(readable_seconds(0), "0.0 s");
  EXPECT_EQ(readable_seconds(3.44), "3.4 s");
  EXPECT_EQ(readable_seconds(59.94), "59.9 s");
}

TEST(ReadableSecondsTest, TellsMinutesFromThereOn) {
  EXPECT_EQ(readable_seconds(59.95), "1 min 00 s");
  EXPECT_EQ(readable_seconds(59.96), "1 min 00 s") << "not 60.0 s";
  EXPECT_EQ(readable_seconds(60), "1 min 00 s");
  EXPECT_EQ(readable_seconds(119.6), "2 min 00 s");
  EXPECT_EQ(readable_seconds(125), "2 min 05 s");
  EXPECT_EQ(readable_seconds(3725), "62 min 05 s");
}

// Tests write to a file, not to a terminal.
TEST(ProgressTest, ALogHasNoLineForWhatEndsSoon) {
  testing::internal::CaptureStderr();
  {
    progress meter("work", false);
    for (int i = 0; i < 1000; ++i) meter.update(i, 1000, "detail");
    meter.clear();
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

/// Standard error is a terminal as long as this lives.
class terminal {
 public:
  terminal() : screen_(posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK)), before_(dup(STDERR_FILENO)) {
    if (screen_ == -1 || grantpt(screen_) != 0 || unlockpt(screen_) != 0) return;
    const int line = open(ptsname(screen_), O_RDWR | O_NOCTTY);
    if (line == -1) return;
    there = dup2(line, STDERR_FILENO) != -1 && isatty(STDERR_FILENO) != 0;
    close(line);
  }
  ~terminal() {
    dup2(before_, STDERR_FILENO);
    close(before_);
    close(screen_);
  }
  std::string shown() const {
    char text[512];
    const ssize_t size = read(screen_, text, sizeof text);
    return {text, size > 0 ? static_cast<std::size_t>(size) : 0};
  }
  bool there = false;

 private:
  const int screen_, before_;
};

std::string first_line(double done, double total, const std::string& detail) {
  const terminal screen;
  if (!screen.there) return "no terminal";
  progress meter("work", false);
  meter.update(done, total, detail);
  const std::string line = screen.shown();
  meter.update(done, total, "so soon again");
  EXPECT_EQ(screen.shown(), "") << "not more often than can be read";
  meter.clear();
  EXPECT_EQ(screen.shown(), line.empty() ? "" : "\r\033[K") << "the line is gone";
  meter.clear();
  EXPECT_EQ(screen.shown(), "");
  return line;
}

TEST(ProgressTest, ATerminalsLineSaysHowFarAndHowLongStill) {
  const std::string half = first_line(1, 2, "detail");
  if (half == "no terminal") GTEST_SKIP() << "no terminals here";
  EXPECT_THAT(half, testing::MatchesRegex("\r.\\[Kwork:  50 %, [0-9.]+ s left, detail"));
  EXPECT_EQ(first_line(1, 100, "detail"), "\r\033[Kwork:   1 %, detail") << "too early to tell";
  EXPECT_THAT(first_line(11, 1000, ""), testing::MatchesRegex("\r.\\[Kwork:   1 %, [0-9.]+ s left"));
  EXPECT_EQ(first_line(5, 0, "cycle 5"), "\r\033[Kwork, cycle 5") << "of unknown length";
  EXPECT_EQ(first_line(0, 7, ""), "\r\033[Kwork:   0 %");
}

}  // namespace
}  // namespace ohmic
