#include "platform/command/arguments.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "host/console.h"
#include "platform/command/command_options.h"
#include "platform/command/option_values.h"
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
  const command_apps commands = add_commands(app, a, s);

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
  if (!commands.run->parsed() && !a.program_words.empty())
    return mistake("words behind -- are for programs: ohmic run PROGRAM.elf");
  try {
    read_numbers(s, a);
    for (std::string& set : read_fill_memory(s.fill_memory)) a.sets.push_back(std::move(set));
    a.times_s = read_times(s.times);
    if (commands.hybrid->parsed()) {
      if (a.times_s.size() > 1) return mistake("--time: allowed here is one time after programming");
      if (!s.draws) a.draws = 20;
      if (!s.evaluated) a.images_count = 1000;
      a.thresholds = read_thresholds(s.thresholds.empty() ? "1%" : s.thresholds);
      if (!s.confidence.empty()) a.confidence = read_confidence(s.confidence);
      a.methods = read_methods(s.methods.empty() ? hybrid_policies().front().name : s.methods);
    }
    for (const char* option : {"--draws", "--analog"})
      if (s.times.empty() && commands.evaluate->get_option(option)->count() != 0)
        return mistake(std::string(option) + " is for accuracy over time; name times with --time");
  } catch (const config_error& error) {
    return mistake(error.what());
  }
  if (commands.run->parsed()) {
    a.what = is_elf(a.file) ? command::run_program : command::run_experiment;
    if (const auto wrong = misplaced(*commands.run, a.what)) return mistake(*wrong);
    if (a.what == command::run_program && !a.out.empty() && a.traces.empty() && a.waves.empty())
      return mistake("--out: allowed for a program together with --trace or --wave; its figures go to --json FILE");
    if (a.what == command::run_program && a.chip.empty())
      return mistake("a program needs a chip: ohmic run " + a.file + " --chip configs/aimc4.yaml");
    if (a.what == command::run_experiment && !a.program_words.empty())
      return mistake("words behind -- are for programs; " + a.file + " is an experiment");
    if (a.what == command::run_experiment) to_sets(s, a);
  } else if (commands.calibrate->parsed()) {
    a.what = command::calibrate;
  } else if (commands.compile->parsed()) {
    a.what = command::compile;
    to_sets(s, a);
  } else if (commands.energy->parsed()) {
    a.what = command::energy;
  } else if (commands.evaluate->parsed()) {
    a.what = command::evaluate;
  } else if (commands.hybrid->parsed()) {
    a.what = command::hybrid;
    a.simulate = !s.no_simulation;
    to_sets(s, a);
  } else if (commands.models->parsed()) {
    a.what = command::models;
    if ((a.file == "get") != !a.name.empty())
      return mistake(a.file == "get" ? "models get: a name is missing (see `ohmic models list`)"
                                     : "models list takes no name");
  } else if (!commands.info->parsed()) {
    return mistake(
        "a command is missing: run, calibrate, compile, energy, evaluate, hybrid, models or info (see `ohmic --help`)");
  }
  return std::nullopt;
}

}  // namespace ohmic
