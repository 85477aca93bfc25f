#pragma once

#include <string>
#include <vector>

#include "chip/chip_config.h"
#include "sw/compiler/graph/integer_graph.h"
#include "sw/compiler/mapping/cost/cost_model.h"
#include "sw/compiler/mapping/mapping.h"
#include "sw/compiler/mapping/plan/stage.h"

namespace ohmic {

/// How a digital layer is spread: output channels over parts, and the columns of each part over clusters, tile by tile.
struct digital_share {
  std::vector<channel_range> parts;
  unsigned columns = 1, tile = 1;
};

struct digital_shares {
  std::vector<digital_share> layers;
  unsigned clusters = 0;  ///< that they take
  bool shared = false;    ///< several layers to a cluster, in turn
};

/// For a policy that knows crossbars only. Throws mapping_error naming the first digital layer.
void refuse_digital_layers(const integer_graph& graph, const std::vector<stage>& stages, const std::string& policy);

/// Spreads the digital layers among `layers` (indices into stages) over up to `clusters` clusters of the chip, of which
/// `spare` are left to others if that can be: each layer gets at least as many parts as its weights need, then the
/// slowest one gets more clusters until there are none or nothing helps.
digital_shares share_clusters(const integer_graph& graph, const std::vector<stage>& stages,
                              const std::vector<std::size_t>& layers, const chip_config& chip, const cost_model& cost,
                              unsigned clusters, unsigned spare);

}  // namespace ohmic
