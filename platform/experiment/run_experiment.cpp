#include "platform/experiment/run_experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <set>

#include "host/attempt.h"
#include "host/console.h"
#include "host/output_folder.h"
#include "host/whole_file.h"
#include "platform/config/config_error.h"
#include "platform/energy/energy_report.h"
#include "platform/experiment/figures.h"
#include "platform/experiment/fingerprint.h"
#include "platform/experiment/golden.h"
#include "platform/experiment/image_set.h"
#include "platform/experiment/layer_check.h"
#include "platform/experiment/locations.h"
#include "platform/experiment/mapped_network.h"
#include "platform/experiment/network.h"
#include "platform/experiment/report_files.h"
#include "platform/run/program_run.h"
#include "platform/run/progress.h"
#include "platform/run/stop_signals.h"
#include "sw/compiler/reference/work_sharing.h"

namespace ohmic {
namespace {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;

const clock::time_point program_begin = clock::now();

double seconds_since(clock::time_point begin) { return std::chrono::duration<double>(clock::now() - begin).count(); }

void check_request(const experiment_request& request) {
  const experiment_config& c = request.config;
  if (c.adc_exact)
    throw config_error(
        "adc: exact is the reference's mode for comparison with onnxruntime; a chip has 8-bit ADCs (adc: normal)");
  if (c.analog && c.analog->compensation == pcm::drift_compensation::exact)
    throw config_error(
        "analog.compensation: exact is a measure for ohmic evaluate and hybrid; a chip can do global and per_column");
  require_core_models(c.chip);
  choose_traces(request.traces, c.chip, c.output);
}

machine_options to_machine_options(const experiment_request& request, const std::vector<waved_core>& waveforms) {
  const experiment_config& c = request.config;
  machine_options options;
  options.waveforms = waveforms;
  options.lockstep_mismatches = request.lockstep_mismatches;
  options.network.random_delay = static_cast<std::uint32_t>(c.engine.random_delay_max);
  options.network.random_seed = c.engine.random_delay_seed;
  options.network.drop_write = request.faults.drop_write;
  if (c.engine.fill_random) options.random_memory_seed = c.engine.fill_seed;
  options.burst_trace = request.burst_trace;
  options.count_activity = !c.energy.empty();
  options.analog = c.analog;
  if (c.analog && c.analog->compensation != pcm::drift_compensation::none)
    options.activity_apart = OHMIC_ACTIVITY_CALIBRATES;
  options.traces = choose_traces(request.traces, c.chip, c.output);
  return options;
}

void check_files(const experiment_request& request, const machine_options& machine, const fs::path& folder,
                 const std::string& program) {
  std::vector<named_file> outputs = output_files(machine), inputs = request.config.inputs;
  for (const char* const name : {"summary.json", "logits.json"}) outputs.push_back({name, (folder / name).string()});
  inputs.push_back({"the program", program});
  for (const auto& [model, file] : request.firmware_of) inputs.push_back({"--firmware", file});
  check_outputs_differ(outputs, inputs);
}

/// Shows how much of the known work is done: MVMs, because their number is known and they come evenly.
class run_progress {
 public:
  run_progress(machine& chip, const deployment& source, unsigned images, bool quiet)
      : chip_(chip),
        total_(static_cast<double>(source.mvms_per_image) * images),
        images_(images),
        meter_("simulating", quiet) {
    for (const crossbar_image& crossbar : source.crossbars) clusters_.insert(crossbar.cluster);
  }
  void show(cycle_t now) {
    std::uint64_t done = 0;
    for (const unsigned cluster : clusters_) done += chip_.activity(cluster).mvms;
    const std::vector<cycle_t> answered = chip_.written_at();
    const auto images = std::count_if(answered.begin(), answered.end(), [](cycle_t c) { return c != 0; });
    meter_.update(static_cast<double>(done), total_, fmt::format("{} of {} images, cycle {}", images, images_, now));
  }
  void clear() { meter_.clear(); }

 private:
  machine& chip_;
  const double total_;
  const unsigned images_;
  std::set<unsigned> clusters_;  // with crossbars in use
  progress meter_;
};

struct prepared_run {
  network net;
  deployment mapped;
  image_set images;
  golden_outputs golden;
};

prepared_run prepare(const experiment_request& request) {
  const experiment_config& config = request.config;
  prepared_run p;
  attempt("to import " + config.model);
  p.net = load_network(config, request.quiet);
  attempt("to read the images");
  p.images = load_images(config, p.net.graph, p.net.folder);
  attempt("to map " + p.net.graph.name + " to " + config.chip.name);
  p.mapped = map_network(config, p.net, request.quiet);
  set_images(p.mapped, static_cast<unsigned>(p.images.size()));
  attempt("to run the reference");
  p.golden = config.analog ? run_noisy_reference(p.net, p.images, p.mapped, config.chip, *config.analog,
                                                 config.check_layers, config.engine.threads, request.quiet)
                           : run_reference(p.net, p.images, config.check_layers, config.engine.threads, request.quiet);
  apply_faults(p.mapped, request.faults);
  return p;
}

/// "stages l1b0c1: waits for input"; activity codes are those of sw/firmware/dataflow.
std::string describe_cluster(const deployment& mapped, unsigned cluster, std::uint32_t activity) {
  static const char* const activities[] = {"not started",
                                           "sets up",
                                           "waits for the start",
                                           "runs",
                                           "has finished",
                                           "waits for input",
                                           "waits for room",
                                           "waits for a device",
                                           "waits for the rest of its inputs",
                                           "calibrates its crossbar"};  // enum ohmic_activity
  std::string stages;
  for (const stage_report& stage : mapped.stages)
    if (std::find(stage.clusters.begin(), stage.clusters.end(), cluster) != stage.clusters.end())
      stages += (stages.empty() ? "" : ", ") + stage.name;
  if (stages.empty()) return "no stage";
  return stages + ": " + (activity < std::size(activities) ? activities[activity] : "unknown activity");
}

void say_why(machine& chip, const program_set& programs, const deployment& mapped, const run_figures& figures,
             bool dump) {
  print_errors(chip, programs);
  print_unfenced_text(chip, programs);
  if (const std::string why = describe_end(figures.end, chip); !why.empty())
    std::fprintf(stderr, "ohmic: %s\n", why.c_str());
  if (figures.end == run_end::deadlock || (dump && figures.code != exit_code::right))
    print_state(chip, programs, dump,
                [&](unsigned cluster, std::uint32_t activity) { return describe_cluster(mapped, cluster, activity); });
  if (figures.layers && figures.layers->first)
    std::fprintf(stderr, "ohmic: first difference: %s\n", describe(*figures.layers->first, mapped).c_str());
  else if (figures.outputs.first)
    std::fprintf(stderr, "ohmic: first difference: %s\n", describe(*figures.outputs.first, mapped).c_str());
}

}  // namespace

exit_code run_experiment(const experiment_request& request) {
  const experiment_config& config = request.config;
  check_request(request);
  std::optional<energy_coefficients> coefficients;
  if (!config.energy.empty()) coefficients = load_coefficients(config.energy);
  output_folder output(config.output, {"summary.json", "logits.json"});
  const std::vector<waved_core> waveforms = choose_waveforms(request.waveforms, config.chip, output.path());
  const std::string program = request.firmware.empty() ? dataflow_firmware() : request.firmware;
  machine_options machine = to_machine_options(request, waveforms);
  check_files(request, machine, output.path(), program);
  const firmware loaded(program, request.firmware_of, config.chip, {});
  invocation how = request.how;
  how.firmware_hash = fingerprint().add_file(program).digits();
  const program_set& programs = loaded.programs();
  const clock::time_point prepare_begin = clock::now();
  const prepared_run p = prepare(request);
  machine.stuck_devices = stuck_devices(p.mapped, request.faults, config.analog);
  wall_times wall;
  wall.reference = p.golden.seconds;
  wall.preparing = seconds_since(prepare_begin) - wall.reference;

  const clock::time_point startup_begin = clock::now();
  const auto images = static_cast<unsigned>(p.images.size());
  output.create();
  attempt_to_build(config.chip);
  const auto chip = make_machine(config.chip, programs, machine);
  load_chip_memory(*chip, p.mapped, p.images);
  ask_for_calibration(*chip, p.mapped, p.golden.calibrations);
  const hbm_layout& hbm = p.mapped.hbm;
  chip->watch_writes(hbm.results, hbm.results + std::uint64_t{hbm.results_stride} * images, hbm.results_stride);
  run_progress meter(*chip, p.mapped, images, request.quiet);
  chip->on_line([&](unsigned cluster, unsigned core, cycle_t, const std::string& line) {
    meter.clear();
    print(fmt::format("[{}.{}] {}\n", cluster, core, line));
  });
  std::optional<layer_check> layers;
  if (config.check_layers) layers.emplace(p.mapped, p.net.graph, p.golden, *chip, images);
  run_options options;
  options.threads = config.engine.threads == 0 ? usable_processors() : config.engine.threads;
  options.window = config.engine.window;
  if (config.engine.max_cycles != 0) options.max_cycles = config.engine.max_cycles;
  options.trap_limit = config.engine.trap_limit;
  options.continue_on_guest_error = config.engine.continue_on_guest_error;
  attempt("to simulate " + config.name);
  options.interrupted = stop_requested;
  note_stop_signals();
  options.on_progress = [&](cycle_t now) { meter.show(now); };
  if (layers) options.on_window = [&](const std::vector<unsigned>& clusters) { layers->look(clusters); };
  const fs::path& folder = output.path();
  for (const char* const file : {"summary.json", "logits.json"})
    remove_earlier_file((folder / file).string());  // of an earlier run: they must not be taken for this one's
  wall.startup = seconds_since(startup_begin);

  const clock::time_point run_begin = clock::now();
  const run_end end = chip->run(options);
  after_run(end);
  wall.simulating = seconds_since(run_begin);
  meter.clear();
  flush_console();

  if (const std::uint64_t wanted = request.faults.drop_write; wanted > chip->writes_entered()) {
    const std::string what = fmt::format("--inject drop-write={}: never reached, only {} writes entered the network",
                                         wanted, chip->writes_entered());
    if (end == run_end::exited) throw config_error(what);
    std::fprintf(stderr, "ohmic: %s\n", what.c_str());
  }
  run_figures figures = collect_figures(*chip, p.mapped, end, images);
  figures.macs_per_image = macs_per_image(p.net.graph);
  figures.threads = options.threads;
  figures.hand_overs = chip->hand_overs();
  figures.calibration = calibration_of(*chip, p.golden.calibrations);
  if (layers) {
    figures.layers = layers->result();
    figures.layer_columns = layers->columns();
  }
  if (figures.finished() && figures.code == exit_code::right)
    judge_outputs(figures, *chip, p.mapped, p.net, p.images, p.golden);
  wall.total = seconds_since(program_begin);
  figures.wall = wall;

  if (!figures.logits.empty())
    write_whole_file((folder / "logits.json").string(), logits_json(figures, p.net, p.images));
  std::string summary = summary_json(figures, config, p.mapped, how);
  std::string energy;
  if (coefficients) {
    const energy_report report = evaluate_energy(read_activity(summary, "this run"), *coefficients);
    summary = with_energy(summary, report, *coefficients);
    energy = energy_rows(report, *coefficients);
  }
  write_whole_file((folder / "summary.json").string(), summary);
  if (!figures.logits.empty() && !request.quiet)
    print(result_table(figures, config, p.mapped, p.net, p.images) + energy);
  print_empty_traces(*chip);
  print_waveforms(*chip, request.quiet);
  print_hand_overs(figures.hand_overs, request.quiet);
  say_why(*chip, programs, p.mapped, figures, request.dump);
  if (!request.quiet) print(fmt::format("{:<12} {}\n", "written to", (folder / "summary.json").string()));
  return figures.code;
}

}  // namespace ohmic
