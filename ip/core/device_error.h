#pragma once

#include <cstdint>

namespace ohmic {

/// A guest's mistake that a device (DMA, IMA) met: what the cluster logs and puts into its error registers.
struct device_error {
  std::uint64_t address = 0;  ///< failing address, or the offending register value where there is no address
  const char* what = "";      ///< static text: what is wrong
  unsigned unit = 0;          ///< DMA channel; 0 for the IMA
};

}  // namespace ohmic
