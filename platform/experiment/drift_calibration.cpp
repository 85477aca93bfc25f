#include "platform/experiment/drift_calibration.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "registers/cluster_control.h"
#include "registers/cluster_peripherals.h"
#include "registers/ima.h"
#include "sw/deployment/calibration.h"

namespace ohmic {
namespace {

std::uint64_t argument(const machine& chip, unsigned cluster, std::uint32_t n) {
  return chip.config().cluster_peripherals(cluster) + registers::cluster_peripherals::cluster_control_base +
         registers::cluster_control::argument_offset + 4 * std::uint64_t{n};
}

void write(machine& chip, std::uint64_t address, const void* data, std::size_t bytes) {
  if (!chip.write(address, data, bytes)) throw std::runtime_error("the chip has no memory for a calibration");
}

template <class T>
T take(const cluster_image& image, std::uint32_t l1_offset) {
  T value;
  std::memcpy(&value, image.bytes.data() + (l1_offset - image.offset), sizeof value);
  return value;
}

/// Of the columns of all IMA steps, as the firmware counts them; none, if columns get no factors.
std::vector<std::uint32_t> column_references(const cluster_image& image, const ohmic_deployment& header,
                                             const crossbar_calibration& crossbar) {
  namespace reg = registers::ima;
  std::vector<std::uint32_t> all;
  for (std::uint32_t s = 0; !crossbar.rectangles.empty() && s < header.step_count; ++s) {
    const auto record = take<std::uint32_t>(image, header.steps + 4 * s);
    if (take<ohmic_step>(image, record).kind != OHMIC_STEP_IMA) continue;
    const auto step = take<ohmic_ima>(image, record);
    const std::uint32_t first_group = step.registers[reg::group_columns_offset / 4];
    const std::uint32_t groups = step.registers[reg::groups_offset / 4], columns = first_group >> 16;
    const auto rectangle = std::find_if(crossbar.rectangles.begin(), crossbar.rectangles.end(), [&](const auto& r) {
      return r.first_row == step.registers[reg::row_start_offset / 4] && r.first_bitline == (first_group & 0xFFFFu);
    });
    if (rectangle == crossbar.rectangles.end() || rectangle->references.size() != groups * columns)
      throw std::runtime_error("a job of the deployment uses other cells than its crossbar has");
    const std::size_t begin = all.size();
    all.resize(begin + ohmic_padded_columns(groups, columns));
    for (std::uint32_t c = 0; c < groups * columns; ++c)
      all[begin + c / columns * ohmic_padded_columns(1, columns) + c % columns] = rectangle->references[c];
  }
  return all;
}

}  // namespace

void ask_for_calibration(machine& chip, const deployment& source, const std::vector<crossbar_calibration>& crossbars) {
  for (const crossbar_calibration& crossbar : crossbars) {
    const auto image = std::find_if(source.clusters.begin(), source.clusters.end(),
                                    [&](const cluster_image& c) { return c.cluster == crossbar.cluster; });
    if (image == source.clusters.end()) throw std::runtime_error("a cluster with a crossbar in use has no deployment");
    const std::uint64_t l1 = chip.config().cluster_l1(crossbar.cluster);
    auto header = take<ohmic_deployment>(*image, image->offset);
    const std::vector<std::uint32_t> references = column_references(*image, header, crossbar);
    ohmic_calibration record{};
    record.reads = crossbar.reads;
    record.reference = crossbar.reference;
    // Factors stay: they take the begin of the heap.
    const auto factors = static_cast<std::uint32_t>((references.size() * sizeof(std::int16_t) + 63) / 64 * 64);
    if (factors > header.heap_bytes) throw std::runtime_error("a deployment's heap has no room for factors of columns");
    if (!references.empty()) record.factors = header.heap;
    header.heap += factors;
    header.heap_bytes -= factors;
    const auto references_bytes = static_cast<std::uint32_t>(references.size() * sizeof(std::uint32_t));
    if (!references.empty()) record.column_references = header.heap + static_cast<std::uint32_t>(sizeof record);
    record.scratch = header.heap + static_cast<std::uint32_t>(sizeof record) + references_bytes;
    record.scratch_bytes = image->l1_end - record.scratch;
    write(chip, l1 + image->offset, &header, sizeof header);
    write(chip, l1 + header.heap, &record, sizeof record);
    write(chip, l1 + header.heap + sizeof record, references.data(), references_bytes);
    write(chip, argument(chip, crossbar.cluster, OHMIC_CALIBRATION_ARGUMENT), &header.heap, sizeof header.heap);
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
