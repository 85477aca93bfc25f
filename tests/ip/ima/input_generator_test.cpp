#include "ip/ima/input_generator.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "tests/fresh_seed.h"

namespace ohmic {

bool operator==(const input_run& a, const input_run& b) {
  return a.addr == b.addr && a.bytes == b.bytes && a.row == b.row;
}
std::ostream& operator<<(std::ostream& out, const input_run& r) {
  return out << r.bytes << " bytes at " << r.addr << " to row " << r.row;
}

namespace {

using outcome = input_generator::outcome;
using runs = std::vector<input_run>;

class InputGeneratorTest : public testing::Test {
 protected:
  InputGeneratorTest() {
    for (ima_loop& loop : job.loops) loop.count = 1;
    for (ima_loop& loop : job.pixels) loop.count = 1;
    job.x_hi = job.y_hi = 1;
    job.adc_m = job.adc_s = job.groups = 1;
    job.group[0] = {0, 1, 0, 0, 0};
  }
  /// Checks the job and starts it.
  void start() {
    device_error error{};
    ASSERT_TRUE(job.check(parameters, error)) << error.what;
    generator.start(job);
  }
  /// 3 x 3 taps of `channels` bytes over a map [width][height][channels] at 0, padded by one.
  void three_by_three(std::uint32_t channels, std::int16_t width, std::int16_t height) {
    const auto c = static_cast<std::int32_t>(channels);
    job.loops[0] = {channels, 1, 0, 0};
    job.loops[1] = {3, c, 0, 1};
    job.loops[2] = {3, c * height, 1, 0};
    job.pixels[0] = {static_cast<std::uint32_t>(height), c, 0, 1};
    job.pixels[1] = {static_cast<std::uint32_t>(width), c * height, 1, 0};
    job.start = -c * height - c;
    job.x = job.y = -1;
    job.x_hi = width, job.y_hi = height;
  }

  ima_parameters parameters;
  ima_job job{};
  input_generator generator{parameters};
};

TEST_F(InputGeneratorTest, NeighboursInMemoryAndRowsAreOneRun) {
  three_by_three(4, 6, 5);
  job.ring_base = 0x100;
  start();
  ASSERT_EQ(generator.window(2, 3), outcome::whole);  // y = 2, x = 3: columns 2, 3, 4, rows 1..3 of each
  EXPECT_EQ(generator.runs(),
            (runs{{0x100 + 2 * 20 + 4, 12, 0}, {0x100 + 3 * 20 + 4, 12, 12}, {0x100 + 4 * 20 + 4, 12, 24}}));
}

TEST_F(InputGeneratorTest, PaddingCostsNoRunAndItsRowsAreLeftOut) {
  three_by_three(4, 6, 5);
  start();
  ASSERT_EQ(generator.window(0, 0), outcome::padded);  // no column -1, no row -1
  EXPECT_EQ(generator.runs(), (runs{{0, 8, 16}, {20, 8, 28}}));
  ASSERT_EQ(generator.window(4, 5), outcome::padded);  // no column 6, no row 5
  EXPECT_EQ(generator.runs(), (runs{{4 * 20 + 12, 8, 0}, {5 * 20 + 12, 8, 12}}));
}

TEST_F(InputGeneratorTest, AWindowOfPaddingOnlyHasNoRuns) {
  three_by_three(4, 6, 5);
  job.x = job.y = -100;
  start();
  ASSERT_EQ(generator.window(0, 0), outcome::padded);
  EXPECT_TRUE(generator.runs().empty());
}

TEST_F(InputGeneratorTest, PixelsMayBeAskedInAnyOrder) {
  three_by_three(4, 6, 5);
  start();
  generator.window(2, 3);
  const runs inner = generator.runs();
  generator.window(0, 0);
  generator.window(2, 3);
  EXPECT_EQ(generator.runs(), inner);
}

TEST_F(InputGeneratorTest, TheRingsEndBreaksARun) {
  job.loops[0] = {10, 1, 0, 0};
  job.ring_base = 0x200, job.ring_bytes = 16;
  job.start = 12;
  start();
  ASSERT_EQ(generator.window(0, 0), outcome::whole);
  EXPECT_EQ(generator.runs(), (runs{{0x20C, 4, 0}, {0x200, 6, 4}}));
}

TEST_F(InputGeneratorTest, NegativeOffsetsWrapFromTheRingsEnd) {
  job.loops[0] = {4, -1, 0, 0};
  job.ring_base = 0x200, job.ring_bytes = 10;
  job.start = -9;  // 1, 0, then 9, 8
  start();
  ASSERT_EQ(generator.window(0, 0), outcome::whole);
  EXPECT_EQ(generator.runs(), (runs{{0x201, 1, 0}, {0x200, 1, 1}, {0x209, 1, 2}, {0x208, 1, 3}}));
}

TEST_F(InputGeneratorTest, ARowStartMovesTheRows) {
  job.loops[0] = {3, 1, 0, 0};
  job.row_start = 253;
  start();
  generator.window(0, 0);
  EXPECT_EQ(generator.runs(), (runs{{0, 3, 253}}));
}

TEST_F(InputGeneratorTest, TapsOutsideL1AreRefusedUnlessTheyArePadding) {
  job.loops[0] = {8, 1, 0, 0};
  job.pixels[0] = {3, 1, 0, 0};
  job.start = (1 << 20) - 8;
  start();
  EXPECT_EQ(generator.window(0, 0), outcome::whole);
  EXPECT_EQ(generator.window(1, 0), outcome::outside_l1);
  EXPECT_EQ(generator.bad_address(), 1u << 20) << "the first byte that does not exist";
  job.x_lo = 1;  // now every tap is padding
  start();
  EXPECT_EQ(generator.window(1, 0), outcome::padded);
}

TEST_F(InputGeneratorTest, ATapBeforeL1IsRefused) {
  job.start = -1;
  start();
  EXPECT_EQ(generator.window(0, 0), outcome::outside_l1);
  EXPECT_EQ(static_cast<std::int64_t>(generator.bad_address()), -1);
}

// Oracle: tap by tap, as the register map's text says; the runs' bytes must be those, and no run could be longer.
TEST_F(InputGeneratorTest, EqualsTheFourLoopsOnRandomJobs) {
  const unsigned seed = fresh_seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto between = [&](int lo, int hi) { return std::uniform_int_distribution<int>(lo, hi)(random); };
  unsigned wholes = 0, paddeds = 0;
  for (int trial = 0; trial < 500; ++trial) {
    for (ima_loop& loop : job.loops) {
      loop = {static_cast<std::uint32_t>(between(1, 4)), between(-3, 12), static_cast<std::int16_t>(between(-1, 1)),
              static_cast<std::int16_t>(between(-1, 1))};
      if (between(0, 2) == 0) loop.stride = 1, loop.dx = loop.dy = 0;
    }
    job.ring_base = 0x1000;
    job.ring_bytes = between(0, 1) ? static_cast<std::uint32_t>(between(1, 60)) : 0;
    job.start = between(-50, 50);
    job.x_lo = job.y_lo = static_cast<std::int16_t>(between(-6, 0));
    job.x_hi = job.y_hi = static_cast<std::int16_t>(between(1, 6));
    start();
    std::map<std::uint32_t, std::uint32_t> want;  // row -> address
    std::uint32_t row = 0;
    bool padded = false;
    for (int d = 0; d < static_cast<int>(job.loops[3].count); ++d)
      for (int c = 0; c < static_cast<int>(job.loops[2].count); ++c)
        for (int b = 0; b < static_cast<int>(job.loops[1].count); ++b)
          for (int a = 0; a < static_cast<int>(job.loops[0].count); ++a, ++row) {
            const int steps[4] = {a, b, c, d};
            int offset = job.start, x = 0, y = 0;
            for (int k = 0; k < 4; ++k) {
              offset += steps[k] * job.loops[k].stride;
              x += steps[k] * job.loops[k].dx;
              y += steps[k] * job.loops[k].dy;
            }
            if (x < job.x_lo || x >= job.x_hi || y < job.y_lo || y >= job.y_hi) {
              padded = true;
              continue;
            }
            const int ring = static_cast<int>(job.ring_bytes);
            while (ring != 0 && offset < 0) offset += ring;
            while (ring != 0 && offset >= ring) offset -= ring;
            want[row] = static_cast<std::uint32_t>(0x1000 + offset);
          }
    ASSERT_EQ(generator.window(0, 0), padded ? outcome::padded : outcome::whole) << "trial " << trial;
    ++(padded ? paddeds : wholes);
    std::map<std::uint32_t, std::uint32_t> got;
    const input_run* before = nullptr;
    for (const input_run& run : generator.runs()) {
      for (std::uint32_t k = 0; k < run.bytes; ++k) EXPECT_TRUE(got.emplace(run.row + k, run.addr + k).second);
      if (before != nullptr) {
        EXPECT_FALSE(before->row + before->bytes == run.row && before->addr + before->bytes == run.addr)
            << "trial " << trial << ": two runs that are one";
      }
      before = &run;
    }
    ASSERT_EQ(got, want) << "trial " << trial;
  }
  EXPECT_GT(wholes, 20u);
  EXPECT_GT(paddeds, 20u);
}

}  // namespace
}  // namespace ohmic
