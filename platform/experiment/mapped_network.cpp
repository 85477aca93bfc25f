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
  if (wants_trials(config)) {  // what is simulated depends on the program, and what is weighed on the coefficients
    key.add_file(dataflow_firmware());
    if (!config.energy.empty()) key.add_file(config.energy);
  }
  return key.digits();
}

/// Tells a person how the policy's search goes on.
class search_meter {
 public:
  search_meter(const network& net, bool quiet) : meter_("mapping " + net.graph.name, quiet) { meter_.update(0, 0, ""); }
  mapping_options watched(mapping_options options) {
    options.on_progress = [this](unsigned done, unsigned total, double best) {
      meter_.update(done, total, fmt::format("best so far {:.0f} cycles a batch", best));
    };
    return options;
  }

 private:
  progress meter_;
};

/// What compile() is to be asked for, and the trials that say so, if there are any: from the cache or by simulation.
struct mapping_choice {
  mapping_options options;
  std::optional<trial_results> trials;
};

mapping_choice choose_mapping(const experiment_config& config, const network& net, bool quiet) {
  mapping_choice choice;
  choice.options = config.mapping;
  if (!wants_trials(config)) return choice;
  std::vector<mapping_proposal> proposals =
      propose_mappings(net.graph, config.chip, search_meter(net, quiet).watched(config.mapping));
  const cache_entry entry("trials", cache_key(config, net), ".json");
  if (const auto text = entry.get()) choice.trials = trial_results_from(*text);
  if (!choice.trials || choice.trials->trials.size() != proposals.size()) {
    choice.trials = try_mappings(config, net, proposals, quiet);
    entry.put(to_text(*choice.trials));
  }
  choice.options.chosen = std::make_shared<mapping>(std::move(proposals[choice.trials->chosen].assignment));
  return choice;
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
  const mapping_choice choice = choose_mapping(config, net, quiet);
  search_meter meter(net, quiet);
  deployment result = compile(net.graph, config.chip, meter.watched(choice.options));
  entry.put(deployment_bytes(result));
  return result;
}

explained_mapping plan_network(const experiment_config& config, const network& net, bool quiet) {
  mapping_choice choice = choose_mapping(config, net, quiet);
  return {make_plan(net.graph, config.chip, choice.options), std::move(choice.trials)};
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
