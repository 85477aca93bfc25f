#pragma once

#include <cstdint>

namespace ohmic::mvm {

/// Weights lie as [column block][row quad][64 columns][4 rows]: one 64-byte line holds 4 rows of 16 columns,
/// the shape one 8-bit dot-product instruction eats, and the part a job uses is contiguous.
inline constexpr unsigned block_columns = 64;
inline constexpr unsigned quad_rows = 4;
inline constexpr unsigned quad_bytes = block_columns * quad_rows;

/// Sums of one column block over row quads [0, quads): sums[c] = bias[c] + sum over rows of input * weight,
/// where a kernel with `offset_inputs` takes input + 128 instead of input (its caller corrects that by
/// `bias`). `weights` points at the block's first quad, 64-byte aligned; `inputs` at 4 * quads bytes.
using block_function = void (*)(const std::int8_t* weights, const std::int8_t* inputs, unsigned quads,
                                const std::int32_t* bias, std::int32_t* sums);

/// codes[i] = clip((sums[i] * m + (1 << (s-1))) >> s, -128, 127) in 64 bit. count is a multiple of 64.
using adc_function = void (*)(const std::int32_t* sums, unsigned count, std::int32_t m, unsigned s, std::int8_t* codes);

struct kernel_set {
  const char* name;
  bool offset_inputs;
  block_function block;
  adc_function adc;
};

enum class simd { scalar, avx2, avx512_vnni };

/// Whether this machine can run the variant.
bool supported(simd variant);
/// Precondition: supported(variant).
const kernel_set& kernels(simd variant);
/// The fastest variant of this machine, found once.
const kernel_set& best_kernels();

}  // namespace ohmic::mvm
