#include "sw/compiler/mapping/plan/column_layout.h"

#include <algorithm>

namespace ohmic {
namespace {

std::uint32_t round_up(std::uint32_t value, std::uint32_t unit) { return (value + unit - 1) / unit * unit; }

std::uint32_t block_bytes(const column_layout& layout, const layout_segment& segment) {
  return round_up(layout.height * segment.pitch, 4);
}

}  // namespace

const layout_segment& column_layout::append(channel_range channels) {
  segments.push_back({channels, bytes, static_cast<std::uint32_t>(channels.count()) * element_bytes});
  bytes += block_bytes(*this, segments.back());
  return segments.back();
}

column_layout plain_layout(unsigned height, channel_range channels, unsigned element_bytes) {
  column_layout layout;
  layout.height = height;
  layout.element_bytes = element_bytes;
  layout.append(channels);
  return layout;
}

layout_segment block_of(column_layout& source, channel_range channels) {
  for (const layout_segment& segment : source.segments)
    if (segment.channels == channels) return segment;
  return source.append(channels);
}

std::vector<layout_segment> run_of_blocks(column_layout& source, channel_range channels) {
  for (const layout_segment& segment : source.segments)
    if (segment.channels == channels) return {segment};
  for (const layout_segment& first : source.segments) {
    if (first.channels.begin != channels.begin || first.channels.end > channels.end) continue;
    std::vector<layout_segment> run = {first};
    for (bool grown = true; grown && run.back().channels.end != channels.end;) {
      grown = false;
      for (const layout_segment& next : source.segments) {
        if (next.channels.begin != run.back().channels.end || next.channels.end > channels.end) continue;
        if (next.offset != run.back().offset + block_bytes(source, run.back())) continue;
        run.push_back(next);
        grown = true;
        break;
      }
    }
    if (run.back().channels.end == channels.end) return run;
  }
  return {source.append(channels)};
}

const layout_segment& segment_with(const column_layout& layout, channel_range channels) {
  return *std::find_if(layout.segments.begin(), layout.segments.end(), [&](const layout_segment& segment) {
    return segment.channels.begin <= channels.begin && channels.end <= segment.channels.end;
  });
}

column_copy copy_block(unsigned height, const layout_segment& from, const layout_segment& to) {
  const std::uint32_t element_bytes = from.pitch / static_cast<std::uint32_t>(from.channels.count());
  column_copy copy;
  copy.source_offset = from.offset;
  copy.destination_offset =
      to.offset + static_cast<std::uint32_t>(from.channels.begin - to.channels.begin) * element_bytes;
  if (from.pitch == to.pitch) {
    copy.run_bytes = height * from.pitch;
    copy.rows = 1;
    return copy;
  }
  copy.run_bytes = from.pitch;
  copy.rows = height;
  copy.source_pitch = from.pitch;
  copy.destination_pitch = to.pitch;
  return copy;
}

}  // namespace ohmic
