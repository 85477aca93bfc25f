#include "tests/cosim/lockstep_program.h"

#include "tests/ip/iss/random_program.h"

namespace ohmic::test {
namespace {

constexpr std::uint32_t nop = 0x13, mret = 0x30200073;

std::uint32_t csrw(std::uint32_t csr, unsigned rs1) { return csr << 20 | rs1 << 15 | 1 << 12 | 0x73; }

void load_immediate(std::vector<std::uint32_t>& words, unsigned rd, std::uint32_t value) {
  const std::uint32_t high = (value + 0x800) & 0xfffff000u;
  words.push_back(high | rd << 7 | 0x37);
  words.push_back((value - high) << 20 | rd << 15 | rd << 7 | 0x13);
}

}  // namespace

lockstep_program::lockstep_program(unsigned seed, bool interrupts) {
  const random_program random(seed);
  words = random.words;
  memory = random.memory;
  while (words.size() % 64 != 0) words.push_back(nop);
  const std::uint32_t handler = random_program::base + static_cast<std::uint32_t>(words.size()) * 4;
  const std::uint32_t trap_handler[] = {0x34202df3 /* csrr s11, mcause */, 0x000dc863 /* bltz s11, mret */,
                                        0x34102df3 /* csrr s11, mepc */,   0x004d8d93 /* addi s11, s11, 4 */,
                                        0x341d9073 /* csrw mepc, s11 */,   mret};
  words.insert(words.end(), std::begin(trap_handler), std::end(trap_handler));
  boot = random_program::base + static_cast<std::uint32_t>(words.size()) * 4;
  load_immediate(words, 1, handler);
  words.push_back(csrw(0x305, 1));
  load_immediate(words, 1, random.start.pc);
  words.push_back(csrw(0x341, 1));
  if (interrupts) {
    load_immediate(words, 1, 0xffff0888u);
    words.push_back(csrw(0x304, 1));
    load_immediate(words, 1, 0x80);  // MPIE: mret enables interrupts
    words.push_back(csrw(0x300, 1));
  }
  for (unsigned r = 1; r < 32; ++r) load_immediate(words, r, random.start.x[r]);
  words.push_back(mret);
  for (unsigned i = 0; i < 4; ++i) words.push_back(nop);
}

}  // namespace ohmic::test
