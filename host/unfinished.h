#pragma once

#include <atomic>
#include <string>

namespace ohmic {

/// The name of a file or folder that is to vanish if the program is ended before it is done: remove_unfinished() knows
/// it for as long as this object lives. The object itself removes nothing.
///
/// Announce the name before it is created, so that there is no moment in which it would be forgotten.
class unfinished {
 public:
  /// A file.
  explicit unfinished(const std::string& file) : unfinished(file, 0) {}
  /// An absolute folder and `levels` - 1 of the folders around it; each only if it is empty.
  unfinished(const std::string& folder, unsigned levels);
  ~unfinished();
  unfinished(const unfinished&) = delete;
  unfinished& operator=(const unfinished&) = delete;

 private:
  struct place;
  friend void remove_unfinished() noexcept;
  static std::atomic<place*> places;

  place* const place_;
};

/// Removes what this process (not one that it was forked from) has left unfinished, files first. For signal handlers
/// that end the program: async-signal-safe.
void remove_unfinished() noexcept;

}  // namespace ohmic
