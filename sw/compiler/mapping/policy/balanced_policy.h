#pragma once

#include "sw/compiler/mapping/policy/balanced_options.h"
#include "sw/compiler/mapping/policy/mapping_policy.h"

namespace ohmic {

/// How far the paper's techniques go.
enum class paper_bar {
  replicated,  ///< analog-bound layers replicated; pools, adds and reductions spread; residuals in HBM (its second bar)
  paper,       ///< residuals in the L1 of spare clusters, reductions as trees of pipeline stages (its third bar)
};

/// The paper's mapping: stages are replicated until all take the same time per image.
class balanced_policy : public mapping_policy {
 public:
  balanced_policy(paper_bar bar, const balanced_options& options) : bar_(bar), options_(options) {}
  mapping map(const integer_graph&, const std::vector<stage>&, const chip_config&) const override;
  std::string options_text() const override;

 private:
  paper_bar bar_;
  balanced_options options_;
};

}  // namespace ohmic
