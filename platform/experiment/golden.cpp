#include "platform/experiment/golden.h"

#include <fmt/format.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <optional>

#include "platform/experiment/cache_entry.h"
#include "platform/experiment/fingerprint.h"
#include "platform/experiment/locations.h"
#include "platform/run/progress.h"
#include "sw/compiler/mapping/emit/deployment_folder.h"
#include "sw/compiler/reference/reference_executor.h"

namespace ohmic {
namespace {

// An entry of the cache: words, first the logits, then what was read of each crossbar.

void put(const std::vector<std::uint32_t>& values, std::vector<std::uint32_t>& words) {
  words.push_back(static_cast<std::uint32_t>(values.size()));
  words.insert(words.end(), values.begin(), values.end());
}

std::string pack(const golden_outputs& golden) {
  std::vector<std::uint32_t> words;
  for (const auto& logits : golden.logits) words.insert(words.end(), logits.begin(), logits.end());
  for (const crossbar_calibration& c : golden.calibrations) {
    words.insert(words.end(),
                 {c.cluster, c.reads, c.reference, c.sum, static_cast<std::uint32_t>(c.rectangles.size())});
    for (const crossbar_calibration::rectangle& r : c.rectangles) {
      words.insert(words.end(), {r.first_row, r.first_bitline});
      put(r.references, words);
      put(r.sums, words);
    }
  }
  return {reinterpret_cast<const char*>(words.data()), words.size() * sizeof(std::uint32_t)};
}

/// Takes words one by one; bad once there are too few.
class unpacker {
 public:
  explicit unpacker(const std::string& bytes) : words_(bytes.size() / sizeof(std::uint32_t)) {
    good_ = bytes.size() == words_.size() * sizeof(std::uint32_t);
    std::memcpy(words_.data(), bytes.data(), words_.size() * sizeof(std::uint32_t));
  }
  bool good() const { return good_; }
  bool at_end() const { return at_ == words_.size(); }
  std::uint32_t take() {
    good_ = good_ && !at_end();
    return good_ ? words_[at_++] : 0;
  }
  std::vector<std::uint32_t> take_all() {
    const std::uint32_t count = take();
    std::vector<std::uint32_t> all;
    for (std::uint32_t i = 0; good_ && i < count; ++i) all.push_back(take());
    return all;
  }

 private:
  std::vector<std::uint32_t> words_;
  std::size_t at_ = 0;
  bool good_;
};

bool unpack(const std::optional<std::string>& bytes, std::size_t images, std::size_t classes, golden_outputs& golden) {
  if (!bytes) return false;
  unpacker from(*bytes);
  golden_outputs found;
  found.logits.assign(images, std::vector<std::int32_t>(classes));
  for (auto& logits : found.logits)
    for (std::int32_t& logit : logits) logit = static_cast<std::int32_t>(from.take());
  while (from.good() && !from.at_end()) {
    crossbar_calibration& c = found.calibrations.emplace_back();
    c.cluster = from.take(), c.reads = from.take(), c.reference = from.take(), c.sum = from.take();
    for (std::uint32_t rectangles = from.take(); from.good() && rectangles != 0; --rectangles) {
      crossbar_calibration::rectangle& r = c.rectangles.emplace_back();
      r.first_row = from.take(), r.first_bitline = from.take();
      r.references = from.take_all();
      r.sums = from.take_all();
    }
  }
  if (from.good()) golden = std::move(found);
  return from.good();
}

fingerprint reference_key(const network& net, const image_set& images) {
  fingerprint key;
  key.add(tool_hash()).add(net.hash).add(images.hash);
  return key;
}

/// `make_chip` gives the crossbars, or null for ideal ones; it is called if they are needed.
template <class F>
golden_outputs outputs_of(const char* what, const fingerprint& key, const network& net, const image_set& images,
                          bool keep_maps, unsigned threads, bool quiet, const F& make_chip) {
  golden_outputs golden;
  const auto classes = static_cast<std::size_t>(net.graph.output().channels);
  const cache_entry entry("reference", key.digits(), ".logits");
  if (!keep_maps && unpack(entry.get(), images.size(), classes, golden)) return golden;

  progress meter(what, quiet);
  const std::unique_ptr<analog_chip> chip = make_chip();
  const reference_executor reference(net.graph, reference_mode::adc, chip.get());
  auto results = reference.run(images.maps, keep_maps, threads, [&](std::size_t done) {
    meter.update(static_cast<double>(done), static_cast<double>(images.size()),
                 fmt::format("{} of {} images", done, images.size()));
  });
  for (auto& result : results) {
    golden.logits.push_back(std::move(result.logits));
    if (keep_maps) golden.maps.push_back(std::move(result.maps));
  }
  if (chip) golden.calibrations = chip->calibrations();
  entry.put(pack(golden));
  golden.seconds = meter.seconds();
  return golden;
}

}  // namespace

golden_outputs run_reference(const network& net, const image_set& images, bool keep_maps, unsigned threads,
                             bool quiet) {
  return outputs_of("integer reference", reference_key(net, images), net, images, keep_maps, threads, quiet,
                    [] { return nullptr; });
}

golden_outputs run_noisy_reference(const network& net, const image_set& images, const deployment& mapped,
                                   const chip_config& chip, const pcm::pcm_options& analog, bool keep_maps,
                                   unsigned threads, bool quiet) {
  fingerprint key = reference_key(net, images);
  key.add(deployment_bytes(mapped)).add(pcm::to_text(analog));
  return outputs_of("noisy reference", key, net, images, keep_maps, threads, quiet, [&] {
    return std::make_unique<analog_chip>(net.graph, mapped.crossbars, chip.ima.rows, chip.ima.columns, analog, threads);
  });
}

std::string describe(const mismatch& m, const deployment& mapped) {
  std::vector<std::string> columns;
  for (const crossbar_image& c : mapped.crossbars) {
    const auto x = static_cast<unsigned>(m.x), y = static_cast<unsigned>(m.y);
    if (c.layer != m.layer || m.channel < c.channels.begin || m.channel >= c.channels.end ||
        x / c.tile_columns % c.replicas != c.replica)
      continue;
    for (std::size_t set = 0; set < c.sets.size(); ++set)
      if (c.sets[set].dy == y % c.packing.y)
        columns.push_back(fmt::format("{} of cluster {}",
                                      c.first_bitline +
                                          (static_cast<unsigned>(set) * c.packing.x + x % c.packing.x) *
                                              static_cast<unsigned>(c.channels.count()) +
                                          static_cast<unsigned>(m.channel - c.channels.begin),
                                      c.cluster));
  }
  return fmt::format("layer {} of image {} at x {}, y {}, channel {}: {} instead of {}{}", m.layer, m.image, m.x, m.y,
                     m.channel, m.found, m.expected,
                     columns.empty() ? "" : fmt::format(" (crossbar column {})", fmt::join(columns, ", ")));
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
