#pragma once

#include <map>
#include <vector>

#include "chip/chip_config.h"
#include "sw/compiler/mapping/mapping.h"
#include "sw/compiler/mapping/plan/stage.h"
#include "sw/compiler/mapping/policy/cluster_supply.h"

namespace ohmic {

/// Who runs a stage's sums, pools and adds: clusters of their own, or those that feed them. Layers on cores have
/// clusters of their own, of a group, or take turns.
enum class core_seats { own, shared };

/// What a policy decides about one stage; place_stages() makes clusters of it.
struct stage_design {
  unsigned tile_columns = 1;
  unsigned replicas = 1;
  pixel_packing packing;
  std::vector<std::vector<packed_set>> tiles;  ///< of a layer: what each crossbar of a part makes
  std::vector<channel_range> digital_parts;    ///< of a layer on cores; its replicas share their columns
  /// Of a layer with several crossbars: the shape of a part's sums, and clusters for each of them.
  std::vector<reduction_node> sums;
  std::vector<unsigned> sum_replicas;
  core_seats seats = core_seats::own;
  std::size_t core_make = 0;  ///< of clusters of their own, without crossbars (cluster_supply)
  /// Layers on cores, pools and adds of the same group, 1 or more, have the same clusters: as many as the one of them
  /// that takes most, with the cores of one make. 0: of its own.
  unsigned group = 0;
  /// Of a layer on cores without seats of its own: clusters that all such layers share beside the crossbars'; 0: it
  /// runs on those with crossbars.
  unsigned turns = 0;
  /// Clusters of its own that hold the residual for the stage's sums, and the input for its crossbars. 0: the readers.
  unsigned residual_relays = 0, input_relays = 0;
  buffer_place residual = buffer_place::reader;  ///< without relays
};

/// What the crossbars of a part make if as many sets and packed rows as fit share one: those that read the same rows of
/// the windows. Empty if not even one set fits, or its codes are too many.
std::vector<std::vector<packed_set>> share_crossbars(const crossbar_layer& layer, pixel_packing packing, int channels,
                                                     const chip_config& chip);

/// Of its group, so many are a stage's.
unsigned clusters_in_group(const stage_design& design);
/// Clusters of each group.
std::map<unsigned, unsigned> group_sizes(const std::vector<stage_design>& designs);

/// Adds the clusters that a stage takes, beside those of groups and those on which layers take turns.
void add_demand(const stage_design& design, std::size_t parts, cluster_demand& to);

/// Numbers the clusters in pipeline order: a stage's relays, its crossbars, then its sums, so that neighbours in the
/// pipeline are neighbours in number; a group's stand where its first stage does. Those on which layers take turns come
/// behind all crossbars. Their seats follow
/// the chip's order; where the chip has too few, is_seated() says so.
mapping place_stages(const integer_graph& graph, const std::vector<stage>& stages,
                     const std::vector<stage_design>& designs, const chip_config& chip);

}  // namespace ohmic
