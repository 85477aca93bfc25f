#include "platform/experiment/drift_calibration.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "registers/cluster_control.h"
#include "registers/cluster_peripherals.h"
#include "sw/deployment/calibration.h"

namespace ohmic {
namespace {

std::uint64_t argument(const machine& chip, unsigned cluster, std::uint32_t n) {
  return chip.config().cluster_peripherals(cluster) + registers::cluster_peripherals::cluster_control_base +
         registers::cluster_control::argument_offset + 4 * std::uint64_t{n};
}

}  // namespace

void ask_for_calibration(machine& chip, const deployment& source, const std::vector<crossbar_calibration>& crossbars) {
  for (const crossbar_calibration& crossbar : crossbars) {
    const auto image = std::find_if(source.clusters.begin(), source.clusters.end(),
                                    [&](const cluster_image& c) { return c.cluster == crossbar.cluster; });
    if (image == source.clusters.end()) throw std::runtime_error("a cluster with a crossbar in use has no deployment");
    ohmic_deployment header;
    std::memcpy(&header, image->bytes.data(), sizeof header);
    ohmic_calibration record;
    record.reference = crossbar.reference;
    record.scratch = header.heap + static_cast<std::uint32_t>(sizeof record);
    record.scratch_bytes = image->l1_end - record.scratch;
    if (!chip.write(chip.config().cluster_l1(crossbar.cluster) + header.heap, &record, sizeof record) ||
        !chip.write_word(argument(chip, crossbar.cluster, OHMIC_CALIBRATION_ARGUMENT), header.heap))
      throw std::runtime_error("the chip has no memory for a calibration");
  }
}

std::optional<calibration_figures> calibration_of(machine& chip, const std::vector<crossbar_calibration>& crossbars) {
  calibration_figures all;
  for (const crossbar_calibration& crossbar : crossbars) {
    const cluster_details details = chip.details(crossbar.cluster);
    std::uint32_t sum = 0;
    if (details.cycles_apart == 0 ||
        !chip.read_word(argument(chip, crossbar.cluster, OHMIC_CALIBRATION_SUM_ARGUMENT), sum))
      return std::nullopt;
    for (const block_counter& c : details.counters)
      if (c.block == std::string("ima") && c.name == std::string("mvms")) all.mvms += c.apart;
    all.cycles = std::max(all.cycles, details.cycles_apart);
    const double gain = sum == 0 || crossbar.reference == 0 ? 1 : static_cast<double>(crossbar.reference) / sum;
    all.least_gain = all.crossbars == 0 ? gain : std::min(all.least_gain, gain);
    all.greatest_gain = std::max(all.greatest_gain, gain);
    all.mean_gain += gain;
    ++all.crossbars;
  }
  if (all.crossbars == 0) return std::nullopt;
  all.mean_gain /= all.crossbars;
  return all;
}

}  // namespace ohmic
