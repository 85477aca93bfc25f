#pragma once

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "sw/deployment/deployment.h"

namespace ohmic {

/// What a deployment promises and does not keep.
[[noreturn]] inline void broken_deployment(const std::string& what) { throw std::runtime_error("deployment: " + what); }

inline std::uint64_t address_of(ohmic_address a) { return a.lo | std::uint64_t{a.hi} << 32; }
inline std::int32_t clip(std::int64_t v, std::int32_t lo, std::int32_t hi) {
  return static_cast<std::int32_t>(v < lo ? lo : v > hi ? hi : v);
}

/// One step of a cluster, read from its record, and how far it is.
struct simulated_step {
  ohmic_step head;
  std::uint32_t record = 0;  ///< L1 offset
  std::vector<ohmic_window> inputs;
  std::vector<ohmic_destination> destinations;  ///< PUSH
  std::uint32_t tile = 0;                       ///< next
  unsigned slowness = 1;                        ///< runs in one of so many rounds
};

/// A cluster of a deployment_simulator: its L1, its crossbar, and what its records say.
struct simulated_cluster {
  unsigned index = 0;
  ohmic_deployment header;
  std::vector<std::uint8_t> l1;
  std::vector<std::int8_t> weights;  ///< [row][column] of the whole crossbar
  std::vector<ohmic_ring> rings;
  std::vector<std::uint32_t> produced, released;  ///< by ring: local producer's frontier, owner's release
  std::vector<simulated_step> steps;

  /// A record or value at an L1 offset, copied.
  template <class T>
  T load(std::uint32_t offset) const {
    if (offset + sizeof(T) > l1.size()) broken_deployment("L1 offset too large");
    T value;
    std::memcpy(&value, l1.data() + offset, sizeof(T));
    return value;
  }
  template <class T>
  std::vector<T> load_list(std::uint32_t offset, std::uint32_t count) const {
    std::vector<T> all;
    for (std::uint32_t i = 0; i < count; ++i)
      all.push_back(load<T>(offset + i * static_cast<std::uint32_t>(sizeof(T))));
    return all;
  }
  template <class T>
  void store(std::uint32_t offset, T value) {
    if (offset + sizeof(T) > l1.size()) broken_deployment("L1 offset too large");
    std::memcpy(l1.data() + offset, &value, sizeof(T));
  }
};

/// The columns of a tile: x .. x + T - 1 of an image, and how many tiles the step made before it.
struct tile_place {
  std::uint32_t image = 0, x = 0, order = 0;
};

/// The arithmetic of sw/deployment/deployment.h ("Numbering", "When a tile may run", "Replicas").
tile_place place_of(const simulated_step& step, std::uint32_t tile);
/// Tiles that the step makes in the whole run.
std::uint32_t tile_count(const simulated_cluster& cluster, const simulated_step& step);
/// First column of a window's ring that the tile needs; with `end`, one past the last.
std::uint32_t needed_column(const simulated_cluster& cluster, const simulated_step& step, const ohmic_window& window,
                            std::uint32_t tile, bool end);
/// L1 offset of the slot of a tile's k-th column in a ring.
std::uint32_t slot_of(const ohmic_ring& ring, const simulated_step& step, const tile_place& tile, std::uint32_t k);
/// Whether a consumer has use for column x of an image.
bool is_wanted(const ohmic_destination& destination, std::uint32_t x);

/// Performs the step's next tile on the cluster's crossbar; returns the MVMs that it took. From the register
/// descriptions of ip/registers/ohmic.rdl alone.
std::uint64_t simulate_ima_tile(simulated_cluster& cluster, const simulated_step& step, unsigned crossbar_rows,
                                unsigned crossbar_columns);

/// Performs the step's next tile on the cluster's cores.
void simulate_kernel_tile(simulated_cluster& cluster, const simulated_step& step);

}  // namespace ohmic
