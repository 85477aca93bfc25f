#include "ip/axi/burst_pool.h"

#include <cassert>

namespace ohmic {

burst_pool::burst_pool(std::uint32_t max_bytes) {
  small_.bytes = small_bytes;
  small_.slab = 16;
  large_.bytes = (max_bytes + 63) & ~63u;
  large_.slab = 8;
}

void burst_pool::grow(size_class& c) {
  auto bursts = std::make_unique<axi_burst[]>(c.slab);
  // Not value-initialised: the pages of a buffer are touched only when the burst is first used.
  std::unique_ptr<std::uint8_t[]> buffer(new std::uint8_t[std::size_t{c.slab} * c.bytes + 63]);
  const auto start = (reinterpret_cast<std::uintptr_t>(buffer.get()) + 63) & ~std::uintptr_t{63};
  for (std::uint32_t i = c.slab; i-- > 0;) {
    bursts[i].data = reinterpret_cast<std::uint8_t*>(start) + std::size_t{i} * c.bytes;
    bursts[i].next = c.free;
    c.free = &bursts[i];
  }
  c.bursts.push_back(std::move(bursts));
  c.buffers.push_back(std::move(buffer));
}

axi_burst* burst_pool::get(std::uint32_t bytes) {
  assert(bytes >= 1 && bytes <= large_.bytes);
  size_class& c = bytes <= small_bytes ? small_ : large_;
  if (!c.free) grow(c);
  axi_burst* burst = c.free;
  c.free = burst->next;
  std::uint8_t* const data = burst->data;
  *burst = axi_burst{};
  burst->data = data;
  burst->bytes = bytes;
  burst->pooled_small = &c == &small_;
  ++in_use_;
  return burst;
}

void burst_pool::put(axi_burst* burst) {
  size_class& c = burst->pooled_small ? small_ : large_;
  burst->next = c.free;
  c.free = burst;
  --in_use_;
}

}  // namespace ohmic
