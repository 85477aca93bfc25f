#pragma once

#include <string>
#include <string_view>

namespace ohmic {

/// What a PNG or JPEG file says besides its pixels, and whether it is whole.
struct picture_file {
  /// Why the file cannot be used: of another kind, cut off, or (PNG) a chunk's checksum differs. Empty: it can.
  std::string fault;
  /// The EXIF orientation, 1..8: how the stored rows and columns lie in the picture. 1: as they are.
  int orientation = 1;
};

/// Walks the chunks or segments of the file; the pixels' decoder does none of these checks. (JPEG has no checksums: of
/// its damage, only a missing end shows.)
picture_file examine_picture(std::string_view bytes);

}  // namespace ohmic
