#include "ip/iss/instruction_set.h"

#include <vector>

namespace ohmic::iss {
namespace {

/// Instructions by major opcode (bits 6..2), most specific mask first is not needed: patterns do not overlap.
std::array<std::vector<op>, 32> by_opcode() {
  std::array<std::vector<op>, 32> table;
  for (unsigned i = 0; i < op_count; ++i) {
    if ((instructions[i].mask & 0x7f) == 0x7f) table[instructions[i].match >> 2 & 31].push_back(static_cast<op>(i));
  }
  return table;
}

}  // namespace

op identify(std::uint32_t word) {
  static const std::array<std::vector<op>, 32> table = by_opcode();
  if ((word & 3) != 3) return op::illegal;
  for (const op o : table[word >> 2 & 31]) {
    if ((word & info(o).mask) == info(o).match) return o;
  }
  return op::illegal;
}

}  // namespace ohmic::iss
