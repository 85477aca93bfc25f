#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chip/chip_config.h"

namespace ohmic {

/// Bytes that a mapping moves over every link of a chip's network per image, by direction and channel (W of what is
/// written, R of what is read), and how long the busiest one is at work with them. Whatever is scheduled how, no run is
/// faster than that.
class link_loads {
 public:
  static constexpr unsigned hbm = ~0u;

  explicit link_loads(const chip_config& chip);

  /// `from` writes to `to`; clusters, or hbm for one of them.
  void write(unsigned from, unsigned to, std::uint64_t bytes) { move(from, to, bytes, 0); }
  /// `from` reads from `to`: the data go the other way.
  void read(unsigned from, unsigned to, std::uint64_t bytes) { move(to, from, bytes, 1); }

  struct busiest {
    double cycles = 0;  ///< of its data beats at full width
    std::string name;   ///< as in a run's summary: "l2_3.up", "cluster_7.down", "top.up" (to HBM)
  };
  busiest most_loaded() const;

 private:
  /// The links above the nodes of one level: clusters, then routers from the lowest level up, the top's to HBM.
  struct level {
    unsigned clusters_below = 1;
    unsigned width = 64;
    std::string name;                           // of a node, without its number; empty: "top"
    std::vector<std::uint64_t> up[2], down[2];  // [channel][node]
  };
  void move(unsigned from, unsigned to, std::uint64_t bytes, unsigned channel);

  std::vector<level> levels_;
};

}  // namespace ohmic
