#include "platform/experiment/mapping_trials.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>
#include <stdexcept>

#include "platform/config/config_error.h"
#include "platform/experiment/image_set.h"
#include "platform/run/progress.h"
#include "sw/compiler/images/image.h"
#include "sw/compiler/mapping/compile.h"

namespace ohmic {
namespace {

namespace fs = std::filesystem;
using json = nlohmann::json;

constexpr auto batch = static_cast<unsigned>(images_of_batch);
constexpr unsigned few_images = 6;       // until the pipeline is full, and then some
constexpr double long_simulation = 1e8;  // cycles of clusters; less takes seconds
constexpr std::size_t finalists = 2;
constexpr unsigned seed_of_noise = 1;

image_set trial_images(const experiment_config& config, const network& net) {
  const std::string& given = config.images.calibration;
  const fs::path folder = given.empty() ? fs::path(net.file).parent_path() / "calibration" : fs::path(given);
  std::error_code none;
  const bool pictures =
      fs::is_directory(folder, none) &&
      std::any_of(fs::directory_iterator(folder), fs::directory_iterator(), [](const fs::directory_entry& entry) {
        return entry.path().extension() == ".png" || entry.path().extension() == ".jpg";
      });
  if (pictures) {
    experiment_config of_trials = config;
    of_trials.images.dir = folder.string();
    of_trials.images.count = batch;
    return load_images(of_trials, net.graph, "");
  }
  image_set noise;
  std::mt19937 random(seed_of_noise);
  const graph_tensor& input = net.graph.input();
  for (unsigned i = 0; i < batch; ++i) {
    feature_map& map = noise.maps.emplace_back(input.channels, input.height, input.width);
    for (std::int8_t& value : map.data) value = static_cast<std::int8_t>(random());
  }
  return noise;
}

double batch_cycles(const trial_figures& f, unsigned images) {
  return static_cast<double>(f.cycles) + (batch - images) * f.image_cycles;
}
double batch_joules(const trial_figures& f, unsigned images) { return f.energy_j * batch / images; }

/// One round: some proposals, each with the same images.
struct round_of {
  std::vector<unsigned> proposals;
  unsigned images = 0;
  std::size_t winners = 1;
};

class trial_rounds {
 public:
  trial_rounds(const experiment_config& config, const network& net, const std::vector<mapping_proposal>& proposals,
               bool quiet)
      : config_(config),
        net_(net),
        proposals_(proposals),
        objective_(config.mapping.best.objective),
        meter_("trying mappings of " + net.graph.name, quiet) {
    if (!config.energy.empty())
      coefficients_ = load_coefficients(config.energy);
    else if (objective_ == mapping_objective::energy || objective_ == mapping_objective::edp)
      throw config_error("mapping.objective: energy and edp need a file of coefficients: name one with the key energy");
    images_ = trial_images(config, net);
    for (const mapping_proposal& p : proposals) {
      mapping_trial& trial = results_.trials.emplace_back();
      trial.name = p.name;
      trial.clusters = p.assignment.clusters;
      trial.expected_cycles = p.expected_cycles;
    }
  }

  trial_results run() {
    std::vector<unsigned> all(proposals_.size());
    std::iota(all.begin(), all.end(), 0u);
    // A few images are a poor witness: only where a batch of each would take too long.
    const double work = proposals_.front().expected_cycles * proposals_.front().assignment.clusters;
    if (all.size() > finalists && work > long_simulation) {
      begin_rounds(
          {static_cast<double>(all.size()) * cycles_of(few_images), static_cast<double>(finalists) * cycles_of(batch)});
      all = winners_of({all, few_images, finalists});
    } else {
      begin_rounds({static_cast<double>(all.size()) * cycles_of(batch)});
    }
    results_.chosen = winners_of({all, batch, 1})[0];
    return std::move(results_);
  }

 private:
  /// Roughly, for the time that is left.
  double cycles_of(unsigned images) const {
    const double expected = proposals_.front().expected_cycles;
    return expected * (0.4 + 0.6 * images / batch);
  }
  void begin_rounds(const std::vector<double>& cycles) { to_do_ = std::accumulate(cycles.begin(), cycles.end(), 0.0); }

  /// What a batch costs, by a simulation of `images`.
  double score(const trial_figures& f, unsigned images) const {
    switch (objective_) {
      case mapping_objective::throughput:
        return f.image_cycles;
      case mapping_objective::energy:
        return batch_joules(f, images);
      case mapping_objective::edp:
        return batch_joules(f, images) * batch_cycles(f, images);
      default:
        return batch_cycles(f, images);
    }
  }

  /// The proposals with the least scores, the least first.
  std::vector<unsigned> winners_of(const round_of& round) {
    image_set images;
    images.maps.assign(images_.maps.begin(), images_.maps.begin() + round.images);
    std::vector<double> scores(round.proposals.size(), std::numeric_limits<double>::infinity());
    std::vector<double> cycles(round.proposals.size(), 0);
    const auto mapped = [&](unsigned i) { return mapped_with(proposals_[round.proposals[i]], round.images); };
    const auto heard = [&](unsigned i, cycle_t now, const trial_figures* end) {
      cycles[i] = static_cast<double>(now);
      if (end != nullptr) {
        scores[i] = score(*end, round.images);
        mapping_trial& trial = results_.trials[round.proposals[i]];
        trial.images = round.images;
        trial.figures = *end;
        cycles[i] = cycles_of(round.images);
      }
      const double limit = limit_of(scores, round.winners);
      const double done = std::accumulate(cycles.begin(), cycles.end(), 0.0);
      meter_.update(done_ + done, to_do_, fmt::format("{} images, {}", round.images, best_so_far(scores, round)));
      return end != nullptr || objective_ != mapping_objective::latency || static_cast<double>(now) <= limit;
    };
    const auto outcomes =
        run_trials(static_cast<unsigned>(round.proposals.size()), config_, mapped, images, coefficients_, heard);
    for (std::size_t i = 0; i < outcomes.size(); ++i)
      if (!outcomes[i].error.empty()) results_.trials[round.proposals[i]].error = outcomes[i].error;
    done_ += static_cast<double>(round.proposals.size()) * cycles_of(round.images);
    check_logits(round, scores);
    return least(round, scores);
  }

  deployment mapped_with(const mapping_proposal& proposal, unsigned images) const {
    mapping_options options = config_.mapping;
    options.on_progress = nullptr;
    options.chosen = std::make_shared<mapping>(proposal.assignment);
    deployment mapped = compile(net_.graph, config_.chip, options);
    set_images(mapped, images);
    return mapped;
  }

  /// Who takes longer is no winner. Cycles of a batch are no fewer than those of a few images.
  static double limit_of(std::vector<double> scores, std::size_t winners) {
    if (scores.size() < winners) return std::numeric_limits<double>::infinity();
    std::nth_element(scores.begin(), scores.begin() + static_cast<std::ptrdiff_t>(winners - 1), scores.end());
    return scores[winners - 1];
  }

  std::string best_so_far(const std::vector<double>& scores, const round_of& round) const {
    const auto best = std::min_element(scores.begin(), scores.end());
    if (*best == std::numeric_limits<double>::infinity()) return "none has ended yet";
    const mapping_trial& trial = results_.trials[round.proposals[static_cast<std::size_t>(best - scores.begin())]];
    return fmt::format("best so far {} cycles ({})", trial.figures.cycles, trial.name);
  }

  std::vector<unsigned> least(const round_of& round, const std::vector<double>& scores) const {
    std::vector<std::pair<double, std::size_t>> order;
    for (std::size_t i = 0; i < scores.size(); ++i) order.emplace_back(scores[i], i);
    std::sort(order.begin(), order.end());
    std::vector<unsigned> winners;
    for (const auto& [score, i] : order)
      if (winners.size() < round.winners && score < std::numeric_limits<double>::infinity())
        winners.push_back(round.proposals[i]);
    if (winners.empty())
      throw std::runtime_error("no mapping of policy 'best' could be simulated: " +
                               results_.trials[round.proposals[0]].error);
    return winners;
  }

  /// A mapping changes how long it takes, never what comes of it.
  void check_logits(const round_of& round, const std::vector<double>& scores) const {
    const mapping_trial* first = nullptr;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const mapping_trial& trial = results_.trials[round.proposals[i]];
      if (scores[i] == std::numeric_limits<double>::infinity()) continue;
      if (first == nullptr) first = &trial;
      if (trial.figures.results != first->figures.results)
        throw std::runtime_error(fmt::format("the mappings '{}' and '{}' of {} give different logits", first->name,
                                             trial.name, net_.graph.name));
    }
  }

  const experiment_config& config_;
  const network& net_;
  const std::vector<mapping_proposal>& proposals_;
  const mapping_objective objective_;
  std::optional<energy_coefficients> coefficients_;
  image_set images_;
  trial_results results_;
  progress meter_;
  double done_ = 0, to_do_ = 1;  // cycles
};

bool is_candidate(const mapping_trial& t) { return t.images != 0 && t.error.empty(); }

/// No worse in anything, and better in something.
bool beats(const mapping_trial& a, const mapping_trial& b) {
  const auto of = [](const mapping_trial& t) {
    return std::vector<double>{batch_cycles(t.figures, t.images), t.figures.image_cycles,
                               batch_joules(t.figures, t.images), static_cast<double>(t.clusters)};
  };
  const std::vector<double> x = of(a), y = of(b);
  return x != y && std::equal(x.begin(), x.end(), y.begin(), [](double p, double q) { return p <= q; });
}

}  // namespace

bool wants_trials(const experiment_config& config) {
  if (!config.mapping.file.empty() || config.mapping.policy != "best" || config.mapping.best.trials == 0) return false;
  for (unsigned c = 0; c < config.chip.clusters(); ++c)
    for (const core_model model : config.chip.core_models(c))
      if (model != core_model::iss) return false;
  return true;
}

trial_results try_mappings(const experiment_config& config, const network& net,
                           const std::vector<mapping_proposal>& proposals, bool quiet) {
  return trial_rounds(config, net, proposals, quiet).run();
}

std::string to_text(const trial_results& results) {
  json trials = json::array();
  for (const mapping_trial& t : results.trials)
    trials.push_back({t.name, t.clusters, t.expected_cycles, t.images, t.figures.cycles, t.figures.image_cycles,
                      t.figures.energy_j, t.figures.results, t.error});
  return json{{"chosen", results.chosen}, {"trials", trials}}.dump() + "\n";
}

std::optional<trial_results> trial_results_from(const std::string& text) {
  try {
    const json all = json::parse(text);
    trial_results results;
    results.chosen = all.at("chosen");
    for (const json& t : all.at("trials")) {
      mapping_trial& trial = results.trials.emplace_back();
      trial.name = t.at(0);
      trial.clusters = t.at(1);
      trial.expected_cycles = t.at(2);
      trial.images = t.at(3);
      trial.figures = {t.at(4), t.at(5), t.at(6), t.at(7)};
      trial.error = t.at(8);
    }
    if (results.chosen >= results.trials.size()) return {};
    return results;
  } catch (const json::exception&) {
    return {};
  }
}

std::string trial_table(const trial_results& results, bool pareto) {
  const bool energy = std::any_of(results.trials.begin(), results.trials.end(),
                                  [](const mapping_trial& t) { return t.figures.energy_j > 0; });
  std::string table = fmt::format("  {:<32} {:>8} {:>10} {:>7} {:>10} {:>13}{}\n", "mapping", "clusters", "expected",
                                  "images", "cycles", "cycles/image", energy ? "   mJ/batch" : "");
  for (std::size_t i = 0; i < results.trials.size(); ++i) {
    const mapping_trial& t = results.trials[i];
    if (pareto && (!is_candidate(t) ||
                   std::any_of(results.trials.begin(), results.trials.end(),
                               [&](const mapping_trial& other) { return is_candidate(other) && beats(other, t); })))
      continue;
    table += fmt::format("{} {:<32} {:>8} {:>10.0f} ", i == results.chosen ? '*' : ' ', t.name, t.clusters,
                         t.expected_cycles);
    if (!t.error.empty())
      table += t.error + "\n";
    else if (t.images == 0)
      table += "ended early: others were faster\n";
    else
      table += fmt::format("{:>7} {:>10} {:>13.0f}{}\n", t.images, t.figures.cycles, t.figures.image_cycles,
                           energy ? fmt::format(" {:>10.3f}", 1e3 * batch_joules(t.figures, t.images)) : "");
  }
  return table;
}

}  // namespace ohmic
