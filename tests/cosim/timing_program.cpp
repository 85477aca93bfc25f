#include "tests/cosim/timing_program.h"

#include <random>

#include "tests/ip/iss/random_words.h"

namespace ohmic::test {
namespace {

using field = program_unit::field;

constexpr unsigned remote = 23;         // register with a remote address
constexpr unsigned time_register = 31;  // whose value depends on time: nothing else does
constexpr std::uint32_t nop = 0x13, fence = 0x0ff0000f, fence_i = 0x0000100f;

class timing_generator {
 public:
  timing_generator(timing_class kind, unsigned seed) : random_(seed * 31 + static_cast<unsigned>(kind)), kind_(kind) {}

  test_program make(unsigned segments) {
    program_.memory.resize(4096);
    for (auto& b : program_.memory) b = static_cast<std::uint8_t>(random_());
    for (unsigned r = 1; r < 32; ++r) program_.x[r] = bits() >> below(32);
    program_.x[pointer] = test_program::data + 1024;
    program_.x[remote] = timing_remote + 1024;
    program_.x[event_register] = test_program::events;
    add(unit_of({csr(0x320, 5, 0, 0)}));  // csrwi mcountinhibit, 0
    mark();
    for (unsigned s = 0; s < segments; ++s) {
      for (unsigned n = 1 + below(below(4) == 0 ? 24 : 6); n != 0; --n) element();
      mark();
    }
    return program_;
  }

 private:
  std::uint32_t bits() { return static_cast<std::uint32_t>(random_()); }
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  bool one_in(unsigned n) { return below(n) == 0; }
  unsigned reg() { return 1 + below(22); }
  void add(program_unit u) { program_.units.push_back(std::move(u)); }
  void add_word(std::uint32_t w) { add(unit_of({w})); }
  bool is(timing_class k) const { return kind_ == k || kind_ == timing_class::everything; }

  void mark() {
    constexpr std::uint32_t offset = timing_mark - test_program::data - 1024;
    add_word((offset & 31) << 7 | (offset >> 5) << 25 | 2 << 12 | pointer << 15 | last_read_ << 20 | 0x23);
    last_read_ = 0;
  }

  void plain() {
    if (one_in(2))
      add_word(below(4) == 0 ? 0x02000033u | reg() << 7 | reg() << 15 | reg() << 20 : addi(reg(), reg(), below(2048)));
    else if (one_in(3))
      add(compressed_unit({0x8002 | reg() << 7 | reg() << 2}));  // c.mv
    else
      add(compressed_unit({0x0001}));
  }
  void read_counter() {
    last_read_ = time_register;
    add_word(csr(0xb00, 2, last_read_, 0));
  }
  void multi_cycle() {
    switch (below(4)) {
      case 0:
        return add_word(0x02001033 | below(3) << 12 | reg() << 7 | reg() << 15 | reg() << 20);  // mulh
      case 1:
        return status_csr();
      default:
        return add_word(0x02004033 | below(4) << 12 | reg() << 7 | reg() << 15 | reg() << 20);  // div, rem
    }
  }
  void status_csr() {
    static constexpr std::uint32_t numbers[] = {0xb00, 0xb02, 0x340, 0x300, 0x342};
    const std::uint32_t number = numbers[below(5)];
    add_word(csr(number, 2, number == 0xb00 ? time_register : reg(), 0));
  }
  void access_word(unsigned base, bool aligned) {
    const std::uint32_t offset = aligned ? below(32) * 4 : below(64);
    static constexpr std::uint32_t loads[] = {2, 1, 5, 0, 4}, stores[] = {2, 1, 0};
    if (one_in(2))
      add_word(offset << 20 | base << 15 | loads[below(5)] << 12 | reg() << 7 | 0x03);
    else
      add_word((offset & 31) << 7 | (offset >> 5) << 25 | stores[below(3)] << 12 | base << 15 | reg() << 20 | 0x23);
  }
  void jump() {
    program_unit u;
    switch (below(7)) {
      case 0:
        u = unit_of({0x63});  // beq zero, zero
        u.references = {{0, field::branch}};
        break;
      case 1:
        u = unit_of({0x63 | 1 << 12});  // bne zero, zero
        u.references = {{0, field::branch}};
        break;
      case 2:
        u = unit_of({0x63 | (4 + below(4)) << 12 | reg() << 15 | reg() << 20});
        u.references = {{0, field::branch}};
        break;
      case 3:
        u = unit_of({0x6f | (one_in(2) ? 0 : reg()) << 7});
        u.references = {{0, field::jump}};
        break;
      case 4:
        u = compressed_unit({0xa001});
        u.references = {{0, field::compressed_jump}};
        break;
      case 5: {  // the address is made right in front
        u = unit_of({auipc(address_scratch), (8u + 4) << 20 | address_scratch << 15 | 0x67, bits() | 3});
        return add(u);
      }
      default: {  // the address is there: what stands in front of the jalr is another element
        add_word(auipc(address_scratch));
        const unsigned slow = below(3);
        u = slow == 0 ? unit_of({nop}) : slow == 1 ? unit_of({behind()}) : unit_of({addi(reg(), reg(), 1)});
        append(u, (12u + 2) << 20 | address_scratch << 15 | 0x67);
        append(u, 0x0001);
        return add(u);
      }
    }
    const std::size_t at = program_.units.size();
    add(std::move(u));
    for (unsigned n = below(5); n != 0; --n) plain();
    program_.units[at].span = static_cast<unsigned>(program_.units.size() - at - 1);
  }
  /// What jumps of this class stand behind.
  std::uint32_t behind() {
    if (is(timing_class::slow_jumps) && one_in(2))
      return 0x02001033 | (one_in(2) ? 0 : 3 << 12) | reg() << 7 | reg() << 15 | reg() << 20;
    if (is(timing_class::waiting_jumps)) return below(16) << 22 | remote << 15 | 2 << 12 | reg() << 7 | 0x03;
    return nop;
  }

  void element() {
    const bool any = kind_ == timing_class::everything;
    if (kind_ == timing_class::straight || one_in(3)) return plain();
    switch (any ? static_cast<timing_class>(below(11)) : kind_) {
      case timing_class::straight:
        return plain();
      case timing_class::slow:
        return multi_cycle();
      case timing_class::waits:
        return access_word(one_in(2) ? pointer : remote, below(4) != 0);
      case timing_class::conflicts:
        return access_word(pointer, true);
      case timing_class::jumps:
        return jump();
      case timing_class::slow_jumps:
        multi_cycle();
        if (one_in(3)) plain();
        return jump();
      case timing_class::waiting_jumps:
        access_word(one_in(3) ? pointer : remote, one_in(2));
        if (one_in(3)) plain();
        return jump();
      case timing_class::fences:
        return one_in(2) ? add_word(one_in(2) ? fence : fence_i) : one_in(2) ? status_csr() : plain();
      case timing_class::counters: {
        if (one_in(2)) access_word(one_in(2) ? pointer : remote, one_in(2));
        if (one_in(4)) multi_cycle();
        return read_counter();
      }
      case timing_class::events: {
        if (one_in(3)) access_word(one_in(2) ? pointer : remote, true);
        add_word(0x0000300b | reg() << 7 | event_register << 15 | below(8) << 22);
        if (one_in(2)) return;
        return read_counter();
      }
      default: {
        static constexpr std::uint32_t traps[] = {0x73, 0x00100073, 0xffffffff};
        if (one_in(3)) access_word(one_in(2) ? pointer : remote, one_in(2));
        return add_word(traps[below(3)]);
      }
    }
  }

  std::mt19937 random_;
  timing_class kind_;
  unsigned last_read_ = 0;  // register of the last counter read
  test_program program_;
};

}  // namespace

test_program make_timing_program(timing_class kind, unsigned seed, unsigned segments) {
  return timing_generator(kind, seed).make(segments);
}

}  // namespace ohmic::test
