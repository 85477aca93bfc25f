#pragma once

#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "ip/iss/iss_group.h"

namespace ohmic::test {

inline constexpr std::uint32_t code_base = 0x1000;

/// Runs single instructions on a fresh hart: give the words, the registers, get the state afterwards.
/// Memory accesses go to a small memory at address 0 (wrapping), answered in the next cycle.
class one_instruction {
 public:
  explicit one_instruction(std::uint32_t word) : one_instruction(std::vector<std::uint32_t>{word}) {}
  explicit one_instruction(const std::vector<std::uint32_t>& words)
      : text_(code_base, words.data(), words.size() * 4), group_(text_, 1, 7), memory(4096) {
    group_.start(0, code_base, 0);
  }

  /// Executes the instruction at state.pc; returns the state behind it. cycles() tells what it took.
  hart_state step(const hart_state& before) {
    group_.restore(0, before);
    const cycle_t start = group_.time(0);
    const std::uint64_t retired = group_.counters(0).retired;
    null_observer silent;
    requests.clear();
    do {
      switch (group_.advance(0, group_.time(0) + 1, silent)) {
        case core_stop::bus: {
          const bus_request r = group_.request(0);
          requests.push_back(r);
          std::uint32_t data = 0;
          for (unsigned i = 0; i < r.size; ++i) {
            std::uint8_t& byte = memory[(r.addr + i) % memory.size()];
            if (r.write)
              byte = static_cast<std::uint8_t>(r.wdata >> (8 * i));
            else
              data |= std::uint32_t{byte} << (8 * i);
          }
          group_.complete(0, data, r.cycle, r.cycle + 1);
          break;
        }
        case core_stop::fetch:
          group_.fetch_complete(0, group_.time(0));
          break;
        default:
          break;
      }
    } while (group_.counters(0).retired == retired && group_.pc(0) == before.pc);
    cycles_ = group_.time(0) - start;
    return group_.save(0);
  }
  cycle_t cycles() const { return cycles_; }

 private:
  decoded_text text_;
  iss_group group_;
  cycle_t cycles_ = 0;

 public:
  std::vector<std::uint8_t> memory;
  std::vector<bus_request> requests;
};

/// Operands where arithmetic goes wrong if it does, mixed with random ones.
class operand_source {
 public:
  explicit operand_source(unsigned seed) : random_(seed) {}
  std::uint32_t next() {
    static constexpr std::uint32_t edges[] = {0,          1,          2,          0x7f,       0x80,       0xff,
                                              0x7fff,     0x8000,     0xffff,     0x10000,    0x7fffffff, 0x80000000,
                                              0x80000001, 0xffffffff, 0xfffffffe, 0x80008000, 0x7fff7fff, 0x80808080,
                                              0x7f7f7f7f, 0x00ff00ff, 0xaaaaaaaa};
    switch (random_() % 4) {
      case 0:
        return edges[random_() % std::size(edges)];
      case 1:
        return static_cast<std::uint32_t>(static_cast<std::int32_t>(random_()) >> (random_() % 31));
      default:
        return static_cast<std::uint32_t>(random_());
    }
  }
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }

 private:
  std::mt19937 random_;
};

}  // namespace ohmic::test
