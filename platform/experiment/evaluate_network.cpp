#include "platform/experiment/evaluate_network.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "host/console.h"
#include "host/distinct_files.h"
#include "host/output_file.h"
#include "host/whole_file.h"
#include "platform/config/config_error.h"
#include "platform/experiment/network.h"
#include "platform/run/progress.h"
#include "sw/compiler/hybrid/drawn_accuracy.h"
#include "sw/compiler/reference/analog_chip.h"
#include "sw/compiler/reference/mvm_errors.h"
#include "sw/compiler/reference/reference_executor.h"
#include "sw/compiler/reference/work_sharing.h"

namespace ohmic {
namespace {

using json = nlohmann::json;

template <class number>
int greatest_of(const std::vector<number>& values) {
  return static_cast<int>(std::max_element(values.begin(), values.end()) - values.begin());
}

std::string class_name(const integer_graph& graph, std::size_t c) {
  return c < graph.labels.size() ? graph.labels[c] : fmt::format("class {}", c);
}

json to_json(const accuracy& a) {
  const confidence_interval i = interval_of(a);
  return {{"accuracy", a.share()}, {"interval_95", {i.least, i.greatest}}, {"right", a.right}, {"images", a.images}};
}

/// Accuracies so long after programming.
struct accuracy_at {
  double time_s = 0;
  drawn_accuracy accuracy;
  std::vector<mvm_error> errors;  // of the first chip
  // What compensation's gains are off by from the exact ones, as shares, over all crossbars of all chips.
  std::size_t gains = 0;
  double worst_gain_error = 0, mean_gain_error = 0;
  void add_gains(const std::vector<crossbar_calibration>& calibrations) {
    for (const crossbar_calibration& c : calibrations) {
      const double error = std::fabs(c.gain() / c.exact_gain - 1);
      worst_gain_error = std::max(worst_gain_error, error);
      mean_gain_error += (error - mean_gain_error) / static_cast<double>(++gains);
    }
  }
};

constexpr std::size_t images_of_errors = 8;

std::string row(const std::string& name, const accuracy& a, const accuracy* before) {
  const confidence_interval i = interval_of(a);
  std::string text =
      fmt::format("{:<22}{:8.2f} %   {:.2f} .. {:.2f} %", name, 100 * a.share(), 100 * i.least, 100 * i.greatest);
  if (before != nullptr) text += fmt::format("   {:+.2f} points", 100 * (a.share() - before->share()));
  return text + "\n";
}

/// Of nothing there is no share.
std::string percent(const accuracy& a) { return a.images == 0 ? "-" : fmt::format("{:.1f}%", 100 * a.share()); }

}  // namespace

int class_of(const std::vector<std::int32_t>& logits) { return greatest_of(logits); }
int class_of(const std::vector<float>& logits) { return greatest_of(logits); }

int class_of_sums(const integer_graph& graph, const std::vector<std::int32_t>& sums) {
  std::vector<double> real;
  for (std::size_t c = 0; c < sums.size(); ++c)
    real.push_back(double{graph.nodes.back().layer().weight_scale[c]} * sums[c]);
  return greatest_of(real);
}

std::size_t images_to_judge(const labelled_data& data, const std::string& path, std::size_t skip, std::size_t images) {
  if (skip >= data.size()) throw config_error(fmt::format("--skip {}: {} holds {} samples", skip, path, data.size()));
  const std::size_t there = data.size() - skip;
  if (images > there)
    throw config_error(fmt::format("--images {}: {} holds {} samples{}", images, path, there,
                                   skip != 0 ? " behind those skipped" : ""));
  return images == 0 ? there : images;
}

confidence_interval interval_of(const accuracy& a) {
  if (a.images == 0) return {0, 1};
  const double z = 1.959964, n = static_cast<double>(a.images), p = a.share();
  const double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

void evaluate_network(const evaluation_request& request) {
  if (!request.json.empty()) {
    std::vector<named_file> inputs = request.inputs;
    inputs.insert(inputs.end(),
                  {{"the model", request.model}, {"--data", request.data}, {"--calibration", request.calibration}});
    check_outputs_differ({{"--json", request.json}}, inputs);
    check_file_can_be_written(request.json);
  }
  const prepared_network net =
      prepare_network(request.model, request.calibration, request.input, request.rows, request.threads,
                      request.calibration_images, request.quiet, request.layers);
  if (net.was_calibrated && request.calibration_given)
    throw config_error("--calibration: " + request.model + " is calibrated already");
  const unsigned rows = request.rows_given ? request.rows : static_cast<unsigned>(net.graph.rows);
  if (rows < static_cast<unsigned>(net.graph.rows))
    throw config_error(fmt::format("{} was calibrated for crossbars of {} rows, and these have {}", request.model,
                                   net.graph.rows, rows));
  const labelled_data data(request.data, net.graph);
  const std::size_t count = images_to_judge(data, request.data, request.skip, request.images);

  const bool with_float = net.source && !request.only_adc, with_exact = !request.only_adc;
  std::vector<int> of_float(with_float ? count : 0), of_exact(with_exact ? count : 0), found(count);
  const float scale = net.graph.input().scale;
  // Spread evenly over the data, which may be sorted by class.
  const auto sample = [&](std::size_t i) { return request.skip + i * (data.size() - request.skip) / count; };
  const auto input = [&](std::size_t i) { return data.quantised(sample(i), scale); };
  const auto timed = [&](const std::string& what, const std::function<void(std::size_t)>& work) {
    progress meter(what, request.quiet);
    const auto begin = std::chrono::steady_clock::now();
    share_work(count, request.threads, work, [&](std::size_t done) {
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      meter.update(
          static_cast<double>(done), static_cast<double>(count),
          fmt::format("{} of {} images, {} left", done, count,
                      readable_seconds(seconds / static_cast<double>(done) * static_cast<double>(count - done))));
    });
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  const reference_executor adc(net.graph, reference_mode::adc);
  const double seconds =
      timed("integer reference", [&](std::size_t i) { found[i] = class_of(adc.run(input(i)).logits); });
  if (with_exact) {
    const reference_executor exact(net.graph, reference_mode::exact);
    timed("int8 without ADC",
          [&](std::size_t i) { of_exact[i] = class_of_sums(net.graph, exact.run(input(i)).logits); });
  }
  if (with_float)
    timed("float network", [&](std::size_t i) { of_float[i] = class_of(net.source->logits(data.real(sample(i)))); });

  std::vector<accuracy_at> drawn;
  double analog_seconds = 0;
  for (const double time : request.times_s) {
    accuracy_at& at = drawn.emplace_back();
    at.time_s = time;
    pcm::pcm_options options = request.analog;
    options.time_s = time;
    if (!request.json.empty()) {
      std::vector<feature_map> few;
      for (std::size_t i = 0; i < std::min(count, images_of_errors); ++i) few.push_back(input(i));
      at.errors = mvm_errors(net.graph, request.columns, options, few, request.threads);
    }
    for (unsigned draw = 0; draw < request.draws; ++draw) {
      options.seed = request.analog.seed + draw;
      const analog_chip chip(net.graph, crossbars_without_mapping(net.graph, request.columns), rows, request.columns,
                             options, request.threads);
      at.add_gains(chip.calibrations());
      const reference_executor noisy(net.graph, reference_mode::adc, &chip);
      std::vector<int> answers(count);
      analog_seconds += timed(
          fmt::format("{} after programming, chip {} of {}", readable_seconds(time), draw + 1, request.draws),
          [&](std::size_t i) { answers[i] = class_of(noisy.run(input(i), false, static_cast<unsigned>(i)).logits); });
      std::size_t right = 0;
      for (std::size_t i = 0; i < count; ++i) right += answers[i] == data.labels[sample(i)] ? 1 : 0;
      at.accuracy.shares.push_back(static_cast<double>(right) / static_cast<double>(count));
    }
  }

  const auto classes = static_cast<std::size_t>(net.graph.output().channels);
  std::vector<std::vector<std::size_t>> confusion(classes, std::vector<std::size_t>(classes, 0));
  const auto count_right = [&](const std::vector<int>& answers) {
    accuracy a{0, answers.size()};
    for (std::size_t i = 0; i < answers.size(); ++i) a.right += answers[i] == data.labels[sample(i)] ? 1 : 0;
    return a;
  };
  for (std::size_t i = 0; i < count; ++i)
    ++confusion[static_cast<std::size_t>(data.labels[sample(i)])][static_cast<std::size_t>(found[i])];
  const accuracy right = count_right(found), right_exact = count_right(of_exact), right_float = count_right(of_float);
  const double analog_rate = static_cast<double>(count * request.draws * drawn.size()) / std::max(analog_seconds, 1e-9);
  const double rate = seconds > 0 ? static_cast<double>(count) / seconds : 0;

  if (!request.quiet) {
    std::string text = fmt::format("{}: {} images, {} classes, {:.0f} images/s\n{:<22}{:>10}   {}\n", request.model,
                                   count, classes, rate, "", "accuracy", "95 % interval");
    if (with_float) text += row("float", right_float, nullptr);
    if (with_exact) text += row("int8", right_exact, with_float ? &right_float : nullptr);
    text += row("int8 and ADC", right, with_exact ? &right_exact : nullptr);
    if (with_float) text += fmt::format("loss of both: {:.2f} points\n", 100 * (right_float.share() - right.share()));
    if (!drawn.empty())
      text += fmt::format(
          "\nphase-change memory, {} chips per time, {:.0f} images/s\n{:<22}{:>10}   95 % of the mean      "
          "deviation    worst .. best\n",
          request.draws, analog_rate, "after", "accuracy");
    for (const accuracy_at& at : drawn) {
      const drawn_accuracy& d = at.accuracy;
      const auto [worst, best] = std::minmax_element(d.shares.begin(), d.shares.end());
      text += fmt::format("{:<22}{:8.2f} %   {:.2f} .. {:.2f} %   {:8.2f} points   {:.2f} .. {:.2f} %\n",
                          fmt::format("{} s", at.time_s), 100 * d.mean(), 100 * (d.mean() - d.half_interval()),
                          100 * (d.mean() + d.half_interval()), 100 * d.deviation(), 100 * *worst, 100 * *best);
    }
    for (const accuracy_at& at : drawn)
      if (at.gains > 0)
        text += fmt::format("after {} s the gains of {} crossbars are off by {:.2f} % in the mean, {:.2f} % at most\n",
                            at.time_s, at.gains, 100 * at.mean_gain_error, 100 * at.worst_gain_error);
    if (classes <= 100) {
      text +=
          fmt::format("\n{:<22}{:>8} {:>8} {:>9}  most often taken for\n", "class", "images", "recall", "precision");
      for (std::size_t c = 0; c < classes; ++c) {
        accuracy recall{confusion[c][c], 0}, precision{confusion[c][c], 0};
        std::size_t other = c;
        for (std::size_t k = 0; k < classes; ++k) {
          recall.images += confusion[c][k];
          precision.images += confusion[k][c];
          if (k != c && confusion[c][k] > (other == c ? 0 : confusion[c][other])) other = k;
        }
        text +=
            fmt::format("{:<22}{:>8} {:>8} {:>9}  {}\n", class_name(net.graph, c), recall.images, percent(recall),
                        percent(precision),
                        other == c ? "" : fmt::format("{} ({})", class_name(net.graph, other), confusion[c][other]));
      }
    }
    print(text);
  }
  if (request.json.empty()) return;
  json names = json::array(), digital = json::array();
  for (const graph_node& node : net.graph.nodes)
    if (node.has_layer() && node.layer().digital) digital.push_back(node.name);
  for (std::size_t c = 0; c < classes; ++c) names.push_back(class_name(net.graph, c));
  json report{{"model", request.model},
              {"data", request.data},
              {"images", count},
              {"skipped", request.skip},
              {"int8_adc", to_json(right)},
              {"images_per_s", rate},
              {"confusion", confusion},
              {"classes", names},
              {"rows", net.graph.rows},
              {"digital_layers", digital},
              {"calibration_images", net.graph.calibration_images}};
  if (with_exact) {
    report["int8"] = to_json(right_exact);
    report["loss_adc_points"] = 100 * (right_exact.share() - right.share());
  }
  if (with_float) {
    report["float"] = to_json(right_float);
    report["loss_int8_points"] = 100 * (right_float.share() - right_exact.share());
    report["loss_points"] = 100 * (right_float.share() - right.share());
  }
  if (!drawn.empty()) {
    json times = json::array();
    for (const accuracy_at& at : drawn) {
      const drawn_accuracy& d = at.accuracy;
      json layers = json::array();
      for (const mvm_error& e : at.errors)
        layers.push_back({{"layer", e.layer},
                          {"row_sets", e.row_sets},
                          {"values", e.values},
                          {"mean", e.mean},
                          {"deviation", e.deviation},
                          {"first", -mvm_error::most},
                          {"histogram", e.histogram}});
      times.push_back({{"time_s", at.time_s},
                       {"accuracy", d.mean()},
                       {"deviation", d.deviation()},
                       {"interval_95", {d.mean() - d.half_interval(), d.mean() + d.half_interval()}},
                       {"draws", d.shares},
                       {"mvm_errors", layers}});
      if (at.gains > 0)
        times.back()["gain_error"] = {
            {"crossbars", at.gains}, {"mean", at.mean_gain_error}, {"worst", at.worst_gain_error}};
    }
    report["analog"] = {{"options", pcm::to_text(request.analog)},
                        {"seed", request.analog.seed},
                        {"evaluations_per_s", analog_rate},
                        {"times", times}};
  }
  write_whole_file(request.json, report.dump(2) + "\n");
}

}  // namespace ohmic
