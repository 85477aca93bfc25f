#include "sw/compiler/images/image.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "sw/compiler/images/picture_file.h"
#include "sw/compiler/images/stb.h"

namespace ohmic {
namespace {

constexpr std::int64_t most_pixels = 100'000'000;  // a broken header may claim far more than the file holds

rgb_image resized(const rgb_image& image, int width, int height) {
  rgb_image result{width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width) * height * 3)};
  if (!stbir_resize_uint8(image.pixels.data(), image.width, image.height, 0, result.pixels.data(), width, height, 0, 3))
    throw image_error("out of memory while resizing a picture of " + std::to_string(image.width) + "x" +
                      std::to_string(image.height));
  return result;
}

/// The picture whose rows and columns were stored as `orientation` (EXIF 2.3, 4.6.4) says.
rgb_image upright(rgb_image stored, int orientation) {
  if (orientation == 1) return stored;
  const bool transposed = orientation >= 5;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_below = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  rgb_image result{stored.width, stored.height, std::vector<std::uint8_t>(stored.pixels.size())};
  if (transposed) std::swap(result.width, result.height);
  std::uint8_t* out = result.pixels.data();
  for (int y = 0; y < result.height; ++y)
    for (int x = 0; x < result.width; ++x, out += 3) {
      int column = transposed ? y : x, row = transposed ? x : y;
      if (from_right) column = stored.width - 1 - column;
      if (from_below) row = stored.height - 1 - row;
      std::copy_n(stored.at(column, row), 3, out);
    }
  return result;
}

}  // namespace

std::uint8_t luma_of(const std::uint8_t* rgb) {
  return static_cast<std::uint8_t>((rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u + 0x8000u) >> 16);
}

rgb_image decode_image_bytes(std::string_view bytes, const std::string& name) {
  const picture_file file = examine_picture(bytes);
  if (!file.fault.empty()) throw image_error(name + ": " + file.fault);
  if (bytes.size() > INT_MAX) throw image_error(name + ": is larger than 2 GB");
  const auto* data = reinterpret_cast<const stbi_uc*>(bytes.data());
  const int size = static_cast<int>(bytes.size());
  int width = 0, height = 0, components = 0;
  if (!stbi_info_from_memory(data, size, &width, &height, &components))
    throw image_error(name + ": is not a PNG or JPEG picture");
  if (std::int64_t{width} * height > most_pixels)
    throw image_error(name + ": has " + std::to_string(width) + "x" + std::to_string(height) +
                      " pixels; at most 100 million are allowed");
  struct releaser {
    void operator()(stbi_uc* p) const { stbi_image_free(p); }
  };
  const std::unique_ptr<stbi_uc, releaser> pixels(stbi_load_from_memory(data, size, &width, &height, &components, 3));
  if (!pixels) throw image_error(name + ": cannot be decoded: " + stbi_failure_reason());
  return upright({width, height, {pixels.get(), pixels.get() + std::size_t(width) * height * 3}}, file.orientation);
}

rgb_image decode_image(const std::string& path) {
  if (std::error_code none; std::filesystem::is_directory(path, none))
    throw image_error(path + ": is a folder, not a picture");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string bytes;
  if (file) bytes.assign(std::istreambuf_iterator<char>(file), {});
  if (!file || file.bad())
    throw image_error(path + ": cannot be read: " + (errno != 0 ? std::strerror(errno) : "unknown reason"));
  return decode_image_bytes(bytes, path);
}

rgb_image fit_image(const rgb_image& image, int width, int height, image_resize resize) {
  const rgb_image* source = &image;
  rgb_image scaled;
  if (resize == image_resize::always || image.width < width || image.height < height) {
    const double factor = std::max(double(width) / image.width, double(height) / image.height);
    const int w = std::max(width, static_cast<int>(std::lround(image.width * factor)));
    const int h = std::max(height, static_cast<int>(std::lround(image.height * factor)));
    if (w != image.width || h != image.height) {
      scaled = resized(image, w, h);
      source = &scaled;
    }
  }
  rgb_image crop{width, height, {}};
  crop.pixels.reserve(static_cast<std::size_t>(width) * height * 3);
  const int left = (source->width - width) / 2, top = (source->height - height) / 2;
  for (int y = 0; y < height; ++y)
    crop.pixels.insert(crop.pixels.end(), source->at(left, top + y), source->at(left, top + y) + width * 3);
  return crop;
}

image_quantiser::image_quantiser(const integer_graph& graph)
    : width_(graph.input().width),
      height_(graph.input().height),
      order_(graph.pixels.channels),
      tables_(pixel_tables(graph.pixels, graph.input().channels, graph.input().scale)) {
  using order = pixel_conversion::channel_order;
  if (tables_.size() != 1 && tables_.size() != 3)
    throw graph_error("input of pixels: the network takes " + std::to_string(tables_.size()) +
                      " channels, but pictures give 3 (rgb or bgr) or 1 (grey)");
  if (order_ == order::unsaid) order_ = tables_.size() == 1 ? order::grey : order::rgb;
}

feature_map image_quantiser::quantise(const rgb_image& image) const {
  using order = pixel_conversion::channel_order;
  const int channels = static_cast<int>(tables_.size());
  feature_map map(channels, image.height, image.width);
  for (int x = 0; x < image.width; ++x)
    for (int y = 0; y < image.height; ++y) {
      const std::uint8_t* rgb = image.at(x, y);
      if (order_ == order::grey)
        map.at(x, y, 0) = tables_[0][luma_of(rgb)];
      else
        for (int c = 0; c < channels; ++c) map.at(x, y, c) = tables_[c][rgb[order_ == order::bgr ? 2 - c : c]];
    }
  return map;
}

feature_map image_quantiser::load(const std::string& path, image_resize resize) const {
  return quantise(fit_image(decode_image(path), width_, height_, resize));
}

std::vector<std::string> list_images(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::is_regular_file(path, error)) return {path};
  fs::directory_iterator folder(path, error);
  if (error) throw image_error(path + ": cannot be read: " + error.message());
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : folder) {
    std::string ending = entry.path().extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return std::tolower(c); });
    if (entry.is_regular_file() && (ending == ".png" || ending == ".jpg" || ending == ".jpeg"))
      names.push_back(entry.path().string());
  }
  if (names.empty()) throw image_error(path + ": holds no PNG or JPEG picture");
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace ohmic
