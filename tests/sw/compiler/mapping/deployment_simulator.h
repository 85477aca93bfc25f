#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "chip/chip_config.h"
#include "sw/compiler/graph/feature_map.h"
#include "sw/compiler/mapping/emit/deployment_image.h"
#include "tests/sw/compiler/mapping/simulated_cluster.h"

namespace ohmic {

/// Runs a deployment without time, from its bytes alone: an oracle written against sw/deployment/deployment.h
/// and the register descriptions, knowing nothing of the compiler or of the firmware. Steps run in random
/// order and some far more seldom than others, memory that nobody wrote holds random bytes. A column that is written
/// into a slot that holds a newer one is a broken promise whatever comes of it.
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
  std::uint8_t* memory(std::uint64_t address, std::uint64_t bytes);
  simulated_cluster& at(unsigned cluster);
  template <class T>
  void store(std::uint64_t address, T value);
  std::uint32_t frontier(simulated_cluster& c, std::uint32_t index);

  std::uint32_t available(simulated_cluster& c, const ohmic_ring& ring, std::uint32_t index);
  bool ready(simulated_cluster& c, simulated_step& s);
  void fire(simulated_cluster& c, simulated_step& s);
  std::uint32_t least_needed(simulated_cluster& c, std::uint32_t ring);
  void publish_releases(simulated_cluster& c);
  void pull(simulated_cluster& c, simulated_step& s);
  void push(simulated_cluster& c, simulated_step& s);

  const deployment& what_;
  const chip_config& chip_;
  std::mt19937 random_;
  std::map<unsigned, simulated_cluster> clusters_;
  std::map<std::uint64_t, std::uint64_t> held_;  // by address: the newest column pushed there
  std::vector<std::uint8_t> hbm_;                // from hbm_base + OHMIC_HBM_RESERVED_BYTES
  std::uint64_t mvms_ = 0;
};

}  // namespace ohmic
