// Harts alone in a SystemC platform, each with a memory of its own behind its socket.
#include "ip/iss/iss_module.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <vector>

#include "ip/tlm/block_module.h"
#include "ip/tlm/block_targets.h"

int sc_main(int, char**) { return 0; }

namespace ohmic {
namespace {

using sc_core::SC_NS;
using sc_core::sc_time;

constexpr std::uint32_t base = 0x1000, handlers = 0x1100, event_handler = handlers + 4 * 11;

/// Adds 2 to the word at 0, stores it at 4; loads from outside the memory, stores that at 8; leaves the text.
std::vector<std::uint32_t> sums() {
  return {0x00002283,   // lw x5, 0(x0)
          0x00228293,   // addi x5, x5, 2
          0x00502223,   // sw x5, 4(x0)
          0x40002303,   // lw x6, 1024(x0)
          0x00602423,   // sw x6, 8(x0)
          0x00000067};  // jalr x0, 0(x0)
}

/// Spins; the handler of interrupt 11 stores x5 at 12 and leaves the text.
std::vector<std::uint32_t> spins() {
  std::vector<std::uint32_t> words(128, 0x0000006f);  // j .
  words[(event_handler - base) / 4] = 0x00502623;     // sw x5, 12(x0)
  words[(event_handler - base) / 4 + 1] = 0x00000067;
  return words;
}

struct hart_with_memory {
  std::vector<std::uint32_t> words;
  decoded_text text;
  std::array<std::uint32_t, 64> memory{};
  iss_module hart;
  block_module<memory_target> ram;

  hart_with_memory(const std::string& name, std::vector<std::uint32_t> code, unsigned latency)
      : words(std::move(code)),
        text(base, words.data(), words.size() * 4),
        hart((name + "_hart").c_str(), text, 7),
        ram((name + "_ram").c_str(), {reinterpret_cast<std::uint8_t*>(memory.data()), sizeof memory},
            sc_time(latency, SC_NS), sc_time(1, SC_NS)) {
    hart.data.bind(ram.socket);
  }
};

// SystemC elaborates once per process, so one platform serves all tests.
struct platform {
  hart_with_memory fast{"fast", sums(), 1}, slow{"slow", sums(), 5}, spinning{"spinning", spins(), 1};
};

platform& the_platform() {
  static auto* const p = [] {
    auto* made = new platform;
    made->fast.memory[0] = made->slow.memory[0] = 40;
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    made->fast.hart.start(base);
    made->slow.hart.start(base);
    made->spinning.hart.start(base);
    hart_state s = made->spinning.hart.harts().save(0);
    s.mtvec = handlers | 1;
    s.mie = 1u << 11;
    s.mstatus = 0x1808;
    s.x[5] = 77;
    made->spinning.hart.harts().restore(0, s);
    sc_core::sc_start(100, SC_NS);
    return made;
  }();
  return *p;
}

TEST(IssModule, LoadsComputesAndStoresThroughItsSocket) {
  platform& p = the_platform();
  EXPECT_EQ(p.fast.memory[1], 42u);
  EXPECT_EQ(p.fast.hart.harts().fault(0), hart_fault::fetch_outside_text);
}

TEST(IssModule, ReportsARefusedAccessAndReadsThePattern) {
  platform& p = the_platform();
  EXPECT_EQ(p.fast.memory[2], bad_access_pattern);
  const auto error = p.fast.hart.take_error();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->address, 1024u);
  EXPECT_FALSE(p.fast.hart.take_error());
}

TEST(IssModule, AnAccessTakesItsMemorysTime) {
  platform& p = the_platform();
  EXPECT_EQ(p.slow.memory[1], 42u);
  // Four accesses, each 4 cycles longer.
  EXPECT_EQ(p.slow.hart.harts().time(0), p.fast.hart.harts().time(0) + 16);
}

TEST(IssModule, TakesAnInterruptInTime) {
  platform& p = the_platform();
  EXPECT_EQ(p.spinning.memory[3], 0u);
  p.spinning.hart.set_irq(1u << 11);
  sc_core::sc_start(10, SC_NS);
  EXPECT_EQ(p.spinning.memory[3], 77u);
}

}  // namespace
}  // namespace ohmic
