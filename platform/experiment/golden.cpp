#include "platform/experiment/golden.h"

#include <fmt/format.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <set>

#include "platform/experiment/cache_entry.h"
#include "platform/experiment/fingerprint.h"
#include "platform/experiment/locations.h"
#include "platform/run/progress.h"
#include "sw/compiler/mapping/emit/deployment_folder.h"
#include "sw/compiler/reference/reference_executor.h"

namespace ohmic {
namespace {

/// An entry of the cache: the logits, then what was read of `crossbars` crossbars.
bool unpack(const std::optional<std::string>& bytes, std::size_t images, std::size_t classes, std::size_t crossbars,
            golden_outputs& golden) {
  const std::size_t row = classes * sizeof(std::int32_t), one = sizeof(crossbar_calibration);
  if (!bytes || bytes->size() != images * row + crossbars * one) return false;
  golden.logits.assign(images, std::vector<std::int32_t>(classes));
  for (std::size_t i = 0; i < images; ++i) std::memcpy(golden.logits[i].data(), bytes->data() + i * row, row);
  golden.calibrations.resize(crossbars);
  std::memcpy(golden.calibrations.data(), bytes->data() + images * row, crossbars * one);
  return true;
}

fingerprint reference_key(const network& net, const image_set& images) {
  fingerprint key;
  key.add(tool_hash()).add(net.hash).add(images.hash);
  return key;
}

/// `make_chip` gives the crossbars, of which `calibrated` are read first, or null for ideal ones; it is called if they
/// are needed.
template <class F>
golden_outputs outputs_of(const char* what, const fingerprint& key, const network& net, const image_set& images,
                          bool keep_maps, unsigned threads, bool quiet, std::size_t calibrated, const F& make_chip) {
  golden_outputs golden;
  const auto classes = static_cast<std::size_t>(net.graph.output().channels);
  const cache_entry entry("reference", key.digits(), ".logits");
  if (!keep_maps && unpack(entry.get(), images.size(), classes, calibrated, golden)) return golden;

  progress meter(what, quiet);
  const std::unique_ptr<analog_chip> chip = make_chip();
  const reference_executor reference(net.graph, reference_mode::adc, chip.get());
  auto results = reference.run(images.maps, keep_maps, threads, [&](std::size_t done) {
    meter.update(static_cast<double>(done), static_cast<double>(images.size()),
                 fmt::format("{} of {} images", done, images.size()));
  });
  std::string bytes;
  for (auto& result : results) {
    bytes.append(reinterpret_cast<const char*>(result.logits.data()), result.logits.size() * sizeof(std::int32_t));
    golden.logits.push_back(std::move(result.logits));
    if (keep_maps) golden.maps.push_back(std::move(result.maps));
  }
  if (chip) golden.calibrations = chip->calibrations();
  bytes.append(reinterpret_cast<const char*>(golden.calibrations.data()),
               golden.calibrations.size() * sizeof(crossbar_calibration));
  entry.put(bytes);
  golden.seconds = meter.seconds();
  return golden;
}

}  // namespace

golden_outputs run_reference(const network& net, const image_set& images, bool keep_maps, unsigned threads,
                             bool quiet) {
  return outputs_of("integer reference", reference_key(net, images), net, images, keep_maps, threads, quiet, 0,
                    [] { return nullptr; });
}

golden_outputs run_noisy_reference(const network& net, const image_set& images, const deployment& mapped,
                                   const chip_config& chip, const pcm::pcm_options& analog, bool keep_maps,
                                   unsigned threads, bool quiet) {
  fingerprint key = reference_key(net, images);
  key.add(deployment_bytes(mapped)).add(pcm::to_text(analog));
  std::set<unsigned> calibrated;
  if (analog.compensation != pcm::drift_compensation::none)
    for (const crossbar_image& image : mapped.crossbars) calibrated.insert(image.cluster);
  return outputs_of("noisy reference", key, net, images, keep_maps, threads, quiet, calibrated.size(), [&] {
    return std::make_unique<analog_chip>(net.graph, mapped.crossbars, chip.ima.rows, chip.ima.columns, analog, threads);
  });
}

std::string describe(const mismatch& m) {
  return fmt::format("layer {} of image {} at x {}, y {}, channel {}: {} instead of {}", m.layer, m.image, m.x, m.y,
                     m.channel, m.found, m.expected);
}

comparison compare_logits(const integer_graph& graph, const std::vector<std::vector<std::int32_t>>& expected,
                          const std::vector<std::vector<std::int32_t>>& found) {
  comparison result;
  mismatch at;
  at.layer = graph.nodes.back().name;
  for (std::size_t i = 0; i < expected.size(); ++i)
    for (std::size_t c = 0; c < expected[i].size(); ++c) {
      at.image = static_cast<unsigned>(i);
      at.channel = static_cast<int>(c);
      at.expected = expected[i][c];
      at.found = found[i][c];
      result.add(at.expected == at.found, at);
    }
  return result;
}

}  // namespace ohmic
