#include <algorithm>

#include "sw/compiler/mapping/plan/code_lanes.h"
#include "sw/compiler/mapping/plan/digital_layer.h"
#include "sw/compiler/mapping/plan/edge_builder.h"
#include "sw/compiler/mapping/plan/mapping_geometry.h"
#include "sw/compiler/mapping/plan/plan.h"
#include "sw/compiler/mapping/plan/weight_turns.h"

namespace ohmic {
namespace {

/// Columns that a node of a reduction (or a crossbar tile) makes, and where: one entry for each replica of the node.
struct summand {
  struct end {
    unsigned cluster = 0, ring = 0;
    plan_step head;
  };
  std::vector<end> ends;
  bool int16 = false;
};

class plan_builder {
 public:
  plan_builder(const integer_graph& graph, const std::vector<stage>& stages, const mapping& assignment)
      : graph_(graph), plan_(empty_plan(graph, stages, assignment)), edges_(plan_) {}

  deployment_plan run() {
    for (std::size_t s = 0; s < plan_.stages.size(); ++s) {
      const auto replicas = static_cast<unsigned>(plan_.assignment.stages[s].replicas.size());
      for (unsigned r = 0; r < replicas; ++r) {
        const plan_step head = step_head(static_cast<int>(s), r, replicas);
        const replica_mapping& replica = plan_.assignment.stages[s].replicas[r];
        if (graph_.nodes[plan_.stages[s].node].has_layer())
          for (const channel_part& part : replica.parts) add_part(head, part);
        else
          add_core_stage(head, replica.cluster);
      }
    }
    turns_.stream(plan_);
    edges_.connect();
    return std::move(plan_);
  }

 private:
  static deployment_plan empty_plan(const integer_graph& graph, const std::vector<stage>& stages,
                                    const mapping& assignment) {
    deployment_plan plan;
    plan.graph = &graph;
    plan.stages = stages;
    plan.assignment = assignment;
    plan.clusters.resize(assignment.clusters);
    return plan;
  }
  const graph_tensor& tensor(int index) const { return graph_.tensors[index]; }
  channel_range all_channels(int t) const { return {0, tensor(t).channels}; }
  /// Channels that the stage makes, of the map that it delivers.
  static channel_range delivered(const stage& s, channel_range made) {
    return {made.begin + s.first_channel, made.end + s.first_channel};
  }
  const stage_mapping& mapped(const plan_step& step) const { return plan_.assignment.stages[step.stage]; }

  plan_step step_head(int s, unsigned replica, unsigned replicas) const {
    plan_step step;
    step.stage = s;
    step.columns_per_image = static_cast<unsigned>(tensor(plan_.stages[s].output).width);
    step.makes = {plan_.assignment.stages[s].tile_columns, replica, replicas};
    return step;
  }

  /// An empty output ring of the stage; that of activations gets its blocks when the edges are connected.
  unsigned add_output_ring(unsigned cluster, const plan_step& maker, ring_content content, column_layout layout) {
    plan_ring ring;
    ring.content = content;
    ring.tensor = plan_.stages[maker.stage].delivers;
    ring.stage = maker.stage;
    ring.columns_per_image = maker.columns_per_image;
    ring.sequence = maker.makes.count > 1;
    ring.layout = std::move(layout);
    if (ring.layout.segments.empty()) ring.layout.height = static_cast<unsigned>(tensor(ring.tensor).height);
    return plan_.clusters[cluster].add_ring(ring);
  }

  /// A crossbar tile's codes: a block for each lane, whose rows are those of the map, rounded up to what MVMs make at
  /// once.
  struct tile_codes {
    const crossbar_tile* tile = nullptr;
    unsigned ring = 0;
    std::vector<code_lane> lanes;
    int push = -1;  ///< step that brings them to other clusters
  };

  /// The q-th replica of a node makes every replicas-th of the stage replica's tiles.
  static plan_step replica_of(const plan_step& head, unsigned q, std::size_t replicas) {
    plan_step node = head;
    node.makes.index = q * head.makes.count + head.makes.index;
    node.makes.count = static_cast<unsigned>(replicas) * head.makes.count;
    return node;
  }

  void add_part(const plan_step& head, const channel_part& part) {
    if (graph_.nodes[plan_.stages[head.stage].node].layer().digital) {
      const std::vector<unsigned>& clusters = part.sums[0].clusters;
      for (unsigned q = 0; q < clusters.size(); ++q)
        add_digital(replica_of(head, q, clusters.size()), part.channels, clusters[q]);
      return;
    }
    code_lanes shared = share_lanes(part, mapped(head).packing.y);
    std::vector<tile_codes> codes(part.tiles.size());
    for (std::size_t t = 0; t < codes.size(); ++t) codes[t].lanes = std::move(shared.of_tiles[t]);
    for (std::size_t t = 0; t < codes.size(); ++t) add_tile(head, part.channels, part.tiles[t], codes[t]);
    std::vector<summand> sums;
    for (std::size_t n = 0; n < part.sums.size(); ++n) {
      sums.emplace_back();
      const auto replicas = static_cast<unsigned>(part.sums[n].clusters.size());
      for (unsigned q = 0; q < replicas; ++q) {
        add_sum(head, replica_of(head, q, replicas), part, n, q, shared.inputs[n], codes, sums);
      }
    }
  }

  /// The parts that some channels of a tensor are made in; none of an image, or where a part has other channels too.
  std::vector<channel_range> made_of(int tensor, channel_range channels) const {
    std::vector<channel_range> made;
    for (std::size_t p = 0; p < plan_.stages.size(); ++p)
      if (plan_.stages[p].delivers == tensor)
        for (const channel_part& part : plan_.assignment.stages[p].replicas[0].parts) {
          const channel_range all = delivered(plan_.stages[p], part.channels), here = intersect(all, channels);
          if (here.count() <= 0) continue;
          if (here.count() < all.count()) return {};
          made.push_back(here);
        }
    return made;
  }

  /// Output channels of a layer on the cores of one cluster.
  void add_digital(const plan_step& head, channel_range channels, unsigned cluster) {
    const stage& s = plan_.stages[head.stage];
    const graph_node& node = graph_.nodes[s.node];
    const crossbar_layer& layer = node.layer();
    plan_step step = head;
    kernel_work work;
    work.node = s.node;
    work.channels = channels;
    work.first_channel = s.first_channel;
    work.inputs = inputs_read(layer, channels);
    work.kernel = digital_kernel(node);
    if (layer.groups == 1 && mapped(head).input.buffer == buffer_place::reader)
      work.in_blocks = equal_blocks(made_of(s.input, work.inputs));
    plan_window window;
    window.size = static_cast<unsigned>(layer.window.size_x);
    window.stride = static_cast<unsigned>(layer.window.stride_x);
    window.pad = layer.window.pad_x;
    edge_builder::request asked;
    asked.tensor = s.input;
    asked.channels = work.inputs;
    asked.plain = true;
    asked.blocks = work.in_blocks;
    asked.window = window;
    asked.edge = &mapped(head).input;
    window.ring = edges_.add_input(cluster, head, asked);
    step.inputs = {window};
    const bool logits = work.kernel == OHMIC_KERNEL_LAYER_LOGITS;
    if (s.fused_add >= 0) {
      work.residual_input = 1;
      work.add_node = s.fused_add;
      work.own_is_second = s.input_is_second;
      step.inputs.push_back(plan_window{add_residual(cluster, head, delivered(s, channels))});
    }
    const auto height = static_cast<unsigned>(tensor(s.output).height);
    const unsigned ring = logits
                              ? add_output_ring(cluster, head, ring_content::logits, plain_layout(height, channels, 4))
                              : add_output_ring(cluster, head, ring_content::activations, {});
    step.output_ring = static_cast<int>(ring);
    step.work = work;
    const unsigned index = plan_.clusters[cluster].add_step(step);
    if (mapped(head).weights_in_hbm) turns_.add(cluster, index, head);
    if (logits)
      add_results_push(head, cluster, ring, channels);
    else
      edges_.add_source(cluster, s.delivers, delivered(s, channels), head, ring);
  }

  void add_tile(const plan_step& head, channel_range channels, const crossbar_tile& tile, tile_codes& codes) {
    const graph_node& node = graph_.nodes[plan_.stages[head.stage].node];
    const graph_window& shape = node.layer().window;
    const pixel_packing packing = mapped(head).packing;
    const tile_window inputs = window_of(node.layer(), packing, tile);
    plan_step ima = head;
    plan_window window;
    window.size = static_cast<unsigned>(shape.size_x);
    window.stride = static_cast<unsigned>(shape.stride_x);
    window.pad = shape.pad_x;
    edge_builder::request asked;
    asked.tensor = plan_.stages[head.stage].input;
    asked.channels = {inputs.channel_begin, inputs.channel_end};
    asked.plain = true;
    asked.window = window;
    asked.edge = &mapped(head).input;
    window.ring = edges_.add_input(tile.cluster, head, asked);
    ima.inputs = {window};

    codes.tile = &tile;
    const unsigned height = static_cast<unsigned>(tensor(plan_.stages[head.stage].output).height);
    column_layout layout;
    layout.height = steps_in_y(height, packing) * packing.y;
    for (std::size_t l = 0; l < codes.lanes.size(); ++l) layout.append(channels);
    codes.ring = add_output_ring(tile.cluster, head, ring_content::codes, layout);
    plan_.clusters[tile.cluster].rings[codes.ring].set = codes.lanes.size() == 1 ? codes.lanes[0].set() : -1;
    ima.output_ring = static_cast<int>(codes.ring);
    ima_work work;
    work.node = plan_.stages[head.stage].node;
    work.tile = tile;
    work.packing = packing;
    work.channels = channels;
    for (const packed_set& p : tile.sets) {
      const auto holds = [&](const code_lane& lane) {
        return std::any_of(lane.made.begin(), lane.made.end(),
                           [&](packed_set q) { return q.set == p.set && q.dy == p.dy; });
      };
      const auto lane = std::find_if(codes.lanes.begin(), codes.lanes.end(), holds);
      work.blocks.push_back(static_cast<unsigned>(lane - codes.lanes.begin()));
    }
    ima.work = work;
    plan_.clusters[tile.cluster].add_step(ima);
  }

  /// Where a node's replica reads an input: the tile's own ring if all of the input is there and nothing else, else a
  /// ring that PUSH steps keep filled.
  unsigned bring_codes(const plan_step& head, const plan_step& node, channel_range channels, const code_input& input,
                       unsigned cluster, std::vector<tile_codes>& codes) {
    const unsigned packed = mapped(head).packing.y;
    const bool same_tiles = node.makes.count == head.makes.count;
    const tile_codes& first = codes[input.lanes[0].first];
    if (same_tiles && first.tile->cluster == cluster && input.lanes.size() == 1 && first.lanes.size() == 1)
      return first.ring;
    const unsigned height = static_cast<unsigned>(tensor(plan_.stages[head.stage].output).height);
    plan_ring ring;
    ring.content = ring_content::codes;
    ring.tensor = plan_.stages[head.stage].delivers;
    ring.stage = head.stage;
    ring.set = input.lanes.size() == 1 ? first.lanes[input.lanes[0].second].set() : -1;
    ring.columns_per_image = head.columns_per_image;
    ring.sequence = same_tiles && head.makes.count > 1;
    ring.layout = plain_layout(height, channels);
    const unsigned index = plan_.clusters[cluster].add_ring(ring);
    for (const auto& [t, l] : input.lanes) {
      tile_codes& from = codes[t];
      const layout_segment lies = plan_.clusters[from.tile->cluster].rings[from.ring].layout.segments[l];
      const std::vector<packed_set>& made = from.lanes[l].made;
      const bool whole = made.size() == packed;
      for (std::size_t i = 0; i < (whole ? 1 : made.size()); ++i) {
        const unsigned row = made[i].dy;
        if (!whole && row >= height) continue;
        plan_destination destination = destination_to(head, node, cluster, index, channels);
        destination.copy.source_offset = lies.offset;
        if (whole) {
          destination.copy = copy_block(height, lies, ring.layout.segments[0]);
        } else {
          destination.copy.source_offset += row * lies.pitch;
          destination.copy.destination_offset = row * lies.pitch;
          destination.copy.source_pitch = destination.copy.destination_pitch = packed * lies.pitch;
          destination.copy.run_bytes = lies.pitch;
          destination.copy.rows = (height - row + packed - 1) / packed;
        }
        add_destination(head, from.tile->cluster, from.ring, &from.push, destination);
      }
    }
    return index;
  }

  /// The same for the partial sums of an earlier node.
  unsigned bring_sums(const plan_step& node, channel_range channels, unsigned replica, unsigned cluster,
                      const summand& sums) {
    const bool same_tiles = sums.ends[0].head.makes.count == node.makes.count;
    if (same_tiles && sums.ends[replica].cluster == cluster) return sums.ends[replica].ring;
    plan_ring ring = plan_.clusters[sums.ends[0].cluster].rings[sums.ends[0].ring];
    ring.producers.clear();
    ring.sequence = same_tiles && node.makes.count > 1;
    const unsigned index = plan_.clusters[cluster].add_ring(ring);
    for (std::size_t q = 0; q < sums.ends.size(); ++q) {
      if (same_tiles && q != replica) continue;
      const summand::end& from = sums.ends[q];
      plan_destination destination = destination_to(from.head, node, cluster, index, channels);
      destination.copy = copy_block(ring.layout.height, ring.layout.segments[0], ring.layout.segments[0]);
      if (first_owed(from.head, destination.demand) == from.head.columns_per_image) continue;
      int none = -1;
      add_destination(from.head, from.cluster, from.ring, &none, destination);
    }
    return index;
  }

  /// From a step to a node's replica: numbered by the sequence of tiles where both make the same ones, else by columns.
  static plan_destination destination_to(const plan_step& from, const plan_step& node, unsigned cluster, unsigned ring,
                                         channel_range channels) {
    plan_destination destination;
    destination.cluster = cluster;
    destination.ring = ring;
    destination.channels = channels;
    destination.sequence = from.makes.count == node.makes.count && from.makes.count > 1;
    destination.demand.columns = from.columns_per_image;
    if (from.makes.count != node.makes.count) destination.demand.makes = node.makes;
    return destination;
  }

  /// Adds it to the PUSH step `*push` of the ring, which is made where it is -1.
  void add_destination(const plan_step& maker, unsigned cluster, unsigned ring, int* push,
                       plan_destination destination) {
    if (*push < 0) {
      plan_step step = maker;
      step.inputs = {plan_window{ring}};
      step.output_ring = -1;
      step.work = push_work{};
      *push = static_cast<int>(plan_.clusters[cluster].add_step(step));
    }
    const auto index = static_cast<unsigned>(*push);
    auto& work = std::get<push_work>(plan_.clusters[cluster].steps[index].work);
    std::vector<edge_reference>& producers = plan_.clusters[destination.cluster].rings[destination.ring].producers;
    destination.producer_index = static_cast<unsigned>(producers.size());
    producers.push_back({cluster, index, static_cast<unsigned>(work.destinations.size())});
    work.destinations.push_back(destination);
  }

  void add_sum(const plan_step& head, const plan_step& node, const channel_part& part, std::size_t n, unsigned replica,
               const std::vector<code_input>& inputs, std::vector<tile_codes>& codes, std::vector<summand>& sums) {
    const stage& s = plan_.stages[head.stage];
    const reduction_node& shape = part.sums[n];
    const unsigned cluster = shape.clusters[replica];
    const bool is_root = n + 1 == part.sums.size();
    const unsigned height = static_cast<unsigned>(tensor(s.output).height);
    plan_step sum = node;
    kernel_work work;
    work.node = s.node;
    work.channels = part.channels;
    work.sum_count = static_cast<unsigned>(shape.sets.size() + shape.nodes.size());
    for (const code_input& input : inputs)
      sum.inputs.push_back(plan_window{bring_codes(head, node, part.channels, input, cluster, codes)});
    const auto of_crossbars = static_cast<unsigned>(graph_.nodes[s.node].layer().row_sets.size());
    for (const unsigned set : shape.sets)
      if (set >= of_crossbars)
        sum.inputs.push_back(plan_window{add_codes(cluster, node, s.codes[set - of_crossbars], part.channels)});
    for (unsigned k : shape.nodes) {
      work.int16_mask |= 1u << sum.inputs.size();
      sum.inputs.push_back(plan_window{bring_sums(node, part.channels, replica, cluster, sums[k])});
    }
    unsigned ring;
    if (!is_root) {
      work.kernel = OHMIC_KERNEL_PARTIAL;
      ring = add_output_ring(cluster, node, ring_content::partial_sums, plain_layout(height, part.channels, 2));
    } else if (graph_.nodes[s.node].kind() == node_kind::logits) {
      work.kernel = OHMIC_KERNEL_LOGITS;
      ring = add_output_ring(cluster, node, ring_content::logits, plain_layout(height, part.channels, 4));
    } else {
      work.kernel = OHMIC_KERNEL_REQUANTISE;
      work.first_channel = s.first_channel;
      if (s.fused_add >= 0) {
        work.residual_input = static_cast<int>(work.sum_count);
        work.add_node = s.fused_add;
        work.own_is_second = s.input_is_second;
        sum.inputs.push_back(plan_window{add_residual(cluster, node, delivered(s, part.channels))});
      }
      ring = add_output_ring(cluster, node, ring_content::activations, {});
    }
    sum.output_ring = static_cast<int>(ring);
    sum.work = work;
    plan_.clusters[cluster].add_step(sum);
    if (is_root && graph_.nodes[s.node].kind() == node_kind::logits)
      add_results_push(node, cluster, ring, part.channels);
    else if (is_root)
      edges_.add_source(cluster, s.delivers, delivered(s, part.channels), node, ring);
    sums[n].int16 = true;
    sums[n].ends.push_back({cluster, ring, node});
  }

  /// Codes that cores make of a row set, where a sum adds them.
  unsigned add_codes(unsigned cluster, const plan_step& reader, int tensor, channel_range channels) {
    static const edge_mapping at_the_reader;
    edge_builder::request asked;
    asked.tensor = tensor;
    asked.channels = channels;
    asked.plain = true;
    asked.edge = &at_the_reader;
    return edges_.add_input(cluster, reader, asked);
  }

  unsigned add_residual(unsigned cluster, const plan_step& reader, channel_range channels) {
    edge_builder::request asked;
    asked.tensor = plan_.stages[reader.stage].residual;
    asked.channels = channels;
    asked.skip = true;
    asked.edge = &mapped(reader).residual;
    return edges_.add_input(cluster, reader, asked);
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
    plan_.clusters[cluster].add_step(push);
  }

  void add_core_stage(const plan_step& head, unsigned cluster) {
    const stage& here = plan_.stages[head.stage];
    const graph_node& node = graph_.nodes[here.node];
    plan_step step = head;
    kernel_work work;
    work.node = here.node;
    work.channels = all_channels(here.output);
    plan_window window;
    if (node.kind() == node_kind::max_pool) {
      work.kernel = OHMIC_KERNEL_MAX_POOL;
      window.size = static_cast<unsigned>(node.pool_window().size_x);
      window.stride = static_cast<unsigned>(node.pool_window().stride_x);
      window.pad = node.pool_window().pad_x;
    } else if (node.kind() == node_kind::average_pool) {
      work.kernel = OHMIC_KERNEL_AVERAGE_POOL;
      window.size = static_cast<unsigned>(tensor(here.input).width);
      window.whole_image = true;
    } else {
      work.kernel = OHMIC_KERNEL_ADD;
      work.add_node = here.node;
    }
    const bool is_add = node.kind() == node_kind::add;
    edge_builder::request asked;
    asked.tensor = here.input;
    asked.channels = all_channels(here.input);
    asked.plain = asked.skip = is_add;
    asked.window = window;
    asked.edge = &mapped(head).input;
    window.ring = edges_.add_input(cluster, step, asked);
    step.inputs = {window};
    if (is_add) {
      work.residual_input = 1;
      step.inputs.push_back(plan_window{add_residual(cluster, head, all_channels(here.residual))});
    }
    const unsigned ring = add_output_ring(cluster, head, ring_content::activations, {});
    step.output_ring = static_cast<int>(ring);
    step.work = work;
    plan_.clusters[cluster].add_step(step);
    edges_.add_source(cluster, here.delivers, work.channels, head, ring);
  }

  const integer_graph& graph_;
  deployment_plan plan_;
  edge_builder edges_;
  weight_turns turns_;
};

}  // namespace

deployment_plan build_plan(const integer_graph& graph, const std::vector<stage>& stages, const mapping& assignment) {
  return plan_builder(graph, stages, assignment).run();
}

}  // namespace ohmic
