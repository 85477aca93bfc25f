#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>

namespace ohmic {

/// The seed of a random test: another one every time, or OHMIC_TEST_SEED, to run a failure again with the seed that it
/// has printed. (It goes to all random tests that run: name the one that is meant, with --gtest_filter.)
inline std::uint32_t fresh_seed() {
  if (const char* const given = std::getenv("OHMIC_TEST_SEED"))
    return static_cast<std::uint32_t>(std::strtoul(given, nullptr, 0));
  return std::random_device{}();
}

}  // namespace ohmic
