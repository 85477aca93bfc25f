#include "sw/compiler/mapping/plan/check_mapping.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <string>

#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/plan/digital_layer.h"
#include "sw/compiler/mapping/plan/mapping_geometry.h"
#include "sw/deployment/deployment.h"

namespace ohmic {
namespace {

constexpr unsigned most_groups = 8;             // of bitlines in a job of the IMA
constexpr int largest_step = 0x7FFF;            // PIXEL.STEP is a signed 16-bit number
constexpr unsigned most_sets_in_16_bits = 255;  // partial sums are int16, codes -128 .. 127

/// A rectangle of a crossbar that is taken.
struct taken_rectangle {
  unsigned row, rows, bitline, bitlines;
  std::string stage;

  bool overlaps(const taken_rectangle& other) const {
    return row < other.row + other.rows && other.row < row + rows && bitline < other.bitline + other.bitlines &&
           other.bitline < bitline + bitlines;
  }
};

class mapping_checker {
 public:
  mapping_checker(const integer_graph& graph, const std::vector<stage>& stages, const mapping& assignment,
                  const chip_config& chip)
      : graph_(graph), stages_(stages), mapping_(assignment), chip_(chip), used_(assignment.clusters, false) {}

  void run() {
    check_clusters();
    if (mapping_.stages.size() != stages_.size())
      fail("the mapping has {} stages and the network has {}", mapping_.stages.size(), stages_.size());
    for (std::size_t s = 0; s < stages_.size(); ++s) check_stage(s);
    for (std::size_t c = 0; c < used_.size(); ++c)
      if (!used_[c]) fail("cluster {} of the mapping has nothing to do; clusters are numbered without gaps", c);
  }

 private:
  template <class... Arguments>
  [[noreturn]] static void fail(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    throw mapping_error(fmt::format(text, std::forward<Arguments>(arguments)...));
  }
  const std::string& name(std::size_t s) const { return stages_[s].name; }
  const graph_node& node(std::size_t s) const { return graph_.nodes[stages_[s].node]; }
  const graph_tensor& output(std::size_t s) const { return graph_.tensors[stages_[s].output]; }

  void check_clusters() const {
    if (mapping_.clusters == 0) fail("the mapping has no cluster");
    if (mapping_.clusters > chip_.clusters())
      fail("the mapping needs {} clusters and chip '{}' has {}: {} too few", mapping_.clusters, chip_.name,
           chip_.clusters(), mapping_.clusters - chip_.clusters());
    if (mapping_.places.size() != mapping_.clusters)
      fail("the mapping places {} clusters and has {}", mapping_.places.size(), mapping_.clusters);
    std::set<unsigned> places;
    for (const unsigned place : mapping_.places) {
      if (place >= chip_.clusters())
        fail("a cluster is placed on cluster {}, and chip '{}' has {}", place, chip_.name, chip_.clusters());
      if (!places.insert(place).second) fail("two clusters of the mapping are placed on cluster {}", place);
    }
    if (mapping_.prefetch_tiles == 0) fail("prefetch_tiles is 0; double buffering needs at least 1");
  }

  void use(std::size_t s, unsigned cluster) {
    if (cluster >= mapping_.clusters)
      fail("stage '{}' is on cluster {}, and the mapping has {} clusters", name(s), cluster, mapping_.clusters);
    used_[cluster] = true;
  }

  void check_stage(std::size_t s) {
    const stage_mapping& m = mapping_.stages[s];
    const auto width = static_cast<unsigned>(output(s).width);
    if (m.tile_columns == 0 || width % m.tile_columns != 0)
      fail("stage '{}' has tiles of {} columns, which do not divide its map of {} columns", name(s), m.tile_columns,
           width);
    if (m.replicas.empty()) fail("stage '{}' has no replica", name(s));
    check_tiles(s, m.replicas.size());
    check_edge(s, m.input, stages_[s].input, "input");
    check_edge(s, m.residual, stages_[s].residual, "residual");
    if (m.packing.x == 0 || m.packing.y == 0) fail("stage '{}' packs 0 output pixels; 1 is the least", name(s));
    if (m.weights_in_hbm && !(node(s).has_layer() && node(s).layer().digital))
      fail("stage '{}' has its weights in HBM; only layers on cores can", name(s));
    if (!node(s).has_layer()) {
      check_core_stage(s, m);
      return;
    }
    if (node(s).layer().digital) {
      check_digital(s, m);
      return;
    }
    check_packing(s, m);
    for (const replica_mapping& replica : m.replicas) {
      check_parts(s, m.packing, replica);
      check_alike(s, m.replicas[0], replica);
    }
  }

  void check_tiles(std::size_t s, std::size_t replicas) const {
    const unsigned tiles = static_cast<unsigned>(output(s).width) / mapping_.stages[s].tile_columns;
    if (replicas > tiles)
      fail("stage '{}' has {} replicas and an image gives them {} tiles of {} columns to share", name(s), replicas,
           tiles, mapping_.stages[s].tile_columns);
  }

  void check_core_stage(std::size_t s, const stage_mapping& m) {
    if (m.packing.x != 1 || m.packing.y != 1) fail("stage '{}' runs on cores and packs nothing", name(s));
    for (const replica_mapping& replica : m.replicas) {
      if (!replica.parts.empty()) fail("stage '{}' runs on cores and has no parts on crossbars", name(s));
      use(s, replica.cluster);
    }
  }

  void check_digital(std::size_t s, const stage_mapping& m) {
    if (m.packing.x != 1 || m.packing.y != 1) fail("layer '{}' runs on cores and packs nothing", name(s));
    const int unit = static_cast<int>(part_unit(node(s).layer()));
    for (const replica_mapping& replica : m.replicas) {
      int next = 0;
      for (const channel_part& part : replica.parts) {
        check_order(s, part, next);
        next = part.channels.end;
        if (part.channels.begin % unit != 0)
          fail("layer '{}' on cores has a part that begins with channel {}; parts begin at multiples of {}", name(s),
               part.channels.begin, unit);
        if (!part.tiles.empty()) fail("layer '{}' runs on cores and has a tile on a crossbar", name(s));
        if (part.sums.size() != 1 || !part.sums[0].sets.empty() || !part.sums[0].nodes.empty())
          fail("layer '{}' runs on cores: each part has one sum, without row sets and sums", name(s));
        check_sum_clusters(s, part, 0);
      }
      check_all_channels(s, next);
      check_alike(s, m.replicas[0], replica);
    }
  }

  void check_edge(std::size_t s, const edge_mapping& edge, int tensor, const char* what) {
    const bool is_image = tensor >= 0 && graph_.tensors[tensor].producer == 0;
    if (tensor < 0 && (edge.buffer != buffer_place::reader || edge.columns != 0))
      fail("stage '{}' has no {}, and the mapping says where it waits", name(s), what);
    if (is_image && edge.buffer == buffer_place::relay && edge.relays.size() > 1)
      fail("the {} of stage '{}' is the image, which one relay hands on, and {} are named", what, name(s),
           edge.relays.size());
    if (edge.buffer != buffer_place::relay) {
      if (!edge.relays.empty()) fail("the {} of stage '{}' names relays and does not wait there", what, name(s));
      return;
    }
    if (edge.relays.empty()) fail("the {} of stage '{}' waits in relays and names none", what, name(s));
    std::set<unsigned> relays;
    for (const unsigned relay : edge.relays) {
      use(s, relay);
      if (!relays.insert(relay).second) fail("the {} of stage '{}' names relay {} twice", what, name(s), relay);
    }
  }

  void check_packing(std::size_t s, const stage_mapping& m) const {
    const graph_window& window = node(s).layer().window;
    if (m.tile_columns % m.packing.x != 0)
      fail("stage '{}' packs {} columns into an MVM, which do not divide its tiles of {}", name(s), m.packing.x,
           m.tile_columns);
    if (m.packing.y > static_cast<unsigned>(output(s).height))
      fail("stage '{}' packs {} rows into an MVM, and its map has {}", name(s), m.packing.y, output(s).height);
    const auto check_step = [&](unsigned packed, int stride, unsigned size, const char* axis) {
      const auto step = static_cast<std::int64_t>(packed) * stride;
      if (packed > 1 && size > packed && step > largest_step)
        fail(
            "stage '{}' steps {} {} from MVM to MVM; the crossbar's input coordinates are signed 16-bit numbers, at "
            "most {}",
            name(s), step, axis, largest_step);
    };
    check_step(m.packing.x, window.stride_x, static_cast<unsigned>(output(s).width), "columns");
    check_step(m.packing.y, window.stride_y, static_cast<unsigned>(output(s).height), "rows");
  }

  void check_parts(std::size_t s, pixel_packing packing, const replica_mapping& replica) {
    int next = 0;
    for (const channel_part& part : replica.parts) {
      check_order(s, part, next);
      next = part.channels.end;
      check_sets(s, packing, part);
      check_sums(s, part);
    }
    check_all_channels(s, next);
  }

  void check_order(std::size_t s, const channel_part& part, int next) const {
    if (part.channels.begin != next || part.channels.count() <= 0)
      fail("stage '{}' makes channels {} to {} behind channel {}: each is made once, in order", name(s),
           part.channels.begin, part.channels.end - 1, next - 1);
  }
  void check_all_channels(std::size_t s, int next) const {
    if (next != output(s).channels)
      fail("stage '{}' makes channels 0 to {}, and its map has {}", name(s), next - 1, output(s).channels);
  }

  /// Readers of a map lay it out by the blocks that its producers make.
  void check_alike(std::size_t s, const replica_mapping& one, const replica_mapping& other) const {
    bool alike = one.parts.size() == other.parts.size();
    for (std::size_t j = 0; alike && j < one.parts.size(); ++j)
      alike = one.parts[j].channels == other.parts[j].channels;
    if (!alike) fail("the replicas of stage '{}' split its channels differently", name(s));
  }

  void check_sets(std::size_t s, pixel_packing packing, const channel_part& part) {
    const std::vector<row_set>& sets = node(s).layer().row_sets;
    std::set<std::pair<unsigned, unsigned>> made;
    for (const crossbar_tile& tile : part.tiles) {
      use(s, tile.cluster);
      if (tile.sets.empty())
        fail("stage '{}' has a crossbar tile in cluster {} without row sets", name(s), tile.cluster);
      for (const packed_set& p : tile.sets) {
        if (p.set >= sets.size())
          fail("stage '{}' has {} row sets, and a tile in cluster {} holds row set {}", name(s), sets.size(),
               tile.cluster, p.set);
        if (p.dy >= packing.y)
          fail("stage '{}' packs {} rows into an MVM, and a tile in cluster {} makes row {} of them", name(s),
               packing.y, tile.cluster, p.dy);
        if (sets[p.set].channel_begin != sets[tile.sets[0].set].channel_begin ||
            sets[p.set].channel_end != sets[tile.sets[0].set].channel_end)
          fail("stage '{}': row sets {} and {} read different channels and cannot share a tile", name(s),
               tile.sets[0].set, p.set);
        if (!made.insert({p.set, p.dy}).second)
          fail("stage '{}' makes the codes of row set {} (row {} of those packed) twice for channels {} to {}", name(s),
               p.set, p.dy, part.channels.begin, part.channels.end - 1);
      }
      check_rectangle(s, packing, part, tile);
    }
    for (unsigned set = 0; set < sets.size(); ++set)
      for (unsigned dy = 0; dy < packing.y; ++dy)
        if (made.count({set, dy}) == 0)
          fail("stage '{}' does not make the codes of row set {} (row {} of those packed) for channels {} to {}",
               name(s), set, dy, part.channels.begin, part.channels.end - 1);
  }

  void check_rectangle(std::size_t s, pixel_packing packing, const channel_part& part, const crossbar_tile& tile) {
    if (const unsigned place = mapping_.places[tile.cluster]; !chip_.has_ima(place))
      fail("stage '{}': a tile is in cluster {}, which is placed on cluster {} of chip '{}': that has no IMA", name(s),
           tile.cluster, place, chip_.name);
    const std::size_t groups = tile.sets.size() * packing.x;
    if (groups > most_groups)
      fail("stage '{}': a tile in cluster {} makes {} groups of codes at once, and a job of the IMA has at most {}",
           name(s), tile.cluster, groups, most_groups);
    taken_rectangle here{tile.first_row,
                         static_cast<unsigned>(window_of(node(s).layer(), packing, tile).crossbar_rows()),
                         tile.first_bitline, bitlines_of(packing, tile, part.channels), name(s)};
    if (here.row + here.rows > chip_.ima.rows || here.bitline + here.bitlines > chip_.ima.columns)
      fail("stage '{}': a tile in cluster {} takes rows {} to {} and bitlines {} to {}, and the crossbar has {} x {}",
           name(s), tile.cluster, here.row, here.row + here.rows - 1, here.bitline, here.bitline + here.bitlines - 1,
           chip_.ima.rows, chip_.ima.columns);
    for (const taken_rectangle& other : taken_[tile.cluster])
      if (here.overlaps(other))
        fail("stages '{}' and '{}' overlap in the crossbar of cluster {} (rows {} to {}, bitlines {} to {})",
             other.stage, name(s), tile.cluster, here.row, here.row + here.rows - 1, here.bitline,
             here.bitline + here.bitlines - 1);
    taken_[tile.cluster].push_back(here);
  }

  void check_sum_clusters(std::size_t s, const channel_part& part, std::size_t n) {
    const reduction_node& sum = part.sums[n];
    if (sum.clusters.empty()) fail("stage '{}': sum {} has no cluster", name(s), n);
    std::set<unsigned> clusters;
    for (const unsigned cluster : sum.clusters) {
      use(s, cluster);
      if (!clusters.insert(cluster).second)
        fail("stage '{}': sum {} has two replicas in cluster {}", name(s), n, cluster);
    }
    check_tiles(s, sum.clusters.size() * mapping_.stages[s].replicas.size());
  }

  void check_sums(std::size_t s, const channel_part& part) {
    if (part.sums.empty())
      fail("stage '{}' adds nothing for channels {} to {}", name(s), part.channels.begin, part.channels.end - 1);
    std::vector<unsigned> read_sets(sets_added(graph_, stages_[s]), 0), read_nodes(part.sums.size(), 0);
    std::vector<unsigned> sets_below(part.sums.size(), 0);
    for (std::size_t n = 0; n < part.sums.size(); ++n) {
      const reduction_node& sum = part.sums[n];
      check_sum_clusters(s, part, n);
      const std::size_t inputs = sum.sets.size() + sum.nodes.size();
      if (inputs == 0) fail("stage '{}': sum {} has no input", name(s), n);
      if (inputs > OHMIC_MOST_INPUTS)
        fail(
            "stage '{}' sums {} row sets in one cluster, and a kernel has at most {} inputs: reduction_fan_in must be "
            "smaller",
            name(s), inputs, OHMIC_MOST_INPUTS);
      sets_below[n] = static_cast<unsigned>(sum.sets.size());
      for (const unsigned set : sum.sets) {
        if (set >= read_sets.size())
          fail("stage '{}' has {} row sets, and sum {} reads row set {}", name(s), read_sets.size(), n, set);
        ++read_sets[set];
      }
      for (const unsigned k : sum.nodes) {
        if (k >= n) fail("stage '{}': sum {} reads sum {}, which does not stand before it", name(s), n, k);
        ++read_nodes[k];
        sets_below[n] += sets_below[k];
      }
      if (n + 1 < part.sums.size() && sets_below[n] > most_sets_in_16_bits)
        fail("stage '{}': sum {} adds the codes of {} row sets, and a partial sum of 16 bits holds {}", name(s), n,
             sets_below[n], most_sets_in_16_bits);
    }
    for (std::size_t set = 0; set < read_sets.size(); ++set)
      if (read_sets[set] != 1)
        fail("stage '{}' adds the codes of row set {} {} times for channels {} to {}", name(s), set, read_sets[set],
             part.channels.begin, part.channels.end - 1);
    for (std::size_t n = 0; n + 1 < part.sums.size(); ++n)
      if (read_nodes[n] != 1)
        fail("stage '{}': sum {} is read {} times, and it must be once", name(s), n, read_nodes[n]);
  }

  const integer_graph& graph_;
  const std::vector<stage>& stages_;
  const mapping& mapping_;
  const chip_config& chip_;
  std::vector<bool> used_;                                  // by cluster
  std::map<unsigned, std::vector<taken_rectangle>> taken_;  // by cluster
};

}  // namespace

void check_mapping(const integer_graph& graph, const std::vector<stage>& stages, const mapping& assignment,
                   const chip_config& chip) {
  mapping_checker(graph, stages, assignment, chip).run();
}

}  // namespace ohmic
