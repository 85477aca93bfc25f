#include "sw/compiler/mapping/emit/deployment_check.h"

#include <vector>

namespace ohmic {
namespace {

/// First byte behind what a cluster uses of L1, by cluster; 0: it has no image.
using l1_ends = std::vector<std::uint64_t>;

bool is_share(unsigned tile, unsigned replica, unsigned replicas) {
  return tile >= 1 && replicas >= 1 && replica < replicas;
}

std::string impossible(const stage_report& s, const deployment& d) {
  const std::string name = "stage " + s.name;
  if (s.tile_columns < 1 || s.replicas < 1) return name + " has tiles or replicas of 0";
  if (s.clusters.empty()) return name + " has no cluster";
  for (const unsigned cluster : s.clusters)
    if (cluster >= d.chip_clusters) return name + " is on cluster " + std::to_string(cluster);
  bool alike = s.shares.size() == s.clusters.size();
  for (std::size_t i = 0; alike && i < s.clusters.size(); ++i) alike = s.shares[i].cluster == s.clusters[i];
  if (!alike) return name + " has shares of other clusters than its own";
  return "";
}

std::string impossible(const ring_report& r, const deployment& d, const l1_ends& ends) {
  const std::string name = "a ring of " + r.tensor;
  if (r.cluster >= d.chip_clusters) return name + " is in cluster " + std::to_string(r.cluster);
  if (r.stage >= d.stages.size()) return name + " belongs to no stage";
  if (r.slots < 1 || r.columns_per_image < 1) return name + " has no slots or columns";
  if (r.base + std::uint64_t{r.slots} * r.column_bytes > ends[r.cluster]) return name + " lies outside of its L1";
  if (!is_share(r.wanted_tile, r.wanted_replica, r.wanted_replicas) || r.wanted_size < 1 || r.wanted_stride < 1)
    return name + " wants an impossible share";
  for (const layout_segment& s : r.segments)
    if (s.channels.begin < 0 || s.channels.end < s.channels.begin) return name + " has impossible channels";
  for (const ring_producer& p : r.producers) {
    if (p.cluster >= d.chip_clusters) return name + " has a producer in cluster " + std::to_string(p.cluster);
    if (p.produced_word + std::uint64_t{4} > ends[r.cluster]) return name + " counts outside of its L1";
    if (!is_share(p.tile, p.replica, p.replicas)) return name + " has a producer of an impossible share";
    if (p.channels.begin < 0 || p.channels.end < p.channels.begin) return name + " has impossible channels";
  }
  return "";
}

}  // namespace

std::string what_is_impossible(const deployment& d) {
  constexpr unsigned most_clusters = 1u << 16, most_pixels = 1u << 16;
  if (d.chip_clusters < 1 || d.chip_clusters > most_clusters) return "the chip has impossibly many clusters, or none";
  if (d.classes < 1 || d.image_width < 1 || d.image_height < 1 || d.image_channels < 1)
    return "the network has no classes or no image";
  if (d.classes > most_pixels || d.image_width > most_pixels || d.image_height > most_pixels ||
      d.image_channels > most_pixels)
    return "the network has impossibly many classes or pixels";
  const hbm_layout& h = d.hbm;
  if (h.results_stride < std::uint64_t{4} * d.classes) return "a result has no room in HBM";
  if (h.images_column_bytes < std::uint64_t{d.image_height} * d.image_channels ||
      h.images_stride < std::uint64_t{d.image_width} * h.images_column_bytes)
    return "an image has no room in HBM";
  if (d.hbm_images.size() != h.weights.size()) return "HBM holds other weights than the manifest lists";
  for (std::size_t i = 0; i < d.hbm_images.size(); ++i)
    if (d.hbm_images[i].address != h.weights[i] || h.weights[i] < h.begin ||
        h.weights[i] + d.hbm_images[i].bytes.size() > h.images)
      return "weights in HBM lie where something else does";
  l1_ends ends(d.chip_clusters);
  for (const cluster_image& image : d.clusters) {
    if (image.cluster >= d.chip_clusters) return "an L1 image is for cluster " + std::to_string(image.cluster);
    if (image.offset + std::uint64_t{image.bytes.size()} > image.l1_end) return "an L1 image is longer than its L1";
    ends[image.cluster] = image.l1_end;
  }
  for (const crossbar_image& c : d.crossbars)
    if (c.cluster >= d.chip_clusters) return "a crossbar is in cluster " + std::to_string(c.cluster);
  for (const crossbar_image& c : d.crossbars)
    if (c.first_row + std::uint64_t{c.rows} > most_pixels || c.first_bitline + std::uint64_t{c.bitlines} > most_pixels)
      return "the crossbar of cluster " + std::to_string(c.cluster) + " is impossibly large";
  for (const crossbar_image& c : d.crossbars) {
    const std::int64_t channels = std::int64_t{c.channels.end} - c.channels.begin;
    if (c.channels.begin < 0 || channels < 1 || c.sets.empty() || c.packing.x < 1 || c.packing.y < 1 ||
        !is_share(c.tile_columns, c.replica, c.replicas) || c.tile_columns % c.packing.x != 0 ||
        c.bitlines / c.sets.size() / c.packing.x != static_cast<std::uint64_t>(channels) ||
        c.bitlines != c.sets.size() * c.packing.x * static_cast<std::uint64_t>(channels))
      return "the crossbar of cluster " + std::to_string(c.cluster) + " makes an impossible part of its layer";
  }
  for (const stage_report& s : d.stages)
    if (std::string what = impossible(s, d); !what.empty()) return what;
  for (const ring_report& r : d.rings)
    if (std::string what = impossible(r, d, ends); !what.empty()) return what;
  return "";
}

}  // namespace ohmic
