#include "tests/sw/compiler/mapping/deployment_simulator.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace ohmic {
deployment_simulator::deployment_simulator(const deployment& what, const chip_config& chip, std::uint32_t seed)
    : what_(what), chip_(chip), random_(seed) {
  for (const cluster_image& image : what.clusters) {
    simulated_cluster& c = clusters_[image.cluster];
    c.index = image.cluster;
    c.l1.resize(image.l1_end);  // what the deployment says it needs
    for (std::uint8_t& byte : c.l1) byte = static_cast<std::uint8_t>(random_());
    std::copy(image.bytes.begin(), image.bytes.end(), c.l1.begin() + image.offset);
    c.weights.resize(std::size_t{chip.ima.rows} * chip.ima.columns);
    for (std::int8_t& w : c.weights) w = static_cast<std::int8_t>(random_());
    c.header = c.load<ohmic_deployment>(image.offset);
    if (c.header.magic != OHMIC_DEPLOYMENT_MAGIC || c.header.version != OHMIC_DEPLOYMENT_VERSION)
      broken_deployment("bad magic");
    c.rings = c.load_list<ohmic_ring>(c.header.rings, c.header.ring_count);
    c.produced.resize(c.rings.size());
    c.released.resize(c.rings.size());
    for (std::uint32_t s = 0; s < c.header.step_count; ++s) {
      simulated_step step;
      step.record = c.load<std::uint32_t>(c.header.steps + 4 * s);
      step.head = c.load<ohmic_step>(step.record);
      step.inputs = c.load_list<ohmic_window>(step.head.inputs, step.head.input_count);
      if (step.head.kind == OHMIC_STEP_PUSH) {
        const auto record = c.load<ohmic_push>(step.record);
        step.destinations = c.load_list<ohmic_destination>(record.destinations, record.destination_count);
      }
      c.steps.push_back(std::move(step));
    }
    for (std::uint32_t r = 0; r < c.rings.size(); ++r)
      c.released[r] = c.rings[r].flags & OHMIC_RING_FOLLOWS ? 0 : least_needed(c, r);
  }
  for (const hbm_image& image : what.hbm_images)
    std::copy(image.bytes.begin(), image.bytes.end(), memory(image.address, image.bytes.size()));
  for (const crossbar_image& crossbar : what.crossbars)
    for (unsigned row = 0; row < crossbar.rows; ++row)
      std::copy_n(crossbar.weights.begin() + std::size_t{row} * crossbar.bitlines, crossbar.bitlines,
                  at(crossbar.cluster).weights.begin() + (std::size_t{crossbar.first_row} + row) * chip.ima.columns +
                      crossbar.first_bitline);
}

simulated_cluster& deployment_simulator::at(unsigned cluster) {
  const auto found = clusters_.find(cluster);
  if (found == clusters_.end()) broken_deployment("cluster " + std::to_string(cluster) + " has no deployment");
  return found->second;
}

std::uint8_t* deployment_simulator::memory(std::uint64_t address, std::uint64_t bytes) {
  const std::uint64_t hbm_begin = chip_.hbm_base + OHMIC_HBM_RESERVED_BYTES;
  if (address >= hbm_begin) {
    const std::uint64_t offset = address - hbm_begin;
    if (offset + bytes + OHMIC_HBM_RESERVED_BYTES > chip_.hbm.bytes) broken_deployment("address behind HBM");
    if (offset + bytes > hbm_.size()) hbm_.resize(offset + bytes, 0xA5);
    return hbm_.data() + offset;
  }
  if (address < chip_config::clusters_base) broken_deployment("address outside clusters and HBM");
  const std::uint64_t offset = address - chip_config::clusters_base;
  simulated_cluster& c = at(static_cast<unsigned>(offset / chip_.cluster_stride()));
  const std::uint64_t in_cluster = offset % chip_.cluster_stride();
  if (in_cluster + bytes > c.l1.size()) broken_deployment("address behind L1");
  return c.l1.data() + in_cluster;
}

template <class T>
void deployment_simulator::store(std::uint64_t address, T value) {
  std::memcpy(memory(address, sizeof(T)), &value, sizeof(T));
}

const std::uint8_t* deployment_simulator::l1(unsigned cluster, std::uint32_t offset, std::uint32_t bytes) {
  return memory(chip_.cluster_l1(cluster) + offset, bytes);
}

void deployment_simulator::load_image(unsigned index, const feature_map& image) {
  const std::size_t column = static_cast<std::size_t>(image.height) * image.channels;
  for (int x = 0; x < image.width; ++x)
    std::memcpy(memory(what_.hbm.images + std::uint64_t{index} * what_.hbm.images_stride +
                           std::uint64_t(x) * what_.hbm.images_column_bytes,
                       column),
                image.data.data() + x * column, column);
}

std::vector<std::int32_t> deployment_simulator::logits(unsigned image) const {
  std::vector<std::int32_t> values(what_.classes);
  const std::uint64_t begin = what_.hbm.results + std::uint64_t{image} * what_.hbm.results_stride;
  const std::uint64_t offset = begin - chip_.hbm_base - OHMIC_HBM_RESERVED_BYTES;
  if (offset + values.size() * 4 > hbm_.size()) broken_deployment("no logits were written");
  std::memcpy(values.data(), hbm_.data() + offset, values.size() * 4);
  return values;
}

std::uint32_t deployment_simulator::frontier(simulated_cluster& c, std::uint32_t index) {
  if (index >= c.header.frontier_count) broken_deployment("frontier index too large");
  return c.load<std::uint32_t>(c.header.frontiers + 4 * index);
}

std::uint32_t deployment_simulator::available(simulated_cluster& c, const ohmic_ring& ring, std::uint32_t index) {
  if (ring.produced_count == 0) return c.produced[index];
  std::uint32_t least = ~0u;
  for (std::uint32_t p = 0; p < ring.produced_count; ++p) least = std::min(least, frontier(c, ring.produced_first + p));
  return least;
}

bool deployment_simulator::ready(simulated_cluster& c, simulated_step& s) {
  if (s.tile == tile_count(c, s)) return false;
  for (const ohmic_window& w : s.inputs)
    if (needed_column(c, s, w, s.tile, true) > available(c, c.rings.at(w.ring), w.ring)) return false;
  const tile_place t = place_of(s, s.tile);
  const std::uint32_t T = s.head.tile_columns, last = t.image * s.head.columns_per_image + t.x + T - 1;
  const std::uint32_t last_in_sequence = (t.order + 1) * T - 1;
  if (s.head.kind == OHMIC_STEP_PULL) {
    const auto record = c.load<ohmic_pull>(s.record);
    for (std::uint32_t f = 0; f < record.frontier_count; ++f)
      if (last >= frontier(c, record.frontier_first + f)) return false;
  }
  if (s.head.output_ring != OHMIC_NONE) {
    const ohmic_ring& ring = c.rings.at(s.head.output_ring);
    const std::uint32_t n = ring.flags & OHMIC_RING_SEQUENCE ? last_in_sequence : last;
    if (n >= c.released[s.head.output_ring] + ring.slots) return false;
  }
  for (const ohmic_destination& d : s.destinations) {
    if (d.released == OHMIC_NONE) continue;
    std::uint32_t n = last_in_sequence;
    if (!d.sequence) {
      std::int64_t x = t.x + T - 1;
      while (x >= t.x && !is_wanted(d, static_cast<std::uint32_t>(x))) --x;
      if (x < t.x) continue;
      n = t.image * s.head.columns_per_image + static_cast<std::uint32_t>(x);
    }
    if (n >= frontier(c, d.released) + d.dst_slots) return false;
  }
  return true;
}

std::uint32_t deployment_simulator::least_needed(simulated_cluster& c, std::uint32_t ring) {
  std::uint32_t least = ~0u;
  for (const simulated_step& s : c.steps)
    for (const ohmic_window& w : s.inputs)
      if (w.ring == ring) least = std::min(least, needed_column(c, s, w, s.tile, false));
  return least;
}

void deployment_simulator::publish_releases(simulated_cluster& c) {
  for (std::uint32_t r = 0; r < c.rings.size(); ++r) {
    std::uint32_t least = least_needed(c, r);
    if (c.rings[r].flags & OHMIC_RING_FOLLOWS) least = std::min(least, available(c, c.rings[r], r));
    if (least == c.released[r]) continue;
    if (least < c.released[r]) broken_deployment("released went back");
    c.released[r] = least;
    for (std::uint32_t f = 0; f < c.rings[r].feeder_count; ++f) {
      const auto feeder = c.load<ohmic_feeder>(c.header.feeders + (c.rings[r].feeder_first + f) * sizeof(ohmic_feeder));
      store<std::uint32_t>(address_of(feeder.released), least);
    }
  }
}

void deployment_simulator::fire(simulated_cluster& c, simulated_step& s) {
  switch (s.head.kind) {
    case OHMIC_STEP_PULL:
      pull(c, s);
      break;
    case OHMIC_STEP_IMA:
      mvms_ += simulate_ima_tile(c, s, chip_.ima.rows, chip_.ima.columns);
      break;
    case OHMIC_STEP_KERNEL:
      simulate_kernel_tile(c, s);
      break;
    case OHMIC_STEP_PUSH:
      push(c, s);
      break;
    default:
      broken_deployment("unknown step kind");
  }
  const tile_place t = place_of(s, s.tile++);
  const std::uint32_t T = s.head.tile_columns;
  if (s.head.output_ring != OHMIC_NONE) {
    const bool sequence = c.rings[s.head.output_ring].flags & OHMIC_RING_SEQUENCE;
    const tile_place next = place_of(s, s.tile);
    c.produced[s.head.output_ring] = sequence ? (t.order + 1) * T : next.image * s.head.columns_per_image + next.x;
  }
  publish_releases(c);
}

bool deployment_simulator::run() {
  std::vector<std::pair<simulated_cluster*, simulated_step*>> steps;
  for (auto& entry : clusters_)
    for (simulated_step& s : entry.second.steps) {
      constexpr unsigned slowness[] = {1, 1, 1, 4, 32};
      s.slowness = slowness[random_() % std::size(slowness)];
      steps.push_back({&entry.second, &s});
    }
  for (bool moved = true; moved;) {
    moved = false;
    std::shuffle(steps.begin(), steps.end(), random_);
    for (auto& [c, s] : steps) {
      if (random_() % s->slowness != 0) {
        moved = moved || ready(*c, *s);
        continue;
      }
      unsigned at_most = 1 + random_() % 4;
      while (at_most-- > 0 && ready(*c, *s)) {
        fire(*c, *s);
        moved = true;
      }
    }
  }
  for (auto& [c, s] : steps)
    if (s->tile != tile_count(*c, *s)) return false;
  return true;
}

std::string deployment_simulator::unfinished() const {
  std::string text;
  for (const auto& entry : clusters_)
    for (const simulated_step& s : entry.second.steps)
      if (s.tile != tile_count(entry.second, s))
        text += "cluster " + std::to_string(entry.first) + " stage " + std::to_string(s.head.stage) + " kind " +
                std::to_string(s.head.kind) + ": tile " + std::to_string(s.tile) + "\n";
  return text;
}

void deployment_simulator::pull(simulated_cluster& c, simulated_step& s) {
  const auto record = c.load<ohmic_pull>(s.record);
  const ohmic_ring& ring = c.rings[s.head.output_ring];
  const tile_place t = place_of(s, s.tile);
  for (std::uint32_t k = 0; k < s.head.tile_columns; ++k) {
    std::uint64_t n = std::uint64_t{t.image} * s.head.columns_per_image + t.x + k;
    if (record.source_slots != 0) n %= record.source_slots;
    std::memcpy(c.l1.data() + slot_of(ring, s, t, k),
                memory(address_of(record.source) + n * ring.column_bytes, ring.column_bytes), ring.column_bytes);
  }
  if (record.frontier_count == 0) return;
  const tile_place next = place_of(s, s.tile + 1);
  for (std::uint32_t f = 0; f < record.feeder_count; ++f) {
    const auto feeder = c.load<ohmic_feeder>(c.header.feeders + (record.feeder_first + f) * sizeof(ohmic_feeder));
    store<std::uint32_t>(address_of(feeder.released), next.image * s.head.columns_per_image + next.x);
  }
}

void deployment_simulator::push(simulated_cluster& c, simulated_step& s) {
  const ohmic_ring& source = c.rings[s.inputs[0].ring];
  const tile_place t = place_of(s, s.tile);
  const std::uint32_t T = s.head.tile_columns, W = s.head.columns_per_image;
  for (const ohmic_destination& d : s.destinations) {
    bool sent = false;
    for (std::uint32_t k = 0; k < T; ++k) {
      if (!d.sequence && !is_wanted(d, t.x + k)) continue;
      sent = true;
      std::uint64_t n = d.sequence ? t.order * T + k : std::uint64_t{t.image} * W + t.x + k;
      if (d.dst_slots != 0) {
        const std::uint64_t slot = address_of(d.dst) + n % d.dst_slots * d.dst_column_bytes;
        const auto held = held_.try_emplace(slot, n).first;
        if (held->second > n)
          broken_deployment("column " + std::to_string(n) + " is written into a slot that column " +
                            std::to_string(held->second) + " has already");
        held->second = n;
        n %= d.dst_slots;
      }
      const std::uint32_t from = slot_of(source, s, t, k) + d.src_offset;
      for (std::uint32_t row = 0; row < d.rows; ++row)
        std::memcpy(memory(address_of(d.dst) + n * d.dst_column_bytes + std::uint64_t{row} * d.dst_pitch, d.run_bytes),
                    c.l1.data() + from + row * d.src_pitch, d.run_bytes);
    }
    if (!sent || d.produced.lo == OHMIC_NONE) continue;
    // The next column that we make and the destination wants.
    std::uint32_t next = (t.order + 1) * T;
    for (std::uint32_t tile = s.tile + 1; !d.sequence; ++tile) {
      const tile_place later = place_of(s, tile);
      std::uint32_t k = 0;
      while (k < T && !is_wanted(d, later.x + k)) ++k;
      next = later.image * W + later.x + k;
      if (k < T) break;
    }
    const std::uint64_t word = address_of(d.produced);
    std::uint32_t before;
    std::memcpy(&before, memory(word, 4), 4);
    store<std::uint32_t>(word, next);
    const std::uint64_t offset = word - chip_config::clusters_base;
    publish_releases(at(static_cast<unsigned>(offset / chip_.cluster_stride())));
    if (on_produced)
      on_produced(static_cast<unsigned>(offset / chip_.cluster_stride()),
                  static_cast<std::uint32_t>(offset % chip_.cluster_stride()), before, next);
  }
}

}  // namespace ohmic
