#include "tests/ip/iss/test_program.h"

namespace ohmic::test {
namespace {

using field = program_unit::field;

constexpr std::uint32_t nop = 0x13, mret = 0x30200073, jump_to_zero = 0x00000067;
constexpr std::uint16_t compressed_nop = 0x0001;

std::uint32_t jal(std::uint32_t offset) {
  return (offset >> 20 & 1) << 31 | (offset >> 1 & 0x3ff) << 21 | (offset >> 11 & 1) << 20 |
         (offset >> 12 & 0xff) << 12 | 0x6f;
}

std::uint32_t csrw(std::uint32_t csr, unsigned rs1) { return csr << 20 | rs1 << 15 | 1 << 12 | 0x73; }

/// The places of an offset's bits in each kind of instruction.
std::uint32_t distance_bits(field what, std::uint32_t d) {
  const auto bit = [&](unsigned from, unsigned to) { return (d >> from & 1) << to; };
  const auto bits = [&](unsigned high, unsigned low, unsigned to) {
    return (d >> low & ((2u << (high - low)) - 1)) << to;
  };
  switch (what) {
    case field::branch:
      return bit(12, 31) | bits(10, 5, 25) | bits(4, 1, 8) | bit(11, 7);
    case field::jump:
      return jal(d) & 0xfffff000u;
    case field::compressed_branch:
      return bit(8, 12) | bits(4, 3, 10) | bits(7, 6, 5) | bits(2, 1, 3) | bit(5, 2);
    case field::compressed_jump:
      return bit(11, 12) | bit(4, 11) | bits(9, 8, 9) | bit(10, 8) | bit(6, 7) | bit(7, 6) | bits(3, 1, 3) | bit(5, 2);
    case field::loop_setup_imm:
      return (d / 4 & 31) << 15;
    case field::loop_words:
      return d / 4 << 20;
    case field::length:
      return d << 20;
  }
  return 0;
}

std::uint32_t reach(field what) {
  switch (what) {
    case field::compressed_branch:
      return 254;
    case field::loop_setup_imm:
      return 124;
    case field::length:
    case field::compressed_jump:
      return 2046;
    default:
      return 4094;
  }
}

struct layout {
  std::vector<std::uint32_t> begin;  // of each unit, and behind the last one
  std::uint32_t target(std::size_t i, unsigned span) const { return begin[i + 1 + span]; }
};

/// begin[i + 1] is where unit i + 1 stands; padding in front of an aligned unit belongs to the unit before.
layout place(const test_program& p) {
  layout where;
  std::uint32_t pc = test_program::body;
  for (const program_unit& u : p.units) {
    if (u.aligned && pc % 4 != 0) pc += 2;
    where.begin.push_back(pc);
    pc += 2 * static_cast<std::uint32_t>(u.halves.size());
  }
  where.begin.push_back((pc + 3) & ~3u);
  return where;
}

class writer {
 public:
  void half(std::uint16_t h) { halves_.push_back(h); }
  void word(std::uint32_t w) {
    half(static_cast<std::uint16_t>(w));
    half(static_cast<std::uint16_t>(w >> 16));
  }
  void load_immediate(unsigned rd, std::uint32_t value) {
    const std::uint32_t high = (value + 0x800) & 0xfffff000u;
    word(high | rd << 7 | 0x37);
    word((value - high) << 20 | rd << 15 | rd << 7 | 0x13);
  }
  std::uint32_t pc() const { return test_program::base + 2 * static_cast<std::uint32_t>(halves_.size()); }
  void pad_to(std::uint32_t pc_wanted) {
    while (pc() < pc_wanted) half(compressed_nop);
  }
  std::vector<std::uint16_t>& halves() { return halves_; }

 private:
  std::vector<std::uint16_t> halves_;
};

/// Vector 0 is for exceptions, and for interrupts too if mtvec is direct.
void write_handlers(writer& out) {
  constexpr std::uint32_t exception = test_program::base + 128, interrupt = exception + 24;
  for (unsigned cause = 0; cause < 32; ++cause) out.word(jal((cause == 0 ? exception : interrupt) - out.pc()));
  out.word(0x34202df3);  // csrr s11, mcause
  out.word(0x000dca63);  // bltz s11, interrupt
  out.word(0x34102df3);  // csrr s11, mepc
  out.word(0x004d8d93);  // addi s11, s11, 4
  out.word(0x341d9073);  // csrw mepc, s11
  out.word(mret);
  out.word(0x34202df3);  // interrupt: csrr s11, mcause
  out.word(mret);
}

}  // namespace

unsigned program_unit::instructions() const {
  unsigned n = 0;
  for (std::size_t i = 0; i < halves.size(); i += (halves[i] & 3) == 3 ? 2 : 1) ++n;
  return n;
}

void append(program_unit& unit, std::uint32_t instruction) {
  unit.halves.push_back(static_cast<std::uint16_t>(instruction));
  if ((instruction & 3) == 3) unit.halves.push_back(static_cast<std::uint16_t>(instruction >> 16));
}

program_unit unit_of(std::initializer_list<std::uint32_t> words) {
  program_unit u;
  for (const std::uint32_t w : words) append(u, w);
  return u;
}

program_unit compressed_unit(std::initializer_list<unsigned> halves) {
  program_unit u;
  for (const unsigned h : halves) u.halves.push_back(static_cast<std::uint16_t>(h));
  return u;
}

unsigned test_program::instructions() const {
  unsigned n = 0;
  for (const program_unit& u : units) n += u.instructions();
  return n;
}

void test_program::erase(std::size_t first, std::size_t count) {
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t i = 0; i < first; ++i) {
      if (i + units[i].span >= first) --units[i].span;
    }
    units.erase(units.begin() + static_cast<std::ptrdiff_t>(first));
  }
}

bool test_program::legal() const {
  const layout where = place(*this);
  for (std::size_t i = 0; i < units.size(); ++i) {
    const program_unit& u = units[i];
    if (i + u.span >= units.size()) return false;
    const std::uint32_t target = where.target(i, u.span);
    for (const program_unit::reference& r : u.references) {
      if (target - (where.begin[i] + 2u * r.at) > reach(r.what)) return false;
    }
    if (!u.loop) continue;
    const std::uint32_t start = where.begin[i + 1];
    if (target < start + 12 || target % 4 != 0 || start % 4 != 0) return false;
    for (std::size_t k = i + 1; k <= i + u.span; ++k) {
      // An inner loop's end, by whose span it lies inside the outer one, leaves at least two instructions.
      if (units[k].loop && where.target(k, units[k].span) + 8 > target) return false;
    }
  }
  return true;
}

assembled_program assemble(const test_program& p) {
  assembled_program result;
  writer out;
  write_handlers(out);
  result.boot = out.pc();
  out.load_immediate(1, test_program::base | (p.vectored ? 1 : 0));
  out.word(csrw(0x305, 1));
  out.load_immediate(1, test_program::body);
  out.word(csrw(0x341, 1));
  if (p.interrupts) {
    out.load_immediate(1, 0xffff0888u);
    out.word(csrw(0x304, 1));
    out.load_immediate(1, 0x80);  // MPIE: mret enables interrupts
    out.word(csrw(0x300, 1));
  }
  for (unsigned r = 1; r < 32; ++r) out.load_immediate(r, p.x[r]);
  out.word(mret);
  while (out.pc() < test_program::body) out.word(nop);

  const layout where = place(p);
  result.unit.assign(where.begin.begin(), where.begin.end() - 1);
  for (std::size_t i = 0; i < p.units.size(); ++i) {
    const program_unit& u = p.units[i];
    out.pad_to(where.begin[i]);
    const std::size_t from = out.halves().size();
    out.halves().insert(out.halves().end(), u.halves.begin(), u.halves.end());
    for (const program_unit::reference& r : u.references) {
      const std::uint32_t instruction = r.what == field::length ? out.pc() : where.begin[i] + 2u * r.at;
      const std::uint32_t bits = distance_bits(r.what, where.target(i, u.span) - instruction);
      out.halves()[from + r.at] |= static_cast<std::uint16_t>(bits);
      if ((u.halves[r.at] & 3) == 3) out.halves()[from + r.at + 1u] |= static_cast<std::uint16_t>(bits >> 16);
    }
  }
  out.pad_to(where.begin.back());
  result.end = out.pc();
  out.word(jump_to_zero);
  for (unsigned i = 0; i < 4; ++i) out.word(nop);
  for (std::size_t i = 0; i < out.halves().size(); i += 2)
    result.words.push_back(out.halves()[i] | std::uint32_t{out.halves()[i + 1]} << 16);
  return result;
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
