#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "sw/compiler/graph/feature_map.h"
#include "sw/compiler/graph/integer_graph.h"

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

/// Decodes a PNG or JPEG file: alpha is dropped, grey repeated, 16 bits cut to 8, the orientation of EXIF applied.
/// Throws image_error; a file that is cut off, and a PNG with a wrong checksum, is an error.
rgb_image decode_image(const std::string& path);

/// The same from memory; `name` stands for the file in messages.
rgb_image decode_image_bytes(std::string_view bytes, const std::string& name);

/// When a picture is resized before the centre crop: only where it is smaller than the crop, or always, so
/// that the crop holds as much of it as possible.
enum class image_resize { where_smaller, always };

/// The centre width x height pixels, after resizing (keeping the aspect ratio) so that the crop just fits, if
/// asked for or needed. Offsets round down.
rgb_image fit_image(const rgb_image& image, int width, int height, image_resize resize = image_resize::where_smaller);

/// Of a pixel: ITU-R 601-2, as Pillow rounds it.
std::uint8_t luma_of(const std::uint8_t* rgb);

/// Makes a network's int8 input of pictures of its size, as its conversion of pixels and the scale of its input say.
class image_quantiser {
 public:
  /// Throws graph_error if the conversion does not fit the network.
  explicit image_quantiser(const integer_graph& graph);

  /// In the chip's layout [width][height][channels].
  feature_map quantise(const rgb_image& image) const;
  /// decode_image(), fit_image() to the network's size, quantise().
  feature_map load(const std::string& path, image_resize resize = image_resize::where_smaller) const;

  int width() const { return width_; }
  int height() const { return height_; }

 private:
  int width_, height_;
  pixel_conversion::channel_order order_;
  std::vector<pixel_table> tables_;
};

/// Paths of the PNG and JPEG files of a folder, sorted by name (bytewise); or the path itself if it is a
/// file. Throws image_error if there is none.
std::vector<std::string> list_images(const std::string& path);

}  // namespace ohmic
