#pragma once

#include <optional>
#include <string>

namespace ohmic {

/// Something that was made once and is kept below cache_root(), in a file of its own: one line of text that names kind,
/// key, size and CRC-32 (zlib's) of what follows, then that.
///
/// A cache costs time if it fails, nothing else: an entry that is missing, cut, longer, changed in any bit, of another
/// key, or no file at all is none, and is replaced by the next put(). Processes that put the same entry at the same
/// time do not disturb each other: each file appears whole.
class cache_entry {
 public:
  /// `suffix` is for people who look into the folder.
  cache_entry(std::string kind, std::string key, const std::string& suffix);

  std::optional<std::string> get() const;
  /// Where it cannot be written there is no entry.
  void put(const std::string& content) const;

  const std::string& file() const { return file_; }

 private:
  std::string header(const char* content, std::size_t size) const;

  const std::string kind_, key_, file_;
};

}  // namespace ohmic
