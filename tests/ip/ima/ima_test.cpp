#include "ip/ima/ima.h"

#include <gtest/gtest.h>

#include <tuple>

#include "ima_bench.h"

namespace ohmic {
namespace {

/// `runs` runs of `bytes` bytes, 4096 apart, `pixels` pixels at the same place; `columns` codes out.
job_spec plain_job(unsigned runs, unsigned bytes, unsigned pixels, unsigned columns) {
  job_spec job;
  job.loops[0] = {bytes, 1};
  job.loops[1] = {runs, 4096};
  job.pixels[0] = {pixels, 0};
  job.groups = {{0, columns, 0x80000, 256, 0}};
  return job;
}

// Single pixel: PUSH in 0, beats 1..n, MVM n+1..n+131, codes from n+131 on.
TEST(Ima, StreamsA192RowWindowOfThreeAlignedRunsInThreeBeats) {
  ima_bench bench;
  plain_job(3, 64, 1, 64).push_to(bench);
  bench.run();
  ASSERT_EQ(bench.beats.size(), 4u);
  EXPECT_EQ(bench.beats[0].granted, 1u);
  EXPECT_EQ(bench.beats[1].granted, 2u);
  EXPECT_EQ(bench.beats[2].granted, 3u);
  EXPECT_EQ(bench.beats[3].granted, 4u + 130u) << "MVM from cycle 4 on";
  EXPECT_EQ(bench.done_at, std::vector<cycle_t>{134});
  EXPECT_EQ(bench.jobs_done(), 1u);
}

TEST(Ima, PaysOneBeatMoreForAnUnalignedRunOf64Bytes) {
  ima_bench bench;
  job_spec job = plain_job(3, 64, 1, 64);
  job.start = 3;
  job.push_to(bench);
  bench.run();
  ASSERT_EQ(bench.beats.size(), 7u);
  EXPECT_EQ(bench.beats[0].bytes, 61u) << "16 words, the first without its lowest 3 bytes";
  EXPECT_EQ(bench.beats[1].bytes, 3u);
  EXPECT_EQ(bench.beats[1].addr, 64u);
}

TEST(Ima, RunsBackToBackPixelsAtTheMvmTime) {
  ima_bench bench;
  plain_job(3, 64, 10, 64).push_to(bench);
  bench.run();
  EXPECT_EQ(bench.done_at.at(0), 1u + 3u + 10u * 130u) << "3 beats in, 10 MVMs, 1 beat out";
  EXPECT_EQ(bench.dut.counters().mvms, 10u);
  EXPECT_EQ(bench.dut.counters().compute_cycles, 1300u);
}

TEST(Ima, IsBoundByStreamInWhereThatIsLonger) {
  ima_bench bench;
  job_spec job = plain_job(1, 200, 10, 64);
  job.loops[0].stride = 4;  // every byte is a run, so a beat, of its own
  job.push_to(bench);
  bench.run();
  EXPECT_EQ(bench.done_at.at(0), 1u + 10u * 200u + 130u);
  EXPECT_EQ(bench.beats_on(ima::input_port), 2000u);
}

TEST(Ima, IsBoundByStreamOutWhereThatIsLonger) {
  ima_parameters p;
  p.mvm_cycles = 5;
  ima_bench bench(p);
  job_spec job = plain_job(1, 64, 10, 1);
  job.groups.clear();
  for (unsigned g = 0; g < 8; ++g) job.groups.push_back({g * 32, 32, 0x80000 + g * 4096 + 61, 64, 0});
  job.push_to(bench);  // 8 groups of 32 unaligned bytes: 8 beats
  bench.run();
  EXPECT_EQ(bench.done_at.at(0), 1u + 1u + 5u + 10u * 8u - 1u);
}

TEST(Ima, StartsTheNextQueuedJobWithoutAGap) {
  ima_bench bench;
  plain_job(3, 64, 5, 64).push_to(bench);
  plain_job(3, 64, 5, 64).push_to(bench);
  bench.run();
  EXPECT_EQ(bench.done_at, (std::vector<cycle_t>{4 + 5 * 130, 4 + 10 * 130}));
}

TEST(Ima, IsActiveFromTheFirstPushUntilItIsIdle) {
  ima_bench bench;
  plain_job(3, 64, 5, 64).push_to(bench);
  while (bench.now < 100) bench.cycle();
  plain_job(3, 64, 5, 64).push_to(bench);
  bench.run();
  EXPECT_EQ(bench.dut.counters().active_cycles, 4u + 10 * 130);
}

TEST(Ima, CountsWhatItDid) {
  ima_bench bench;
  job_spec job = plain_job(3, 64, 10, 40);  // 192 rows; columns 0..39 and 100..129 in two groups
  job.groups.push_back({100, 30, 0x90000, 256, 0});
  job.push_to(bench);
  bench.run();
  const ima_counters& c = bench.dut.counters();
  EXPECT_EQ(c.jobs, 1u);
  EXPECT_EQ(c.mvms, 10u);
  EXPECT_EQ(c.rows, 10u * 192);
  EXPECT_EQ(c.columns, 10u * 130) << "from the first to the last that a group takes";
  EXPECT_EQ(c.cells, 10u * 192 * 130);
  EXPECT_EQ(c.compute_cycles, 10u * 130);
  EXPECT_EQ(c.bytes_in, 10u * 192);
  EXPECT_EQ(c.beats_in, 10u * 3);
  EXPECT_EQ(c.bytes_out, 10u * 70);
  EXPECT_EQ(c.beats_out, 10u * 2);
  EXPECT_EQ(c.stall_cycles, 0u);
}

TEST(Ima, ComputesAWindowOfPaddingOnlyWithoutAnyBeat) {
  ima_bench bench;
  job_spec job = plain_job(3, 64, 4, 64);
  job.x = -1;
  job.push_to(bench);
  bench.run();
  EXPECT_EQ(bench.beats_on(ima::input_port), 0u);
  EXPECT_EQ(bench.done_at.at(0), 1u + 4u * 130u);
}

TEST(Ima, WaitsWordByWordForTakenBanks) {
  ima_bench bench;
  // Bank 5 is taken until cycle 7: only the first run's beat waits for it, the next begin one cycle later
  // each.
  bench.bank_taken = [](cycle_t now, unsigned bank) { return bank == 5 && now < 7; };
  bench.l1[20] = 77;
  const std::uint8_t weight = 1;
  ASSERT_TRUE(bench.dut.cells().write_weights(20 * 256, &weight, 1));
  plain_job(3, 64, 1, 64).push_to(bench);
  bench.run();
  EXPECT_EQ(bench.beats[0].granted, 7u);
  EXPECT_EQ(bench.beats[1].granted, 8u);
  EXPECT_EQ(bench.beats[2].granted, 9u);
  EXPECT_EQ(bench.dut.counters().stall_cycles, 6u);
  EXPECT_EQ(bench.l1[0x80000], 39u) << "(77 + 1) >> 1";
}

TEST(Ima, SamplesInputsAtStreamInAndShowsCodesAtStreamOut) {
  ima_bench bench;
  const std::uint8_t weight = 1;
  ASSERT_TRUE(bench.dut.cells().write_weights(0, &weight, 1));
  bench.l1[0] = 40;
  plain_job(1, 64, 1, 1).push_to(bench);
  bench.cycle();
  bench.cycle();  // cycle 1: the only beat
  bench.l1[0] = 90;
  while (bench.done_at.empty()) {
    EXPECT_EQ(bench.l1[0x80000], 0u);
    bench.cycle();
  }
  EXPECT_EQ(bench.l1[0x80000], 20u);
}

TEST(Ima, OverlapsStreamInOfTheNextPixelWithTheMvm) {
  ima_bench bench;
  plain_job(2, 64, 3, 64).push_to(bench);
  bench.run();
  // Pixel 1 streams while pixel 0 computes (3..133); pixel 2 waits for pixel 0's buffer.
  EXPECT_EQ(bench.beats[2].granted, 3u);
  EXPECT_EQ(bench.beats[3].granted, 4u);
  EXPECT_EQ(bench.beats[4].granted, 133u);
}

TEST(Ima, RefusesAJobWhenTheQueueIsFull) {
  ima_bench bench;
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(bench.free_jobs(), 4u - i);
    plain_job(3, 64, 2, 64).push_to(bench);
  }
  EXPECT_EQ(bench.free_jobs(), 0u);
  plain_job(3, 64, 2, 64).push_to(bench);
  bench.run();
  EXPECT_EQ(bench.jobs_done(), 4u) << "the jobs before it are unharmed";
  ASSERT_EQ(bench.errors.size(), 1u);
  EXPECT_NE(std::string(bench.errors[0].what).find("queue is full"), std::string::npos);
  EXPECT_EQ(bench.error_lines, 1u);
  EXPECT_TRUE(bench.read(registers::ima::status_offset) & registers::ima::status_error_mask);
  EXPECT_EQ(bench.free_jobs(), 4u);
}

TEST(Ima, FreesAQueueSlotWhenTheLastCodeIsWritten) {
  ima_bench bench;
  for (int i = 0; i < 4; ++i) plain_job(1, 64, 1, 64).push_to(bench);
  while (bench.done_at.empty()) {
    EXPECT_EQ(bench.free_jobs(), 0u);
    bench.cycle();
  }
  EXPECT_EQ(bench.free_jobs(), 1u);
  plain_job(2, 64, 1, 64).push_to(bench);
  bench.run();
  EXPECT_EQ(bench.jobs_done(), 5u);
  EXPECT_EQ(bench.errors.size(), 0u);
}

// A queue of any depth with any number of jobs in it, again and again from another of its slots: each job's codes go to
// its own place, in the jobs' order.
TEST(Ima, JobsKeepTheirPlacesWhereverInTheQueueTheyAre) {
  for (const unsigned depth : {2u, 3u, 4u, 7u})
    for (unsigned held = 1; held <= depth; ++held) {
      ima_parameters parameters;
      parameters.job_queue = depth;
      ima_bench bench(parameters);
      const unsigned jobs = 3 * depth + 1;
      for (unsigned n = 0; n < jobs; ++n) {
        while (depth - bench.free_jobs() >= held) bench.cycle();
        job_spec job;
        job.groups = {{0, 1, 0x8000 + 16 * n}};
        job.push_to(bench);
      }
      bench.run();
      EXPECT_EQ(bench.jobs_done(), jobs) << "depth " << depth << ", held " << held;
      unsigned written = 0;
      for (const ima_bench::beat& b : bench.beats) {
        if (b.port != 1) continue;
        EXPECT_EQ(b.addr, 0x8000 + 16 * written) << "depth " << depth << ", held " << held;
        ++written;
      }
      EXPECT_EQ(written, jobs);
      EXPECT_TRUE(bench.errors.empty());
    }
}

TEST(Ima, SleepsWhenIdle) {
  ima_bench bench;
  EXPECT_EQ(bench.dut.next_event(), never);
  plain_job(1, 64, 1, 64).push_to(bench);
  bench.run();
  bench.cycle();
  EXPECT_EQ(bench.dut.next_event(), never);
  EXPECT_TRUE(bench.dut.idle());
  EXPECT_EQ(bench.dut.counters().active_cycles, 132u);
}

TEST(Ima, ABeatHasAsManyWordsAsTheStreamersHavePorts) {
  for (const unsigned words : {1u, 4u, 8u, 16u}) {
    ima_parameters p;
    p.streamer_ports = words;
    ima_bench bench(p);
    plain_job(3, 64, 1, 64).push_to(bench);
    bench.run();
    EXPECT_EQ(bench.beats_on(ima::input_port), 3 * 16 / words);
    EXPECT_EQ(bench.beats_on(ima::output_port), 16 / words);
    EXPECT_EQ(bench.done_at.at(0), 3 * 16 / words + 130 + 16 / words) << words << " words";
  }
}

// The word that an unaligned run begins in is one of a beat's.
TEST(Ima, AnUnalignedRunBeginsWithAShorterBeat) {
  ima_parameters p;
  p.streamer_ports = 4;
  ima_bench bench(p);
  job_spec job = plain_job(1, 40, 1, 1);
  job.start = 6;
  job.push_to(bench);
  bench.run();
  ASSERT_EQ(bench.beats_on(ima::input_port), 3u);
  for (const auto& [n, addr, bytes] : {std::tuple{0u, 6u, 14u}, {1u, 20u, 16u}, {2u, 36u, 10u}}) {
    EXPECT_EQ(bench.beats[n].addr, addr) << n;
    EXPECT_EQ(bench.beats[n].bytes, bytes) << n;
  }
}

// The rows behind a shorter window share a group of four with its last ones; they count no more.
TEST(Ima, AShorterWindowForgetsTheRowsOfTheLongerOneBeforeIt) {
  ima_bench bench;
  const std::vector<std::uint8_t> ones(256 * 256, 1);
  ASSERT_TRUE(bench.dut.cells().write_weights(0, ones.data(), ones.size()));
  for (unsigned i = 0; i < 64; ++i) bench.l1[i] = 4;
  for (const unsigned rows : {8u, 5u, 6u, 1u}) {
    for (int i = 0; i < 2; ++i) {  // into both input buffers
      job_spec job = plain_job(1, rows, 1, 1);
      job.s = 1;
      job.push_to(bench);
      bench.run();
      EXPECT_EQ(bench.l1[0x80000], rows * 2) << rows << " rows";
    }
  }
}

TEST(Ima, AJobThatFailsInItsFirstPixelIsOverAtOnce) {
  ima_bench bench;
  job_spec job = plain_job(1, 64, 4, 64);
  job.start = -1;
  job.push_to(bench);
  bench.cycle();
  bench.cycle();
  EXPECT_EQ(bench.errors.size(), 1u);
  EXPECT_TRUE(bench.dut.idle());
  EXPECT_EQ(bench.free_jobs(), 4u);
  EXPECT_EQ(bench.dut.next_event(), never);
}

TEST(Ima, AJobBehindAFailedOneStartsWithItsOwnFirstPixel) {
  ima_bench bench;
  std::vector<std::int8_t> diagonal(256 * 256);
  for (unsigned i = 0; i < 256; ++i) diagonal[i * 256 + i] = 2;
  ASSERT_TRUE(bench.dut.cells().write_weights(0, reinterpret_cast<std::uint8_t*>(diagonal.data()), diagonal.size()));
  for (unsigned i = 0; i < 0x400; ++i) bench.l1[i] = static_cast<std::uint8_t>(i / 64 + 1);
  job_spec failing = plain_job(1, 64, 4, 64);
  failing.pixels[0].stride = 600'000;  // its third pixel is outside
  failing.groups[0].base = 0x90000;
  failing.push_to(bench);
  job_spec next = plain_job(1, 32, 4, 32);
  next.pixels[0] = {2, 64};
  next.pixels[1] = {2, 128};
  next.groups = {{0, 32, 0xA0000, 64, 128}};
  next.push_to(bench);
  bench.run();
  EXPECT_EQ(bench.jobs_done(), 1u);
  EXPECT_EQ(bench.dut.counters().mvms, 2u + 4);
  for (unsigned pixel = 0; pixel < 4; ++pixel)
    for (unsigned i = 0; i < 32; ++i) EXPECT_EQ(bench.l1[0xA0000 + pixel * 64 + i], pixel + 1) << pixel;
}

struct bad_job {
  const char* name;
  std::function<void(job_spec&)> spoil;
};

class ImaRefuses : public testing::TestWithParam<bad_job> {};

TEST_P(ImaRefuses, WithErrorLineAndReport) {
  ima_bench bench;
  job_spec job = plain_job(3, 64, 4, 64);
  GetParam().spoil(job);
  job.push_to(bench);
  plain_job(3, 64, 1, 64).push_to(bench);
  bench.run();
  EXPECT_EQ(bench.error_lines, 1u);
  EXPECT_EQ(bench.errors.size(), 1u);
  EXPECT_EQ(bench.jobs_done(), 1u) << "the next job runs";
  EXPECT_TRUE(bench.read(registers::ima::status_offset) & registers::ima::status_error_mask);
}

INSTANTIATE_TEST_SUITE_P(
    Jobs, ImaRefuses,
    testing::Values(bad_job{"loop_count_0", [](job_spec& j) { j.loops[2].count = 0; }},
                    bad_job{"window_beyond_rows", [](job_spec& j) { j.row_start = 65; }},
                    bad_job{"huge_loop", [](job_spec& j) { j.loops[3].count = 0xFFFFFFFF; }},
                    bad_job{"row_start_beyond_rows", [](job_spec& j) { j.row_start = 0xFFFFFFF0; }},
                    bad_job{"pixel_count_0", [](job_spec& j) { j.pixels[1].count = 0; }},
                    bad_job{"pixel_count_huge", [](job_spec& j) { j.pixels[1].count = 65536; }},
                    bad_job{"ring_outside", [](job_spec& j) { j.ring_base = 0xFFFF0, j.ring_bytes = 0x11; }},
                    bad_job{"m_0", [](job_spec& j) { j.m = 0; }},
                    bad_job{"m_too_big", [](job_spec& j) { j.m = 0x80000000u; }},
                    bad_job{"s_0", [](job_spec& j) { j.s = 0; }}, bad_job{"s_63", [](job_spec& j) { j.s = 63; }},
                    bad_job{"no_group", [](job_spec& j) { j.groups.clear(); }},
                    bad_job{"nine_groups", [](job_spec& j) { j.groups.resize(9); }},
                    bad_job{"group_without_columns", [](job_spec& j) { j.groups[0].count = 0; }},
                    bad_job{"group_beyond_columns", [](job_spec& j) { j.groups[0].first = 193; }},
                    bad_job{"codes_above_l1", [](job_spec& j) { j.groups[0].base = (1 << 20) - 64 - 3 * 256 + 1; }},
                    bad_job{"codes_below_l1",
                            [](job_spec& j) { j.groups[0].base = 3 * 256 - 1, j.groups[0].stride0 = -256; }},
                    bad_job{"input_above_l1", [](job_spec& j) { j.start = (1 << 20) - 2 * 4096 - 63; }},
                    bad_job{"input_below_l1", [](job_spec& j) { j.start = -1; }},
                    bad_job{"third_pixel_leaves_l1", [](job_spec& j) { j.pixels[0].stride = 400'000; }}),
    [](const auto& p) { return std::string(p.param.name); });

TEST(Ima, OfTwoRefusedJobsTheFirstIsReported) {
  ima_bench bench;
  job_spec job = plain_job(3, 64, 4, 64);
  job.s = 63;
  job.push_to(bench);
  job.s = 1, job.m = 0;
  job.push_to(bench);
  bench.cycle();
  ASSERT_EQ(bench.errors.size(), 1u);
  EXPECT_EQ(bench.errors[0].address, 63u);
}

TEST(Ima, AcceptsCodesUpToTheLastByteOfL1) {
  ima_bench bench;
  job_spec job = plain_job(3, 64, 4, 64);
  job.groups[0].base = (1 << 20) - 64 - 3 * 256;
  job.start = (1 << 20) - 2 * 4096 - 64;
  job.push_to(bench);
  bench.run();
  EXPECT_EQ(bench.errors.size(), 0u);
  EXPECT_EQ(bench.jobs_done(), 1u);
}

TEST(Ima, FinishesThePixelsBeforeTheOneThatLeavesL1) {
  ima_bench bench;
  job_spec job = plain_job(1, 64, 4, 64);
  job.pixels[0].stride = 400'000;  // pixels 0, 1, 2 lie within 1 MiB, pixel 3 does not
  job.push_to(bench);
  bench.run();
  EXPECT_EQ(bench.dut.counters().mvms, 3u);
  ASSERT_EQ(bench.errors.size(), 1u);
  EXPECT_EQ(bench.errors[0].address, 1'200'000u);
  EXPECT_EQ(bench.jobs_done(), 0u);
}

// A job that fails in its fourth pixel keeps its place in the queue until its third one's codes are written: a job that
// is pushed meanwhile must not get the slot from which they are still addressed.
TEST(Ima, AFailedJobHoldsItsSlotUntilItsLastCodeIsWritten) {
  ima_bench bench;
  std::vector<std::int8_t> diagonal(256 * 256);
  for (unsigned i = 0; i < 256; ++i) diagonal[i * 256 + i] = 1;
  ASSERT_TRUE(bench.dut.cells().write_weights(0, reinterpret_cast<std::uint8_t*>(diagonal.data()), diagonal.size()));
  for (std::size_t i = 0; i < bench.l1.size(); ++i)
    bench.l1[i] = static_cast<std::uint8_t>(i / 400'000 * 16 + i % 8 * 2);
  const auto job_at = [&](std::uint32_t codes, std::int32_t stride, unsigned pixels) {
    job_spec job = plain_job(1, 64, pixels, 64);
    job.pixels[0].stride = stride;
    job.groups[0].base = codes;
    return job;
  };
  job_at(0xA0000, 400'000, 4).push_to(bench);  // pixels 0, 1, 2 lie within 1 MiB, pixel 3 does not
  for (unsigned i = 1; i < 4; ++i) job_at(0xB0000 + i * 0x1000, 0, 1).push_to(bench);
  EXPECT_EQ(bench.free_jobs(), 0u);
  while (bench.errors.empty()) bench.cycle();
  ASSERT_LT(bench.dut.counters().bytes_out, 3u * 64) << "codes of the failed job are still under way";
  job_at(0xC0000, 0, 1).push_to(bench);
  while (bench.dut.counters().bytes_out < 3u * 64) {
    EXPECT_EQ(bench.free_jobs(), 0u);
    bench.cycle();
  }
  EXPECT_EQ(bench.free_jobs(), 1u);
  job_at(0xD0000, 0, 1).push_to(bench);
  bench.run();
  EXPECT_EQ(bench.jobs_done(), 4u);
  EXPECT_EQ(bench.free_jobs(), 4u);
  EXPECT_EQ(bench.error_lines, 2u) << "the window, and the push while the queue was full";
  for (unsigned i = 0; i < 64; ++i) {
    const unsigned value = i % 8 * 2;
    for (unsigned pixel = 0; pixel < 3; ++pixel)
      EXPECT_EQ(bench.l1[0xA0000 + pixel * 256 + i], (value + pixel * 16 + 1) / 2) << "pixel " << pixel;
    for (const std::uint32_t codes : {0xB1000u, 0xB2000u, 0xB3000u, 0xD0000u})
      EXPECT_EQ(bench.l1[codes + i], (value + 1) / 2) << std::hex << codes;
    EXPECT_NE(bench.l1[0xA0000 + 3 * 256 + i], 0xFF);
  }
}

}  // namespace
}  // namespace ohmic
