#pragma once

#include <string>

namespace ohmic {

/// Writes a file so that it appears whole or not at all (a temporary beside it, then a rename).
/// Throws std::runtime_error naming the file and the reason.
void write_whole_file(const std::string& path, const std::string& content);

/// The whole file. Throws std::runtime_error naming the file and the reason.
std::string read_whole_file(const std::string& path);

}  // namespace ohmic
