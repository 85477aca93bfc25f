#include "platform/experiment/mapped_network.h"

#include <unistd.h>

#include <filesystem>

#include "platform/config/load_chip.h"
#include "platform/experiment/fingerprint.h"
#include "platform/experiment/locations.h"
#include "platform/run/progress.h"
#include "sw/compiler/mapping/compile.h"
#include "sw/compiler/mapping/deployment_folder.h"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

std::string cache_key(const experiment_config& config, const network& net) {
  const auto& m = config.mapping;
  fingerprint key;
  key.add(tool_hash()).add(net.hash).add(chip_hash(config.chip)).add(m.policy).add(m.residuals).add(m.reductions);
  key.add(m.conv1_copies).add(m.reduction_fan_in).add(m.tile_cycles).add(m.prefetch_tiles);
  for (const auto& [node, copies] : m.copies) key.add(node).add(copies);
  return key.digits();
}

bool load_cached(const fs::path& folder, deployment& result) {
  if (!fs::is_regular_file(folder / "manifest.json")) return false;
  try {
    result = load_deployment(folder.string());
    return true;
  } catch (const mapping_error&) {
    return false;  // damaged: it is made again
  }
}

void store(const deployment& what, const fs::path& folder) {
  const fs::path part = folder.string() + "." + std::to_string(getpid()) + ".part";
  std::error_code ignored;
  try {
    fs::create_directories(folder.parent_path());
    save_deployment(what, part.string());
    fs::remove_all(folder, ignored);
    fs::rename(part, folder, ignored);
  } catch (const std::exception&) {
    // A cache that cannot be written costs time, nothing else.
  }
  fs::remove_all(part, ignored);
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
  const fs::path folder = fs::path(cache_root()) / "deployments" / cache_key(config, net);
  deployment result;
  if (load_cached(folder, result)) return result;
  progress meter("mapping " + net.graph.name, quiet);
  meter.update(0, 0, "");
  result = compile(net.graph, config.chip, to_mapping_options(config));
  store(result, folder);
  return result;
}

}  // namespace ohmic
