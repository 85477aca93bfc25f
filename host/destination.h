#pragma once

#include <string>

namespace ohmic {

/// What a name for output stands for.
struct destination {
  /// An existing thing that is no regular file (FIFO, device, socket), or that this process was given open, as
  /// /dev/stdout and /dev/fd/N are: written into. All else is replaced as a whole: a regular file, or none yet.
  bool written_into = false;
  int descriptor = -1;  ///< of a thing that this process was given open
  std::string file;     ///< where the file to be replaced lies, symbolic links followed
  bool exists = false;
  unsigned mode = 0;  ///< permissions of the file that exists
};

/// Looks without touching. Throws std::system_error with the reason, EISDIR for a folder.
destination find_destination(const std::string& path);

/// Follows the symbolic links that the last part of a path is, to where something is or could be created. Throws
/// std::system_error.
std::string follow_links(const std::string& path);

/// Writing there mixes with what is printed.
bool is_standard_output(const std::string& path);

}  // namespace ohmic
