#pragma once

#include <cstdint>
#include <string>

namespace ohmic {

/// A tiny PNG made by hand, of 8-bit grey pixels in one stored (not compressed) block: at most 65,535 bytes.
template <class pixel_at>
std::string stored_png(int width, int height, const pixel_at& pixel) {
  const auto put32 = [](std::string& out, std::uint32_t v) {
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(v >> shift & 255);
  };
  const auto crc = [](const std::string& bytes) {
    std::uint32_t c = ~0u;
    for (const unsigned char b : bytes) {
      c ^= b;
      for (int k = 0; k < 8; ++k) c = c & 1 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
    }
    return ~c;
  };
  std::string raw, header, stored("\x78\x01\x01", 3), out("\x89PNG\r\n\x1a\n", 8);
  const auto chunk = [&](const std::string& type, const std::string& data) {
    put32(out, static_cast<std::uint32_t>(data.size()));
    out += type + data;
    put32(out, crc(type + data));
  };
  for (int y = 0; y < height; ++y) {
    raw += '\0';
    for (int x = 0; x < width; ++x) raw += static_cast<char>(pixel(x, y));
  }
  const auto n = static_cast<unsigned>(raw.size());
  for (const unsigned v : {n & 255, n >> 8, ~n & 255, ~n >> 8 & 255}) stored += static_cast<char>(v);
  std::uint32_t a = 1, b = 0;
  for (const unsigned char c : raw) a = (a + c) % 65521, b = (b + a) % 65521;
  stored += raw;
  put32(stored, b << 16 | a);
  put32(header, static_cast<std::uint32_t>(width));
  put32(header, static_cast<std::uint32_t>(height));
  header += std::string("\x08\x00\x00\x00\x00", 5);
  chunk("IHDR", header);
  chunk("IDAT", stored);
  chunk("IEND", "");
  return out;
}

}  // namespace ohmic
