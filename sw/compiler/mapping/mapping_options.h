#pragma once

#include <cstdint>
#include <exception>
#include <map>
#include <string>

namespace ohmic {

/// Where a skip connection waits for the long branch.
enum class residual_store { l1, hbm };

/// Who adds the codes of a layer's row sets. `automatic`: clusters of their own while the chip has some to
/// spare.
enum class reduction_seats { automatic, extra, shared };

/// What a user may ask of the mapping; every default suits the policy `naive` on the 512-cluster chip.
struct mapping_options {
  std::string policy = "naive";
  /// IMAs that share the first convolution, tile by tile. 0: three, or as many as the chip has room for.
  unsigned conv1_copies = 0;
  /// Copies of other convolutions by node name (1 where not named).
  std::map<std::string, unsigned> copies;
  /// Most inputs of one node of a reduction tree. 0: the largest whose root stays well below the bottleneck.
  unsigned reduction_fan_in = 0;
  reduction_seats reductions = reduction_seats::automatic;
  residual_store residuals = residual_store::l1;
  /// Tiles keep their stage busy for at least this many cycles, where an image is not shorter.
  unsigned tile_cycles = 2000;
  /// Tiles that a ring holds beyond the one in work (>= 1: double buffering).
  unsigned prefetch_tiles = 1;
  /// Results in HBM have room for this many images.
  unsigned max_images = 1024;
};

/// A network that does not fit the chip, or options that cannot be met. what() is one sentence for the user.
struct mapping_error : std::exception {
  explicit mapping_error(std::string message) : message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

}  // namespace ohmic
