#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace ohmic {

/// Decides window by window whether sharing the work among threads pays, from how long windows of about the same
/// number of parts took either way. Only wall time depends on it, never a result.
///
/// Small windows cost less than waking the other threads, and on a busy machine a thread that is not running makes
/// all others wait for it. So the better way is used, and the other one is tried for a few windows at intervals that
/// grow while it stays the worse one. A trial is judged by itself: what was measured long ago does not count. It ends
/// when it is lost: on a busy machine one window can cost as much as thousands.
/// Call order: shared(parts), then report() with the time of that window.
class share_choice {
 public:
  bool shared(std::size_t parts) const {
    const size_class& c = classes_[index(parts)];
    return c.trial_left == 0 ? c.use_shared : !c.use_shared;
  }

  void report(std::size_t parts, double nanoseconds) {
    size_class& c = classes_[index(parts)];
    if (c.trial_left == 0) {
      c.mean = c.mean == 0 ? nanoseconds : c.mean + (nanoseconds - c.mean) / 32;
      if (--c.until_trial == 0) {
        c.trial_left = trial_windows;
        c.trial_sum = 0;
      }
      return;
    }
    c.trial_sum += nanoseconds;
    const bool lost = c.trial_sum >= c.mean * trial_windows;  // whatever its other windows take
    if (--c.trial_left != 0 && !lost) return;
    c.trial_left = 0;
    if (!lost) {
      c.use_shared = !c.use_shared;
      c.mean = c.trial_sum / trial_windows;
      c.interval = first_interval;
    } else if (c.interval < longest_interval) {
      c.interval *= 2;
    }
    c.until_trial = c.interval;
  }

 private:
  static constexpr unsigned trial_windows = 8, first_interval = 64, longest_interval = 4096;
  struct size_class {
    bool use_shared = true;
    double mean = 0, trial_sum = 0;
    unsigned trial_left = 0, interval = first_interval, until_trial = first_interval;
  };
  static unsigned index(std::size_t parts) {
    unsigned log = 0;
    while (parts > 1 && log < 15) parts >>= 1, ++log;
    return log;
  }
  std::array<size_class, 16> classes_{};
};

}  // namespace ohmic
