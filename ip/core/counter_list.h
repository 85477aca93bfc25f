#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace ohmic {

/// One counter of a block: its name in reports, what it counts, and where it stands in the block's struct of counters.
template <class Counters>
struct counter {
  const char *name, *unit;
  std::uint64_t Counters::* value;
};

/// Calls visit(name, unit, value) for every counter of a block, in the order of Counters::list(): an array that names
/// each member once, from which reports, sums and energy follow.
template <class Counters, class Visit>
void visit_counters(const Counters& counters, Visit&& visit) {
  constexpr std::size_t named = std::extent_v<std::remove_reference_t<decltype(Counters::list())>>;
  static_assert(sizeof(Counters) == named * sizeof(std::uint64_t), "list() names every counter once");
  for (const counter<Counters>& c : Counters::list()) visit(c.name, c.unit, counters.*c.value);
}

}  // namespace ohmic
