#pragma once

#include <cstdlib>

namespace ohmic::test {

/// A number from the environment, for longer runs of a randomised test.
inline unsigned number_from_environment(const char* name, unsigned otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr ? static_cast<unsigned>(std::atoi(text)) : otherwise;
}

}  // namespace ohmic::test
