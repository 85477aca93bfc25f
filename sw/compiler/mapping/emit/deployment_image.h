#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "sw/compiler/mapping/mapping.h"
#include "sw/compiler/mapping/plan/column_layout.h"
#include "sw/deployment/deployment.h"

namespace ohmic {

/// Weights of a rectangle of a cluster's crossbar.
struct crossbar_image {
  unsigned cluster = 0;
  unsigned first_row = 0, first_bitline = 0;
  unsigned rows = 0, bitlines = 0;
  std::vector<std::int8_t> weights;  ///< [row][bitline]

  /// What it makes: the codes of some channels of a layer, of row sets `sets` and packing.x neighbours each (bitlines
  /// in that order), in tiles x / tile_columns of the output that are `replica` modulo `replicas`.
  std::string layer{};  ///< node of the graph
  channel_range channels{};
  std::vector<packed_set> sets{};
  pixel_packing packing{};
  unsigned tile_columns = 1, replica = 0, replicas = 1;
};

/// What lies in a cluster's L1 before its cores start.
struct cluster_image {
  unsigned cluster = 0;
  std::uint32_t offset = 0;  ///< in L1; the header (ohmic_deployment) is at its begin
  std::vector<std::uint8_t> bytes;
  std::uint32_t l1_end = 0;  ///< first L1 byte behind everything, rings included
};

/// What lies in HBM before the cores start, beside images.
struct hbm_image {
  std::uint64_t address = 0;
  std::vector<std::uint8_t> bytes;
};

/// Where images, results, parked maps and streamed weights lie in HBM: chip addresses.
struct hbm_layout {
  std::uint64_t begin = 0;    ///< first byte that is not the firmware's
  std::uint64_t results = 0;  ///< image i's logits: int32[classes] at results + i * results_stride
  std::uint32_t results_stride = 0;
  std::uint64_t images = 0;         ///< image i at images + i * images_stride: columns, each [height][channels] int8,
  std::uint32_t images_stride = 0;  ///< images_column_bytes apart
  std::uint32_t images_column_bytes = 0;
  std::vector<std::uint64_t> parked, weights;
  unsigned max_images = 0;
};

/// Predicted cycles per image of one stage (its busiest cluster) or cluster.
struct predicted_cycles {
  std::uint64_t mvms = 0;    ///< per image, all crossbars of the stage
  double analog = 0;         ///< MVMs of the busiest crossbar x cycles of one
  double digital = 0;        ///< kernels of the busiest cluster and its master's work beside them
  double communication = 0;  ///< bytes into or out of the busiest port / bytes per cycle
  std::uint64_t bytes = 0;   ///< pushed per image by all clusters of the stage
  double bound() const { return std::max(analog, std::max(digital, communication)); }
};

/// What a stage has of the work of one of its clusters, per image: whoever measures a cluster that serves several
/// stages splits its time by this.
struct stage_share {
  unsigned cluster = 0;
  std::uint64_t mvms = 0;
  double master_cycles = 0;  ///< predicted, beside kernels
};

struct stage_report {
  std::string name, kind;
  std::vector<std::string> layers;  ///< nodes of the graph
  unsigned tile_columns = 1, replicas = 1;
  std::vector<unsigned> clusters;   ///< ascending
  std::vector<stage_share> shares;  ///< one for each of them
  predicted_cycles predicted;
};

/// What a remote producer of a ring owes it.
struct ring_producer {
  unsigned cluster = 0;
  std::uint32_t produced_word = 0;  ///< L1 offset in the ring's cluster
  channel_range channels;
  unsigned tile = 1, replica = 0, replicas = 1;  ///< it makes columns x with (x / tile) % replicas == replica
};

/// A ring that receives a tensor from other clusters: what an observer may compare with the reference.
struct ring_report {
  unsigned cluster = 0;
  std::string tensor;
  std::string content;  ///< "activations", "codes" (of row set `set`), "partial_sums"
  int set = -1;
  unsigned stage = 0;  ///< that reads it
  std::uint32_t base = 0, column_bytes = 0, slots = 0, columns_per_image = 0, height = 0;
  bool sequence = false;
  std::vector<layout_segment> segments;
  std::vector<ring_producer> producers;
  /// Only these columns are sent: what output tiles (x / tile) % replicas == replica of the reader need.
  unsigned wanted_tile = 1, wanted_replica = 0, wanted_replicas = 1, wanted_size = 1, wanted_stride = 1,
           wanted_columns = 1;
  int wanted_pad = 0;
};

/// A network mapped to a chip, complete: the platform loads `clusters`, `crossbars` and images and starts the
/// cores.
struct deployment {
  static constexpr unsigned format_version =
      OHMIC_DEPLOYMENT_VERSION;  ///< of the folder and of what the firmware reads
  std::string chip, chip_hash, model, model_hash, policy;
  unsigned chip_clusters = 0;
  std::vector<cluster_image> clusters;  ///< ascending
  std::vector<crossbar_image> crossbars;
  std::vector<hbm_image> hbm_images;  ///< weights that clusters stream
  hbm_layout hbm;
  unsigned image_width = 0, image_height = 0, image_channels = 0;
  unsigned classes = 0, logits_shift = 0;  ///< a logit is worth 2^-logits_shift
  std::vector<std::string> labels;
  std::vector<stage_report> stages;
  std::vector<ring_report> rings;
  std::uint64_t mvms_per_image = 0;

  /// Per image and for filling the pipeline: no run can be faster (MVMs, inner loops or bytes of the busiest
  /// cluster, bytes of the busiest link), and what a run is expected to take if nothing waits for room (the busiest
  /// cluster's cores too).
  struct run_cycles {
    double per_image = 0, once = 0;
    double of(unsigned images) const { return per_image * images + once; }
  };
  run_cycles bound, expected;
};

/// Writes the number of images into every cluster's header. Throws mapping_error if results have no room for
/// so many.
void set_images(deployment& target, unsigned images);

}  // namespace ohmic
