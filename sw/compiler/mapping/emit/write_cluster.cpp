#include "sw/compiler/mapping/emit/write_cluster.h"

#include <cassert>
#include <cstring>

#include "registers/cluster_peripherals.h"
#include "sw/compiler/mapping/emit/ima_registers.h"
#include "sw/compiler/mapping/plan/digital_layer.h"
#include "sw/compiler/mapping/plan/mapping_geometry.h"

namespace ohmic {
namespace {

ohmic_address split_address(std::uint64_t address) {
  return {static_cast<std::uint32_t>(address), static_cast<std::uint32_t>(address >> 32)};
}

class cluster_writer {
 public:
  cluster_writer(const placed_plan& placed, unsigned cluster)
      : placed_(placed),
        plan_(placed.plan),
        index_(cluster),
        cluster_(plan_.clusters[cluster]),
        at_(placed.addresses[cluster]) {
    image_.cluster = placed.places[cluster];
    image_.offset = at_.header;
    image_.bytes.assign(at_.tables_end - at_.header, 0);
    image_.l1_end = at_.end;
  }

  cluster_image run() {
    write_header();
    for (std::size_t r = 0; r < cluster_.rings.size(); ++r) write_ring(r);
    for (std::size_t s = 0; s < cluster_.steps.size(); ++s) {
      put(at_.steps + 4 * static_cast<std::uint32_t>(s), at_.step[s].record);
      write_step(cluster_.steps[s], at_.step[s]);
    }
    return std::move(image_);
  }

 private:
  template <class T>
  void put(std::uint32_t offset, const T& value) {
    assert(offset >= image_.offset && offset + sizeof(T) <= image_.offset + image_.bytes.size());
    std::memcpy(image_.bytes.data() + (offset - image_.offset), &value, sizeof(T));
  }
  template <class T>
  void put_all(std::uint32_t offset, const std::vector<T>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) put(offset + static_cast<std::uint32_t>(i * sizeof(T)), values[i]);
  }

  std::uint64_t l1(unsigned cluster, std::uint32_t offset) const {
    return placed_.chip.cluster_l1(placed_.places[cluster]) + offset;
  }
  ohmic_address doorbell(unsigned cluster, unsigned line) const {
    return split_address(placed_.chip.cluster_peripherals(placed_.places[cluster]) +
                         registers::cluster_peripherals::event_unit_base + registers::event_unit::doorbell_offset +
                         line * 4);
  }

  static bool pushes_results(const plan_cluster& cluster) {
    for (const plan_step& step : cluster.steps)
      if (const push_work* push = std::get_if<push_work>(&step.work))
        for (const plan_destination& destination : push->destinations)
          if (destination.to == plan_destination::kind::results) return true;
    return false;
  }

  void write_header() {
    const cluster_addresses& coordinator = placed_.addresses[0];
    ohmic_deployment header{};
    header.magic = OHMIC_DEPLOYMENT_MAGIC;
    header.version = OHMIC_DEPLOYMENT_VERSION;
    header.ring_count = static_cast<std::uint32_t>(cluster_.rings.size());
    header.rings = at_.rings;
    header.step_count = static_cast<std::uint32_t>(cluster_.steps.size());
    header.steps = at_.steps;
    header.feeder_count = at_.feeder_count;
    header.feeders = at_.feeders;
    header.frontier_count = at_.frontier_count;
    header.frontiers = at_.frontiers;
    header.is_sink = pushes_results(cluster_) ? 1 : 0;
    header.coordinator = placed_.places[0];
    header.ready_words = coordinator.ready_words;
    header.go_word = at_.go_word;
    header.heap = at_.heap;
    header.heap_bytes = at_.heap_bytes;
    if (index_ == 0) {
      header.participants = static_cast<std::uint32_t>(plan_.clusters.size());
      header.participant_list = at_.participants;
      for (const plan_cluster& cluster : plan_.clusters) header.sinks += pushes_results(cluster) ? 1 : 0;
      put_all(at_.participants, placed_.places);
    }
    put(at_.header, header);
  }

  /// Words start where the first columns make them: produced words at the first column that the producer owes.
  void write_frontiers(std::uint32_t first, const std::vector<edge_reference>& producers) {
    for (std::size_t p = 0; p < producers.size(); ++p) {
      const plan_step& push = plan_.clusters[producers[p].cluster].steps[producers[p].step];
      const plan_destination& destination = std::get<push_work>(push.work).destinations[producers[p].destination];
      const std::uint32_t owed = destination.sequence ? 0 : first_owed(push, destination.demand);
      put(at_.frontier(first + static_cast<std::uint32_t>(p)), owed);
    }
  }

  void write_feeders(std::uint32_t first, const std::vector<edge_reference>& producers) {
    for (std::size_t p = 0; p < producers.size(); ++p) {
      const edge_reference& edge = producers[p];
      const cluster_addresses& there = placed_.addresses[edge.cluster];
      ohmic_feeder feeder;
      feeder.released =
          split_address(l1(edge.cluster, there.frontier(there.step[edge.step].released[edge.destination])));
      feeder.doorbell = doorbell(edge.cluster, OHMIC_DOORBELL_RELEASED);
      put(at_.feeders + (first + static_cast<std::uint32_t>(p)) * static_cast<std::uint32_t>(sizeof feeder), feeder);
    }
  }

  void write_ring(std::size_t r) {
    const plan_ring& ring = cluster_.rings[r];
    const auto producers = static_cast<std::uint32_t>(ring.producers.size());
    ohmic_ring record{};
    record.flags = (ring.sequence ? OHMIC_RING_SEQUENCE : 0) | (ring.follows ? OHMIC_RING_FOLLOWS : 0) |
                   (ring.turns > 0 ? OHMIC_RING_WEIGHTS : 0);
    record.base = at_.ring[r].base;
    record.column_bytes = ring.layout.bytes;
    record.slots = ring.slots;
    record.columns_per_image = ring.sequence ? 0 : ring.columns_per_image;
    record.produced_first = at_.ring[r].first_frontier;
    record.feeder_first = at_.ring[r].first_feeder;
    record.produced_count = record.feeder_count = producers;
    put(at_.rings + static_cast<std::uint32_t>(r * sizeof record), record);
    write_frontiers(record.produced_first, ring.producers);
    write_feeders(record.feeder_first, ring.producers);
  }

  ohmic_step head(const plan_step& step, const step_addresses& at, std::uint32_t kind) {
    ohmic_step record{};
    record.kind = kind;
    record.stage = static_cast<std::uint32_t>(step.stage);
    record.columns_per_image = step.columns_per_image;
    record.tile_columns = step.makes.tile;
    record.replica = step.makes.index;
    record.replicas = step.makes.count;
    record.input_count = static_cast<std::uint32_t>(step.inputs.size());
    record.inputs = at.inputs;
    record.output_ring = step.output_ring < 0 ? OHMIC_NONE : static_cast<std::uint32_t>(step.output_ring);
    std::vector<ohmic_window> windows;
    for (const plan_window& window : step.inputs)
      windows.push_back({window.ring, window.size, window.stride, window.pad, window.whole_image ? 1u : 0u});
    put_all(at.inputs, windows);
    return record;
  }

  /// Channels of the DMA are dealt out in turn; the last one carries releases.
  std::uint32_t next_channel() { return dma_steps_++ % (placed_.chip.dma.channels - 1); }

  void write_step(const plan_step& step, const step_addresses& at) {
    std::visit([&](const auto& work) { write_work(step, at, work); }, step.work);
  }

  void write_work(const plan_step& step, const step_addresses& at, const pull_work& work) {
    ohmic_pull record{};
    record.step = head(step, at, OHMIC_STEP_PULL);
    record.dma_channel = next_channel();
    if (work.weights >= 0) {
      record.source = split_address(placed_.hbm.weights[work.weights]);
      record.source_slots = static_cast<std::uint32_t>(plan_.weights[work.weights].parts.size());
    } else if (work.parked < 0) {
      record.source = split_address(placed_.hbm.images);
    } else {
      const parked_region& region = plan_.parked[work.parked];
      record.source = split_address(placed_.hbm.parked[work.parked]);
      record.source_slots = region.slots;
      record.frontier_first = at.first_frontier;
      record.feeder_first = at.first_feeder;
      record.frontier_count = record.feeder_count = static_cast<std::uint32_t>(region.producers.size());
      write_frontiers(at.first_frontier, region.producers);
      write_feeders(at.first_feeder, region.producers);
    }
    put(at.record, record);
  }

  void write_work(const plan_step& step, const step_addresses& at, const ima_work& work) {
    ohmic_ima record{};
    record.step = head(step, at, OHMIC_STEP_IMA);
    write_ima_job(record, work, *plan_.graph, cluster_.rings[step.inputs[0].ring], at_.ring[step.inputs[0].ring].base,
                  cluster_.rings[step.output_ring], at_.ring[step.output_ring].base, step.makes.tile);
    put(at.record, record);
  }

  void write_constants(const step_addresses& at, const kernel_work& work, ohmic_kernel_step& record) {
    const requantise_constants& constants = plan_.graph->nodes[work.node].layer().requantise;
    record.multipliers = at.multipliers;
    record.biases = at.biases;
    record.shift = constants.s;
    record.lo = constants.lo;
    for (int c = work.channels.begin; c < work.channels.end; ++c) {
      const auto i = static_cast<std::uint32_t>(c - work.channels.begin);
      put(at.multipliers + 2 * i, constants.m[c]);
      put(at.biases + 4 * i, constants.b[c]);
    }
  }

  void write_layer(const plan_step& step, const step_addresses& at, const kernel_work& work,
                   ohmic_kernel_step& record) {
    const crossbar_layer& layer = plan_.graph->nodes[work.node].layer();
    const column_layout& layout = cluster_.rings[step.inputs[0].ring].layout;
    const layer_input in = input_of(layout, work.inputs);
    record.shift = layer.requantise.s;
    record.lo = layer.requantise.lo;
    record.hi = layer.requantise.hi;
    record.input_height = layout.height;
    record.pool_height = static_cast<std::uint32_t>(layer.window.size_y);
    record.pool_stride = static_cast<std::uint32_t>(layer.window.stride_y);
    record.pool_pad = layer.window.pad_y;
    record.weights = at.weights;
    record.weights_input = work.weights_input < 0 ? OHMIC_NONE : static_cast<std::uint32_t>(work.weights_input);
    record.in_channels = static_cast<std::uint32_t>(work.inputs.count());
    record.groups = groups_of(layer, work.channels);
    record.in_offset = in.offset;
    record.in_pitch = in.pitch;
    record.in_more_blocks = work.in_blocks - 1;
    record.limited = needs_limits(layer, work.channels) ? 1 : 0;
    if (work.weights_input < 0) put_all(at.weights, pack_weights(layer, work.channels, work.in_blocks));
  }

  void write_work(const plan_step& step, const step_addresses& at, const kernel_work& work) {
    const graph_node& node = plan_.graph->nodes[work.node];
    const plan_ring& output = cluster_.rings[step.output_ring];
    ohmic_kernel_step record{};
    record.step = head(step, at, OHMIC_STEP_KERNEL);
    record.kernel = work.kernel;
    record.height = output.layout.height;
    record.channels = static_cast<std::uint32_t>(work.channels.count());
    record.sum_count = work.sum_count;
    record.int16_mask = work.int16_mask;
    record.residual = OHMIC_NONE;
    record.lo = -128;
    if (at.multipliers != 0) write_constants(at, work, record);
    if (at.segments != 0) {
      const std::vector<ohmic_segment> segments = format_segments(output.layout, map_channels(work));
      record.segment_count = static_cast<std::uint32_t>(segments.size());
      record.segments = at.segments;
      put_all(at.segments, segments);
    }
    if (work.add_node >= 0) {
      const residual_add& add = plan_.graph->nodes[work.add_node].add();
      record.residual = static_cast<std::uint32_t>(work.residual_input);
      record.residual_a = work.own_is_second ? add.b : add.a;
      record.residual_b = work.own_is_second ? add.a : add.b;
      record.residual_shift = add.s;
      record.residual_lo = add.lo;
    }
    if (at.input_segments != 0) {
      const unsigned input = work.residual_input >= 0 ? static_cast<unsigned>(work.residual_input) : 0;
      const column_layout& layout = cluster_.rings[step.inputs[input].ring].layout;
      const std::vector<ohmic_segment> input_segments = format_segments(layout, map_channels(work));
      record.input_segment_count = static_cast<std::uint32_t>(input_segments.size());
      record.input_segments = at.input_segments;
      record.input_height = layout.height;
      put_all(at.input_segments, input_segments);
    }
    if (is_layer_kernel(work.kernel)) write_layer(step, at, work, record);
    if (work.kernel == OHMIC_KERNEL_MAX_POOL) {
      record.pool_height = static_cast<std::uint32_t>(node.pool_window().size_y);
      record.pool_stride = static_cast<std::uint32_t>(node.pool_window().stride_y);
      record.pool_pad = node.pool_window().pad_y;
    } else if (work.kernel == OHMIC_KERNEL_AVERAGE_POOL) {
      record.pool_multiplier = node.average().m;
      record.shift = node.average().s;
    }
    put(at.record, record);
  }

  void write_work(const plan_step& step, const step_addresses& at, const push_work& work) {
    std::vector<ohmic_destination> records;
    for (std::size_t d = 0; d < work.destinations.size(); ++d) {
      const plan_destination& to = work.destinations[d];
      records.push_back(make_destination(to, at.released[d]));
      if (to.to == plan_destination::kind::ring)
        put(at_.frontier(at.released[d]), plan_.clusters[to.cluster].first_released(to.ring));
    }
    put_all(at.destinations, records);
    ohmic_push record{};
    record.step = head(step, at, OHMIC_STEP_PUSH);
    record.dma_channel = next_channel();
    record.destination_count = static_cast<std::uint32_t>(records.size());
    record.destinations = at.destinations;
    put(at.record, record);
  }

  ohmic_destination make_destination(const plan_destination& from, std::uint32_t released) const {
    ohmic_destination record{};
    record.src_offset = from.copy.source_offset;
    record.src_pitch = from.copy.source_pitch;
    record.dst_pitch = from.copy.destination_pitch;
    record.run_bytes = from.copy.run_bytes;
    record.rows = from.copy.rows;
    record.sequence = from.sequence ? 1 : 0;
    record.released = released;
    record.produced = {OHMIC_NONE, 0};
    record.want_tile = from.demand.makes.tile;
    record.want_replica = from.demand.makes.index;
    record.want_replicas = from.demand.makes.count;
    record.want_size = from.demand.size;
    record.want_stride = from.demand.stride;
    record.want_pad = from.demand.pad;
    record.want_columns = from.demand.columns;
    std::uint64_t base = 0;
    if (from.to == plan_destination::kind::results) {
      base = placed_.hbm.results + from.results_offset;
      record.dst_column_bytes = placed_.hbm.results_stride;
    } else if (from.to == plan_destination::kind::parked) {
      const parked_region& region = plan_.parked[from.parked];
      const cluster_addresses& there = placed_.addresses[region.cluster];
      base = placed_.hbm.parked[from.parked];
      record.dst_column_bytes = region.layout.bytes;
      record.dst_slots = region.slots;
      record.produced = split_address(
          l1(region.cluster, there.frontier(there.step[region.step].first_frontier + from.producer_index)));
      record.doorbell = doorbell(region.cluster, OHMIC_DOORBELL_PRODUCED);
    } else {
      const plan_ring& ring = plan_.clusters[from.cluster].rings[from.ring];
      const cluster_addresses& there = placed_.addresses[from.cluster];
      base = l1(from.cluster, there.ring[from.ring].base);
      record.dst_column_bytes = ring.layout.bytes;
      record.dst_slots = ring.slots;
      record.produced =
          split_address(l1(from.cluster, there.frontier(there.ring[from.ring].first_frontier + from.producer_index)));
      record.doorbell = doorbell(from.cluster, OHMIC_DOORBELL_PRODUCED);
    }
    record.dst = split_address(base + from.copy.destination_offset);
    return record;
  }

  const placed_plan& placed_;
  const deployment_plan& plan_;
  unsigned index_;
  const plan_cluster& cluster_;
  const cluster_addresses& at_;
  cluster_image image_;
  std::uint32_t dma_steps_ = 0;
};

}  // namespace

cluster_image write_cluster(const placed_plan& placed, unsigned cluster) {
  return cluster_writer(placed, cluster).run();
}

std::vector<crossbar_image> write_crossbars(const placed_plan& placed, unsigned cluster) {
  std::vector<crossbar_image> images;
  for (const plan_step& step : placed.plan.clusters[cluster].steps) {
    const ima_work* work = std::get_if<ima_work>(&step.work);
    if (work == nullptr) continue;
    const crossbar_layer& layer = placed.plan.graph->nodes[work->node].layer();
    crossbar_image image;
    image.cluster = placed.places[cluster];
    const tile_window inputs = window_of(layer, work->packing, work->tile);
    image.first_row = work->tile.first_row;
    image.first_bitline = work->tile.first_bitline;
    image.rows = static_cast<unsigned>(inputs.crossbar_rows());
    image.bitlines = bitlines_of(work->packing, work->tile, work->channels);
    image.layer = placed.plan.graph->nodes[work->node].name;
    image.channels = work->channels;
    image.sets = work->tile.sets;
    image.packing = work->packing;
    image.tile_columns = step.makes.tile;
    image.replica = step.makes.index;
    image.replicas = step.makes.count;
    image.weights.reserve(std::size_t{image.rows} * image.bitlines);
    for (int column = 0; column < inputs.columns; ++column)
      for (int row = inputs.row_begin; row < inputs.row_end; ++row)
        for (int in = inputs.channel_begin; in < inputs.channel_end; ++in)
          for (const packed_set& part : work->tile.sets) {
            const row_set& set = layer.row_sets[part.set];
            const int ky = row - static_cast<int>(part.dy) * layer.window.stride_y;
            for (unsigned dx = 0; dx < work->packing.x; ++dx) {
              const int kx = column - static_cast<int>(dx) * layer.window.stride_x;
              const bool in_window = ky >= set.ky_begin && ky < set.ky_end && kx >= 0 && kx < layer.window.size_x;
              for (int c = work->channels.begin; c < work->channels.end; ++c)
                image.weights.push_back(in_window ? layer.weight(c, in, ky, kx) : std::int8_t{0});
            }
          }
    images.push_back(std::move(image));
  }
  return images;
}

}  // namespace ohmic
