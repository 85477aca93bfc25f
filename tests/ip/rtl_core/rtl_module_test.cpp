// The Verilated core alone in a SystemC platform: the same programs as the ISS's module.
#include "ip/rtl_core/rtl_module.h"

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

constexpr std::uint32_t base = 0x1000;

struct hart_with_memory {
  /// Adds 2 to the word at 0, stores it at 4; loads from outside the memory, stores that at 8; spins.
  std::vector<std::uint32_t> words = {0x00002283,   // lw x5, 0(x0)
                                      0x00228293,   // addi x5, x5, 2
                                      0x00502223,   // sw x5, 4(x0)
                                      0x40002303,   // lw x6, 1024(x0)
                                      0x00602423,   // sw x6, 8(x0)
                                      0x0000006f};  // j .
  std::array<std::uint32_t, 64> memory{40};
  rtl_module hart;
  block_module<memory_target> ram;

  hart_with_memory(const std::string& name, unsigned latency)
      : hart((name + "_hart").c_str(), text_bytes{base, static_cast<std::uint32_t>(words.size() * 4),
                                                  reinterpret_cast<const std::uint8_t*>(words.data())}),
        ram((name + "_ram").c_str(), {reinterpret_cast<std::uint8_t*>(memory.data()), sizeof memory},
            sc_time(latency, SC_NS), sc_time(1, SC_NS)) {
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

TEST(RtlModule, RunsAgainstAMemoryOfAnyLatency) {
  static platform p;
  sc_core::sc_start(1, SC_NS);
  p.fast.hart.start(base);
  const unsigned fast = p.fast.cycles_until(2, bad_access_pattern);
  EXPECT_EQ(p.fast.memory[1], 42u);
  const auto error = p.fast.hart.take_error();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->address, 1024u);
  p.slow.hart.start(base);
  const unsigned slow = p.slow.cycles_until(2, bad_access_pattern);
  EXPECT_EQ(p.slow.memory[1], 42u);
  // Three accesses before the last one is sent, each 4 cycles longer.
  EXPECT_EQ(slow, fast + 12);
}

}  // namespace
}  // namespace ohmic
