#include "platform/experiment/chip_loader.h"

#include <fmt/format.h>

#include <cstring>
#include <stdexcept>

#include "platform/config/config_error.h"
#include "platform/config/numbers.h"
#include "registers/cluster_control.h"
#include "registers/cluster_peripherals.h"
#include "sw/deployment/deployment.h"

namespace ohmic {
namespace {

void write(machine& chip, std::uint64_t address, const void* data, std::size_t bytes) {
  if (!chip.write(address, data, bytes))
    throw std::runtime_error(fmt::format("the chip has no memory for {} bytes at {:#x}", bytes, address));
}

template <class T>
T take(const cluster_image& image, std::uint32_t l1_offset) {
  T value;
  std::memcpy(&value, image.bytes.data() + (l1_offset - image.offset), sizeof value);
  return value;
}

/// Calls f(image, L1 offset of the biases, count) for each requantise step; stops when it returns true.
template <class F>
bool for_each_requantise(deployment& target, F&& f) {
  for (cluster_image& image : target.clusters) {
    const auto header = take<ohmic_deployment>(image, image.offset);
    for (std::uint32_t s = 0; s < header.step_count; ++s) {
      const auto record = take<std::uint32_t>(image, header.steps + 4 * s);
      if (take<ohmic_step>(image, record).kind != OHMIC_STEP_KERNEL) continue;
      const auto step = take<ohmic_kernel_step>(image, record);
      if (step.kernel == OHMIC_KERNEL_REQUANTISE && f(image, step.biases, step.channels)) return true;
    }
  }
  return false;
}

}  // namespace

void add_fault(fault_list& faults, const std::string& text) {
  const std::size_t equal = text.find('=');
  const std::string name = text.substr(0, equal);
  std::uint64_t* const target = name == "drop-write"       ? &faults.drop_write
                                : name == "flip-weight"    ? &faults.flip_weight
                                : name == "wrong-constant" ? &faults.wrong_constant
                                : name == "stuck-column"   ? &faults.stuck_column
                                                           : nullptr;
  const auto number = equal == std::string::npos ? std::nullopt : parse_integer(text.substr(equal + 1));
  if (target == nullptr || !number || *number < 1 || *number > most_of_anything)
    throw config_error("--inject " + printable(text) +
                       ": allowed are drop-write=N, flip-weight=N, wrong-constant=N and stuck-column=N with N >= 1");
  *target = static_cast<std::uint64_t>(*number);
}

void apply_faults(deployment& target, const fault_list& faults) {
  if (std::uint64_t n = faults.flip_weight; n != 0) {
    --n;
    auto crossbar = target.crossbars.begin();
    while (crossbar != target.crossbars.end() && n >= crossbar->weights.size()) n -= crossbar++->weights.size();
    if (crossbar == target.crossbars.end())
      throw config_error(fmt::format("--inject flip-weight={}: the deployment has fewer weights", faults.flip_weight));
    crossbar->weights[n] = static_cast<std::int8_t>(crossbar->weights[n] ^ 0x40);
  }
  if (std::uint64_t n = faults.wrong_constant; n != 0) {
    --n;
    const bool found =
        for_each_requantise(target, [&](cluster_image& image, std::uint32_t biases, std::uint32_t count) {
          if (n >= count) {
            n -= count;
            return false;
          }
          const std::uint32_t at = biases + 4 * static_cast<std::uint32_t>(n);
          const auto bias = static_cast<std::int32_t>(take<std::int32_t>(image, at) + (1 << 20));
          std::memcpy(image.bytes.data() + (at - image.offset), &bias, sizeof bias);
          return true;
        });
    if (!found)
      throw config_error(fmt::format("--inject wrong-constant={}: the deployment has fewer requantise constants",
                                     faults.wrong_constant));
  }
}

std::map<unsigned, std::vector<pcm::device_fault>> stuck_devices(const deployment& source, const fault_list& faults,
                                                                 const std::optional<pcm::pcm_options>& analog) {
  std::uint64_t n = faults.stuck_column;
  if (n == 0) return {};
  if (!analog)
    throw config_error("--inject stuck-column: crossbars are ideal and have no devices; allowed with analog.model=pcm");
  --n;
  for (const crossbar_image& crossbar : source.crossbars) {
    if (n >= crossbar.bitlines) {
      n -= crossbar.bitlines;
      continue;
    }
    std::vector<pcm::device_fault> stuck;
    for (unsigned row = 0; row < crossbar.rows; ++row)
      stuck.push_back(
          {crossbar.first_row + row, crossbar.first_bitline + static_cast<unsigned>(n), false, analog->devices.g_max});
    return {{crossbar.cluster, stuck}};
  }
  throw config_error(fmt::format("--inject stuck-column={}: the deployment has fewer columns", faults.stuck_column));
}

void load_chip_memory(machine& chip, const deployment& source, const image_set& images) {
  const chip_config& config = chip.config();
  namespace map = registers::cluster_peripherals;
  for (const crossbar_image& crossbar : source.crossbars) {
    const std::uint64_t base = config.cluster_peripherals(crossbar.cluster) + map::crossbar_base;
    for (unsigned row = 0; row < crossbar.rows; ++row)
      write(chip, base + (crossbar.first_row + std::uint64_t{row}) * config.ima.columns + crossbar.first_bitline,
            crossbar.weights.data() + std::size_t{row} * crossbar.bitlines, crossbar.bitlines);
  }
  for (const cluster_image& image : source.clusters) {
    write(chip, config.cluster_l1(image.cluster) + image.offset, image.bytes.data(), image.bytes.size());
    const std::uint32_t argument = image.offset;
    write(chip,
          config.cluster_peripherals(image.cluster) + map::cluster_control_base +
              registers::cluster_control::argument_offset,
          &argument, sizeof argument);
  }
  for (const hbm_image& image : source.hbm_images) write(chip, image.address, image.bytes.data(), image.bytes.size());
  const hbm_layout& hbm = source.hbm;
  const std::size_t column = std::size_t{source.image_height} * source.image_channels;
  std::vector<std::int8_t> padded(hbm.images_stride);
  for (std::size_t i = 0; i < images.size(); ++i) {
    for (std::size_t x = 0; x < source.image_width; ++x)
      std::memcpy(padded.data() + x * hbm.images_column_bytes, images.maps[i].data.data() + x * column, column);
    write(chip, hbm.images + i * hbm.images_stride, padded.data(), padded.size());
  }
}

std::vector<std::vector<std::int32_t>> read_logits(machine& chip, const deployment& source, unsigned images) {
  std::vector<std::vector<std::int32_t>> logits(images, std::vector<std::int32_t>(source.classes));
  for (unsigned i = 0; i < images; ++i)
    if (!chip.read(source.hbm.results + std::uint64_t{i} * source.hbm.results_stride, logits[i].data(),
                   logits[i].size() * sizeof(std::int32_t)))
      throw std::runtime_error("results lie outside the chip's memory");
  return logits;
}

}  // namespace ohmic
