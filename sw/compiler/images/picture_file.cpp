#include "sw/compiler/images/picture_file.h"

#include <cstddef>
#include <cstdint>

#include "host/checksum.h"

namespace ohmic {
namespace {

std::uint8_t byte(std::string_view s, std::size_t i) { return static_cast<std::uint8_t>(s[i]); }
std::uint32_t big16(std::string_view s, std::size_t i) { return byte(s, i) << 8 | byte(s, i + 1); }
std::uint32_t big32(std::string_view s, std::size_t i) { return big16(s, i) << 16 | big16(s, i + 2); }

/// Tag 0x0112 of the first directory of a TIFF structure (EXIF 2.3, 4.6.4); 1 where it is missing or makes no sense.
int orientation_of(std::string_view tiff) {
  if (tiff.size() < 8) return 1;
  const bool little = tiff.substr(0, 4) == std::string_view("II*\0", 4);
  if (!little && tiff.substr(0, 4) != std::string_view("MM\0*", 4)) return 1;
  const auto get16 = [&](std::size_t i) -> std::uint32_t {
    return little ? byte(tiff, i) | byte(tiff, i + 1) << 8 : big16(tiff, i);
  };
  const auto get32 = [&](std::size_t i) { return little ? get16(i) | get16(i + 2) << 16 : big32(tiff, i); };
  const std::size_t directory = get32(4);
  if (directory > tiff.size() - 2) return 1;
  const std::size_t entries = get16(directory);
  for (std::size_t e = 0; e < entries; ++e) {
    const std::size_t at = directory + 2 + e * 12;
    if (at + 12 > tiff.size()) return 1;
    constexpr std::uint32_t orientation_tag = 0x0112, type_short = 3;
    if (get16(at) != orientation_tag) continue;
    const std::uint32_t value = get16(at + 8);
    return get16(at + 2) == type_short && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

picture_file faulty(std::string fault) { return {std::move(fault), 1}; }

picture_file examine_png(std::string_view bytes) {
  picture_file result;
  for (std::size_t at = 8;;) {
    if (bytes.size() - at < 12) return faulty("is cut off");
    const std::size_t length = big32(bytes, at);
    if (bytes.size() - at - 12 < length) return faulty("is cut off");
    const std::string_view name = bytes.substr(at + 4, 4), content = bytes.substr(at + 8, length);
    if (crc32_of(bytes.substr(at + 4, length + 4)) != big32(bytes, at + 8 + length))  // of name and content
      return faulty("is damaged: the checksum of a part of it (byte " + std::to_string(at) + ") differs");
    if (name == "eXIf") result.orientation = orientation_of(content);
    at += length + 12;
    if (name == "IEND") return result;
  }
}

picture_file examine_jpeg(std::string_view bytes) {
  constexpr std::uint8_t start_of_scan = 0xda, end_of_image = 0xd9, application_1 = 0xe1;
  picture_file result;
  for (std::size_t at = 2;;) {
    // The next marker: 0xff, any number of fill bytes 0xff, and a code that is neither 0 (a stuffed 0xff of a scan's
    // data) nor a restart (0xd0 .. 0xd7).
    while (at + 1 < bytes.size() && !(byte(bytes, at) == 0xff && byte(bytes, at + 1) != 0 &&
                                      byte(bytes, at + 1) != 0xff && (byte(bytes, at + 1) & 0xf8) != 0xd0))
      ++at;
    if (at + 1 >= bytes.size()) return faulty("is cut off");
    const std::uint8_t marker = byte(bytes, at + 1);
    if (marker == end_of_image) return result;
    if (bytes.size() - at < 4) return faulty("is cut off");
    const std::size_t length = big16(bytes, at + 2);
    if (length < 2 || bytes.size() - at - 2 < length) return faulty("is cut off");
    const std::string_view content = bytes.substr(at + 4, length - 2);
    constexpr std::string_view exif("Exif\0\0", 6);
    if (marker == application_1 && content.substr(0, exif.size()) == exif)
      result.orientation = orientation_of(content.substr(exif.size()));
    at += 2 + length;
    if (marker != start_of_scan && at + 1 < bytes.size() && byte(bytes, at) != 0xff)
      return faulty("is damaged: its segments do not follow each other at byte " + std::to_string(at));
  }
}

}  // namespace

picture_file examine_picture(std::string_view bytes) {
  if (bytes.substr(0, 8) == "\x89PNG\r\n\x1a\n") return examine_png(bytes);
  if (bytes.substr(0, 3) == "\xff\xd8\xff") return examine_jpeg(bytes);
  return faulty(bytes.empty() ? "is empty" : "is not a PNG or JPEG picture");
}

}  // namespace ohmic
