#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ip/ima/pcm/pcm_crossbar.h"
#include "platform/experiment/image_set.h"
#include "platform/machine/machine.h"
#include "sw/compiler/mapping/emit/deployment_image.h"

namespace ohmic {

/// A deliberate fault, to prove that the checks notice: never in a measured run.
struct fault_list {
  std::uint64_t drop_write = 0;   ///< the n-th write that enters the network is lost (0: none)
  std::uint64_t flip_weight = 0;  ///< bit 6 of the n-th weight of the crossbars, in the deployment's order, is flipped
  std::uint64_t wrong_constant =
      0;  ///< the n-th requantise bias, in the order of clusters and steps, is 1 << 20 too great
  std::uint64_t stuck_column = 0;  ///< of phase-change memory: all devices that add to the n-th column in use of the
                                   ///< crossbars, in the deployment's order, are stuck at the greatest conductance
};

/// Reads "drop-write=N", "flip-weight=N", "wrong-constant=N" or "stuck-column=N" into the list. Throws config_error.
void add_fault(fault_list& faults, const std::string& text);

/// Puts the wrong weight or constant into the deployment. Throws config_error if there is none of that number.
void apply_faults(deployment& target, const fault_list& faults);

/// Devices that are to be stuck, by cluster. Throws config_error if there is no such column, or crossbars are ideal
/// (`analog` is empty).
std::map<unsigned, std::vector<pcm::device_fault>> stuck_devices(const deployment& source, const fault_list& faults,
                                                                 const std::optional<pcm::pcm_options>& analog);

/// Loads a deployment and its images through debug transport: conductances, L1 images, argument words, HBM. The
/// firmware itself is loaded with the machine.
void load_chip_memory(machine& chip, const deployment& source, const image_set& images);

/// Reads the logits of all images from HBM.
std::vector<std::vector<std::int32_t>> read_logits(machine& chip, const deployment& source, unsigned images);

}  // namespace ohmic
