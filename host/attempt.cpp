#include "host/attempt.h"

#include <algorithm>
#include <cstring>

namespace ohmic {

namespace {
char text[256] = "to start";
}

void attempt(const std::string& what) {
  const std::size_t size = std::min(what.size(), sizeof text - 1);
  std::memcpy(text, what.data(), size);
  text[size] = '\0';
}

const char* last_attempt() noexcept { return text; }

}  // namespace ohmic
