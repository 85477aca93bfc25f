#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "sw/compiler/mapping/mapping.h"

namespace ohmic {

/// Codes that lie in one block of a column: of each of the rows packed at most one row set's.
struct code_lane {
  std::vector<packed_set> made;
  unsigned node = 0;  ///< of the part's sums: who adds them

  bool makes(unsigned dy) const;
  int set() const;  ///< -1: of several
};

/// What a sum adds as one input: lanes that together hold a code for each row.
struct code_input {
  std::vector<std::pair<std::size_t, std::size_t>> lanes;  ///< tile, lane
};

/// How the codes that a part's crossbar tiles make lie in the tiles' rings, and how they come together in sums.
struct code_lanes {
  std::vector<std::vector<code_lane>> of_tiles;  ///< [tile]
  std::vector<std::vector<code_input>> inputs;   ///< [node of the part's sums]
};

/// Every input holds all rows: lanes are of whichever row sets where those come out even, which are fewer, else each is
/// of one row set. `packed`: output rows that an MVM makes. Precondition: the part makes each row of each set once.
code_lanes share_lanes(const channel_part& part, unsigned packed);

}  // namespace ohmic
