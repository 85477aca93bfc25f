// Debug transport through the whole chip, and the ways in which a run ends.
#include <gtest/gtest.h>

#include <random>

#include "platform/machine/loading.h"
#include "tests/platform/machine/machine_bench.h"

namespace ohmic {
namespace {

TEST(DebugTest, ReachesEveryRegisterAndByteOfTheChip) {
  run_request r;
  r.program = "cluster_edges";
  r.chip = small_chip({2, 2}, 4);
  r.after = [&](machine& m) {
    auto check = [](bool ok, const char* what) {
      if (!ok) throw std::runtime_error(what);
    };
    std::mt19937 random(1);
    std::vector<std::uint8_t> bytes(r.chip.cluster.l1_bytes), back(bytes.size());
    std::uint32_t w = 0;
    for (unsigned i = 0; i < 4; ++i) {
      for (auto& b : bytes) b = static_cast<std::uint8_t>(random());
      check(m.write(r.chip.cluster_l1(i), bytes.data(), bytes.size()), "write L1");
      check(m.read(r.chip.cluster_l1(i), back.data(), back.size()) && back == bytes, "read L1");
      check(std::memcmp(m.l1(i), bytes.data(), bytes.size()) == 0, "L1 itself");
      std::vector<std::uint8_t> weights(256 * 256), weights_back(256 * 256);
      for (auto& b : weights) b = static_cast<std::uint8_t>(random());
      check(m.write(r.chip.cluster_peripherals(i) + 0x10000, weights.data(), weights.size()), "write crossbar");
      check(m.read(r.chip.cluster_peripherals(i) + 0x10000, weights_back.data(), weights.size()) &&
                weights == weights_back,
            "crossbar");
      check(!m.read(r.chip.cluster_peripherals(i) + 0x10000 + 256 * 256, weights_back.data(), 4),
            "behind the crossbar");
      check(m.read_word(r.chip.cluster_peripherals(i), w) && w == i, "CLUSTER_ID");
      check(m.write_word(r.chip.cluster_peripherals(i) + 0x40, 77 + i), "ARGUMENT");
      check(m.read_word(r.chip.cluster_peripherals(i) + 0x40, w) && w == 77 + i, "ARGUMENT back");
      check(m.read_word(r.chip.cluster_peripherals(i) + 0x2100, w), "DMA BUSY");
      check(m.read_word(r.chip.cluster_peripherals(i) + 0x3204, w), "IMA STATUS");
      check(!m.read_word(r.chip.cluster_peripherals(i) + 0x2C, w), "no register there");
      check(!m.read_word(r.chip.cluster_peripherals(i) + 0x7000, w), "no block there");
    }
    for (const std::uint64_t at :
         {std::uint64_t{chip_config::hbm_base} + 4090, chip_config::hbm_base + r.chip.hbm.bytes - 16}) {
      check(m.write(at, bytes.data(), 16) && m.read(at, back.data(), 16) &&
                std::memcmp(bytes.data(), back.data(), 16) == 0,
            "HBM");
    }
    check(!m.read_word(chip_config::hbm_base + r.chip.hbm.bytes, w), "behind HBM");
    check(!m.read_word(0x2000'0000, w), "nowhere");
    check(!m.read_word(r.chip.cluster_l1(4), w), "no such cluster");
    check(m.read_word(chip_config::platform_base + 8, w), "TIME_LO");
    check(!m.write_word(chip_config::platform_base + 4, 0), "observers do not end the run");
  };
  const run_outcome o = run_in_child(r);
  EXPECT_TRUE(o.finished) << o.failure;
  EXPECT_EQ(o.end, run_end::deadlock) << "all cores sleep and nothing is in flight";
}

TEST(EndTest, TheCycleLimitIsExact) {
  for (const cycle_t limit : {1, 1000, 1001, 1003}) {
    run_request r;
    r.program = "machine_traffic";
    r.chip = small_chip({2, 2}, 2);
    r.run.max_cycles = limit;
    const run_outcome a = run_in_child(r);
    EXPECT_EQ(a.end, run_end::cycle_limit) << a.failure;
    EXPECT_EQ(a.now, limit);
    r.run.window = 1;
    const run_outcome b = run_in_child(r);
    EXPECT_EQ(a.activity_hash, b.activity_hash);
    EXPECT_EQ(a.memory_hash, b.memory_hash);
  }
}

// "cluster_edges" without its table: every core sleeps at once and for ever.
TEST(EndTest, ADeadLocksCycleIsTheLastInWhichSomethingHappened) {
  run_request r;
  r.program = "cluster_edges";
  r.chip = small_chip({2, 2}, 4);
  const run_outcome plain = run_in_child(r);
  ASSERT_EQ(plain.end, run_end::deadlock) << plain.failure;
  EXPECT_GT(plain.end_cycle, 100u) << "the first line comes from HBM, 100 cycles away";
  EXPECT_LT(plain.end_cycle, 10'000u);
  for (const cycle_t limit : {cycle_t{1'000'000}, cycle_t{9'000'000'000'000'000'000u}})
    for (const cycle_t window : {0, 1}) {
      r.run.max_cycles = limit;
      r.run.window = window;
      const run_outcome o = run_in_child(r);
      EXPECT_EQ(o.end, run_end::deadlock);
      EXPECT_EQ(o.end_cycle, plain.end_cycle) << "limit " << limit << ", window " << window;
    }
  r.run.window = 0;
  r.run.max_cycles = plain.end_cycle;
  EXPECT_EQ(run_in_child(r).end, run_end::cycle_limit) << "it comes first";
}

TEST(LoadTest, SaysWhyASegmentIsNotLoaded) {
  const auto message = [](std::uint32_t address, std::size_t bytes) {
    elf_segment s;
    s.address = address;
    s.bytes.resize(bytes);
    chip_config chip;
    chip.hbm.bytes = 1u << 20;
    return why_not_loaded(elf_file(), s, chip);
  };
  for (const auto& [address, bytes] :
       {std::pair<std::uint32_t, std::size_t>{0x10008000, 4}, {0x100ffffc, 8}, {0x0ffffffc, 8}})
    EXPECT_NE(message(address, bytes).find("AT>HBM"), std::string::npos) << message(address, bytes);
  EXPECT_NE(message(0x10008000, 4).find("4 bytes at 0x10008000 would be loaded into L1 (0x10000000 to 0x100fffff)"),
            std::string::npos);
  for (const auto& [address, bytes] :
       {std::pair<std::uint32_t, std::size_t>{0x10100000, 4}, {0x0ffffffc, 4}, {0x20000000, 4}})
    EXPECT_NE(message(address, bytes).find("HBM, 0x80000000 to 0x800fffff"), std::string::npos)
        << message(address, bytes);
}

TEST(WatchTest, TheLastWriteCountsWhicheverClusterMadeIt) {
  run_request r;
  r.program = "machine_two_writers";
  r.chip = small_chip({2}, 2);
  r.before = [](machine& m) { m.watch_writes(0x82000000, 0x82000080, 64); };
  r.after = [](machine& m) {
    const std::vector<cycle_t> at = m.written_at();
    if (at.size() != 2 || at[0] < 40'000 || at[1] != 0) throw std::runtime_error("written at another time");
  };
  const run_outcome o = run_in_child(r);
  EXPECT_TRUE(o.finished) << o.failure;
  EXPECT_EQ(o.end, run_end::exited);
}

// Each in one access: the last bytes of L1 and the first registers behind them.
TEST(DebugTest, AnAccessMayCrossTheEndOfL1AtAnyAlignment) {
  run_request r;
  r.program = "cluster_edges";
  r.chip = small_chip({2}, 2);
  r.after = [&](machine& m) {
    const std::uint64_t end = r.chip.cluster_peripherals(1);
    std::uint8_t bytes[24], back[24];
    for (unsigned before = 1; before <= 16; ++before) {
      for (unsigned k = 0; k < sizeof bytes; ++k) bytes[k] = static_cast<std::uint8_t>(before + k);
      if (!m.write(end - before, bytes, before)) throw std::runtime_error("write up to the end");
      if (std::memcmp(m.l1(1) + r.chip.cluster.l1_bytes - before, bytes, before) != 0) throw std::runtime_error("L1");
      // CLUSTER_ID lies behind.
      if (!m.read(end - before, back, before + 4)) throw std::runtime_error("read across the end");
      std::uint32_t id = 0;
      std::memcpy(&id, back + before, 4);
      if (std::memcmp(back, bytes, before) != 0 || id != 1) throw std::runtime_error("bytes across the end");
    }
    // An unaligned start: pieces end at multiples of a page.
    std::vector<std::uint8_t> long_run(3 * 4096), read(3 * 4096);
    for (std::size_t k = 0; k < long_run.size(); ++k) long_run[k] = static_cast<std::uint8_t>(k * 7);
    const std::uint64_t at = r.chip.cluster_l1(0) + 0x10001;
    if (!m.write(at, long_run.data(), long_run.size()) || !m.read(at, read.data(), read.size()) || read != long_run)
      throw std::runtime_error("unaligned");
    if (std::memcmp(m.l1(0) + 0x10001, long_run.data(), long_run.size()) != 0) throw std::runtime_error("place");
  };
  const run_outcome o = run_in_child(r);
  EXPECT_TRUE(o.finished) << o.failure;
}

TEST(EndTest, AGuestErrorStopsInTheSameCycleForEveryWindow) {
  run_request r;
  r.program = "machine_latencies";
  r.chip = small_chip({2, 2}, 2);
  r.arguments = "1";
  const run_outcome a = run_in_child(r);
  EXPECT_EQ(a.end, run_end::guest_error) << a.failure << a.console;
  EXPECT_EQ(a.errors, 1u);
  r.run.window = 1;
  r.run.threads = 2;
  const run_outcome b = run_in_child(r);
  EXPECT_EQ(a.now, b.now);
  EXPECT_EQ(a.first_error.cycle, b.first_error.cycle);
  EXPECT_EQ(a.activity_hash, b.activity_hash);
}

TEST(EndTest, ConsoleLinesAreWholeAndInTheSameOrder) {
  run_request r;
  r.program = "hello";
  r.chip = small_chip({2, 4}, 5);
  const run_outcome a = run_in_child(r);
  ASSERT_EQ(a.end, run_end::exited) << a.failure;
  const std::string text = a.console;
  for (unsigned i = 0; i < 8; ++i)
    for (unsigned h = 0; h < 5; ++h)
      EXPECT_NE(text.find(std::to_string(i) + "." + std::to_string(h) + ": hello from cluster " + std::to_string(i) +
                          " core " + std::to_string(h) + " of 5\n"),
                std::string::npos)
          << text;
  r.run.threads = 3;
  r.run.window = 1;
  EXPECT_STREQ(run_in_child(r).console, a.console);
}

}  // namespace
}  // namespace ohmic
