#include <gtest/gtest.h>

#include <string>

#include "tests/cosim/environment.h"
#include "tests/cosim/timing_campaign.h"

namespace ohmic {
namespace {

using test::timing_class;

class TimingRandom : public ::testing::TestWithParam<test::timing_class_name> {};

/// With lines that are there, near and far, the ISS takes the RTL's cycles: classes within 0.1 %, segments within 2
/// cycles but one in 200, and to the cycle where nothing overlaps an access that waits.
TEST_P(TimingRandom, IssTakesTheRtlsCycles) {
  test::timing_campaign campaign(GetParam().kind);
  const unsigned first = test::number_from_environment("TIMING_FIRST", 1),
                 seeds = test::number_from_environment("TIMING_SEEDS", 12);
  for (unsigned seed = first; seed < first + seeds; ++seed) campaign.add(seed, 50);
  const test::timing_totals& t = campaign.totals();
  std::printf("%llu segments, %llu differ, %llu by more than 2 cycles, %+.3f %%\n",
              static_cast<unsigned long long>(t.segments), static_cast<unsigned long long>(t.differ),
              static_cast<unsigned long long>(t.far), t.percent());
  if (t.differ != 0) campaign.list(3, stdout);
  EXPECT_GE(t.segments, seeds * 4u * 50u);
  EXPECT_EQ(t.worst_begin, 0) << "from leaving reset to the first segment";
  EXPECT_LT(std::abs(t.percent()), 0.1);
  EXPECT_LE(t.far * 200, t.segments) << "worst by " << t.worst << ", mcycle by " << t.worst_counter;
  switch (GetParam().kind) {
    case timing_class::straight:
    case timing_class::slow:
    case timing_class::waits:
    case timing_class::jumps:
    case timing_class::fences:
    case timing_class::events:
    case timing_class::traps:
      EXPECT_EQ(t.differ, 0u) << "worst by " << t.worst;
      EXPECT_EQ(t.far, 0u) << "mcycle by " << t.worst_counter;
      break;
    default:
      break;
  }
}

INSTANTIATE_TEST_SUITE_P(Classes, TimingRandom, ::testing::ValuesIn(test::timing_classes),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace ohmic
