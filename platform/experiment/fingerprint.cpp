#include "platform/experiment/fingerprint.h"

#include <fmt/format.h>

#include "host/whole_file.h"

namespace ohmic {

fingerprint& fingerprint::add(const void* data, std::size_t bytes) {
  const auto* at = static_cast<const unsigned char*>(data);
  std::uint64_t state = state_;
  for (std::size_t i = 0; i < bytes; ++i) state = (state ^ at[i]) * 0x100000001b3u;
  state_ = state;
  return *this;
}

fingerprint& fingerprint::add(std::string_view text) { return add(text.size()).add(text.data(), text.size()); }

fingerprint& fingerprint::add_file(const std::string& path) { return add(std::string_view(read_whole_file(path))); }

std::string fingerprint::digits() const { return fmt::format("{:016x}", state_); }

}  // namespace ohmic
