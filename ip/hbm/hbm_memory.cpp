#include "ip/hbm/hbm_memory.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace ohmic {

hbm_memory::hbm_memory(std::uint64_t bytes) : bytes_(bytes) {
  if (bytes == 0) return;
  void* const map = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (map == MAP_FAILED) {
    throw std::runtime_error("cannot reserve " + std::to_string(bytes) +
                             " bytes for simulated memory: " + std::strerror(errno));
  }
  data_ = static_cast<std::uint8_t*>(map);
}

hbm_memory::~hbm_memory() {
  if (data_) munmap(data_, bytes_);
}

bool hbm_memory::read(std::uint64_t offset, std::uint8_t* to, std::uint64_t count) const {
  if (!holds(offset, count)) return false;
  std::memcpy(to, data_ + offset, count);
  return true;
}

bool hbm_memory::write(std::uint64_t offset, const std::uint8_t* from, std::uint64_t count) {
  if (!holds(offset, count)) return false;
  std::memcpy(data_ + offset, from, count);
  return true;
}

void hbm_memory::fill_random(std::uint64_t offset, std::uint64_t count, std::uint64_t seed) {
  for (std::uint64_t at = offset, end = offset + count; at < end;) {
    // Eight bytes per mixing step (the finaliser of SplitMix64 on the word's number).
    std::uint64_t x = (seed ^ 0xD6E8'FEB8'6659'FD93u) + (at / 8) * 0x9E37'79B9'7F4A'7C15u;
    x = (x ^ (x >> 30)) * 0xBF58'476D'1CE4'E5B9u;
    x = (x ^ (x >> 27)) * 0x94D0'49BB'1331'11EBu;
    x ^= x >> 31;
    const std::uint64_t skip = at % 8;
    const std::uint64_t take = end - at < 8 - skip ? end - at : 8 - skip;
    std::uint8_t bytes[8];
    std::memcpy(bytes, &x, 8);
    std::memcpy(data_ + at, bytes + skip, take);
    at += take;
  }
}

}  // namespace ohmic
