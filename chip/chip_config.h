#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "ip/core/types.h"

namespace ohmic {

/// What simulates a core; see ip/iss, ip/rtl_core, ip/lockstep, ip/ibex.
enum class core_model : std::uint8_t { iss, rtl, lockstep, ibex };

/// The core that a model stands for: how fast a program runs depends on it, not on who simulates it.
enum class core_design : std::uint8_t { cv32e40p, ibex };
inline core_design design_of(core_model model) {
  return model == core_model::ibex ? core_design::ibex : core_design::cv32e40p;
}

/// A chip as the models see it: validated, units fixed, every default applied. Made only by config loading
/// (YAML -> optional struct -> this); plain data, so that the compiler knows the chip through the same struct.
/// Defaults are Table I of Bruschi et al., DATE 2023; the rest are assumptions listed in docs/timing.md.
struct chip_config {
  std::string name = "aimc512";
  double clock_ghz = 1.0;

  struct cluster_config {
    unsigned cores = 16;                     ///< 1..64
    std::uint32_t l1_bytes = 1u << 20;       ///< power of two, 64 KiB..8 MiB
    std::uint32_t program_l1_bytes = 65536;  ///< multiple of 4 KiB: L1 of the program's data and stacks, from its start
    unsigned l1_banks = 64;                  ///< power of two, 16..64, word-interleaved
    std::uint32_t boot_addr = 0x80000000u;   ///< overridden by the ELF's entry point
    cycle_t peripheral_cycles = 2;           ///< grant to response of an own peripheral register (>= 1)
    cycle_t wake_cycles = 2;                 ///< event to response of a sleeping cv.elw (>= 1)
  } cluster;

  /// Clusters that are made alike, where a chip's are not all. What is not named here is common to all clusters.
  struct cluster_make {
    std::vector<unsigned> clusters;  ///< sorted
    unsigned cores = 16;             ///< 1..64
    bool ima = true;                 ///< false: its registers and crossbar are not there
  };
  /// Those that `cluster` and `ima` do not tell the truth about; disjoint.
  std::vector<cluster_make> makes;
  unsigned cores_of(unsigned cluster_index) const;
  bool has_ima(unsigned cluster_index) const;
  /// Of its largest cluster.
  unsigned most_cores() const;
  unsigned all_cores() const;
  /// Clusters that have one.
  unsigned imas() const;
  /// Every make of the chip once, with all of its clusters; one if they are all alike. In the order of their first
  /// clusters.
  std::vector<cluster_make> all_makes() const;

  struct cores_config {
    core_model model = core_model::iss;
    struct override_entry {
      std::vector<unsigned> clusters, cores;  ///< sorted
      core_model model = core_model::iss;
    };
    std::vector<override_entry> overrides;  ///< disjoint; may name more cores than a cluster has
    /// Cores go on as another model while the program runs.
    struct hand_over {
      enum class moment : std::uint8_t { marker, cycle, pc, symbol };
      std::vector<unsigned> clusters, cores;  ///< sorted
      core_model model = core_model::iss;
      moment at = moment::cycle;
      std::uint64_t number = 0;  ///< of the marker, the cycle, or the pc
      std::string symbol;
      unsigned times = 1;  ///< pc and symbol: which time a core gets there
    };
    /// In the order in which a core goes through those that name it. Checked: no core is handed over to what it is.
    std::vector<hand_over> hand_overs;
  } cores;
  /// The model of each core of a cluster.
  std::vector<core_model> core_models(unsigned cluster_index) const;
  /// What core 0 of a cluster is, by which its firmware is chosen.
  core_design master_design(unsigned cluster_index) const {
    return design_of(cores.overrides.empty() ? cores.model : core_models(cluster_index)[0]);
  }
  bool any_core(core_model model) const;
  /// The design of every core that is no CV32E40P, "cluster.core: design" a line.
  std::string other_core_designs() const;

  struct icache_config {
    static constexpr std::uint32_t private_bytes = 512;  ///< per core, hits free; fixed in the cores
    std::uint32_t shared_bytes = 16 * 1024;
    unsigned ways = 4;
    static constexpr std::uint32_t line_bytes = 64;  ///< of both caches; fixed in the cores
    unsigned banks = 4;
    cycle_t hit_cycles = 3;  ///< private miss, shared hit
  } icache;

  struct dma_config {
    unsigned channels = 8;        ///< 1..8
    cycle_t start_cycles = 10;    ///< register write to descriptor fetch
    unsigned burst_buffers = 16;  ///< bursts whose data may be held at once, per direction
  } dma;

  struct ima_config {
    unsigned rows = 256, columns = 256;
    double mvm_ns = 130;           ///< as configured; models use mvm_cycles
    cycle_t mvm_cycles = 130;      ///< ceil(mvm_ns * clock_ghz), at least 1
    unsigned streamer_ports = 16;  ///< 4 B each: words per beat
    unsigned job_queue = 4;        ///< >= 2
  } ima;

  struct network_config {
    /// Children per node from the top: HBM link, wrapper, L3, L2, L1. Product = number of clusters.
    std::vector<unsigned> factors = {1, 8, 4, 4, 4};
    /// Latency in cycles, same order; [0] is the HBM's access time, charged once per burst.
    std::vector<cycle_t> latency = {100, 4, 4, 4, 4};
    /// Link width in bytes, same order (power of two, 4..64).
    std::vector<unsigned> width = {64, 64, 64, 64, 64};
    unsigned stage_depth = 2;                                  ///< beats that a register stage of a router holds
    unsigned remap_ids = 64;                                   ///< ids in flight per router output and direction
    unsigned open_per_id = 63;                                 ///< bursts of one id per router input and direction
    unsigned open_writes = 64;                                 ///< AWs ahead of their data, per router output
    unsigned outstanding_reads = 16, outstanding_writes = 16;  ///< per cluster port
    unsigned slave_reads = 8, slave_writes = 8;                ///< bursts that a cluster's slave port holds
    cycle_t egress_cycles = 1, ingress_cycles = 1;             ///< endpoint register slices of a cluster port
    std::uint32_t max_burst_bytes = 4096;                      ///< min(4 KiB, 256 x width)
  } network;

  struct hbm_config {
    std::uint64_t bytes = 1536ull << 20;
    unsigned outstanding = 32;
  } hbm;

  unsigned clusters() const {
    unsigned n = 1;
    for (unsigned f : network.factors) n *= f;
    return n;
  }

  // Address map (docs/architecture.md): offsets and strides derive from the L1 size.
  static constexpr std::uint64_t own_l1_base = 0x10000000u;
  static constexpr std::uint64_t clusters_base = 0x40000000u;
  static constexpr std::uint64_t platform_base = 0xF0000000u;
  static constexpr std::uint64_t platform_bytes = 0x10000u;
  std::uint64_t own_peripheral_base() const { return own_l1_base + cluster.l1_bytes; }
  /// Registers, then the crossbar.
  std::uint32_t peripheral_bytes() const {
    return static_cast<std::uint32_t>(power_of_two_from(crossbar_offset + std::uint64_t{ima.rows} * ima.columns));
  }
  static constexpr std::uint32_t crossbar_offset = 0x10000u;  ///< ip/registers/ohmic.rdl
  std::uint64_t cluster_stride() const {
    return power_of_two_from(std::uint64_t{cluster.l1_bytes} + peripheral_bytes());
  }
  std::uint64_t cluster_l1(unsigned cluster_index) const { return clusters_base + cluster_index * cluster_stride(); }
  std::uint64_t cluster_peripherals(unsigned cluster_index) const {
    return cluster_l1(cluster_index) + cluster.l1_bytes;
  }
  static constexpr std::uint64_t hbm_base = 0x80000000u;

 private:
  const cluster_make* make_of(unsigned cluster_index) const;
  static std::uint64_t power_of_two_from(std::uint64_t least) {
    std::uint64_t bytes = 1;
    while (bytes < least) bytes *= 2;
    return bytes;
  }
};

}  // namespace ohmic
