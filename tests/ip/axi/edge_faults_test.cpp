#include "ip/axi/edge_faults.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace ohmic {
namespace {

struct passage {
  axi_burst burst;
  axi_transit transit;

  passage(axi_lane lane, cycle_t head, std::uint16_t source = 0, std::uint16_t id = 0) {
    burst.write = lane == axi_lane::w || lane == axi_lane::b;
    burst.id = id;
    transit.burst = &burst;
    transit.lane = lane;
    transit.source = source;
    transit.head = head;
    transit.last = head + 3;
  }
};

network_options delays(std::uint32_t most, std::uint64_t seed = 1) {
  network_options options;
  options.random_delay = most;
  options.random_seed = seed;
  return options;
}

/// Delays of `count` requests of one stream, far enough apart not to meet.
std::vector<cycle_t> draw(edge_faults& faults, unsigned count, axi_lane lane = axi_lane::ar, std::uint16_t source = 0,
                          std::uint16_t id = 0) {
  std::vector<cycle_t> extra;
  for (unsigned i = 0; i < count; ++i) {
    passage p(lane, 1000 * (i + 1), source, id);
    faults.apply(p.transit);
    EXPECT_EQ(p.transit.last, p.transit.head + 3) << "first and last beat move together";
    extra.push_back(p.transit.head - 1000 * (i + 1));
  }
  return extra;
}

TEST(EdgeFaultsTest, AreOffByDefault) {
  edge_faults faults{network_options{}};
  EXPECT_FALSE(faults.active());
  EXPECT_EQ(draw(faults, 20), std::vector<cycle_t>(20, 0));
}

TEST(EdgeFaultsTest, LoseExactlyTheWriteWithTheGivenNumber) {
  network_options options;
  options.drop_write = 3;
  edge_faults faults(options);
  EXPECT_TRUE(faults.active());
  std::vector<int> lost;
  for (int write = 1; write <= 6; ++write) {
    passage read(axi_lane::ar, 10), request(axi_lane::w, 10), response(axi_lane::b, 20);
    faults.apply(read.transit);
    faults.apply(request.transit);
    faults.apply(response.transit);
    EXPECT_FALSE(read.transit.lost);
    EXPECT_FALSE(response.transit.lost) << "answers do not count";
    if (request.transit.lost) lost.push_back(write);
    EXPECT_EQ(request.transit.head, 10u);
  }
  EXPECT_EQ(lost, std::vector<int>{3});
}

TEST(EdgeFaultsTest, DelayFromNothingToTheGivenNumberOfCycles) {
  edge_faults faults(delays(7));
  std::set<cycle_t> seen;
  for (const cycle_t extra : draw(faults, 400)) seen.insert(extra);
  EXPECT_EQ(seen, (std::set<cycle_t>{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(EdgeFaultsTest, DependOnTheSeedAndTheStreamOnly) {
  edge_faults alone(delays(50)), busy(delays(50)), other_seed(delays(50, 2));
  const std::vector<cycle_t> expected = draw(alone, 30, axi_lane::ar, 3, 7);
  for (int i = 0; i < 30; ++i) {  // others in between change nothing
    draw(busy, 1, axi_lane::ar, 3, 8);
    draw(busy, 2, axi_lane::r, 3, 7);
    draw(busy, 1, axi_lane::ar, 4, 7);
  }
  EXPECT_EQ(draw(busy, 30, axi_lane::ar, 3, 7), expected);
  EXPECT_NE(draw(other_seed, 30, axi_lane::ar, 3, 7), expected);
  EXPECT_NE(draw(alone, 30, axi_lane::ar, 3, 8), expected);
}

TEST(EdgeFaultsTest, KeepTheOrderOfAStream) {
  edge_faults faults(delays(1000));
  cycle_t previous = 0;
  for (cycle_t head = 1; head < 500; ++head) {
    passage p(axi_lane::w, head, 1, 2);
    faults.apply(p.transit);
    EXPECT_GT(p.transit.head, previous);
    EXPECT_GE(p.transit.head, head);
    previous = p.transit.head;
  }
}

}  // namespace
}  // namespace ohmic
