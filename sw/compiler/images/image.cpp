#include "sw/compiler/images/image.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <memory>

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

}  // namespace

rgb_image decode_image(const std::string& path) {
  struct closer {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };
  if (std::error_code none; std::filesystem::is_directory(path, none))
    throw image_error(path + ": is a folder, not a picture");
  const std::unique_ptr<std::FILE, closer> file(std::fopen(path.c_str(), "rb"));
  if (!file) throw image_error(path + ": cannot be read: " + std::strerror(errno));
  int width = 0, height = 0, components = 0;
  if (!stbi_info_from_file(file.get(), &width, &height, &components))
    throw image_error(path + ": is not a PNG or JPEG picture");
  if (std::int64_t{width} * height > most_pixels)
    throw image_error(path + ": has " + std::to_string(width) + "x" + std::to_string(height) +
                      " pixels; at most 100 million are allowed");
  struct releaser {
    void operator()(stbi_uc* p) const { stbi_image_free(p); }
  };
  const std::unique_ptr<stbi_uc, releaser> pixels(stbi_load_from_file(file.get(), &width, &height, &components, 3));
  if (!pixels) throw image_error(path + ": cannot be decoded: " + stbi_failure_reason());
  return {width, height, std::vector<std::uint8_t>(pixels.get(), pixels.get() + std::size_t(width) * height * 3)};
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

feature_map quantise_image(const rgb_image& image) {
  feature_map map(3, image.height, image.width);
  for (int x = 0; x < image.width; ++x)
    for (int y = 0; y < image.height; ++y)
      for (int c = 0; c < 3; ++c) map.at(x, y, c) = static_cast<std::int8_t>(image.at(x, y)[c] - 128);
  return map;
}

feature_map load_image(const std::string& path, int width, int height, image_resize resize) {
  return quantise_image(fit_image(decode_image(path), width, height, resize));
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
