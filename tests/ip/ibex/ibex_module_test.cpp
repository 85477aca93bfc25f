// The Verilated Ibex alone in a SystemC platform. It starts 0x80 behind a multiple of 256.
#include "ip/ibex/ibex_module.h"

#include "tests/ip/tlm/core_in_memory.h"

int sc_main(int, char**) { return 0; }

namespace ohmic {
namespace {

TEST(IbexModule, RunsAgainstAMemoryOfAnyLatency) { test::expect_any_latency<ibex_module>(0x1080, 16); }

}  // namespace
}  // namespace ohmic
