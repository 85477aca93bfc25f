#include "tests/ip/iss/random_program.h"

namespace ohmic::test {
namespace {

constexpr unsigned pointer = 24, step_register = 25, count_register = 26, handler_scratch = 27, event_register = 28;

std::uint32_t loop_word(unsigned funct4, unsigned l, unsigned rs1, std::uint32_t imm) {
  return imm << 20 | rs1 << 15 | 4 << 12 | funct4 << 8 | l << 7 | 0x2b;
}

}  // namespace

/// Any instruction that only computes, from the description: its encodings are proven by spelling_test.
std::uint32_t random_program::computing() {
  for (;;) {
    const unsigned n = static_cast<unsigned>(random_() % static_cast<unsigned>(iss::op::illegal));
    const iss::instruction_info& i = iss::instructions[n];
    if (i.kind != iss::kind::alu && i.kind != iss::kind::alu_acc && i.kind != iss::kind::mulh &&
        i.kind != iss::kind::div)
      continue;
    std::uint32_t w = static_cast<std::uint32_t>(random_());
    w = (w & ~0x01ff8f80u) | reg() << 7 | reg() << 15 | (random_() % 24) << 20;
    w = (w & ~i.mask) | i.match;
    const std::uint32_t imm6 = (w >> 20 & 31) << 1 | (w >> 25 & 1);
    if (i.format == iss::format::shift_half && imm6 >= 16) continue;
    if (i.format == iss::format::shift_byte && imm6 >= 8) continue;
    return w;
  }
}

void random_program::straight(unsigned count) {
  static constexpr std::uint32_t loads[] = {0x00000003, 0x00001003, 0x00002003, 0x00004003, 0x00005003};
  static constexpr std::uint32_t stores[] = {0x00000023, 0x00001023, 0x00002023};
  static constexpr std::uint32_t post_loads[] = {0x0000000b, 0x0000400b, 0x0000100b, 0x0000500b, 0x0000200b};
  static constexpr std::uint32_t post_stores[] = {0x2000302b, 0x2200302b, 0x2400302b};
  for (unsigned i = 0; i < count; ++i) {
    const std::uint32_t offset = static_cast<std::uint32_t>(random_()) % 64;
    switch (random_() % 12) {
      case 0:
        words.push_back(loads[random_() % 5] | reg() << 7 | pointer << 15 | offset << 20);
        break;
      case 1:
        words.push_back(stores[random_() % 3] | reg() << 20 | pointer << 15 | (offset & 31) << 7 | (offset >> 5) << 25);
        break;
      case 2:
        words.push_back(post_loads[random_() % 5] | reg() << 7 | pointer << 15 | (random_() % 16) << 20);
        break;
      case 3:
        words.push_back(post_stores[random_() % 3] | step_register << 7 | pointer << 15 | reg() << 20);
        break;
      case 4:
        words.push_back(0x34001073 | reg() << 15 | reg() << 7);
        break;  // csrrw mscratch
      default:
        words.push_back(computing());
        break;
    }
  }
}

void random_program::element() {
  switch (random_() % 9) {
    case 0: {  // forward branch over a few instructions
      static constexpr std::uint32_t functs[] = {0, 1, 4, 5, 6, 7};
      const unsigned skip = 1 + random_() % 5;
      const std::uint32_t offset = 4 * (skip + 1);
      words.push_back(0x63 | functs[random_() % 6] << 12 | reg() << 15 | reg() << 20 | (offset >> 1 & 15) << 8 |
                      (offset >> 5) << 25);
      straight(skip);
      break;
    }
    case 1: {  // traps: the handler skips the instruction
      static constexpr std::uint32_t traps[] = {0x00000073, 0x00100073, 0xffffffff};
      words.push_back(traps[random_() % 3]);
      break;
    }
    case 2: {  // jump and link over data
      words.push_back(0x0080006f | reg() << 7);
      words.push_back(static_cast<std::uint32_t>(random_()) | 3);
      break;
    }
    case 3: {  // compressed pair: c.addi, c.mv
      const std::uint32_t a = 0x0001 | reg() << 7 | (1 + random_() % 31) << 2;
      const std::uint32_t b = 0x8002 | reg() << 7 | reg() << 2;
      words.push_back(a | b << 16);
      break;
    }
    case 4: {  // hardware loop
      const unsigned body = 3 + random_() % 12;
      words.push_back(loop_word(6, random_() % 2, body + 1, random_() % 6));
      straight(body);
      break;
    }
    case 5: {  // nested hardware loops, the outer one ending 8 bytes behind the inner
      const unsigned body = 3 + random_() % 4;
      words.push_back(loop_word(7, 1, count_register, body + 4));
      words.push_back(loop_word(6, 0, body + 1, random_() % 4));
      straight(body + 2);
      break;
    }
    case 6:  // wait for an event
      words.push_back(0x0000300b | reg() << 7 | event_register << 15 | (random_() % 8) << 22);
      break;
    default:
      straight(1 + random_() % 10);
      break;
  }
}

random_program::random_program(unsigned seed) : random_(seed) {
  memory.resize(4096);
  for (auto& b : memory) b = static_cast<std::uint8_t>(random_());
  // Trap handler at the base: skip the trapping instruction (all of them are 32 bits wide).
  words = {0x34102df3 /* csrr s11, mepc */, 0x004d8d93 /* addi s11, s11, 4 */, 0x341d9073 /* csrw mepc, s11 */,
           0x30200073};
  for (unsigned i = 0; i < 60; ++i) element();
  words.push_back(0x00000067);  // jr zero: out of the text
  for (unsigned r = 1; r < 32; ++r) start.x[r] = static_cast<std::uint32_t>(random_());
  start.x[pointer] = data + 1024;
  start.x[step_register] = static_cast<std::uint32_t>(random_()) % 7;
  start.x[count_register] = static_cast<std::uint32_t>(random_()) % 5;
  start.x[handler_scratch] = 0;
  start.x[event_register] = events;
  start.mtvec = base;
  start.pc = base + 16;
}

void store(std::vector<std::uint8_t>& memory, std::uint32_t addr, std::uint32_t value, unsigned size) {
  for (unsigned i = 0; i < size; ++i) memory[(addr + i) % memory.size()] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint32_t access(std::vector<std::uint8_t>& memory, const bus_request& r) {
  if (r.write) {
    store(memory, r.addr, r.wdata, r.size);
    return 0;
  }
  std::uint32_t v = 0;
  for (unsigned i = 0; i < r.size; ++i) v |= std::uint32_t{memory[(r.addr + i) % memory.size()]} << (8 * i);
  return v;
}

}  // namespace ohmic::test
