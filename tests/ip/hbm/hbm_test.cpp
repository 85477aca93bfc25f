// HBM alone behind its socket, as in anyone's SystemC model.
#include "ip/hbm/hbm.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/systemc/fresh_simulation.h"

namespace ohmic {
namespace {

struct payload : tlm::tlm_generic_payload {
  payload(bool write, std::uint64_t addr, std::uint8_t* data, unsigned bytes) {
    set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    set_address(addr);
    set_data_ptr(data);
    set_data_length(bytes);
    set_streaming_width(bytes);
  }
};

/// An initiator without the network's extension.
class initiator : public sc_core::sc_module, tlm::tlm_bw_transport_if<> {
 public:
  explicit initiator(sc_core::sc_module_name name) : sc_module(name), socket("socket") {
    socket.bind(static_cast<tlm::tlm_bw_transport_if<>&>(*this));
  }
  void request(payload& p, double delay_ns) {
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay(delay_ns, sc_core::SC_NS);
    EXPECT_EQ(socket->nb_transport_fw(p, phase, delay), tlm::TLM_UPDATED);
    EXPECT_EQ(phase, tlm::END_REQ);
  }
  axi_initiator_socket socket;
  std::vector<std::pair<tlm::tlm_generic_payload*, double>> answers;

 private:
  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay) override {
    EXPECT_EQ(phase, tlm::BEGIN_RESP);
    answers.emplace_back(&p, (sc_core::sc_time_stamp() + delay).to_seconds() * 1e9);
    return tlm::TLM_COMPLETED;
  }
  void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}
};

class HbmTest : public testing::Test {
 protected:
  void SetUp() override {
    test::fresh_simulation();
    master = std::make_unique<initiator>("master");
    hbm_config config;
    config.base = base;
    config.bytes = 1 << 20;
    config.timing.outstanding = places();
    memory = std::make_unique<hbm>("memory", config);
    master->socket.bind(memory->socket);
    sc_core::sc_start(1, sc_core::SC_NS);
  }
  virtual unsigned places() const { return 32; }
  static constexpr std::uint64_t base = 0x8000'0000;
  std::unique_ptr<initiator> master;
  std::unique_ptr<hbm> memory;
};

TEST_F(HbmTest, WritesBecomeVisibleWithTheirResponse) {
  std::uint8_t data[64] = {1, 2, 3};
  payload write(true, base + 100, data, 64);  // two beats: bytes 100..163
  master->request(write, 4);                  // at 5 ns, last beat at 6 ns
  sc_core::sc_start(104, sc_core::SC_NS);     // 105 ns
  EXPECT_EQ(memory->memory().data()[100], 0);
  EXPECT_TRUE(master->answers.empty());
  sc_core::sc_start(2, sc_core::SC_NS);
  ASSERT_EQ(master->answers.size(), 1u);
  EXPECT_DOUBLE_EQ(master->answers[0].second, 106);
  EXPECT_EQ(memory->memory().data()[100], 1);
  EXPECT_EQ(write.get_response_status(), tlm::TLM_OK_RESPONSE);
}

TEST_F(HbmTest, ReadsAreSampledWithTheirFirstBeat) {
  std::uint8_t data[4] = {};
  payload read(false, base, data, 4);
  master->request(read, 0);
  sc_core::sc_start(90, sc_core::SC_NS);
  memory->memory().data()[0] = 7;
  sc_core::sc_start(20, sc_core::SC_NS);
  ASSERT_EQ(master->answers.size(), 1u);
  EXPECT_DOUBLE_EQ(master->answers[0].second, 101);
  EXPECT_EQ(data[0], 7);
}

TEST_F(HbmTest, AddressesOutsideAnswerWithAnError) {
  std::uint8_t data[64];
  payload read(false, base + (1 << 20) - 32, data, 64);
  master->request(read, 0);
  sc_core::sc_start(300, sc_core::SC_NS);
  ASSERT_EQ(master->answers.size(), 1u);
  EXPECT_EQ(read.get_response_status(), tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

TEST_F(HbmTest, CountsBurstsAndTheirBytes) {
  std::uint8_t data[256] = {};
  payload read(false, base, data, 200), write(true, base, data, 24), another(true, base, data, 16);
  for (payload* const p : {&read, &write, &another}) master->request(*p, 0);
  sc_core::sc_start(300, sc_core::SC_NS);
  EXPECT_EQ(memory->count().reads, 1u);
  EXPECT_EQ(memory->count().read_bytes, 200u);
  EXPECT_EQ(memory->count().writes, 2u);
  EXPECT_EQ(memory->count().written_bytes, 40u);
}

TEST_F(HbmTest, ABurstThatItRefusesHasComeAllTheSame) {
  std::uint8_t data[64] = {};
  payload read(false, base + (1 << 20) - 32, data, 64), write(true, base + (1 << 20) - 32, data, 48);
  for (payload* const p : {&read, &write}) master->request(*p, 0);
  sc_core::sc_start(300, sc_core::SC_NS);
  EXPECT_EQ(memory->count().reads, 1u);
  EXPECT_EQ(memory->count().read_bytes, 64u);
  EXPECT_EQ(memory->count().writes, 1u);
  EXPECT_EQ(memory->count().written_bytes, 48u);
}

TEST_F(HbmTest, ATimeInACycleCountsAsTheNextOne) {
  std::uint8_t data[64] = {};
  payload read(false, base, data, 64), write(true, base, data, 64);
  master->request(read, 3.25);  // at 4.25 ns: cycle 5
  master->request(write, 9);
  sc_core::sc_start(300, sc_core::SC_NS);
  ASSERT_EQ(master->answers.size(), 2u);
  EXPECT_DOUBLE_EQ(master->answers[0].second, 105);
  EXPECT_DOUBLE_EQ(master->answers[1].second, 110);
}

TEST_F(HbmTest, BeatsAreCountedFromTheirAddress) {
  std::uint8_t data[256] = {};
  payload across(false, base + 60, data, 70), second(false, base, data, 64);  // bytes 60..129: three beats
  master->request(across, 0);
  master->request(second, 0);
  sc_core::sc_start(300, sc_core::SC_NS);
  ASSERT_EQ(master->answers.size(), 2u);
  EXPECT_DOUBLE_EQ(master->answers[0].second, 101);
  EXPECT_DOUBLE_EQ(master->answers[1].second, 104);
}

class HbmWithOnePlaceTest : public HbmTest {
 protected:
  unsigned places() const override { return 1; }
};

// A place is free in the cycle behind the last beat.
TEST_F(HbmWithOnePlaceTest, TheNextBurstIsAcceptedBehindTheLastBeat) {
  std::uint8_t data[256] = {};
  payload first(false, base, data, 256), second(false, base, data, 64), third(true, base, data, 64),
      fourth(false, base, data, 64);
  for (payload* const p : {&first, &second, &third, &fourth}) master->request(*p, 0);
  sc_core::sc_start(800, sc_core::SC_NS);
  ASSERT_EQ(master->answers.size(), 4u);
  EXPECT_DOUBLE_EQ(master->answers[0].second, 101);  // a read; beats in 101..104
  EXPECT_EQ(master->answers[1].first, &third) << "a write's turn";
  EXPECT_DOUBLE_EQ(master->answers[1].second, 205);
  EXPECT_EQ(master->answers[2].first, &second);
  EXPECT_DOUBLE_EQ(master->answers[2].second, 306);
  EXPECT_DOUBLE_EQ(master->answers[3].second, 407);
}

// A read's data take the channel for as many cycles as it has beats, a write's answer for one.
TEST_F(HbmTest, AnswersFollowEachOtherOnTheirChannels) {
  std::uint8_t data[256] = {};
  payload first(false, base, data, 256), second(false, base + 256, data, 64);
  master->request(first, 0);
  master->request(second, 0);
  sc_core::sc_start(300, sc_core::SC_NS);
  ASSERT_EQ(master->answers.size(), 2u);
  EXPECT_DOUBLE_EQ(master->answers[0].second, 101);
  EXPECT_DOUBLE_EQ(master->answers[1].second, 105);
  payload long_write(true, base, data, 256), short_write(true, base + 256, data, 192);
  master->request(long_write, 0);   // in 301 ns, its last beat in 304
  master->request(short_write, 0);  // 302 and 304
  sc_core::sc_start(300, sc_core::SC_NS);
  ASSERT_EQ(master->answers.size(), 4u);
  EXPECT_DOUBLE_EQ(master->answers[2].second, 404);
  EXPECT_DOUBLE_EQ(master->answers[3].second, 405) << "the next cycle, whatever the first one's length";
}

TEST_F(HbmTest, AWatchIsToldOfEveryWriteThatTouchesItsRange) {
  struct seen {
    std::uint64_t address, bytes;
  };
  std::vector<seen> told;
  memory->watch_writes(base + 0x100, base + 0x140,
                       [&](std::uint64_t address, const std::uint8_t*, std::uint64_t bytes, cycle_t) {
                         told.push_back({address, bytes});
                       });
  EXPECT_TRUE(memory->is_watched(base + 0xFF, base + 0x101));
  EXPECT_TRUE(memory->is_watched(base + 0x13F, base + 0x200));
  EXPECT_FALSE(memory->is_watched(base, base + 0x100));
  EXPECT_FALSE(memory->is_watched(base + 0x140, base + 0x141));
  std::uint8_t data[64] = {};
  const auto write = [&](std::uint64_t offset, unsigned bytes) {
    payload p(true, base + offset, data, bytes);
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    const std::size_t before = told.size();
    master->socket->b_transport(p, delay);
    return told.size() - before;
  };
  EXPECT_EQ(write(0xF0, 16), 0u) << "ends where it begins";
  EXPECT_EQ(write(0xF0, 17), 1u) << "its last byte is the first";
  EXPECT_EQ(write(0xF0, 64), 1u);
  EXPECT_EQ(write(0x13F, 1), 1u);
  EXPECT_EQ(write(0x13F, 64), 1u);
  EXPECT_EQ(write(0x140, 8), 0u);
  EXPECT_EQ(told.back().address, base + 0x13F) << "the whole write is told";
  EXPECT_EQ(told.back().bytes, 64u);
  payload read(false, base + 0x100, data, 8);
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  master->socket->b_transport(read, delay);
  EXPECT_EQ(told.size(), 4u);
}

// A blocking write is in memory at once.
TEST_F(HbmTest, AWatchIsToldOfABlockingWritesCycle) {
  std::vector<cycle_t> told;
  memory->watch_writes(base, base + 64, [&](std::uint64_t, const std::uint8_t*, std::uint64_t, cycle_t cycle) {
    told.push_back(cycle);
  });
  std::uint8_t data[4] = {};
  for (const double wait : {0., 6., 0.5}) {
    if (wait != 0) sc_core::sc_start(wait, sc_core::SC_NS);
    payload p(true, base, data, 4);
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    master->socket->b_transport(p, delay);
  }
  EXPECT_EQ(told, (std::vector<cycle_t>{1, 7, 7}));
}

TEST_F(HbmTest, AWatchIsNotToldOfAWriteThatIsRefused) {
  unsigned told = 0;
  memory->watch_writes(base, base + (2 << 20),
                       [&](std::uint64_t, const std::uint8_t*, std::uint64_t, cycle_t) { ++told; });
  std::uint8_t data[64] = {};
  payload across(true, base + (1 << 20) - 32, data, 64);
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  master->socket->b_transport(across, delay);
  EXPECT_EQ(across.get_response_status(), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(told, 0u);
}

TEST_F(HbmTest, BlockingAndDebugTransportWork) {
  std::uint8_t data[8] = {1, 2, 3, 4, 5, 6, 7, 8}, back[8] = {};
  payload write(true, base + 8, data, 8), read(false, base + 8, back, 8), end(false, base + (1 << 20) - 3, back, 8);
  sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
  master->socket->b_transport(write, delay);
  EXPECT_EQ(delay, sc_core::sc_time(100, sc_core::SC_NS));
  EXPECT_EQ(master->socket->transport_dbg(read), 8u);
  EXPECT_EQ(back[7], 8);
  EXPECT_EQ(master->socket->transport_dbg(end), 3u) << "as many bytes as there are";
  payload outside(false, base - 1, back, 1);
  EXPECT_EQ(master->socket->transport_dbg(outside), 0u);
  EXPECT_EQ(memory->count().writes, 1u);
}

TEST_F(HbmTest, BlockingTransportAllowsDirectAccessAndRefusesByteEnables) {
  std::uint8_t data[8] = {1, 2}, enables[8] = {0xFF};
  payload write(true, base + 8, data, 8);
  sc_core::sc_time delay(3, sc_core::SC_NS);
  master->socket->b_transport(write, delay);
  EXPECT_EQ(write.get_response_status(), tlm::TLM_OK_RESPONSE);
  EXPECT_TRUE(write.is_dmi_allowed());
  EXPECT_EQ(delay, sc_core::sc_time(103, sc_core::SC_NS)) << "added to what there was";
  payload some(true, base + 16, data, 8);
  some.set_byte_enable_ptr(enables);
  some.set_byte_enable_length(8);
  master->socket->b_transport(some, delay);
  EXPECT_EQ(some.get_response_status(), tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
  EXPECT_EQ(memory->memory().data()[16], 0);
  EXPECT_EQ(memory->count().writes, 1u);
}

TEST_F(HbmTest, NothingBehindTheLastByteCanBeReachedByDebugOrDirectly) {
  std::uint8_t data[8] = {};
  payload last(false, base + (1 << 20) - 1, data, 1), behind(false, base + (1 << 20), data, 1);
  tlm::tlm_dmi dmi;
  EXPECT_EQ(master->socket->transport_dbg(last), 1u);
  EXPECT_EQ(last.get_response_status(), tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(master->socket->transport_dbg(behind), 0u);
  EXPECT_EQ(behind.get_response_status(), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_TRUE(master->socket->get_direct_mem_ptr(last, dmi));
  EXPECT_FALSE(master->socket->get_direct_mem_ptr(behind, dmi));
}

TEST_F(HbmTest, DirectMemoryIsTheWholeMemory) {
  std::uint8_t byte = 0;
  payload read(false, base, &byte, 1);
  tlm::tlm_dmi dmi;
  ASSERT_TRUE(master->socket->get_direct_mem_ptr(read, dmi));
  EXPECT_EQ(dmi.get_dmi_ptr(), memory->memory().data());
  EXPECT_EQ(dmi.get_start_address(), base);
  EXPECT_EQ(dmi.get_end_address(), base + (1 << 20) - 1);
  EXPECT_EQ(dmi.get_read_latency(), sc_core::sc_time(100, sc_core::SC_NS));
  EXPECT_EQ(dmi.get_write_latency(), sc_core::sc_time(100, sc_core::SC_NS));
  EXPECT_TRUE(dmi.is_read_write_allowed());
}

/// The network's end: its payloads are followed beat by beat, and it takes no response before it says so.
class network_end : public sc_core::sc_module, tlm::tlm_bw_transport_if<> {
 public:
  explicit network_end(sc_core::sc_module_name name) : sc_module(name), socket("socket") {
    socket.bind(static_cast<tlm::tlm_bw_transport_if<>&>(*this));
  }
  void read(std::uint64_t address) { request(address, false); }
  tlm::tlm_generic_payload* request(std::uint64_t address, bool write) {
    bursts_.push_back(std::make_unique<axi_burst>());
    bursts_.back()->addr = address;
    bursts_.back()->bytes = 64;
    bursts_.back()->write = write;
    bursts_.back()->data = data_;
    tlm::tlm_generic_payload* const p = pool_.acquire(bursts_.back().get());
    p->get_extension<axi_extension>()->transit = &transit_;
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay;
    EXPECT_EQ(socket->nb_transport_fw(*p, phase, delay), tlm::TLM_ACCEPTED);
    return p;
  }
  axi_initiator_socket socket;
  std::vector<tlm::tlm_generic_payload*> answers;
  double last_answer = 0;  // ns
  unsigned accepted = 0;

 private:
  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& p, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay) override {
    if (phase == tlm::BEGIN_RESP) {
      answers.push_back(&p);
      last_answer = (sc_core::sc_time_stamp() + delay).to_seconds() * 1e9;
    }
    if (phase == tlm::END_REQ) ++accepted;
    return phase == tlm::BEGIN_RESP ? tlm::TLM_COMPLETED : tlm::TLM_ACCEPTED;
  }
  void invalidate_direct_mem_ptr(sc_dt::uint64, sc_dt::uint64) override {}

  std::uint8_t data_[64];
  axi_transit transit_;
  axi_payload_pool pool_;
  std::vector<std::unique_ptr<axi_burst>> bursts_;
};

// The network works ahead of SystemC's time as far as nothing is pending. A response that it takes meanwhile frees the
// channel, and the next one may be ready in the midst of those cycles: it must be pending although the channel is not
// free, and although others stand before it.
TEST(HbmBehindTheNetwork, IsPendingWhenAnyAnswerThatWaitsForItsChannelIsReady) {
  test::fresh_simulation();
  network_end network("network");
  hbm_config config;
  config.bytes = 1 << 20;
  hbm memory("memory", config);
  network.socket.bind(memory.socket);
  axi_stream_target& target = memory;
  const auto cycles = [](double n) { sc_core::sc_start(n, sc_core::SC_NS); };
  cycles(10);
  network.read(config.base);  // ready in cycle 110
  cycles(1);
  network.read(config.base + 64);  // 111: behind the first
  cycles(4);
  network.read(config.base + 128);  // 115: behind both
  cycles(97);                       // 112
  ASSERT_EQ(network.answers.size(), 1u);
  EXPECT_EQ(sc_core::sc_time_to_pending_activity(), sc_core::sc_time(3, sc_core::SC_NS));
  target.response_left(*network.answers[0], 112);
  ASSERT_EQ(network.answers.size(), 2u);
  EXPECT_DOUBLE_EQ(network.last_answer, 113) << "behind the one that has left";
  target.response_left(*network.answers[1], 113);
  EXPECT_EQ(network.answers.size(), 2u);
  cycles(3);
  EXPECT_EQ(network.answers.size(), 2u);
  cycles(1);
  EXPECT_EQ(network.answers.size(), 3u);
}

// A write is answered `access` cycles behind its last beat or its acceptance, whichever comes later, and visible then.
TEST(HbmBehindTheNetwork, AWriteIsDoneWhenItIsAcceptedAndAllThere) {
  test::fresh_simulation();
  network_end network("network");
  hbm_config config;
  config.bytes = 1 << 20;
  hbm memory("memory", config);
  network.socket.bind(memory.socket);
  axi_stream_target& target = memory;
  EXPECT_TRUE(target.takes_address_with_data());
  const auto cycles = [](double n) { sc_core::sc_start(n, sc_core::SC_NS); };
  cycles(10);
  tlm::tlm_generic_payload* const first = network.request(config.base, true);
  tlm::tlm_generic_payload* const second = network.request(config.base + 64, true);  // accepted in cycle 11
  cycles(0.5);
  EXPECT_EQ(network.accepted, 1u);
  cycles(1);
  EXPECT_EQ(network.accepted, 2u);
  first->get_data_ptr()[0] = 42;
  target.write_beat(*first, 12, false);
  target.write_beat(*first, 13, true);
  target.write_beat(*second, 9, true);  // came with its address, before it was accepted
  cycles(101);                          // 112.5
  EXPECT_EQ(network.answers.size(), 0u) << "answers keep the order of their addresses";
  EXPECT_EQ(memory.memory().data()[0], 0);
  cycles(1);
  ASSERT_EQ(network.answers.size(), 1u);
  EXPECT_EQ(network.answers[0], first);
  EXPECT_EQ(memory.memory().data()[0], 42);
  target.response_left(*first, 113);
  ASSERT_EQ(network.answers.size(), 2u);
  EXPECT_NEAR(network.last_answer, 114, 1e-6);
  target.response_left(*second, 114);

  tlm::tlm_generic_payload* const late = network.request(config.base, true);  // at 113.5: cycle 114
  cycles(1.5);
  EXPECT_EQ(network.accepted, 3u);
  target.write_beat(*late, 100, true);
  cycles(98.75);  // 213.75
  EXPECT_EQ(network.answers.size(), 2u);
  cycles(0.5);
  EXPECT_EQ(network.answers.size(), 3u) << "100 cycles behind its acceptance in 114";
}

}  // namespace
}  // namespace ohmic
