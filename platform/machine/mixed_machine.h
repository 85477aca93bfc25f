#pragma once

#include <memory>

#include "platform/machine/machine.h"

namespace ohmic {

/// The machine of a chip in which not every core is the ISS.
/// Only in a build with RTL cores.
std::unique_ptr<machine> make_mixed_machine(const chip_config& config, const program_set& programs,
                                            const machine_options& options);

}  // namespace ohmic
