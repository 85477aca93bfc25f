#include "sw/compiler/mapping/cost/core_stream.h"

#include <algorithm>

namespace ohmic {

double run_on_banks(const std::vector<core_stream>& cores, unsigned banks) {
  struct state {
    std::size_t next = 0;
    std::uint64_t due = 0;
  };
  std::vector<state> at(cores.size());
  for (std::size_t c = 0; c < cores.size(); ++c)
    if (!cores[c].list().empty()) at[c].due = cores[c].list()[0].gap;
  std::vector<std::uint64_t> taken(banks, ~std::uint64_t{0});
  double longest = 0;
  for (std::uint64_t now = 0;;) {
    std::uint64_t next = ~std::uint64_t{0};
    for (std::size_t k = 0; k < cores.size(); ++k) {
      const std::size_t c = (now + k) % cores.size();
      const std::vector<core_stream::access>& list = cores[c].list();
      state& s = at[c];
      if (s.next == list.size()) continue;
      if (s.due == now) {
        std::uint64_t& bank = taken[list[s.next].address / 4 % banks];
        if (bank == now) {
          s.due = now + 1;
        } else {
          bank = now;
          if (++s.next == list.size()) {
            const double rest = cores[c].listed() > 0 ? cores[c].total() / cores[c].listed() : 1;
            longest = std::max(longest, static_cast<double>(now) * rest);
            continue;
          }
          s.due = now + list[s.next].gap;
        }
      }
      next = std::min(next, s.due);
    }
    if (next == ~std::uint64_t{0}) return longest;
    now = next;
  }
}

}  // namespace ohmic
