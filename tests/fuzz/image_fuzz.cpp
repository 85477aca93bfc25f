// PNG and JPEG files with headers, parts, checksums and bytes changed: each is refused in one line that names the file,
// or gives a picture of the size it says, which can be cut and scaled.
#include <array>

#include "sw/compiler/images/image.h"
#include "tests/fuzz/campaign.h"

// Foreign code: its warnings and its shifts of negative numbers are not ours to mend.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#ifdef __clang__
  #pragma clang attribute push(__attribute__((no_sanitize("undefined"))), apply_to = function)
#endif
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#include <stb/stb_image_write.h>
#ifdef __clang__
  #pragma clang attribute pop
#endif
#pragma GCC diagnostic pop

namespace ohmic::fuzz {
namespace {

void append(void* context, void* data, int size) {
  static_cast<std::string*>(context)->append(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

std::string number(std::uint64_t value, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) text += static_cast<char>(value >> shift);
  return text;
}

std::uint32_t crc(const std::string& bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> t{};
    for (std::uint32_t n = 0; n < 256; ++n) {
      t[n] = n;
      for (int k = 0; k < 8; ++k) t[n] = (t[n] & 1) != 0 ? 0xEDB88320u ^ (t[n] >> 1) : t[n] >> 1;
    }
    return t;
  }();
  std::uint32_t c = ~0u;
  for (const unsigned char b : bytes) c = table[(c ^ b) & 255] ^ (c >> 8);
  return ~c;
}
std::string chunk(const std::string& name, const std::string& content) {
  return number(content.size(), 4) + name + content + number(crc(name + content), 4);
}

/// Makes the checksums of a PNG right again, so that damage reaches the decoder.
void seal(std::string& png) {
  for (std::size_t at = 8; at + 12 <= png.size();) {
    std::uint32_t length = 0;
    for (int i = 0; i < 4; ++i)
      length = length << 8 | static_cast<unsigned char>(png[at + static_cast<std::size_t>(i)]);
    if (length > png.size() - at - 12) return;
    png.replace(at + 8 + length, 4, number(crc(png.substr(at + 4, length + 4)), 4));
    at += 12 + length;
  }
}

std::string exif(dice& random) {
  const bool little = random.one_in(2);
  std::string tiff = little ? std::string("II*\0\x08\0\0\0", 8) : std::string("MM\0*\0\0\0\x08", 8);
  tiff += std::string(little ? "\x01\0\x12\x01\x03\0\x01\0\0\0" : "\0\x01\x01\x12\0\x03\0\0\0\x01", 10);
  const char value = static_cast<char>(random.below(10));
  tiff += little ? std::string{value, '\0', '\0', '\0'} : std::string{'\0', value, '\0', '\0'};
  if (random.one_in(3)) tiff[random.below(tiff.size())] = static_cast<char>(random.number());
  if (random.one_in(4)) tiff.resize(random.below(tiff.size()));
  return tiff;
}

std::string make(dice& random) {
  const int width = 1 + static_cast<int>(random.below(24)), height = 1 + static_cast<int>(random.below(24));
  const int components = 1 + static_cast<int>(random.below(4));
  std::vector<unsigned char> pixels(static_cast<std::size_t>(width * height * components));
  for (unsigned char& p : pixels) p = static_cast<unsigned char>(random.one_in(2) ? random.number() : 77);
  std::string file;
  const bool png = random.one_in(2);
  if (png)
    stbi_write_png_to_func(append, &file, width, height, components, pixels.data(), 0);
  else
    stbi_write_jpg_to_func(append, &file, width, height, components, pixels.data(),
                           1 + static_cast<int>(random.below(100)));
  if (random.one_in(3)) {
    const std::string tiff = exif(random);
    const std::string segment = std::string("Exif\0\0", 6) + tiff;
    png ? file.insert(33, chunk("eXIf", tiff)) : file.insert(2, "\xff\xe1" + number(segment.size() + 2, 2) + segment);
  }
  if (random.one_in(4)) file[8 + random.below(file.size() - 8)] = static_cast<char>(random.number());
  if (png && random.one_in(4)) file[16 + random.below(13)] = static_cast<char>(random.number());  // its header
  if (random.one_in(3)) file = mutated(std::move(file), random, 1, {"IDAT", "IEND", "\xff\xd9", "\xff\xda", "PLTE"});
  if (random.one_in(12)) file.resize(random.below(file.size() + 1));
  if (png && !random.one_in(4)) seal(file);
  return file;
}

verdict run(const std::string& input) {
  verdict v;
  try {
    const rgb_image image = decode_image_bytes(input, "a.png");
    v.reached = true;
    if (image.width < 1 || image.height < 1 || image.pixels.size() != std::size_t(image.width) * image.height * 3)
      v.wrong = "a picture of another size than it says";
    if (std::size_t(image.width) * image.height < 1'000'000) {
      const rgb_image fitted = fit_image(image, 8, 12);
      if (fitted.pixels.size() != 8 * 12 * 3) v.wrong = "a cut of another size";
    }
  } catch (const image_error& error) {
    const std::string what = error.what();
    if (what.rfind("a.png: ", 0) != 0) v.wrong = "a message does not name the file: " + what;
    if (what.find('\n') != std::string::npos) v.wrong = "a message has several lines: " + what;
    v.reached = what.find("cannot be decoded") != std::string::npos;
  }
  return v;
}

}  // namespace
}  // namespace ohmic::fuzz

int main(int argc, char** argv) {
  // A header can rightly ask for a picture of 100 million pixels, and the decoder takes twice that.
  ohmic::fuzz::campaign images{"image", ohmic::fuzz::make, ohmic::fuzz::run};
  images.most_bytes = 1u << 30;
  return ohmic::fuzz::main_of(images, argc, argv);
}
