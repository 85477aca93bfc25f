#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <map>

#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/plan/plan.h"

namespace ohmic {
namespace {

/// A ring with (part of) a tensor that its cluster's last step makes.
struct tensor_source {
  unsigned cluster = 0, ring = 0;
  channel_range channels;
  plan_step push;  ///< head of the PUSH step that empties the ring
};

/// A ring that is to receive (part of) a tensor.
struct tensor_sink {
  unsigned cluster = 0, ring = 0;
  channel_range channels;
  bool plain = false;    ///< the ring's layout is fixed; else it takes the producers' blocks as they are
  int parked = -1;       ///< via HBM
  plan_window window;    ///< of the reading step
  replica_rule makes;    ///< of the reading step
  unsigned columns = 1;  ///< of the reading step's output
  std::map<int, std::uint32_t> part_offsets;  ///< flexible: where the part that begins with this channel lies
};

class plan_builder {
 public:
  plan_builder(const integer_graph& graph, const std::vector<stage>& stages, const mapping& assignment,
               const chip_config& chip)
      : graph_(graph), chip_(chip) {
    plan_.graph = &graph;
    plan_.stages = stages;
    plan_.assignment = assignment;
    plan_.clusters.resize(assignment.clusters);
    sources_.resize(graph.tensors.size());
    sinks_.resize(graph.tensors.size());
  }

  deployment_plan run() {
    for (std::size_t s = 0; s < plan_.stages.size(); ++s) {
      if (graph_.nodes[plan_.stages[s].node].on_crossbar())
        add_crossbar_stage(static_cast<int>(s));
      else
        add_core_stage(static_cast<int>(s));
    }
    for (std::size_t tensor = 0; tensor < graph_.tensors.size(); ++tensor) connect(static_cast<int>(tensor));
    return std::move(plan_);
  }

 private:
  const graph_tensor& tensor(int index) const { return graph_.tensors[index]; }
  channel_range all_channels(int t) const { return {0, tensor(t).channels}; }

  unsigned add_ring(unsigned cluster, plan_ring ring) {
    plan_.clusters[cluster].rings.push_back(std::move(ring));
    return static_cast<unsigned>(plan_.clusters[cluster].rings.size() - 1);
  }

  unsigned add_step(unsigned cluster, plan_step step) {
    plan_.clusters[cluster].steps.push_back(std::move(step));
    return static_cast<unsigned>(plan_.clusters[cluster].steps.size() - 1);
  }

  plan_step step_head(int s, unsigned replica, unsigned replicas) const {
    plan_step step;
    step.stage = s;
    step.columns_per_image = static_cast<unsigned>(tensor(plan_.stages[s].output).width);
    step.makes = {plan_.assignment.stages[s].tile_columns, replica, replicas};
    return step;
  }

  /// A ring in `cluster` that `reader` will read through `window`, filled from tensor `t`. An image is pulled whole,
  /// whatever channels of it are read.
  unsigned add_input(unsigned cluster, const plan_step& reader, int t, channel_range channels, bool plain, bool skip,
                     plan_window window) {
    plan_ring ring;
    ring.tensor = t;
    ring.stage = reader.stage;
    ring.columns_per_image = static_cast<unsigned>(tensor(t).width);
    ring.skip = skip;
    const unsigned height = static_cast<unsigned>(tensor(t).height);
    const bool is_image = tensor(t).producer == 0;
    if (plain || is_image)
      ring.layout = plain_layout(height, is_image ? all_channels(t) : channels);
    else
      ring.layout.height = height;
    window.ring = add_ring(cluster, ring);

    if (is_image) {
      // One pull brings about what one tile of the reader needs: a round trip to HBM is long.
      unsigned tile = std::min(ring.columns_per_image, reader.makes.tile * reader.makes.count * window.stride);
      while (ring.columns_per_image % tile != 0) --tile;
      add_pull(cluster, reader.stage, window.ring, tile, -1);
      return window.ring;
    }
    tensor_sink sink;
    sink.cluster = cluster;
    sink.ring = window.ring;
    sink.channels = channels;
    sink.plain = plain;
    sink.window = window;
    sink.makes = reader.makes;
    sink.columns = reader.columns_per_image;
    if (skip && plan_.assignment.stages[reader.stage].residual_in_hbm) {
      sink.parked = static_cast<int>(plan_.parked.size());
      parked_region region;
      region.tensor = t;
      region.columns_per_image = ring.columns_per_image;
      region.cluster = cluster;
      region.step = add_pull(cluster, reader.stage, window.ring, reader.makes.tile, sink.parked);
      plan_.parked.push_back(region);
    }
    sinks_[t].push_back(sink);
    return window.ring;
  }

  unsigned add_pull(unsigned cluster, int s, unsigned ring, unsigned tile, int parked) {
    plan_step pull;
    pull.stage = s;
    pull.columns_per_image = plan_.clusters[cluster].rings[ring].columns_per_image;
    pull.makes = {tile, 0, 1};
    pull.output_ring = static_cast<int>(ring);
    pull.work = pull_work{parked};
    return add_step(cluster, pull);
  }

  void add_source(unsigned cluster, int t, channel_range channels, const plan_step& maker, unsigned ring) {
    tensor_source source;
    source.cluster = cluster;
    source.ring = ring;
    source.channels = channels;
    source.push = maker;
    source.push.inputs = {plan_window{ring}};
    source.push.output_ring = -1;
    source.push.work = push_work{};
    sources_[t].push_back(source);
  }

  /// An empty output ring of the stage: connect() gives it the blocks that consumers want.
  unsigned add_output_ring(unsigned cluster, const plan_step& maker, channel_range channels, ring_content content,
                           column_layout layout) {
    plan_ring ring;
    ring.content = content;
    ring.tensor = plan_.stages[maker.stage].output;
    ring.stage = maker.stage;
    ring.columns_per_image = maker.columns_per_image;
    ring.sequence = maker.makes.count > 1;
    ring.layout = std::move(layout);
    ring.layout.height = static_cast<unsigned>(tensor(ring.tensor).height);
    return add_ring(cluster, ring);
  }

  void add_crossbar_stage(int s) {
    const graph_node& node = graph_.nodes[plan_.stages[s].node];
    const std::vector<channel_range> splits =
        split_channels(node.layer.out_channels, static_cast<int>(chip_.ima.columns));
    const stage_mapping& where = plan_.assignment.stages[s];
    for (std::size_t r = 0; r < where.replicas.size(); ++r) {
      const plan_step head = step_head(s, static_cast<unsigned>(r), static_cast<unsigned>(where.replicas.size()));
      for (std::size_t j = 0; j < splits.size(); ++j) add_reduction(head, node, splits[j], where.replicas[r], j);
    }
  }

  struct summand {
    unsigned cluster = 0, ring = 0;
    bool int16 = false;
  };

  void add_reduction(const plan_step& head, const graph_node& node, channel_range channels,
                     const replica_mapping& replica, std::size_t split) {
    std::vector<summand> codes, sums;
    for (std::size_t k = 0; k < node.layer.row_sets.size(); ++k)
      codes.push_back(add_row_set(head, node, static_cast<int>(k), channels, replica.set_clusters[split][k]));
    const std::vector<reduction_node>& tree = replica.reductions[split];
    for (std::size_t n = 0; n < tree.size(); ++n) {
      std::vector<summand> inputs;
      for (unsigned k : tree[n].sets) inputs.push_back(codes[k]);
      for (unsigned k : tree[n].nodes) inputs.push_back(sums[k]);
      sums.push_back(add_sum(head, node, channels, tree[n].cluster, inputs, n + 1 == tree.size()));
    }
  }

  summand add_row_set(const plan_step& head, const graph_node& node, int set_index, channel_range channels,
                      unsigned cluster) {
    const row_set& set = node.layer.row_sets[set_index];
    const graph_window& shape = node.layer.window;
    plan_step ima = head;
    plan_window window;
    window.size = static_cast<unsigned>(shape.size_x);
    window.stride = static_cast<unsigned>(shape.stride_x);
    window.pad = shape.pad_x;
    window.ring = add_input(cluster, head, plan_.stages[head.stage].input, {set.channel_begin, set.channel_end}, true,
                            false, window);
    ima.inputs = {window};
    const unsigned height = static_cast<unsigned>(tensor(plan_.stages[head.stage].output).height);
    const unsigned codes =
        add_output_ring(cluster, head, channels, ring_content::codes, plain_layout(height, channels));
    plan_.clusters[cluster].rings[codes].set = set_index;
    ima.output_ring = static_cast<int>(codes);
    ima.work = ima_work{plan_.stages[head.stage].node, set, channels};
    add_step(cluster, ima);
    return {cluster, codes, false};
  }

  /// Where `cluster` reads the summand: the ring itself if it is there, else a copy that a PUSH keeps filled.
  unsigned bring(const plan_step& head, const summand& from, unsigned cluster, channel_range channels) {
    if (from.cluster == cluster) return from.ring;
    plan_ring copy = plan_.clusters[from.cluster].rings[from.ring];
    plan_destination destination;
    destination.cluster = cluster;
    destination.channels = channels;
    destination.sequence = head.makes.count > 1;
    destination.copy = copy_block(copy.layout.height, copy.layout.segments[0], copy.layout.segments[0]);
    destination.demand.columns = head.columns_per_image;
    plan_step push = head;
    push.inputs = {plan_window{from.ring}};
    const unsigned step = static_cast<unsigned>(plan_.clusters[from.cluster].steps.size());
    copy.producers = {{from.cluster, step, 0}};
    destination.ring = add_ring(cluster, copy);
    push.work = push_work{{destination}};
    add_step(from.cluster, push);
    return destination.ring;
  }

  summand add_sum(const plan_step& head, const graph_node& node, channel_range channels, unsigned cluster,
                  const std::vector<summand>& summands, bool is_root) {
    const stage& s = plan_.stages[head.stage];
    const unsigned height = static_cast<unsigned>(tensor(s.output).height);
    plan_step sum = head;
    kernel_work work;
    work.node = s.node;
    work.channels = channels;
    work.sum_count = static_cast<unsigned>(summands.size());
    if (summands.size() > OHMIC_MOST_INPUTS)
      throw mapping_error(
          fmt::format("stage '{}' sums {} row sets in one cluster, and a kernel has at most {} inputs: "
                      "reduction_fan_in must be smaller",
                      s.name, summands.size(), OHMIC_MOST_INPUTS));
    for (std::size_t i = 0; i < summands.size(); ++i) {
      sum.inputs.push_back(plan_window{bring(head, summands[i], cluster, channels)});
      if (summands[i].int16) work.int16_mask |= 1u << i;
    }
    unsigned ring;
    if (!is_root) {
      work.kernel = OHMIC_KERNEL_PARTIAL;
      ring = add_output_ring(cluster, head, channels, ring_content::partial_sums, plain_layout(height, channels, 2));
    } else if (node.kind == node_kind::logits) {
      work.kernel = OHMIC_KERNEL_LOGITS;
      ring = add_output_ring(cluster, head, channels, ring_content::logits, plain_layout(height, channels, 4));
    } else {
      work.kernel = OHMIC_KERNEL_REQUANTISE;
      if (s.fused_add >= 0) {
        work.residual_input = static_cast<int>(work.sum_count);
        work.add_node = s.fused_add;
        work.own_is_second = s.input_is_second;
        sum.inputs.push_back(plan_window{add_input(cluster, head, s.residual, channels, false, true, {})});
      }
      ring = add_output_ring(cluster, head, channels, ring_content::activations, {});
    }
    sum.output_ring = static_cast<int>(ring);
    sum.work = work;
    add_step(cluster, sum);
    if (is_root && node.kind == node_kind::logits)
      add_results_push(head, cluster, ring, channels);
    else if (is_root)
      add_source(cluster, s.output, channels, head, ring);
    return {cluster, ring, true};
  }

  void add_results_push(const plan_step& head, unsigned cluster, unsigned ring, channel_range channels) {
    plan_destination destination;
    destination.to = plan_destination::kind::results;
    destination.results_offset = static_cast<std::uint32_t>(channels.begin) * 4;
    destination.channels = channels;
    destination.copy.run_bytes = static_cast<std::uint32_t>(channels.count()) * 4;
    destination.copy.rows = 1;
    destination.demand.columns = head.columns_per_image;
    plan_step push = head;
    push.inputs = {plan_window{ring}};
    push.work = push_work{{destination}};
    add_step(cluster, push);
  }

  void add_core_stage(int s) {
    const stage& here = plan_.stages[s];
    const graph_node& node = graph_.nodes[here.node];
    const unsigned cluster = plan_.assignment.stages[s].cluster;
    plan_step step = step_head(s, 0, 1);
    kernel_work work;
    work.node = here.node;
    work.channels = all_channels(here.output);
    plan_window window;
    if (node.kind == node_kind::max_pool) {
      work.kernel = OHMIC_KERNEL_MAX_POOL;
      window.size = static_cast<unsigned>(node.pool_window.size_x);
      window.stride = static_cast<unsigned>(node.pool_window.stride_x);
      window.pad = node.pool_window.pad_x;
    } else if (node.kind == node_kind::average_pool) {
      work.kernel = OHMIC_KERNEL_AVERAGE_POOL;
      window.size = static_cast<unsigned>(tensor(here.input).width);
      window.whole_image = true;
    } else {
      work.kernel = OHMIC_KERNEL_ADD;
      work.add_node = here.node;
    }
    const bool is_add = node.kind == node_kind::add;
    window.ring = add_input(cluster, step, here.input, all_channels(here.input), is_add, is_add, window);
    step.inputs = {window};
    if (is_add) {
      work.residual_input = 1;
      step.inputs.push_back(
          plan_window{add_input(cluster, step, here.residual, all_channels(here.residual), false, true, {})});
    }
    const unsigned ring = add_output_ring(cluster, step, work.channels, ring_content::activations, {});
    step.output_ring = static_cast<int>(ring);
    step.work = work;
    add_step(cluster, step);
    add_source(cluster, here.output, work.channels, step, ring);
  }

  /// Gives each source of the tensor the blocks that its sinks want, and a PUSH step to all of them.
  void connect(int t) {
    for (tensor_source& source : sources_[t]) {
      push_work work;
      const unsigned step = static_cast<unsigned>(plan_.clusters[source.cluster].steps.size());
      for (bool plain : {true, false}) {  // flexible sinks take what the others asked for
        for (tensor_sink& sink : sinks_[t]) {
          const channel_range part = intersect(source.channels, sink.channels);
          if (sink.plain != plain || part.count() <= 0) continue;
          plan_destination destination = make_destination(source, sink, part);
          if (first_owed(source.push, destination.demand) == source.push.columns_per_image) continue;
          std::vector<edge_reference>& producers = sink.parked >= 0
                                                       ? plan_.parked[sink.parked].producers
                                                       : plan_.clusters[sink.cluster].rings[sink.ring].producers;
          destination.producer_index = static_cast<unsigned>(producers.size());
          producers.push_back({source.cluster, step, static_cast<unsigned>(work.destinations.size())});
          work.destinations.push_back(destination);
        }
      }
      source.push.work = std::move(work);
      add_step(source.cluster, source.push);
    }
    for (const tensor_sink& sink : sinks_[t])
      if (sink.parked >= 0) plan_.parked[sink.parked].layout = plan_.clusters[sink.cluster].rings[sink.ring].layout;
  }

  plan_destination make_destination(tensor_source& source, tensor_sink& sink, channel_range part) {
    column_layout& from = plan_.clusters[source.cluster].rings[source.ring].layout;
    column_layout& to = plan_.clusters[sink.cluster].rings[sink.ring].layout;
    plan_destination destination;
    destination.cluster = sink.cluster;
    destination.ring = sink.ring;
    if (sink.parked >= 0) {
      destination.to = plan_destination::kind::parked;
      destination.parked = static_cast<unsigned>(sink.parked);
    }
    destination.channels = part;
    destination.demand = {sink.makes, sink.window.size, sink.window.stride, sink.columns, sink.window.pad};
    if (sink.plain) {
      destination.copy = copy_block(from.height, block_of(from, part), to.segments[0]);
      return destination;
    }
    const std::vector<layout_segment> blocks = run_of_blocks(from, part);
    const std::uint32_t begin = blocks.front().offset;
    const layout_segment& last = blocks.back();
    const auto known = sink.part_offsets.find(part.begin);
    const std::uint32_t at = known == sink.part_offsets.end() ? to.bytes : known->second;
    if (known == sink.part_offsets.end()) {
      sink.part_offsets[part.begin] = at;
      for (const layout_segment& block : blocks) {
        to.segments.push_back(block);
        to.segments.back().offset = at + block.offset - begin;
      }
      to.bytes = at + (last.offset - begin + from.height * last.pitch + 3) / 4 * 4;
    }
    destination.copy.source_offset = begin;
    destination.copy.destination_offset = at;
    destination.copy.run_bytes = last.offset - begin + from.height * last.pitch;
    destination.copy.rows = 1;
    return destination;
  }

  const integer_graph& graph_;
  const chip_config& chip_;
  deployment_plan plan_;
  std::vector<std::vector<tensor_source>> sources_;  // by tensor
  std::vector<std::vector<tensor_sink>> sinks_;
};

}  // namespace

std::vector<channel_range> split_channels(int channels, int bitlines) {
  std::vector<channel_range> splits;
  for (int begin = 0; begin < channels; begin += bitlines)
    splits.push_back({begin, std::min(begin + bitlines, channels)});
  return splits;
}

bool column_demand::wants(unsigned x) const {
  if (makes.count <= 1) return true;
  const int low = static_cast<int>(x) + pad - static_cast<int>(size) + 1, wide = static_cast<int>(stride);
  const int first = low <= 0 ? 0 : (low + wide - 1) / wide;  // output columns whose windows hold x
  const int last = std::min((static_cast<int>(x) + pad) / wide, static_cast<int>(columns) - 1);
  for (int out = first; out <= last; ++out)
    if (static_cast<unsigned>(out) / makes.tile % makes.count == makes.index) return true;
  return false;
}

unsigned first_owed(const plan_step& step, const column_demand& demand) {
  unsigned x = 0;
  while (x < step.columns_per_image &&
         ((x / step.makes.tile) % step.makes.count != step.makes.index || !demand.wants(x)))
    ++x;
  return x;
}

unsigned plan_cluster::first_released(unsigned ring) const {
  if (rings[ring].sequence || rings[ring].follows) return 0;
  int least = INT_MAX;
  for (const plan_step& step : steps)
    for (const plan_window& window : step.inputs)
      if (window.ring == ring) {
        const int x = static_cast<int>(step.makes.index * step.makes.tile * window.stride) - window.pad;
        least = std::min(least, window.whole_image ? 0 : std::max(0, x));
      }
  return static_cast<unsigned>(std::min(least, static_cast<int>(rings[ring].columns_per_image)));
}

deployment_plan build_plan(const integer_graph& graph, const std::vector<stage>& stages, const mapping& assignment,
                           const chip_config& chip) {
  return plan_builder(graph, stages, assignment, chip).run();
}

std::string describe(const deployment_plan& plan, unsigned cluster, int stage) {
  return fmt::format("stage '{}' on cluster {}", plan.stages[stage].name, cluster);
}

}  // namespace ohmic
