#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace ohmic {

/// FNV-1a over everything that is added, 64 bit: names cache entries and results. Not for security.
class fingerprint {
 public:
  fingerprint& add(const void* data, std::size_t bytes);
  fingerprint& add(std::string_view text);  ///< with its length, so that "ab","c" differs from "a","bc"
  template <class T>
  std::enable_if_t<std::is_integral_v<T>, fingerprint&> add(T value) {
    const auto wide = static_cast<std::uint64_t>(value);
    return add(&wide, sizeof wide);
  }
  template <class T>
  fingerprint& add(const std::vector<T>& values) {
    static_assert(std::is_trivially_copyable_v<T>);
    return add(values.size()).add(values.data(), values.size() * sizeof(T));
  }
  /// The content of a file. Throws std::runtime_error if it cannot be read.
  fingerprint& add_file(const std::string& path);

  std::string digits() const;  ///< 16 hexadecimal digits

 private:
  std::uint64_t state_ = 0xcbf29ce484222325u;
};

}  // namespace ohmic
