// The Verilated core alone in a SystemC platform.
#include "ip/rtl_core/rtl_module.h"

#include "tests/ip/tlm/core_in_memory.h"

int sc_main(int, char**) { return 0; }

namespace ohmic {
namespace {

TEST(RtlModule, RunsAgainstAMemoryOfAnyLatency) { test::expect_any_latency<rtl_module>(0x1000, 0); }

}  // namespace
}  // namespace ohmic
