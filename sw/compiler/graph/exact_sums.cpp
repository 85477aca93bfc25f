#include "sw/compiler/graph/exact_sums.h"

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

}  // namespace ohmic
