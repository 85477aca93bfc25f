#pragma once

#include <string>
#include <string_view>

namespace ohmic {

/// Deflate data (RFC 1951), unpacked. Throws std::runtime_error, whose text tells what is wrong with the file that they
/// are from: "is damaged ...".
std::string inflated(std::string_view packed);

/// Whether bytes begin as gzip's files do.
bool is_gzipped(std::string_view file);

/// What a gzip file of one member (RFC 1952) holds, if it has the size and the checksum that the file names. Throws
/// std::runtime_error as inflated() does. Precondition: is_gzipped().
std::string gunzipped(std::string_view file);

}  // namespace ohmic
