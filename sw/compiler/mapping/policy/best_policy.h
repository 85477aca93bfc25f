#pragma once

#include "sw/compiler/mapping/policy/best_options.h"
#include "sw/compiler/mapping/policy/mapping_policy.h"
#include "sw/compiler/mapping/policy/mapping_search.h"

namespace ohmic {

/// The fastest mapping that we know how to make for a batch: stages balanced with several output pixels to an MVM, then
/// a local search, then seats that keep links free; or that of another policy, if the cost model expects it to be
/// faster. It proposes seats from several seeds, and other policies' mappings that may be as fast.
class best_policy : public mapping_policy {
 public:
  best_policy(const best_options& options, search_progress progress)
      : options_(options), progress_(std::move(progress)) {}
  mapping map(const integer_graph&, const std::vector<stage>&, const chip_config&) const override;
  std::vector<mapping_proposal> propose(const integer_graph&, const std::vector<stage>&,
                                        const chip_config&) const override;
  std::string options_text() const override;

 private:
  best_options options_;
  search_progress progress_;
};

}  // namespace ohmic
