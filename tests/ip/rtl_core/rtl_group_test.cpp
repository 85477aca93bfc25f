#include "ip/rtl_core/rtl_group.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "ip/core/core_mix.h"
#include "ip/iss/iss_group.h"
#include "tests/cosim/core_bench.h"
#include "tests/ip/iss/random_program.h"

namespace ohmic {
namespace {

constexpr std::uint32_t base = 0x80000000;

text_bytes text_of(const std::vector<std::uint32_t>& words) {
  return {base, static_cast<std::uint32_t>(words.size() * 4), reinterpret_cast<const std::uint8_t*>(words.data())};
}

/// Answers everything but the bus at once until the hart asks for the bus or halts.
core_stop to_the_bus(rtl_group& group) {
  null_observer nobody;
  for (;;) {
    const core_stop stop = group.advance(0, never, nobody);
    if (stop == core_stop::horizon) continue;
    if (stop != core_stop::fetch) return stop;
    group.fetch_complete(0, group.time(0));
  }
}

TEST(RtlGroupTest, AccessesCarryAddressSizeDataAndTheInstructionsPc) {
  // lui a0, 0x10000; addi a1, zero, -2; sb a1, 3(a0); sh a1, 6(a0); sw a1, 9(a0) (two halves); lhu a2, 2(a0); j .
  const std::vector<std::uint32_t> words = {0x10000537, 0xffe00593, 0x00b501a3, 0x00b51323,
                                            0x00b524a3, 0x00255603, 0x0000006f};
  rtl_group group(text_of(words), 1, 0);
  group.start(0, base, 0);
  struct expected {
    std::uint32_t addr, wdata;
    unsigned size;
    bool write;
    std::uint32_t pc;
  };
  const expected all[] = {{0x10000003, 0xfe, 1, true, base + 8},
                          {0x10000006, 0xfffe, 2, true, base + 12},
                          {0x10000009, 0xfffffe, 3, true, base + 16},
                          {0x1000000c, 0xff, 1, true, base + 16},
                          {0x10000002, 0, 2, false, base + 20}};
  for (const expected& e : all) {
    ASSERT_EQ(to_the_bus(group), core_stop::bus);
    const bus_request r = group.request(0);
    EXPECT_EQ(r.addr, e.addr);
    EXPECT_EQ(r.size, e.size);
    EXPECT_EQ(r.write, e.write);
    EXPECT_EQ(r.pc, e.pc);
    if (e.write) EXPECT_EQ(r.wdata & ((std::uint64_t{1} << 8 * e.size) - 1), e.wdata);
    group.complete(0, 0x8765, r.cycle, r.cycle + 1);
  }
  null_observer nobody;
  group.advance(0, group.time(0) + 8, nobody);
  EXPECT_EQ(group.x(0, 12), 0x8765u);
}

TEST(RtlGroupTest, ASleepingHartCountsNoAwakeCyclesAndKeepsItsTime) {
  // lui a0, 0x10200; cv.elw a1, 0(a0); sw a1, 4(a0); j .
  const std::vector<std::uint32_t> words = {0x10200537, 0x0005358b, 0x00b52223, 0x0000006f};
  cycle_t awake[2] = {};
  for (unsigned i = 0; i < 2; ++i) {
    rtl_group group(text_of(words), 1, 0);
    group.start(0, base, 0);
    ASSERT_EQ(to_the_bus(group), core_stop::bus);
    const bus_request wait = group.request(0);
    const cycle_t valid = wait.cycle + (i == 0 ? 100 : 1000000);
    group.complete(0, 42, wait.cycle, valid);
    ASSERT_EQ(to_the_bus(group), core_stop::bus);
    EXPECT_EQ(group.request(0).wdata, 42u);
    EXPECT_EQ(group.request(0).cycle, valid + 2);  // as the ISS: two cycles behind the response
    awake[i] = group.counters(0).awake_cycles;
  }
  EXPECT_EQ(awake[0], awake[1]);
}

TEST(RtlGroupTest, ExecutingOutsideTheTextHaltsAndPrefetchingDoesNot) {
  // addi a0, zero, 3; addi a0, a0, -1; bnez a0, -4 (at the end of the text: prefetched past it); jr zero
  const std::vector<std::uint32_t> words = {0x00300513, 0xfff50513, 0xfe051ee3, 0x00000067};
  rtl_group group(text_of(words), 1, 0);
  group.start(0, base, 0);
  EXPECT_EQ(to_the_bus(group), core_stop::halted);
  EXPECT_EQ(group.fault(0), hart_fault::fetch_outside_text);
  EXPECT_EQ(group.pc(0), 0u);
  EXPECT_EQ(group.counters(0).retired, 8u);
}

TEST(RtlGroupTest, ALateLineDelaysTheInstructionAndNothingElse) {
  // 15 instructions and a store at the begin of the next line
  std::vector<std::uint32_t> words(16, 0x00150513);
  words.push_back(0x00a02023);
  words.push_back(0x0000006f);
  cycle_t stored[2] = {};
  for (unsigned late : {0u, 1u}) {
    rtl_group group(text_of(words), 1, 0);
    group.start(0, base, 0);
    null_observer nobody;
    ASSERT_EQ(group.advance(0, never, nobody), core_stop::fetch);
    EXPECT_EQ(group.fetch_line(0), base);
    group.fetch_complete(0, group.time(0));
    ASSERT_EQ(group.advance(0, never, nobody), core_stop::fetch);
    EXPECT_EQ(group.fetch_line(0), base + 64);
    group.fetch_complete(0, group.time(0) + 1 + (late != 0 ? 7 : 0));
    ASSERT_EQ(group.advance(0, never, nobody), core_stop::bus);
    EXPECT_EQ(group.request(0).wdata, 16u);
    stored[late] = group.request(0).cycle;
  }
  EXPECT_EQ(stored[1] - stored[0], 7u);
}

struct records {
  static constexpr bool enabled = true;
  std::vector<retire_record> all;
  void retire(unsigned, const retire_record& r) { all.push_back(r); }
};

/// A program begun on the ISS and handed over at any retirement, in hardware loops and handlers too, goes on in RTL as
/// if nothing had happened: same instructions, registers and memory.
TEST(RtlGroupTest, AStateOfTheIssGoesOnInRtl) {
  unsigned handed_over = 0, in_loops = 0;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    const test::test_program random = test::make_random_program(seed);
    const test::assembled_program program = test::assemble(random);
    const decoded_text text(base, program.words.data(), program.words.size() * 4);
    null_observer nobody;
    records whole, rest;
    std::vector<std::uint8_t> expected = random.memory, memory = random.memory;
    iss_group iss(text, 1, 0);
    iss.start(0, program.boot, 0);
    ASSERT_TRUE(test::run_to_end(iss, whole, expected, never));

    iss_group begun(text, 1, 0);
    begun.start(0, program.boot, 0);
    if (test::run_to_end(begun, nobody, memory, 100 + 37 * seed % 700)) continue;
    const hart_state state = begun.save(0);
    if (!text.contains(state.pc)) continue;  // at the very end
    in_loops += state.lpcount[0] != 0 || state.lpcount[1] != 0;
    rtl_group rtl(text_of(program.words), 1, 0);
    rtl.start(0, program.boot, begun.time(0));
    rtl.restore(0, state);
    for (core_stop stop; (stop = rtl.advance(0, 200000, rest)) != core_stop::halted;) {
      ASSERT_LT(rtl.time(0), 200000u) << "seed " << seed;
      if (stop == core_stop::horizon) continue;
      if (stop == core_stop::fetch) {
        rtl.fetch_complete(0, rtl.time(0));
      } else {
        const bus_request r = rtl.request(0);
        rtl.complete(0, test::access(memory, r), r.cycle, r.cycle + 1);
      }
    }
    ++handed_over;
    ASSERT_FALSE(rest.all.empty());
    const std::size_t skipped = whole.all.size() - rest.all.size();
    ASSERT_EQ(rest.all.front().pc, state.pc) << "seed " << seed;
    for (std::size_t i = 0; i < rest.all.size(); ++i) {
      const retire_record &a = whole.all[skipped + i], &b = rest.all[i];
      ASSERT_EQ(a.pc, b.pc) << "seed " << seed << " retirement " << i;
      ASSERT_EQ(a.rd_value, b.rd_value) << "seed " << seed << " pc " << std::hex << a.pc;
      ASSERT_EQ(a.mem_addr, b.mem_addr) << "seed " << seed << " pc " << std::hex << a.pc;
      ASSERT_EQ(a.mem_data, b.mem_data) << "seed " << seed << " pc " << std::hex << a.pc;
    }
    EXPECT_EQ(memory, expected) << "seed " << seed;
  }
  EXPECT_GT(handed_over, 20u);
  EXPECT_GT(in_loops, 3u);
}

/// Every hart of a mix runs as its own kind; both kinds end with the same memory and registers.
unsigned threads_of_this_process() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("Threads:", 0) == 0) return static_cast<unsigned>(std::stoul(line.substr(8)));
  return 0;
}

TEST(RtlGroupTest, HartsBringNoThreadsOfTheirOwn) {
  const std::vector<std::uint32_t> words = {0x0000006f};
  const unsigned before = threads_of_this_process();
  ASSERT_NE(before, 0u);
  rtl_group group(text_of(words), 16, 0);
  for (unsigned h = 0; h < 16; ++h) group.start(h, base, 0);
  EXPECT_EQ(threads_of_this_process(), before);
}

TEST(CoreMixTest, RtlAndIssSideBySideComputeTheSame) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    const test::test_program random = test::make_random_program(seed);
    const test::assembled_program program = test::assemble(random);
    const auto bytes = static_cast<std::uint32_t>(program.words.size() * 4);
    const decoded_text text(base, program.words.data(), bytes);
    using mix = core_mix<iss_group, rtl_group>;
    std::map<unsigned, std::vector<std::uint8_t>> memories;
    std::map<unsigned, std::vector<std::uint32_t>> registers;
    for (unsigned kind : {0u, 1u}) {
      mix cores({static_cast<std::uint8_t>(kind)}, iss_group(text, 1, 0), rtl_group(text_of(program.words), 1, 0));
      cores.start(0, program.boot, 0);
      std::vector<std::uint8_t> memory = random.memory;
      null_observer nobody;
      test::core_bench<mix> bench(cores, memory, seed, {});
      ASSERT_TRUE(bench.run(200000, nobody));
      memories[kind] = memory;
      for (unsigned r = 0; r < 32; ++r) registers[kind].push_back(cores.x(0, r));
    }
    EXPECT_EQ(memories[0], memories[1]) << "seed " << seed;
    EXPECT_EQ(registers[0], registers[1]) << "seed " << seed;
  }
}

}  // namespace
}  // namespace ohmic
