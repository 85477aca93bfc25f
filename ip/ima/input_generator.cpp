#include "ip/ima/input_generator.h"

#include <algorithm>

namespace ohmic {

input_generator::input_generator(const ima_parameters& ima) : l1_bytes_(ima.l1_bytes) {
  // A run, piece or merged piece holds at least one row.
  pieces_.reserve(ima.rows);
  interior_.reserve(ima.rows);
  runs_.reserve(ima.rows);
}

void input_generator::start(const ima_job& job) {
  job_ = &job;
  // Innermost loops that walk memory byte by byte at one place (x, y) make one piece.
  std::uint32_t span = 1;
  unsigned first = 0;
  for (; first < job.loops.size(); ++first) {
    const ima_loop& l = job.loops[first];
    if (l.count > 1 && (l.stride != static_cast<std::int32_t>(span) || l.dx != 0 || l.dy != 0)) break;
    span *= l.count;
  }
  pieces_.clear();
  interior_.clear();
  std::uint32_t index[4] = {};
  for (std::uint32_t row = job.row_start; row < job.row_start + job.row_count; row += span) {
    piece p{0, 0, 0, span, row};
    for (unsigned k = first; k < job.loops.size(); ++k) {
      const auto i = static_cast<std::int64_t>(index[k]);
      p.offset += i * job.loops[k].stride;
      p.dx += static_cast<std::int32_t>(i) * job.loops[k].dx;
      p.dy += static_cast<std::int32_t>(i) * job.loops[k].dy;
    }
    pieces_.push_back(p);
    if (!interior_.empty() && interior_.back().offset + interior_.back().bytes == p.offset) {
      interior_.back().bytes += span;
    } else {
      interior_.push_back(p);
    }
    for (unsigned k = first; k < job.loops.size() && ++index[k] == job.loops[k].count; ++k) index[k] = 0;
  }
  dx_min_ = dx_max_ = dy_min_ = dy_max_ = 0;
  for (const piece& p : pieces_) {
    dx_min_ = std::min(dx_min_, p.dx), dx_max_ = std::max(dx_max_, p.dx);
    dy_min_ = std::min(dy_min_, p.dy), dy_max_ = std::max(dy_max_, p.dy);
  }
}

void input_generator::append(std::uint32_t addr, std::uint32_t bytes, std::uint32_t row) {
  if (!runs_.empty()) {
    input_run& last = runs_.back();
    if (last.addr + last.bytes == addr && last.row + last.bytes == row) {
      last.bytes += bytes;
      return;
    }
  }
  runs_.push_back({addr, bytes, row});
}

bool input_generator::add(std::int64_t offset, std::uint32_t bytes, std::uint32_t row) {
  const std::uint32_t ring = job_->ring_bytes;
  if (ring == 0) {
    const std::int64_t addr = std::int64_t{job_->ring_base} + offset;
    if (addr < 0 || addr + bytes > l1_bytes_) {
      bad_address_ = static_cast<std::uint64_t>(addr < 0 ? addr : std::max<std::int64_t>(addr, l1_bytes_));
      return false;
    }
    append(static_cast<std::uint32_t>(addr), bytes, row);
    return true;
  }
  std::int64_t wrapped = offset % std::int64_t{ring};
  if (wrapped < 0) wrapped += ring;
  for (auto at = static_cast<std::uint32_t>(wrapped); bytes > 0; at = 0) {
    const std::uint32_t part = std::min(bytes, ring - at);
    append(job_->ring_base + at, part, row);
    row += part;
    bytes -= part;
  }
  return true;
}

input_generator::outcome input_generator::window(std::uint32_t pixel0, std::uint32_t pixel1) {
  const ima_job& job = *job_;
  const ima_loop &p0 = job.pixels[0], &p1 = job.pixels[1];
  const std::int64_t i0 = pixel0, i1 = pixel1;
  const std::int64_t offset = job.start + i0 * p0.stride + i1 * p1.stride;
  const std::int64_t x = job.x + i0 * p0.dx + i1 * p1.dx;
  const std::int64_t y = job.y + i0 * p0.dy + i1 * p1.dy;
  runs_.clear();
  if (x + dx_min_ >= job.x_lo && x + dx_max_ < job.x_hi && y + dy_min_ >= job.y_lo && y + dy_max_ < job.y_hi) {
    for (const piece& p : interior_)
      if (!add(offset + p.offset, p.bytes, p.row)) return outcome::outside_l1;
    return outcome::whole;
  }
  bool padded = false;
  for (const piece& p : pieces_) {
    const std::int64_t px = x + p.dx, py = y + p.dy;
    if (px < job.x_lo || px >= job.x_hi || py < job.y_lo || py >= job.y_hi) {
      padded = true;
    } else if (!add(offset + p.offset, p.bytes, p.row)) {
      return outcome::outside_l1;
    }
  }
  return padded ? outcome::padded : outcome::whole;
}

}  // namespace ohmic
