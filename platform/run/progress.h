#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace ohmic {

/// Tells a person how far something is: one line rewritten in place on a terminal, now and then a whole line in a
/// log file, nothing when quiet. Goes to stderr, so that stdout stays parseable.
class progress {
 public:
  progress(std::string what, bool quiet);
  ~progress();

  /// `done` of `total` (0: unknown); `detail` is appended. Cheap to call often.
  void update(double done, double total, const std::string& detail);
  /// Removes the line on a terminal, so that other output can follow.
  void clear();
  double seconds() const;

 private:
  const std::string what_;
  const bool quiet_, terminal_;
  const std::chrono::steady_clock::time_point begin_;
  std::chrono::steady_clock::time_point shown_{};
  bool on_screen_ = false;
};

/// "3.4 s", "2 min 05 s".
std::string readable_seconds(double seconds);

}  // namespace ohmic
