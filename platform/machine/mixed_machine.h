#pragma once

#include <memory>

#include "platform/machine/machine.h"

namespace ohmic {

// Only in a build with RTL cores.

/// The machine of a chip in which not every core is the ISS.
std::unique_ptr<machine> make_mixed_machine(const chip_config& config, const program_set& programs,
                                            const machine_options& options);

/// The machine of a chip whose cores are handed over from one model to another while they run.
/// Throws config_error for a symbol or pc that a cluster's program does not have.
std::unique_ptr<machine> make_relay_machine(const chip_config& config, const program_set& programs,
                                            const machine_options& options);

}  // namespace ohmic
