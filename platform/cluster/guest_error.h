#pragma once

#include <cstdint>
#include <string>

#include "ip/core/device_error.h"
#include "ip/core/types.h"

namespace ohmic {

/// A mistake of the program that a cluster noticed: logged with its place; the run's options say what follows.
struct guest_error {
  enum class source : std::uint8_t { core_access, core_fetch, core_stack, core_loop, core_trap, dma, ima, lockstep };
  source from = source::core_access;
  cycle_t cycle = 0;
  unsigned cluster = 0;
  unsigned core = 0;        ///< those of cores; the channel of dma
  std::uint32_t pc = 0;     ///< those of cores
  std::uint64_t addr = 0;   ///< the address that failed, or a refused value (`act` says which); core_stack: sp
  std::uint32_t limit = 0;  ///< core_stack: the stack's lowest address
  guest_act act = guest_act::read;
  const char* what = "";  ///< static text: which rule was broken
};

}  // namespace ohmic
