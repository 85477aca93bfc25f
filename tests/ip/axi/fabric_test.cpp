// The network without SystemC: contract, random networks, what its counters say.
#include "ip/axi/fabric.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <stdexcept>
#include <string>

#include "tests/ip/axi/random_network.h"

namespace ohmic::test {
namespace {

// Every burst is answered once, in the order of its id, with the right data beats: play() throws otherwise. No division
// of the cycles among calls changes any of it, nor what the channels count.
TEST(FabricTest, RandomNetworksWithSlavesThatPushBack) {
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    const network_trial trial = draw_trial(seed, 64, 400);
    std::uint64_t first = 0, counted_first = 0, counted = 0;
    ASSERT_NO_THROW(first = play(trial, division::one_by_one, &counted_first)) << trial.text();
    ASSERT_EQ(play(trial, division::random, &counted), first) << trial.text();
    ASSERT_EQ(counted, counted_first) << trial.text();
    ASSERT_EQ(play(trial, division::announced), first) << trial.text();
  }
}

// Found by the campaign: a router is woken by room when its inputs have become empty.
TEST(FabricTest, RoomThatNobodyNeedsAnyMore) {
  const network_trial trial = draw_trial(8361956585489247287u, 52, 1325);
  std::uint64_t first = 0;
  ASSERT_NO_THROW(first = play(trial, division::one_by_one)) << trial.text();
  ASSERT_EQ(play(trial, division::random), first) << trial.text();
}

/// Targets that answer a cycle later, and take what comes unless they are shut.
struct plain_client final : fabric_client {
  cycle_t request(axi_transit& t, cycle_t cycle) override {
    requests.push_back({&t, cycle});
    if (shut) return never;
    if (!t.write) fabric->respond(t, cycle + later + 1);
    return cycle + later;
  }
  void address_waits(axi_transit&, cycle_t cycle) override { waits.push_back(cycle); }
  void write_beat(axi_transit& t, cycle_t cycle, bool last) override {
    data.push_back(cycle);
    if (last) fabric->respond(t, cycle + 1);
  }
  void response_left(axi_transit&, cycle_t cycle) override { left.push_back(cycle); }
  void response_beat(axi_transit&, cycle_t cycle, bool) override { back.push_back(cycle); }
  struct offered {
    axi_transit* transit;
    cycle_t cycle;
  };
  axi_fabric* fabric = nullptr;
  bool shut = false;
  cycle_t later = 0;  ///< cycles in which a request stands at its target before it is taken
  std::vector<offered> requests;
  std::vector<cycle_t> waits, data, left, back;
};

class FabricContractTest : public testing::Test {
 protected:
  FabricContractTest() {
    config.levels = {{2, 4, 64}, {2, 4, 64}};
    config.map.cluster_count = 4;
  }
  void build() {
    fabric = std::make_unique<axi_fabric>(config, client);
    client.fabric = fabric.get();
  }
  axi_burst& burst(bool write, network_port to, unsigned beats) {
    bursts.emplace_back();
    bursts.back().write = write;
    bursts.back().addr = to == port_none ? 0 : config.map.region(to).begin;
    bursts.back().bytes = 64 * beats;
    return bursts.back();
  }
  void run() {
    while (fabric->next() != never) fabric->run(fabric->next());
  }
  network_config config;
  plain_client client;
  std::unique_ptr<axi_fabric> fabric;
  std::deque<axi_burst> bursts;
};

TEST_F(FabricContractTest, AReadByHand) {
  build();
  fabric->issue(burst(false, 2, 3), 0, 10);
  run();
  ASSERT_EQ(client.requests.size(), 1u);
  EXPECT_EQ(client.requests[0].cycle, 10u + 12);
  EXPECT_EQ(client.left, (std::vector<cycle_t>{10 + 12 + 1 + 2}));
  EXPECT_EQ(client.back, (std::vector<cycle_t>{10 + 25, 10 + 26, 10 + 27}));
  EXPECT_EQ(fabric->in_flight(), 0u);
}

TEST_F(FabricContractTest, AWriteByHand) {
  build();
  fabric->issue(burst(true, 1, 3), 0, 10);
  run();
  EXPECT_EQ(client.requests[0].cycle, 14u) << "AW goes ahead of its data";
  EXPECT_EQ(client.data, (std::vector<cycle_t>{14, 15, 16}));
  EXPECT_EQ(client.back, (std::vector<cycle_t>{17 + 4}));
}

TEST_F(FabricContractTest, WhatATargetLeavesWaitingIsThereUntilItIsAccepted) {
  build();
  client.shut = true;
  fabric->issue(burst(true, 1, 2), 0, 10);
  run();
  ASSERT_EQ(client.requests.size(), 1u);
  EXPECT_TRUE(client.data.empty()) << "data follow their AW";
  client.shut = false;
  fabric->accept(1, true, 100);
  run();
  EXPECT_EQ(client.data, (std::vector<cycle_t>{100, 101})) << "one beat per cycle, though both are there";
  EXPECT_EQ(client.back.size(), 1u);
}

TEST_F(FabricContractTest, ATargetMaySayInWhichLaterCycleItTakesARequest) {
  build();
  client.later = 5;
  for (unsigned i = 0; i < 3; ++i) fabric->issue(burst(false, 1, 1), 0, 10);
  fabric->issue(burst(true, 1, 3), 0, 10);
  run();
  std::vector<cycle_t> reads;
  for (const auto& r : client.requests)
    if (!r.transit->write) reads.push_back(r.cycle);
  EXPECT_EQ(reads, (std::vector<cycle_t>{14, 20, 26})) << "the next one is offered when the one before has gone";
  EXPECT_EQ(client.data, (std::vector<cycle_t>{19, 20, 21})) << "data follow their AW";
  EXPECT_EQ(client.back.size(), 4u);
}

TEST_F(FabricContractTest, MemoryIsToldOfAnAddressBeforeItsData) {
  build();
  fabric->offer_with_data(port_hbm);
  // The second AW runs ahead while the first one's data are on their way.
  fabric->issue(burst(true, port_hbm, 16), 0, 10);
  fabric->issue(burst(true, port_hbm, 1), 0, 10);
  run();
  ASSERT_EQ(client.requests.size(), 2u);
  EXPECT_EQ(client.requests[0].cycle, 10u + 8);
  EXPECT_EQ(client.requests[1].cycle, 10u + 8 + 16) << "its data come behind the first one's";
  EXPECT_EQ(client.waits, (std::vector<cycle_t>{10 + 8, 10 + 8 + 1}));
}

TEST_F(FabricContractTest, NobodyAnswersForWhatIsNotThere) {
  build();
  fabric->leave_unserved(3);
  axi_burst& unmapped = burst(false, port_none, 2);
  axi_burst& unserved = burst(true, 3, 2);
  fabric->issue(unmapped, 0, 10);
  fabric->issue(unserved, 1, 10);
  run();
  EXPECT_TRUE(client.requests.empty());
  EXPECT_EQ(unmapped.resp, axi_resp::decerr);
  EXPECT_EQ(unserved.resp, axi_resp::decerr);
  EXPECT_EQ(client.back.size(), 3u) << "both R beats, and B";
}

// It is answered at its target's edge, whatever its burst said before, and whatever the target is.
TEST_F(FabricContractTest, ALostWriteIsAnsweredOkayAndItsTargetHearsNothingOfIt) {
  config.options.drop_write = 2;
  build();
  fabric->offer_with_data(port_hbm);
  axi_burst &first = burst(true, port_hbm, 16), &lost = burst(true, port_hbm, 2);
  lost.resp = axi_resp::slverr;
  fabric->issue(first, 0, 10);
  fabric->issue(lost, 0, 10);  // waits for its data, which come behind the first one's
  run();
  EXPECT_EQ(client.requests.size(), 1u);
  EXPECT_EQ(client.data.size(), 16u);
  EXPECT_EQ(client.left.size(), 1u) << "no response of its own has left it";
  EXPECT_EQ(client.waits.size(), 1u) << "nor has it been told of an address";
  EXPECT_EQ(client.back.size(), 2u);
  EXPECT_EQ(lost.resp, axi_resp::okay);
}

TEST_F(FabricContractTest, TheNextRequestWaitsForTheLastResponseAndTheTurnaround) {
  config.port.outstanding_reads = config.port.outstanding_writes = 1;
  config.port.turnaround = 7;
  build();
  for (const bool write : {false, true})
    for (unsigned i = 0; i < 2; ++i) fabric->issue(burst(write, 2, 3), 0, 10);
  run();
  ASSERT_EQ(client.requests.size(), 4u);
  std::vector<cycle_t> reads, writes;
  for (const auto& r : client.requests) (r.transit->write ? writes : reads).push_back(r.cycle);
  // The read's last beat is back in 37, B behind the third W beat in 10 + 12 + 2 + 1 + 12 = 37, too.
  EXPECT_EQ(reads, (std::vector<cycle_t>{22, 37 + 7 + 12}));
  EXPECT_EQ(writes, (std::vector<cycle_t>{22, 37 + 7 + 12}));
}

TEST_F(FabricContractTest, BytesAreThoseOfTheBurstsAndNotOfTheirBeats) {
  build();
  axi_burst &write = burst(true, 2, 1), &read = burst(false, 2, 1);
  write.addr += 60, write.bytes = 10;  // two beats
  read.addr += 1, read.bytes = 5;
  fabric->issue(write, 0, 10);
  fabric->issue(read, 0, 10);
  run();
  std::map<std::string, std::array<channel_counters, axi_lanes>> links;
  fabric->for_each_lane([&](const std::string& name, axi_lane lane, const channel_counters& count) {
    links[name][static_cast<unsigned>(lane)] = count;
  });
  const auto of = [&](const std::string& name, axi_lane lane) { return links[name][static_cast<unsigned>(lane)]; };
  for (const char* link : {"cluster_0.up", "l1_0.up", "l1_1.down", "cluster_2.down"}) {
    EXPECT_EQ(of(link, axi_lane::w).bytes, 10u) << link;
    EXPECT_EQ(of(link, axi_lane::w).beats, 2u) << link;
    EXPECT_EQ(of(link, axi_lane::w).bursts, 1u) << link;
    EXPECT_EQ(of(link, axi_lane::aw).bytes + of(link, axi_lane::ar).bytes, 0u) << "addresses are no data";
    EXPECT_EQ(of(link, axi_lane::aw).bursts, 1u) << link;
  }
  for (const char* link : {"cluster_2.up", "l1_1.up", "l1_0.down", "cluster_0.down"}) {
    EXPECT_EQ(of(link, axi_lane::r).bytes, 5u) << link;
    EXPECT_EQ(of(link, axi_lane::b).bursts, 1u) << link;
    EXPECT_EQ(of(link, axi_lane::b).bytes, 0u) << link;
  }
}

// Names of the links, every one with all lanes, from the lowest of its direction to B.
TEST_F(FabricContractTest, EveryLinkIsToldOfOncePerDirectionAndLane) {
  build();
  std::map<std::string, std::vector<axi_lane>> lanes;
  fabric->for_each_lane(
      [&](const std::string& name, axi_lane lane, const channel_counters&) { lanes[name].push_back(lane); });
  std::vector<std::string> names;
  for (const auto& [name, of] : lanes) {
    names.push_back(name);
    EXPECT_EQ(of, std::vector<axi_lane>(all_lanes.begin(), all_lanes.end())) << name;
  }
  EXPECT_EQ(names, (std::vector<std::string>{"cluster_0.down", "cluster_0.up", "cluster_1.down", "cluster_1.up",
                                             "cluster_2.down", "cluster_2.up", "cluster_3.down", "cluster_3.up",
                                             "l1_0.down", "l1_0.up", "l1_1.down", "l1_1.up", "platform.down",
                                             "platform.up", "top.down", "top.up"}));
}

TEST_F(FabricContractTest, ARouterHasSixtyFourPorts) {
  for (const unsigned children : {61u, 62u}) {  // and HBM, platform control, errors
    config.levels = {{children, 4, 64}};
    config.map.cluster_count = children;
    if (children == 61)
      EXPECT_NO_THROW(build());
    else
      EXPECT_THROW(build(), std::invalid_argument);
  }
}

// Two ids, and names for both or for one: then the second request stands in the register behind the arbiter until the
// first one's name is free again.
// The way to cluster 1 holds four beats, two registers of two. What is behind them waits for room, the last beat, too.
TEST_F(FabricContractTest, DataBehindAnAddressThatIsNotTakenWaitForRoom) {
  for (const unsigned beats : {5u, 7u}) {
    client = plain_client();
    build();
    client.shut = true;
    fabric->issue(burst(true, 1, beats), 0, 10);
    run();
    client.shut = false;
    fabric->accept(1, true, 200);
    run();
    EXPECT_EQ(client.back.size(), 1u);
    fabric->for_each_lane([&](const std::string& name, axi_lane lane, const channel_counters& count) {
      if (lane != axi_lane::w || name != "cluster_0.up") return;
      EXPECT_EQ(count.beats, beats);
      EXPECT_GT(count.blocked_full, 150u) << beats;
      EXPECT_EQ(count.blocked_order, 0u) << beats;
      EXPECT_EQ(count.lost_arbitration, 0u) << beats;
    });
  }
}

TEST_F(FabricContractTest, AWaitForANameCountsOnTheChannelBehindIt) {
  for (const bool write : {false, true}) {
    cycle_t arrived[2];
    channel_counters up[2];
    for (const unsigned names : {1u, 2u}) {
      config.flow.names = names;
      client = plain_client();
      build();
      axi_burst &first = burst(write, 2, 1), &second = burst(write, 2, 1);
      second.id = 1;
      fabric->issue(first, 0, 10);
      fabric->issue(second, 0, 10);
      run();
      ASSERT_EQ(client.requests.size(), 2u);
      arrived[names - 1] = client.requests[1].cycle;
      fabric->for_each_lane([&](const std::string& name, axi_lane lane, const channel_counters& count) {
        if (name == "l1_0.up" && lane == (write ? axi_lane::aw : axi_lane::ar)) up[names - 1] = count;
      });
    }
    EXPECT_EQ(arrived[1], 23u) << "a cycle behind the first one";
    EXPECT_GT(arrived[0], 30u);
    EXPECT_EQ(up[1].blocked_full, 0u);
    EXPECT_EQ(up[0].blocked_full, arrived[0] - arrived[1]);
    EXPECT_EQ(up[0].held_cycles, up[1].held_cycles + arrived[0] - arrived[1]);
    EXPECT_EQ(up[1].held_cycles, 2u * 4) << "four registers";
  }
}

// Requests that are accepted in one cycle leave in two: a port gives one beat per cycle.
TEST_F(FabricContractTest, WhatIsAcceptedBelatedlyIsTakenOnePerCycle) {
  build();
  client.shut = true;
  for (unsigned i = 0; i < 3; ++i) fabric->issue(burst(false, 1, 1), 0, 10);
  run();
  for (unsigned i = 0; i < 3; ++i) {
    ASSERT_EQ(client.requests.size(), i + 1);
    fabric->respond(*client.requests[i].transit, 120);
    fabric->accept(1, false, 100);
  }
  run();
  EXPECT_EQ(client.requests[1].cycle, 101u);
  EXPECT_EQ(client.requests[2].cycle, 102u);
  std::uint64_t waited = 0;
  fabric->for_each_lane([&](const std::string& name, axi_lane lane, const channel_counters& count) {
    if (name == "cluster_1.down" && lane == axi_lane::ar) waited = count.blocked_full;
  });
  // There in 14, 15, 16, and taken in 100, 101, 102; first in 14, 101, 102.
  EXPECT_EQ(waited, 100u - 14) << "cycles in which the first one could not go on";
}

TEST_F(FabricContractTest, CountersSayWhyBeatsWaited) {
  build();
  client.shut = true;
  for (unsigned i = 0; i < 20; ++i) {
    fabric->issue(burst(false, 2, 1), 0, 10);
    fabric->issue(burst(false, 2, 1), 1, 10);
  }
  run();
  std::map<std::string, channel_counters> reads;
  const auto look = [&] {
    fabric->for_each_lane([&](const std::string& name, axi_lane lane, const channel_counters& count) {
      if (lane == axi_lane::ar) reads[name] = count;
    });
  };
  look();
  EXPECT_EQ(reads["cluster_2.down"].most, 4u) << "two registers of two beats";
  EXPECT_EQ(reads["l1_0.up"].most, 8u) << "four registers";
  EXPECT_EQ(reads["cluster_0.up"].most, 4u);
  client.shut = false;
  for (cycle_t cycle = 1000; client.back.size() < 40;
       cycle = std::max(cycle + 1, fabric->next() == never ? 0 : fabric->next())) {
    if (client.requests.size() > client.back.size() + 0 && cycle == 1000) {
      fabric->respond(*client.requests[0].transit, cycle + 1);
      fabric->accept(2, false, cycle);
    }
    if (fabric->next() == cycle) fabric->run(cycle);
    ASSERT_LT(cycle, 10'000u);
  }
  run();
  look();
  EXPECT_EQ(reads["cluster_2.down"].bursts, 40u);
  EXPECT_GT(reads["cluster_2.down"].blocked_full, 900u) << "shut from cycle 22 to 1000";
  EXPECT_GT(reads["l1_0.up"].blocked_full, 900u);
  EXPECT_GT(reads["cluster_0.up"].lost_arbitration + reads["cluster_1.up"].lost_arbitration, 0u);
  EXPECT_EQ(reads["cluster_3.up"].held_cycles, 0u);
  EXPECT_EQ(reads["cluster_3.up"].most, 0u);
}

TEST_F(FabricContractTest, SameIdToAnotherOutputWaitsInOrder) {
  build();
  fabric->issue(burst(false, 1, 1), 0, 10);
  fabric->issue(burst(false, 2, 1), 0, 10);  // id 0 again, by another output
  run();
  ASSERT_EQ(client.requests.size(), 2u);
  // The first one's R leaves the router's arbiter in cycle 10 + 2 + 2 + 1 + 2 = 17, its end counts from 18 on.
  EXPECT_EQ(client.requests[0].cycle, 14u);
  EXPECT_EQ(client.requests[1].cycle, 18u + 2 + 8);
  EXPECT_EQ(client.back[0], 19u);
}

TEST_F(FabricContractTest, WhatCannotBeBuiltIsRefused) {
  config.map.cluster_count = 5;
  EXPECT_THROW(build(), std::invalid_argument);
  config.map.cluster_count = 4;
  config.flow.stage_depth = 0;
  EXPECT_THROW(build(), std::invalid_argument);
  config.flow.stage_depth = 2;
  config.flow.names = 65;
  EXPECT_THROW(build(), std::invalid_argument);
}

}  // namespace
}  // namespace ohmic::test
