#include "platform/experiment/mapped_network.h"

#include "platform/config/load_chip.h"
#include "platform/experiment/cache_entry.h"
#include "platform/experiment/fingerprint.h"
#include "platform/experiment/locations.h"
#include "platform/run/progress.h"
#include "sw/compiler/mapping/compile.h"
#include "sw/compiler/mapping/emit/deployment_folder.h"

namespace ohmic {
namespace {

std::string cache_key(const experiment_config& config, const network& net) {
  const auto& m = config.mapping;
  fingerprint key;
  key.add(tool_hash()).add(net.hash).add(chip_hash(config.chip)).add(m.policy).add(m.residuals).add(m.reductions);
  key.add(m.conv1_copies).add(m.reduction_fan_in).add(m.tile_cycles).add(m.prefetch_tiles);
  for (const auto& [node, copies] : m.copies) key.add(node).add(copies);
  return key.digits();
}

}  // namespace

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
  const cache_entry entry("deployments", cache_key(config, net), ".deployment");
  if (const auto bytes = entry.get()) {
    try {
      return deployment_from_bytes(*bytes, entry.file());
    } catch (const mapping_error&) {  // of another format: it is made again
    }
  }
  progress meter("mapping " + net.graph.name, quiet);
  meter.update(0, 0, "");
  deployment result = compile(net.graph, config.chip, to_mapping_options(config));
  entry.put(deployment_bytes(result));
  return result;
}

}  // namespace ohmic
