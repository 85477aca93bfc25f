#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "platform/config/config_tree.h"
#include "sw/compiler/mapping/policy/balanced_options.h"
#include "sw/compiler/mapping/policy/best_options.h"
#include "sw/compiler/mapping/policy/naive_options.h"

namespace ohmic {

/// An experiment's file as it is written: what the file does not say is empty. Mirrors
/// configs/schema/experiment.schema.json; the chip, free maps (layers among them) and what belongs to a mapping's
/// policy (visit_naive_options and its like) stay in the tree.
struct experiment_file {
  std::optional<std::string> model;
  struct {
    bool present = false;  ///< even without a key
    std::optional<std::string> scale, offset, channels;
    std::optional<std::vector<std::string>> mean, std;
  } input;
  struct {
    std::optional<std::string> dir;
    std::optional<unsigned> count;
    std::optional<bool> resize;
    std::optional<std::string> calibration;
  } images;
  struct {
    std::optional<std::string> policy, file;
  } mapping;
  struct {
    std::optional<std::uint64_t> window;
    std::optional<unsigned> threads;
    std::optional<std::uint64_t> max_cycles;
    std::optional<std::uint32_t> trap_limit;
    std::optional<std::string> on_guest_error;
    struct {
      std::optional<std::uint64_t> max_cycles, seed;
    } random_delay;
    struct {
      std::optional<std::string> with;
      std::optional<std::uint64_t> seed;
    } fill_memory;
  } engine;
  struct {
    std::optional<std::string> model, devices, read_noise, scale, compensation;
    std::optional<std::uint64_t> seed;
    std::optional<double> programmed_s, programming_noise, drift, read_noise_factor, dead, stuck, stuck_at, wire_ohm;
    std::optional<unsigned> dac_bits, adc_bits;
    std::optional<unsigned> write_iterations;
    std::optional<double> write_pulse_ns, write_pulse_pj;
  } analog;
  std::optional<std::string> adc, check, energy, output;
};

/// The file's struct from a checked tree.
experiment_file to_experiment_file(const config_node& root);

/// The policies' options from the keys under `mapping` of a checked tree.
naive_options to_naive_options(const config_node& root);
balanced_options to_balanced_options(const config_node& root);
best_options to_best_options(const config_node& root);

}  // namespace ohmic
