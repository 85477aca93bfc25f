#include "platform/experiment/trial_run.h"

#include <fmt/format.h>

#include <cstring>
#include <stdexcept>

#include "host/checksum.h"
#include "platform/energy/energy_report.h"
#include "platform/experiment/chip_loader.h"
#include "platform/experiment/figures.h"
#include "platform/experiment/locations.h"
#include "platform/experiment/report_files.h"
#include "platform/run/firmware.h"
#include "platform/run/program_run.h"
#include "sw/compiler/reference/work_sharing.h"

namespace ohmic {
namespace {

double cycles_between_images(const std::vector<std::optional<cycle_t>>& completions) {
  const std::size_t last = completions.size() - 1, from = last / 2;
  if (last == from) return static_cast<double>(completions[last].value());
  return static_cast<double>(completions[last].value() - completions[from].value()) / static_cast<double>(last - from);
}

/// What a process says of its trial.
struct message {
  cycle_t now = 0;
  bool ended = false;
  trial_figures figures;
};

}  // namespace

trial_figures run_trial(const experiment_config& config, const deployment& mapped, const image_set& images,
                        const std::optional<energy_coefficients>& coefficients,
                        const std::function<void(cycle_t)>& on_progress) {
  const firmware loaded(dataflow_firmware(), {}, config.chip, {});
  machine_options options;
  options.count_activity = coefficients.has_value();
  const auto chip = make_machine(config.chip, loaded.programs(), options);
  load_chip_memory(*chip, mapped, images);
  const auto count = static_cast<unsigned>(images.size());
  const hbm_layout& hbm = mapped.hbm;
  chip->watch_writes(hbm.results, hbm.results + std::uint64_t{hbm.results_stride} * count, hbm.results_stride);
  run_options run;
  run.on_progress = [&](cycle_t now) { on_progress(now - chip->marker(0).value_or(now)); };
  const run_end end = chip->run(run);
  run_figures figures = collect_figures(*chip, mapped, end, count);
  if (figures.code != exit_code::right) {
    const std::string why = describe_end(end, *chip);
    throw std::runtime_error(why.empty() ? fmt::format("its run ended with code {}", static_cast<int>(figures.code))
                                         : why);
  }
  trial_figures result;
  result.cycles = figures.cycles;
  result.image_cycles = cycles_between_images(figures.completions);
  std::string logits;
  for (const auto& image : read_logits(*chip, mapped, count))
    logits.append(reinterpret_cast<const char*>(image.data()), image.size() * sizeof(std::int32_t));
  result.results = crc32_of(logits);
  if (coefficients) {
    experiment_config of_trial = config;
    of_trial.images.count = count;
    const std::string summary = summary_json(figures, of_trial, mapped, {});
    const energy_report energy = evaluate_energy(read_activity(summary, "a trial"), *coefficients);
    result.energy_j = energy.total_j;
    result.other_reading_j =
        energy.total_j + energy.crossbars_fixed_j + energy.crossbars_in_use_j - 2 * energy.crossbars_j;
  }
  return result;
}

std::vector<child_outcome> run_trials(
    unsigned count, const experiment_config& config, const std::function<deployment(unsigned)>& mapped,
    const image_set& images, const std::optional<energy_coefficients>& coefficients,
    const std::function<bool(unsigned i, cycle_t now, const trial_figures* end)>& heard) {
  const auto work = [&](unsigned i, const std::function<void(const std::string&)>& tell) {
    const auto send = [&](const message& m) { tell(std::string(reinterpret_cast<const char*>(&m), sizeof m)); };
    const trial_figures figures =
        run_trial(config, mapped(i), images, coefficients, [&](cycle_t now) { send({now, false, {}}); });
    send({figures.cycles, true, figures});
  };
  const unsigned at_once = config.engine.threads == 0 ? usable_processors() : config.engine.threads;
  return run_in_children(count, at_once, work, [&](unsigned i, const std::string& bytes) {
    message m;
    std::memcpy(&m, bytes.data(), sizeof m);
    return heard(i, m.now, m.ended ? &m.figures : nullptr);
  });
}

}  // namespace ohmic
