#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <vector>

#include "sw/compiler/graph/feature_map.h"

namespace ohmic {

/// A picture that cannot be used. what() is a complete message for the user, with the file.
struct image_error : std::exception {
  explicit image_error(std::string message) : message_(std::move(message)) {}
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

/// 8-bit RGB, [height][width][3].
struct rgb_image {
  int width = 0, height = 0;
  std::vector<std::uint8_t> pixels;

  const std::uint8_t* at(int x, int y) const { return &pixels[(static_cast<std::size_t>(y) * width + x) * 3]; }
};

/// Decodes a PNG or JPEG file: alpha is dropped, grey repeated, 16 bits cut to 8. Orientation tags are not
/// read.
rgb_image decode_image(const std::string& path);

/// When a picture is resized before the centre crop: only where it is smaller than the crop, or always, so
/// that the crop holds as much of it as possible.
enum class image_resize { where_smaller, always };

/// The centre width x height pixels, after resizing (keeping the aspect ratio) so that the crop just fits, if
/// asked for or needed. Offsets round down.
rgb_image fit_image(const rgb_image& image, int width, int height, image_resize resize = image_resize::where_smaller);

/// q0 = pixel - 128 in the chip's layout [width][height][3].
feature_map quantise_image(const rgb_image& image);

/// The three above: a file as the network's input of width x height.
feature_map load_image(const std::string& path, int width, int height,
                       image_resize resize = image_resize::where_smaller);

/// Paths of the PNG and JPEG files of a folder, sorted by name (bytewise); or the path itself if it is a
/// file. Throws image_error if there is none.
std::vector<std::string> list_images(const std::string& path);

}  // namespace ohmic
