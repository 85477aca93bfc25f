#pragma once

#include <cstddef>
#include <cstdint>

namespace ohmic {

/// Bytes of a large memory, all zero at first. Address space is reserved at once; host memory is used only
/// for pages that have been touched. Throws std::runtime_error if the host refuses the reservation.
class hbm_memory {
 public:
  explicit hbm_memory(std::uint64_t bytes);
  ~hbm_memory();
  hbm_memory(const hbm_memory&) = delete;
  hbm_memory& operator=(const hbm_memory&) = delete;

  std::uint8_t* data() { return data_; }
  const std::uint8_t* data() const { return data_; }
  std::uint64_t bytes() const { return bytes_; }

  /// False if [offset, offset + count) is not inside.
  bool read(std::uint64_t offset, std::uint8_t* to, std::uint64_t count) const;
  bool write(std::uint64_t offset, const std::uint8_t* from, std::uint64_t count);

  /// Fills [offset, offset + count) with bytes that depend on the seed and each byte's offset only, so the
  /// parts of a memory may be filled in any order. Touches the host memory. Precondition: inside the memory.
  void fill_random(std::uint64_t offset, std::uint64_t count, std::uint64_t seed);

 private:
  bool holds(std::uint64_t offset, std::uint64_t count) const { return offset <= bytes_ && count <= bytes_ - offset; }
  std::uint8_t* data_ = nullptr;
  std::uint64_t bytes_ = 0;
};

}  // namespace ohmic
