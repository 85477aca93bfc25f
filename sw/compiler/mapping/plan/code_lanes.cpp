#include "sw/compiler/mapping/plan/code_lanes.h"

#include <algorithm>

namespace ohmic {
namespace {

/// The lanes of a tile: each of one row set, or where `mixed` of whichever sets' codes fill a column.
std::vector<code_lane> lanes_of(const crossbar_tile& tile, const std::vector<unsigned>& node_of, bool mixed) {
  std::vector<code_lane> lanes;
  for (const packed_set& p : tile.sets) {
    const auto fits = [&](const code_lane& lane) {
      return lane.node == node_of[p.set] && (mixed ? !lane.makes(p.dy) : lane.made[0].set == p.set);
    };
    const auto lane = std::find_if(lanes.begin(), lanes.end(), fits);
    if (lane != lanes.end())
      lane->made.push_back(p);
    else
      lanes.push_back({{p}, node_of[p.set]});
  }
  return lanes;
}

/// The inputs of a node: lanes that complement each other, of one row set or where `mixed` of any.
std::vector<code_input> inputs_of(const std::vector<std::vector<code_lane>>& tiles, unsigned node, bool mixed) {
  std::vector<code_input> inputs;
  for (std::size_t t = 0; t < tiles.size(); ++t)
    for (std::size_t l = 0; l < tiles[t].size(); ++l) {
      const code_lane& lane = tiles[t][l];
      if (lane.node != node) continue;
      const auto complements = [&](const code_input& input) {
        return std::none_of(input.lanes.begin(), input.lanes.end(), [&](const auto& other) {
          const code_lane& there = tiles[other.first][other.second];
          if (!mixed && there.set() != lane.set()) return true;
          return std::any_of(lane.made.begin(), lane.made.end(), [&](packed_set p) { return there.makes(p.dy); });
        });
      };
      const auto input = std::find_if(inputs.begin(), inputs.end(), complements);
      if (input != inputs.end())
        input->lanes.emplace_back(t, l);
      else
        inputs.push_back({{{t, l}}});
    }
  return inputs;
}

}  // namespace

bool code_lane::makes(unsigned dy) const {
  return std::any_of(made.begin(), made.end(), [&](packed_set p) { return p.dy == dy; });
}

int code_lane::set() const {
  const bool one = std::all_of(made.begin(), made.end(), [&](packed_set p) { return p.set == made[0].set; });
  return one ? static_cast<int>(made[0].set) : -1;
}

code_lanes share_lanes(const channel_part& part, unsigned packed) {
  std::vector<unsigned> node_of;  // by row set
  for (std::size_t n = 0; n < part.sums.size(); ++n)
    for (const unsigned set : part.sums[n].sets) {
      node_of.resize(std::max<std::size_t>(node_of.size(), set + 1));
      node_of[set] = static_cast<unsigned>(n);
    }
  const auto shared = [&](bool mixed) {
    code_lanes lanes;
    for (const crossbar_tile& tile : part.tiles) lanes.of_tiles.push_back(lanes_of(tile, node_of, mixed));
    for (std::size_t n = 0; n < part.sums.size(); ++n)
      lanes.inputs.push_back(inputs_of(lanes.of_tiles, static_cast<unsigned>(n), mixed));
    return lanes;
  };
  code_lanes mixed = shared(true);
  const auto whole = [&](const code_input& input) {
    std::size_t rows = 0;
    for (const auto& [tile, lane] : input.lanes) rows += mixed.of_tiles[tile][lane].made.size();
    return rows == packed;
  };
  const bool even = std::all_of(mixed.inputs.begin(), mixed.inputs.end(), [&](const std::vector<code_input>& of_node) {
    return std::all_of(of_node.begin(), of_node.end(), whole);
  });
  return even ? mixed : shared(false);
}

}  // namespace ohmic
