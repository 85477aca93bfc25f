#include "ip/tcdm/tcdm.h"

#include <gtest/gtest.h>

#include <vector>

namespace ohmic {
namespace {

class TcdmTest : public testing::Test {
 protected:
  std::vector<unsigned> arbitrate(cycle_t now, bool more) {
    std::vector<unsigned> retired;
    EXPECT_EQ(banks.arbitrate(now, [&](unsigned requester) { retired.push_back(requester); }), more) << "cycle " << now;
    return retired;
  }
  using requesters = std::vector<unsigned>;

  std::vector<std::uint8_t> memory = std::vector<std::uint8_t>(4096);
  tcdm banks{memory.data(), {4096, 16, 3}};
};

TEST_F(TcdmTest, TheTurnMovesOnEveryCycleWhetherUsedOrNot) {
  for (const cycle_t now : {100u, 200u, 300u}) {  // 1, 2, 0 (mod 3)
    for (unsigned i = 0; i < 3; ++i) banks.port(i).start(64 * i, 4, false);
    requesters order;
    for (cycle_t c = now; c < now + 3; ++c)
      for (const unsigned winner : arbitrate(c, c < now + 2)) order.push_back(winner);
    const auto first = static_cast<unsigned>(now % 3);
    EXPECT_EQ(order[0], first);
  }
}

TEST_F(TcdmTest, RetiresInTheOrderOfTheTurn) {
  for (unsigned i = 0; i < 3; ++i) banks.port(i).start(4 * i, 4, false);
  EXPECT_EQ(arbitrate(302, false), (requesters{2, 0, 1}));
}

TEST_F(TcdmTest, LatecomersOfACycleGetTheBanksThatAreLeft) {
  banks.port(0).start(0, 4, false);
  EXPECT_EQ(arbitrate(30, false), requesters{0});
  banks.port(1).start(0, 4, false);
  banks.port(2).start(4, 4, false);
  EXPECT_EQ(arbitrate(30, true), requesters{2}) << "bank 0 was taken in this cycle";
  EXPECT_EQ(arbitrate(30, true), requesters{});
  EXPECT_EQ(arbitrate(31, false), requesters{1});
}

TEST_F(TcdmTest, ABeatHoldsNoBankThatItHasBeenGranted) {
  banks.port(0).start(0, 64, false);
  banks.port(1).start(0, 4, false);
  banks.port(2).start(4, 4, false);
  // Cycle 31 is 1 (mod 3): 1 and 2 come first, the beat loses two words of sixteen.
  EXPECT_EQ(arbitrate(31, true), (requesters{1, 2}));
  EXPECT_EQ(banks.port(0).words, 3u);
  banks.port(1).start(8, 4, false);
  EXPECT_EQ(arbitrate(32, false), (requesters{0, 1})) << "bank 2 is free: the beat has its word";
}

TEST_F(TcdmTest, WritesAndReadsMeetInMemory) {
  l1_port& store = banks.port(0);
  store.start(0x7E, 4, true);
  for (unsigned i = 0; i < 4; ++i) store.data[2 + i] = static_cast<std::uint8_t>(0xA0 + i);
  EXPECT_EQ(arbitrate(0, false), requesters{0});
  EXPECT_EQ(memory[0x7D], 0);
  EXPECT_EQ(memory[0x7E], 0xA0);
  EXPECT_EQ(memory[0x81], 0xA3);
  l1_port& load = banks.port(1);
  load.start(0x80, 2, false);
  arbitrate(1, false);
  EXPECT_EQ(load.data[0], 0xA2);
  EXPECT_EQ(load.data[1], 0xA3);
}

TEST(RequesterTurnTest, IsTheCycleModuloRequestersAfterAnyPause) {
  for (const unsigned requesters : {1u, 2u, 22u, 70u}) {
    requester_turn turn(requesters);
    cycle_t now = 0;
    for (const cycle_t pause : {0u, 0u, 1u, 1u, 5u, 63u, 64u, 65u, 1000u, 123456789u, 1u}) {
      now += pause;
      EXPECT_EQ(turn.first(now), now % requesters) << now;
    }
  }
}

}  // namespace
}  // namespace ohmic
