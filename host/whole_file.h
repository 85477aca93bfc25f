#pragma once

#include <string>

#include "host/output_file.h"

namespace ohmic {

/// Writes a file as output_file does: whole or not at all where it is a regular one.
/// Throws std::runtime_error naming the file and the reason.
void write_whole_file(const std::string& path, const std::string& content);

/// The whole file, or all that a FIFO gives. Throws std::runtime_error naming the file and the reason.
std::string read_whole_file(const std::string& path);

}  // namespace ohmic
