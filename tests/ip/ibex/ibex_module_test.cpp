// The Verilated Ibex alone in a SystemC platform.
#include "ip/ibex/ibex_module.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "ip/tlm/block_module.h"
#include "ip/tlm/block_targets.h"

int sc_main(int, char**) { return 0; }

namespace ohmic {
namespace {

using sc_core::SC_NS;
using sc_core::sc_time;

constexpr std::uint32_t boot = 0x1080;

struct hart_with_memory {
  /// Adds 2 to the word at 16, stores it at 20; loads from outside the memory, stores that at 24; spins.
  std::vector<std::uint32_t> words = {0x01002283,   // lw x5, 16(x0)
                                      0x00228293,   // addi x5, x5, 2
                                      0x00502a23,   // sw x5, 20(x0)
                                      0x40002303,   // lw x6, 1024(x0)
                                      0x00602c23,   // sw x6, 24(x0)
                                      0x0000006f};  // j .
  std::array<std::uint32_t, 64> memory{};
  ibex_module hart;
  block_module<memory_target> ram;

  hart_with_memory(const std::string& name, unsigned latency)
      : hart((name + "_hart").c_str(), text_bytes{boot, static_cast<std::uint32_t>(words.size() * 4),
                                                  reinterpret_cast<const std::uint8_t*>(words.data())}),
        ram((name + "_ram").c_str(), {reinterpret_cast<std::uint8_t*>(memory.data()), sizeof memory},
            sc_time(latency, SC_NS), sc_time(1, SC_NS)) {
    memory[4] = 40;
    hart.data.bind(ram.socket);
  }
  /// Cycles until the word has its value, at most 200.
  unsigned cycles_until(std::size_t word, std::uint32_t value) {
    unsigned cycles = 0;
    for (; memory[word] != value && cycles < 200; ++cycles) sc_core::sc_start(1, SC_NS);
    return cycles;
  }
};

struct platform {
  hart_with_memory fast{"fast", 1}, slow{"slow", 5};
};

TEST(IbexModule, RunsAgainstAMemoryOfAnyLatency) {
  static platform p;
  sc_core::sc_start(1, SC_NS);
  p.fast.hart.start(boot);
  const unsigned fast = p.fast.cycles_until(6, bad_access_pattern);
  EXPECT_EQ(p.fast.memory[5], 42u);
  const auto error = p.fast.hart.take_error();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->address, 1024u);
  p.slow.hart.start(boot);
  const unsigned slow = p.slow.cycles_until(6, bad_access_pattern);
  EXPECT_EQ(p.slow.memory[5], 42u);
  // Three accesses before the last one is sent, each 4 cycles longer.
  EXPECT_EQ(slow, fast + 12);
}

}  // namespace
}  // namespace ohmic
