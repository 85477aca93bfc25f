#pragma once

#include <cstdint>

#include "ip/iss/instruction_set.h"

/// What instructions compute: pure functions of register values and immediates. No timing, no state.
/// Source: RISC-V ISA manual; CV32E40P user manual, "CORE-V Instruction Set Custom Extensions".
namespace ohmic::iss {

using u32 = std::uint32_t;
using s32 = std::int32_t;

constexpr u32 divide_signed(u32 a, u32 b) {
  if (b == 0) return ~0u;
  if (a == 0x80000000u && b == ~0u) return a;
  return u32(s32(a) / s32(b));
}
constexpr u32 remainder_signed(u32 a, u32 b) {
  if (b == 0) return a;
  if (a == 0x80000000u && b == ~0u) return 0;
  return u32(s32(a) % s32(b));
}

/// A field is Is2 (bits 4..0) for the position and Is3 (bits 9..5) for the width - 1; bits past 31 fall off.
constexpr u32 bit_field_mask(u32 field) { return ~(~1u << (field >> 5 & 31)) << (field & 31); }
constexpr u32 extract_unsigned(u32 a, u32 field) { return (a >> (field & 31)) & ~(~1u << (field >> 5 & 31)); }
constexpr u32 extract_signed(u32 a, u32 field) {
  const u32 drop = 31 - (field >> 5 & 31);
  return u32(s32(u32(s32(a) >> (field & 31)) << drop) >> drop);
}
constexpr u32 insert_bits(u32 d, u32 a, u32 field) {
  const u32 mask = bit_field_mask(field);
  return (d & ~mask) | ((a << (field & 31)) & mask);
}
constexpr u32 reverse_groups(u32 a, u32 field) {
  const u32 shifted = a << (field & 31);
  const u32 radix = field >> 5 & 3;
  const u32 width = radix == 3 ? 1 : radix + 1;
  u32 result = 0;
  for (u32 at = 0; at + width <= 32; at += width) {
    result |= (shifted >> (32 - width - at) & ((1u << width) - 1)) << at;
  }
  return result;
}

constexpr u32 clip_signed(u32 a, u32 high) {
  const s32 low = -s32(high) - 1;
  return s32(a) <= low ? u32(low) : s32(a) >= s32(high) ? high : a;
}
constexpr u32 clip_unsigned(u32 a, u32 high) { return s32(a) <= 0 ? 0 : s32(a) >= s32(high) ? high : a; }

constexpr u32 half(u32 shift) { return (1u << shift) >> 1; }  ///< the rounding term 2^(shift-1), 0 for shift 0
constexpr u32 lo_u(u32 a) { return a & 0xffff; }
constexpr u32 hi_u(u32 a) { return a >> 16; }
constexpr s32 lo_s(u32 a) { return std::int16_t(a); }
constexpr s32 hi_s(u32 a) { return s32(a) >> 16; }

/// Applies f to each lane of type T (widened to int) of one or two vectors.
template <class T, class F>
constexpr u32 map_lanes(u32 a, u32 b, F f) {
  constexpr unsigned bits = sizeof(T) * 8;
  constexpr u32 mask = (1u << bits) - 1;
  u32 result = 0;
  for (unsigned at = 0; at < 32; at += bits) result |= (u32(f(T(a >> at), T(b >> at))) & mask) << at;
  return result;
}
template <class A, class B>
constexpr u32 dot_product(u32 a, u32 b) {
  constexpr unsigned bits = sizeof(A) * 8;
  u32 sum = 0;
  for (unsigned at = 0; at < 32; at += bits) sum += u32(s32(A(a >> at))) * u32(s32(B(b >> at)));
  return sum;
}
constexpr u32 replicate_half(u32 b) { return (b & 0xffff) * 0x00010001u; }
constexpr u32 replicate_byte(u32 b) { return (b & 0xff) * 0x01010101u; }

/// Each lane of the selector picks a lane of `set` if its register bit (above the index) is 1, else of `clear`.
constexpr u32 shuffle_halves(u32 clear, u32 set, u32 selector) {
  u32 result = 0;
  for (unsigned at = 0; at < 32; at += 16) {
    const u32 sel = selector >> at;
    result |= (((sel & 2 ? set : clear) >> (16 * (sel & 1))) & 0xffff) << at;
  }
  return result;
}
constexpr u32 shuffle_bytes(u32 clear, u32 set, u32 selector) {
  u32 result = 0;
  for (unsigned at = 0; at < 32; at += 8) {
    const u32 sel = selector >> at;
    result |= (((sel & 4 ? set : clear) >> (8 * (sel & 3))) & 0xff) << at;
  }
  return result;
}
/// Four 2-bit indices as the low bits of four bytes.
constexpr u32 spread_indices(u32 i) { return (i & 3) | (i & 0xc) << 6 | (i & 0x30) << 12 | (i & 0xc0) << 18; }

/// Complex products wrap to 32 bits before the shift, as the 32-bit accumulator of cv32e40p_mult.sv does.
constexpr u32 complex_real(u32 d, u32 a, u32 b, unsigned shift) {
  const u32 sum = u32(lo_s(a) * lo_s(b)) - u32(hi_s(a) * hi_s(b));
  return (d & 0xffff0000u) | (u32(s32(sum) >> shift) & 0xffff);
}
constexpr u32 complex_imaginary(u32 d, u32 a, u32 b, unsigned shift) {
  const u32 sum = u32(lo_s(a) * hi_s(b)) + u32(hi_s(a) * lo_s(b));
  return (d & 0xffff) | u32(s32(sum) >> shift) << 16;
}
constexpr u32 rotate_minus_j(u32 a, u32 b, unsigned shift) {
  const u32 real = u32(s32(std::int16_t(hi_s(a) - hi_s(b))) >> shift);
  const u32 imaginary = u32(s32(std::int16_t(lo_s(b) - lo_s(a))) >> shift);
  return (real & 0xffff) | imaginary << 16;
}

/// The value of instruction O; see instructions_rv32.inc for the meaning of a, b, d and imm.
template <op O>
constexpr u32 value(u32 a, u32 b, u32 d, u32 imm);

#define LANES(T, ...) map_lanes<T>(a, b, [](int p, int q) { return __VA_ARGS__; })
#define LANES1(T, ...) map_lanes<T>(a, a, [](int p, int) { return __VA_ARGS__; })
#define DOT(A, B) dot_product<A, B>(a, b)
#define X(id, mnemonic, mask, match, fmt, knd, ...)           \
  template <>                                                 \
  constexpr u32 value<op::id>(u32 a, u32 b, u32 d, u32 imm) { \
    return static_cast<u32>(__VA_ARGS__);                     \
  }
#include "ip/iss/instructions_rv32.inc"
#include "ip/iss/instructions_simd.inc"
#include "ip/iss/instructions_xcv.inc"
#undef X
#undef DOT
#undef LANES1
#undef LANES

/// The second operand of a format: which of rs2 and the immediate it is.
template <format F>
constexpr u32 second_operand(u32 x2, u32 imm) {
  if constexpr (F == format::scalar_half)
    return replicate_half(x2);
  else if constexpr (F == format::scalar_byte)
    return replicate_byte(x2);
  else if constexpr (F == format::r_type || F == format::b_type || F == format::three_imm)
    return x2;
  else
    return imm;
}

}  // namespace ohmic::iss
