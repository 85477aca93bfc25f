// A cluster's sockets around a model that only notes what reaches it.
#include "platform/chip/cluster_module.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <vector>

#include "ip/tlm/simple_payload.h"
#include "tests/systemc/fresh_simulation.h"

namespace ohmic {
namespace {

using sc_core::SC_NS;
using sc_core::sc_time;
using kind = axi_message::kind;

struct noting_cluster {
  std::vector<axi_message> delivered;
  std::size_t reachable = 64;  // bytes of a debug access
  cycle_t debugged = 0;
  static constexpr std::uint64_t base = 0x40200000u;

  unsigned index() const { return 1; }
  std::uint64_t global_base() const { return base; }
  void deliver(const axi_message& message) { delivered.push_back(message); }
  std::size_t debug_access(std::uint64_t offset, std::uint8_t*, std::size_t bytes, bool, cycle_t now) {
    debugged = now;
    return offset < reachable ? std::min<std::size_t>(bytes, reachable - offset) : 0;
  }
};
using module_type = cluster_module<noting_cluster>;

/// What stands where the network would: hands in requests, notes what comes out.
struct bench : sc_core::sc_module, tlm::tlm_fw_transport_if<>, tlm::tlm_bw_transport_if<> {
  struct event {
    tlm::tlm_generic_payload* payload;
    tlm::tlm_phase phase;
    cycle_t cycle;
  };
  bench(sc_core::sc_module_name name, const chip_config& chip)
      : sc_module(name), cluster("cluster", chip, model, pool, touched, sc_time(1, SC_NS)) {
    from_master.bind(static_cast<tlm::tlm_fw_transport_if<>&>(*this));
    to_slave.bind(static_cast<tlm::tlm_bw_transport_if<>&>(*this));
    cluster.master.bind(from_master);
    to_slave.bind(cluster.slave);
  }
  cycle_t at(const sc_time& delay) const {
    return (sc_core::sc_time_stamp() + delay).value() / sc_time(1, SC_NS).value();
  }
  tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase, sc_time& delay) override {
    left.push_back({&p, phase, at(delay)});
    return tlm::TLM_ACCEPTED;
  }
  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase, sc_time& delay) override {
    answered.push_back({&p, phase, at(delay)});
    return tlm::TLM_COMPLETED;
  }
  void b_transport(tlm::tlm_generic_payload&, sc_time&) override {}
  unsigned transport_dbg(tlm::tlm_generic_payload&) override { return 0; }
  bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi&) override { return false; }
  void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}

  /// A payload with its burst, as the network's.
  tlm::tlm_generic_payload& payload(bool write) {
    axi_burst& b = bursts.emplace_back();
    b.write = write;
    b.addr = noting_cluster::base;
    b.bytes = 64;
    b.data = data;
    return *pool.acquire(&b);
  }
  /// True if it is taken, in cycle `taken`.
  bool offer(tlm::tlm_generic_payload& p, cycle_t cycle) {
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_time delay = sc_time(static_cast<double>(cycle), SC_NS) - sc_core::sc_time_stamp();
    const tlm::tlm_sync_enum status = to_slave->nb_transport_fw(p, phase, delay);
    EXPECT_EQ(status == tlm::TLM_UPDATED, phase == tlm::END_REQ);
    taken = at(delay);
    return status == tlm::TLM_UPDATED;
  }
  axi_stream_target& target() { return cluster; }
  axi_stream_initiator& initiator() { return cluster; }

  noting_cluster model;
  axi_payload_pool pool;
  std::vector<module_type*> touched;
  module_type cluster;
  axi_initiator_socket to_slave{"to_slave"};
  axi_target_socket from_master{"from_master"};
  std::vector<event> left, answered;
  cycle_t taken = 0;
  std::deque<axi_burst> bursts;
  std::uint8_t data[64] = {};
};

class ClusterModuleTest : public testing::Test {
 protected:
  void SetUp() override {
    test::fresh_simulation();
    chip.network.slave_reads = 2;
    chip.network.slave_writes = 1;
    chip.network.ingress_cycles = 3;
    chip.network.latency = {100, 9, 5, 7, 9};
  }
  bench& build() {
    b = std::make_unique<bench>("bench", chip);
    sc_core::sc_start(10, SC_NS);
    return *b;
  }
  chip_config chip;
  std::unique_ptr<bench> b;
};

TEST_F(ClusterModuleTest, HoldsAsManyReadsAndWritesAsItHasPlaces) {
  bench& t = build();
  tlm::tlm_generic_payload &first = t.payload(false), &second = t.payload(false), &third = t.payload(false);
  tlm::tlm_generic_payload &write = t.payload(true), &late = t.payload(true);
  EXPECT_TRUE(t.offer(first, 20));
  EXPECT_TRUE(t.offer(second, 21));
  EXPECT_FALSE(t.offer(third, 22));
  EXPECT_TRUE(t.offer(write, 22)) << "reads take no places of writes";
  EXPECT_FALSE(t.offer(late, 90));
  ASSERT_EQ(t.model.delivered.size(), 3u);
  EXPECT_EQ(t.model.delivered[0].cycle, 20u + 3) << "behind the ingress registers";
  EXPECT_EQ(t.model.delivered[0].what, kind::request);
  EXPECT_EQ(t.model.delivered[2].burst, burst_of(write));

  t.target().response_left(second, 40);
  ASSERT_EQ(t.answered.size(), 1u);
  EXPECT_EQ(t.answered[0].payload, &third);
  EXPECT_EQ(t.answered[0].phase, tlm::END_REQ);
  EXPECT_EQ(t.answered[0].cycle, 45u) << "the fastest router's latency behind the response's last beat";
  EXPECT_EQ(t.model.delivered[3].cycle, 45u + 3);
  t.target().response_left(write, 60);
  ASSERT_EQ(t.answered.size(), 2u);
  EXPECT_EQ(t.answered[1].cycle, 90u) << "it was not there before";
  t.target().response_left(first, 100);
  EXPECT_EQ(t.answered.size(), 2u) << "nobody waits";
  EXPECT_TRUE(t.offer(first, 110));
  EXPECT_FALSE(t.offer(second, 111));
}

// The network may tell of a response before it offers a request of later cycles, or behind it.
TEST_F(ClusterModuleTest, APlaceIsTakenAgainInTheSameCycleWhateverTheOrderOfCalls) {
  for (const bool response_first : {true, false}) {
    test::fresh_simulation();
    bench& t = build();
    tlm::tlm_generic_payload &first = t.payload(true), &second = t.payload(true), &third = t.payload(true);
    EXPECT_TRUE(t.offer(first, 20));
    EXPECT_EQ(t.taken, 20u);
    if (response_first) t.target().response_left(first, 40);
    EXPECT_EQ(t.offer(second, 42), response_first);
    if (response_first)
      EXPECT_EQ(t.taken, 45u);
    else
      t.target().response_left(first, 40);
    ASSERT_EQ(t.model.delivered.size(), 2u);
    EXPECT_EQ(t.model.delivered[1].cycle, 45u + 3);
    t.target().response_left(second, 50);
    EXPECT_TRUE(t.offer(third, 56));
    EXPECT_EQ(t.taken, 56u);
  }
}

TEST_F(ClusterModuleTest, PlacesAreTakenInTheOrderInWhichTheyBecomeFree) {
  chip.network.slave_reads = 3;
  bench& t = build();
  std::vector<tlm::tlm_generic_payload*> p;
  for (unsigned i = 0; i < 8; ++i) p.push_back(&t.payload(false));
  EXPECT_TRUE(t.offer(*p[0], 20));
  t.target().response_left(*p[0], 40);
  EXPECT_TRUE(t.offer(*p[1], 40));
  EXPECT_EQ(t.taken, 40u) << "two places have been free for long";
  EXPECT_TRUE(t.offer(*p[2], 41));
  EXPECT_EQ(t.taken, 41u);
  EXPECT_TRUE(t.offer(*p[3], 42));
  EXPECT_EQ(t.taken, 45u);
  t.target().response_left(*p[1], 46);
  t.target().response_left(*p[2], 47);
  EXPECT_TRUE(t.offer(*p[4], 47));
  EXPECT_EQ(t.taken, 51u);
  EXPECT_TRUE(t.offer(*p[5], 52));
  EXPECT_EQ(t.taken, 52u);
  EXPECT_FALSE(t.offer(*p[6], 53));
  t.target().response_left(*p[3], 60);
  ASSERT_EQ(t.answered.size(), 1u);
  EXPECT_EQ(t.answered[0].cycle, 65u);
}

TEST_F(ClusterModuleTest, DeliversDataInRunsOfConsecutiveBeatsOfABurst) {
  bench& t = build();
  tlm::tlm_generic_payload &a = t.payload(true), &b2 = t.payload(true), &read = t.payload(false);
  for (const cycle_t cycle : {20, 21, 22}) t.target().write_beat(a, cycle, false);
  EXPECT_TRUE(t.model.delivered.empty());
  ASSERT_EQ(t.touched, std::vector<module_type*>{&t.cluster}) << "once";
  t.cluster.flush();
  t.target().write_beat(a, 23, false);
  t.target().write_beat(a, 25, true);  // a gap, then the last one
  t.target().write_beat(b2, 26, true);
  t.initiator().read_beat(read, 26, false);
  t.initiator().read_beat(read, 27, false);
  EXPECT_EQ(t.touched.size(), 2u);
  t.cluster.flush();
  const struct {
    cycle_t cycle;
    unsigned beats;
    bool last;
    const tlm::tlm_generic_payload* of;
  } want[] = {{23, 3, false, &a}, {26, 1, false, &a}, {28, 1, true, &a}, {29, 1, true, &b2}, {29, 2, false, &read}};
  ASSERT_EQ(t.model.delivered.size(), 5u);
  for (unsigned i = 0; i < 5; ++i) {
    EXPECT_EQ(t.model.delivered[i].what, kind::data) << i;
    EXPECT_EQ(t.model.delivered[i].cycle, want[i].cycle) << i;
    EXPECT_EQ(t.model.delivered[i].beats, want[i].beats) << i;
    EXPECT_EQ(t.model.delivered[i].last, want[i].last) << i;
    EXPECT_EQ(t.model.delivered[i].burst, burst_of(*want[i].of)) << i;
  }
}

// Beats of two bursts may follow each other without a pause, the first one's last beat unmarked for the while.
TEST_F(ClusterModuleTest, ARunIsOfOneBurst) {
  bench& t = build();
  tlm::tlm_generic_payload &a = t.payload(false), &b2 = t.payload(false);
  t.initiator().read_beat(a, 20, false);
  t.initiator().read_beat(b2, 21, false);
  t.initiator().read_beat(a, 22, false);
  t.cluster.flush();
  ASSERT_EQ(t.model.delivered.size(), 3u);
  EXPECT_EQ(t.model.delivered[1].burst, burst_of(b2));
}

TEST_F(ClusterModuleTest, ResponsesCarryTheBurstsStatusAndLeaveInTheirCycle) {
  bench& t = build();
  const std::pair<axi_resp, tlm::tlm_response_status> cases[] = {{axi_resp::okay, tlm::TLM_OK_RESPONSE},
                                                                 {axi_resp::decerr, tlm::TLM_ADDRESS_ERROR_RESPONSE},
                                                                 {axi_resp::slverr, tlm::TLM_GENERIC_ERROR_RESPONSE}};
  for (const auto& [resp, status] : cases) {
    tlm::tlm_generic_payload& p = t.payload(false);
    burst_of(p)->resp = resp;
    burst_of(p)->carrier = &p;
    t.cluster.send({33, burst_of(p), kind::response});
    EXPECT_EQ(t.answered.back().payload, &p);
    EXPECT_EQ(t.answered.back().phase, tlm::BEGIN_RESP);
    EXPECT_EQ(t.answered.back().cycle, 33u);
    EXPECT_EQ(p.get_response_status(), status);
  }
}

TEST_F(ClusterModuleTest, RequestsLeaveInTheirCycleAndComeBack) {
  bench& t = build();
  axi_burst write, read;
  write.write = true;
  write.addr = 0x80000040u, write.bytes = 4, write.data = t.data;
  read.addr = 0x80000080u, read.bytes = 64, read.data = t.data;
  t.cluster.send({15, &write, kind::request});
  t.cluster.send({10, &read, kind::request});
  ASSERT_EQ(t.left.size(), 2u);
  EXPECT_EQ(t.left[0].cycle, 15u);
  EXPECT_EQ(t.left[1].cycle, 10u);
  EXPECT_TRUE(t.left[0].payload->is_write());
  EXPECT_EQ(t.left[0].payload->get_address(), 0x80000040u);
  for (const auto& event : t.left) {
    tlm::tlm_phase phase = tlm::BEGIN_RESP;
    sc_time delay(40, SC_NS);
    EXPECT_EQ(t.from_master->nb_transport_bw(*event.payload, phase, delay), tlm::TLM_COMPLETED);
  }
  ASSERT_EQ(t.model.delivered.size(), 1u) << "a read's data tell of its end";
  EXPECT_EQ(t.model.delivered[0].what, kind::response);
  EXPECT_EQ(t.model.delivered[0].burst, &write);
  EXPECT_EQ(t.model.delivered[0].cycle, 10u + 40 + 3);
  EXPECT_TRUE(t.model.delivered[0].last);
}

TEST_F(ClusterModuleTest, DebugAccessesThatDoNotReachAllTheirBytesFail) {
  bench& t = build();
  std::uint8_t bytes[16] = {};
  const auto blocking = [&](bool write, std::uint64_t offset) {
    simple_payload p(write, noting_cluster::base + offset, bytes, 16);
    sc_time delay = sc_core::SC_ZERO_TIME;
    t.to_slave->b_transport(p, delay);
    return p.get_response_status();
  };
  EXPECT_EQ(blocking(false, 48), tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(t.model.debugged, 10u);
  EXPECT_EQ(blocking(false, 49), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(blocking(false, 64), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_TRUE(t.touched.empty()) << "a read wakes nobody";
  EXPECT_EQ(blocking(true, 0), tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(t.touched.size(), 1u);
}

}  // namespace
}  // namespace ohmic
