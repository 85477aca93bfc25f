#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "platform/config/config_tree.h"

namespace ohmic {

/// A chip's file as it is written: what the file does not say is empty. Mirrors configs/schema/chip.schema.json.
struct chip_file {
  std::optional<std::string> name;
  std::optional<double> clock_ghz;
  struct {
    std::optional<unsigned> cores;
    std::optional<std::uint32_t> l1_bytes;
    std::optional<std::uint32_t> program_l1_bytes;
    std::optional<unsigned> l1_banks;
    std::optional<std::uint64_t> peripheral_cycles, wake_cycles;
  } cluster;
  struct make {
    std::string clusters, place;
    std::optional<unsigned> cores;
    std::optional<bool> ima;
  };
  std::vector<make> makes;
  struct {
    std::optional<std::string> model;
    struct override_entry {
      std::string clusters = "all", cores = "all", model, place;
      bool from_option = false;
    };
    std::vector<override_entry> overrides;
    struct hand_over {
      std::string clusters = "all", cores = "all", model, at, place;
    };
    std::vector<hand_over> hand_overs;
  } cores;
  struct {
    std::optional<std::uint32_t> shared_bytes;
    std::optional<unsigned> ways, banks;
    std::optional<std::uint64_t> hit_cycles;
  } icache;
  struct {
    std::optional<unsigned> channels;
    std::optional<std::uint64_t> start_cycles;
    std::optional<unsigned> burst_buffers;
  } dma;
  struct {
    std::optional<unsigned> rows, columns;
    std::optional<double> mvm_ns;
    std::optional<unsigned> streamer_ports, job_queue;
  } ima;
  struct {
    std::optional<std::vector<unsigned>> factors;
    std::optional<std::vector<std::uint64_t>> latency;
    std::optional<std::vector<unsigned>> width;
    std::optional<unsigned> stage_depth, remap_ids, open_per_id, open_writes;
    std::optional<unsigned> slave_reads, slave_writes;
    std::optional<unsigned> outstanding_reads, outstanding_writes;
    std::optional<std::uint64_t> egress_cycles, ingress_cycles;
    std::optional<std::uint32_t> max_burst_bytes;
  } network;
  struct {
    std::optional<std::uint64_t> bytes;
    std::optional<unsigned> outstanding;
  } hbm;
};

/// The file's struct from a checked tree.
chip_file to_chip_file(const config_node& root);

}  // namespace ohmic
