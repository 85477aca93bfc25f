#include "platform/command/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "host/console.h"
#include "platform/command/version.h"
#include "platform/config/config_error.h"
#include "platform/config/numbers.h"
#include "platform/config/schema.h"
#include "platform/run/exit_code.h"
#include "sw/compiler/hybrid/hybrid_search.h"

namespace ohmic {
namespace {

const char* const description =
    "Ohmic: a virtual platform for chips with analog in-memory-computing crossbars beside RISC-V cores.";

const char* const exit_codes =
    "\nExit codes: 0 right, 1 outputs differ from the reference, 2 mistake in what was given, 3 dead-lock,\n"
    "4 the simulated program made an error, 5 lock-step mismatch, 6 cycle limit, 7 firmware assert or exit(n),\n"
    "130, 143 or 129 interrupted (SIGINT, SIGTERM, SIGHUP).";

/// The words behind "--" belong to the simulated program.
std::vector<std::string> split_program_words(int& argc, char** argv) {
  for (int i = 1; i < argc; ++i)
    if (std::string(argv[i]) == "--") {
      std::vector<std::string> words(argv + i + 1, argv + argc);
      argc = i;
      return words;
    }
  return {};
}

bool is_elf(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  char magic[4] = {};
  in.read(magic, sizeof magic);
  return std::string(magic, 4) == "\177ELF" || std::filesystem::path(file).extension() == ".elf";
}

/// The words of options that become numbers or keys of an experiment's file; empty: not given.
struct option_words {
  std::optional<std::string> threads, window, max_cycles, images_count, rows, wave_from, wave_to, trace_from, trace_to,
      trap_limit, lockstep_mismatches, calibration_images, evaluated, skip, draws, fresh_draws, fresh_images;
  std::string times, thresholds, confidence, methods;
  std::string model, calibration, check, fill_memory;
};

/// Numbers have the grammar of the configuration, and the range of the key that they stand for. Throws config_error.
void read_numbers(const option_words& words, arguments& a) {
  const auto read = [](const char* option, const std::optional<std::string>& word, integer_range allowed, auto& to) {
    if (word) to = static_cast<std::uint64_t>(integer_of_option(option, *word, allowed));
  };
  const auto key = [](const char* path) { return range_of(schema_kind::experiment, path); };
  std::uint64_t threads = 0, rows = a.rows, images = 0, mismatches = a.lockstep_mismatches;
  read("--threads", words.threads, {1, key("engine.threads").most}, threads);
  read("--window", words.window, key("engine.window"), a.window);
  read("--max-cycles", words.max_cycles, key("engine.max_cycles"), a.max_cycles);
  read("--trap-limit", words.trap_limit, key("engine.trap_limit"), a.trap_limit);
  read("--images-count", words.images_count, key("images.count"), images);
  read("--rows", words.rows, range_of(schema_kind::chip, "ima.rows"), rows);
  read("--calibration-images", words.calibration_images, {1, 1'000'000}, a.calibration_images);
  read("--images", words.evaluated, {1, 1'000'000'000}, a.images_count);
  read("--draws", words.draws, {1, 1'000'000}, a.draws);
  read("--fresh-draws", words.fresh_draws, {1, 1'000'000}, a.fresh_draws);
  read("--fresh-images", words.fresh_images, {0, 1'000'000'000}, a.fresh_images);
  read("--skip", words.skip, {0, 1'000'000'000}, a.skip);
  read("--wave-from", words.wave_from, {0, most_of_anything}, a.wave_from);
  read("--wave-to", words.wave_to, {0, most_of_anything}, a.wave_to);
  read("--lockstep-mismatches", words.lockstep_mismatches, {1, 1'000'000}, mismatches);
  a.lockstep_mismatches = static_cast<unsigned>(mismatches);
  read("--trace-from", words.trace_from, {0, most_of_anything}, a.trace_from);
  read("--trace-to", words.trace_to, {0, most_of_anything}, a.trace_to);
  a.threads = static_cast<unsigned>(threads);
  a.rows = static_cast<unsigned>(rows);
  a.rows_given = words.rows.has_value();
}

/// Many options of an experiment are keys of its file.
void to_sets(const option_words& words, arguments& a) {
  const auto set = [&](const std::string& key, const std::string& value) { a.sets.push_back(key + "=" + value); };
  const auto given = [&](const std::string& key, const std::optional<std::string>& value) {
    if (value) set(key, *value);
  };
  if (!a.chip.empty()) set("chip", a.chip);
  if (!words.model.empty()) set("model", words.model);
  if (!a.images.empty()) set("images.dir", a.images);
  if (!words.calibration.empty()) set("images.calibration", words.calibration);
  given("images.count", words.images_count);
  given("engine.threads", words.threads);
  given("engine.window", words.window);
  given("engine.max_cycles", words.max_cycles);
  given("engine.trap_limit", words.trap_limit);
  if (!words.check.empty()) set("check", words.check);
  if (!a.energy.empty()) set("energy", a.energy);
  if (!a.out.empty() && a.what == command::run_experiment) set("output", a.out);
}

/// "1s,1h,30d" in seconds: whole or decimal numbers of s, m, h, d, mo (30 days) or y (365 days).
void read_times(const std::string& words, std::vector<double>& times) {
  if (words.empty()) return;
  static const std::map<std::string, double> units{{"s", 1},       {"m", 60},         {"h", 3600},
                                                   {"d", 86400.0}, {"mo", 2592000.0}, {"y", 31536000.0}};
  for (std::size_t at = 0; at <= words.size();) {
    const std::size_t comma = std::min(words.find(',', at), words.size());
    const std::string word = words.substr(at, comma - at);
    const std::size_t unit = std::min(word.find_first_not_of("0123456789."), word.size());
    const auto number = parse_number(word.substr(0, unit));
    const auto found = units.find(word.substr(unit));
    if (!number || found == units.end() || *number * found->second > 1e10)
      throw config_error("--time " + printable(words) + ": " + printable(word) +
                         " is not a time after programming; allowed: numbers with s, m, h, d, mo or y, as in "
                         "1s,1h,1d,1mo,1y, up to 317y");
    times.push_back(*number * found->second);
    at = comma + 1;
  }
}

std::vector<std::string> split_at_commas(const std::string& words) {
  std::vector<std::string> all;
  std::istringstream in(words + ",");
  for (std::string word; std::getline(in, word, ',');) all.push_back(word);
  return all;
}

/// "0.5%,1%,3" in shares: losses of accuracy in points, with or without %.
void read_thresholds(const std::string& words, std::vector<double>& thresholds) {
  for (const std::string& word : split_at_commas(words)) {
    const auto number = parse_number(!word.empty() && word.back() == '%' ? word.substr(0, word.size() - 1) : word);
    if (!number || *number <= 0 || *number > 100)
      throw config_error("--threshold " + printable(words) + ": " + printable(word) +
                         " is not a loss of accuracy; allowed: points above 0 up to 100, as in 1% or 0.5%,1%,3%");
    thresholds.push_back(*number / 100);
  }
  std::sort(thresholds.begin(), thresholds.end());
  thresholds.erase(std::unique(thresholds.begin(), thresholds.end()), thresholds.end());
}

/// "90%" or "90" as a share.
double read_confidence(const std::string& word) {
  const auto number = parse_number(!word.empty() && word.back() == '%' ? word.substr(0, word.size() - 1) : word);
  if (!number || *number < 50 || *number > 99)
    throw config_error("--confidence " + printable(word) +
                       ": allowed: 50% (the mean loss decides) to 99% that others hold the threshold, too");
  return *number / 100;
}

/// "lionheart,ohmic", or all.
void read_methods(const std::string& words, std::vector<std::string>& methods) {
  std::string names;
  std::vector<std::string> all;
  for (const hybrid_policy& policy : hybrid_policies()) {
    all.push_back(policy.name);
    names += policy.name + ", ";
  }
  for (const std::string& word : split_at_commas(words)) {
    if (std::find(all.begin(), all.end(), word) == all.end())
      throw config_error("--method " + printable(words) + ": " + printable(word) +
                         " is none; allowed: " + names.substr(0, names.size() - 2));
    if (std::find(methods.begin(), methods.end(), word) == methods.end()) methods.push_back(word);
  }
}

/// --fill-memory as the keys that it stands for.
void read_fill_memory(const std::string& word, std::vector<std::string>& sets) {
  if (word.empty()) return;
  const std::size_t colon = word.find(':');
  const std::string with = word.substr(0, colon);
  if ((with != "zero" && with != "random") || (with == "zero" && colon != std::string::npos))
    throw config_error("--fill-memory " + printable(word) + ": allowed: zero, random, or random:SEED");
  sets.push_back("engine.fill_memory.with=" + with);
  if (colon == std::string::npos) return;
  const char* const key = "engine.fill_memory.seed";
  const std::string seed = word.substr(colon + 1);
  integer_of_option("--fill-memory random:SEED", seed, range_of(schema_kind::experiment, key));
  sets.push_back(key + ("=" + seed));
}

/// An option of `run` that means nothing for what is run, if one was given.
std::optional<std::string> misplaced(const CLI::App& run, command what) {
  const bool program = what == command::run_program;
  const std::vector<const char*> others =
      program
          ? std::vector<const char*>{"--model", "--images", "--images-count", "--calibration", "--check", "--inject"}
          : std::vector<const char*>{"--json", "--crossbar"};
  for (const char* option : others) {
    if (run.get_option(option)->count() != 0)
      return std::string(option) + (program ? " is for experiments, and this is a program"
                                    : std::string(option) == "--json"
                                        ? " is for programs; an experiment writes summary.json (--out)"
                                        : " is for programs; an experiment has its network's weights");
  }
  return std::nullopt;
}

/// An option that took the next option as its value, because its own was forgotten, or has none: `--json "$FILE"` with
/// nothing in FILE must not be as if it were not there.
std::optional<std::string> swallowed(const CLI::App& app) {
  for (const CLI::App* command : app.get_subcommands())
    for (const CLI::Option* option : command->get_options())
      for (const std::string& value : option->results())
        if (value.empty())
          return option->get_name() + ": its value is empty";
        else if (value.rfind("--", 0) == 0)
          return option->get_name() + ": its value is missing, " + printable(value) + " is behind it";
  return std::nullopt;
}

int mistake(const std::string& message) {
  std::fprintf(stderr, "ohmic: %s\n", message.c_str());
  return static_cast<int>(exit_code::user_mistake);
}

}  // namespace

std::optional<int> parse_arguments(int argc, char** argv, arguments& a) {
  a.command_line.assign(argv, argv + argc);
  a.program_words = split_program_words(argc, argv);
  CLI::App app(description, "ohmic");
  app.footer(exit_codes);
  app.set_version_flag("--version", std::string("ohmic ") + version);
  option_words s;
  bool no_simulation = false;

  CLI::App* run = app.add_subcommand("run", "Run a network on a chip, or a program of your own");
  run->option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  run->footer(
      "\nExamples:\n"
      "  ohmic run configs/resnet18_aimc512.yaml --out out/resnet18\n"
      "  ohmic run configs/resnet18_aimc512.yaml --set cluster.cores=8 --images my/photographs\n"
      "  ohmic run build/release/firmware/hello.elf --chip configs/aimc4.yaml");
  run->add_option("FILE", a.file, "Experiment (.yaml) or RISC-V program (.elf)")->required();
  run->add_option("--set", a.sets, "KEY=VALUE of experiment or chip by its dotted path; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  run->add_option("--chip", a.chip, "Chip (.yaml); a program needs one, an experiment has its own")->type_name("FILE");
  run->add_option("--threads", s.threads, "Threads, the main one included (default: as many as the process may use)")
      ->type_name("N");
  run->add_option("--cores", a.cores,
                  "Model of the cores (iss, rtl, lockstep, ibex), or of some: CLUSTERS.CORES=MODEL; may be repeated")
      ->type_name("[CLUSTERS.CORES=]MODEL")
      ->take_all()
      ->allow_extra_args(false);
  run->add_option("--hand-over", a.hand_overs,
                  "Some cores go on as another model from a moment on: marker:N, cycle:N, pc:ADDRESS or symbol:NAME "
                  "(:K behind these two: the K-th time); may be repeated")
      ->type_name("CLUSTERS.CORES=MODEL@MOMENT")
      ->take_all()
      ->allow_extra_args(false);
  run->add_option("--lockstep-mismatches", s.lockstep_mismatches,
                  "Cores in lock-step go on after a mismatch until a cluster has had so many (default: 1)")
      ->type_name("N");
  run->add_option("--max-cycles", s.max_cycles, "Stop in this cycle with exit code 6")->type_name("CYCLE");
  run->add_option("--trap-limit", s.trap_limit,
                  "Exceptions in a row without progress that end the run with exit code 4 (default: 10000; 0: none)")
      ->type_name("N");
  run->add_option("--window", s.window, "Cycles between exchanges (default: the exact window)")->type_name("CYCLES");
  run->add_option(
         "--trace", a.traces,
         "Write the instructions of some cores, as CLUSTERS.CORES, with symbols, one file each; may be repeated")
      ->type_name("CLUSTERS.CORES")
      ->take_all()
      ->allow_extra_args(false);
  run->add_option("--trace-from", s.trace_from, "First cycle of the traces (default: 0)")->type_name("CYCLE");
  run->add_option("--trace-to", s.trace_to, "Last cycle of the traces (default: the end)")->type_name("CYCLE");
  run->add_option("--trace-pc", a.trace_pcs,
                  "Of the traces only what stands in this function, or from one address to another; may be repeated")
      ->type_name("FUNCTION|FIRST-LAST")
      ->take_all()
      ->allow_extra_args(false);
  run->add_option("--trace-bursts", a.burst_trace, "Write the bursts of the network with their cycles, as CSV")
      ->type_name("FILE");
  run->add_option(
         "--wave", a.waves,
         "Record the waveforms of some cores of model rtl, lockstep or ibex, as CLUSTERS.CORES, one FST file each;\n"
         "may be repeated")
      ->type_name("CLUSTERS.CORES")
      ->take_all()
      ->allow_extra_args(false);
  run->add_option("--wave-from", s.wave_from, "First cycle of the waveforms (default: 0)")->type_name("CYCLE");
  run->add_option("--wave-to", s.wave_to, "Last cycle of the waveforms (default: the end)")->type_name("CYCLE");
  run->add_option("--fill-memory", s.fill_memory,
                  "What L1 and HBM hold before anything is loaded: zero, random, or random:SEED")
      ->type_name("WITH");
  run->add_option(
         "--crossbar", a.crossbars,
         "Program: weights of some clusters' crossbars, a signed byte per cell, row by row, or a NumPy file; may "
         "be repeated")
      ->type_name("CLUSTERS=FILE")
      ->take_all()
      ->allow_extra_args(false);
  run->add_flag("--dump", a.dump, "Print every cluster's state if the run fails");
  run->add_flag("--quiet", a.quiet, "No progress and no table");
  run->add_option("--model", s.model, "Experiment: a model by name, or an ONNX file")->type_name("NAME|FILE");
  run->add_option("--images", a.images, "Experiment: folder of photographs")->type_name("DIR");
  run->add_option("--images-count", s.images_count, "Experiment: how many images (48: steady throughput too)")
      ->type_name("N");
  run->add_option("--calibration", s.calibration,
                  "Experiment: folder of photographs that calibrate a network of yours; not those that run")
      ->type_name("DIR");
  run->add_option("--out", a.out,
                  "Folder of the results: traces, waveforms, an experiment's summary.json and logits.json")
      ->type_name("PATH");
  run->add_option("--check", s.check, "Experiment: compare only outputs, or every tensor on every edge (layers)")
      ->check(CLI::IsMember({"outputs", "layers"}));
  run->add_option("--energy", a.energy, "Report energy and area by these coefficients (configs/energy)")
      ->type_name("FILE");
  run->add_option("--json", a.json, "Program: write the run's figures to this file")->type_name("FILE");
  run->add_option("--inject", a.faults,
                  "Experiment: a deliberate fault to test the checks: drop-write=N, flip-weight=N, wrong-constant=N, "
                  "stuck-column=N (of phase-change memory)")
      ->type_name("FAULT=N")
      ->take_all()
      ->allow_extra_args(false);
  run->add_option("--firmware", a.firmware,
                  "Program of the clusters with cores of this model (ibex=FILE; default: ibex/NAME.elf beside the "
                  "program); without a model, experiment: another executor than dataflow.elf; may be repeated")
      ->type_name("[MODEL=]FILE")
      ->take_all()
      ->allow_extra_args(false);

  CLI::App* calibrate = app.add_subcommand("calibrate", "Add row sets and ADC scales to a quantised ONNX network");
  calibrate->add_option("MODEL", a.file, "Quantised (QDQ) ONNX network")->required();
  calibrate->add_option("--images", a.images, "Folder of calibration images")->type_name("DIR")->required();
  calibrate->add_option("--out", a.out, "Calibrated ONNX file to write")->type_name("PATH")->required();
  calibrate
      ->add_option("--input", a.input,
                   "How pixels become the network's input, where its file does not say it: \"{scale: 1/255}\", as "
                   "`input` of an experiment")
      ->type_name("YAML");
  calibrate->add_option("--rows", s.rows, "Rows of the chip's crossbars (default: 256)")->type_name("N");
  calibrate->add_option("--threads", s.threads, "Threads (default: as many as the process may use)")->type_name("N");
  calibrate->add_flag("--quiet", a.quiet, "No progress");

  CLI::App* compile = app.add_subcommand("compile", "Map an experiment's network to its chip and write the deployment");
  compile->add_option("EXPERIMENT", a.file, "Experiment (.yaml)")->required();
  compile->add_option("--out", a.out, "Folder to write")->type_name("PATH")->required();
  compile->add_option("--write-mapping", a.write_mapping, "Write the mapping as YAML too, for mapping.file")
      ->type_name("FILE");
  compile->add_flag("--explain", a.explain,
                    "Print the mapping: clusters, replicas, use of crossbars, what each stage takes and what binds it; "
                    "beside it what was measured, if the experiment's output folder holds a run of this mapping");
  compile->add_flag("--pareto", a.pareto,
                    "Print which of the mappings that policy best has tried no other one beats in batch time, time "
                    "between images, energy (with the key energy) and clusters");
  compile->add_option("--set", a.sets, "KEY=VALUE; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  compile->add_option("--model", s.model, "A model by name, or an ONNX file")->type_name("NAME|FILE");
  compile->add_flag("--quiet", a.quiet, "No progress and no table");

  CLI::App* energy = app.add_subcommand("energy", "Energy and area of a finished run, by these or other coefficients");
  energy->footer(
      "\nExamples:\n"
      "  ohmic energy out/resnet18/summary.json --energy configs/energy/silicon.yaml\n"
      "  ohmic energy out/resnet18/summary.json --set cores.alu.pj=3 --set mvm=fixed\n"
      "  ohmic energy out/resnet18/summary.json --energy configs/energy/paper.yaml --fit");
  energy->add_option("SUMMARY", a.file, "summary.json of a run with --energy")->required();
  energy->add_option("--energy", a.energy, "Coefficients (default: those of the run)")->type_name("FILE");
  energy->add_option("--set", a.sets, "KEY=VALUE of the coefficients; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  energy->add_flag("--fit", a.fit, "Choose digital_scale so that this run costs fit_mj, and print it");
  energy->add_option("--json", a.json, "Write what summary.json has under `energy` to this file")->type_name("FILE");
  energy->add_flag("--quiet", a.quiet, "No table");

  CLI::App* evaluate =
      app.add_subcommand("evaluate", "Accuracy of a network over labelled data, in the integer reference");
  evaluate->footer(
      "\nExamples:\n"
      "  ohmic evaluate net.onnx --data cifar/test_batch.bin --calibration cifar/data_batch_1.bin --input \"{scale: "
      "1/255}\"\n"
      "  ohmic evaluate dscnn --data kws.npz --calibration kws.npz --calibration-images 100 --skip 100 --json "
      "out.json\n"
      "  ohmic evaluate experiment.yaml --set layers.fc=digital --data test.npz");
  evaluate
      ->add_option("MODEL", a.file, "ONNX network (float, quantised or calibrated), a model by name, or an experiment")
      ->required();
  evaluate
      ->add_option(
          "--data", a.data,
          "Labelled data: .npz, CIFAR-10's .bin, IDX, or a folder of these or with a folder of pictures per class")
      ->type_name("FILE|DIR")
      ->required();
  evaluate
      ->add_option(
          "--calibration", a.calibration,
          "Labelled data or folder of pictures that a float or uncalibrated network is quantised and calibrated "
          "with; not those it is judged by")
      ->type_name("FILE|DIR");
  evaluate->add_option("--calibration-images", s.calibration_images, "How many of labelled data (default: 256)")
      ->type_name("N");
  evaluate->add_option("--images", s.evaluated, "How many images, evenly from all of the data (default: all of it)")
      ->type_name("N");
  evaluate->add_option("--skip", s.skip, "Leave out the first ones (default: 0)")->type_name("N");
  evaluate->add_option("--input", a.input, "How values become the network's input, as `input` of an experiment")
      ->type_name("YAML");
  evaluate->add_option("--set", a.sets, "KEY=VALUE of the experiment; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  evaluate->add_option("--rows", s.rows, "Rows of the chip's crossbars (default: 256)")->type_name("N");
  evaluate->add_option("--threads", s.threads, "Threads (default: as many as the process may use)")->type_name("N");
  evaluate
      ->add_option(
          "--time", s.times,
          "Also on crossbars of phase-change memory, so long after programming: 1s,1h,1d,1mo,1y or a part of these")
      ->type_name("TIMES");
  evaluate->add_option("--draws", s.draws, "Chips that are drawn for each time (default: 5)")->type_name("N");
  evaluate
      ->add_option("--analog", a.analog,
                   "Their devices and noise, as `analog` of an experiment: \"{read_noise: static}\"")
      ->type_name("YAML");
  evaluate->add_flag("--only-adc", a.only_adc, "Leave out the float network and the int8 network without ADCs");
  evaluate->add_option("--json", a.json, "Write the figures to this file")->type_name("FILE");
  evaluate->add_flag("--quiet", a.quiet, "No progress and no table");

  CLI::App* hybrid = app.add_subcommand(
      "hybrid", "Decide for each layer whether it runs on crossbars or on cores, within a loss of accuracy");
  std::string methods = "Methods, the first unless told otherwise:";
  for (const hybrid_policy& policy : hybrid_policies()) methods += "\n  " + policy.name + ": " + policy.what;
  hybrid->footer(
      "\n" + methods +
      "\n\nExamples:\n"
      "  ohmic hybrid experiment.yaml --data cifar/test_batch.bin --threshold 1% --time 1d --out out/hybrid\n"
      "  ohmic hybrid experiment.yaml --data test.npz --threshold 0.5%,1%,3% --method lionheart,ohmic --json out.json\n"
      "  ohmic run experiment.yaml --model out/hybrid/ohmic_1.onnx");
  hybrid->add_option("EXPERIMENT", a.file, "Experiment (.yaml): network, chip and mapping policy")->required();
  hybrid->add_option("--data", a.data, "Labelled data, as of `ohmic evaluate`")->type_name("FILE|DIR")->required();
  hybrid
      ->add_option("--threshold", s.thresholds,
                   "Greatest loss of accuracy against the float network, in points (default: 1%)")
      ->type_name("LOSSES");
  hybrid->add_option("--time", s.times, "So long after programming: 1s, 1h, 1d, ... (default: the experiment's)")
      ->type_name("TIME");
  hybrid->add_option("--method", s.methods, "How to search (default: ohmic)")->type_name("NAMES");
  hybrid
      ->add_option(
          "--confidence", s.confidence,
          "Of ohmic: that other chips and images hold the threshold, too; 50%: the mean decides (default: 90%)")
      ->type_name("SHARE");
  hybrid->add_option("--draws", s.draws, "Chips that are drawn to judge a choice (default: 20)")->type_name("N");
  hybrid->add_option("--images", s.evaluated, "Images of the search, drawn from the data (default: 1000)")
      ->type_name("N");
  hybrid->add_option("--skip", s.skip, "Leave out the data's first ones (default: 0)")->type_name("N");
  hybrid->add_option("--fresh-draws", s.fresh_draws, "Chips that judge what was found (default: 20)")->type_name("N");
  hybrid
      ->add_option("--fresh-images", s.fresh_images,
                   "Other images, that judge what was found, as far as there are any (default: 1000)")
      ->type_name("N");
  hybrid->add_flag("--ties-reversed", a.ties_reversed,
                   "Of layers with equally many MACs the last one is tried first, not the first one");
  hybrid
      ->add_option("--retrain", a.retrain,
                   "Method lionheart: train anew after each conversion, by PROGRAM FROM.onnx TO.onnx ON_CROSSBARS "
                   "ON_CORES (layers; both files calibrated)")
      ->type_name("PROGRAM");
  hybrid->add_flag("--no-simulation", no_simulation, "Do not run what was found on the chip");
  hybrid
      ->add_option("--analog", a.analog,
                   "Devices and noise, as `analog` of an experiment: \"{read_noise: static, compensation: global}\"")
      ->type_name("YAML");
  hybrid
      ->add_option("--calibration", a.calibration,
                   "What a float or uncalibrated network is calibrated with, as of `ohmic evaluate`")
      ->type_name("FILE|DIR");
  hybrid->add_option("--calibration-images", s.calibration_images, "How many of labelled data (default: 256)")
      ->type_name("N");
  hybrid->add_option("--model", s.model, "A model by name, or an ONNX file")->type_name("NAME|FILE");
  hybrid->add_option("--chip", a.chip, "Chip (.yaml)")->type_name("FILE");
  hybrid->add_option("--set", a.sets, "KEY=VALUE of the experiment; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  hybrid->add_option("--energy", a.energy, "Report energy by these coefficients (configs/energy)")->type_name("FILE");
  hybrid->add_option("--threads", s.threads, "Threads (default: as many as the process may use)")->type_name("N");
  hybrid->add_option("--out", a.out, "Folder for the calibrated networks and their `layers:`")->type_name("PATH");
  hybrid->add_option("--json", a.json, "Write the figures to this file")->type_name("FILE");
  hybrid->add_flag("--quiet", a.quiet, "No progress and no table");

  CLI::App* models = app.add_subcommand("models", "Networks by name: `list`, or `get NAME` (where it is)");
  models->add_option("WHAT", a.file, "list or get")->required()->check(CLI::IsMember({"list", "get"}));
  models->add_option("NAME", a.name, "Of get");

  CLI::App* info = app.add_subcommand("info", "Print a chip with every parameter resolved");
  info->add_option("CHIP", a.file, "Chip (.yaml)")->required();
  info->add_option("--set", a.sets, "KEY=VALUE; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // help and version
      std::ostringstream text;
      app.exit(error, text, text);
      print(text.str());
      return static_cast<int>(exit_code::right);
    }
    return mistake(one_line(error.what()) + " (see `ohmic --help`)");
  }
  if (const auto wrong = swallowed(app)) return mistake(*wrong);
  if (!run->parsed() && !a.program_words.empty())
    return mistake("words behind -- are for programs: ohmic run PROGRAM.elf");
  try {
    read_numbers(s, a);
    read_fill_memory(s.fill_memory, a.sets);
    read_times(s.times, a.times_s);
    if (hybrid->parsed()) {
      if (a.times_s.size() > 1) return mistake("--time: allowed here is one time after programming");
      if (!s.draws) a.draws = 20;
      if (!s.evaluated) a.images_count = 1000;
      read_thresholds(s.thresholds.empty() ? "1%" : s.thresholds, a.thresholds);
      if (!s.confidence.empty()) a.confidence = read_confidence(s.confidence);
      read_methods(s.methods.empty() ? hybrid_policies().front().name : s.methods, a.methods);
    }
    for (const char* option : {"--draws", "--analog"})
      if (s.times.empty() && evaluate->get_option(option)->count() != 0)
        return mistake(std::string(option) + " is for accuracy over time; name times with --time");
  } catch (const config_error& error) {
    return mistake(error.what());
  }
  if (run->parsed()) {
    a.what = is_elf(a.file) ? command::run_program : command::run_experiment;
    if (const auto wrong = misplaced(*run, a.what)) return mistake(*wrong);
    if (a.what == command::run_program && !a.out.empty() && a.traces.empty() && a.waves.empty())
      return mistake("--out: allowed for a program together with --trace or --wave; its figures go to --json FILE");
    if (a.what == command::run_program && a.chip.empty())
      return mistake("a program needs a chip: ohmic run " + a.file + " --chip configs/aimc4.yaml");
    if (a.what == command::run_experiment && !a.program_words.empty())
      return mistake("words behind -- are for programs; " + a.file + " is an experiment");
    if (a.what == command::run_experiment) to_sets(s, a);
  } else if (calibrate->parsed()) {
    a.what = command::calibrate;
  } else if (compile->parsed()) {
    a.what = command::compile;
    to_sets(s, a);
  } else if (energy->parsed()) {
    a.what = command::energy;
  } else if (evaluate->parsed()) {
    a.what = command::evaluate;
  } else if (hybrid->parsed()) {
    a.what = command::hybrid;
    a.simulate = !no_simulation;
    to_sets(s, a);
  } else if (models->parsed()) {
    a.what = command::models;
    if ((a.file == "get") != !a.name.empty())
      return mistake(a.file == "get" ? "models get: a name is missing (see `ohmic models list`)"
                                     : "models list takes no name");
  } else if (!info->parsed()) {
    return mistake(
        "a command is missing: run, calibrate, compile, energy, evaluate, hybrid, models or info (see `ohmic --help`)");
  }
  return std::nullopt;
}

}  // namespace ohmic
