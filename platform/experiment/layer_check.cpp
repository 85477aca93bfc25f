#include "platform/experiment/layer_check.h"

#include <cstring>

namespace ohmic {
namespace {

int tensor_index(const integer_graph& graph, const std::string& name) {
  for (std::size_t t = 0; t < graph.tensors.size(); ++t)
    if (graph.tensors[t].name == name) return static_cast<int>(t);
  return -1;
}

bool makes(const ring_producer& p, std::uint32_t x) { return x / p.tile % p.replicas == p.replica; }

/// Whether the ring's reader asked for column x: one of its output columns has it in its window.
bool wants(const ring_report& ring, std::uint32_t x) {
  if (ring.wanted_replicas <= 1) return true;
  for (unsigned out = 0; out < ring.wanted_columns; ++out) {
    if (out / ring.wanted_tile % ring.wanted_replicas != ring.wanted_replica) continue;
    const long begin = static_cast<long>(out) * ring.wanted_stride - ring.wanted_pad;
    if (static_cast<long>(x) >= begin && static_cast<long>(x) < begin + static_cast<long>(ring.wanted_size))
      return true;
  }
  return false;
}

}  // namespace

layer_check::layer_check(const deployment& source, const integer_graph& graph, const golden_outputs& golden,
                         const machine& chip, unsigned images)
    : golden_(golden), chip_(chip), images_(images), words_(source.chip_clusters) {
  for (const ring_report& ring : source.rings) {
    if (ring.content != "activations" || ring.sequence) continue;  // codes and partial sums are no tensors of the graph
    for (const ring_producer& producer : ring.producers)
      words_[ring.cluster].push_back({&ring, &producer, tensor_index(graph, ring.tensor)});
  }
}

void layer_check::look(const std::vector<unsigned>& clusters) {
  for (const unsigned cluster : clusters) {
    if (words_[cluster].empty()) continue;
    const std::uint8_t* const l1 = chip_.l1(cluster);
    for (watched_word& word : words_[cluster]) {
      std::uint32_t produced;
      std::memcpy(&produced, l1 + word.producer->produced_word, sizeof produced);
      const std::uint32_t before = word.seen;
      if (produced == before) continue;
      word.seen = produced;
      for (std::uint32_t n = before; n < produced; ++n) compare_column(word, n);
    }
  }
}

void layer_check::compare_column(const watched_word& word, std::uint32_t number) {
  const ring_report& ring = *word.ring;
  const std::uint32_t x = number % ring.columns_per_image;
  mismatch at;
  at.image = number / ring.columns_per_image;
  if (at.image >= images_ || !makes(*word.producer, x) || !wants(ring, x)) return;
  const feature_map& expected = golden_.maps[at.image][word.tensor];
  const std::uint8_t* const slot = chip_.l1(ring.cluster) + ring.base + number % ring.slots * ring.column_bytes;
  at.layer = ring.tensor;
  at.x = static_cast<int>(x);
  ++columns_;
  for (const layout_segment& segment : ring.segments) {
    const int begin = std::max(segment.channels.begin, word.producer->channels.begin);
    const int end = std::min(segment.channels.end, word.producer->channels.end);
    for (unsigned y = 0; y < ring.height; ++y) {
      const std::uint8_t* const pixel = slot + segment.offset + y * segment.pitch;
      at.y = static_cast<int>(y);
      for (at.channel = begin; at.channel < end; ++at.channel) {
        at.expected = expected.at(at.x, at.y, at.channel);
        at.found = static_cast<std::int8_t>(pixel[at.channel - segment.channels.begin]);
        result_.add(at.expected == at.found, at);
      }
    }
  }
}

}  // namespace ohmic
