#include "ip/ibex/ibex_group.h"

namespace ohmic {

ibex_group::ibex_group(const text_bytes& text, unsigned count, std::uint32_t first_mhartid,
                       std::uint32_t wait_address) {
  harts_.reserve(count);
  for (unsigned h = 0; h < count; ++h) harts_.emplace_back(text, first_mhartid + h, wait_address);
}

}  // namespace ohmic
