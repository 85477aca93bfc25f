#pragma once

#include <functional>
#include <vector>

#include "sw/compiler/mapping/policy/stage_design.h"

namespace ohmic {

/// How a stage is done by so many clusters of a make, and how long an image, and a tile of it, then keeps its busiest
/// one at work.
struct stage_offer {
  stage_design design;
  double cycles = 0, of_tile = 0;
};

/// Shares clusters of several makes among stages on cores so that an image's time is as short as can be. Neighbours in
/// the pipeline, of those of a make, may get clusters together and take turns on them: shares of 8 columns and of 11
/// clusters do not go into each other, but several stages on all of them do, and the first image finds them all free.
class stage_grouper {
 public:
  /// Of the stage with this index, on so many clusters (>= 1) of a make.
  using offers = std::function<stage_offer(std::size_t s, std::size_t make, unsigned clusters)>;

  /// `stages` in the pipeline's order; `clusters` of each make.
  stage_grouper(std::vector<std::size_t> stages, const std::vector<unsigned>& clusters, const offers& offer);

  /// The least time per image that was found; the more makes and stages there are, the fewer of the ways to share them
  /// are looked at. Infinity: there are too few clusters.
  double least_cycles() const { return least_; }
  /// Designs of all stages, in their order, with groups from 1 on, for a time that is no shorter.
  std::vector<stage_design> designs(double cycles) const;

 private:
  struct group {
    std::size_t begin = 0, end = 0;  ///< of the make's stages
    unsigned clusters = 0;
  };
  using assignment = std::vector<std::size_t>;  ///< by stage: its make

  std::vector<std::size_t> members(const assignment& makes, std::size_t make) const;
  double cycles_of(const std::vector<std::size_t>& of, const group& g, std::size_t make) const;
  /// Those that take the fewest clusters; empty if that is more than there are.
  std::vector<group> groups_of(const std::vector<std::size_t>& of, std::size_t make, double cycles) const;
  bool suffices(const assignment& makes, double cycles) const;
  void look_at(const assignment& makes);

  std::vector<std::vector<std::vector<stage_offer>>> table_;  ///< by stage, make, clusters - 1
  std::vector<unsigned> clusters_;
  assignment best_;
  double least_;
};

}  // namespace ohmic
