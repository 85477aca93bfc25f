#include "tests/sw/compiler/mapping/deployment_simulator.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace ohmic {
namespace {

std::uint64_t address_of(ohmic_address a) { return a.lo | std::uint64_t{a.hi} << 32; }
std::int32_t low16(std::uint32_t word) { return static_cast<std::int16_t>(word & 0xffff); }
std::int32_t high16(std::uint32_t word) { return static_cast<std::int16_t>(word >> 16); }
std::int32_t clip(std::int64_t v, std::int32_t lo, std::int32_t hi) {
  return static_cast<std::int32_t>(v < lo ? lo : v > hi ? hi : v);
}
[[noreturn]] void fail(const std::string& what) { throw std::runtime_error("deployment: " + what); }

}  // namespace

deployment_simulator::deployment_simulator(const deployment& what, const chip_config& chip, std::uint32_t seed)
    : what_(what), chip_(chip), random_(seed) {
  for (const cluster_image& image : what.clusters) {
    cluster_state& c = clusters_[image.cluster];
    c.index = image.cluster;
    c.l1.resize(image.l1_end);  // what the deployment says it needs
    for (std::uint8_t& byte : c.l1) byte = static_cast<std::uint8_t>(random_());
    std::copy(image.bytes.begin(), image.bytes.end(), c.l1.begin() + image.offset);
    c.weights.resize(std::size_t{chip.ima.rows} * chip.ima.columns);
    for (std::int8_t& w : c.weights) w = static_cast<std::int8_t>(random_());
    c.header = load<ohmic_deployment>(c, image.offset);
    if (c.header.magic != OHMIC_DEPLOYMENT_MAGIC || c.header.version != OHMIC_DEPLOYMENT_VERSION) fail("bad magic");
    for (std::uint32_t r = 0; r < c.header.ring_count; ++r)
      c.rings.push_back(load<ohmic_ring>(c, c.header.rings + r * sizeof(ohmic_ring)));
    c.produced.resize(c.rings.size());
    c.released.resize(c.rings.size());
    for (std::uint32_t s = 0; s < c.header.step_count; ++s) {
      step_state step;
      step.record = load<std::uint32_t>(c, c.header.steps + 4 * s);
      step.head = load<ohmic_step>(c, step.record);
      for (std::uint32_t i = 0; i < step.head.input_count; ++i)
        step.inputs.push_back(load<ohmic_window>(c, step.head.inputs + i * sizeof(ohmic_window)));
      if (step.head.kind == OHMIC_STEP_PUSH) {
        const auto record = load<ohmic_push>(c, step.record);
        for (std::uint32_t d = 0; d < record.destination_count; ++d)
          step.destinations.push_back(load<ohmic_destination>(c, record.destinations + d * sizeof(ohmic_destination)));
      }
      c.steps.push_back(std::move(step));
    }
    for (std::uint32_t r = 0; r < c.rings.size(); ++r) c.released[r] = least_needed(c, r);
  }
  for (const crossbar_image& crossbar : what.crossbars)
    for (unsigned row = 0; row < crossbar.rows; ++row)
      std::copy_n(crossbar.weights.begin() + std::size_t{row} * crossbar.columns, crossbar.columns,
                  at(crossbar.cluster).weights.begin() + std::size_t{row} * chip.ima.columns);
}

deployment_simulator::cluster_state& deployment_simulator::at(unsigned cluster) {
  const auto found = clusters_.find(cluster);
  if (found == clusters_.end()) fail("cluster " + std::to_string(cluster) + " has no deployment");
  return found->second;
}

std::uint8_t* deployment_simulator::memory(std::uint64_t address, std::uint64_t bytes) {
  const std::uint64_t hbm_begin = chip_.hbm_base + OHMIC_HBM_RESERVED_BYTES;
  if (address >= hbm_begin) {
    const std::uint64_t offset = address - hbm_begin;
    if (offset + bytes + OHMIC_HBM_RESERVED_BYTES > chip_.hbm.bytes) fail("address behind HBM");
    if (offset + bytes > hbm_.size()) hbm_.resize(offset + bytes, 0xA5);
    return hbm_.data() + offset;
  }
  if (address < chip_config::clusters_base) fail("address outside clusters and HBM");
  const std::uint64_t offset = address - chip_config::clusters_base;
  cluster_state& c = at(static_cast<unsigned>(offset / chip_.cluster_stride()));
  const std::uint64_t in_cluster = offset % chip_.cluster_stride();
  if (in_cluster + bytes > c.l1.size()) fail("address behind L1");
  return c.l1.data() + in_cluster;
}

template <class T>
T deployment_simulator::load(cluster_state& c, std::uint32_t offset) {
  if (offset + sizeof(T) > c.l1.size()) fail("L1 offset too large");
  T value;
  std::memcpy(&value, c.l1.data() + offset, sizeof(T));
  return value;
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
  if (offset + values.size() * 4 > hbm_.size()) fail("no logits were written");
  std::memcpy(values.data(), hbm_.data() + offset, values.size() * 4);
  return values;
}

std::uint32_t deployment_simulator::frontier(cluster_state& c, std::uint32_t index) {
  if (index >= c.header.frontier_count) fail("frontier index too large");
  return load<std::uint32_t>(c, c.header.frontiers + 4 * index);
}

std::uint32_t deployment_simulator::tiles(const cluster_state& c, const step_state& s) const {
  std::uint32_t per_image = 0;
  for (std::uint32_t x = 0; x < s.head.columns_per_image; x += s.head.tile_columns)
    if ((x / s.head.tile_columns) % s.head.replicas == s.head.replica) ++per_image;
  return per_image * c.header.images;
}

deployment_simulator::tile_columns deployment_simulator::place(const step_state& s, std::uint32_t tile) const {
  const std::uint32_t tiles = s.head.columns_per_image / s.head.tile_columns;
  const std::uint32_t mine = (tiles + s.head.replicas - 1 - s.head.replica) / s.head.replicas;
  return {tile / mine, (tile % mine * s.head.replicas + s.head.replica) * s.head.tile_columns, tile};
}

/// First column that the tile needs, or one past the last.
std::uint32_t deployment_simulator::needed(cluster_state& c, const step_state& s, const ohmic_window& w,
                                           std::uint32_t tile, bool end) {
  const ohmic_ring& ring = c.rings.at(w.ring);
  const tile_columns t = place(s, tile);
  const std::uint32_t T = s.head.tile_columns;
  if (ring.flags & OHMIC_RING_SEQUENCE) return (t.order + (end ? 1 : 0)) * T;
  const std::int64_t W = ring.columns_per_image;
  if (w.whole_image) return static_cast<std::uint32_t>(W * (t.image + (end ? 1 : 0)));
  std::int64_t x = std::int64_t{t.x} * w.stride - w.pad;
  if (end) x += std::int64_t{T - 1} * w.stride + w.kernel;
  return static_cast<std::uint32_t>(t.image * W + std::min(std::max<std::int64_t>(x, 0), W));
}

std::uint32_t deployment_simulator::available(cluster_state& c, const ohmic_ring& ring, std::uint32_t index) {
  if (ring.produced_count == 0) return c.produced[index];
  std::uint32_t least = ~0u;
  for (std::uint32_t p = 0; p < ring.produced_count; ++p) least = std::min(least, frontier(c, ring.produced_first + p));
  return least;
}

bool deployment_simulator::wanted(const ohmic_destination& d, std::uint32_t x) const {
  if (d.want_replicas <= 1) return true;
  for (std::uint32_t out = 0; out < d.want_columns; ++out) {
    if ((out / d.want_tile) % d.want_replicas != d.want_replica) continue;
    const std::int64_t begin = std::int64_t{out} * d.want_stride - d.want_pad;
    if (x >= begin && x < begin + d.want_kernel) return true;
  }
  return false;
}

bool deployment_simulator::ready(cluster_state& c, step_state& s) {
  if (s.tile == tiles(c, s)) return false;
  for (const ohmic_window& w : s.inputs)
    if (needed(c, s, w, s.tile, true) > available(c, c.rings.at(w.ring), w.ring)) return false;
  const tile_columns t = place(s, s.tile);
  const std::uint32_t T = s.head.tile_columns, last = t.image * s.head.columns_per_image + t.x + T - 1;
  const std::uint32_t last_in_sequence = (t.order + 1) * T - 1;
  if (s.head.kind == OHMIC_STEP_PULL) {
    const auto record = load<ohmic_pull>(c, s.record);
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
      while (x >= t.x && !wanted(d, static_cast<std::uint32_t>(x))) --x;
      if (x < t.x) continue;
      n = t.image * s.head.columns_per_image + static_cast<std::uint32_t>(x);
    }
    if (n >= frontier(c, d.released) + d.dst_slots) return false;
  }
  return true;
}

std::uint32_t deployment_simulator::slot_of(const ohmic_ring& ring, const step_state& s, const tile_columns& t,
                                            std::uint32_t column) const {
  const std::uint32_t n = ring.flags & OHMIC_RING_SEQUENCE ? t.order * s.head.tile_columns + column
                                                           : t.image * s.head.columns_per_image + t.x + column;
  return ring.base + n % ring.slots * ring.column_bytes;
}

std::uint32_t deployment_simulator::least_needed(cluster_state& c, std::uint32_t ring) {
  std::uint32_t least = ~0u;
  for (const step_state& s : c.steps)
    for (const ohmic_window& w : s.inputs)
      if (w.ring == ring) least = std::min(least, needed(c, s, w, s.tile, false));
  return least;
}

void deployment_simulator::publish_releases(cluster_state& c) {
  for (std::uint32_t r = 0; r < c.rings.size(); ++r) {
    const std::uint32_t least = least_needed(c, r);
    if (least == c.released[r]) continue;
    if (least < c.released[r]) fail("released went back");
    c.released[r] = least;
    for (std::uint32_t f = 0; f < c.rings[r].feeder_count; ++f) {
      const auto feeder =
          load<ohmic_feeder>(c, c.header.feeders + (c.rings[r].feeder_first + f) * sizeof(ohmic_feeder));
      store<std::uint32_t>(address_of(feeder.released), least);
    }
  }
}

void deployment_simulator::fire(cluster_state& c, step_state& s) {
  switch (s.head.kind) {
    case OHMIC_STEP_PULL:
      pull(c, s);
      break;
    case OHMIC_STEP_IMA:
      convert(c, s);
      break;
    case OHMIC_STEP_KERNEL:
      compute(c, s);
      break;
    case OHMIC_STEP_PUSH:
      push(c, s);
      break;
    default:
      fail("unknown step kind");
  }
  const tile_columns t = place(s, s.tile++);
  const std::uint32_t T = s.head.tile_columns;
  if (s.head.output_ring != OHMIC_NONE) {
    const bool sequence = c.rings[s.head.output_ring].flags & OHMIC_RING_SEQUENCE;
    const tile_columns next = place(s, s.tile);
    c.produced[s.head.output_ring] = sequence ? (t.order + 1) * T : next.image * s.head.columns_per_image + next.x;
  }
  publish_releases(c);
}

bool deployment_simulator::run() {
  std::vector<std::pair<cluster_state*, step_state*>> steps;
  for (auto& entry : clusters_)
    for (step_state& s : entry.second.steps) steps.push_back({&entry.second, &s});
  for (bool moved = true; moved;) {
    moved = false;
    std::shuffle(steps.begin(), steps.end(), random_);
    for (auto& [c, s] : steps) {
      unsigned at_most = 1 + random_() % 4;
      while (at_most-- > 0 && ready(*c, *s)) {
        fire(*c, *s);
        moved = true;
      }
    }
  }
  for (auto& [c, s] : steps)
    if (s->tile != tiles(*c, *s)) return false;
  return true;
}

std::string deployment_simulator::unfinished() const {
  std::string text;
  for (const auto& entry : clusters_)
    for (const step_state& s : entry.second.steps)
      if (s.tile != tiles(entry.second, s))
        text += "cluster " + std::to_string(entry.first) + " stage " + std::to_string(s.head.stage) + " kind " +
                std::to_string(s.head.kind) + ": tile " + std::to_string(s.tile) + "\n";
  return text;
}

void deployment_simulator::pull(cluster_state& c, step_state& s) {
  const auto record = load<ohmic_pull>(c, s.record);
  const ohmic_ring& ring = c.rings[s.head.output_ring];
  const tile_columns t = place(s, s.tile);
  for (std::uint32_t k = 0; k < s.head.tile_columns; ++k) {
    std::uint64_t n = std::uint64_t{t.image} * s.head.columns_per_image + t.x + k;
    if (record.source_slots != 0) n %= record.source_slots;
    std::memcpy(c.l1.data() + slot_of(ring, s, t, k),
                memory(address_of(record.source) + n * record.source_stride, ring.column_bytes), ring.column_bytes);
  }
  if (record.frontier_count == 0) return;
  const tile_columns next = place(s, s.tile + 1);
  for (std::uint32_t f = 0; f < record.feeder_count; ++f) {
    const auto feeder = load<ohmic_feeder>(c, c.header.feeders + (record.feeder_first + f) * sizeof(ohmic_feeder));
    store<std::uint32_t>(address_of(feeder.released), next.image * s.head.columns_per_image + next.x);
  }
}

/// The IMA job, from the descriptions in ohmic.rdl; words by register offset / 4.
void deployment_simulator::convert(cluster_state& c, step_state& s) {
  const auto record = load<ohmic_ima>(c, s.record);
  const std::uint32_t* reg = record.registers;
  const ohmic_ring& out = c.rings[s.head.output_ring];
  const ohmic_ring& in = c.rings[s.inputs[0].ring];
  const tile_columns t = place(s, s.tile);
  const std::int64_t x = std::int64_t{t.x} * s.inputs[0].stride - s.inputs[0].pad;
  const std::int64_t n = std::int64_t{t.image} * in.columns_per_image + x, slots = in.slots;
  const std::int64_t start = record.start + (n % slots + slots) % slots * in.column_bytes;
  const std::uint32_t output_slot = slot_of(out, s, t, 0) - out.base;
  const std::int64_t ring_bytes = reg[0x64 / 4];
  if (ring_bytes != slots * in.column_bytes || reg[0x60 / 4] != in.base) fail("IMA ring differs from the ring");
  const std::int32_t x_lo = low16(reg[0x70 / 4]), x_hi = high16(reg[0x70 / 4]);
  const std::int32_t y_lo = low16(reg[0x74 / 4]), y_hi = high16(reg[0x74 / 4]);
  std::uint32_t counts[4];
  std::uint32_t rows = 1;
  for (int i = 0; i < 4; ++i) rows *= counts[i] = reg[i * 4];
  const std::uint32_t first_row = reg[0x78 / 4], columns = chip_.ima.columns;
  if (first_row + rows > chip_.ima.rows) fail("IMA job streams past the crossbar's rows");
  std::vector<std::int32_t> sums(columns);
  for (std::uint32_t p1 = 0; p1 < s.head.tile_columns; ++p1) {
    for (std::uint32_t p0 = 0; p0 < reg[0x40 / 4]; ++p0) {
      const std::int64_t pixel = start + std::int64_t{p0} * static_cast<std::int32_t>(reg[0x44 / 4]) +
                                 std::int64_t{p1} * static_cast<std::int32_t>(reg[0x54 / 4]);
      const std::int32_t px = static_cast<std::int32_t>(x) + static_cast<std::int32_t>(p0) * low16(reg[0x48 / 4]) +
                              static_cast<std::int32_t>(p1) * low16(reg[0x58 / 4]);
      const std::int32_t py = high16(reg[0x6c / 4]) + static_cast<std::int32_t>(p0) * high16(reg[0x48 / 4]) +
                              static_cast<std::int32_t>(p1) * high16(reg[0x58 / 4]);
      std::fill(sums.begin(), sums.end(), 0);
      for (std::uint32_t row = 0; row < rows; ++row) {
        std::uint32_t rest = row;
        std::int64_t at = pixel;
        std::int32_t xx = px, yy = py;
        for (int i = 0; i < 4; ++i) {
          const auto k = static_cast<std::int32_t>(rest % counts[i]);
          rest /= counts[i];
          at += std::int64_t{k} * static_cast<std::int32_t>(reg[i * 4 + 1]);
          xx += k * low16(reg[i * 4 + 2]);
          yy += k * high16(reg[i * 4 + 2]);
        }
        if (xx < x_lo || xx >= x_hi || yy < y_lo || yy >= y_hi) continue;
        const std::int64_t wrapped = (at % ring_bytes + ring_bytes) % ring_bytes;
        const auto value = static_cast<std::int8_t>(c.l1[in.base + static_cast<std::uint32_t>(wrapped)]);
        if (value == 0) continue;
        const std::int8_t* weights = c.weights.data() + std::size_t{first_row + row} * columns;
        for (std::uint32_t column = 0; column < columns; ++column) sums[column] += value * weights[column];
      }
      ++mvms_;
      const std::int64_t m = reg[0x80 / 4];
      const std::uint32_t shift = reg[0x84 / 4];
      for (std::uint32_t g = 0; g < reg[0x88 / 4]; ++g) {
        const std::uint32_t* group = reg + (0x90 + 0x10 * g) / 4;
        const std::int64_t base = std::int64_t{group[1]} + output_slot +
                                  std::int64_t{p0} * static_cast<std::int32_t>(group[2]) +
                                  std::int64_t{p1} * static_cast<std::int32_t>(group[3]);
        for (std::uint32_t i = 0; i < group[0] >> 16; ++i) {
          const std::int64_t ps = sums[(group[0] & 0xffff) + i];
          c.l1[static_cast<std::uint32_t>(base + i)] =
              static_cast<std::uint8_t>(clip((ps * m + (std::int64_t{1} << (shift - 1))) >> shift, -128, 127));
        }
      }
    }
  }
}

std::vector<ohmic_segment> deployment_simulator::segments(cluster_state& c, std::uint32_t count, std::uint32_t offset) {
  std::vector<ohmic_segment> all;
  for (std::uint32_t i = 0; i < count; ++i) all.push_back(load<ohmic_segment>(c, offset + i * sizeof(ohmic_segment)));
  return all;
}

std::int8_t deployment_simulator::segmented(cluster_state& c, const std::vector<ohmic_segment>& all, std::uint32_t slot,
                                            std::uint32_t channel, std::uint32_t y) {
  for (const ohmic_segment& segment : all)
    if (channel >= segment.channel && channel < segment.channel + segment.count)
      return static_cast<std::int8_t>(c.l1[slot + segment.offset + y * segment.pitch + channel - segment.channel]);
  fail("no segment holds a channel");
}

void deployment_simulator::put_pixel(cluster_state& c, const ohmic_kernel_step& k, std::uint32_t slot, std::uint32_t y,
                                     const std::vector<std::int32_t>& values) {
  for (const ohmic_segment& segment : segments(c, k.segment_count, k.segments))
    for (std::uint32_t i = 0; i < segment.count; ++i)
      c.l1[slot + segment.offset + y * segment.pitch + i] = static_cast<std::uint8_t>(values.at(segment.channel + i));
}

void deployment_simulator::compute(cluster_state& c, step_state& s) {
  const auto record = load<ohmic_kernel_step>(c, s.record);
  for (std::uint32_t column = 0; column < s.head.tile_columns; ++column) {
    if (record.kernel == OHMIC_KERNEL_MAX_POOL || record.kernel == OHMIC_KERNEL_AVERAGE_POOL)
      pool_kernel(c, s, record, column);
    else
      sum_kernel(c, s, record, column);
  }
}

void deployment_simulator::sum_kernel(cluster_state& c, step_state& s, const ohmic_kernel_step& k,
                                      std::uint32_t column) {
  const tile_columns t = place(s, s.tile);
  const std::uint32_t out = slot_of(c.rings[s.head.output_ring], s, t, column);
  if ((k.kernel == OHMIC_KERNEL_PARTIAL || k.kernel == OHMIC_KERNEL_LOGITS) && k.segment_count != 0)
    fail("sums and logits have no segments");
  std::vector<std::int32_t> values(k.channels);
  std::vector<ohmic_segment> residual_segments = segments(c, k.input_segment_count, k.input_segments);
  for (std::uint32_t y = 0; y < k.height; ++y) {
    for (std::uint32_t ch = 0; ch < k.channels; ++ch) {
      std::int32_t sum = 0;
      for (std::uint32_t i = 0; i < k.sum_count; ++i) {
        const std::uint32_t slot = slot_of(c.rings[s.inputs[i].ring], s, t, column);
        const std::uint32_t element = y * k.channels + ch;
        sum += k.int16_mask >> i & 1 ? load<std::int16_t>(c, slot + 2 * element) : load<std::int8_t>(c, slot + element);
      }
      if (k.kernel == OHMIC_KERNEL_PARTIAL) {
        store<std::int16_t>(chip_.cluster_l1(c.index) + out + 2 * (y * k.channels + ch),
                            static_cast<std::int16_t>(sum));
        continue;
      }
      if (k.kernel == OHMIC_KERNEL_ADD) {
        sum = load<std::int8_t>(c, slot_of(c.rings[s.inputs[0].ring], s, t, column) + y * k.channels + ch);
      } else {
        sum = sum * load<std::int16_t>(c, k.multipliers + 2 * ch) + load<std::int32_t>(c, k.biases + 4 * ch);
        if (k.kernel == OHMIC_KERNEL_LOGITS) {
          store<std::int32_t>(chip_.cluster_l1(c.index) + out + 4 * ch, sum);
          continue;
        }
        sum = clip(sum >> k.shift, k.lo, 127);
      }
      if (k.residual != OHMIC_NONE) {
        const std::uint32_t slot = slot_of(c.rings[s.inputs.at(k.residual).ring], s, t, column);
        const std::int32_t b = segmented(c, residual_segments, slot, ch, y);
        sum = clip((sum * k.residual_a + b * k.residual_b + (1 << (k.residual_shift - 1))) >> k.residual_shift,
                   k.residual_lo, 127);
      }
      values[ch] = sum;
    }
    if (k.kernel == OHMIC_KERNEL_REQUANTISE || k.kernel == OHMIC_KERNEL_ADD) put_pixel(c, k, out, y, values);
  }
}

void deployment_simulator::pool_kernel(cluster_state& c, step_state& s, const ohmic_kernel_step& k,
                                       std::uint32_t column) {
  const tile_columns t = place(s, s.tile);
  const std::uint32_t out = slot_of(c.rings[s.head.output_ring], s, t, column);
  const ohmic_window& w = s.inputs[0];
  const ohmic_ring& in = c.rings[w.ring];
  const std::vector<ohmic_segment> layout = segments(c, k.input_segment_count, k.input_segments);
  const bool average = k.kernel == OHMIC_KERNEL_AVERAGE_POOL;
  std::vector<std::int32_t> values(k.channels);
  for (std::uint32_t y = 0; y < k.height; ++y) {
    for (std::uint32_t ch = 0; ch < k.channels; ++ch) {
      std::int32_t best = -128, sum = 0;
      const std::int64_t x0 = average ? 0 : std::int64_t{t.x + column} * w.stride - w.pad;
      const std::int64_t y0 = average ? 0 : std::int64_t{y} * k.pool_stride - k.pool_pad;
      const std::int64_t nx = average ? in.columns_per_image : w.kernel, ny = average ? k.input_height : k.pool_height;
      for (std::int64_t xx = x0; xx < x0 + nx; ++xx) {
        if (xx < 0 || xx >= in.columns_per_image) continue;
        const std::uint64_t n = std::uint64_t{t.image} * in.columns_per_image + static_cast<std::uint64_t>(xx);
        const std::uint32_t slot = in.base + static_cast<std::uint32_t>(n % in.slots) * in.column_bytes;
        for (std::int64_t yy = y0; yy < y0 + ny; ++yy) {
          if (yy < 0 || yy >= k.input_height) continue;
          const std::int32_t v = segmented(c, layout, slot, ch, static_cast<std::uint32_t>(yy));
          best = std::max(best, v);
          sum += v;
        }
      }
      values[ch] = average ? clip((sum * k.pool_multiplier + (1 << (k.shift - 1))) >> k.shift, -128, 127) : best;
    }
    put_pixel(c, k, out, y, values);
  }
}

void deployment_simulator::push(cluster_state& c, step_state& s) {
  const ohmic_ring& source = c.rings[s.inputs[0].ring];
  const tile_columns t = place(s, s.tile);
  const std::uint32_t T = s.head.tile_columns, W = s.head.columns_per_image;
  for (const ohmic_destination& d : s.destinations) {
    bool sent = false;
    for (std::uint32_t k = 0; k < T; ++k) {
      if (!d.sequence && !wanted(d, t.x + k)) continue;
      sent = true;
      std::uint64_t n = d.sequence ? t.order * T + k : std::uint64_t{t.image} * W + t.x + k;
      if (d.dst_slots != 0) n %= d.dst_slots;
      const std::uint32_t from = slot_of(source, s, t, k) + d.src_offset;
      for (std::uint32_t row = 0; row < d.rows; ++row)
        std::memcpy(memory(address_of(d.dst) + n * d.dst_column_bytes + std::uint64_t{row} * d.dst_pitch, d.run_bytes),
                    c.l1.data() + from + row * d.src_pitch, d.run_bytes);
    }
    if (!sent || d.produced.lo == OHMIC_NONE) continue;
    // The next column that we make and the destination wants.
    std::uint32_t next = (t.order + 1) * T;
    for (std::uint32_t tile = s.tile + 1; !d.sequence; ++tile) {
      const tile_columns later = place(s, tile);
      std::uint32_t k = 0;
      while (k < T && !wanted(d, later.x + k)) ++k;
      next = later.image * W + later.x + k;
      if (k < T) break;
    }
    const std::uint64_t word = address_of(d.produced);
    std::uint32_t before;
    std::memcpy(&before, memory(word, 4), 4);
    store<std::uint32_t>(word, next);
    const std::uint64_t offset = word - chip_config::clusters_base;
    if (on_produced)
      on_produced(static_cast<unsigned>(offset / chip_.cluster_stride()),
                  static_cast<std::uint32_t>(offset % chip_.cluster_stride()), before, next);
  }
}

}  // namespace ohmic
