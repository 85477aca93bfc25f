#pragma once

#include <optional>

#include "host/distinct_files.h"
#include "platform/config/experiment_config.h"
#include "platform/experiment/chip_loader.h"
#include "platform/machine/machine.h"
#include "platform/run/exit_code.h"
#include "platform/run/firmware.h"
#include "platform/run/invocation.h"
#include "platform/run/trace_choice.h"
#include "platform/run/waveform_choice.h"

namespace ohmic {

/// What `ohmic run EXPERIMENT.yaml` was asked for.
struct experiment_request {
  experiment_config config;
  invocation how;  ///< for the summary
  bool quiet = false;
  bool dump = false;        ///< print every cluster's state if the run fails
  std::string burst_trace;  ///< file for the network's bursts; empty: none
  trace_words traces;
  unsigned lockstep_mismatches = 1;  ///< as in machine_options
  waveform_words waveforms;
  fault_list faults;
  std::string firmware;        ///< another ELF than the dataflow executor; empty: that one
  firmware_files firmware_of;  ///< others, for clusters with cores of these models
};

/// Runs a whole network: prepares model, deployment, images and reference (cached), loads the chip, runs the dataflow
/// firmware, compares every output, writes summary.json and logits.json into the experiment's output folder, and
/// prints a table. Throws config_error, missing_file, import_error, graph_error, mapping_error, image_error, elf_error
/// for what the user can mend.
exit_code run_experiment(const experiment_request& request);

}  // namespace ohmic
