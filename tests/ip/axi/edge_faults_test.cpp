#include "ip/axi/edge_faults.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace ohmic {
namespace {

enum class kind : std::uint8_t { read, write, read_response, write_response };

struct passage {
  axi_transit transit;
  bool request;

  passage(kind what, cycle_t ready, std::uint16_t source = 0, std::uint16_t id = 0)
      : request(what == kind::read || what == kind::write) {
    transit.write = what == kind::write || what == kind::write_response;
    transit.id = id;
    transit.source = source;
    transit.ready = ready;
  }
  void through(edge_faults& faults) { faults.apply(transit, request); }
};

network_options delays(std::uint32_t most, std::uint64_t seed = 1) {
  network_options options;
  options.random_delay = most;
  options.random_seed = seed;
  return options;
}

/// Delays of `count` requests of one stream, far enough apart not to meet.
std::vector<cycle_t> draw(edge_faults& faults, unsigned count, kind what = kind::read, std::uint16_t source = 0,
                          std::uint16_t id = 0) {
  std::vector<cycle_t> extra;
  for (unsigned i = 0; i < count; ++i) {
    passage p(what, 1000 * (i + 1), source, id);
    p.through(faults);
    extra.push_back(p.transit.ready - 1000 * (i + 1));
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
    passage read(kind::read, 10), request(kind::write, 10), response(kind::write_response, 20);
    read.through(faults);
    request.through(faults);
    response.through(faults);
    EXPECT_FALSE(read.transit.lost);
    EXPECT_FALSE(response.transit.lost) << "answers do not count";
    if (request.transit.lost) lost.push_back(write);
    EXPECT_EQ(request.transit.ready, 10u);
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
  const std::vector<cycle_t> expected = draw(alone, 30, kind::read, 3, 7);
  for (int i = 0; i < 30; ++i) {  // others in between change nothing
    draw(busy, 1, kind::read, 3, 8);
    draw(busy, 2, kind::read_response, 3, 7);
    draw(busy, 1, kind::read, 4, 7);
  }
  EXPECT_EQ(draw(busy, 30, kind::read, 3, 7), expected);
  EXPECT_NE(draw(other_seed, 30, kind::read, 3, 7), expected);
  EXPECT_NE(draw(alone, 30, kind::read, 3, 8), expected);
}

TEST(EdgeFaultsTest, KeepTheOrderOfAStream) {
  edge_faults faults(delays(1000));
  cycle_t previous = 0;
  for (cycle_t head = 1; head < 500; ++head) {
    passage p(kind::write, head, 1, 2);
    p.through(faults);
    EXPECT_GT(p.transit.ready, previous);
    EXPECT_GE(p.transit.ready, head);
    previous = p.transit.ready;
  }
}

}  // namespace
}  // namespace ohmic
