#pragma once

#include <string>

namespace ohmic {

/// What the policies `replicated` and `paper` can be asked.
struct balanced_options {
  /// Stages are replicated until an image takes the time of so many MVMs, if the chip's clusters suffice. The paper's
  /// cluster counts fit 1024. 0: as few as the clusters allow.
  unsigned balance_mvms = 1024;
  /// Clusters that may be used. 0: all of the chip's.
  unsigned most_clusters = 0;
  /// Most inputs of one node of a reduction tree. 0: all of them for `replicated`; for `paper` what is
  /// cheapest, but several levels.
  unsigned reduction_fan_in = 0;
  /// Tiles that a ring holds beyond the one in work (>= 1: double buffering).
  unsigned prefetch_tiles = 1;
};

/// Every option with its key (under `mapping` in an experiment).
template <class Options, class Visitor>
void visit_balanced_options(Options& o, Visitor&& visit) {
  visit("balance_mvms", o.balance_mvms);
  visit("most_clusters", o.most_clusters);
  visit("reduction_fan_in", o.reduction_fan_in);
  visit("prefetch_tiles", o.prefetch_tiles);
}

}  // namespace ohmic
