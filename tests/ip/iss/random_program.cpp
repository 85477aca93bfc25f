#include "tests/ip/iss/random_program.h"

#include "tests/ip/iss/random_words.h"

namespace ohmic::test {
namespace {

using field = program_unit::field;

class generator {
 public:
  generator(unsigned seed, random_program_options options) : random_(seed), options_(options) {}

  test_program make() {
    program_.interrupts = options_.interrupts;
    program_.vectored = below(2) == 0;
    program_.memory.resize(4096);
    for (auto& b : program_.memory) b = static_cast<std::uint8_t>(random_());
    for (unsigned r = 1; r < 32; ++r) program_.x[r] = value();
    program_.x[pointer] = test_program::data + 1024;
    program_.x[step_register] = below(7);
    program_.x[count_register] = below(5);
    program_.x[handler_scratch] = 0;
    program_.x[event_register] = test_program::events;
    for (unsigned i = 0; i < 60; ++i) element();
    return program_;
  }

 private:
  std::uint32_t bits() { return static_cast<std::uint32_t>(random_()); }
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  std::uint32_t value() { return below(2) == 0 ? corners[below(std::size(corners))] : bits(); }
  unsigned reg() { return 1 + below(23); }
  unsigned any_source() { return below(24); }
  unsigned short_reg() { return below(8); }  // x8..x15 as compressed instructions name them
  unsigned base_register() { return below(8) == 0 ? reg() : pointer; }

  void add(program_unit u) { program_.units.push_back(std::move(u)); }
  void add_word(std::uint32_t w) { add(unit_of({w})); }

  /// Makes `first` reach over all units added by `inside`.
  template <class F>
  void around(program_unit first, F inside) {
    const std::size_t at = program_.units.size();
    add(std::move(first));
    inside();
    program_.units[at].span = static_cast<unsigned>(program_.units.size() - at - 1);
  }

  std::uint32_t computing();
  std::uint32_t access_word();
  std::uint32_t csr_word();
  std::uint32_t compressed_computing();
  void straight(unsigned count);
  void last_of_loop(bool may_access_csr);
  void mixed(unsigned count);
  void set(unsigned rd, std::uint32_t v);
  void corner_values();
  void exception();
  void jump();
  void backward();
  void software_loop();
  program_unit loop_setup(unsigned l, std::uint32_t count);
  void hardware_loop();
  void nested_loops();
  void wait_for_event();
  void interrupt_enable();
  void return_forward();
  void element();

  std::mt19937 random_;
  random_program_options options_;
  test_program program_;
};

/// Any instruction that only computes, from the description: its encodings are proven by spelling_test.
std::uint32_t generator::computing() {
  for (;;) {
    const unsigned n = below(static_cast<unsigned>(iss::op::illegal));
    const iss::instruction_info& i = iss::instructions[n];
    if (i.kind != iss::kind::alu && i.kind != iss::kind::alu_acc && i.kind != iss::kind::mulh &&
        i.kind != iss::kind::div)
      continue;
    std::uint32_t w = bits();
    w = (w & ~0x01ff8f80u) | reg() << 7 | any_source() << 15 | any_source() << 20;
    if (below(64) == 0) w &= ~0x00000f80u;  // to x0
    w = (w & ~i.mask) | i.match;
    const std::uint32_t imm6 = (w >> 20 & 31) << 1 | (w >> 25 & 1);
    if (i.format == iss::format::shift_half && imm6 >= 16) continue;
    if (i.format == iss::format::shift_byte && imm6 >= 8) continue;
    return w;
  }
}

/// Any load or store but cv.elw. Bases are mostly one pointer, so that addresses of several instructions meet.
std::uint32_t generator::access_word() {
  for (;;) {
    const unsigned n = below(static_cast<unsigned>(iss::op::illegal));
    const iss::instruction_info& i = iss::instructions[n];
    const unsigned base = base_register();
    const std::uint32_t offset = below(64) - (below(4) == 0 ? 64 : 0);
    std::uint32_t w = i.match | base << 15;
    switch (i.kind) {
      case iss::kind::load:
      case iss::kind::load_post:
        w |= (below(64) == 0 ? 0 : reg()) << 7;
        break;
      case iss::kind::store:
      case iss::kind::store_post:
        w |= any_source() << 20;
        break;
      default:
        continue;
    }
    switch (i.format) {
      case iss::format::load_imm:
      case iss::format::load_post_imm:
        return w | offset << 20;
      case iss::format::store_imm:
      case iss::format::store_post_imm:
        return w | (offset & 31) << 7 | (offset >> 5) << 25;
      case iss::format::load_reg:
      case iss::format::load_post_reg:
        return w | step_register << 20;
      default:
        return w | step_register << 7;
    }
  }
}

std::uint32_t generator::csr_word() {
  static constexpr std::uint32_t written[] = {0x340, 0x340, 0x341, 0x342};
  static constexpr std::uint32_t read[] = {0x300, 0x301, 0x304, 0x305, 0x340, 0x341, 0x342, 0x343, 0xf11, 0xf12, 0xf13,
                                           0xf14, 0xcc0, 0xcc1, 0xcc2, 0xcc4, 0xcc5, 0xcc6, 0xcd0, 0xcd1, 0x7a1, 0x7a4};
  static constexpr std::uint32_t timed[] = {0xb00, 0xb02, 0xb80, 0xb82, 0xc00, 0xc02,
                                            0xb03, 0xb04, 0x344, 0x320, 0x323};
  const unsigned form = below(6);
  const unsigned funct3 = form < 3 ? 1 + form : 2 + form;
  if (options_.counters && below(4) == 0) return csr(timed[below(std::size(timed))], funct3, reg(), any_source());
  if (below(3) == 0) return csr(read[below(std::size(read))], below(2) == 0 ? 2 : 7, reg(), 0);
  return csr(written[below(std::size(written))], funct3, below(8) == 0 ? 0 : reg(), any_source());
}

/// Any compressed instruction that is no jump and no trap.
std::uint32_t generator::compressed_computing() {
  const unsigned rd = reg(), rs2 = reg(), d = short_reg() << 7, s = short_reg() << 2;
  const unsigned imm = 1 + below(31), sign = below(2) << 12;
  switch (below(18)) {
    case 0:
      return 0x0000 | (1 + below(255)) << 5 | s;  // c.addi4spn
    case 1:
      return 0x0001 | rd << 7 | imm << 2 | sign;  // c.addi
    case 2:
      return 0x4001 | rd << 7 | below(32) << 2 | sign;  // c.li
    case 3:
      return 0x6001 | (rd == 2 ? 3 : rd) << 7 | imm << 2 | sign;  // c.lui
    case 4:
      return 0x6101 | imm << 2 | sign;  // c.addi16sp
    case 5:
      return 0x8001 | d | imm << 2;  // c.srli
    case 6:
      return 0x8401 | d | imm << 2;  // c.srai
    case 7:
      return 0x8801 | d | below(32) << 2 | sign;  // c.andi
    case 8:
      return 0x8c01 | d | s;  // c.sub
    case 9:
      return 0x8c21 | d | s;  // c.xor
    case 10:
      return 0x8c41 | d | s;  // c.or
    case 11:
      return 0x8c61 | d | s;  // c.and
    case 12:
      return 0x0002 | rd << 7 | imm << 2;  // c.slli
    case 13:
      return 0x8002 | rd << 7 | rs2 << 2;  // c.mv
    case 14:
      return 0x9002 | rd << 7 | rs2 << 2;  // c.add
    case 15:
      return (below(2) == 0 ? 0x4000u : 0xc000u) | below(8) << 10 | below(4) << 5 | d | s;  // c.lw, c.sw
    case 16:                                                                                // c.lwsp, c.swsp
      return below(2) == 0 ? 0x4002 | rd << 7 | below(32) << 2 | sign : 0xc002 | below(64) << 7 | rs2 << 2;
    default:
      return 0x0001;  // c.nop
  }
}

/// 32-bit instructions as hardware loops may contain them.
void generator::straight(unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    const unsigned which = below(24);
    add_word(which < 8 ? access_word() : which == 8 ? csr_word() : computing());
  }
}

/// With a count of 0 the core gets lost at an access to a status CSR (docs/rtl-findings.md).
void generator::last_of_loop(bool may_access_csr) {
  const unsigned which = below(24);
  add_word(which < 8 ? access_word() : which == 8 && may_access_csr ? csr_word() : computing());
}

void generator::mixed(unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    if (below(3) == 0)
      add(compressed_unit({compressed_computing()}));
    else
      straight(1);
  }
}

void generator::set(unsigned rd, std::uint32_t v) {
  const std::uint32_t high = (v + 0x800) & 0xfffff000u;
  add(unit_of({high | rd << 7 | 0x37, addi(rd, rd, v - high)}));
}

/// Instructions of two operands on values where arithmetic goes wrong if it does.
void generator::corner_values() {
  static constexpr std::uint32_t pairs[][2] = {{0x80000000u, 0xffffffffu}, {0x80000000u, 0},          {5, 0}, {0, 0},
                                               {0xffffffffu, 0xffffffffu}, {0x80000000u, 0x80000000u}};
  const unsigned a = 1 + below(11), b = 12 + below(11);
  if (below(2) == 0) {
    const auto& pair = pairs[below(std::size(pairs))];
    set(a, pair[0]), set(b, pair[1]);
  } else {
    set(a, value()), set(b, below(4) == 0 ? program_.x[a] : value());
  }
  const unsigned n = 1 + below(4);
  for (unsigned i = 0; i < n; ++i) {
    std::uint32_t w = computing();
    if (below(2) == 0) w = 0x02000033 | below(8) << 12 | 23 << 7;  // multiplication or division
    add_word((w & ~0x01f98f80u) | a << 15 | b << 20 | (w & 0xf80));
  }
}

/// Each takes four bytes, which the handler skips.
void generator::exception() {
  switch (below(6)) {
    case 0:
      return add_word(0x00000073);  // ecall
    case 1:
      return add_word(0x00100073);  // ebreak
    case 2:
      return add(compressed_unit({0x9002, 0x0001}));  // c.ebreak
    case 3:
      return add(compressed_unit({0x0000, 0x0001}));
    case 4:  // a CSR that is not there, or may only be read
      return add_word(csr(below(2) == 0 ? 0x7c0 + below(32) : 0xcc0 + below(3), 1, reg(), reg()));
    default: {  // half-word shifts have 4 bits
      static constexpr std::uint32_t none[] = {0xffffffff, 0x4000607b | 31 << 20, 0x0000707f, 0xfe00105b};
      return add_word(none[below(std::size(none))]);
    }
  }
}

void generator::jump() {
  const unsigned skip = 1 + below(5);
  const auto junk = [&] {
    for (unsigned i = 0; i < skip; ++i) {
      if (below(2) == 0)
        add_word(bits() | 3);
      else
        add(compressed_unit({bits() & 0xfffcu}));
    }
  };
  const auto body = [&] { mixed(skip); };
  program_unit u;
  switch (below(9)) {
    case 0: {
      static constexpr std::uint32_t functs[] = {0, 1, 4, 5, 6, 7};
      u = unit_of({0x63 | functs[below(6)] << 12 | any_source() << 15 | any_source() << 20});
      u.references = {{0, field::branch}};
      return around(u, body);
    }
    case 1:
    case 2:  // cv.beqimm, cv.bneimm, of a register that is small often enough
      u = unit_of(
          {addi(address_scratch, 0, below(4)), 0x600bu | below(2) << 12 | address_scratch << 15 | below(4) << 20});
      if (below(4) == 0) u = unit_of({0x600bu | below(2) << 12 | any_source() << 15 | below(32) << 20});
      u.references = {{static_cast<std::uint8_t>(u.halves.size() - 2), field::branch}};
      return around(u, body);
    case 3:
      u = compressed_unit({0xc001 | below(2) << 13 | short_reg() << 7});
      u.references = {{0, field::compressed_branch}};
      return around(u, body);
    case 4:
      u = unit_of({0x6f | (below(3) == 0 ? 0 : reg()) << 7});
      u.references = {{0, field::jump}};
      return around(u, junk);
    case 5:
      u = compressed_unit({below(2) == 0 ? 0xa001u : 0x2001u});
      u.references = {{0, field::compressed_jump}};
      return around(u, junk);
    case 6: {  // jalr over a word; its target may lie at 2 mod 4
      const unsigned rd = below(3) == 0 ? 0 : reg();
      u = unit_of({auipc(address_scratch), (8u + 4) << 20 | address_scratch << 15 | rd << 7 | 0x67, bits() | 3});
      return add(u);
    }
    case 7: {  // the same with an independent instruction in between, or a load that makes the address
      u = unit_of({auipc(address_scratch), computing(), (12u + 2) << 20 | address_scratch << 15 | reg() << 7 | 0x67});
      append(u, bits() & 0xfffcu);
      return add(u);
    }
    default: {  // c.jr, c.jalr
      const unsigned link = below(2) << 12;
      u = unit_of({auipc(address_scratch)});
      append(u, 0x0001u | address_scratch << 7 | 10 << 2);
      append(u, 0x8002u | link | address_scratch << 7);
      append(u, bits() & 0xfffcu);
      return add(u);
    }
  }
}

/// Over a jump, back to it, and on.
void generator::backward() {
  program_unit u;
  switch (below(4)) {
    case 0:
      u = unit_of({0x0080006f, 0x0080006f, 0xffdff0ef});  // j +8; j +8; jal -4
      break;
    case 1:
      u = unit_of({0x0080006f, 0x0080006f, 0xfe000ee3});  // beq zero, zero, -4
      break;
    case 2:
      u = compressed_unit({0xa011, 0xa011, 0xbffd});  // c.j +4; c.j +4; c.j -2
      break;
    default:
      u = compressed_unit({0x4401, 0xa011, 0xa011, 0xdc7d});  // c.li s0, 0; ...; c.beqz s0, -2
      break;
  }
  add(u);
}

void generator::software_loop() {
  add_word(addi(trip_register, 0, 1 + below(4)));
  // Its branch goes back by the length of what is inside, which therefore stays one unit.
  const std::size_t from = program_.units.size();
  mixed(1 + below(5));
  program_unit u;
  while (program_.units.size() > from) {
    program_unit& first = program_.units[from];
    u.halves.insert(u.halves.end(), first.halves.begin(), first.halves.end());
    program_.units.erase(program_.units.begin() + static_cast<std::ptrdiff_t>(from));
  }
  append(u, addi(trip_register, trip_register, 0xfff));
  const std::uint32_t back = static_cast<std::uint32_t>(-2 * static_cast<int>(u.halves.size()));
  append(u, 0x1063 | trip_register << 15 | (back >> 12 & 1) << 31 | (back >> 5 & 63) << 25 | (back >> 1 & 15) << 8 |
                (back >> 11 & 1) << 7);
  add(u);
}

/// One of the ways to set a loop up; count must be what the register forms can have.
program_unit generator::loop_setup(unsigned l, std::uint32_t count) {
  program_unit u;
  switch (below(4)) {
    case 0:
      u = unit_of({loop_word(6, l, 0, count)});
      u.references = {{0, field::loop_setup_imm}};
      break;
    case 1:
      u = unit_of({addi(address_scratch, 0, count & 2047), loop_word(7, l, address_scratch, 0)});
      u.references = {{2, field::loop_words}};
      break;
    case 2:  // the start is behind the three
      u = unit_of({loop_word(0, l, 0, 3), loop_word(2, l, 0, 0), loop_word(4, l, 0, count)});
      u.references = {{2, field::loop_words}};
      break;
    default:
      u = unit_of({auipc(address_scratch), addi(address_scratch, address_scratch, 24),
                   loop_word(1, l, address_scratch, 0), addi(address_scratch, address_scratch, 0),
                   loop_word(3, l, address_scratch, 0), loop_word(5, l, count_register, 0)});
      u.references = {{6, field::length}};
      break;
  }
  u.aligned = u.loop = true;
  return u;
}

void generator::hardware_loop() {
  static constexpr unsigned edges[] = {0, 1, 2};
  const bool longest = below(600) == 0;
  const std::uint32_t count = longest ? 4095 : below(3) == 0 ? edges[below(3)] : below(6);
  const unsigned body = longest || below(3) == 0 ? 3 : below(8) == 0 ? 30 : 3 + below(12);
  around(loop_setup(below(2), count), [&] {
    straight(body - 1);
    // A trap inside: not as the last instruction, behind which the handler would return past the loop's end.
    if (!longest && body > 3 && below(8) == 0)
      program_.units[program_.units.size() - 1 - below(body - 2)] = unit_of({below(2) == 0 ? 0x73u : 0x00100073u});
    last_of_loop(program_.x[count_register] != 0 && count != 0);
  });
}

/// Loop 0 inside loop 1, which ends 8 bytes behind it or later.
void generator::nested_loops() {
  const unsigned outer = below(4), inner = below(5);
  const bool runs = program_.x[count_register] != 0;
  around(loop_setup(1, outer), [&] {
    straight(below(3));
    around(loop_setup(0, inner), [&] {
      straight(2 + (below(2) == 0 ? 0 : below(6)));
      last_of_loop(runs && inner != 0);
    });
    straight(1 + (below(2) == 0 ? 0 : below(4)));
    last_of_loop(runs && outer != 0);
  });
}

void generator::wait_for_event() { add_word(0x0000300b | reg() << 7 | event_register << 15 | below(8) << 22); }

void generator::interrupt_enable() {
  switch (below(5)) {
    case 0:
      return add_word(csr(0x300, 7, 0, 8));  // csrci mstatus, MIE
    case 1:
    case 2:
      return add_word(csr(0x300, 6, 0, 8));
    case 3:
      return add(unit_of({csr(0x304, 1, 0, reg()), csr(0x300, 6, 0, 8)}));  // any mie
    default:  // all of them; also by a write of the whole mstatus
      return add(unit_of({0xffff1eb7, addi(address_scratch, address_scratch, 0x888), csr(0x304, 1, 0, address_scratch),
                          csr(0x300, 1, reg(), address_scratch)}));
  }
}

/// mret to the instruction behind it.
void generator::return_forward() {
  add(unit_of({csr(0x300, 7, 0, 8), auipc(address_scratch), addi(address_scratch, address_scratch, 16),
               csr(0x341, 1, 0, address_scratch), 0x30200073}));
}

void generator::element() {
  switch (below(24)) {
    case 0:
    case 1:
    case 2:
      return jump();
    case 3:
      return backward();
    case 4:
    case 5:
      return exception();
    case 6:
    case 7:
    case 8:
      return hardware_loop();
    case 9:
    case 10:
      return nested_loops();
    case 11:
    case 12:
      return wait_for_event();
    case 13:
      return software_loop();
    case 14:
      return interrupt_enable();
    case 15:
      return return_forward();
    case 16: {
      static constexpr std::uint32_t orders[] = {0x0ff0000f, 0x0000100f, 0x10500073};
      return add_word(orders[below(3)]);
    }
    case 17: {  // a loop's registers while it does not run. Behind the program: see docs/rtl-findings.md
      const unsigned l = below(2), far = 4095 - below(500);
      add(unit_of({loop_word(4, l, 0, 0), loop_word(0, l, 0, far), loop_word(2, l, 0, 4095 - below(1000))}));
      program_.units.back().aligned = true;
      return;
    }
    case 18:
      return add_word(csr_word());
    case 19:
      return corner_values();
    default:
      return mixed(1 + below(10));
  }
}

}  // namespace

test_program make_random_program(unsigned seed, random_program_options options) {
  return generator(seed, options).make();
}

}  // namespace ohmic::test
