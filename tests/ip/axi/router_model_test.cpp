// One router between endpoints of the test's own; cycles worked out by hand from the contract.
#include "ip/axi/router_model.h"

#include <gtest/gtest.h>

#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

namespace ohmic {
namespace {

struct departure {
  std::string name;
  unsigned port;
  cycle_t head, last;
  bool operator==(const departure& o) const {
    return name == o.name && port == o.port && head == o.head && last == o.last;
  }
};
std::ostream& operator<<(std::ostream& out, const departure& d) {
  return out << d.name << " at " << d.port << " in " << d.head << ".." << d.last;
}

class RouterModelTest : public testing::Test {
 protected:
  struct named : axi_transit {
    std::string name;
    axi_burst own;
    axi_transit address;
  };

  void build(const router_config& config) {
    router = std::make_unique<router_model>(
        config, events, faults, this, [](void* self, unsigned port, axi_transit& transit) {
          auto& test = *static_cast<RouterModelTest*>(self);
          const bool is_address = transit.lane == axi_lane::aw;
          const auto& of = static_cast<named&>(is_address ? *transit.partner : transit);
          test.departures.push_back({is_address ? "AW of " + of.name : of.name, port, transit.head, transit.last});
        });
  }
  /// A burst from the endpoint at `port`, at the boundary in `cycle`.
  void enter(const std::string& name, axi_lane lane, unsigned port, network_port target, cycle_t cycle,
             std::uint16_t bytes = 64) {
    named& burst = bursts.emplace_back();
    burst.name = name;
    burst.burst = &burst.own;
    burst.lane = lane;
    burst.target = target;
    burst.bytes = bytes;
    burst.partner = &burst.address;
    burst.address.burst = &burst.own;
    burst.address.lane = axi_lane::aw;
    burst.address.partner = &burst;
    burst.address.target = target;
    router->enter(burst, port, cycle);
  }
  std::vector<departure> run() {
    for (cycle_t now = events.next(); now != never; now = events.next())
      events.run(
          now, [](axi_transit& transit) { transit.at->enqueue(transit); },
          [now](out_channel& channel) { channel.owner->grant(channel, now); });
    return std::move(departures);
  }

  network_calendar events;
  edge_faults faults{network_options{}};
  std::deque<named> bursts;
  std::unique_ptr<router_model> router;
  std::vector<departure> departures;
};

TEST_F(RouterModelTest, RoutesByTheClustersBelowIt) {
  router_config config;
  config.first_cluster = 8;
  config.clusters_per_child = 2;  // children hold 8..9, 10..11, 12..13, 14..15
  build(config);
  EXPECT_EQ(router->route(8), 0u);
  EXPECT_EQ(router->route(11), 1u);
  EXPECT_EQ(router->route(15), 3u);
  for (const network_port elsewhere : {7u, 16u, port_hbm, port_platform, port_none})
    EXPECT_EQ(router->route(elsewhere), config.parent_port());
}

TEST_F(RouterModelTest, TheTopKnowsMemoryPlatformAndErrors) {
  router_config config;
  config.top = true;
  build(config);
  EXPECT_EQ(router->route(3), 3u);
  EXPECT_EQ(router->route(port_hbm), 4u);
  EXPECT_EQ(router->route(port_platform), 5u);
  EXPECT_EQ(router->route(port_none), 6u);
  EXPECT_EQ(router->route(4), 6u) << "a cluster that does not exist";
}

TEST_F(RouterModelTest, AFreeRouterCostsItsLatency) {
  router_config config;
  config.latency = 7;
  build(config);
  enter("a", axi_lane::ar, 0, 1, 10);
  enter("b", axi_lane::r, 2, 3, 10, 256);
  EXPECT_EQ(run(), (std::vector<departure>{{"a", 1, 17, 17}, {"b", 3, 17, 20}}));
}

TEST_F(RouterModelTest, InputsTakeTurnsBurstByBurst) {
  build({});
  for (const char* const name : {"a0", "a1"}) enter(name, axi_lane::r, 0, 3, 0, 128);
  for (const char* const name : {"b0", "b1"}) enter(name, axi_lane::r, 1, 3, 0, 128);
  enter("c0", axi_lane::r, 2, 3, 0, 128);
  // Two beats each; those of an input come one after the other: a1 and b1 are there in cycle 2.
  EXPECT_EQ(run(), (std::vector<departure>{
                       {"a0", 3, 4, 5}, {"b0", 3, 6, 7}, {"c0", 3, 8, 9}, {"a1", 3, 10, 11}, {"b1", 3, 12, 13}}));
}

TEST_F(RouterModelTest, LanesAndPortsDoNotDisturbEachOther) {
  build({});
  enter("read", axi_lane::ar, 0, 3, 5);
  enter("write", axi_lane::w, 0, 3, 5, 640);
  enter("data", axi_lane::r, 0, 3, 5, 640);
  enter("answer", axi_lane::b, 0, 3, 5);
  for (const departure& d : run()) {
    EXPECT_EQ(d.head, 9u) << d.name;
    EXPECT_EQ(d.last, d.name == "write" || d.name == "data" ? 18u : 9u) << d.name;
  }
}

TEST_F(RouterModelTest, DataWaitForTheirTurnInTheOrderOfAddresses) {
  build({});
  enter("long", axi_lane::w, 0, 3, 0, 640);
  enter("short", axi_lane::w, 1, 3, 1, 64);
  // The short one's address may go ahead in cycle 1; its data follow the long one's ten beats.
  EXPECT_EQ(run(), (std::vector<departure>{{"long", 3, 4, 13}, {"AW of short", 3, 5, 5}, {"short", 3, 14, 14}}));
}

TEST_F(RouterModelTest, ANarrowOutputStretchesABurst) {
  router_config config;
  config.up_width = 16;
  build(config);
  enter("a", axi_lane::r, 0, 99, 0, 64);
  enter("b", axi_lane::r, 1, 99, 0, 64);
  EXPECT_EQ(run(), (std::vector<departure>{{"a", 4, 4, 7}, {"b", 4, 8, 11}})) << "four beats of 16 bytes";
}

TEST_F(RouterModelTest, AWideOutputWaitsForTheLastBeatOfANarrowInput) {
  router_config config;
  config.child_width = 16;
  build(config);
  enter("a", axi_lane::r, 0, 99, 0, 256);  // 16 beats in, 4 beats out
  enter("b", axi_lane::r, 1, 99, 3, 16);
  EXPECT_EQ(run(), (std::vector<departure>{{"a", 4, 4, 19}, {"b", 4, 20, 20}})) << "cut-through, the lane is held";
}

TEST_F(RouterModelTest, AnEndpointSendsOneBeatPerCycleAndLane) {
  build({});
  enter("a", axi_lane::r, 0, 1, 0, 256);
  enter("b", axi_lane::r, 0, 2, 0, 64);
  enter("c", axi_lane::ar, 0, 2, 0);
  EXPECT_EQ(run(), (std::vector<departure>{{"a", 1, 4, 7}, {"c", 2, 4, 4}, {"b", 2, 8, 8}}));
}

TEST_F(RouterModelTest, CountsWhatEachChannelCarried) {
  build({});
  enter("a", axi_lane::w, 0, 3, 0, 100);
  enter("b", axi_lane::w, 1, 3, 0, 64);
  run();
  const channel_counters out = router->out_count(3, axi_lane::w);
  EXPECT_EQ(out.bursts, 2u);
  EXPECT_EQ(out.bytes, 164u);
  EXPECT_EQ(out.busy_cycles, 3u);
  EXPECT_EQ(router->out_count(3, axi_lane::aw).bursts, 2u);
  EXPECT_EQ(router->in_count(0, axi_lane::w).bytes, 100u);
  EXPECT_EQ(router->in_count(0, axi_lane::aw).bursts, 1u);
  EXPECT_EQ(router->out_count(2, axi_lane::w).bursts, 0u);
}

TEST_F(RouterModelTest, RefusesWhatIsNoRouter) {
  const auto with = [](auto&& change) {
    router_config config;
    change(config);
    return config;
  };
  EXPECT_THROW(build(with([](router_config& c) { c.children = 64; })), std::invalid_argument) << "and a parent";
  EXPECT_NO_THROW(build(with([](router_config& c) { c.children = 63; })));
  EXPECT_THROW(build(with([](router_config& c) { c.latency = 0; })), std::invalid_argument);
  EXPECT_THROW(build(with([](router_config& c) { c.child_width = 48; })), std::invalid_argument);
  EXPECT_THROW(build(with([](router_config& c) { c.up_width = 8192; })), std::invalid_argument);
}

TEST(WriteOrderTest, KeepsItsOrderWhileItGrows) {
  write_order order;
  std::deque<unsigned> expected;
  unsigned next = 0;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 3; ++i) {
      order.push(next % 64);
      expected.push_back(next++ % 64);
    }
    ASSERT_EQ(order.front(), expected.front());
    order.pop();
    expected.pop_front();
  }
  for (; !expected.empty(); expected.pop_front(), order.pop()) ASSERT_EQ(order.front(), expected.front());
  EXPECT_TRUE(order.empty());
}

}  // namespace
}  // namespace ohmic
