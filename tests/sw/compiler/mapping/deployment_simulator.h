#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "platform/config/chip_config.h"
#include "sw/compiler/graph/feature_map.h"
#include "sw/compiler/mapping/deployment_image.h"

namespace ohmic {

/// Runs a deployment without time, from its bytes alone: an oracle written against sw/deployment/deployment.h
/// and the register descriptions, knowing nothing of the compiler or of the firmware. Steps run in random
/// order, memory that nobody wrote holds random bytes.
class deployment_simulator {
 public:
  deployment_simulator(const deployment& what, const chip_config& chip, std::uint32_t seed);

  void load_image(unsigned index, const feature_map& image);

  /// Runs until nothing can; true if every step has made all its tiles.
  bool run();

  std::vector<std::int32_t> logits(unsigned image) const;
  std::uint64_t mvms() const { return mvms_; }
  /// What still waits, one line a step.
  std::string unfinished() const;

  /// Called when a produced word changes: (cluster, L1 offset of the word, old, new).
  std::function<void(unsigned, std::uint32_t, std::uint32_t, std::uint32_t)> on_produced;
  const std::uint8_t* l1(unsigned cluster, std::uint32_t offset, std::uint32_t bytes);

 private:
  struct step_state {
    ohmic_step head;
    std::uint32_t record = 0;
    std::vector<ohmic_window> inputs;
    std::vector<ohmic_destination> destinations;  // PUSH
    std::uint32_t tile = 0;                       // next
  };
  struct cluster_state {
    unsigned index = 0;
    ohmic_deployment header;
    std::vector<std::uint8_t> l1;
    std::vector<std::int8_t> weights;  // [row][column] of the whole crossbar
    std::vector<ohmic_ring> rings;
    std::vector<std::uint32_t> produced, released;  // by ring: local producer's frontier, owner's release
    std::vector<step_state> steps;
  };
  struct tile_columns {
    std::uint32_t image = 0, x = 0, order = 0;
  };

  std::uint8_t* memory(std::uint64_t address, std::uint64_t bytes);
  cluster_state& at(unsigned cluster);
  template <class T>
  T load(cluster_state& c, std::uint32_t offset);
  template <class T>
  void store(std::uint64_t address, T value);
  std::uint32_t frontier(cluster_state& c, std::uint32_t index);

  std::uint32_t tiles(const cluster_state& c, const step_state& s) const;
  tile_columns place(const step_state& s, std::uint32_t tile) const;
  std::uint32_t needed(cluster_state& c, const step_state& s, const ohmic_window& w, std::uint32_t tile, bool end);
  std::uint32_t available(cluster_state& c, const ohmic_ring& ring, std::uint32_t index);
  bool ready(cluster_state& c, step_state& s);
  bool wanted(const ohmic_destination& d, std::uint32_t x) const;
  void fire(cluster_state& c, step_state& s);
  std::uint32_t least_needed(cluster_state& c, std::uint32_t ring);
  void publish_releases(cluster_state& c);
  std::uint32_t slot_of(const ohmic_ring& ring, const step_state& s, const tile_columns& t, std::uint32_t column) const;

  void pull(cluster_state& c, step_state& s);
  void convert(cluster_state& c, step_state& s);
  void compute(cluster_state& c, step_state& s);
  void push(cluster_state& c, step_state& s);
  void sum_kernel(cluster_state& c, step_state& s, const ohmic_kernel_step& k, std::uint32_t column);
  void pool_kernel(cluster_state& c, step_state& s, const ohmic_kernel_step& k, std::uint32_t column);
  void put_pixel(cluster_state& c, const ohmic_kernel_step& k, std::uint32_t slot, std::uint32_t y,
                 const std::vector<std::int32_t>& values);
  std::int8_t segmented(cluster_state& c, const std::vector<ohmic_segment>& segments, std::uint32_t slot,
                        std::uint32_t channel, std::uint32_t y);
  std::vector<ohmic_segment> segments(cluster_state& c, std::uint32_t count, std::uint32_t offset);

  const deployment& what_;
  const chip_config& chip_;
  std::mt19937 random_;
  std::map<unsigned, cluster_state> clusters_;
  std::vector<std::uint8_t> hbm_;  // from hbm_base + OHMIC_HBM_RESERVED_BYTES
  std::uint64_t mvms_ = 0;
};

}  // namespace ohmic
