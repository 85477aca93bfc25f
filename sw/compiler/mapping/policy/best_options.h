#pragma once

namespace ohmic {

/// What the policy `best` can be asked.
struct best_options {
  /// Mappings that the search looks at, and the seed of what it tries.
  unsigned evaluations = 400;
  unsigned seed = 2;
  /// Clusters that may be used. 0: all of the chip's.
  unsigned most_clusters = 0;
};

/// Every option with its key (under `mapping` in an experiment).
template <class Options, class Visitor>
void visit_best_options(Options& o, Visitor&& visit) {
  visit("evaluations", o.evaluations);
  visit("seed", o.seed);
  visit("most_clusters", o.most_clusters);
}

}  // namespace ohmic
