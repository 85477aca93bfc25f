#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "sw/compiler/mapping/plan/plan.h"

namespace ohmic {

/// The edges of a plan between stages: who has (a part of) a tensor, who wants it, and where it waits in between.
///
/// Call order: any number of add_input() and add_source(), then one connect() for all tensors.
class edge_builder {
 public:
  explicit edge_builder(deployment_plan& plan);

  /// What a reader asks of a tensor.
  struct request {
    int tensor = -1;
    channel_range channels;
    bool plain = false;  ///< as one block [height][channels]; else in the producers' blocks as they are
    unsigned blocks =
        1;              ///< of a plain one: so many of equal channels, one behind the other, as its producers make them
    bool skip = false;  ///< a skip connection waits in it
    plan_window window;
    const edge_mapping* edge = nullptr;
  };
  /// The ring in `cluster` that `reader` will read through the window. Readers of one cluster that ask for the same
  /// block share a ring. An image is pulled whole, whatever channels of it are read.
  unsigned add_input(unsigned cluster, const plan_step& reader, const request& asked);

  /// A ring with (part of) a tensor that the last step of its cluster makes; its layout is given by connect().
  void add_source(unsigned cluster, int tensor, channel_range channels, const plan_step& maker, unsigned ring);

  /// Gives each source the blocks that its readers want, and a PUSH step to all of them.
  void connect();

 private:
  struct source_end {
    unsigned cluster = 0, ring = 0;
    channel_range channels;
    plan_step push;  ///< head of the PUSH step that empties the ring
  };
  struct sink_end {
    unsigned cluster = 0, ring = 0;
    channel_range channels;
    bool plain = false;
    int parked = -1;  ///< via HBM
    column_demand demand;
    std::map<int, std::uint32_t> part_offsets;  ///< flexible: where the part that begins with this channel lies
  };
  /// A ring in a cluster in between, with some channels, and the PUSH that empties it.
  struct relay {
    unsigned cluster = 0, ring = 0, step = 0;
    channel_range channels;
  };
  /// A ring that relays fill: laid out when theirs are.
  struct relayed_ring {
    unsigned cluster = 0, ring = 0;
    bool plain = false;
    std::vector<relay> relays;
    column_demand demand;
  };

  unsigned add_pull(unsigned cluster, int stage, unsigned ring, unsigned tile, int parked);
  void add_relays(const plan_step& reader, const request& asked, const sink_end& to, const plan_ring& ring);
  void connect(int tensor);
  void connect(relayed_ring& to);
  plan_destination make_destination(source_end& source, sink_end& sink, channel_range part);

  deployment_plan& plan_;
  const integer_graph& graph_;
  std::vector<std::vector<source_end>> sources_;  // by tensor
  std::vector<std::vector<sink_end>> sinks_;
  std::vector<relayed_ring> relayed_;
  /// By edge of the mapping, cluster and channels.
  std::map<std::tuple<const edge_mapping*, unsigned, int, int>, relay> relays_;
  /// By cluster, stage, replica of how many, tensor and channels.
  std::map<std::tuple<unsigned, int, unsigned, unsigned, int, int, int>, unsigned> shared_;
};

}  // namespace ohmic
