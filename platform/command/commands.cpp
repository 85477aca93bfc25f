#include "platform/command/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "host/attempt.h"
#include "host/console.h"
#include "host/destination.h"
#include "host/distinct_files.h"
#include "host/output_file.h"
#include "host/output_folder.h"
#include "host/whole_file.h"
#include "platform/command/version.h"
#include "platform/config/config_error.h"
#include "platform/config/core_choice.h"
#include "platform/config/experiment_config.h"
#include "platform/config/load_chip.h"
#include "platform/config/numbers.h"
#include "platform/config/schema.h"
#include "platform/energy/energy_report.h"
#include "platform/experiment/evaluate_network.h"
#include "platform/experiment/fingerprint.h"
#include "platform/experiment/hybrid_network.h"
#include "platform/experiment/mapped_network.h"
#include "platform/experiment/network.h"
#include "platform/experiment/published_models.h"
#include "platform/experiment/run_experiment.h"
#include "platform/run/program_run.h"
#include "platform/run/trace_choice.h"
#include "sw/compiler/mapping/compile.h"
#include "sw/compiler/mapping/emit/deployment_folder.h"
#include "sw/compiler/mapping/emit/explain.h"
#include "sw/compiler/mapping/mapping_file.h"
#include "sw/compiler/reference/work_sharing.h"

namespace ohmic {
namespace {

/// "FILE" and "MODEL=FILE": the program of all clusters, and those of clusters with cores of a model.
void sort_firmware(const std::vector<std::string>& words, std::string* program, firmware_files& of_model) {
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    const auto model = core_model_named(word.substr(0, equals));
    if (equals != std::string::npos && model && has_own_program(*model) && equals + 1 < word.size()) {
      of_model[*model] = word.substr(equals + 1);
    } else if (program != nullptr && equals == std::string::npos) {
      *program = word;
    } else {
      throw config_error("--firmware " + word +
                         ": allowed: " + (program != nullptr ? "FILE (of an experiment) or " : "") + "ibex=FILE");
    }
  }
}

invocation invocation_of(const arguments& a) {
  invocation how{a.command_line, a.sets, version, ""};
  for (const auto* words : {&a.cores, &a.hand_overs})
    how.overrides.insert(how.overrides.end(), words->begin(), words->end());
  return how;
}

/// Else the option would be without effect.
void check_lockstep(const arguments& a, const chip_config& chip) {
  const auto& later = chip.cores.hand_overs;
  if (a.lockstep_mismatches != 1 && !chip.any_core(core_model::lockstep) &&
      std::none_of(later.begin(), later.end(), [](const auto& h) { return h.model == core_model::lockstep; }))
    throw config_error("--lockstep-mismatches: no core is in lock-step, as with --cores 0.0=lockstep");
}

exit_code run_experiment_command(const arguments& a) {
  experiment_request request;
  request.config = load_experiment(a.file, a.sets, a.cores, a.hand_overs);
  check_lockstep(a, request.config.chip);
  request.how = invocation_of(a);
  request.quiet = a.quiet;
  request.dump = a.dump;
  request.burst_trace = a.burst_trace;
  request.traces = {a.traces, a.trace_from, a.trace_to, a.trace_pcs};
  request.lockstep_mismatches = a.lockstep_mismatches;
  sort_firmware(a.firmware, &request.firmware, request.firmware_of);
  request.waveforms = {a.waves, a.wave_from, a.wave_to};
  for (const std::string& fault : a.faults) add_fault(request.faults, fault);
  return run_experiment(request);
}

/// What --set engine.* means for a program.
void fill_memory(const std::vector<std::string>& sets, machine_options& options) {
  bool random = false;
  std::uint64_t seed = 1;
  for (const std::string& set : sets) {
    const std::size_t equals = std::min(set.find('='), set.size());
    const std::string key = set.substr(0, equals), value = set.substr(std::min(equals + 1, set.size()));
    if (key == "engine.fill_memory.with" && (value == "random" || value == "zero")) {
      random = value == "random";
    } else if (key == "engine.fill_memory.seed") {
      seed = static_cast<std::uint64_t>(
          integer_of_option("--set engine.fill_memory.seed=", value, range_of(schema_kind::experiment, key)));
    } else if (key == "engine.fill_memory.with") {
      throw config_error("--set " + printable(set) + ": allowed: zero, random");
    } else {
      throw config_error(
          "--set " + printable(set) +
          ": of engine.* a program takes fill_memory.with and fill_memory.seed; for others see --threads, "
          "--window and --max-cycles");
    }
  }
  if (random) options.random_memory_seed = seed;
}

exit_code run_program_command(const arguments& a) {
  program_request request;
  request.program = a.file;
  sort_firmware(a.firmware, nullptr, request.firmware_of);
  request.arguments = a.program_words;
  std::vector<std::string> of_chip, of_engine;
  for (const std::string& set : a.sets) (set.rfind("engine.", 0) == 0 ? of_engine : of_chip).push_back(set);
  request.chip = load_chip(a.chip, of_chip, a.cores, a.hand_overs);
  check_lockstep(a, request.chip);
  fill_memory(of_engine, request.machine);
  request.crossbars = a.crossbars;
  request.run.threads = a.threads == 0 ? usable_processors() : a.threads;
  request.run.window = a.window;
  if (a.trap_limit) request.run.trap_limit = *a.trap_limit;
  if (a.max_cycles != 0) request.run.max_cycles = a.max_cycles;
  request.machine.lockstep_mismatches = a.lockstep_mismatches;
  std::optional<output_folder> output;
  if (!a.traces.empty() || !a.waves.empty()) output.emplace(a.out.empty() ? "." : a.out);
  request.machine.waveforms = choose_waveforms({a.waves, a.wave_from, a.wave_to}, request.chip,
                                               output ? output->path() : std::filesystem::path());
  request.machine.traces = choose_traces({a.traces, a.trace_from, a.trace_to, a.trace_pcs}, request.chip,
                                         output ? output->path() : std::filesystem::path());
  request.machine.burst_trace = a.burst_trace;
  request.quiet = a.quiet;
  request.dump = a.dump;
  request.json = a.json;
  request.energy = a.energy;
  std::vector<named_file> outputs = output_files(request.machine),
                          inputs = {{"the program", a.file}, {"--chip", a.chip}, {"--energy", a.energy}};
  if (!a.json.empty()) outputs.push_back({"--json", a.json});
  for (const std::string& word : a.crossbars) inputs.push_back({"--crossbar", word.substr(word.find('=') + 1)});
  for (const auto& [model, file] : request.firmware_of) inputs.push_back({"--firmware", file});
  check_outputs_differ(outputs, inputs);
  if (output) output->create();
  request.how = invocation_of(a);
  if (!a.json.empty()) request.how.firmware_hash = fingerprint().add_file(a.file).digits();
  return run_program(request);
}

/// Not where the file itself goes to.
void say_written(const arguments& a) {
  if (!a.quiet && !is_standard_output(a.out)) print("written to " + a.out + "\n");
}

exit_code calibrate_command(const arguments& a) {
  check_outputs_differ({{"--out", a.out}}, {{"the model", a.file}, {"--images", a.images}});
  attempt("to calibrate " + a.file);
  std::optional<pixel_conversion> input;
  if (!a.input.empty()) input = parse_pixel_conversion(a.input, "--input");
  calibrate_file(a.file, a.images, a.rows, a.threads, input, a.out, a.quiet);
  say_written(a);
  return exit_code::right;
}

exit_code compile_command(const arguments& a) {
  const experiment_config config = load_experiment(a.file, a.sets);
  std::vector<std::string> files = {"manifest.json", "clusters.bin", "weights.bin", "hbm.bin"};
  std::vector<named_file> outputs;
  for (const std::string& name : files) outputs.push_back({name, a.out + "/" + name});
  if (!a.write_mapping.empty()) {
    outputs.push_back({"--write-mapping", a.write_mapping});
    files.push_back(std::filesystem::absolute(a.write_mapping).string());  // perhaps in the folder, too
  }
  check_outputs_differ(outputs, config.inputs);
  output_folder output(a.out, files);
  attempt("to import " + config.model);
  const network net = load_network(config, a.quiet);
  attempt("to map " + net.graph.name + " to " + config.chip.name);
  const deployment mapped = map_network(config, net, a.quiet);
  output.create();
  save_deployment(mapped, a.out);
  if (!a.write_mapping.empty() || a.explain || a.pareto) {
    const auto [plan, trials] = plan_network(config, net, a.quiet);
    if (!a.write_mapping.empty())
      write_whole_file(a.write_mapping, write_mapping(net.graph, plan.stages, plan.assignment));
    if (a.explain) print(explain_mapping(plan, config.chip, measured_stages(config, mapped)));
    if (trials && (a.explain || a.pareto)) print(trial_table(*trials, a.pareto));
    if (a.pareto && !trials) throw config_error("--pareto: nothing was tried; it takes policy best with trials");
  }
  if (!a.quiet)
    print(
        fmt::format("{} on {}: {} stages on {} clusters, {} crossbar tiles, {} MVMs per image, {:.0f} cycles per image "
                    "expected, at least {:.0f}\n",
                    mapped.model, mapped.chip, mapped.stages.size(), mapped.clusters.size(), mapped.crossbars.size(),
                    mapped.mvms_per_image, mapped.expected.per_image, mapped.bound.per_image));
  say_written(a);
  return exit_code::right;
}

exit_code energy_command(const arguments& a) {
  if (!a.json.empty()) {
    check_outputs_differ({{"--json", a.json}}, {{"the summary", a.file}, {"--energy", a.energy}});
    check_file_can_be_written(a.json);
  }
  std::string summary;
  try {
    summary = read_whole_file(a.file);
  } catch (const std::runtime_error& error) {
    throw config_error(error.what());
  }
  const chip_activity activity = read_activity(summary, a.file);
  const auto coefficients_with = [&](const std::vector<std::string>& sets) {
    return a.energy.empty() ? coefficients_of_summary(summary, a.file, sets) : load_coefficients(a.energy, sets);
  };
  energy_coefficients coefficients = coefficients_with(a.sets);
  if (a.fit) {
    std::vector<std::string> sets = a.sets;
    sets.push_back(fmt::format("digital_scale={}", fit_digital_scale(activity, coefficients)));
    coefficients = coefficients_with(sets);
  }
  const energy_report report = evaluate_energy(activity, coefficients);
  if (!a.quiet) print(energy_table(report, coefficients));
  if (a.fit) print(fmt::format("digital_scale: {}\n", coefficients.digital_scale));
  if (!a.json.empty()) write_whole_file(a.json, energy_json(report, coefficients));
  return exit_code::right;
}

/// The file of an experiment's network. Where it is a published one, fills in how pixels become its input.
std::string settle_model(experiment_config& config) {
  if (config.model_is_file) return config.model;
  if (!config.input) config.input = model_input(config.model);
  return model_file(config.model);
}

/// What calibrates a network where nothing is named: the folder beside it, if there is one.
std::string calibration_beside(const std::string& model) {
  const std::filesystem::path beside = std::filesystem::path(model).parent_path() / "calibration";
  return std::filesystem::is_directory(beside) ? beside.string() : "";
}

exit_code hybrid_command(const arguments& a) {
  hybrid_request request;
  const std::filesystem::path file = a.file;
  const bool is_network = is_network_file(a.file) || (!file.has_extension() && !std::filesystem::exists(file));
  if (is_network)
    throw config_error(a.file +
                       ": an experiment (.yaml) is expected, which says chip and mapping policy beside the "
                       "network: chip: configs/lionheart.yaml, model: " +
                       a.file);
  request.config = load_experiment(a.file, a.sets);
  request.model = settle_model(request.config);
  request.data = a.data;
  request.calibration = a.calibration.empty() ? request.config.images.calibration : a.calibration;
  request.calibration_given = !a.calibration.empty();
  if (request.calibration.empty()) request.calibration = calibration_beside(request.model);
  request.calibration_images = a.calibration_images;
  request.skip = a.skip;
  request.images = a.images_count;
  request.fresh_images = a.fresh_images;
  request.thresholds = a.thresholds;
  request.confidence = a.confidence;
  request.retrain = a.retrain;
  request.methods = a.methods;
  request.ties = a.ties_reversed ? tie_order::reversed : tie_order::network;
  if (request.config.analog) request.analog = *request.config.analog;
  if (!a.analog.empty()) request.analog = parse_pcm_options(a.analog, "--analog", a.times_s.empty());
  if (!a.times_s.empty()) request.analog.time_s = a.times_s[0];
  request.draws = static_cast<unsigned>(a.draws);
  request.fresh_draws = static_cast<unsigned>(a.fresh_draws);
  request.simulate = a.simulate;
  request.quiet = a.quiet;
  request.out = a.out;
  request.json = a.json;
  attempt("to choose layers of " + request.model);
  return choose_layers(request);
}

exit_code evaluate_command(const arguments& a) {
  evaluation_request request;
  request.model = a.file;
  request.rows = a.rows;
  request.calibration = a.calibration;
  const std::string extension = std::filesystem::path(a.file).extension().string();
  const bool is_experiment = extension == ".yaml" || extension == ".yml";
  if (is_experiment && a.rows_given)
    throw config_error("--rows: the chip of " + a.file + " says how many there are; allowed: --set ima.rows=N");
  request.rows_given = a.rows_given || is_experiment;
  request.calibration_given = !a.calibration.empty();
  if (is_experiment) {
    experiment_config config = load_experiment(a.file, a.sets);
    request.model = settle_model(config);
    request.inputs = config.inputs;
    request.input = config.input;
    request.layers = config.layers;
    request.rows = config.chip.ima.rows;
    request.columns = config.chip.ima.columns;
    if (config.analog) request.analog = *config.analog;
    if (request.calibration.empty()) request.calibration = config.images.calibration;
  } else if (a.file.find('/') == std::string::npos && !is_network_file(a.file)) {
    request.model = model_file(a.file);
    request.input = model_input(a.file);
  }
  if (!is_experiment && !a.sets.empty())
    throw config_error("--set: a key of an experiment, and " + a.file + " is a network");
  if (!a.input.empty()) request.input = parse_pixel_conversion(a.input, "--input");
  if (request.calibration.empty()) request.calibration = calibration_beside(request.model);
  request.data = a.data;
  request.calibration_images = a.calibration_images;
  request.skip = a.skip;
  request.images = a.images_count;
  request.threads = a.threads;
  request.only_adc = a.only_adc;
  if (!a.analog.empty()) request.analog = parse_pcm_options(a.analog, "--analog", false);
  request.times_s = a.times_s;
  request.draws = static_cast<unsigned>(a.draws);
  request.quiet = a.quiet;
  request.json = a.json;
  attempt("to evaluate " + request.model);
  evaluate_network(request);
  return exit_code::right;
}

exit_code models_command(const arguments& a) {
  print(a.file == "list" ? model_table() : model_file(a.name) + "\n");
  return exit_code::right;
}

exit_code info_command(const arguments& a) {
  const chip_config chip = load_chip(a.file, a.sets);
  print(fmt::format("# {} clusters, {} cores, {} IMAs, hash {}\n", chip.clusters(), chip.all_cores(), chip.imas(),
                    chip_hash(chip)));
  print(fmt::format(
      "# own L1 {:#x}, own peripherals {:#x}, cluster n's L1 {:#x} + n * {:#x}, HBM {:#x}, platform {:#x}\n",
      std::uint64_t{chip_config::own_l1_base}, std::uint64_t{chip.own_peripheral_base()},
      std::uint64_t{chip_config::clusters_base}, std::uint64_t{chip.cluster_stride()}, std::uint64_t{chip.hbm_base},
      std::uint64_t{chip_config::platform_base}));
  print(to_yaml(chip));
  return exit_code::right;
}

}  // namespace

exit_code execute(const arguments& a) {
  attempt("to read " + a.file);
  switch (a.what) {
    case command::run_experiment:
      return run_experiment_command(a);
    case command::run_program:
      return run_program_command(a);
    case command::calibrate:
      return calibrate_command(a);
    case command::compile:
      return compile_command(a);
    case command::energy:
      return energy_command(a);
    case command::evaluate:
      return evaluate_command(a);
    case command::hybrid:
      return hybrid_command(a);
    case command::models:
      return models_command(a);
    case command::info:
      return info_command(a);
  }
  return exit_code::right;
}

}  // namespace ohmic
