#pragma once

#include <map>
#include <string>
#include <vector>

#include "sw/compiler/mapping/emit/deployment_image.h"
#include "sw/compiler/reference/reference_executor.h"
#include "tests/sw/compiler/mapping/deployment_simulator.h"

namespace ohmic {

/// Compares every activation that a PUSH puts into a ring with the reference, when the produced word changes,
/// from nothing but the deployment's ring reports: what `--check layers` does on the platform.
class edge_observer {
 public:
  edge_observer(const deployment& mapped, const integer_graph& graph, const std::vector<reference_result>& expected,
                deployment_simulator& simulator)
      : graph_(graph), expected_(expected), simulator_(simulator) {
    for (const ring_report& ring : mapped.rings) {
      if (ring.content != "activations") continue;
      for (const ring_producer& producer : ring.producers)
        edges_[{ring.cluster, producer.produced_word}] = {&ring, &producer};
    }
    simulator.on_produced = [this](unsigned cluster, std::uint32_t word, std::uint32_t from, std::uint32_t to) {
      const auto edge = edges_.find({cluster, word});
      if (edge == edges_.end()) return;
      for (std::uint32_t n = from; n < to; ++n) compare(*edge->second.first, *edge->second.second, n);
    };
  }

  std::string first_difference() const { return first_difference_; }
  std::uint64_t compared() const { return compared_; }

 private:
  static bool wanted(const ring_report& ring, std::uint32_t x) {
    for (unsigned out = 0; out < ring.wanted_columns; ++out) {
      if ((out / ring.wanted_tile) % ring.wanted_replicas != ring.wanted_replica) continue;
      const int begin = static_cast<int>(out * ring.wanted_stride) - ring.wanted_pad;
      if (static_cast<int>(x) >= begin && static_cast<int>(x) < begin + static_cast<int>(ring.wanted_size)) return true;
    }
    return false;
  }

  void compare(const ring_report& ring, const ring_producer& producer, std::uint32_t n) {
    const std::uint32_t x = n % ring.columns_per_image, image = n / ring.columns_per_image;
    if (image >= expected_.size() || (x / producer.tile) % producer.replicas != producer.replica) return;
    if (ring.wanted_replicas > 1 && !wanted(ring, x)) return;
    std::size_t tensor = 0;
    while (graph_.tensors[tensor].name != ring.tensor) ++tensor;
    const feature_map& map = expected_[image].maps[tensor];
    const std::uint8_t* column =
        simulator_.l1(ring.cluster, ring.base + n % ring.slots * ring.column_bytes, ring.column_bytes);
    for (const layout_segment& segment : ring.segments) {
      const int begin = std::max(segment.channels.begin, producer.channels.begin);
      const int end = std::min(segment.channels.end, producer.channels.end);
      for (unsigned y = 0; y < ring.height; ++y) {
        for (int c = begin; c < end; ++c) {
          const auto value = static_cast<std::int8_t>(
              column[segment.offset + y * segment.pitch + static_cast<unsigned>(c - segment.channels.begin)]);
          ++compared_;
          if (value == map.at(static_cast<int>(x), static_cast<int>(y), c) || !first_difference_.empty()) continue;
          first_difference_ = ring.tensor + " x " + std::to_string(x) + " y " + std::to_string(y) + " channel " +
                              std::to_string(c) + " in cluster " + std::to_string(ring.cluster);
        }
      }
    }
  }

  const integer_graph& graph_;
  const std::vector<reference_result>& expected_;
  deployment_simulator& simulator_;
  std::map<std::pair<unsigned, std::uint32_t>, std::pair<const ring_report*, const ring_producer*>> edges_;
  std::string first_difference_;
  std::uint64_t compared_ = 0;
};

}  // namespace ohmic
