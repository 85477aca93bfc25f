#include "host/gunzip.h"

#include <zlib.h>

#include <cstdint>
#include <stdexcept>

#include "host/checksum.h"

namespace ohmic {
namespace {

[[noreturn]] void fail(const char* text) { throw std::runtime_error(text); }

std::uint32_t little(std::string_view s, std::size_t at, unsigned bytes) {
  if (at > s.size() || s.size() - at < bytes) fail("is cut off");
  std::uint32_t v = 0;
  for (unsigned i = bytes; i-- > 0;) v = v << 8 | static_cast<std::uint8_t>(s[at + i]);
  return v;
}

}  // namespace

std::string inflated(std::string_view packed) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) fail("cannot be unpacked");
  std::string bytes, part(1 << 16, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  int state = Z_OK;
  while (state == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(part.data());
    stream.avail_out = static_cast<uInt>(part.size());
    state = inflate(&stream, Z_NO_FLUSH);
    bytes.append(part, 0, part.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (state != Z_STREAM_END) fail("is damaged or cut off: its compressed data cannot be unpacked");
  return bytes;
}

bool is_gzipped(std::string_view file) { return file.substr(0, 3) == "\x1f\x8b\x08"; }

std::string gunzipped(std::string_view file) {
  constexpr std::size_t header = 10, trailer = 8;
  if (file.size() < header + trailer) fail("is cut off");
  const auto flags = static_cast<std::uint8_t>(file[3]);
  std::size_t at = header;
  if ((flags & 4) != 0) at += 2 + little(file, at, 2);
  for (const int text : {8, 16})
    if ((flags & text) != 0) {
      const std::size_t end = file.find('\0', at);
      if (end == std::string_view::npos) fail("is cut off");
      at = end + 1;
    }
  if ((flags & 2) != 0) at += 2;
  if (at + trailer > file.size()) fail("is cut off");
  const std::string bytes = inflated(file.substr(at, file.size() - trailer - at));
  if (little(file, file.size() - 4, 4) != static_cast<std::uint32_t>(bytes.size()))
    fail("is damaged or cut off: it does not unpack to the size that it names");
  if (little(file, file.size() - 8, 4) != crc32_of(bytes)) fail("is damaged: its checksum differs");
  return bytes;
}

}  // namespace ohmic
