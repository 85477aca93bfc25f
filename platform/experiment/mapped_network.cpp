#include "platform/experiment/mapped_network.h"

#include "platform/run/progress.h"
#include "sw/compiler/mapping/compile.h"

namespace ohmic {

mapping_options to_mapping_options(const experiment_config& config) {
  const auto& m = config.mapping;
  mapping_options options;
  options.policy = m.policy;
  options.conv1_copies = m.conv1_copies;
  options.copies = m.copies;
  options.reduction_fan_in = m.reduction_fan_in;
  options.reductions = m.reductions == "extra"    ? reduction_seats::extra
                       : m.reductions == "shared" ? reduction_seats::shared
                                                  : reduction_seats::automatic;
  options.residuals = m.residuals == "hbm" ? residual_store::hbm : residual_store::l1;
  options.tile_cycles = m.tile_cycles;
  options.prefetch_tiles = m.prefetch_tiles;
  return options;
}

deployment map_network(const experiment_config& config, const network& net, bool quiet) {
  progress meter("mapping " + net.graph.name, quiet);
  meter.update(0, 0, "");
  return compile(net.graph, config.chip, to_mapping_options(config));
}

}  // namespace ohmic
