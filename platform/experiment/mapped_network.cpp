#include "platform/experiment/mapped_network.h"

#include "platform/config/load_chip.h"
#include "platform/experiment/cache_entry.h"
#include "platform/experiment/fingerprint.h"
#include "platform/experiment/locations.h"
#include "platform/run/progress.h"
#include "sw/compiler/mapping/compile.h"
#include "sw/compiler/mapping/emit/deployment_folder.h"
#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/policy/mapping_policy.h"

namespace ohmic {
namespace {

std::string cache_key(const experiment_config& config, const network& net) {
  fingerprint key;
  key.add(tool_hash()).add(net.hash).add(chip_hash(config.chip)).add(canonical_text(config.mapping));
  return key.digits();
}

}  // namespace

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
  deployment result = compile(net.graph, config.chip, config.mapping);
  entry.put(deployment_bytes(result));
  return result;
}

}  // namespace ohmic
