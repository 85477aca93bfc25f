#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ohmic {

enum class command { run_experiment, run_program, calibrate, compile, energy, evaluate, hybrid, models, info };

/// What the command line asked for. Options that were not given are empty or 0; numbers have been checked.
struct arguments {
  command what = command::info;
  std::vector<std::string> command_line;  ///< all words, the program's name first
  std::string file;                       ///< experiment, ELF, model, summary.json, or chip
  std::vector<std::string> sets;          ///< arguments of --set; the shorthands (--model ...) come last
  std::vector<std::string> cores;         ///< arguments of --cores
  std::vector<std::string> hand_overs;    ///< arguments of --hand-over
  std::vector<std::string> waves;         ///< arguments of --wave
  std::optional<std::uint64_t> wave_from, wave_to;
  std::vector<std::string> program_words;  ///< behind "--"
  std::string chip, images, input, out, json;
  std::string model, data, calibration, name;  ///< of evaluate and models
  std::uint64_t skip = 0, images_count = 0;
  std::optional<std::uint64_t> calibration_images;
  std::vector<double> times_s;                          ///< of --time
  double confidence = 0.9;                              ///< of hybrid
  std::vector<double> thresholds;                       ///< of hybrid: shares, ascending
  std::vector<std::string> methods;                     ///< of hybrid
  std::uint64_t fresh_draws = 20, fresh_images = 1000;  ///< of hybrid
  std::string retrain;                                  ///< of hybrid
  bool ties_reversed = false, simulate = true;
  std::string analog;  ///< YAML of --analog
  std::uint64_t draws = 5;
  bool only_adc = false;
  std::string energy;                 ///< argument of --energy
  std::string write_mapping;          ///< of compile: a file for the mapping; empty: none
  std::vector<std::string> firmware;  ///< arguments of --firmware
  std::vector<std::string> faults;
  std::string burst_trace;                     ///< argument of --trace-bursts
  std::vector<std::string> traces, trace_pcs;  ///< arguments of --trace and --trace-pc
  std::optional<std::uint64_t> trace_from, trace_to;
  std::vector<std::string> crossbars;        ///< arguments of --crossbar
  std::uint64_t max_cycles = 0, window = 0;  ///< 0: no limit, the exact window
  std::optional<std::uint32_t> trap_limit;
  unsigned threads = 0, rows = 256, lockstep_mismatches = 1;
  bool rows_given = false;
  bool quiet = false, dump = false, fit = false, explain = false, pareto = false;
};

/// Parses the command line. Prints help, version or what is wrong, and returns the exit code to leave with, if the
/// program is not to go on.
std::optional<int> parse_arguments(int argc, char** argv, arguments& result);

}  // namespace ohmic
