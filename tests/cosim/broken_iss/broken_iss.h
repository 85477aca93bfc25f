#pragma once

#include "ip/iss/instruction_set.h"

/// The hook of an ISS that tests break on purpose. Only copies of ip/iss made by break_iss.py include it; `ohmic` is
/// built from ip/iss itself and has nothing of this.
namespace ohmic::test {

enum class mutation : int {
  none,
#define X(name, class_name) name,
#include "mutation_names.inc"
#undef X
  count
};

inline mutation chosen_mutation = mutation::none;
inline iss::op broken_op = iss::op::count;  ///< whose value is wrong; op::count: none

/// The value of an instruction, wrong if that instruction is broken. Sizes of accesses are no values.
constexpr std::uint32_t broken_value(iss::op o, iss::kind k, std::uint32_t value) {
  if (__builtin_is_constant_evaluated()) return value;
  if (o != broken_op) return value;
  return k == iss::kind::load || k == iss::kind::load_post || k == iss::kind::store || k == iss::kind::store_post ||
                 k == iss::kind::elw
             ? value
             : value ^ 4;
}

constexpr bool is_broken(mutation m) { return !__builtin_is_constant_evaluated() && m == chosen_mutation; }

}  // namespace ohmic::test

#define BROKEN(name) ::ohmic::test::is_broken(::ohmic::test::mutation::name)
