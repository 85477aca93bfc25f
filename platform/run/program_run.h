#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "chip/chip_config.h"
#include "host/distinct_files.h"
#include "platform/machine/machine.h"
#include "platform/run/exit_code.h"
#include "platform/run/firmware.h"
#include "platform/run/invocation.h"

namespace ohmic {

/// What a machine writes: traces and waveforms.
std::vector<named_file> output_files(const machine_options& options);

/// What `ohmic run FIRMWARE.elf` was asked for.
struct program_request {
  std::string program;                 ///< path of the ELF
  firmware_files firmware_of;          ///< others, for clusters with cores of these models
  std::vector<std::string> arguments;  ///< words behind "--"
  chip_config chip;
  run_options run;
  machine_options machine;
  std::vector<std::string> crossbars;  ///< CLUSTERS=FILE each
  bool quiet = false;
  bool dump = false;   ///< print every cluster's state if the run fails
  invocation how;      ///< for the figures
  std::string json;    ///< file for the figures; empty: none
  std::string energy;  ///< file of coefficients; empty: energy is not reported
};

/// Runs any program on a chip: console lines on stdout, figures on stderr. Throws elf_error, config_error,
/// and std::runtime_error before the run if a file that was asked for cannot be written.
exit_code run_program(const program_request& request);

/// Writes into the image what the firmware's start-up code expects: its arguments, and where the own peripherals lie
/// (an instruction, so before a machine decodes the text).
void patch_program(elf_file& program, const chip_config& chip, const std::vector<std::string>& arguments);

/// What cores in lock-step compared, by class; nothing if there are none.
void print_lockstep(const lockstep_report& report);

/// One line per hand-over: how many cores, between which cycles, and why others were left alone. With `misses_only`
/// only those that left a core alone.
void print_hand_overs(const std::vector<hand_over_report>& reports, bool misses_only);

/// A guest error in one line: cycle, cluster, core with pc and symbol or device, what it did, and what is wrong with
/// it.
std::string describe(const guest_error& error, const elf_file& program);

/// One line per guest error, of many the first ones.
void print_errors(const machine& chip, const program_set& programs);

/// One line of warning if the run ended with writes to text that no core made a fence.i behind.
void print_unfenced_text(const machine& chip, const program_set& programs);

/// What the program does in a cluster, from what it wrote to ACTIVITY: known to those who know the program.
using cluster_label = std::function<std::string(unsigned cluster, std::uint32_t activity)>;

/// Each cluster that has not finished: what it waits for and where its core 0 is, with symbols; all clusters and cores
/// with `all`. For dead-locks and failures.
void print_state(machine& chip, const program_set& programs, bool all, const cluster_label& label = {});

/// Something outside wants the run to end: a signal, or nobody takes what it prints.
bool stop_requested();

/// Notes it for messages (host/attempt.h).
void attempt_to_build(const chip_config& chip);

/// Behind machine::run(): signals are obeyed at once again. Throws if the run was stopped because standard output is
/// lost.
void after_run(run_end end);

}  // namespace ohmic
