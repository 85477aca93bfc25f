#pragma once

#include <cstdint>

#include "ip/dma/descriptor.h"

namespace ohmic {

/// Where the DMA's own cluster lies in the chip's map: by its private window and by its global address.
struct own_cluster_map {
  std::uint32_t l1_bytes = 1u << 20;
  std::uint32_t peripheral_bytes = 1u << 20;
  std::uint64_t own_base = 0x10000000u;     ///< own L1, then the own peripherals
  std::uint64_t global_base = 0x40000000u;  ///< the same by global address

  enum class place : std::uint8_t { l1, peripherals, elsewhere };
  struct location {
    place where;
    std::uint32_t offset;  ///< within L1 or the peripheral region
  };
  location locate(std::uint64_t address) const;
};

/// One descriptor's transfer as a sequence of pieces: contiguous on both sides, AXI-legal on the network
/// side. Constant memory; the strides are applied step by step.
class transfer {
 public:
  enum class direction : std::uint8_t { none, to_network, from_network, local };
  struct piece {
    std::uint64_t network;  ///< address on the network side (local: unused)
    std::uint32_t l1;       ///< L1 byte offset (local: of the source)
    std::uint32_t l1_to;    ///< local: L1 byte offset of the destination
    std::uint32_t bytes;
  };
  struct refusal {
    std::uint64_t address = 0;
    const char* what = nullptr;  ///< null: accepted
  };

  /// Checks the descriptor as descriptor.h promises and starts at its first piece. A descriptor that only
  /// notifies becomes direction none.
  refusal begin(const dma_descriptor&, const own_cluster_map&);

  direction kind() const { return kind_; }
  bool done() const { return left_ == 0; }
  void abandon() { left_ = 0; }
  /// The next piece; !done(). Width and max_bytes as in first_piece() of ip/axi/split.h.
  piece take(std::uint32_t width, std::uint32_t max_bytes);

 private:
  std::uint32_t bytes_ = 0;
  std::uint64_t src_ = 0, dst_ = 0;              // of the present run; own L1 side: offset
  std::uint64_t src_plane_ = 0, dst_plane_ = 0;  // of the present i2
  std::int64_t src_stride_[2] = {}, dst_stride_[2] = {};
  std::uint32_t count_[2] = {}, index_ = 0;  // of i1, i2; of i1
  std::uint32_t done_ = 0;                   // bytes of the present run
  std::uint64_t left_ = 0;                   // runs, the present one included
  direction kind_ = direction::none;
};

inline std::uint64_t dma_source(const dma_descriptor& d) {
  return d.src_lo | std::uint64_t{d.src_dst_hi & 0xFFFFu} << 32;
}
inline std::uint64_t dma_destination(const dma_descriptor& d) {
  return d.dst_lo | std::uint64_t{d.src_dst_hi >> 16} << 32;
}
inline std::uint64_t dma_count_word(const dma_descriptor& d) {
  return d.notify_lo | std::uint64_t{d.notify_hi & 0xFFFFu} << 32;
}
inline std::uint64_t dma_doorbell(const dma_descriptor& d) {
  return d.doorbell_lo | std::uint64_t{d.notify_hi >> 16} << 32;
}

}  // namespace ohmic
