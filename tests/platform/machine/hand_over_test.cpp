// Cores that are handed over while a program with heavy communication runs.
#include "platform/machine/hand_over.h"

#include <gtest/gtest.h>

#include "platform/config/load_chip.h"
#include "tests/platform/machine/machine_bench.h"

namespace ohmic {
namespace {

/// A run whose `console` says what became of the hand-overs, behind what the program printed.
run_request traffic(const std::vector<std::string>& hand_overs, const std::string& model = "iss") {
  run_request r;
  r.program = "machine_traffic";
  r.arguments = "6";
  r.chip = parse_chip(
      "cores: {model: " + model +
          "}\nnetwork: {factors: [1, 2, 2], latency: [100, 4, 4], width: [64, 64, 64]}\ncluster: {cores: 4}\n",
      "chip", {}, {}, hand_overs);
  return r;
}

/// What became of the hand-overs goes out by its own way, since a run is a process of its own.
struct reported_run {
  run_outcome outcome;
  std::vector<hand_over_report> reports;
};

reported_run run_reported(run_request r) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("pipe");
  r.after = [&](machine& m) {
    for (const hand_over_report& report : m.hand_overs()) {
      const std::uint64_t numbers[] = {report.cores, report.handed_over, report.first, report.last,
                                       report.left_alone.empty() ? 0 : report.left_alone[0].second};
      if (write(ends[1], numbers, sizeof numbers) != sizeof numbers) throw std::runtime_error("write");
    }
  };
  reported_run all;
  all.outcome = run_in_child(r);
  close(ends[1]);
  std::uint64_t numbers[5];
  while (read(ends[0], numbers, sizeof numbers) == sizeof numbers) {
    hand_over_report& report = all.reports.emplace_back();
    report.cores = static_cast<unsigned>(numbers[0]);
    report.handed_over = static_cast<unsigned>(numbers[1]);
    report.first = numbers[2];
    report.last = numbers[3];
    if (numbers[4] != 0) report.left_alone.emplace_back("", static_cast<unsigned>(numbers[4]));
  }
  close(ends[0]);
  return all;
}

class HandOverTest : public ::testing::Test {
 protected:
  void SetUp() override {
    try {
      require_core_models(traffic({"0.0=rtl@cycle:1"}).chip);
    } catch (const std::exception&) {
      GTEST_SKIP() << "built without RTL cores";
    }
  }
};

const std::vector<std::string> there_and_back = {"all.all=rtl@marker:0", "0-1.all=iss@cycle:9000",
                                                 "2.all=lockstep@cycle:9000", "0.0=rtl@cycle:12000"};

TEST_F(HandOverTest, MemoryAndConsoleAreThoseOfAnUndisturbedRun) {
  const run_outcome plain = run_in_child(traffic({}));
  ASSERT_EQ(plain.end, run_end::exited) << plain.failure << plain.console;
  const reported_run moved = run_reported(traffic(there_and_back));
  ASSERT_EQ(moved.outcome.end, run_end::exited) << moved.outcome.failure << moved.outcome.console;
  EXPECT_EQ(moved.outcome.memory_hash, plain.memory_hash);
  EXPECT_EQ(moved.outcome.status, plain.status);
  ASSERT_EQ(moved.reports.size(), 4u);
  for (const hand_over_report& r : moved.reports) {
    EXPECT_EQ(r.handed_over, r.cores);
    EXPECT_TRUE(r.left_alone.empty());
  }
  EXPECT_GE(moved.reports[0].first, moved.outcome.marker_0 + 6);
  EXPECT_GE(moved.reports[1].first, 9000u);
  EXPECT_LT(moved.reports[1].last, 9000u + 1000);
}

TEST_F(HandOverTest, AnyNumberOfThreadsAndAnyExactWindowGiveTheSameRun) {
  const reported_run expected = run_reported(traffic(there_and_back));
  ASSERT_EQ(expected.outcome.end, run_end::exited) << expected.outcome.failure;
  for (const auto& [threads, window] : {std::pair{2u, 0u}, {3u, 0u}, {1u, 1u}, {2u, 1u}, {2u, 4u}, {1u, 5u}}) {
    SCOPED_TRACE("threads " + std::to_string(threads) + " window " + std::to_string(window));
    run_request r = traffic(there_and_back);
    r.run.threads = threads;
    r.run.window = window;
    const reported_run got = run_reported(r);
    EXPECT_EQ(got.outcome.end_cycle, expected.outcome.end_cycle);
    EXPECT_EQ(got.outcome.now, expected.outcome.now);
    EXPECT_EQ(got.outcome.memory_hash, expected.outcome.memory_hash);
    EXPECT_EQ(got.outcome.activity_hash, expected.outcome.activity_hash);
    EXPECT_STREQ(got.outcome.console, expected.outcome.console);
    ASSERT_EQ(got.reports.size(), expected.reports.size());
    for (std::size_t i = 0; i < got.reports.size(); ++i) {
      EXPECT_EQ(got.reports[i].first, expected.reports[i].first);
      EXPECT_EQ(got.reports[i].last, expected.reports[i].last);
    }
  }
}

TEST_F(HandOverTest, SleepersAreHandedOverAtOnceAndWakeAsTheOtherModel) {
  // hello: every core prints under a lock, so most sleep in cv.elw most of the time.
  run_request r = traffic({"all.all=rtl@cycle:2500", "all.all=iss@cycle:4000", "all.all=lockstep@cycle:6000"});
  r.program = "hello";
  r.arguments = "";
  const reported_run moved = run_reported(r);
  ASSERT_EQ(moved.outcome.end, run_end::exited) << moved.outcome.failure << moved.outcome.console;
  ASSERT_EQ(moved.reports.size(), 3u);
  for (unsigned i = 0; i < 3; ++i) {
    EXPECT_EQ(moved.reports[i].handed_over, 16u);
    EXPECT_LT(moved.reports[i].last - moved.reports[i].first, 1000u);  // one store over the network at most
  }
}

// A core whose prefetcher waits for a line from HBM lags behind its cluster: its own time counts, not the cluster's.
TEST_F(HandOverTest, NoCoreIsHandedOverBeforeItsMoment) {
  for (cycle_t at = 5000; at < 5200; at += 20) {
    run_request r = traffic({"all.all=iss@cycle:" + std::to_string(at)}, "rtl");
    r.arguments = "2";
    const reported_run moved = run_reported(r);
    ASSERT_EQ(moved.reports.size(), 1u) << moved.outcome.failure;
    EXPECT_EQ(moved.reports[0].handed_over, 16u);
    EXPECT_GE(moved.reports[0].first, at);
  }
}

// However the moments of a cluster's cores are listed, each comes at its own.
TEST_F(HandOverTest, MomentsComeInTheirOrderInWhateverOrderTheyAreGiven) {
  const std::vector<cycle_t> moments = {3000, 5500, 8000, 10500};  // by core
  std::vector<std::size_t> order = {0, 1, 2, 3};
  const auto run = [&] {
    std::vector<std::string> all;
    for (const std::size_t i : order)
      all.push_back("all." + std::to_string(i) + "=rtl@cycle:" + std::to_string(moments[i]));
    return run_reported(traffic(all));
  };
  const reported_run sorted = run();
  ASSERT_EQ(sorted.outcome.end, run_end::exited) << sorted.outcome.failure;
  ASSERT_EQ(sorted.reports.size(), 4u);
  for (const std::vector<std::size_t>& given :
       {std::vector<std::size_t>{2, 0, 1, 3}, {3, 1, 0, 2}, {3, 2, 1, 0}, {0, 3, 2, 1}}) {
    order = given;
    const reported_run moved = run();
    EXPECT_EQ(moved.outcome.memory_hash, sorted.outcome.memory_hash);
    EXPECT_EQ(moved.outcome.end_cycle, sorted.outcome.end_cycle);
    ASSERT_EQ(moved.reports.size(), 4u);
    for (std::size_t k = 0; k < 4; ++k) {
      const hand_over_report &report = moved.reports[k], &expected = sorted.reports[order[k]];
      EXPECT_EQ(report.handed_over, 4u) << moments[order[k]];
      EXPECT_EQ(report.first, expected.first) << moments[order[k]];
      EXPECT_EQ(report.last, expected.last) << moments[order[k]];
      EXPECT_GE(report.first, moments[order[k]]);
      EXPECT_LT(report.last, moments[order[k]] + 1000);
    }
  }
}

TEST_F(HandOverTest, AWatchedPcLiesInTheText) {
  const elf_file program = elf_file::load(OHMIC_FIRMWARE_FOLDER "/hello.elf");
  const elf_segment text = program.text();
  const auto refused = [&](std::uint32_t pc) {
    chip_config chip = small_chip({1}, 1);
    chip.cores.hand_overs.emplace_back();
    auto& h = chip.cores.hand_overs[0];
    h.clusters = h.cores = {0};
    h.model = core_model::rtl;
    h.at = chip_config::cores_config::hand_over::moment::pc;
    h.number = pc;
    try {
      relay_legs(chip, program);
    } catch (const std::exception&) {
      return true;
    }
    return false;
  };
  const auto end = static_cast<std::uint32_t>(text.address + text.bytes.size());
  EXPECT_FALSE(refused(text.address));
  EXPECT_FALSE(refused(end - 2));
  EXPECT_TRUE(refused(end));
  EXPECT_TRUE(refused(text.address - 2));
  EXPECT_TRUE(refused(text.address + 1));
}

// Clusters tell of theirs in any order.
TEST(HandOverReport, HasTheFirstAndTheLastCycle) {
  hand_over_report r;
  for (const cycle_t cycle : {20, 10, 30, 15}) note_hand_over(r, cycle);
  EXPECT_EQ(r.first, 10u);
  EXPECT_EQ(r.last, 30u);
  EXPECT_EQ(r.handed_over, 4u);
  hand_over_report from_the_start;
  for (const cycle_t cycle : {0, 5}) note_hand_over(from_the_start, cycle);
  EXPECT_EQ(from_the_start.first, 0u);
  EXPECT_EQ(from_the_start.last, 5u);
}

TEST_F(HandOverTest, AMomentThatNeverComesIsReported) {
  const reported_run r = run_reported(traffic({"1.0-1=rtl@marker:7", "1.0=iss@cycle:100", "2.0=rtl@cycle:999999999"}));
  ASSERT_EQ(r.outcome.end, run_end::exited) << r.outcome.failure;
  ASSERT_EQ(r.reports.size(), 3u);
  for (const hand_over_report& report : r.reports) {
    EXPECT_EQ(report.handed_over, 0u);
    ASSERT_EQ(report.left_alone.size(), 1u);
    EXPECT_EQ(report.left_alone[0].second, report.cores);
  }
}

}  // namespace
}  // namespace ohmic
