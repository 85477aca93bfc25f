// The DMA module's network side: when its bursts leave, when it takes their answers, and how it reads errors.
#include "ip/dma/dma_module.h"

#include <gtest/gtest.h>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ip/tlm/block_targets.h"
#include "tests/systemc/fresh_simulation.h"

namespace ohmic {
namespace {

using sc_core::SC_NS;
using sc_core::sc_time;

constexpr std::uint32_t own = 0x10000000u, far = 0x80000000u;

struct seen_access {
  cycle_t cycle;
  std::uint64_t addr;
  unsigned bytes;
  bool write;
};

/// A memory that notes who asks when; its answer takes `delay`.
struct noting_memory : sc_core::sc_module {
  tlm_utils::simple_target_socket<noting_memory> socket{"socket"};
  std::vector<std::uint8_t> bytes;
  std::uint64_t base;
  sc_time delay;
  std::function<sc_time(std::uint64_t)> delay_of;  ///< instead of `delay`, if there is one
  tlm::tlm_response_status answer = tlm::TLM_OK_RESPONSE;
  std::vector<seen_access> seen;

  noting_memory(sc_core::sc_module_name name, std::uint64_t first, std::size_t size, sc_time answer_time)
      : sc_module(name), bytes(size), base(first), delay(answer_time) {
    socket.register_b_transport(this, &noting_memory::b_transport);
  }
  void b_transport(tlm::tlm_generic_payload& payload, sc_time& time) {
    seen.push_back({static_cast<cycle_t>((sc_core::sc_time_stamp() + time) / sc_time(1, SC_NS)), payload.get_address(),
                    payload.get_data_length(), payload.is_write()});
    time += delay_of ? delay_of(payload.get_address()) : delay;
    payload.set_response_status(answer);
    const std::uint64_t at = payload.get_address() - base;
    if (answer != tlm::TLM_OK_RESPONSE || at + payload.get_data_length() > bytes.size()) return;
    if (payload.is_write())
      std::memcpy(&bytes[at], payload.get_data_ptr(), payload.get_data_length());
    else
      std::memcpy(payload.get_data_ptr(), &bytes[at], payload.get_data_length());
  }
};

class DmaModuleTest : public testing::Test {
 protected:
  struct bench : sc_core::sc_module {
    dma_module mover{"mover"};
    noting_memory l1{"l1", 0, 1 << 20, sc_core::SC_ZERO_TIME};
    noting_memory network{"network", far, 1 << 16, sc_time(20, SC_NS)};
    explicit bench(sc_core::sc_module_name name) : sc_module(name) {
      mover.l1.bind(l1.socket);
      mover.network.bind(network.socket);
      driver.bind(mover.registers.socket);
    }
    void put(std::uint32_t offset, std::uint32_t src, std::uint32_t dst, std::uint32_t bytes, std::uint32_t flags = 0) {
      dma_descriptor d{};
      d.flags = 1 | flags;
      d.next = DMA_CHAIN_END;
      d.bytes = bytes;
      d.src_lo = src, d.dst_lo = dst;
      std::memcpy(&l1.bytes[offset], &d, sizeof d);
    }
    /// START of these channels, each with the descriptor at 64 times its number, in cycle 1.
    void start(std::initializer_list<unsigned> channels) {
      sc_core::sc_start(1, SC_NS);
      for (const unsigned c : channels) access(c * 0x10, 64 * c, true);
    }
    std::uint32_t access(std::uint32_t offset, std::uint32_t value, bool write) {
      simple_payload payload(write, offset, reinterpret_cast<std::uint8_t*>(&value), 4);
      sc_time delay = sc_core::SC_ZERO_TIME;
      driver->b_transport(payload, delay);
      return value;
    }
    void run() { sc_core::sc_start(3000, SC_NS); }
    tlm_utils::simple_initiator_socket<bench> driver{"driver"};
  };
  void SetUp() override {
    test::fresh_simulation();
    b = std::make_unique<bench>("bench");
  }
  std::vector<cycle_t> cycles_of(const noting_memory& m, bool write) const {
    std::vector<cycle_t> all;
    for (const seen_access& a : m.seen)
      if (a.write == write) all.push_back(a.cycle);
    return all;
  }
  static std::vector<cycle_t> from(cycle_t first, const std::vector<cycle_t>& steps) {
    std::vector<cycle_t> all;
    for (const cycle_t s : steps) all.push_back(first + s);
    return all;
  }
  std::unique_ptr<bench> b;
};

// Two channels have a burst of four beats each ready; the second one's AW waits until the first one's data are out.
TEST_F(DmaModuleTest, AWriteLeavesWhenTheDataBeforeItAreOut) {
  b->put(0x00, own + 0x1000, far, 256);
  b->put(0x40, own + 0x2000, far + 0x1000, 64);
  b->start({0, 1});
  b->run();
  const std::vector<cycle_t> left = cycles_of(b->network, true);
  ASSERT_EQ(left.size(), 2u);
  EXPECT_EQ(b->network.seen[0].bytes, 256u);
  EXPECT_EQ(left[1] - left[0], 4u);
}

TEST_F(DmaModuleTest, OneReadLeavesPerCycleWhateverItsLength) {
  b->put(0x00, far, own + 0x1000, 3 * 4096);
  b->start({0});
  b->run();
  const std::vector<cycle_t> left = cycles_of(b->network, false);
  ASSERT_EQ(left.size(), 3u);
  EXPECT_EQ(left[1], left[0] + 1);
  EXPECT_EQ(left[2], left[0] + 2);
}

// The first burst's beats come from 20 cycles behind its request on, one per cycle; the second one's behind them.
TEST_F(DmaModuleTest, ReadDataComeOneBeatPerCycleBurstByBurst) {
  b->put(0x00, far + 4096 - 256, own + 0x1000, 512);
  b->start({0});
  b->run();
  const std::vector<cycle_t> left = cycles_of(b->network, false), came = cycles_of(b->l1, true);
  ASSERT_EQ(left.size(), 2u);
  EXPECT_EQ(came, from(left[0] + 20, {0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST_F(DmaModuleTest, AnAnswerTakesACycleAtLeast) {
  b->network.delay = sc_core::SC_ZERO_TIME;
  b->put(0x00, far, own + 0x1000, 64);
  b->start({0});
  b->run();
  EXPECT_EQ(cycles_of(b->l1, true), from(cycles_of(b->network, false).at(0), {1}));
}

// B counts from the write's last beat: 64 beats, then 20 cycles, then the doorbell leaves.
TEST_F(DmaModuleTest, AWritesAnswerCountsFromItsLastBeat) {
  b->put(0x00, own + 0x2000, far, 4096, DMA_NOTIFY_DOORBELL);
  const std::uint32_t bell = far + 0x2000, value = 9;
  std::memcpy(&b->l1.bytes[13 * 4], &bell, 4);
  std::memcpy(&b->l1.bytes[14 * 4], &value, 4);
  b->start({0});
  b->run();
  const std::vector<cycle_t> left = cycles_of(b->network, true);
  ASSERT_EQ(left.size(), 2u);
  EXPECT_EQ(left[1] - left[0], 63u + 20);
  EXPECT_EQ(b->network.bytes[0x2000], 9u);
}

TEST_F(DmaModuleTest, TheOwnDoorbellIsAWriteByItsAddressInTheOwnWindow) {
  b->put(0x00, own + 0x2000, far, 64, DMA_NOTIFY_DOORBELL);
  const std::uint32_t bell = own + (1u << 20) + 0x1B04, value = 1;
  std::memcpy(&b->l1.bytes[13 * 4], &bell, 4);
  std::memcpy(&b->l1.bytes[14 * 4], &value, 4);
  b->start({0});
  b->run();
  ASSERT_EQ(b->network.seen.size(), 2u);
  EXPECT_EQ(b->network.seen[1].addr, bell);
  EXPECT_EQ(b->network.seen[1].bytes, 4u);
  EXPECT_TRUE(b->network.seen[1].write);
}

// An error of a read is known when its last beat would have come.
TEST_F(DmaModuleTest, ErrorsAreReadAsAxisResponses) {
  const auto message = [&](tlm::tlm_response_status status) {
    b->network.answer = status;
    b->put(0x00, far, own + 0x1000, 64);
    b->start({0});
    b->run();
    const auto error = b->mover.take_error();
    return error ? std::string(error->what) : std::string("none");
  };
  EXPECT_NE(message(tlm::TLM_ADDRESS_ERROR_RESPONSE).find("DECERR"), std::string::npos);
  EXPECT_NE(message(tlm::TLM_GENERIC_ERROR_RESPONSE).find("SLVERR"), std::string::npos);
  EXPECT_NE(message(tlm::TLM_COMMAND_ERROR_RESPONSE).find("SLVERR"), std::string::npos);
  EXPECT_EQ(message(tlm::TLM_OK_RESPONSE), "none");
}

// Both notifications leave at once, and in this order: who is rung finds the count.
TEST_F(DmaModuleTest, TheCountLeavesBeforeTheDoorbell) {
  b->put(0x00, own + 0x2000, far, 64, DMA_NOTIFY_COUNT | DMA_NOTIFY_DOORBELL);
  const std::uint32_t places[] = {far + 0x100, far + 0x200};
  std::memcpy(&b->l1.bytes[offsetof(dma_descriptor, notify_lo)], &places[0], 4);
  std::memcpy(&b->l1.bytes[offsetof(dma_descriptor, doorbell_lo)], &places[1], 4);
  b->start({0});
  b->run();
  ASSERT_EQ(b->network.seen.size(), 3u);
  EXPECT_EQ(b->network.seen[0].addr, far);
  EXPECT_EQ(b->network.seen[1].addr, places[0]);
  EXPECT_EQ(b->network.seen[2].addr, places[1]);
  EXPECT_EQ(b->network.seen[2].cycle, b->network.seen[1].cycle + 1) << "W takes a beat per cycle";
}

// R and B are two channels.
TEST_F(DmaModuleTest, AWritesAnswerDoesNotWaitForReadData) {
  b->network.delay_of = [](std::uint64_t addr) { return sc_time(addr >= far + 0x4000 ? 500 : 10, SC_NS); };
  b->put(0x00, far + 0x4000, own + 0x8000, 64);
  b->put(0x40, own + 0x2000, far, 64, DMA_NOTIFY_DOORBELL);
  const std::uint32_t bell = far + 0x2000;
  std::memcpy(&b->l1.bytes[0x40 + offsetof(dma_descriptor, doorbell_lo)], &bell, 4);
  b->start({0, 1});
  b->run();
  const std::vector<cycle_t> left = cycles_of(b->network, true);
  ASSERT_EQ(left.size(), 2u);
  ASSERT_LT(cycles_of(b->network, false).at(0), left[0]) << "the read is under way";
  EXPECT_EQ(left[1] - left[0], 10u);
}

// R carries one burst behind the other, in the order of their requests, however soon the target has the second one's.
TEST_F(DmaModuleTest, ReadDataOfALaterRequestWaitForThoseOfTheEarlierOne) {
  b->network.delay_of = [](std::uint64_t addr) { return sc_time(addr < far + 4096 ? 20 : 1, SC_NS); };
  b->put(0x00, far + 4096 - 256, own + 0x1000, 512);
  b->start({0});
  b->run();
  const std::vector<cycle_t> left = cycles_of(b->network, false), came = cycles_of(b->l1, true);
  ASSERT_EQ(left.size(), 2u);
  EXPECT_EQ(came, from(left[0] + 20, {0, 1, 2, 3, 4, 5, 6, 7}));
}

// Polled in every cycle: the moments at which errors are there.
TEST_F(DmaModuleTest, AnErrorIsKnownWithTheLastBeatOfItsResponse) {
  const auto errors_of = [&](std::uint32_t bytes, std::initializer_list<unsigned> channels, bool write = false) {
    test::fresh_simulation();
    b = std::make_unique<bench>("bench");
    b->network.answer = tlm::TLM_GENERIC_ERROR_RESPONSE;
    // As soon as the first one's: the second one's comes behind it.
    b->network.delay_of = [&](std::uint64_t) { return sc_time(b->network.seen.size() == 1 ? 20 : 19, SC_NS); };
    for (const unsigned c : channels)
      if (write)
        b->put(64 * c, own + 0x1000 * (c + 1), far + 0x1000 * c, bytes);
      else
        b->put(64 * c, far + 0x1000 * c, own + 0x1000 * (c + 1), bytes);
    b->start(channels);
    std::vector<cycle_t> known;
    for (cycle_t now = 2; now < 500; ++now) {
      sc_core::sc_start(1, SC_NS);
      while (b->mover.take_error()) known.push_back(now - cycles_of(b->network, write).at(0));
    }
    return known;
  };
  const std::vector<cycle_t> one = errors_of(64, {0});
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(errors_of(256, {0}), from(one[0], {3})) << "four beats";
  EXPECT_EQ(errors_of(64, {0, 1}), from(one[0], {0, 1}));
  EXPECT_EQ(errors_of(64, {0}, true), from(one[0], {0}));
  EXPECT_EQ(errors_of(64, {0, 1}, true), from(one[0], {0, 1}));
}

}  // namespace
}  // namespace ohmic
