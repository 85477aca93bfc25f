#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ohmic {

/// NumPy's files, written by hand: the NPY header of version 1, and zip archives with stored or deflated entries.
inline std::string little_bytes(std::uint64_t v, int bytes) {
  std::string s;
  for (int i = 0; i < bytes; ++i) s += static_cast<char>(i < 8 ? v >> 8 * i & 255 : 0);
  return s;
}

template <class type>
std::string npy_file(const std::string& descr, const std::string& shape, const std::vector<type>& values,
                     const std::string& fortran = "False") {
  const std::string header =
      "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': (" + shape + "), }\n";
  return "\x93NUMPY" + std::string{1, 0} + little_bytes(header.size(), 2) + header +
         std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(type));
}

/// The CRC-32 of zip and gzip files, bit by bit.
inline std::uint32_t slow_checksum(const std::string& bytes) {
  std::uint32_t c = ~0u;
  for (const unsigned char b : bytes) {
    c ^= b;
    for (int k = 0; k < 8; ++k) c = c & 1 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
  }
  return ~c;
}

inline std::string deflated(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
  std::string packed(bytes.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

inline std::string zip_file(const std::vector<std::pair<std::string, std::string>>& entries, int method = 0) {
  std::string file, directory;
  for (const auto& [name, content] : entries) {
    const std::string packed = method == 8 ? deflated(content) : content;
    const std::string common = little_bytes(static_cast<std::uint64_t>(method), 2) + little_bytes(0, 4) +
                               little_bytes(slow_checksum(content), 4) + little_bytes(packed.size(), 4) +
                               little_bytes(content.size(), 4) + little_bytes(name.size(), 2);
    directory += "PK\1\2" + little_bytes(20, 2) + little_bytes(20, 2) + little_bytes(0, 2) + common +
                 little_bytes(0, 12) + little_bytes(file.size(), 4) + name;
    file += "PK\3\4" + little_bytes(20, 2) + little_bytes(0, 2) + common + little_bytes(3, 2) + name + "abc" + packed;
  }
  return file + directory + "PK\5\6" + little_bytes(0, 4) + little_bytes(entries.size(), 2) +
         little_bytes(entries.size(), 2) + little_bytes(directory.size(), 4) + little_bytes(file.size(), 4) +
         little_bytes(0, 2);
}

}  // namespace ohmic
