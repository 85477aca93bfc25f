#pragma once

#include <string>
#include <vector>

namespace ohmic {

/// A file and what names it: {"--json", "figures.json"}. Of what is read a folder, too: its pictures and data.
struct named_file {
  std::string role, path;
};

/// Refuses outputs that would replace one another, or what is read: throws std::runtime_error that names both roles
/// and the file. What is written into and not replaced (a FIFO, a device, /dev/stdout) may be named by several. Looks
/// without touching; links and different ways to one file are seen through.
void check_outputs_differ(const std::vector<named_file>& outputs, const std::vector<named_file>& inputs);

}  // namespace ohmic
