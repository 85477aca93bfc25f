#include "ip/tlm/cycle_clock.h"

#include <gtest/gtest.h>

int sc_main(int, char**) { return 0; }

namespace ohmic {
namespace {

using sc_core::SC_NS;
using sc_core::SC_PS;
using sc_core::sc_time;
using sc_core::SC_ZERO_TIME;

// SystemC's clock only goes on: one walk through a few cycles of 3 ps, whose middle is not a whole picosecond.
TEST(CycleClockTest, CutsTimeIntoCyclesExactly) {
  const cycle_clock clock(sc_time(3, SC_PS));
  EXPECT_EQ(clock.cycle(), 0u);
  EXPECT_EQ(clock.next_cycle(), 0u);
  EXPECT_EQ(clock.cycle(sc_time(2, SC_PS)), 0u);
  EXPECT_EQ(clock.next_cycle(sc_time(2, SC_PS)), 1u);
  EXPECT_EQ(clock.cycle(sc_time(3, SC_PS)), 1u);
  EXPECT_EQ(clock.next_cycle(sc_time(3, SC_PS)), 1u);
  EXPECT_EQ(clock.until(2), sc_time(6, SC_PS));
  EXPECT_EQ(clock.until_middle(2), sc_time(7, SC_PS));

  sc_core::sc_start(sc_time(7, SC_PS));
  EXPECT_EQ(clock.cycle(), 2u);
  EXPECT_EQ(clock.next_cycle(), 3u);
  EXPECT_EQ(clock.until(2), SC_ZERO_TIME) << "it has begun";
  EXPECT_EQ(clock.until_middle(2), SC_ZERO_TIME);
  EXPECT_EQ(clock.until(3), sc_time(2, SC_PS));

  // Far on, where a division of doubles would be off.
  const std::uint64_t cycles = (std::uint64_t{1} << 53) + 1;
  sc_core::sc_start(clock.until(cycles));
  EXPECT_EQ(clock.cycle(), cycles);
  EXPECT_EQ(clock.next_cycle(), cycles);
  EXPECT_EQ(clock.until(cycles + 1), sc_time(3, SC_PS));
}

}  // namespace
}  // namespace ohmic
