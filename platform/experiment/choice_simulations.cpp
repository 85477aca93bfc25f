#include "platform/experiment/choice_simulations.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "host/checksum.h"
#include "platform/experiment/mapped_network.h"
#include "platform/run/progress.h"
#include "sw/compiler/mapping/emit/deployment_folder.h"
#include "sw/compiler/reference/reference_executor.h"

namespace ohmic {
namespace {

std::uint32_t expected_results(const integer_graph& graph, const image_set& images, unsigned threads) {
  std::string logits;
  for (const reference_result& r : reference_executor(graph).run(images.maps, false, threads))
    logits.append(reinterpret_cast<const char*>(r.logits.data()), r.logits.size() * sizeof(std::int32_t));
  return crc32_of(logits);
}

}  // namespace

std::vector<simulated_choice> simulate_networks(const experiment_config& config, const std::vector<network>& networks,
                                                const image_set& images, bool quiet) {
  const auto count = static_cast<unsigned>(networks.size());
  std::vector<deployment> mapped;
  std::vector<std::uint32_t> expected;
  for (const network& net : networks) {
    mapped.push_back(map_network(config, net, quiet));
    set_images(mapped.back(), static_cast<unsigned>(images.size()));
    expected.push_back(expected_results(net.graph, images, config.engine.threads));
  }
  std::optional<energy_coefficients> coefficients;
  if (!config.energy.empty()) coefficients = load_coefficients(config.energy);

  std::vector<simulated_choice> found(count);
  std::vector<double> cycles(count, 0), all(count, 0);
  for (unsigned i = 0; i < count; ++i) {
    found[i].clusters = static_cast<unsigned>(mapped[i].clusters.size());
    all[i] = mapped[i].expected.of(static_cast<unsigned>(images.size()));
  }
  progress meter("simulating", quiet);
  const auto heard = [&](unsigned i, cycle_t now, const trial_figures* end) {
    cycles[i] = end != nullptr ? all[i] : std::min(static_cast<double>(now), all[i]);
    if (end != nullptr) found[i].figures = *end;
    const double done = std::accumulate(cycles.begin(), cycles.end(), 0.0);
    meter.update(done, std::accumulate(all.begin(), all.end(), 0.0), fmt::format("{} mappings", count));
    return true;
  };
  const auto outcomes = run_trials(count, config, [&](unsigned i) { return mapped[i]; }, images, coefficients, heard);
  for (unsigned i = 0; i < count; ++i) {
    found[i].error = outcomes[i].error;
    if (found[i].error.empty() && found[i].figures.results != expected[i])
      found[i].error = "its logits differ from the integer reference";
  }
  return found;
}

}  // namespace ohmic
