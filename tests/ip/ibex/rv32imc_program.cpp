#include "tests/ip/ibex/rv32imc_program.h"

#include "ip/iss/instruction_set.h"

namespace ohmic::test {
namespace {

constexpr unsigned pointer = 24, count_register = 25, handler_scratch = 26, wait_register = 27;
constexpr std::uint32_t mret = 0x30200073;

std::uint32_t csrw(std::uint32_t csr, unsigned rs1) { return csr << 20 | rs1 << 15 | 1 << 12 | 0x73; }

std::uint32_t branch(unsigned funct3, unsigned rs1, unsigned rs2, std::int32_t offset) {
  const auto o = static_cast<std::uint32_t>(offset);
  return 0x63 | funct3 << 12 | rs1 << 15 | rs2 << 20 | (o >> 1 & 15) << 8 | (o >> 5 & 63) << 25 | (o >> 11 & 1) << 7 |
         (o >> 12 & 1) << 31;
}

}  // namespace

/// The encodings are proven elsewhere (tests/ip/iss/spelling_test.cpp).
std::uint32_t rv32imc_program::computing() {
  for (;;) {
    const iss::instruction_info& i = iss::instructions[random_() % static_cast<unsigned>(iss::op::illegal)];
    if (i.mnemonic.substr(0, 3) == "cv.") continue;
    if (i.kind != iss::kind::alu && i.kind != iss::kind::mulh && i.kind != iss::kind::div) continue;
    auto w = static_cast<std::uint32_t>(random_());
    w = (w & ~0x01ff8f80u) | reg() << 7 | reg() << 15 | (random_() % 24) << 20;
    return (w & ~i.mask) | i.match;
  }
}

void rv32imc_program::straight(unsigned count) {
  static constexpr std::uint32_t loads[] = {0x00000003, 0x00001003, 0x00002003, 0x00004003, 0x00005003};
  static constexpr std::uint32_t stores[] = {0x00000023, 0x00001023, 0x00002023};
  for (unsigned i = 0; i < count; ++i) {
    const std::uint32_t offset = static_cast<std::uint32_t>(random_()) % 64;
    switch (random_() % 8) {
      case 0:
        words.push_back(loads[random_() % 5] | reg() << 7 | pointer << 15 | offset << 20);
        break;
      case 1:
        words.push_back(stores[random_() % 3] | reg() << 20 | pointer << 15 | (offset & 31) << 7 | (offset >> 5) << 25);
        break;
      case 2:  // mscratch: csrrw, csrrs, csrrc
        words.push_back(0x34000073 | (1 + random_() % 3) << 12 | reg() << 15 | reg() << 7);
        break;
      default:
        words.push_back(computing());
        break;
    }
  }
}

void rv32imc_program::element() {
  static constexpr std::uint32_t functs[] = {0, 1, 4, 5, 6, 7};
  switch (random_() % 9) {
    case 0: {  // forward branch over a few instructions
      const unsigned skip = 1 + random_() % 5;
      words.push_back(branch(functs[random_() % 6], reg(), reg(), static_cast<std::int32_t>(4 * (skip + 1))));
      straight(skip);
      break;
    }
    case 1: {  // ecall, ebreak, illegal: the handler skips the instruction
      static constexpr std::uint32_t traps[] = {0x00000073, 0x00100073, 0xffffffff};
      words.push_back(traps[random_() % 3]);
      break;
    }
    case 2:  // jump and link over data
      words.push_back(0x0080006f | reg() << 7);
      words.push_back(static_cast<std::uint32_t>(random_()) | 3);
      break;
    case 3: {  // compressed pair, so that what follows may be entered at either alignment: c.addi, c.mv
      const std::uint32_t a = 0x0001 | reg() << 7 | (1 + random_() % 31) << 2;
      const std::uint32_t b = 0x8002 | reg() << 7 | reg() << 2;
      words.push_back(a | b << 16);
      break;
    }
    case 4: {  // counted loop
      const unsigned body = 1 + random_() % 8;
      load_immediate(count_register, 1 + random_() % 5);
      straight(body);
      words.push_back(0xfff00013 | count_register << 15 | count_register << 7);
      words.push_back(branch(1, count_register, 0, -static_cast<std::int32_t>(4 * (body + 1))));
      break;
    }
    case 5: {  // 32-bit instructions across words: a c.nop in front and behind
      const std::uint32_t middle = computing();
      words.push_back(0x0001 | middle << 16);
      words.push_back(middle >> 16 | 0x0001u << 16);
      break;
    }
    case 6:  // wait for an event
      words.push_back(0x00002003 | reg() << 7 | wait_register << 15);
      break;
    default:
      straight(1 + random_() % 10);
      break;
  }
}

void rv32imc_program::load_immediate(unsigned rd, std::uint32_t value) {
  const std::uint32_t high = (value + 0x800) & 0xfffff000u;
  words.push_back(high | rd << 7 | 0x37);
  words.push_back((value - high) << 20 | rd << 15 | rd << 7 | 0x13);
}

rv32imc_program::rv32imc_program(unsigned seed, bool interrupts) : random_(seed) {
  memory.resize(4096);
  for (auto& b : memory) b = static_cast<std::uint8_t>(random_());
  // Vector 0, exceptions: skip the instruction (all of them are 32 bits wide).
  words = {0x34102073 | handler_scratch << 7, 0x00400013 | handler_scratch << 15 | handler_scratch << 7,
           csrw(0x341, handler_scratch), mret};
  while (words.size() < (boot - base) / 4) words.push_back(mret);  // interrupts (lines 1 and 2 do not exist)
  load_immediate(1, base | 1);
  words.push_back(csrw(0x305, 1));
  words.push_back(csrw(0x340, 0));
  if (interrupts) {
    load_immediate(1, 0x7fff0888);
    words.push_back(csrw(0x304, 1));
    words.push_back(0x30046073);  // csrsi mstatus, 8
  }
  for (unsigned r = 1; r < 32; ++r) {
    const auto any = static_cast<std::uint32_t>(random_());
    load_immediate(r, r == pointer ? data + 1024 : r == wait_register ? wait : any);
  }
  for (unsigned i = 0; i < 60; ++i) element();
  words.push_back(0x00000067);  // jr zero: out of the text
}

}  // namespace ohmic::test
