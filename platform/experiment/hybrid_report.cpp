#include "platform/experiment/hybrid_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "platform/experiment/hybrid_network.h"

namespace ohmic {
namespace {

using json = nlohmann::json;

double loss_points(double reference, const drawn_accuracy& a) { return 100 * (reference - a.mean()); }

std::size_t on_crossbars(const hybrid_row& row) {
  return row.choice.size() - static_cast<std::size_t>(std::count(row.choice.begin(), row.choice.end(), 0));
}

/// A value of the key `layers` of an experiment.
std::string place_of(unsigned copies) {
  return copies == 0 ? "digital" : copies == 1 ? "analog" : fmt::format("analog_x{}", copies);
}

const hybrid_row& all_on_cores(const hybrid_report& report) { return report.rows[report.rows.size() - 2]; }

bool is_simulated(const hybrid_row& row) { return row.simulated && row.simulated->error.empty(); }

/// "1 h", "1.5 d", "90 s": in the largest unit that it has one of.
std::string readable_time(double seconds) {
  for (const auto& [unit, length] : {std::pair{"y", 31536000.0}, {"d", 86400.0}, {"h", 3600.0}, {"min", 60.0}})
    if (seconds >= length) return fmt::format("{:.4g} {}", seconds / length, unit);
  return fmt::format("{:.4g} s", seconds);
}

/// As the key analog.compensation says it.
const char* name_of(pcm::drift_compensation how) {
  switch (how) {
    case pcm::drift_compensation::none:
      return "none";
    case pcm::drift_compensation::global:
      return "global";
    case pcm::drift_compensation::per_column:
      return "per_column";
    case pcm::drift_compensation::exact:
      return "exact";
  }
  return "";
}

json to_json(double reference, const drawn_accuracy& a) {
  return {{"accuracy", a.mean()},
          {"deviation", a.deviation()},
          {"loss_points", loss_points(reference, a)},
          {"half_interval_95_points", 100 * a.half_interval_of_loss()},
          {"image_error_points", 100 * a.image_error},
          {"draws", a.shares}};
}

}  // namespace

std::vector<bool> pareto_front(const hybrid_report& report) {
  const auto figures = [](const hybrid_row& row) {
    const trial_figures& f = row.simulated->figures;
    return std::vector<double>{-row.fresh.mean(), static_cast<double>(f.cycles), f.image_cycles, f.energy_j};
  };
  std::vector<bool> front;
  for (const hybrid_row& row : report.rows)
    front.push_back(is_simulated(row) &&
                    std::none_of(report.rows.begin(), report.rows.end(), [&](const hybrid_row& other) {
                      if (!is_simulated(other)) return false;
                      const auto x = figures(other), y = figures(row);
                      return x != y && std::equal(x.begin(), x.end(), y.begin(), std::less_equal<>());
                    }));
  return front;
}

std::string hybrid_table(const hybrid_report& report, const hybrid_request& request) {
  std::int64_t macs = 0;
  for (const choosable_layer& layer : report.layers) macs += layer.macs;
  std::string text = fmt::format(
      "{} on {}: {} layers of {:.1f} million MACs may run on crossbars; {} after programming, drift compensation: {}\n"
      "{} {:.2f} % right on {} images of the search, {:.2f} % on {} {}\n\n",
      report.model, request.config.chip.name, report.layers.size(), static_cast<double>(macs) / 1e6,
      readable_time(request.analog.time_s), name_of(request.analog.compensation),
      report.with_float ? "float network:" : "int8 without ADC:", 100 * report.reference, report.search_images,
      100 * report.fresh_reference, report.fresh_images,
      report.fresh_images_differ ? "others" : "(the same ones: there are no others)");
  const bool simulated = std::any_of(report.rows.begin(), report.rows.end(), is_simulated);
  const bool energy =
      simulated && is_simulated(all_on_cores(report)) && all_on_cores(report).simulated->figures.energy_j > 0;
  text += fmt::format("  {:<17}{:>9} {:>9} {:>7} {:>12} {:>19} {:>14}{}{}\n", "method", "threshold", "crossbars",
                      "MACs", "loss, search", "loss, fresh (95 %)", "expected",
                      simulated ? fmt::format(" {:>12} {:>8} {:>9}", "cycles", "faster", "clusters") : "",
                      energy ? fmt::format(" {:>9} {:>6}", "mJ/batch", "less") : "");
  const std::vector<bool> front = pareto_front(report);
  for (std::size_t r = 0; r < report.rows.size(); ++r) {
    const hybrid_row& row = report.rows[r];
    text += fmt::format("{} {:<17}{:>9} {:>6}/{:<2} {:>5.1f} % {:>12.2f} {:>19}", front[r] ? '*' : ' ', row.method,
                        row.threshold > 0 ? fmt::format("{:g} %{}", 100 * row.threshold, row.holds ? "" : "!") : "",
                        on_crossbars(row), row.choice.size(), 100 * analog_share(report.layers, row.choice),
                        loss_points(report.reference, row.search),
                        fmt::format("{:.2f} +- {:.2f}", loss_points(report.fresh_reference, row.fresh),
                                    100 * row.fresh.half_interval_of_loss()));
    text += std::isfinite(row.expected_cycles) ? fmt::format(" {:>14.0f}", row.expected_cycles)
                                               : fmt::format(" {:>14}", "does not fit");
    if (is_simulated(row)) {
      const trial_figures& f = row.simulated->figures;
      const auto gain = [&](double of_cores, double mine) {
        return is_simulated(all_on_cores(report)) && mine > 0 ? fmt::format("{:.2f}x", of_cores / mine) : "";
      };
      const trial_figures& cores =
          is_simulated(all_on_cores(report)) ? all_on_cores(report).simulated->figures : row.simulated->figures;
      text +=
          fmt::format(" {:>12} {:>8} {:>9}", f.cycles,
                      gain(static_cast<double>(cores.cycles), static_cast<double>(f.cycles)), row.simulated->clusters);
      if (energy) text += fmt::format(" {:>9.4f} {:>6}", 1e3 * f.energy_j, gain(cores.energy_j, f.energy_j));
    } else if (row.simulated) {
      text += " " + row.simulated->error;
    }
    text += "\n";
  }
  text += fmt::format(
      "\nLosses in points of accuracy; fresh: on {} chips and {} images that nothing was chosen by.{}{}\n",
      request.fresh_draws, report.fresh_images, simulated ? " *: no other row is better in everything." : "",
      std::any_of(report.rows.begin(), report.rows.end(),
                  [](const hybrid_row& row) { return row.threshold > 0 && !row.holds; })
          ? fmt::format(" !: no choice was found that holds the threshold (ohmic: with {:g} % confidence).",
                        100 * request.confidence)
          : "");
  if (!report.unmappable.empty()) text += fmt::format("Some choices do not fit the chip: {}\n", report.unmappable);
  if (!report.simulations_right) text += "A simulation failed, or its logits differ from the integer reference.\n";
  text += "\nlayers on crossbars (#; a digit: so many copies of them), in the network's order:\n";
  for (const hybrid_row& row : report.rows) {
    if (row.threshold == 0) continue;
    std::string strip;
    for (const unsigned copies : row.choice) strip += copies > 1 ? std::to_string(copies) : copies == 1 ? "#" : ".";
    text += fmt::format("  {:<13}{:>6} {}\n", row.method, fmt::format("{:g} %", 100 * row.threshold), strip);
  }
  if (report.evaluations > 0)
    text += fmt::format("{} networks evaluated, {:.0f} per second\n", report.evaluations,
                        static_cast<double>(report.evaluations) / std::max(report.evaluation_seconds, 1e-9));
  return text;
}

std::string hybrid_json(const hybrid_report& report, const hybrid_request& request) {
  json layers = json::array(), rows = json::array();
  for (const choosable_layer& layer : report.layers) layers.push_back({{"name", layer.name}, {"macs", layer.macs}});
  const std::vector<bool> front = pareto_front(report);
  for (std::size_t r = 0; r < report.rows.size(); ++r) {
    const hybrid_row& row = report.rows[r];
    json choice = json::object();
    for (std::size_t l = 0; l < report.layers.size(); ++l) choice[report.layers[l].name] = place_of(row.choice[l]);
    json entry{{"method", row.method},
               {"layers", choice},
               {"layers_on_crossbars", on_crossbars(row)},
               {"analog_mac_share", analog_share(report.layers, row.choice)},
               {"search", to_json(report.reference, row.search)},
               {"fresh", to_json(report.fresh_reference, row.fresh)}};
    if (row.threshold > 0) {
      entry["threshold_points"] = 100 * row.threshold;
      entry["holds"] = row.holds;
      entry["choices_looked_at"] = row.choices;
      entry["evaluations"] = row.evaluations;
    }
    if (std::isfinite(row.expected_cycles)) entry["expected_cycles"] = row.expected_cycles;
    if (is_simulated(row)) {
      const trial_figures& f = row.simulated->figures;
      entry["simulated"] = {{"cycles", f.cycles},
                            {"cycles_between_images", f.image_cycles},
                            {"clusters", row.simulated->clusters},
                            {"pareto", static_cast<bool>(front[r])}};
      if (f.energy_j > 0) entry["simulated"]["energy_j"] = f.energy_j;
      if (f.energy_j > 0) entry["simulated"]["energy_other_reading_j"] = f.other_reading_j;
    } else if (row.simulated) {
      entry["error"] = row.simulated->error;
    }
    rows.push_back(std::move(entry));
  }
  return json{{"model", report.model},
              {"chip", request.config.chip.name},
              {"policy", request.config.mapping.policy},
              {"layers", layers},
              {"time_s", request.analog.time_s},
              {"confidence", request.confidence},
              {"compensation", name_of(request.analog.compensation)},
              {"analog", pcm::to_text(request.analog)},
              {"seed", request.analog.seed},
              {"reference", report.with_float ? "float" : "int8"},
              {"search_images", report.search_images},
              {"fresh_images", report.fresh_images},
              {"fresh_images_differ", report.fresh_images_differ},
              {"reference_accuracy", report.reference},
              {"fresh_reference_accuracy", report.fresh_reference},
              {"images_simulated", report.simulated_images},
              {"evaluations", report.evaluations},
              {"evaluation_seconds", report.evaluation_seconds},
              {"rows", rows}}
             .dump(2) +
         "\n";
}

std::string layers_yaml(const hybrid_report& report, const hybrid_row& row) {
  std::string text =
      fmt::format("# {} of {}: loss at most {:g} points\nlayers:\n", row.method, report.model, 100 * row.threshold);
  for (std::size_t l = 0; l < report.layers.size(); ++l)
    text += fmt::format("  {}: {}\n", json(report.layers[l].name).dump(), place_of(row.choice[l]));
  return text;
}

}  // namespace ohmic
