#include <gtest/gtest.h>

#include <string>

#include "tests/cosim/environment.h"
#include "tests/cosim/interrupt_campaign.h"

namespace ohmic {
namespace {

using test::timing_class;

/// Of the programs and cycles that are tried by default: handlers that begin one or two cycles from the RTL's. What
/// makes the ISS better may lower these numbers; nothing may raise them.
unsigned known_to_differ(timing_class kind) {
  switch (kind) {
    case timing_class::fences:
      return 2;
    case timing_class::straight:
    case timing_class::jumps:
    case timing_class::counters:
      return 3;
    case timing_class::slow:
      return 5;
    case timing_class::traps:
      return 9;
    case timing_class::conflicts:
      return 27;
    case timing_class::slow_jumps:
      return 35;
    case timing_class::waiting_jumps:
      return 54;
    case timing_class::everything:
      return 71;
    case timing_class::waits:
      return 88;
    default:
      return 514;
  }
}

class InterruptTiming : public ::testing::TestWithParam<test::timing_class_name> {};

/// Whatever a core does as a line rises, and wherever its lines are, the handler begins within two cycles of the
/// RTL's. More programs by INTERRUPT_SEEDS, from INTERRUPT_FIRST on; every cycle of each by INTERRUPT_STEP=1.
TEST_P(InterruptTiming, HandlersBeginWithTheRtls) {
  test::interrupt_campaign campaign(GetParam().kind);
  const unsigned first = test::number_from_environment("INTERRUPT_FIRST", 1),
                 seeds = test::number_from_environment("INTERRUPT_SEEDS", 5),
                 step = test::number_from_environment("INTERRUPT_STEP", 7);
  for (unsigned seed = first; seed < first + seeds; ++seed) campaign.add(seed, seed % step, step, 400 / step);
  std::printf("%llu handlers, %llu in another cycle, %llu more than 2 apart, worst %+d; %llu lost\n",
              static_cast<unsigned long long>(campaign.handlers()), static_cast<unsigned long long>(campaign.differ()),
              static_cast<unsigned long long>(campaign.far()), campaign.worst(),
              static_cast<unsigned long long>(campaign.lost()));
  campaign.list(test::number_from_environment("INTERRUPT_SHOW", campaign.far() != 0 ? 3 : 0), stdout);
  EXPECT_GT(campaign.handlers(), 30u * seeds);
  EXPECT_LT(campaign.lost(), campaign.handlers() / 4);
  // A program that is a cycle early or late elsewhere may begin what waits long before the line rises, or not.
  EXPECT_LE(campaign.far(), campaign.handlers() / 1000);
  if (first != 1 || seeds != 5 || step != 7) return;
  EXPECT_EQ(campaign.far(), 0u);
  EXPECT_LT(campaign.lost(), campaign.handlers() / 10);
  EXPECT_LE(campaign.differ(), known_to_differ(GetParam().kind));
}

/// A line that falls again before the core has decided is taken where the RTL takes it, and forgotten where the RTL
/// forgets it: it decides by the line of two cycles before.
TEST_P(InterruptTiming, LinesThatFallAtOnceAreTakenAsByTheRtl) {
  const unsigned first = test::number_from_environment("INTERRUPT_FIRST", 1),
                 seeds = test::number_from_environment("INTERRUPT_SEEDS", 2),
                 step = test::number_from_environment("INTERRUPT_STEP", 5);
  for (const cycle_t high : {1, 2, 3}) {
    test::interrupt_campaign campaign(GetParam().kind);
    campaign.line_cycles = {0, 40};
    campaign.high = high;
    for (unsigned seed = first; seed < first + seeds; ++seed) campaign.add(seed, seed % step, step, 400 / step);
    std::printf("high for %u: %llu taken by both, %llu by neither, %llu by one, %llu more than 2 apart\n",
                static_cast<unsigned>(high), static_cast<unsigned long long>(campaign.handlers()),
                static_cast<unsigned long long>(campaign.refused()),
                static_cast<unsigned long long>(campaign.disagree()), static_cast<unsigned long long>(campaign.far()));
    campaign.list(test::number_from_environment("INTERRUPT_SHOW", campaign.disagree() != 0 ? 3 : 0), stdout);
    EXPECT_GT(campaign.handlers(), 5u * seeds);
    EXPECT_LE(campaign.disagree(), campaign.handlers() / 100);
    EXPECT_LE(campaign.far(), campaign.handlers() / 100);
    if (first != 1 || seeds != 2 || step != 5) continue;
    EXPECT_EQ(campaign.disagree(), 0u);
    EXPECT_EQ(campaign.far(), 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Classes, InterruptTiming, ::testing::ValuesIn(test::timing_classes),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace ohmic
