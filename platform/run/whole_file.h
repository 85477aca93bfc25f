#pragma once

#include <string>

namespace ohmic {

/// Writes a file so that it appears whole or not at all (a temporary beside it, then a rename).
/// Throws std::runtime_error naming the file and the reason.
void write_whole_file(const std::string& path, const std::string& content);

/// Whether write_whole_file() will be able to, asked before the content is worked for: throws the same otherwise. An
/// existing file keeps its content, a missing one stays missing.
void check_file_can_be_written(const std::string& path);

/// The whole file. Throws std::runtime_error naming the file and the reason.
std::string read_whole_file(const std::string& path);

}  // namespace ohmic
