#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "chip/chip_config.h"
#include "sw/compiler/graph/integer_graph.h"
#include "sw/compiler/mapping/mapping.h"
#include "sw/compiler/mapping/plan/column_layout.h"
#include "sw/compiler/mapping/plan/stage.h"
#include "sw/deployment/deployment.h"

namespace ohmic {

/// The deployment before it has addresses: what every logical cluster owns and runs, and who feeds whom.
/// Steps, windows and frontiers mean what sw/deployment/deployment.h says.

/// Which tiles of a stream are made or wanted: columns x with (x / tile) % count == index.
struct replica_rule {
  unsigned tile = 1, index = 0, count = 1;
};

/// The columns of a stream that a reader needs: all, or if it is a replica the windows of its own output columns.
struct column_demand {
  replica_rule makes;                          ///< tile in the reader's output columns
  unsigned size = 1, stride = 1, columns = 1;  ///< columns: of the reader's output, per image
  int pad = 0;

  bool wants(unsigned x) const;
};

enum class ring_content { activations, codes, partial_sums, logits, weights };

/// A PUSH step's destination, named from the consumer's side.
struct edge_reference {
  unsigned cluster = 0, step = 0, destination = 0;
};

struct plan_ring {
  ring_content content = ring_content::activations;
  int tensor = -1;     ///< graph tensor; of codes and sums the one that they become
  int stage = 0;       ///< whose step reads it first (an input) or writes it
  int set = -1;        ///< codes: row set
  unsigned turns = 0;  ///< weights: parts of each tile, whose columns come in turn (OHMIC_RING_WEIGHTS)
  column_layout layout;
  unsigned columns_per_image = 1;
  bool sequence = false;
  bool skip = false;                      ///< a skip connection waits in it
  bool follows = false;                   ///< OHMIC_RING_FOLLOWS
  unsigned slots = 0;                     ///< set by ring sizing
  unsigned least_columns = 0;             ///< that the mapping asks for; 0: as many as the pipeline needs
  std::vector<edge_reference> producers;  ///< remote producers, in the order of their frontier words
};

struct plan_window {
  unsigned ring = 0;
  unsigned size = 1, stride = 1;
  int pad = 0;
  bool whole_image = false;
};

/// Data parked in HBM between a PUSH and a PULL: a ring of columns there.
struct parked_region {
  column_layout layout;
  int tensor = -1;
  unsigned columns_per_image = 1;
  unsigned slots = 0;
  unsigned least_columns = 0;      ///< as of a ring
  bool waits = true;               ///< for a long branch
  unsigned cluster = 0, step = 0;  ///< the PULL that brings it back
  std::vector<edge_reference> producers;
};

/// Weights that a cluster, or several of one layer, bring from HBM: a column for each part, all as long as the longest.
struct streamed_weights {
  int node = -1;
  std::vector<channel_range> parts;
  unsigned in_blocks = 1;   ///< as of the kernels
  std::uint32_t bytes = 0;  ///< of a column
};

struct pull_work {
  int parked = -1;   ///< index into plan::parked; -1: the images
  int weights = -1;  ///< index into plan::weights
};

struct ima_work {
  int node = -1;
  crossbar_tile tile;
  pixel_packing packing;
  std::vector<unsigned> blocks;  ///< by tile.sets: block of the output ring's layout
  channel_range channels;        ///< of the output
};

struct kernel_work {
  ohmic_kernel kernel = OHMIC_KERNEL_PARTIAL;
  int node = -1;           ///< whose constants are used
  channel_range channels;  ///< of the node
  int first_channel = 0;   ///< where the node's channels begin in the map that it makes (stage::first_channel)
  channel_range inputs;    ///< of a digital layer: channels of its input that it reads
  unsigned in_blocks = 1;  ///< that these lie in
  unsigned sum_count = 0, int16_mask = 0;
  int residual_input = -1;  ///< index of the input window
  int weights_input = -1;   ///< the same of weights that come from HBM
  int add_node = -1;
  bool own_is_second = false;  ///< of the add: the sum (or input 0) is x1
};

struct plan_destination {
  enum class kind { ring, parked, results } to = kind::ring;
  unsigned cluster = 0, ring = 0;    ///< ring
  unsigned parked = 0;               ///< parked: index into plan::parked
  std::uint32_t results_offset = 0;  ///< results: bytes from an image's first logit
  unsigned producer_index = 0;       ///< position among the producers of the ring or region
  column_copy copy;
  channel_range channels;  ///< that are pushed, of the tensor
  bool sequence = false;
  column_demand demand;
};

/// The work's channels, as the map counts them that it makes or that is added to it.
inline channel_range map_channels(const kernel_work& work) {
  return {work.channels.begin + work.first_channel, work.channels.end + work.first_channel};
}

struct push_work {
  std::vector<plan_destination> destinations;
};

struct plan_step {
  int stage = 0;
  unsigned columns_per_image = 1;
  replica_rule makes;  ///< tile: T
  std::vector<plan_window> inputs;
  int output_ring = -1;
  std::variant<pull_work, ima_work, kernel_work, push_work> work;
};

/// Tiles of an image that the step makes.
unsigned tiles_made(const plan_step& step);

/// The first column of an image that the step makes and the reader needs; the image's width if there is none.
unsigned first_owed(const plan_step& step, const column_demand& demand);

struct plan_cluster {
  /// Returns its index.
  unsigned add_ring(plan_ring ring);
  unsigned add_step(plan_step step);
  /// Where the ring's `released` starts: at the first column that any reader needs, or at 0 if it follows.
  unsigned first_released(unsigned ring) const;

  std::vector<plan_ring> rings;
  std::vector<plan_step> steps;
};

struct deployment_plan {
  const integer_graph* graph = nullptr;  ///< outlives the plan
  std::vector<stage> stages;
  mapping assignment;
  std::vector<plan_cluster> clusters;  ///< by logical number
  std::vector<parked_region> parked;
  std::vector<streamed_weights> weights;
};

/// Turns an assignment into rings, steps and edges; slots are still 0. Precondition: check_mapping() found it right.
deployment_plan build_plan(const integer_graph& graph, const std::vector<stage>& stages, const mapping& assignment);

/// "stage 'l1b0c1', cluster 12", for messages.
std::string describe(const deployment_plan& plan, unsigned cluster, int stage);

}  // namespace ohmic
