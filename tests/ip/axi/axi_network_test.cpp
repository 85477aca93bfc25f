// The network's sockets between initiators and targets that take their time, fail, or know nothing of AXI.
#include "ip/axi/axi_network.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/ip/axi/network_bench.h"

namespace ohmic::test {
namespace {

using sc_core::SC_NS;
using sc_core::sc_time;
using tlm::tlm_generic_payload;

cycle_t cycle_of(const sc_time& delay) {
  return (sc_core::sc_time_stamp() + delay).value() / sc_time(1, SC_NS).value();
}

/// A payload as any model would make it, and what became of it.
struct plain_payload : tlm_generic_payload {
  plain_payload(bool write, std::uint64_t addr, unsigned length) : bytes(length) {
    set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    set_address(addr);
    set_data_ptr(bytes.data());
    set_data_length(length);
    set_streaming_width(length);
    set_byte_enable_ptr(nullptr);
    set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  }
  std::vector<std::uint8_t> bytes;
  cycle_t answered = 0;
};

/// A master of one cluster that knows only the base protocol.
struct plain_master : tlm::tlm_bw_transport_if<> {
  explicit plain_master(unsigned i) : socket(("plain_master_" + std::to_string(i)).c_str()) {
    socket.bind(static_cast<tlm::tlm_bw_transport_if<>&>(*this));
  }
  tlm::tlm_sync_enum send(plain_payload& payload, sc_time delay = sc_core::SC_ZERO_TIME) {
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    return socket->nb_transport_fw(payload, phase, delay);
  }
  tlm::tlm_sync_enum nb_transport_bw(tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_time& delay) override {
    EXPECT_EQ(phase, tlm::BEGIN_RESP);
    static_cast<plain_payload&>(payload).answered = cycle_of(delay);
    return tlm::TLM_COMPLETED;
  }
  void invalidate_direct_mem_ptr(sc_dt::uint64 begin, sc_dt::uint64 end) override {
    invalidated.push_back({begin, end});
  }
  axi_initiator_socket socket;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> invalidated;
};

/// A target that does with a request what `how` says; what it is given stands in `offered`.
struct hand_target : tlm::tlm_fw_transport_if<> {
  enum class way { accept, wait, complete, respond };
  explicit hand_target(const std::string& name) : socket(name.c_str()) {
    socket.bind(static_cast<tlm::tlm_fw_transport_if<>&>(*this));
  }
  tlm::tlm_sync_enum nb_transport_fw(tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_time& delay) override {
    if (phase == tlm::END_RESP) {
      ++ends;
      return tlm::TLM_COMPLETED;
    }
    offered.push_back({&payload, cycle_of(delay)});
    payload.set_response_status(status);
    delay += takes;
    switch (how) {
      case way::accept:
        phase = tlm::END_REQ;
        return tlm::TLM_UPDATED;
      case way::wait:
        return tlm::TLM_ACCEPTED;
      case way::complete:
        return tlm::TLM_COMPLETED;
      default:
        phase = tlm::BEGIN_RESP;
        return tlm::TLM_UPDATED;
    }
  }
  void back(std::size_t n, tlm::tlm_phase phase, sc_time delay = sc_core::SC_ZERO_TIME) {
    socket->nb_transport_bw(*offered.at(n).first, phase, delay);
  }
  void b_transport(tlm_generic_payload& payload, sc_time& delay) override {
    delay += takes;
    payload.set_response_status(status);
  }
  unsigned transport_dbg(tlm_generic_payload&) override { return 0; }
  bool get_direct_mem_ptr(tlm_generic_payload&, tlm::tlm_dmi& dmi) override {
    dmi = claim;
    return gives_memory;
  }
  axi_target_socket socket;
  way how = way::complete;
  sc_time takes = sc_core::SC_ZERO_TIME;
  tlm::tlm_response_status status = tlm::TLM_OK_RESPONSE;
  std::vector<std::pair<tlm_generic_payload*, cycle_t>> offered;
  unsigned ends = 0;
  tlm::tlm_dmi claim;
  bool gives_memory = true;
};

/// Four clusters of one router, which takes four cycles: plain masters, and targets by hand.
class AxiNetworkTest : public testing::Test {
 protected:
  struct bench : sc_core::sc_module {
    explicit bench(sc_core::sc_module_name name, const network_config& config, const sc_time& period)
        : sc_module(name), network("network", config, period) {
      for (unsigned i = 0; i < config.clusters(); ++i) {
        masters.push_back(std::make_unique<plain_master>(i));
        targets.push_back(std::make_unique<hand_target>("target_" + std::to_string(i)));
        masters[i]->socket.bind(network.cluster_in(i));
        network.cluster_out(i).bind(targets[i]->socket);
      }
    }
    axi_network network;
    std::vector<std::unique_ptr<plain_master>> masters;
    std::vector<std::unique_ptr<hand_target>> targets;
  };
  void SetUp() override {
    fresh_simulation();
    config = chip({4}).network;
  }
  void build(const sc_time& period = sc_time(1, SC_NS)) {
    b = std::make_unique<bench>("bench", config, period);
    sc_core::sc_start(10, SC_NS);
  }
  std::uint64_t l1(unsigned cluster) const { return config.map.region(cluster).begin; }
  tlm::tlm_response_status answer_to(plain_payload& p) {
    EXPECT_EQ(b->masters[0]->send(p), tlm::TLM_UPDATED);
    sc_core::sc_start(100, SC_NS);
    EXPECT_NE(p.answered, 0u);
    return p.get_response_status();
  }
  network_config config;
  std::unique_ptr<bench> b;
};

TEST_F(AxiNetworkTest, ATargetsErrorsComeBackAsWhatAxiHasOfThem) {
  build();
  const std::pair<tlm::tlm_response_status, tlm::tlm_response_status> cases[] = {
      {tlm::TLM_OK_RESPONSE, tlm::TLM_OK_RESPONSE},
      {tlm::TLM_INCOMPLETE_RESPONSE, tlm::TLM_OK_RESPONSE},
      {tlm::TLM_ADDRESS_ERROR_RESPONSE, tlm::TLM_ADDRESS_ERROR_RESPONSE},
      {tlm::TLM_GENERIC_ERROR_RESPONSE, tlm::TLM_GENERIC_ERROR_RESPONSE},
      {tlm::TLM_COMMAND_ERROR_RESPONSE, tlm::TLM_GENERIC_ERROR_RESPONSE},
      {tlm::TLM_BURST_ERROR_RESPONSE, tlm::TLM_GENERIC_ERROR_RESPONSE},
      {tlm::TLM_OK_RESPONSE, tlm::TLM_OK_RESPONSE}};
  for (const auto& [given, seen] : cases) {
    for (const bool write : {false, true}) {
      b->targets[1]->status = given;
      plain_payload p(write, l1(1), 64);
      EXPECT_EQ(answer_to(p), seen) << given;
    }
  }
}

TEST_F(AxiNetworkTest, AnErrorIsForgottenWithItsPayload) {
  build();
  plain_payload nowhere(false, 0, 4), somewhere(false, l1(1), 4);
  EXPECT_EQ(answer_to(nowhere), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(answer_to(somewhere), tlm::TLM_OK_RESPONSE);
}

TEST_F(AxiNetworkTest, APlainTargetHasOneWriteAtATime) {
  build();
  hand_target& target = *b->targets[1];
  target.how = hand_target::way::wait;
  plain_payload first(true, l1(1), 64), second(true, l1(1), 256), third(true, l1(1), 64);
  b->masters[0]->send(first);
  b->masters[2]->send(second);
  b->masters[3]->send(third);
  sc_core::sc_start(50, SC_NS);
  ASSERT_EQ(target.offered.size(), 1u);
  EXPECT_EQ(target.offered[0].second, 14u) << "its only beat";
  target.back(0, tlm::END_REQ);
  sc_core::sc_start(50, SC_NS);
  ASSERT_EQ(target.offered.size(), 2u) << "and no third one";
  target.back(0, tlm::BEGIN_RESP);
  target.back(1, tlm::END_REQ);
  sc_core::sc_start(50, SC_NS);
  ASSERT_EQ(target.offered.size(), 3u);
  target.back(1, tlm::BEGIN_RESP);
  target.back(2, tlm::END_REQ);
  target.back(2, tlm::BEGIN_RESP);
  sc_core::sc_start(50, SC_NS);
  for (const plain_payload* p : {&first, &second, &third}) EXPECT_NE(p->answered, 0u);
  EXPECT_EQ(b->network.in_flight(), 0u);
  EXPECT_EQ(target.ends, 0u) << "the network completes a response at once";
}

TEST_F(AxiNetworkTest, WritesAreOfferedOneAfterTheOtherToWhoAcceptsAtOnce) {
  build();
  hand_target& target = *b->targets[1];
  target.how = hand_target::way::accept;
  plain_payload first(true, l1(1), 128), second(true, l1(1), 128);
  b->masters[0]->send(first);
  b->masters[2]->send(second);
  sc_core::sc_start(50, SC_NS);
  ASSERT_EQ(target.offered.size(), 2u);
  EXPECT_EQ(target.offered[0].second, 15u) << "the second of its two beats";
  EXPECT_EQ(target.offered[1].second, 17u);
}

TEST_F(AxiNetworkTest, AResponseInTheForwardCallIsEnded) {
  build();
  hand_target& target = *b->targets[1];
  target.how = hand_target::way::respond;
  target.takes = sc_time(5, SC_NS);
  plain_payload read(false, l1(1), 64), write(true, l1(1), 64);
  EXPECT_EQ(answer_to(read), tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(read.answered, 10u + 4 + 5 + 4);
  EXPECT_EQ(target.ends, 1u);
  EXPECT_EQ(answer_to(write), tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(target.ends, 2u);
}

// Cycle n begins at n ns: what is there within it takes part in the next one.
TEST_F(AxiNetworkTest, TimesWithinACycleCountAsItsEnd) {
  for (const auto& [delay, cycle] : {std::pair{0.0, 10u}, {0.001, 11u}, {0.5, 11u}, {0.999, 11u}, {1.0, 11u}}) {
    fresh_simulation();
    build();
    plain_payload read(false, l1(1), 4);
    b->masters[0]->send(read, sc_time(delay, SC_NS));
    sc_core::sc_start(50, SC_NS);
    ASSERT_EQ(b->targets[1]->offered.size(), 1u);
    EXPECT_EQ(b->targets[1]->offered[0].second, cycle + 4) << delay;
    EXPECT_EQ(read.answered, cycle + 8);
  }
}

TEST_F(AxiNetworkTest, TheClocksPeriodIsAnyOfTwoUnitsAndMore) {
  build(sc_time(2, SC_NS));
  plain_payload read(false, l1(1), 4);
  b->masters[0]->send(read);
  sc_core::sc_start(50, SC_NS);
  EXPECT_EQ(read.answered, 10u + 8 * 2) << "in nanoseconds";
  fresh_simulation();
  EXPECT_THROW(axi_network("network", config, sc_time(1, sc_core::SC_PS)), std::invalid_argument);
  fresh_simulation();
  EXPECT_NO_THROW(axi_network("network", config, sc_time(2, sc_core::SC_PS)));
}

TEST_F(AxiNetworkTest, PlainPayloadsAreRefusedAtOnceExactlyWhereTheyAreNoBurst) {
  build();
  const auto sent = [&](plain_payload& p) { return b->masters[0]->send(p); };
  plain_payload page(false, l1(1), 4096), to_the_end(true, l1(1) + 4000, 96), across(true, l1(1) + 4000, 97);
  EXPECT_EQ(sent(page), tlm::TLM_UPDATED);
  EXPECT_EQ(sent(to_the_end), tlm::TLM_UPDATED);
  EXPECT_EQ(sent(across), tlm::TLM_COMPLETED);
  EXPECT_EQ(across.get_response_status(), tlm::TLM_BURST_ERROR_RESPONSE);
  plain_payload nothing(false, l1(1), 0), streaming(false, l1(1), 64), ignored(false, l1(1), 64);
  EXPECT_EQ(sent(nothing), tlm::TLM_COMPLETED);
  EXPECT_EQ(nothing.get_response_status(), tlm::TLM_BURST_ERROR_RESPONSE);
  streaming.set_streaming_width(32);
  EXPECT_EQ(sent(streaming), tlm::TLM_COMPLETED);
  EXPECT_EQ(streaming.get_response_status(), tlm::TLM_BURST_ERROR_RESPONSE);
  ignored.set_command(tlm::TLM_IGNORE_COMMAND);
  EXPECT_EQ(sent(ignored), tlm::TLM_COMPLETED);
  EXPECT_EQ(ignored.get_response_status(), tlm::TLM_COMMAND_ERROR_RESPONSE);
  EXPECT_EQ(b->network.in_flight(), 2u);
  sc_core::sc_start(200, SC_NS);
  EXPECT_NE(page.answered, 0u);
  EXPECT_NE(to_the_end.answered, 0u);
  tlm::tlm_phase end = tlm::END_RESP;
  sc_time delay = sc_core::SC_ZERO_TIME;
  EXPECT_EQ(b->masters[0]->socket->nb_transport_fw(page, end, delay), tlm::TLM_COMPLETED);
  EXPECT_EQ(b->network.in_flight(), 0u);
}

struct seen_burst {
  unsigned master;
  network_port target;
  cycle_t ready, sent, arrived, first, last;
};

// One read in flight: the second one is sent when the first one's answer is there. Then another, with what they used.
TEST_F(AxiNetworkTest, AnObserverIsToldOfEveryBurstsCycles) {
  config.port.outstanding_reads = 1;
  build();
  std::vector<seen_burst> seen;
  b->network.observe([&](const observed_burst& o) {
    seen.push_back({o.master, o.target, o.ready, o.sent, o.arrived, o.first, o.last});
  });
  plain_payload first(false, l1(1), 256), second(false, l1(2), 64);
  b->masters[0]->send(first);
  b->masters[0]->send(second);
  sc_core::sc_start(90, SC_NS);
  plain_payload third(false, l1(1), 128), nowhere(false, 0, 64);
  b->masters[3]->send(third);
  sc_core::sc_start(100, SC_NS);
  b->masters[3]->send(nowhere);
  sc_core::sc_start(100, SC_NS);
  ASSERT_EQ(seen.size(), 4u);
  const seen_burst want[] = {{0, 1, 10, 10, 14, 18, 21},
                             {0, 2, 10, 22, 26, 30, 30},
                             {3, 1, 100, 100, 104, 108, 109},
                             {3, port_none, 200, 0, 0, 209, 209}};
  for (unsigned i = 0; i < 4; ++i) {
    EXPECT_EQ(seen[i].master, want[i].master) << i;
    EXPECT_EQ(seen[i].target, want[i].target) << i;
    EXPECT_EQ(seen[i].ready, want[i].ready) << i;
    EXPECT_EQ(seen[i].sent, want[i].sent) << i;
    EXPECT_EQ(seen[i].arrived, want[i].arrived) << i;
    EXPECT_EQ(seen[i].first, want[i].first) << i;
    EXPECT_EQ(seen[i].last, want[i].last) << i;
  }
}

TEST_F(AxiNetworkTest, APlainPayloadsBurstIsOfItsBytes) {
  build();
  std::vector<axi_burst> seen;
  b->network.observe([&](const observed_burst& o) { seen.push_back(o.burst); });
  std::vector<std::unique_ptr<plain_payload>> sent;
  const std::pair<std::uint64_t, unsigned> places[] = {{0, 1}, {1, 3}, {62, 5}, {100, 257}};
  for (const auto& [offset, bytes] : places) {
    sent.push_back(std::make_unique<plain_payload>(bytes % 2 == 0, l1(1) + offset, bytes));
    EXPECT_EQ(b->masters[0]->send(*sent.back()), tlm::TLM_UPDATED);
    sc_core::sc_start(50, SC_NS);
  }
  ASSERT_EQ(seen.size(), 4u);
  for (unsigned i = 0; i < 4; ++i) {
    EXPECT_EQ(seen[i].addr, l1(1) + places[i].first);
    EXPECT_EQ(seen[i].bytes, places[i].second);
  }
  std::uint64_t carried = 0;
  b->network.for_each_lane([&](const std::string& name, axi_lane lane, const channel_counters& c) {
    if (name == "cluster_0.down" && lane == axi_lane::r) carried = c.bytes;
  });
  EXPECT_EQ(carried, 1u + 3 + 5 + 257);
}

TEST_F(AxiNetworkTest, BlockingTransportCountsTheBeatsOfTheMastersLink) {
  config = chip({2, 2}).network;
  config.levels[1].width = 8;
  build();
  b->targets[3]->takes = sc_time(7, SC_NS);
  plain_payload read(false, l1(3) + 4, 16);
  sc_time delay(1, SC_NS);
  b->masters[0]->socket->b_transport(read, delay);
  EXPECT_EQ(delay, sc_time(1 + 24 + 7 + 2, SC_NS)) << "three beats of 8 bytes hold 16 from 4 on";
}

TEST_F(AxiNetworkTest, DirectMemoryIsCutToTheTargetsRegionAndTakesItsTimeToo) {
  build();
  const auto [begin, end] = config.map.region(1);
  std::vector<unsigned char> memory(64);
  tlm::tlm_dmi& claim = b->targets[1]->claim;
  claim.set_dmi_ptr(memory.data());
  claim.set_start_address(begin - 16);
  claim.set_end_address(end);
  claim.set_read_latency(sc_time(3, SC_NS));
  claim.set_write_latency(sc_time(5, SC_NS));
  plain_payload probe(false, begin + 8, 4);
  tlm::tlm_dmi got;
  ASSERT_TRUE(b->masters[0]->socket->get_direct_mem_ptr(probe, got));
  EXPECT_EQ(got.get_start_address(), begin);
  EXPECT_EQ(got.get_dmi_ptr(), memory.data() + 16);
  EXPECT_EQ(got.get_end_address(), end - 1) << "the first address of the next cluster is not its own";
  EXPECT_EQ(got.get_read_latency(), sc_time(3 + 8, SC_NS));
  EXPECT_EQ(got.get_write_latency(), sc_time(5 + 8, SC_NS));
  claim.set_start_address(begin + 4);
  claim.set_end_address(begin + 20);
  claim.set_dmi_ptr(memory.data());
  ASSERT_TRUE(b->masters[0]->socket->get_direct_mem_ptr(probe, got));
  EXPECT_EQ(got.get_start_address(), begin + 4);
  EXPECT_EQ(got.get_end_address(), begin + 20);
  EXPECT_EQ(got.get_dmi_ptr(), memory.data());
  b->targets[1]->gives_memory = false;
  EXPECT_FALSE(b->masters[0]->socket->get_direct_mem_ptr(probe, got)) << "the target refuses it";
  plain_payload nowhere(false, 0, 4);
  EXPECT_FALSE(b->masters[0]->socket->get_direct_mem_ptr(nowhere, got));
}

TEST_F(AxiNetworkTest, EveryOtherMasterHearsOfMemoryThatIsTakenBack) {
  build();
  b->targets[1]->socket->invalidate_direct_mem_ptr(100, 200);
  for (unsigned i = 0; i < 4; ++i) {
    using ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
    EXPECT_EQ(b->masters[i]->invalidated, i == 1 ? ranges{} : (ranges{{100, 200}})) << i;
  }
}

// Two writes to one cluster: the second one's address is there long before its data.
TEST(AxiNetworkAddresses, AreTakenWithTheirDataWhereTheTargetSaysSo) {
  std::vector<cycle_t> alone;  // addresses that are there before their data
  for (const bool with_data : {false, true}) {
    fresh_simulation();
    network_bench::options o = chip({4});
    o.with_hbm = false;
    o.address_with_data = with_data;
    network_bench b(o);
    b.send(0, 10, true, b.l1(2), 1024);
    b.send(1, 10, true, b.l1(2) + 4096, 1024);
    b.run();
    ASSERT_EQ(b.responses.size(), 2u);
    ASSERT_EQ(b.arrivals.size(), 2u);
    const sent_burst& second = *b.arrivals[1];
    EXPECT_GE(second.request_head, b.arrivals[0]->request_head + 16);
    if (!with_data) {
      for (const sent_burst* const s : b.arrivals)
        if (s->address < s->request_head) alone.push_back(s->address);
      EXPECT_LT(second.address + 10, second.request_head);
      EXPECT_TRUE(b.addresses_waiting.empty());
    } else {
      EXPECT_EQ(second.address, second.request_head);
      ASSERT_FALSE(b.addresses_waiting.empty());
      EXPECT_EQ(b.addresses_waiting.back(), alone.back()) << "it was told of it when it was there";
    }
  }
}

}  // namespace
}  // namespace ohmic::test
