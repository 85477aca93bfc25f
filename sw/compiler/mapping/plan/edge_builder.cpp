#include "sw/compiler/mapping/plan/edge_builder.h"

#include <algorithm>

namespace ohmic {
namespace {

/// Columns that are fetched or handed on at once: about what one tile of the reader needs.
unsigned columns_at_once(const plan_step& reader, const plan_window& window, unsigned width) {
  if (window.size == 1 && window.stride == 1 && reader.columns_per_image == width) return reader.makes.tile;
  unsigned tile = std::min(width, reader.makes.tile * reader.makes.count * window.stride);
  while (width % tile != 0) --tile;
  return tile;
}

/// The same of an image: a round trip to HBM is long.
unsigned image_columns_at_once(const plan_step& reader, const plan_window& window, unsigned width) {
  unsigned tile = std::min(width, reader.makes.tile * reader.makes.count * window.stride);
  while (width % tile != 0) --tile;
  return tile;
}

/// Neighbouring ranges of channels, each a multiple of four but the last.
std::vector<channel_range> share_channels(channel_range all, std::size_t parts) {
  const int blocks = (all.count() + 3) / 4;
  std::vector<channel_range> shares;
  for (std::size_t i = 0; i < parts; ++i) {
    const auto at = [&](std::size_t k) {
      return std::min(all.end, all.begin + 4 * static_cast<int>(static_cast<std::size_t>(blocks) * k / parts));
    };
    if (at(i) < at(i + 1)) shares.push_back({at(i), at(i + 1)});
  }
  return shares;
}

}  // namespace

edge_builder::edge_builder(deployment_plan& plan) : plan_(plan), graph_(*plan.graph) {
  sources_.resize(graph_.tensors.size());
  sinks_.resize(graph_.tensors.size());
}

unsigned edge_builder::add_input(unsigned cluster, const plan_step& reader, const request& asked) {
  const graph_tensor& tensor = graph_.tensors[asked.tensor];
  const bool is_image = tensor.producer == 0;
  const auto key = std::make_tuple(cluster, reader.stage, reader.makes.index, reader.makes.count, asked.tensor,
                                   is_image ? 0 : asked.channels.begin, is_image ? 0 : asked.channels.end);
  if (asked.plain && !asked.skip) {
    const auto known = shared_.find(key);
    if (known != shared_.end()) return known->second;
  }
  plan_ring ring;
  ring.tensor = asked.tensor;
  ring.stage = reader.stage;
  ring.columns_per_image = static_cast<unsigned>(tensor.width);
  ring.skip = asked.skip;
  const unsigned height = static_cast<unsigned>(tensor.height);
  if (asked.plain || is_image)
    ring.layout = plain_layout(height, is_image ? channel_range{0, tensor.channels} : asked.channels);
  else
    ring.layout.height = height;
  if (asked.blocks > 1) {
    const int each = asked.channels.count() / static_cast<int>(asked.blocks);
    ring.layout = plain_layout(height, {asked.channels.begin, asked.channels.begin + each});
    for (int begin = asked.channels.begin + each; begin < asked.channels.end; begin += each)
      ring.layout.append({begin, begin + each});
  }
  const buffer_place place =
      is_image && asked.edge->buffer != buffer_place::relay ? buffer_place::reader : asked.edge->buffer;
  if (place == buffer_place::reader || is_image) ring.least_columns = asked.edge->columns;
  if (place == buffer_place::relay) ring.skip = false;  // it waits in the relays
  const unsigned index = plan_.clusters[cluster].add_ring(ring);
  if (asked.plain && !asked.skip) shared_[key] = index;

  const unsigned at_once = columns_at_once(reader, asked.window, ring.columns_per_image);
  sink_end sink;
  sink.cluster = cluster;
  sink.ring = index;
  sink.channels = is_image ? channel_range{0, tensor.channels} : asked.channels;
  sink.plain = asked.plain;
  sink.demand = {reader.makes, asked.window.size, asked.window.stride, reader.columns_per_image, asked.window.pad};
  if (place == buffer_place::relay) {
    ring.skip = asked.skip;
    add_relays(reader, asked, sink, ring);
    return index;
  }
  if (is_image) {
    add_pull(cluster, reader.stage, index, image_columns_at_once(reader, asked.window, ring.columns_per_image), -1);
    return index;
  }
  if (place == buffer_place::hbm) {
    sink.parked = static_cast<int>(plan_.parked.size());
    parked_region region;
    region.tensor = asked.tensor;
    region.columns_per_image = ring.columns_per_image;
    region.least_columns = asked.edge->columns;
    region.waits = asked.skip;
    region.cluster = cluster;
    region.step = add_pull(cluster, reader.stage, index, at_once, sink.parked);
    plan_.parked.push_back(region);
  }
  sinks_[asked.tensor].push_back(sink);
  return index;
}

/// A ring in each relay that all readers of the stage share, and a PUSH from there into the rings of all of them: the
/// columns that each needs.
void edge_builder::add_relays(const plan_step& reader, const request& asked, const sink_end& to,
                              const plan_ring& ring) {
  const bool is_image = graph_.tensors[asked.tensor].producer == 0;
  relayed_ring relayed;
  relayed.cluster = to.cluster;
  relayed.ring = to.ring;
  relayed.plain = asked.plain || is_image;
  relayed.demand = to.demand;
  const std::vector<channel_range> shares =
      is_image ? std::vector<channel_range>{to.channels} : share_channels(asked.channels, asked.edge->relays.size());
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const unsigned cluster = asked.edge->relays[i];
    const auto key = std::make_tuple(asked.edge, cluster, shares[i].begin, shares[i].end);
    auto known = relays_.find(key);
    if (known == relays_.end()) {
      plan_ring waiting = ring;
      waiting.least_columns = is_image ? 0 : asked.edge->columns;  // an image waits in HBM
      if (relayed.plain) waiting.layout = plain_layout(ring.layout.height, shares[i]);
      const unsigned index = plan_.clusters[cluster].add_ring(waiting);
      if (is_image) {
        add_pull(cluster, reader.stage, index, image_columns_at_once(reader, asked.window, ring.columns_per_image), -1);
      } else {
        sink_end sink = to;
        sink.cluster = cluster;
        sink.ring = index;
        sink.channels = shares[i];
        sink.demand = {};  // all columns
        sinks_[asked.tensor].push_back(sink);
      }
      plan_step push;
      push.stage = reader.stage;
      push.columns_per_image = ring.columns_per_image;
      push.makes = {columns_at_once(reader, asked.window, ring.columns_per_image), 0, 1};
      push.inputs = {plan_window{index}};
      push.work = push_work{};
      known = relays_.emplace(key, relay{cluster, index, plan_.clusters[cluster].add_step(push), shares[i]}).first;
    }
    relayed.relays.push_back(known->second);
  }
  relayed_.push_back(relayed);
}

unsigned edge_builder::add_pull(unsigned cluster, int stage, unsigned ring, unsigned tile, int parked) {
  plan_step pull;
  pull.stage = stage;
  pull.columns_per_image = plan_.clusters[cluster].rings[ring].columns_per_image;
  pull.makes = {tile, 0, 1};
  pull.output_ring = static_cast<int>(ring);
  pull.work = pull_work{parked};
  return plan_.clusters[cluster].add_step(pull);
}

void edge_builder::add_source(unsigned cluster, int tensor, channel_range channels, const plan_step& maker,
                              unsigned ring) {
  source_end source;
  source.cluster = cluster;
  source.ring = ring;
  source.channels = channels;
  source.push = maker;
  source.push.inputs = {plan_window{ring}};
  source.push.output_ring = -1;
  source.push.work = push_work{};
  sources_[tensor].push_back(source);
}

void edge_builder::connect() {
  for (std::size_t tensor = 0; tensor < graph_.tensors.size(); ++tensor) connect(static_cast<int>(tensor));
  for (relayed_ring& ring : relayed_) connect(ring);
}

void edge_builder::connect(int t) {
  for (source_end& source : sources_[t]) {
    push_work work;
    const unsigned step = static_cast<unsigned>(plan_.clusters[source.cluster].steps.size());
    for (bool plain : {true, false}) {  // flexible sinks take what the others asked for
      for (sink_end& sink : sinks_[t]) {
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
    plan_.clusters[source.cluster].add_step(source.push);
  }
  for (const sink_end& sink : sinks_[t])
    if (sink.parked >= 0) plan_.parked[sink.parked].layout = plan_.clusters[sink.cluster].rings[sink.ring].layout;
}

plan_destination edge_builder::make_destination(source_end& source, sink_end& sink, channel_range part) {
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
  destination.demand = sink.demand;
  if (sink.plain) {
    destination.copy = copy_block(from.height, block_of(from, part), segment_with(to, part));
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

void edge_builder::connect(relayed_ring& to) {
  plan_ring& ring = plan_.clusters[to.cluster].rings[to.ring];
  for (const relay& relay : to.relays) {
    const column_layout& from = plan_.clusters[relay.cluster].rings[relay.ring].layout;
    plan_destination destination;
    destination.cluster = to.cluster;
    destination.ring = to.ring;
    destination.channels = relay.channels;
    destination.demand = to.demand;
    destination.producer_index = static_cast<unsigned>(ring.producers.size());
    if (to.plain) {
      destination.copy = copy_block(from.height, from.segments[0], ring.layout.segments[0]);
    } else {  // slot behind slot, each as it came
      destination.copy.destination_offset = ring.layout.bytes;
      destination.copy.run_bytes = from.bytes;
      destination.copy.rows = 1;
      for (layout_segment segment : from.segments) {
        segment.offset += ring.layout.bytes;
        ring.layout.segments.push_back(segment);
      }
      ring.layout.bytes += from.bytes;
    }
    plan_step& push = plan_.clusters[relay.cluster].steps[relay.step];
    if (first_owed(push, destination.demand) == push.columns_per_image) continue;
    auto& work = std::get<push_work>(push.work);
    ring.producers.push_back({relay.cluster, relay.step, static_cast<unsigned>(work.destinations.size())});
    work.destinations.push_back(destination);
  }
}

}  // namespace ohmic
