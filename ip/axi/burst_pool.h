#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "ip/axi/burst.h"

namespace ohmic {

/// Bursts with their data buffers, recycled. Owned by one cluster (or test) and used by one thread at a time.
///
/// Two sizes of buffer: small (64 bytes: core accesses, cache lines) and large (`max_bytes`). Buffers are
/// 64-byte aligned. The most recently returned burst is handed out first, so the addresses in use stay few
/// and the order is the same in every run. Memory grows by slabs when everything is in use and is never given
/// back; get() and put() do not allocate otherwise.
class burst_pool {
 public:
  static constexpr std::uint32_t small_bytes = 64;

  explicit burst_pool(std::uint32_t max_bytes = 4096);
  burst_pool(const burst_pool&) = delete;
  burst_pool& operator=(const burst_pool&) = delete;

  /// A burst with `data` of at least `bytes` and `bytes` set; all other fields have their defaults.
  /// Precondition: 1 <= bytes <= max_bytes.
  axi_burst* get(std::uint32_t bytes);

  /// Takes back a burst that get() of this pool returned.
  void put(axi_burst* burst);

  std::size_t in_use() const { return in_use_; }

 private:
  struct size_class {
    std::uint32_t bytes = 0;
    std::uint32_t slab = 0;  // bursts added per growth
    axi_burst* free = nullptr;
    std::vector<std::unique_ptr<axi_burst[]>> bursts;
    std::vector<std::unique_ptr<std::uint8_t[]>> buffers;
  };
  void grow(size_class& c);

  size_class small_, large_;
  std::size_t in_use_ = 0;
};

}  // namespace ohmic
