#pragma once

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "ip/core/text_bytes.h"
#include "ip/tlm/block_module.h"
#include "ip/tlm/block_targets.h"

namespace ohmic::test {

/// A core module alone in a SystemC platform, with a memory of so many cycles' latency. Its program adds 2 to the word
/// at `from`, stores it behind it; loads from outside the memory, stores that at from + 8; spins.
template <class Module>
struct core_in_memory {
  std::vector<std::uint32_t> words;
  std::array<std::uint32_t, 64> memory{};
  Module hart;
  block_module<memory_target> ram;

  core_in_memory(const std::string& name, std::uint32_t boot, std::uint32_t from, unsigned latency)
      : words{load(5, from), 0x00228293 /* addi x5, x5, 2 */, store(5, from + 4), load(6, 1024), store(6, from + 8),
              0x0000006f /* j . */},
        hart((name + "_hart").c_str(), text_bytes{boot, static_cast<std::uint32_t>(words.size() * 4),
                                                  reinterpret_cast<const std::uint8_t*>(words.data())}),
        ram((name + "_ram").c_str(), {reinterpret_cast<std::uint8_t*>(memory.data()), sizeof memory},
            sc_core::sc_time(latency, sc_core::SC_NS), sc_core::sc_time(1, sc_core::SC_NS)),
        boot_(boot),
        at_(from / 4) {
    memory[at_] = 40;
    hart.data.bind(ram.socket);
  }

  /// Cycles from start to the end of the program, at most 200. Checks what it has done.
  unsigned run() {
    hart.start(boot_);
    unsigned cycles = 0;
    for (; memory[at_ + 2] != bad_access_pattern && cycles < 200; ++cycles) sc_core::sc_start(1, sc_core::SC_NS);
    EXPECT_EQ(memory[at_ + 1], 42u);
    EXPECT_EQ(memory[at_ + 2], bad_access_pattern);
    const auto error = hart.take_error();
    EXPECT_TRUE(error && error->address == 1024u);
    return cycles;
  }

 private:
  static std::uint32_t load(unsigned rd, std::uint32_t at) { return at << 20 | 2 << 12 | rd << 7 | 0x03; }
  static std::uint32_t store(unsigned rs, std::uint32_t at) {
    return (at >> 5) << 25 | rs << 20 | 2 << 12 | (at & 31) << 7 | 0x23;
  }

  const std::uint32_t boot_, at_;
};

/// Each of the three accesses before the last one is sent takes 4 cycles longer.
template <class Module>
void expect_any_latency(std::uint32_t boot, std::uint32_t from) {
  static core_in_memory<Module> fast("fast", boot, from, 1), slow("slow", boot, from, 5);
  sc_core::sc_start(1, sc_core::SC_NS);
  const unsigned cycles = fast.run();
  EXPECT_EQ(slow.run(), cycles + 12);
}

}  // namespace ohmic::test
