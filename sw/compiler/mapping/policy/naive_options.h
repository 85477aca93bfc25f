#pragma once

#include <map>
#include <string>

namespace ohmic {

/// Where a skip connection waits for the long branch.
enum class residual_store { l1, hbm };

/// Who adds the codes of a layer's row sets. `automatic`: clusters of their own while the chip has some to spare.
enum class reduction_seats { automatic, extra, shared };

/// What the policy `naive` can be asked; the defaults suit the 512-cluster chip.
struct naive_options {
  /// IMAs that share the first convolution, tile by tile. 0: three, or as many as the chip has room for.
  unsigned conv1_replicas = 0;
  /// Replicas of other convolutions by node name (1 where not named).
  std::map<std::string, unsigned> replicas;
  /// Most inputs of one node of a reduction tree. 0: the largest whose root stays well below the bottleneck.
  unsigned reduction_fan_in = 0;
  reduction_seats reductions = reduction_seats::automatic;
  residual_store residuals = residual_store::l1;
  /// Tiles keep their stage busy for at least this many cycles, where an image is not shorter.
  unsigned tile_cycles = 2000;
  /// Tiles that a ring holds beyond the one in work (>= 1: double buffering).
  unsigned prefetch_tiles = 1;
};

/// The values of an option that is a word, as users write them, in the order of the enumeration.
inline constexpr const char* words_of(residual_store) { return "l1 hbm"; }
inline constexpr const char* words_of(reduction_seats) { return "automatic extra shared"; }

/// Every option with its key (under `mapping` in an experiment): the one list from which it is read and from which the
/// name of a cached deployment follows.
template <class Options, class Visitor>
void visit_naive_options(Options& o, Visitor&& visit) {
  visit("residuals", o.residuals);
  visit("conv1_replicas", o.conv1_replicas);
  visit("replicas", o.replicas);
  visit("reduction_fan_in", o.reduction_fan_in);
  visit("reductions", o.reductions);
  visit("tile_cycles", o.tile_cycles);
  visit("prefetch_tiles", o.prefetch_tiles);
}

}  // namespace ohmic
