#include "platform/experiment/hybrid_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <random>
#include <utility>

#include "host/console.h"
#include "host/distinct_files.h"
#include "host/output_file.h"
#include "host/output_folder.h"
#include "host/whole_file.h"
#include "platform/config/config_error.h"
#include "platform/experiment/choice_simulations.h"
#include "platform/experiment/choice_store.h"
#include "platform/experiment/evaluate_network.h"
#include "platform/experiment/fingerprint.h"
#include "platform/experiment/hybrid_report.h"
#include "platform/experiment/locations.h"
#include "platform/experiment/network.h"
#include "platform/experiment/retraining.h"
#include "platform/run/progress.h"
#include "sw/compiler/calibrate/calibrate.h"
#include "sw/compiler/images/labelled_data.h"
#include "sw/compiler/mapping/compile.h"
#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/policy/mapping_policy.h"
#include "sw/compiler/onnx/import_onnx.h"
#include "sw/compiler/reference/reference_executor.h"
#include "sw/compiler/reference/work_sharing.h"

namespace ohmic {
namespace {

/// Seeds of chips that judge are that far from those of the search.
constexpr std::uint64_t fresh_seeds = 1'000'000;
constexpr std::uint64_t order_seed = 1;
constexpr unsigned quick_evaluations = 50;  // of mappings of one choice

/// The data behind the first `skip`, shuffled: whoever sorts his by class must not get one class judged.
std::vector<std::size_t> shuffled(std::size_t size, std::size_t skip) {
  std::vector<std::size_t> order(size - skip);
  std::iota(order.begin(), order.end(), skip);
  std::mt19937_64 random(order_seed);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  return order;
}

/// A part of the shuffled data, and what the network without crossbars makes of it.
struct judged_part {
  std::size_t begin = 0, count = 0;
  std::vector<bool> right = {};  ///< which the float network (or, without one, int8 without ADCs) has right
  double reference = 0;          ///< their share
};

class hybrid_run {
 public:
  explicit hybrid_run(const hybrid_request& request)
      : request_(request),
        original_(std::make_shared<prepared_network>(prepare_network(
            request.model, request.calibration, request.config.input, request.config.chip.ima.rows,
            request.config.engine.threads, request.calibration_images, request.quiet, request.config.layers))),
        net_(*original_),
        data_(request.data, net_.graph),
        layers_(choosable_layers(net_.graph)) {
    if (net_.was_calibrated && request.calibration_given)
      throw config_error("--calibration: " + request.model + " is calibrated already");
    const layer_places& places = request.config.layers;
    if (!places.whole())
      throw config_error("layers: '" +
                         (places.splits.empty() ? places.rows.begin()->first : places.splits.begin()->first) +
                         "' is on crossbars and cores, and ohmic hybrid chooses whole layers");
    if (layers_.empty())
      throw config_error(request.model + ": there is nothing to choose: no layer of it is calibrated for crossbars");
    if (!request.retrain.empty()) {
      if (request.methods != std::vector<std::string>{"lionheart"})
        throw config_error("--retrain: allowed with --method lionheart, which converts one layer after the other");
      retrainer_.emplace(request.retrain);
    }
    report_.model =
        request.config.model_is_file ? std::filesystem::path(request.model).stem().string() : request.config.model;
    report_.layers = layers_;
    report_.with_float = net_.source != nullptr;
  }

  hybrid_report run() {
    judged_part search{0, images_to_judge(data_, request_.data, request_.skip, request_.images)};
    order_ = shuffled(data_.size(), request_.skip);
    judged_part fresh{search.count, std::min(request_.fresh_images, order_.size() - search.count)};
    report_.fresh_images_differ = fresh.count > 0;
    if (fresh.count == 0) fresh = search;
    find_reference(search);
    if (fresh.begin == search.begin)
      fresh = search;
    else
      find_reference(fresh);
    report_.search_images = search.count;
    report_.fresh_images = fresh.count;
    report_.reference = search.reference;
    report_.fresh_reference = fresh.reference;

    choose(search);
    if (request_.simulate) simulate();
    judge(fresh);
    return std::move(report_);
  }

  /// The network of a row, calibrated: `ohmic run EXPERIMENT --model FILE` runs it.
  std::string network_of(const hybrid_row& row) const {
    const prepared_network& net = net_of(row);
    return calibrated_bytes_of(net.bytes, request_.model, graph_of(net.graph, layers_, row.choice));
  }

 private:
  const prepared_network& net_of(const hybrid_row& row) const { return row.net ? *row.net : net_; }

  judged_images images_of(const judged_part& part, float scale) const {
    return {part.count, [this, part, scale](std::size_t i) { return data_.quantised(order_[part.begin + i], scale); },
            [this, part](std::size_t i) { return data_.labels[order_[part.begin + i]]; }};
  }

  /// Answers of a network with such devices; the draws' seeds follow that of the options.
  retrained_accuracy::judge judge_of(const prepared_network& net, const judged_part& part,
                                     const pcm::pcm_options& options, const std::string& what) const {
    auto evaluator = std::make_unique<choice_evaluator>(net.graph, request_.config.chip.ima.columns, options,
                                                        request_.config.engine.threads);
    auto store = std::make_unique<choice_store>(*evaluator, images_of(part, net.graph.input().scale), part.right,
                                                key_of(net, part, options), what, request_.quiet);
    return {std::move(evaluator), std::move(store)};
  }

  void find_reference(judged_part& part) const {
    std::vector<char> right(part.count);
    std::optional<reference_executor> exact;
    if (!net_.source) exact.emplace(net_.graph, reference_mode::exact);
    progress meter(net_.source ? "float network" : "int8 without ADC", request_.quiet);
    share_work(
        part.count, request_.config.engine.threads,
        [&](std::size_t i) {
          const std::size_t at = order_[part.begin + i];
          const int found =
              net_.source ? class_of(net_.source->logits(data_.real(at)))
                          : class_of_sums(net_.graph, exact->run(data_.quantised(at, net_.graph.input().scale)).logits);
          right[i] = found == data_.labels[at] ? 1 : 0;
        },
        [&](std::size_t done) {
          meter.update(static_cast<double>(done), static_cast<double>(part.count),
                       fmt::format("{} of {} images", done, part.count));
        });
    part.right.assign(right.begin(), right.end());
    part.reference = static_cast<double>(std::count(right.begin(), right.end(), 1)) / static_cast<double>(part.count);
  }

  /// Everything that accuracies of choices depend on, but draw and choice.
  std::string key_of(const prepared_network& net, const judged_part& part, const pcm::pcm_options& options) const {
    fingerprint key;
    key.add(tool_hash()).add(&net == &net_ ? calibrated_ : net.bytes).add(pcm::to_text(options)).add(options.seed);
    key.add(request_.config.chip.ima.rows).add(request_.config.chip.ima.columns).add(part.count);
    for (std::size_t i = 0; i < part.count; ++i) {
      key.add(data_.labels[order_[part.begin + i]]);
      key.add(data_.quantised(order_[part.begin + i], net.graph.input().scale).data);
    }
    return key.digits();
  }

  void choose(const judged_part& part) {
    const retrained_accuracy::judge as_it_was = judge_of(net_, part, request_.analog, "choosing layers");
    choice_store& store = *as_it_was.store;
    hybrid_problem problem;
    problem.layers = layers_;
    problem.reference = part.reference;
    problem.draws = request_.draws;
    problem.confidence = request_.confidence;
    problem.ties = request_.ties;
    problem.accuracy = &store;
    problem.time = [&](const layer_choice& choice) { return expected_cycles(choice); };
    for (const std::string& method : request_.methods)
      for (const double threshold : request_.thresholds) {
        const auto& all = hybrid_policies();
        const auto policy = std::find_if(all.begin(), all.end(), [&](const auto& p) { return p.name == method; });
        problem.threshold = threshold;
        problem.known.clear();
        for (const hybrid_row& earlier : report_.rows)
          if (earlier.method == method && earlier.holds && earlier.threshold < threshold) {
            problem.known.push_back(earlier.choice);
            for (const hybrid_step& other : earlier.alternatives) problem.known.push_back(other.choice);
          }
        hybrid_row row;
        row.method = method;
        row.threshold = threshold;
        const std::size_t before = store.evaluations();
        std::optional<retrained_accuracy> retrained;
        if (retrainer_) {
          retrained.emplace(*retrainer_, original_, layers_, problem, [&](const prepared_network& net) {
            return judge_of(net, part, request_.analog, "choosing layers");
          });
          problem.accuracy = &*retrained;
        }
        const hybrid_result found = policy->search(problem);
        row.choice = found.choice;
        row.search = found.accuracy;
        row.holds = found.holds;
        row.choices = found.steps.size();
        row.alternatives = found.alternatives;
        row.evaluations = store.evaluations() - before;
        if (retrained) {
          row.net = retrained->network_of(row.choice);
          row.evaluations = retrained->evaluations();
          report_.evaluations += row.evaluations;
          report_.evaluation_seconds += retrained->seconds();
        }
        report_.rows.push_back(row);
      }
    hybrid_row cores;
    cores.method = "all on cores";
    cores.choice.assign(layers_.size(), false);
    cores.search = store.accuracies({cores.choice}, 1)[0];
    report_.rows.push_back(cores);
    hybrid_row crossbars = cores;
    crossbars.method = "all on crossbars";
    crossbars.choice.assign(layers_.size(), true);
    crossbars.search = store.accuracies({crossbars.choice}, request_.draws)[0];
    report_.rows.push_back(crossbars);
    for (hybrid_row& row : report_.rows) row.expected_cycles = expected_cycles(row.choice);
    report_.evaluations += store.evaluations();
    report_.evaluation_seconds += store.seconds();
  }

  void judge(const judged_part& part) {
    pcm::pcm_options options = request_.analog;
    options.seed += fresh_seeds;
    std::map<const prepared_network*, std::vector<std::size_t>> rows_of;  // judged together: they share their work
    for (std::size_t r = 0; r < report_.rows.size(); ++r) rows_of[&net_of(report_.rows[r])].push_back(r);
    for (const auto& [net, rows] : rows_of) {
      const retrained_accuracy::judge by = judge_of(*net, part, options, "judging choices");
      std::vector<layer_choice> choices;
      for (const std::size_t r : rows) choices.push_back(report_.rows[r].choice);
      const std::vector<drawn_accuracy> found = by.store->accuracies(choices, request_.fresh_draws);
      for (std::size_t i = 0; i < rows.size(); ++i) report_.rows[rows[i]].fresh = found[i];
      report_.evaluations += by.store->evaluations();
      report_.evaluation_seconds += by.store->seconds();
    }
  }

  /// Of a batch, by the cost model; infinity: it cannot be mapped. Policy `best` searches less, and without trials.
  double expected_cycles(const layer_choice& choice) {
    const auto known = times_.find(choice);
    if (known != times_.end()) return known->second;
    mapping_options options = request_.config.mapping;
    options.best.evaluations = std::min(options.best.evaluations, quick_evaluations);
    options.best.trials = 0;
    double cycles = std::numeric_limits<double>::infinity();
    try {
      cycles = compile(graph_of(net_.graph, layers_, choice), request_.config.chip, options)
                   .expected.of(static_cast<unsigned>(images_of_batch));
    } catch (const mapping_error& error) {
      report_.unmappable = error.what();
    }
    return times_[choice] = cycles;
  }

  void simulate() {
    using candidate = std::pair<const prepared_network*, layer_choice>;
    std::vector<candidate> candidates;
    const auto add = [&](const candidate& one) {
      if (std::isfinite(expected_cycles(one.second)) &&
          std::find(candidates.begin(), candidates.end(), one) == candidates.end())
        candidates.push_back(one);
    };
    for (const hybrid_row& row : report_.rows) {
      add({&net_of(row), row.choice});
      for (const hybrid_step& other : row.alternatives) add({&net_of(row), other.choice});
    }
    image_set images;
    const auto batch = std::min(static_cast<std::size_t>(images_of_batch), order_.size());
    for (std::size_t i = 0; i < batch; ++i) images.maps.push_back(data_.quantised(order_[i], net_.graph.input().scale));
    std::vector<network> networks;
    for (const auto& [net, choice] : candidates) {
      network& n = networks.emplace_back();
      n.graph = graph_of(net->graph, layers_, choice);
      n.file = request_.model;
      n.hash = fingerprint().add(net == &net_ ? calibrated_ : net->bytes).add(to_digits(choice)).digits();
    }
    const std::vector<simulated_choice> found = simulate_networks(request_.config, networks, images, request_.quiet);
    std::map<candidate, simulated_choice> of;
    for (std::size_t c = 0; c < candidates.size(); ++c) {
      of[candidates[c]] = found[c];
      report_.simulations_right = report_.simulations_right && found[c].error.empty();
    }
    for (hybrid_row& row : report_.rows) {
      const prepared_network* const net = &net_of(row);
      if (of.count({net, row.choice}) == 0) continue;
      row.simulated = of[{net, row.choice}];
      for (const hybrid_step& other : row.alternatives) {
        const auto known = of.find({net, other.choice});
        if (known == of.end() || !known->second.error.empty()) continue;
        if (row.simulated->error.empty() && row.simulated->figures.cycles <= known->second.figures.cycles) continue;
        row.choice = other.choice;
        row.search = other.accuracy;
        row.simulated = known->second;
        row.expected_cycles = expected_cycles(other.choice);
      }
    }
    report_.simulated_images = static_cast<unsigned>(batch);
  }

  const hybrid_request& request_;
  const std::shared_ptr<const prepared_network> original_;
  const prepared_network& net_;
  const labelled_data data_;
  const std::string calibrated_ = calibrated_bytes_of(net_.bytes, request_.model, net_.graph);  // the file
  const std::vector<choosable_layer> layers_;
  std::optional<retrainer> retrainer_;
  std::vector<std::size_t> order_;
  std::map<layer_choice, double> times_;
  hybrid_report report_;
};

std::string file_name(const hybrid_row& row) { return fmt::format("{}_{:g}", row.method, 100 * row.threshold); }

}  // namespace

exit_code choose_layers(const hybrid_request& request) {
  std::vector<named_file> outputs;
  std::vector<std::string> files;
  if (!request.out.empty())
    for (const std::string& method : request.methods)
      for (const double threshold : request.thresholds)
        for (const char* kind : {".onnx", ".yaml"}) {
          hybrid_row row;
          row.method = method;
          row.threshold = threshold;
          files.push_back(file_name(row) + kind);
          outputs.push_back({"--out", request.out + "/" + files.back()});
        }
  if (!request.json.empty()) outputs.push_back({"--json", request.json});
  std::vector<named_file> inputs = request.config.inputs;
  inputs.insert(inputs.end(),
                {{"the model", request.model}, {"--data", request.data}, {"--calibration", request.calibration}});
  check_outputs_differ(outputs, inputs);
  if (!request.json.empty()) check_file_can_be_written(request.json);
  std::optional<output_folder> folder;
  if (!request.out.empty()) folder.emplace(request.out, files);

  hybrid_run run(request);
  const hybrid_report report = run.run();
  if (folder) {
    folder->create();
    for (const hybrid_row& row : report.rows) {
      if (row.threshold == 0) continue;  // for comparison only
      const std::string name = request.out + "/" + file_name(row);
      write_whole_file(name + ".onnx", run.network_of(row));
      write_whole_file(name + ".yaml", layers_yaml(report, row));
    }
  }
  if (!request.quiet) print(hybrid_table(report, request));
  if (!request.json.empty()) write_whole_file(request.json, hybrid_json(report, request));
  return report.simulations_right ? exit_code::right : exit_code::outputs_differ;
}

}  // namespace ohmic
