#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chip/chip_config.h"
#include "platform/machine/machine.h"

namespace ohmic {

/// Weights that a user puts into crossbars before reset: what --crossbar CLUSTERS=FILE says.
///
/// A file holds one crossbar, row by row, a signed byte per cell: nothing else, or a NumPy file (.npy) of that shape.
class crossbar_files {
 public:
  /// Reads the files. Throws config_error for clusters that the chip does not have, and files that cannot be read or
  /// do not hold exactly one of its crossbars.
  crossbar_files(const std::vector<std::string>& words, const chip_config& chip);

  void load(machine& chip) const;

 private:
  struct entry {
    std::vector<unsigned> clusters;
    std::vector<std::uint8_t> weights;
  };
  std::vector<entry> entries_;
};

}  // namespace ohmic
