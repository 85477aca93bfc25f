// The network as other people's SystemC models see it: debug transport, b_transport, DMI, plain payloads.
#include <gtest/gtest.h>

#include <numeric>

#include "tests/ip/axi/network_bench.h"

namespace ohmic::test {
namespace {

constexpr std::uint64_t hbm_base = 0x8000'0000;

/// A payload as any model would make it.
struct payload : tlm::tlm_generic_payload {
  payload(bool write, std::uint64_t addr, std::vector<std::uint8_t>& bytes) {
    set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    set_address(addr);
    set_data_ptr(bytes.data());
    set_data_length(static_cast<unsigned>(bytes.size()));
    set_streaming_width(static_cast<unsigned>(bytes.size()));
  }
};

class TlmTest : public testing::Test {
 protected:
  void SetUp() override { fresh_simulation(); }
  // Elaborates; without a clock nothing else happens.
  static void elaborate() { sc_core::sc_start(sc_core::SC_ZERO_TIME); }
};

TEST_F(TlmTest, DebugTransportReachesEveryClusterAndHbm) {
  network_bench bench(table_one());
  elaborate();
  std::vector<std::uint8_t> bytes(100);
  for (unsigned c = 0; c < 512; c += 7) {
    std::iota(bytes.begin(), bytes.end(), static_cast<std::uint8_t>(c));
    payload write(true, bench.l1(c) + 17, bytes);
    EXPECT_EQ(bench.master(511 - c)->transport_dbg(write), 100u);
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), bench.l1_bytes(c).begin() + 17));
  }
  payload to_hbm(true, hbm_base + 0x5FFF'FF00, bytes);
  EXPECT_EQ(bench.master(3)->transport_dbg(to_hbm), 100u);
  std::vector<std::uint8_t> back(100);
  payload from_hbm(false, hbm_base + 0x5FFF'FF00, back);
  EXPECT_EQ(bench.master(400)->transport_dbg(from_hbm), 100u);
  EXPECT_EQ(back, bytes);
  EXPECT_EQ(from_hbm.get_response_status(), tlm::TLM_OK_RESPONSE);
}

TEST_F(TlmTest, DebugTransportRefusesUnmappedAddresses) {
  network_bench bench(table_one());
  elaborate();
  std::vector<std::uint8_t> bytes(4);
  for (const std::uint64_t addr : {0x0ull, 0x3FFF'FFFCull, 0xE000'0000ull, 0xF000'0000ull, 0x1'4000'0000ull}) {
    payload read(false, addr, bytes);
    EXPECT_EQ(bench.master(0)->transport_dbg(read), 0u) << addr;
    EXPECT_EQ(read.get_response_status(), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  }
}

TEST_F(TlmTest, BlockingTransportTakesTheZeroLoadTime) {
  network_bench bench(table_one());
  elaborate();
  std::vector<std::uint8_t> line(64, 5), page(4096);
  sc_core::sc_time delay(3, sc_core::SC_NS);
  payload write(true, bench.l1(64), line);
  bench.master(0)->b_transport(write, delay);
  EXPECT_EQ(write.get_response_status(), tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(delay, sc_core::sc_time(3 + 56, sc_core::SC_NS));

  delay = sc_core::SC_ZERO_TIME;
  payload read(false, hbm_base, page);
  bench.master(9)->b_transport(read, delay);
  EXPECT_EQ(delay, sc_core::sc_time(132 + 63, sc_core::SC_NS)) << "until the last beat";

  payload nowhere(false, 0x1000, line);
  bench.master(9)->b_transport(nowhere, delay);
  EXPECT_EQ(nowhere.get_response_status(), tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

TEST_F(TlmTest, DirectMemoryIsLimitedToTheRegionThatWasAsked) {
  network_bench bench(table_one());
  elaborate();
  std::vector<std::uint8_t> line(64);
  tlm::tlm_dmi dmi;
  payload memory(false, hbm_base + 0x1000, line);
  ASSERT_TRUE(bench.master(5)->get_direct_mem_ptr(memory, dmi));
  EXPECT_EQ(dmi.get_start_address(), hbm_base);
  EXPECT_EQ(dmi.get_end_address(), hbm_base + 0x6000'0000 - 1);
  EXPECT_EQ(dmi.get_read_latency(), sc_core::sc_time(132, sc_core::SC_NS));
  dmi.get_dmi_ptr()[0x1234] = 77;
  EXPECT_EQ(bench.memory->memory().data()[0x1234], 77);

  tlm::tlm_dmi cluster;
  payload l1(false, bench.l1(9), line);
  ASSERT_TRUE(bench.master(5)->get_direct_mem_ptr(l1, cluster));
  EXPECT_EQ(cluster.get_start_address(), bench.l1(9));
  EXPECT_EQ(cluster.get_read_latency(), sc_core::sc_time(24, sc_core::SC_NS));

  payload nowhere(false, 0x100, line);
  EXPECT_FALSE(bench.master(5)->get_direct_mem_ptr(nowhere, dmi));
}

TEST_F(TlmTest, PlainPayloadsTravelLikeBursts) {
  network_bench bench(table_one());
  elaborate();
  std::vector<std::uint8_t> bytes(256, 0xA5), back(256);
  payload write(true, bench.l1(130) + 512, bytes);
  payload read(false, bench.l1(130) + 512, back);
  std::vector<std::pair<tlm::tlm_generic_payload*, cycle_t>> answers;
  const auto request = [&](tlm::tlm_generic_payload& p) {
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    EXPECT_EQ(bench.master(1)->nb_transport_fw(p, phase, delay), tlm::TLM_UPDATED);
    EXPECT_EQ(phase, tlm::END_REQ);
  };
  bench.on_foreign = [&](tlm::tlm_generic_payload& p, cycle_t cycle) { answers.emplace_back(&p, cycle); };
  request(write);
  bench.run(1000);
  request(read);
  bench.run(1000);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].first, &write);
  EXPECT_EQ(answers[0].second, 56u + 3);
  EXPECT_EQ(answers[1].second, 1000u + 56 + 3) << "when the last beat is there";
  EXPECT_EQ(write.get_response_status(), tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(back, bytes);

  payload nowhere(false, 0x100, back);
  request(nowhere);
  bench.run(1000);
  EXPECT_EQ(nowhere.get_response_status(), tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

// A payload of the initiator's own making that carries an extension of this network's type, and one of another type:
// they travel as what they are, and come back as they were.
TEST_F(TlmTest, PayloadsOfOthersMayCarryExtensions) {
  struct other_extension : tlm::tlm_extension<other_extension> {
    tlm::tlm_extension_base* clone() const override { return new other_extension(*this); }
    void copy_from(const tlm::tlm_extension_base&) override {}
  };
  network_bench bench(chip({4, 4}));
  elaborate();
  std::vector<std::uint8_t> bytes(256, 0x5A), back(256);
  std::vector<tlm::tlm_generic_payload*> answers;
  bench.on_foreign = [&](tlm::tlm_generic_payload& p, cycle_t) { answers.push_back(&p); };
  const auto request = [&](tlm::tlm_generic_payload& p) {
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    EXPECT_EQ(bench.master(1)->nb_transport_fw(p, phase, delay), tlm::TLM_UPDATED);
  };
  // No burst in it: no more than a plain payload.
  payload write(true, bench.l1(9) + 512, bytes);
  axi_extension empty;
  write.set_extension(&empty);
  request(write);
  bench.run(500);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0], &write);
  EXPECT_EQ(write.get_response_status(), tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(empty.burst, nullptr);
  EXPECT_EQ(empty.transit, nullptr);
  write.clear_extension(&empty);

  payload read(false, bench.l1(9) + 512, back);
  other_extension other;
  read.set_extension(&other);
  request(read);
  bench.run(500);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[1], &read);
  EXPECT_EQ(read.get_extension<other_extension>(), &other);
  EXPECT_EQ(back, bytes);
  read.clear_extension(&other);

  // A burst of the initiator's own: it travels under that burst's id, in this very payload.
  bench.bursts.emplace_back();
  sent_burst& own = bench.bursts.back();
  std::vector<std::uint8_t> again(256);
  own.burst.addr = bench.l1(9) + 512;
  own.burst.bytes = 256;
  own.burst.data = again.data();
  own.burst.id = 5;
  own.burst.tag = static_cast<std::uint32_t>(bench.bursts.size() - 1);
  struct counter : tlm::tlm_mm_interface {
    void free(tlm::tlm_generic_payload*) override { ++freed; }
    int freed = 0;
  } manager;
  payload third(false, own.burst.addr, again);
  axi_extension mine;
  mine.burst = &own.burst;
  third.set_extension(&mine);
  third.set_mm(&manager);
  third.acquire();
  request(third);
  bench.run(500);
  EXPECT_TRUE(own.done);
  EXPECT_EQ(again, bytes);
  EXPECT_EQ(third.get_response_status(), tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(manager.freed, 1) << "released by the bench, as its own";
  EXPECT_EQ(mine.transit, nullptr);
  third.clear_extension(&mine);
  EXPECT_EQ(bench.network.in_flight(), 0u);
}

// Plain initiators and targets of TLM hear of a burst when it is complete.
TEST_F(TlmTest, PlainEndpointsHearOfWhatIsComplete) {
  network_bench::options o = table_one();
  o.plain = true;
  network_bench bench(o);
  const sent_burst& write = bench.send(0, 10, true, bench.l1(511), 4096);
  const sent_burst& read = bench.send(3, 1000, false, bench.l1(511), 4096);
  bench.run();
  EXPECT_EQ(write.address, 10u + 28 + 63) << "its last data beat";
  EXPECT_EQ(write.response_last, 10u + 28 + 63 + 28);
  EXPECT_EQ(read.address, 1000u + 28);
  EXPECT_EQ(read.response_last, 1000u + 56 + 63);
  EXPECT_EQ(read.bytes, write.bytes);
}

TEST_F(TlmTest, IllegalPlainPayloadsAreRefusedAtOnce) {
  network_bench bench(chip({4}));
  elaborate();
  std::vector<std::uint8_t> bytes(8192);
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  payload large(false, hbm_base, bytes);
  EXPECT_EQ(bench.master(0)->nb_transport_fw(large, phase, delay), tlm::TLM_COMPLETED);
  EXPECT_EQ(large.get_response_status(), tlm::TLM_BURST_ERROR_RESPONSE);
  bytes.resize(64);
  payload crossing(false, hbm_base + 4096 - 32, bytes);
  EXPECT_EQ(bench.master(0)->nb_transport_fw(crossing, phase, delay), tlm::TLM_COMPLETED);
  EXPECT_EQ(crossing.get_response_status(), tlm::TLM_BURST_ERROR_RESPONSE);
  payload enabled(true, hbm_base, bytes);
  enabled.set_byte_enable_ptr(bytes.data());
  EXPECT_EQ(bench.master(0)->nb_transport_fw(enabled, phase, delay), tlm::TLM_COMPLETED);
  EXPECT_EQ(enabled.get_response_status(), tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
  EXPECT_EQ(bench.network.in_flight(), 0u);
}

TEST_F(TlmTest, ConfigurationsThatCannotBeBuiltAreRefusedWithTheReason) {
  network_config wrong_count;
  wrong_count.map.cluster_count = 100;
  network_config overlapping;
  overlapping.map.hbm_base = 0x4100'0000;
  network_config no_levels;
  no_levels.levels.clear();
  network_config odd_width;
  odd_width.levels[0].width = 48;
  network_config no_latency;
  no_latency.levels[1].latency = 0;
  network_config too_many;
  too_many.levels = {{64, 4, 64}};
  too_many.map.cluster_count = 64;
  for (const network_config& c : {wrong_count, overlapping, no_levels, odd_width, no_latency, too_many}) {
    fresh_simulation();
    EXPECT_THROW(axi_network("network", c), std::invalid_argument);
  }
}

}  // namespace
}  // namespace ohmic::test
