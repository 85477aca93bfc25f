#include "sw/compiler/graph/exact_sums.h"

#include <algorithm>
#include <cstdlib>

namespace ohmic {

std::vector<std::int64_t> largest_sums(const crossbar_layer& layer) {
  std::vector<std::int64_t> largest(static_cast<std::size_t>(layer.out_channels), 0);
  const std::size_t per_channel = layer.weights.size() / largest.size();
  for (std::size_t i = 0; i < layer.weights.size(); ++i)
    largest[i / per_channel] += std::abs(int{layer.weights[i]}) * 128;
  return largest;
}

std::optional<std::int32_t> sum_limit(std::int64_t m, std::int64_t b, unsigned s, std::int64_t largest) {
  constexpr std::int64_t most = 0x7FFFFFFF;
  const std::int64_t offset = b < 0 ? -b : b;
  if (largest * m + offset <= most) return sum_without_limit;
  // From here on, whatever the sign of b, the result is at least 128 or at most -129.
  const std::int64_t limit = (((std::int64_t{129} << s) + offset) + m - 1) / m;
  if ((limit + 1) * m + offset > most) return {};
  return static_cast<std::int32_t>(limit);
}

std::optional<std::int32_t> code_limit(std::int64_t m, unsigned s, std::int64_t largest) {
  constexpr std::int64_t most = 0x7FFFFFFF;
  const std::int64_t half = std::int64_t{1} << (s - 1), end = std::int64_t{127} << s;
  if (largest * m + half <= most) return sum_without_limit;
  // The smallest L so that L gives 127 or more and -L-1 less than -127.
  const std::int64_t limit = std::max((end - half + m - 1) / m, (end + half) / m);
  if (limit * m + half > most || (limit + 1) * m - half > most + 1) return {};
  return static_cast<std::int32_t>(limit);
}

std::optional<std::int32_t> limit_of(const crossbar_layer& layer, std::size_t c, std::int64_t largest) {
  const requantise_constants& r = layer.requantise;
  return layer.makes_codes() ? code_limit(r.m[c], r.s, largest) : sum_limit(r.m[c], r.b[c], r.s, largest);
}

}  // namespace ohmic
