#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sw/compiler/graph/integer_graph.h"

namespace ohmic {

/// The greatest |S| that any input gives in each output channel of a layer with exact sums.
std::vector<std::int64_t> largest_sums(const crossbar_layer& layer);

/// (S * m + b) >> s of sums up to `largest` on both sides, with 32 bits alone: the limit L so that sums in -L-1 .. L
/// leave room for that, and all others give what the nearest of these gives once the result is clipped to -128..127.
/// No value if there is no such limit. Where no sum needs one it is sum_without_limit.
std::optional<std::int32_t> sum_limit(std::int64_t m, std::int64_t b, unsigned s, std::int64_t largest);
constexpr std::int32_t sum_without_limit = 0x7FFFFFFE;

/// The same of codes, (S * m + (1 << (s-1))) >> s, which need room up to -128 and 127 alone.
std::optional<std::int32_t> code_limit(std::int64_t m, unsigned s, std::int64_t largest);

/// Of channel c of a layer with exact sums.
std::optional<std::int32_t> limit_of(const crossbar_layer& layer, std::size_t c, std::int64_t largest);

}  // namespace ohmic
