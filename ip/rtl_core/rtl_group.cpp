#include "ip/rtl_core/rtl_group.h"

namespace ohmic {

rtl_group::rtl_group(const text_bytes& text, unsigned count, std::uint32_t first_mhartid) {
  harts_.reserve(count);
  for (unsigned h = 0; h < count; ++h) harts_.emplace_back(text, first_mhartid + h);
}

}  // namespace ohmic
