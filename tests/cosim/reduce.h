#pragma once

#include <functional>

#include "tests/cosim/lockstep_case.h"

namespace ohmic::test {

struct reduction {
  lockstep_case smallest;
  lockstep_outcome outcome;  ///< of the smallest
  unsigned tried = 0;        ///< runs made
};

/// Makes a failing case as small as it can: a local minimum of delta debugging over the program's units, over what
/// happens (stalls, interrupts, event answers), over registers and memory, over loop counts. A smaller case counts if
/// it fails for the same reason at the same kind of instruction, and if its hardware loops are legal. `failing` must
/// fail; otherwise it is returned as it is, with an empty outcome.mismatch.
reduction reduce(const lockstep_case& failing);

}  // namespace ohmic::test
