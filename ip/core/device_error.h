#pragma once

#include <cstdint>

namespace ohmic {

/// What a guest did that was a mistake: what the number told with it is.
enum class guest_act : std::uint8_t {
  none,   ///< no number belongs to it
  read,   ///< the address read
  write,  ///< the address written
  fetch,  ///< the address of the instruction
  trap,   ///< the cause of an exception
  value,  ///< a register's or a descriptor's value that is refused
};

/// A guest's mistake that a device (DMA, IMA) met: what the cluster logs and puts into its error registers.
struct device_error {
  std::uint64_t address = 0;  ///< failing address, or the offending value; `act` says which
  const char* what = "";      ///< static text: what is wrong
  unsigned unit = 0;          ///< DMA channel; 0 for the IMA
  guest_act act = guest_act::value;
};

}  // namespace ohmic
