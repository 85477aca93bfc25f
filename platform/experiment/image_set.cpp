#include "platform/experiment/image_set.h"

#include <algorithm>
#include <filesystem>

#include "platform/experiment/fingerprint.h"
#include "platform/experiment/locations.h"
#include "sw/compiler/images/image.h"
#include "sw/compiler/reference/work_sharing.h"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

int scene_of(const std::string& file, const std::vector<std::string>& labels) {
  std::string stem = fs::path(file).stem().string();
  const std::size_t number = stem.find_first_not_of("0123456789");
  if (number != std::string::npos && number > 0 && stem[number] == '_') stem.erase(0, number + 1);
  const auto found = std::find(labels.begin(), labels.end(), stem);
  return found == labels.end() ? -1 : static_cast<int>(found - labels.begin());
}

/// The same photograph at another offset: the crop lies where the multiples of two irrational ratios say, in 1/65536 of
/// the room, so that no two rounds have the same place where there is room.
rgb_image shifted(const rgb_image& image, int width, int height, unsigned round) {
  const std::uint64_t room_x = std::max(0, image.width - width), room_y = std::max(0, image.height - height);
  const auto x0 = static_cast<int>(room_x * ((32768 + round * 40503u) % 65536) / 65536);
  const auto y0 = static_cast<int>(room_y * ((32768 + round * 49459u) % 65536) / 65536);
  rgb_image part;
  part.width = std::min(width, image.width);
  part.height = std::min(height, image.height);
  part.pixels.resize(static_cast<std::size_t>(part.width) * part.height * 3);
  for (int y = 0; y < part.height; ++y)
    std::copy_n(image.at(x0, y0 + y), static_cast<std::size_t>(part.width) * 3,
                part.pixels.data() + static_cast<std::size_t>(y) * part.width * 3);
  return part;
}

}  // namespace

image_set load_images(const experiment_config& config, const integer_graph& graph, const std::string& folder) {
  const unsigned count = config.images.count;
  std::string from = config.images.dir;
  if (from.empty()) {
    if (folder.empty()) throw missing_file("no images: name a folder of photographs with --images (or images.dir)");
    from = (fs::path(folder) / "photos").string();
    if (list_images(from).size() < count) from = (fs::path(folder) / "photos48").string();
  }
  const std::vector<std::string> found = list_images(from);

  image_set set;
  set.maps.resize(count);
  for (unsigned i = 0; i < count; ++i) set.files.push_back(found[i % found.size()]);
  const image_quantiser quantiser(graph);
  const int width = quantiser.width(), height = quantiser.height();
  const image_resize resize = config.images.resize ? image_resize::always : image_resize::where_smaller;
  share_work(count, config.engine.threads, [&](std::size_t i) {
    const unsigned round = static_cast<unsigned>(i / found.size());
    set.maps[i] = round == 0 ? quantiser.load(set.files[i], resize)
                             : quantiser.quantise(fit_image(shifted(decode_image(set.files[i]), width, height, round),
                                                            width, height, resize));
  });
  fingerprint hash;
  for (unsigned i = 0; i < count; ++i) {
    set.scenes.push_back(scene_of(set.files[i], graph.labels));
    hash.add(set.maps[i].data);
  }
  set.hash = hash.digits();
  return set;
}

}  // namespace ohmic
