// The shared instruction cache alone in a SystemC platform: cores' fetches and the network's bursts through sockets,
// cycles worked out by hand from docs/timing.md.
#include "ip/icache/icache_module.h"

#include <gtest/gtest.h>

#include <array>
#include <map>

#include "tests/ip/tlm/timed_access.h"

int sc_main(int, char**) { return 0; }

namespace ohmic {
namespace {

using sc_core::SC_NS;
using sc_core::sc_time;
using cycles = std::vector<cycle_t>;

constexpr unsigned cores = 4;
constexpr cycle_t network_cycles = 20;
constexpr std::uint32_t no_text = 0x8000;

/// The memory at the end of the network: 20 cycles per burst, nothing behind 32 KiB. Counts who reads what.
struct memory : sc_core::sc_module {
  tlm_utils::simple_target_socket<memory> socket{"socket"};
  std::array<std::uint8_t, no_text> bytes{};
  std::map<std::uint64_t, unsigned> bursts;
  unsigned longest = 0;

  explicit memory(sc_core::sc_module_name name) : sc_module(name) {
    socket.register_b_transport(this, &memory::b_transport);
    socket.register_transport_dbg(this, &memory::transport_dbg);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 37 >> 3);
  }
  void b_transport(tlm::tlm_generic_payload& payload, sc_time& delay) {
    ++bursts[payload.get_address()];
    longest = std::max(longest, payload.get_data_length());
    delay += sc_time(static_cast<double>(network_cycles), SC_NS);
    payload.set_response_status(transport_dbg(payload) != 0 ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE);
  }
  unsigned transport_dbg(tlm::tlm_generic_payload& payload) {
    if (payload.get_address() >= bytes.size()) return 0;
    std::uint8_t* const at = bytes.data() + payload.get_address();
    if (payload.is_read())
      std::memcpy(payload.get_data_ptr(), at, payload.get_data_length());
    else
      std::memcpy(at, payload.get_data_ptr(), payload.get_data_length());
    return payload.get_data_length();
  }
};

shared_icache_config four_cores() {
  shared_icache_config config;
  config.cores = cores;
  return config;
}

struct platform : sc_core::sc_module {
  icache_module cache{"cache", four_cores()};
  memory far{"far"};
  sc_core::sc_vector<tlm_utils::simple_initiator_socket<sc_core::sc_module>> fetch{"fetch", cores};

  explicit platform(sc_core::sc_module_name name) : sc_module(name) {
    for (unsigned i = 0; i < cores; ++i) fetch[i].bind(cache.cores[i]);
    cache.network.bind(far.socket);
  }
};

platform& the_platform() {
  static auto* const p = new platform("platform");
  if (sc_core::sc_time_stamp() == sc_core::SC_ZERO_TIME) sc_core::sc_start(1, SC_NS);
  return *p;
}

timed_access fetch(unsigned core, std::uint64_t address, cycle_t at = 0, unsigned bytes = 16) {
  timed_access access;
  access.port = core, access.address = address, access.at = at;
  access.data.resize(bytes);
  return access;
}

class IcacheModuleTest : public testing::Test {
 protected:
  IcacheModuleTest() {
    p.cache.flush();
    p.far.bursts.clear();
  }
  /// End cycles of fetches begun in a cycle that is `phase` (mod 4).
  cycles run_all(std::vector<timed_access> accesses, cycle_t phase = 0) {
    run(p.fetch, accesses, cores, phase);
    for (const timed_access& access : accesses)
      EXPECT_EQ(std::memcmp(access.data.data(), &p.far.bytes[access.address], access.data.size()), 0);
    return ends(accesses);
  }
  void warm(std::initializer_list<std::uint32_t> lines) {
    for (const std::uint32_t line : lines) run_all({fetch(0, line)});
    p.far.bursts.clear();
  }

  platform& p = the_platform();
};

TEST_F(IcacheModuleTest, AHitTakesThreeCycles) {
  warm({0x1000});
  EXPECT_EQ(run_all({fetch(2, 0x1000)}), cycles{3});
  EXPECT_EQ(run_all({fetch(2, 0x103C, 5, 4)}), cycles{8}) << "any part of the line";
  EXPECT_TRUE(p.far.bursts.empty());
}

// Lookup, 1 cycle to leave, 20 in the network, 1 to refill.
TEST_F(IcacheModuleTest, AMissReadsItsLineOnce) {
  EXPECT_EQ(run_all({fetch(1, 0x1050, 0, 32)}), cycles{1 + network_cycles + 1});
  EXPECT_EQ(p.far.bursts, (std::map<std::uint64_t, unsigned>{{0x1040, 1}}));
  EXPECT_EQ(p.far.longest, 64u);
}

TEST_F(IcacheModuleTest, MissesOfOneLineShareItsBurst) {
  EXPECT_EQ(run_all({fetch(0, 0x2000), fetch(1, 0x2010), fetch(2, 0x2020, 10), fetch(3, 0x2000, 20)}),
            (cycles{22, 22, 22, 22}));
  EXPECT_EQ(p.far.bursts, (std::map<std::uint64_t, unsigned>{{0x2000, 1}}));
}

TEST_F(IcacheModuleTest, EachCoreHasALineOnItsWay) {
  EXPECT_EQ(run_all({fetch(0, 0x2000), fetch(1, 0x2040), fetch(2, 0x2080), fetch(3, 0x20C0)}),
            (cycles{22, 22, 22, 22}));
  EXPECT_EQ(p.far.bursts.size(), 4u);
}

TEST_F(IcacheModuleTest, ABankLooksUpOneLinePerCycleInTurn) {
  warm({0x1000, 0x1040, 0x1080, 0x10C0, 0x1100});
  EXPECT_EQ(run_all({fetch(0, 0x1000), fetch(1, 0x1040), fetch(2, 0x1080), fetch(3, 0x10C0)}), (cycles{3, 3, 3, 3}));
  // Lines 0x1000 and 0x1100 share a bank. In a cycle that is 2 (mod 4) core 3 comes first, then 0, 1 as the turn is
  // at 3, 0, 1.
  EXPECT_EQ(run_all({fetch(0, 0x1000), fetch(1, 0x1100), fetch(3, 0x1000)}, 2), (cycles{4, 5, 3}));
}

TEST_F(IcacheModuleTest, ACoreFetchesOneLineAtATime) {
  warm({0x1000, 0x1040});
  const cycles both = run_all({fetch(0, 0x1000), fetch(0, 0x1040)});
  EXPECT_EQ(both[0], 3u);
  EXPECT_GE(both[1], 4u);
}

TEST_F(IcacheModuleTest, ALineKeepsItsBytesUntilItIsFlushed) {
  warm({0x3000});
  const std::uint8_t old = p.far.bytes[0x3000];
  std::uint8_t fresh = static_cast<std::uint8_t>(old + 1);
  simple_payload store(true, 0x3000, &fresh, 1);
  EXPECT_EQ(p.fetch[0]->transport_dbg(store), 1u) << "debug transport reaches memory";
  std::vector<timed_access> again = {fetch(1, 0x3000, 0, 1)};
  run(p.fetch, again);
  EXPECT_EQ(again[0].data[0], old);
  p.cache.flush();
  run(p.fetch, again);
  EXPECT_EQ(again[0].data[0], fresh);
}

TEST_F(IcacheModuleTest, ALineThatCannotBeReadIsAnErrorForAllWhoWait) {
  std::vector<timed_access> accesses = {fetch(0, no_text), fetch(1, no_text + 4, 3), fetch(2, no_text, 100)};
  run(p.fetch, accesses);
  for (const timed_access& access : accesses) EXPECT_EQ(access.status, tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(accesses[1].end, 22u);
  EXPECT_EQ(p.far.bursts[no_text], 2u) << "not kept: asked for again";
}

TEST_F(IcacheModuleTest, RefusesWhatIsNoFetch) {
  const auto status = [&](timed_access access) {
    std::vector<timed_access> one = {access};
    run(p.fetch, one);
    EXPECT_EQ(one[0].end, 1u);
    return one[0].status;
  };
  timed_access store = fetch(0, 0x1000);
  store.write = true;
  EXPECT_EQ(status(store), tlm::TLM_COMMAND_ERROR_RESPONSE);
  EXPECT_EQ(status(fetch(0, 0x1000, 0, 65)), tlm::TLM_BURST_ERROR_RESPONSE);
  EXPECT_EQ(status(fetch(0, 0x103E, 0, 4)), tlm::TLM_BURST_ERROR_RESPONSE) << "across the line's end";
  EXPECT_EQ(status(fetch(0, 0x1000, 0, 0)), tlm::TLM_BURST_ERROR_RESPONSE);
  EXPECT_EQ(status(fetch(0, 0x1'0000'0000)), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_TRUE(p.far.bursts.empty());
}

TEST_F(IcacheModuleTest, GivesNoPointer) {
  tlm::tlm_generic_payload payload;
  tlm::tlm_dmi dmi;
  EXPECT_FALSE(p.fetch[0]->get_direct_mem_ptr(payload, dmi));
}

TEST_F(IcacheModuleTest, AFifthLineOfASetReplacesTheFirst) {
  warm({0, 0x1000, 0x2000, 0x3000, 0x4000});  // 16 KiB, 4 ways: 4 KiB apart is one set
  EXPECT_EQ(run_all({fetch(0, 0x1000)}), cycles{3});
  EXPECT_EQ(run_all({fetch(0, 0)}), cycles{22});
}

}  // namespace
}  // namespace ohmic
