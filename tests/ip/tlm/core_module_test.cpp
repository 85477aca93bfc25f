// A cluster put together from modules alone: harts of the ISS, shared instruction cache, banked L1, a memory behind.
#include "ip/tlm/core_module.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "ip/icache/icache_module.h"
#include "ip/iss/iss_module.h"
#include "ip/tcdm/tcdm_module.h"
#include "ip/tlm/block_module.h"
#include "ip/tlm/block_targets.h"

int sc_main(int, char**) { return 0; }

namespace ohmic {
namespace {

using sc_core::SC_NS;
using sc_core::sc_time;

constexpr unsigned harts = 3;
constexpr std::uint32_t base = 0x1000;
constexpr cycle_t memory_cycles = 20;

/// Hart n's program: 30 times a load of the word at x10 and an addition to x11; then it leaves the text.
std::vector<std::uint32_t> program() {
  return {0x01e00293,   // addi x5, x0, 30
          0x00052303,   // lw x6, 0(x10)
          0xfff28293,   // addi x5, x5, -1
          0x006585b3,   // add x11, x11, x6
          0xfe029ae3,   // bne x5, x0, -12
          0x00000067};  // jalr x0, 0(x0)
}

struct platform : sc_core::sc_module {
  std::vector<std::uint32_t> words = program();
  decoded_text text{base, words.data(), words.size() * 4};
  iss_module hart[harts] = {{"hart0", text, 0}, {"hart1", text, 1}, {"hart2", text, 2}};
  iss_module without_cache{"without_cache", text, 3};
  icache_module cache{"cache", three_cores()};
  tcdm_module l1{"l1", {4096, 16, harts + 1}};
  std::vector<std::uint8_t> behind = std::vector<std::uint8_t>(8192);  // harts do not look at the bytes of a line
  block_module<memory_target> memory{
      "memory", {behind.data(), behind.size()}, sc_time(static_cast<double>(memory_cycles), SC_NS), sc_time(1, SC_NS)};

  static shared_icache_config three_cores() {
    shared_icache_config config;
    config.cores = harts;
    return config;
  }
  explicit platform(sc_core::sc_module_name name) : sc_module(name) {
    for (unsigned i = 0; i < harts; ++i) {
      hart[i].data.bind(l1.ports[i]);
      hart[i].fetch.bind(cache.cores[i]);
    }
    without_cache.data.bind(l1.ports[harts]);
    cache.network.bind(memory.socket);
  }
};

/// All harts have run, hart n on the words at `at[n]`; each word holds its own address.
platform& the_platform() {
  static auto* const made = [] {
    auto* p = new platform("platform");
    for (std::uint32_t a = 0; a < 4096; a += 4) std::memcpy(p->l1.data() + a, &a, 4);
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    const auto start = [](iss_module& hart, std::uint32_t address) {
      hart.start(base);
      hart_state s = hart.harts().save(0);
      s.x[10] = address;
      hart.harts().restore(0, s);
    };
    start(p->without_cache, 0x800);
    sc_core::sc_start(2000, SC_NS);
    for (unsigned i = 0; i < harts; ++i) start(p->hart[i], 0x100 + 64 * i);  // one bank
    sc_core::sc_start(2000, SC_NS);
    return p;
  }();
  return *made;
}

TEST(CoreModule, RunsItsProgramThroughCacheAndBanks) {
  platform& p = the_platform();
  for (unsigned i = 0; i < harts; ++i) {
    EXPECT_EQ(p.hart[i].harts().fault(0), hart_fault::fetch_outside_text);
    EXPECT_EQ(p.hart[i].harts().x(0, 11), 30 * (0x100 + 64 * i));
    EXPECT_FALSE(p.hart[i].take_error());
  }
}

TEST(CoreModule, HartsOfOneTextShareItsLines) {
  platform& p = the_platform();
  EXPECT_EQ(p.cache.count().misses, 1u) << "the whole program is one line";
  EXPECT_EQ(p.cache.count().merged, harts - 1);
}

// Alone, without a cache: 1 + 30 * (lw 1, addi 1, add 1, bne 3) - 2 for the last branch, and the jump. Three harts in
// one bank ask for it every six cycles, so after the first round they meet no more: the first load costs 0, 1, 2.
TEST(CoreModule, TimeIsThatOfCacheAndBanks) {
  platform& p = the_platform();
  const cycle_t alone = p.without_cache.harts().time(0);
  EXPECT_NEAR(static_cast<double>(alone), 1 + 30 * 6 - 2 + 3, 4);
  const cycle_t begun = 2000, miss = 1 + memory_cycles + 1;  // leaves, travels, is refilled
  std::vector<cycle_t> extra;
  for (unsigned i = 0; i < harts; ++i) extra.push_back(p.hart[i].harts().time(0) - begun - alone);
  std::sort(extra.begin(), extra.end());
  EXPECT_GE(extra[0], miss - 1);  // the fetch's own cycle is in `alone`
  EXPECT_LE(extra[0], miss + harts);
  EXPECT_EQ(extra[1], extra[0] + 1);
  EXPECT_EQ(extra[2], extra[0] + 2);
}

}  // namespace
}  // namespace ohmic
