#pragma once

#include "sw/compiler/mapping/policy/mapping_policy.h"

namespace ohmic {

/// One replica of every layer, the first convolution on a few; roots, pools and adds on clusters of their own while the
/// chip has some to spare (the dearest first), else on the cluster that feeds them. The paper's first bar.
class naive_policy : public mapping_policy {
 public:
  explicit naive_policy(naive_options options) : options_(std::move(options)) {}
  mapping map(const integer_graph&, const std::vector<stage>&, const chip_config&) const override;
  std::string options_text() const override;

 private:
  naive_options options_;
};

}  // namespace ohmic
