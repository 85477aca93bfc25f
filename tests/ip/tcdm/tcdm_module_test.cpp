// Banked L1 alone in a SystemC platform, driven through its sockets; cycles worked out by hand from the rule "one
// access per bank and cycle, first requester from (cycle mod requesters) on", or by a set of banks per cycle.
#include "ip/tcdm/tcdm_module.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <set>

#include "ip/ima/ima_module.h"
#include "tests/fresh_seed.h"
#include "tests/ip/tlm/timed_access.h"

int sc_main(int, char**) { return 0; }

namespace ohmic {
namespace {

using sc_core::SC_NS;
using sc_core::sc_time;
using cycles = std::vector<cycle_t>;

using initiators = sc_core::sc_vector<tlm_utils::simple_initiator_socket<sc_core::sc_module>>;

struct platform : sc_core::sc_module {
  tcdm_module small{"small", {4096, 16, 4}}, large{"large", {1 << 16, 64, 22}}, shared{"shared", {4096, 16, 3}};
  initiators to_small{"to_small", 4}, to_large{"to_large", 22};
  tlm_utils::simple_initiator_socket<platform> hammer{"hammer"}, to_ima{"to_ima"}, idle{"idle"};
  ima_module accelerator{"accelerator"};

  explicit platform(sc_core::sc_module_name name) : sc_module(name) {
    for (unsigned i = 0; i < 4; ++i) to_small[i].bind(small.ports[i]);
    for (unsigned i = 0; i < 22; ++i) to_large[i].bind(large.ports[i]);
    accelerator.l1.bind(shared.ports[0]);
    hammer.bind(shared.ports[1]);
    idle.bind(shared.ports[2]);
    to_ima.bind(accelerator.registers.socket);
  }
};

platform& the_platform() {
  static auto* const p = new platform("platform");
  if (sc_core::sc_time_stamp() == sc_core::SC_ZERO_TIME) sc_core::sc_start(1, SC_NS);
  return *p;
}

class TcdmModuleTest : public testing::Test {
 protected:
  platform& p = the_platform();

  /// End cycles on the small TCDM (4 requesters, 16 banks), begun in a cycle that is `phase` (mod 4).
  cycles run_small(std::vector<timed_access> accesses, cycle_t phase) {
    run(p.to_small, accesses, 4, phase);
    return ends(accesses);
  }
  static timed_access word(unsigned port, std::uint64_t address, cycle_t at = 0) {
    timed_access access;
    access.port = port, access.address = address, access.at = at;
    return access;
  }
  static timed_access beat(unsigned port, std::uint64_t address, unsigned bytes = 64, cycle_t at = 0) {
    timed_access access = word(port, address, at);
    access.data.resize(bytes);
    return access;
  }
};

TEST_F(TcdmModuleTest, AWordWithoutConflictTakesOneCycle) {
  EXPECT_EQ(run_small({word(0, 0x40)}, 0), cycles{1});
  EXPECT_EQ(run_small({word(0, 0x40), word(1, 0x44), word(2, 0x48), word(3, 0x4C)}, 0), (cycles{1, 1, 1, 1}));
}

TEST_F(TcdmModuleTest, OneBankServesTheRequesterWhoseTurnItIs) {
  // All at bank 0, from a cycle that is 1 (mod 4) on: 1, 2, 3, and 0 last.
  EXPECT_EQ(run_small({word(0, 0), word(1, 64), word(2, 128), word(3, 192)}, 1), (cycles{4, 1, 2, 3}));
  // From 3 on: 3, 0, 1, 2. The order of the calls plays no part.
  EXPECT_EQ(run_small({word(2, 0), word(0, 0), word(3, 0), word(1, 0)}, 3), (cycles{4, 2, 1, 3}));
  // In cycle 1 (mod 4) requester 2 is before 0; in cycle 2 a new request of 3 is before 0 again.
  EXPECT_EQ(run_small({word(0, 0), word(2, 0), word(3, 0, 1)}, 1), (cycles{3, 1, 2}));
}

TEST_F(TcdmModuleTest, ABeatOf16BanksWaitsOnlyForTheWordsItLost) {
  EXPECT_EQ(run_small({beat(0, 0x100)}, 0), cycles{1});
  // Requester 1 has the first choice: the beat gets 15 words, and the last one a cycle later.
  EXPECT_EQ(run_small({beat(0, 0x100), word(1, 0x14)}, 1), (cycles{2, 1}));
  // The beat has the first choice: the word waits.
  EXPECT_EQ(run_small({beat(0, 0x100), word(1, 0x14)}, 0), (cycles{1, 2}));
  // Two beats over all banks, the second one is whole a cycle later; two over half the banks each do not meet.
  EXPECT_EQ(run_small({beat(3, 0), beat(2, 0x40)}, 2), (cycles{2, 1}));
  EXPECT_EQ(run_small({beat(3, 0, 32), beat(2, 0x20, 32)}, 2), (cycles{1, 1}));
}

TEST_F(TcdmModuleTest, ABeatIsMadeOfItsGrants) {
  // The write takes bank 5 in the first cycle; the beat reads that word a cycle later, so it sees the write.
  std::iota(p.small.data(), p.small.data() + 64, std::uint8_t{0});
  timed_access store = word(1, 0x14);
  store.write = true;
  store.data = {0xA1, 0xA2, 0xA3, 0xA4};
  std::vector<timed_access> accesses = {beat(0, 0), store};
  run(p.to_small, accesses, 4, 1);
  EXPECT_EQ(ends(accesses), (cycles{2, 1}));
  for (unsigned i = 0; i < 64; ++i) EXPECT_EQ(accesses[0].data[i], i / 4 == 5 ? 0xA1 + i % 4 : i);
}

TEST_F(TcdmModuleTest, UnalignedBytesTouchNothingElse) {
  std::fill_n(p.small.data(), 128, std::uint8_t{0xEE});
  timed_access store = beat(0, 0x21, 9);
  store.write = true;
  std::iota(store.data.begin(), store.data.end(), std::uint8_t{1});
  std::vector<timed_access> accesses = {store, beat(1, 0x20, 12, 5)};
  run(p.to_small, accesses);
  EXPECT_EQ(accesses[1].data, (std::vector<std::uint8_t>{0xEE, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xEE, 0xEE}));
}

TEST_F(TcdmModuleTest, AnnotatedTimeIsTimeOfTheRequest) {
  timed_access ahead = word(0, 0, 3);
  ahead.annotated = 3;
  EXPECT_EQ(run_small({ahead, word(1, 0, 3)}, 2), (cycles{5, 4})) << "both in cycle 5, which is 1 (mod 4)";
}

TEST_F(TcdmModuleTest, APortServesItsTransactionsOneAfterTheOther) {
  EXPECT_EQ(run_small({word(0, 0), word(0, 4), word(0, 8, 1)}, 0), (cycles{1, 2, 3}));
}

TEST_F(TcdmModuleTest, RefusesWhatNoBeatCanBe) {
  const auto status = [&](const timed_access& access) {
    std::vector<timed_access> one = {access};
    run(p.to_small, one);
    EXPECT_EQ(one[0].end, 1u);
    return one[0].status;
  };
  EXPECT_EQ(status(word(0, 4096)), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(status(word(0, 4094)), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(status(word(0, ~std::uint64_t{0} - 3)), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(status(beat(0, 0, 65)), tlm::TLM_BURST_ERROR_RESPONSE);
  EXPECT_EQ(status(beat(0, 1, 64)), tlm::TLM_BURST_ERROR_RESPONSE) << "17 words";
  EXPECT_EQ(status(beat(0, 1, 63)), tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(status(beat(0, 0, 0)), tlm::TLM_BURST_ERROR_RESPONSE);
  EXPECT_EQ(status(word(0, 4092)), tlm::TLM_OK_RESPONSE);
}

TEST_F(TcdmModuleTest, RefusesByteEnables) {
  std::uint8_t data[4] = {}, enable[1] = {TLM_BYTE_ENABLED};
  simple_payload payload(true, 0, data, 4);
  payload.set_byte_enable_ptr(enable);
  payload.set_byte_enable_length(1);
  sc_time delay;
  p.to_small[0]->b_transport(payload, delay);
  EXPECT_EQ(payload.get_response_status(), tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
}

TEST_F(TcdmModuleTest, DebugReachesEveryByteAndTakesNoTime) {
  std::vector<std::uint8_t> data(4096), back(4096);
  std::iota(data.begin(), data.end(), std::uint8_t{0});
  simple_payload in(true, 0, data.data(), 4096), out(false, 0, back.data(), 4096), end(false, 4000, back.data(), 200);
  const sc_time before = sc_core::sc_time_stamp();
  EXPECT_EQ(p.to_small[3]->transport_dbg(in), 4096u);
  EXPECT_EQ(p.to_small[0]->transport_dbg(out), 4096u);
  EXPECT_EQ(back, data);
  EXPECT_EQ(p.to_small[0]->transport_dbg(end), 96u);
  end.set_address(4096);
  EXPECT_EQ(p.to_small[0]->transport_dbg(end), 0u);
  EXPECT_EQ(sc_core::sc_time_stamp(), before);
}

TEST_F(TcdmModuleTest, GivesAPointerToTheWholeMemory) {
  tlm::tlm_generic_payload payload;
  tlm::tlm_dmi dmi;
  ASSERT_TRUE(p.to_large[21]->get_direct_mem_ptr(payload, dmi));
  EXPECT_EQ(dmi.get_dmi_ptr(), p.large.data());
  EXPECT_EQ(dmi.get_end_address(), 0xFFFFu);
  EXPECT_TRUE(dmi.is_read_write_allowed());
  EXPECT_EQ(dmi.get_read_latency(), sc_time(1, SC_NS));
}

// Oracle: the rule, cycle by cycle, with a set of taken banks.
TEST_F(TcdmModuleTest, AgreesWithTheRuleUnderRandomLoad) {
  const unsigned seed = fresh_seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  constexpr unsigned requesters = 22, banks = 64;
  std::vector<timed_access> accesses;
  for (unsigned i = 0; i < requesters; ++i)
    for (unsigned k = 0; k < 30; ++k)
      accesses.push_back(i % 4 == 0 ? beat(i, random() % 100 * 4, 4 + random() % 16 * 4, 200 * k + random() % 3)
                                    : word(i, random() % 100 * 4, 200 * k + random() % 3));
  run(p.to_large, accesses, requesters, 0);
  std::vector<std::set<std::uint64_t>> words(accesses.size());
  for (std::size_t n = 0; n < accesses.size(); ++n)
    for (std::uint64_t at = 0; at < accesses[n].data.size(); at += 4) words[n].insert((accesses[n].address + at) / 4);
  unsigned waited = 0;
  for (cycle_t now = 0; now < 200 * 30; ++now) {
    std::set<std::uint64_t> taken;
    for (unsigned k = 0; k < requesters; ++k)
      for (std::size_t n = 0; n < accesses.size(); ++n) {
        if (accesses[n].port != (now + k) % requesters || accesses[n].at > now || words[n].empty()) continue;
        for (auto w = words[n].begin(); w != words[n].end();)
          w = taken.insert(*w % banks).second ? words[n].erase(w) : ++w;
        if (!words[n].empty()) continue;
        ASSERT_EQ(accesses[n].end, now + 1) << "access " << n;
        waited += now != accesses[n].at;
      }
  }
  EXPECT_GT(waited, 100u);
}

// The IMA's one input beat needs all 16 banks, and another requester wants bank 0 in every cycle. Of three cycles in a
// row the IMA comes first in two (its own turn, and that of a port that asks for nothing): so of three starts in
// successive cycles, one costs a cycle more.
TEST_F(TcdmModuleTest, ABlockBehindASocketLosesWhatTheRuleSays) {
  const auto set = [&](std::uint32_t offset, std::uint32_t value) {
    simple_payload payload(true, offset, reinterpret_cast<std::uint8_t*>(&value), 4);
    sc_time delay;
    p.to_ima->b_transport(payload, delay);
    EXPECT_TRUE(payload.is_response_ok());
  };
  const auto run_job = [&](cycle_t phase, bool disturbed) {
    sc_time took;
    sc_core::sc_spawn([&, phase] {
      const cycle_clock clock(sc_time(1, SC_NS));
      sc_core::wait(clock.until((clock.cycle() / 3 + 2) * 3 + phase));
      namespace reg = registers::ima;
      set(0x000, 64), set(0x004, 1);
      for (const std::uint32_t loop : {0x010u, 0x020u, 0x030u, 0x040u, 0x050u}) set(loop, 1);
      set(reg::ring_base_offset, 0x100), set(reg::x_range_offset, 1u << 16), set(reg::y_range_offset, 1u << 16);
      set(reg::adc_m_offset, 1), set(reg::adc_s_offset, 1), set(reg::groups_offset, 1);
      set(reg::group_columns_offset, 1u << 16), set(reg::group_base_offset, 0x204);  // the result is not in bank 0
      const sc_time pushed = sc_core::sc_time_stamp();
      set(reg::push_offset, 1);
      sc_core::wait(p.accelerator.raised);
      p.accelerator.take_events();
      took = sc_core::sc_time_stamp() - pushed;
    });
    if (disturbed)
      sc_core::sc_spawn([&] {
        for (unsigned i = 0; i < 100; ++i) {
          std::uint8_t data[4] = {};
          simple_payload payload(false, 0, data, 4);
          sc_time delay;
          p.hammer->b_transport(payload, delay);
          sc_core::wait(delay);
        }
      });
    sc_core::sc_start(1000, SC_NS);
    return static_cast<int>(took / sc_time(1, SC_NS) + 0.5);
  };
  const int alone = run_job(0, false);
  EXPECT_NEAR(alone, 132, 2) << "one beat in, 130 cycles, one beat out";
  int more = 0;
  for (const cycle_t phase : {0u, 1u, 2u}) {
    EXPECT_EQ(run_job(phase, false), alone);
    const int extra = run_job(phase, true) - alone;
    EXPECT_TRUE(extra == 0 || extra == 1);
    more += extra;
  }
  EXPECT_EQ(more, 1);
}

}  // namespace
}  // namespace ohmic
