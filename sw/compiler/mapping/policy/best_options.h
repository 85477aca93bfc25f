#pragma once

namespace ohmic {

/// What is to be least: cycles of a batch, cycles between images, joules of a batch, or joules x seconds of one.
enum class mapping_objective { latency, throughput, energy, edp };

inline constexpr const char* words_of(mapping_objective) { return "latency throughput energy edp"; }

/// What the policy `best` can be asked.
struct best_options {
  /// Mappings that the search looks at, and the seed of what it tries.
  unsigned evaluations = 400;
  unsigned seed = 2;
  /// Seats, each from a seed of its own, among which simulations choose, beside other policies' mappings that may be as
  /// fast. 0: none is simulated, and the cost model chooses.
  unsigned trials = 6;
  mapping_objective objective = mapping_objective::latency;
  /// Clusters that may be used. 0: all of the chip's.
  unsigned most_clusters = 0;
};

/// Every option with its key (under `mapping` in an experiment).
template <class Options, class Visitor>
void visit_best_options(Options& o, Visitor&& visit) {
  visit("evaluations", o.evaluations);
  visit("seed", o.seed);
  visit("trials", o.trials);
  visit("objective", o.objective);
  visit("most_clusters", o.most_clusters);
}

}  // namespace ohmic
