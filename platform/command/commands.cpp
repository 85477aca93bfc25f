#include "platform/command/commands.h"

#include <fmt/format.h>

#include <cstdio>
#include <optional>

#include "platform/config/config_error.h"
#include "platform/config/core_choice.h"
#include "platform/config/experiment_config.h"
#include "platform/config/load_chip.h"
#include "platform/experiment/mapped_network.h"
#include "platform/experiment/network.h"
#include "platform/experiment/run_experiment.h"
#include "platform/run/output_folder.h"
#include "platform/run/program_run.h"
#include "sw/compiler/mapping/deployment_folder.h"
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

exit_code run_experiment_command(const arguments& a) {
  experiment_request request;
  request.config = load_experiment(a.file, a.sets, a.cores, a.hand_overs);
  request.quiet = a.quiet;
  request.dump = a.dump;
  request.trace = a.trace;
  sort_firmware(a.firmware, &request.firmware, request.firmware_of);
  request.waveforms = {a.waves, a.wave_from, a.wave_to};
  for (const std::string& fault : a.faults) add_fault(request.faults, fault);
  return run_experiment(request);
}

exit_code run_program_command(const arguments& a) {
  program_request request;
  request.program = a.file;
  sort_firmware(a.firmware, nullptr, request.firmware_of);
  request.arguments = a.program_words;
  request.chip = load_chip(a.chip, a.sets, a.cores, a.hand_overs);
  request.run.threads = a.threads == 0 ? usable_processors() : a.threads;
  request.run.window = a.window;
  if (a.max_cycles != 0) request.run.max_cycles = a.max_cycles;
  std::optional<output_folder> output;
  if (a.trace || !a.waves.empty()) output.emplace(a.out.empty() ? "." : a.out);
  request.machine.waveforms = choose_waveforms({a.waves, a.wave_from, a.wave_to}, request.chip,
                                               output ? output->path() : std::filesystem::path());
  if (a.trace) {
    const auto [cluster, core] = *a.trace;
    if (cluster >= request.chip.clusters() || core >= request.chip.cluster.cores)
      throw config_error(fmt::format("--trace {}.{}: the chip has clusters 0..{} with cores 0..{}", cluster, core,
                                     request.chip.clusters() - 1, request.chip.cluster.cores - 1));
    request.machine.trace =
        traced_core{cluster, core, (output->path() / fmt::format("trace_{}.{}.txt", cluster, core)).string()};
  }
  if (output) output->create();
  request.quiet = a.quiet;
  request.dump = a.dump;
  request.json = a.json;
  return run_program(request);
}

exit_code calibrate_command(const arguments& a) {
  calibrate_file(a.file, a.images, a.rows, a.threads, a.out, a.quiet);
  if (!a.quiet) std::printf("written to %s\n", a.out.c_str());
  return exit_code::right;
}

exit_code compile_command(const arguments& a) {
  const experiment_config config = load_experiment(a.file, a.sets);
  const output_folder output(a.out);
  const network net = load_network(config, a.quiet);
  const deployment mapped = map_network(config, net, a.quiet);
  save_deployment(mapped, a.out);
  if (!a.quiet) {
    std::printf(
        "%s on %s: %zu stages on %zu clusters, %zu crossbars, %llu MVMs per image, at least %.0f cycles per image\n",
        mapped.model.c_str(), mapped.chip.c_str(), mapped.stages.size(), mapped.clusters.size(),
        mapped.crossbars.size(), static_cast<unsigned long long>(mapped.mvms_per_image), mapped.bottleneck_cycles);
    std::printf("written to %s\n", a.out.c_str());
  }
  return exit_code::right;
}

exit_code info_command(const arguments& a) {
  const chip_config chip = load_chip(a.file, a.sets);
  std::printf("# %u clusters, %u cores, hash %s\n", chip.clusters(), chip.clusters() * chip.cluster.cores,
              chip_hash(chip).c_str());
  std::printf(
      "# own L1 0x%llx, own peripherals 0x%llx, cluster n's L1 0x%llx + n * 0x%llx, HBM 0x%llx, platform 0x%llx\n",
      static_cast<unsigned long long>(chip_config::own_l1_base),
      static_cast<unsigned long long>(chip.own_peripheral_base()),
      static_cast<unsigned long long>(chip_config::clusters_base),
      static_cast<unsigned long long>(chip.cluster_stride()), static_cast<unsigned long long>(chip.hbm_base),
      static_cast<unsigned long long>(chip_config::platform_base));
  std::fputs(to_yaml(chip).c_str(), stdout);
  return exit_code::right;
}

}  // namespace

exit_code execute(const arguments& a) {
  switch (a.what) {
    case command::run_experiment:
      return run_experiment_command(a);
    case command::run_program:
      return run_program_command(a);
    case command::calibrate:
      return calibrate_command(a);
    case command::compile:
      return compile_command(a);
    case command::info:
      return info_command(a);
  }
  return exit_code::right;
}

}  // namespace ohmic
