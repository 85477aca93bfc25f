#pragma once

#include <vector>

#include "chip/chip_config.h"
#include "sw/compiler/mapping/mapping.h"

namespace ohmic {

/// Decides which place of the chip each logical cluster of a mapping takes. Pure: the same mapping and chip give the
/// same answer.
class placement_policy {
 public:
  virtual ~placement_policy() = default;
  /// By logical cluster: the cluster of the chip; no two the same.
  virtual std::vector<unsigned> place(const mapping&, const chip_config&) const = 0;
};

/// Pipeline order is chip order: neighbours in the pipeline share quadrants, and nothing needs to be
/// computed.
class linear_placement : public placement_policy {
 public:
  std::vector<unsigned> place(const mapping&, const chip_config&) const override;
};

}  // namespace ohmic
