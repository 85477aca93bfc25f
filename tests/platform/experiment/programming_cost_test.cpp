// What programming costs, counted by hand.
#include "platform/experiment/programming_cost.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

TEST(ProgrammingCost, IsThatOfEachDevicesPulsesAndEachRowsReads) {
  deployment what;
  what.crossbars = {{3, 0, 0, 10, 4, {}}, {3, 10, 0, 5, 8, {}}, {7, 0, 0, 12, 1, {}}};
  chip_config chip;
  chip.clock_ghz = 2;
  chip.ima.mvm_cycles = 200;
  experiment_config::write_config how;
  how.iterations = 3;
  how.pulse_s = 1e-6;
  how.pulse_j = 2e-12;
  const programming_figures p = programming_of(what, chip, how);
  EXPECT_EQ(p.devices, 2u * (40 + 40 + 12));
  EXPECT_EQ(p.pulses, 3 * p.devices);
  EXPECT_EQ(p.rows, 3u * (10 + 5 + 12));
  EXPECT_EQ(p.columns, 3u * (40 + 40 + 12)) << "a read drives one row and converts its columns in use";
  EXPECT_EQ(p.cells, p.columns);
  // Crossbar 3 has 15 rows; each takes two pulses of 1 us and a read of 100 ns, three times.
  EXPECT_NEAR(p.seconds, 15 * 3 * 2.1e-6, 1e-15);
  EXPECT_NEAR(p.pulses_j, 3 * 184 * 2e-12, 1e-20);
}

TEST(ProgrammingCost, OfNoCrossbarIsNone) {
  const programming_figures p = programming_of({}, {}, {});
  EXPECT_EQ(p.devices, 0u);
  EXPECT_EQ(p.seconds, 0);
  EXPECT_EQ(p.pulses_j, 0);
}

}  // namespace
}  // namespace ohmic
