#include "ip/platform_control/platform_control.h"

#include <cstring>

#include "registers/platform_control.h"

namespace ohmic {

namespace reg = registers::platform_control;

namespace {
bool within_one_word(std::uint64_t offset, unsigned bytes) {
  return bytes >= 1 && bytes <= 4 && offset % 4 + bytes <= 4;
}
}  // namespace

bool platform_control::write(std::uint64_t offset, const std::uint8_t* data, unsigned bytes, unsigned cluster,
                             unsigned core, cycle_t cycle) {
  if (!within_one_word(offset, bytes)) return false;
  if (offset == reg::console_offset) {
    for (unsigned n = 0; n < bytes; ++n)
      if (data[n] != 0) put(cluster, core, cycle, static_cast<char>(data[n]));
    return true;
  }
  if (bytes != 4) return false;
  std::uint32_t value;
  std::memcpy(&value, data, 4);
  switch (offset) {
    case reg::exit_offset:
    case reg::assert_failed_offset:
      if (!ended_) ended_ = ending{cycle, value, offset == reg::assert_failed_offset, cluster, core};
      return true;
    case reg::marker_offset:
      if (value >= marker_count) return false;
      markers_[value] = cycle;
      return true;
    case reg::progress_offset:
      progress_ += value;
      return true;
    default:
      return false;
  }
}

bool platform_control::read(std::uint64_t offset, std::uint8_t* data, unsigned bytes, cycle_t cycle) {
  if (!peek(offset, data, bytes, cycle)) return false;
  if (offset == reg::time_lo_offset) time_hi_ = static_cast<std::uint32_t>(cycle >> 32);
  return true;
}

bool platform_control::peek(std::uint64_t offset, std::uint8_t* data, unsigned bytes, cycle_t cycle) const {
  std::uint32_t value;
  if (offset == reg::time_lo_offset)
    value = static_cast<std::uint32_t>(cycle);
  else if (offset == reg::time_hi_offset)
    value = time_hi_;
  else
    return false;
  if (bytes != 4) return false;
  std::memcpy(data, &value, 4);
  return true;
}

void platform_control::put(unsigned cluster, unsigned core, cycle_t cycle, char c) {
  std::string& line = partial_[{cluster, core}];
  if (c != '\n') {
    line += c;
    return;
  }
  if (sink_) sink_(cluster, core, cycle, line);
  line.clear();
}

void platform_control::flush() {
  for (auto& [who, line] : partial_) {
    if (!line.empty() && sink_) sink_(who.first, who.second, 0, line);
    line.clear();
  }
}

}  // namespace ohmic
