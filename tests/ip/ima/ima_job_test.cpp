// Whole jobs against a byte-by-byte executor of the register map's text and a pipeline recurrence.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "ima_bench.h"
#include "tests/fresh_seed.h"

namespace ohmic {
namespace {

/// What a job does, byte by byte. Knows nothing of runs, beats, buffers or time.
struct naive_ima {
  std::vector<std::uint8_t>& l1;
  const std::vector<std::int8_t>& weights;
  std::vector<unsigned> beats_in, beats_out;  // per pixel, from the definition of a run

  static unsigned beats(std::int64_t addr, std::int64_t bytes) {
    return static_cast<unsigned>((addr % 4 + bytes + 63) / 64);
  }

  void run(const job_spec& job) {
    for (std::uint32_t p1 = 0; p1 < job.pixels[1].count; ++p1)
      for (std::uint32_t p0 = 0; p0 < job.pixels[0].count; ++p0) pixel(job, p0, p1);
  }

  void pixel(const job_spec& job, std::int64_t p0, std::int64_t p1) {
    std::vector<std::int64_t> sums(256, 0);
    std::int64_t run_start = -1, run_end = -1, last_row = -1;
    unsigned in = 0, row = job.row_start;
    const auto &a = job.loops[0], &b = job.loops[1], &c = job.loops[2], &d = job.loops[3];
    for (std::int64_t i3 = 0; i3 < d.count; ++i3)
      for (std::int64_t i2 = 0; i2 < c.count; ++i2)
        for (std::int64_t i1 = 0; i1 < b.count; ++i1)
          for (std::int64_t i0 = 0; i0 < a.count; ++i0, ++row) {
            const auto walk = [&](std::int64_t from, auto step) {
              return from + p0 * step(job.pixels[0]) + p1 * step(job.pixels[1]) + i0 * step(a) + i1 * step(b) +
                     i2 * step(c) + i3 * step(d);
            };
            const std::int64_t x = walk(job.x, [](const auto& l) { return l.dx; });
            const std::int64_t y = walk(job.y, [](const auto& l) { return l.dy; });
            if (x < job.x_lo || x >= job.x_hi || y < job.y_lo || y >= job.y_hi) continue;
            std::int64_t at = walk(job.start, [](const auto& l) { return l.stride; });
            if (job.ring_bytes != 0) {
              while (at < 0) at += job.ring_bytes;
              while (at >= job.ring_bytes) at -= job.ring_bytes;
            }
            at += job.ring_base;
            for (unsigned col = 0; col < 256; ++col)
              sums[col] += static_cast<std::int8_t>(l1[at]) * weights[row * 256 + col];
            if (at != run_end || last_row + 1 != row) {
              if (run_start >= 0) in += beats(run_start, run_end - run_start);
              run_start = at;
            }
            run_end = at + 1;
            last_row = row;
          }
    if (run_start >= 0) in += beats(run_start, run_end - run_start);
    unsigned out = 0;
    for (const auto& g : job.groups) {
      const std::int64_t at = g.base + p0 * g.stride0 + p1 * g.stride1;
      out += beats(at, g.count);
      for (unsigned k = 0; k < g.count; ++k) {
        const std::int64_t code = (sums[g.first + k] * job.m + (std::int64_t{1} << (job.s - 1))) >> job.s;
        l1[at + k] = static_cast<std::uint8_t>(std::clamp<std::int64_t>(code, -128, 127));
      }
    }
    beats_in.push_back(in);
    beats_out.push_back(out);
  }
};

/// First cycle after the last code, if the first beat may go in cycle 1: two buffers on either side, one
/// crossbar.
cycle_t pipeline_end(const std::vector<unsigned>& in, const std::vector<unsigned>& out, unsigned mvm) {
  std::vector<cycle_t> in_end, mvm_end, out_end;
  for (std::size_t n = 0; n < in.size(); ++n) {
    const auto before = [&](const std::vector<cycle_t>& v, std::size_t k) { return n >= k ? v[n - k] : 1; };
    in_end.push_back(std::max(before(in_end, 1), before(mvm_end, 2)) + in[n]);
    mvm_end.push_back(std::max({in_end[n], before(mvm_end, 1), before(out_end, 2)}) + mvm);
    out_end.push_back(std::max(mvm_end[n], before(out_end, 1)) + out[n]);
  }
  return out_end.back();
}

struct ImaJob : testing::Test {
  std::mt19937 random{fresh_seed()};
  std::vector<std::int8_t> weights = std::vector<std::int8_t>(256 * 256);

  std::uint32_t upto(std::uint32_t n) { return std::uniform_int_distribution<std::uint32_t>(0, n)(random); }

  void SetUp() override {
    const unsigned seed = fresh_seed();
    RecordProperty("seed", static_cast<int>(seed));
    std::printf("seed %u\n", seed);
    random.seed(seed);
    for (auto& w : weights) w = static_cast<std::int8_t>(random());
  }

  void fill(ima_bench& bench) {
    for (auto& b : bench.l1) b = static_cast<std::uint8_t>(random());
    ASSERT_TRUE(bench.dut.cells().write_weights(0, reinterpret_cast<const std::uint8_t*>(weights.data()), 65536));
  }

  /// Runs the jobs and expects the naive executor's memory, and its exact time where banks never conflict.
  void expect_equal(const std::vector<job_spec>& jobs, ima_parameters p = {}, bool conflicts = false) {
    ima_bench bench(p);
    fill(bench);
    std::vector<std::uint8_t> want = bench.l1;
    naive_ima naive{want, weights, {}, {}};
    for (const auto& j : jobs) naive.run(j);
    if (conflicts) bench.bank_taken = [this](cycle_t, unsigned) { return random() % 3 == 0; };
    for (const auto& j : jobs) j.push_to(bench);
    bench.run();
    EXPECT_EQ(bench.errors.size(), 0u) << bench.errors.front().what;
    EXPECT_EQ(bench.jobs_done(), jobs.size());
    EXPECT_TRUE(bench.l1 == want) << "first difference at "
                                  << std::mismatch(want.begin(), want.end(), bench.l1.begin()).first - want.begin();
    const cycle_t end = pipeline_end(naive.beats_in, naive.beats_out, p.mvm_cycles);
    if (conflicts) {
      EXPECT_GE(bench.now, end);  // equal where no beat met a taken bank
    } else {
      EXPECT_EQ(bench.now, end);
    }
  }

  /// Kx x Ky convolution over a map [W][H][c] with padding, as the compiler lays it out. Codes to 0x80000.
  job_spec convolution(unsigned w, unsigned h, unsigned c, unsigned k, unsigned stride, int pad) {
    const auto column = static_cast<std::int32_t>(h * c);
    job_spec job;
    job.loops[0] = {c, 1};
    job.loops[1] = {k, static_cast<std::int32_t>(c), 0, 1};
    job.loops[2] = {k, column, 1, 0};
    const unsigned out_w = (w + 2 * pad - k) / stride + 1, out_h = (h + 2 * pad - k) / stride + 1;
    const int s = static_cast<int>(stride);
    job.pixels[0] = {out_h, s * static_cast<std::int32_t>(c), 0, s};
    job.pixels[1] = {out_w, s * column, s, 0};
    job.start = -pad * column - pad * static_cast<std::int32_t>(c);
    job.x = job.y = -pad;
    job.x_hi = static_cast<int>(w);
    job.y_hi = static_cast<int>(h);
    job.m = 3, job.s = 12;
    job.groups = {{0, 64, 0x80000, 64, static_cast<std::int32_t>(64 * out_h)}};
    return job;
  }
};

TEST_F(ImaJob, PadsAtAllFourBordersOfA3x3Convolution) {
  job_spec job = convolution(6, 5, 16, 3, 1, 1);
  job.ring_base = 0x1000;
  expect_equal({job});
}

TEST_F(ImaJob, ConvolvesWithStride2And7x7Padding3) {
  job_spec job = convolution(20, 16, 3, 7, 2, 3);
  job.ring_base = 0x1001;
  expect_equal({job});
}

TEST_F(ImaJob, WrapsInTheRingInBothDirections) {
  // The ring holds 5 columns; the window starts before its beginning and walks round it twice.
  job_spec job = convolution(12, 5, 16, 3, 1, 1);
  job.ring_base = 0x2000;
  job.ring_bytes = 5 * 5 * 16;
  job.start -= 3 * 80;
  expect_equal({job});
  job.ring_bytes = 5 * 5 * 16 - 7;  // the end cuts runs in the middle of a word
  expect_equal({job});
}

TEST_F(ImaJob, ReadsARingShorterThanARun) {
  job_spec job = convolution(4, 4, 24, 3, 1, 0);
  job.ring_base = 0x3003;
  job.ring_bytes = 10;
  expect_equal({job});
}

TEST_F(ImaJob, ScattersColumnGroupsAsUnalignedRuns) {
  job_spec job = convolution(6, 5, 28, 3, 1, 1);
  job.groups.clear();
  for (unsigned g = 0; g < 8; ++g) job.groups.push_back({g * 31, 1 + g * 5, 0x80001 + g * 0x4000, 36, -36 * 5});
  for (auto& g : job.groups) g.base += 36 * 5 * 6;
  expect_equal({job});
}

TEST_F(ImaJob, EqualsTheNaiveExecutorOnRandomJobs) {
  for (int trial = 0; trial < 150 && !HasFailure(); ++trial) {
    SCOPED_TRACE(testing::Message() << "trial " << trial);
    ima_parameters p;
    p.mvm_cycles = 1 + upto(150);
    std::vector<job_spec> jobs(1 + upto(3));
    for (auto& job : jobs) {
      std::uint32_t room = 256;
      std::int64_t span = 1;
      for (auto& l : job.loops) {
        l.count = upto(2) == 0 ? 1 : 1 + upto(std::min(room, 20u) - 1);
        if (&l == job.loops && upto(1)) l.count = 1 + upto(room - 1);
        room /= l.count;
        // Contiguous, overlapping, scattered and backwards.
        const std::int64_t strides[] = {span, span, 1, 0, -1, 7, -span, static_cast<std::int64_t>(upto(2000)) - 1000};
        l.stride = static_cast<std::int32_t>(strides[upto(7)]);
        if (upto(1)) l.dx = static_cast<int>(upto(4)) - 2, l.dy = static_cast<int>(upto(4)) - 2;
        span *= l.count;
      }
      job.row_start = upto(256 - job.rows());
      for (auto& l : job.pixels)
        l = {1 + upto(5), static_cast<std::int32_t>(upto(200)) - 100, static_cast<int>(upto(4)) - 2,
             static_cast<int>(upto(4)) - 2};
      job.x = static_cast<int>(upto(20)) - 10, job.y = static_cast<int>(upto(20)) - 10;
      job.x_lo = -static_cast<int>(upto(12)), job.x_hi = static_cast<int>(upto(30));
      job.y_lo = -static_cast<int>(upto(12)), job.y_hi = static_cast<int>(upto(30));
      job.ring_base = 0x40000 + upto(7);
      if (upto(1)) job.ring_bytes = 1 + upto(3000);
      job.start = static_cast<std::int32_t>(upto(2000)) - 1000;
      job.m = 1 + upto(2000), job.s = 1 + upto(20);
      job.groups.clear();
      for (unsigned g = 0, n = 1 + upto(7); g < n; ++g) {
        const unsigned first = upto(255);
        job.groups.push_back({first, 1 + upto(255 - first), 0xC0000 + upto(0x1000),
                              static_cast<std::int32_t>(upto(500)), static_cast<std::int32_t>(upto(3000))});
      }
    }
    expect_equal(jobs, p, trial % 5 == 4);
  }
}

TEST_F(ImaJob, KeepsResultsWhenBanksConflict) { expect_equal({convolution(6, 5, 16, 3, 1, 1)}, {}, true); }

}  // namespace
}  // namespace ohmic
