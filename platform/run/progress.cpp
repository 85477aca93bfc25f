#include "platform/run/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace ohmic {

using clock = std::chrono::steady_clock;

std::string readable_seconds(double seconds) {
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<long>(seconds + 0.5);
  return fmt::format("{} min {:02} s", whole / 60, whole % 60);
}

progress::progress(std::string what, bool quiet)
    : what_(std::move(what)), quiet_(quiet), terminal_(isatty(STDERR_FILENO) != 0), begin_(clock::now()) {}

progress::~progress() { clear(); }

double progress::seconds() const { return std::chrono::duration<double>(clock::now() - begin_).count(); }

void progress::update(double done, double total, const std::string& detail) {
  if (quiet_) return;
  const auto now = clock::now();
  const auto pause = terminal_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(10000);
  if (shown_ == clock::time_point{} && !terminal_) shown_ = begin_;  // a log needs no line for what ends soon
  if (now - shown_ < pause) return;
  shown_ = now;
  std::string line = what_;
  if (total > 0) {
    const double part = done / total;
    line += fmt::format(": {:3.0f} %", 100 * part);
    if (part > 0.01) line += fmt::format(", {} left", readable_seconds(seconds() * (1 - part) / part));
  }
  if (!detail.empty()) line += ", " + detail;
  if (terminal_) {
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
    on_screen_ = true;
  } else {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
  std::fflush(stderr);
}

void progress::clear() {
  if (on_screen_) std::fputs("\r\033[K", stderr);
  on_screen_ = false;
}

}  // namespace ohmic
