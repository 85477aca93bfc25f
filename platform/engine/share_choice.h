#pragma once

#include <array>
#include <cstdint>

namespace ohmic {

/// Decides window by window whether sharing the work among threads pays, from how long windows of about the same
/// number of parts took either way. Only wall time depends on it, never a result.
///
/// Small windows cost less than waking the other threads, and on a busy machine a thread that is not running makes
/// all others wait for it. So both ways are timed: mostly the better one is used, the other is tried again at
/// intervals that grow while it stays the worse one.
/// Call order: shared(parts), then report() with the time of that window.
class share_choice {
 public:
  bool shared(std::size_t parts) {
    size_class& c = at(parts);
    ++c.windows;
    const bool better_shared = c.nanoseconds[1] <= c.nanoseconds[0];
    if (c.windows < c.next_trial) return better_shared;
    return !better_shared;
  }

  void report(std::size_t parts, bool was_shared, double nanoseconds) {
    size_class& c = at(parts);
    double& mean = c.nanoseconds[was_shared ? 1 : 0];
    mean = mean == 0 ? nanoseconds : mean + (nanoseconds - mean) / 16;
    if (c.windows < c.next_trial) return;
    // A trial of the other way: soon again if it came close, later and later if it did not.
    const bool better_shared = c.nanoseconds[1] <= c.nanoseconds[0];
    if (++c.trials % trial_length != 0) return;
    c.interval = better_shared == was_shared ? first_interval : c.interval < longest_interval ? 2 * c.interval : c.interval;
    c.next_trial = c.windows + c.interval;
  }

 private:
  static constexpr std::uint64_t first_interval = 256, longest_interval = 1 << 16;
  static constexpr unsigned trial_length = 4;
  struct size_class {
    std::array<double, 2> nanoseconds{};  // alone, shared: running means
    std::uint64_t windows = 0, next_trial = 0, interval = first_interval;
    unsigned trials = 0;
  };
  size_class& at(std::size_t parts) {
    unsigned log = 0;
    while (parts > 1 && log < 15) parts >>= 1, ++log;
    return classes_[log];
  }
  std::array<size_class, 16> classes_{};
};

}  // namespace ohmic
