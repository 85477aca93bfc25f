#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "platform/command/arguments.h"

namespace ohmic {

/// The words of options that become numbers or keys of an experiment's file; empty: not given.
struct option_words {
  std::optional<std::string> threads, window, max_cycles, images_count, rows, wave_from, wave_to, trace_from, trace_to,
      trap_limit, lockstep_mismatches, calibration_images, evaluated, skip, draws, fresh_draws, fresh_images;
  std::string times, thresholds, confidence, methods;
  std::string model, calibration, check, fill_memory;
  bool no_simulation = false;
};

/// The commands of the tool.
struct command_apps {
  CLI::App *run, *calibrate, *compile, *energy, *evaluate, *hybrid, *models, *info;
};

/// Adds all commands with their options and help texts. What the user gives goes to `a`, or to `words` if it has a form
/// that is still to be read.
command_apps add_commands(CLI::App& app, arguments& a, option_words& words);

}  // namespace ohmic
