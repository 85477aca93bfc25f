#pragma once

#include <cstdint>
#include <vector>

#include "sw/compiler/mapping/mapping.h"

namespace ohmic {

/// Where channels of every pixel of a column lie: pixel y at offset + y * pitch. Channels are the tensor's.
struct layout_segment {
  channel_range channels;
  std::uint32_t offset = 0, pitch = 0;
};

/// How one column of a map lies in a slot of a ring. A channel may stand in several segments (one per
/// consumer).
struct column_layout {
  unsigned height = 0;
  unsigned element_bytes = 1;
  std::vector<layout_segment> segments;
  std::uint32_t bytes = 0;  ///< of a slot; multiple of 4

  /// Appends a block [height][channels] that begins at a multiple of 4, and returns its segment.
  const layout_segment& append(channel_range channels);
};

/// A layout that is one block.
column_layout plain_layout(unsigned height, channel_range channels, unsigned element_bytes = 1);

/// A run of bytes per row (or one for the whole column) from a producer's slot into a consumer's slot.
struct column_copy {
  std::uint32_t source_offset = 0, source_pitch = 0;
  std::uint32_t destination_offset = 0, destination_pitch = 0;
  std::uint32_t run_bytes = 0, rows = 0;
};

/// The block of `source` that holds exactly these channels; appended if there is none.
layout_segment block_of(column_layout& source, channel_range channels);

/// Neighbouring blocks of `source` that together hold these channels, each once and one behind the other in
/// the slot, so that one run can copy them; appended as a single block if there are none.
std::vector<layout_segment> run_of_blocks(column_layout& source, channel_range channels);

/// The first segment that holds all of these channels. Precondition: there is one.
const layout_segment& segment_with(const column_layout& layout, channel_range channels);

/// Copies block `from` into the pixels of `to`, which holds its channels and perhaps others.
column_copy copy_block(unsigned height, const layout_segment& from, const layout_segment& to);

}  // namespace ohmic
