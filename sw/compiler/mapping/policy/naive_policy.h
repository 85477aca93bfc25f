#pragma once

#include "sw/compiler/mapping/mapping.h"

namespace ohmic {

/// One copy of every layer, the first convolution on a few; roots, pools and adds on clusters of their own
/// while the chip has some to spare (the dearest first), else on the cluster that feeds them. The paper's
/// first bar.
class naive_policy : public mapping_policy {
 public:
  mapping map(const integer_graph&, const std::vector<stage>&, const chip_config&,
              const mapping_options&) const override;
};

}  // namespace ohmic
