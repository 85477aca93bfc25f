#include "tests/sw/firmware/dataflow_run.h"

#include <stdexcept>

namespace ohmic {

void load_dataflow(untimed_chip& chip, const deployment& mapped, const chip_config& config,
                   const std::vector<feature_map>& images) {
  constexpr std::uint32_t lui_tp = 0x237;
  chip.write_text(chip.symbol("ohmic_boot_peripherals"),
                  static_cast<std::uint32_t>(config.own_peripheral_base()) | lui_tp);
  for (const cluster_image& image : mapped.clusters) {
    chip.add_cluster(image.cluster);
    chip.write(config.cluster_l1(image.cluster) + image.offset, image.bytes.data(), image.bytes.size());
    chip.set_argument(image.cluster, 0, image.offset);
  }
  for (const crossbar_image& x : mapped.crossbars)
    for (unsigned row = 0; row < x.rows; ++row)
      if (!chip.weights(x.cluster).write_weights(
              (x.first_row + std::uint64_t{row}) * config.ima.columns + x.first_bitline,
              reinterpret_cast<const std::uint8_t*>(x.weights.data()) + std::size_t{row} * x.bitlines, x.bitlines))
        throw std::logic_error("weights do not fit the crossbar");
  for (const hbm_image& image : mapped.hbm_images) chip.write(image.address, image.bytes.data(), image.bytes.size());
  for (std::size_t i = 0; i < images.size(); ++i) {
    const std::size_t column =
        static_cast<std::size_t>(images[i].height) * static_cast<std::size_t>(images[i].channels);
    for (std::size_t x = 0; x < static_cast<std::size_t>(images[i].width); ++x)
      chip.write(mapped.hbm.images + i * mapped.hbm.images_stride + x * mapped.hbm.images_column_bytes,
                 images[i].data.data() + x * column, column);
  }
}

std::vector<std::int32_t> logits_of(untimed_chip& chip, const deployment& mapped, unsigned image) {
  std::vector<std::int32_t> logits(mapped.classes);
  chip.read(mapped.hbm.results + std::uint64_t{image} * mapped.hbm.results_stride, logits.data(), logits.size() * 4);
  return logits;
}

}  // namespace ohmic
