#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "ip/axi/address_map.h"
#include "ip/axi/burst.h"

namespace ohmic {

/// The channels of a link.
enum class axi_lane : std::uint8_t { ar, aw, w, r, b };
inline constexpr unsigned axi_lanes = 5;
inline constexpr std::array<axi_lane, axi_lanes> all_lanes = {axi_lane::ar, axi_lane::aw, axi_lane::w, axi_lane::r,
                                                              axi_lane::b};
/// From targets to initiators.
inline constexpr bool from_target(axi_lane lane) { return lane == axi_lane::r || lane == axi_lane::b; }
/// Place of a lane among those of its direction.
inline constexpr unsigned place_of(axi_lane lane) {
  return static_cast<unsigned>(lane) - static_cast<unsigned>(from_target(lane) ? axi_lane::r : axi_lane::ar);
}
/// Whether the lane carries data, many beats per burst.
inline constexpr bool carries_data(axi_lane lane) { return lane == axi_lane::w || lane == axi_lane::r; }

/// A burst on its way: what the routers need to know of it, from its request until its last response beat.
struct alignas(64) axi_transit {
  static constexpr unsigned max_levels = 7;

  axi_burst* burst = nullptr;
  void* owner = nullptr;     ///< of whoever opened it
  network_port target = 0;   ///< where the request goes
  std::uint32_t index = 0;   ///< in the fabric's list
  std::uint32_t next = 0;    ///< link for the one transit_queue that holds it
  std::uint16_t source = 0;  ///< cluster that asked
  std::uint16_t id = 0;      ///< its AXI id at that cluster's port
  std::uint16_t bytes = 0;   ///< data bytes
  std::uint16_t lead = 0;    ///< address modulo 4096
  bool write = false;
  bool lost = false;  ///< a write that fault injection drops at its target's edge
  /// The id it has behind each router that its request has crossed: on the way up to the common router, and down.
  std::array<std::uint8_t, max_levels> id_up{}, id_down{};
  cycle_t ready = 0;  ///< request or response may enter the network from then on

  /// First and last beat in the 4 KiB page, on a link of that width.
  unsigned first_chunk(unsigned width_log2) const { return static_cast<unsigned>(lead) >> width_log2; }
  unsigned last_chunk(unsigned width_log2) const { return (static_cast<unsigned>(lead) + bytes - 1) >> width_log2; }
  unsigned beats(unsigned width_log2) const { return last_chunk(width_log2) - first_chunk(width_log2) + 1; }
};

static_assert(sizeof(axi_transit) == 64);

/// Transits, recycled; they stay where they are. Index 0 is nobody.
class transit_pool {
 public:
  axi_transit& operator[](std::uint32_t index) { return chunks_[index / chunk][index % chunk]; }
  const axi_transit& operator[](std::uint32_t index) const { return chunks_[index / chunk][index % chunk]; }

  axi_transit& open() {
    if (free_.empty()) grow();
    const std::uint32_t index = free_.back();
    free_.pop_back();
    axi_transit& t = (*this)[index];
    t = axi_transit{};
    t.index = index;
    ++in_use_;
    return t;
  }
  void close(const axi_transit& t) {
    free_.push_back(t.index);
    --in_use_;
  }
  std::uint64_t in_use() const { return in_use_; }

 private:
  static constexpr std::uint32_t chunk = 1024;
  void grow() {
    const auto first = static_cast<std::uint32_t>(chunks_.size()) * chunk;
    chunks_.push_back(std::make_unique<axi_transit[]>(chunk));
    free_.reserve(first + chunk);
    for (std::uint32_t i = chunk; i-- > (first == 0 ? 1 : 0);) free_.push_back(first + i);
  }
  std::vector<std::unique_ptr<axi_transit[]>> chunks_;
  std::vector<std::uint32_t> free_;
  std::uint64_t in_use_ = 0;
};

/// Transits in the order in which they came. One is in at most one queue at a time: a burst waits to be offered, then
/// to send its data, and at its target to be answered.
class transit_queue {
 public:
  bool empty() const { return first_ == 0; }
  std::uint32_t front() const { return first_; }
  void push(axi_transit& t, transit_pool& pool) {
    t.next = 0;
    (first_ == 0 ? first_ : pool[last_].next) = t.index;
    last_ = t.index;
  }
  void pop(const transit_pool& pool) { first_ = pool[first_].next; }

 private:
  std::uint32_t first_ = 0, last_ = 0;  // 0: nobody
};

}  // namespace ohmic
