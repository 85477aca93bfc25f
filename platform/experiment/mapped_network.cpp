#include "platform/experiment/mapped_network.h"

#include <fmt/format.h>

#include <exception>
#include <nlohmann/json.hpp>

#include "host/whole_file.h"
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
  mapping_options options = config.mapping;
  options.on_progress = [&](unsigned done, unsigned total, double best) {
    meter.update(done, total, fmt::format("best so far {:.0f} cycles a batch", best));
  };
  deployment result = compile(net.graph, config.chip, options);
  entry.put(deployment_bytes(result));
  return result;
}

std::vector<double> measured_stages(const experiment_config& config, const deployment& mapped) {
  std::vector<double> measured;
  try {
    const nlohmann::json summary = nlohmann::json::parse(read_whole_file(config.output + "/summary.json"));
    const nlohmann::json& stages = summary.at("stages");
    for (std::size_t s = 0; s < mapped.stages.size(); ++s) {
      const stage_report& stage = mapped.stages[s];
      const nlohmann::json& there = stages.at(s);
      if (there.at("name") != stage.name || there.at("clusters") != stage.clusters ||
          there.at("tile_columns") != stage.tile_columns || there.at("replicas") != stage.replicas)
        return {};
      measured.push_back(there.at("measured_cycles_per_image").get<double>());
    }
    if (stages.size() != mapped.stages.size()) return {};
  } catch (const std::exception&) {  // no file, or none of ours
    return {};
  }
  return measured;
}

}  // namespace ohmic
