#include "ip/ima/job.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace ohmic {
namespace {

/// A job that is accepted: 4 rows, 2 pixels, 16 columns.
ima_job good_job() {
  ima_job job{};
  for (ima_loop& loop : job.loops) loop.count = 1;
  for (ima_loop& loop : job.pixels) loop.count = 1;
  job.loops[0] = {4, 1, 0, 0};
  job.pixels[0] = {2, 4, 0, 0};
  job.adc_m = job.adc_s = job.groups = 1;
  job.group[0] = {0, 16, 0x1000, 16, 0};
  return job;
}

std::string refusal(const std::function<void(ima_job&)>& change, const ima_parameters& ima = {}) {
  ima_job job = good_job();
  change(job);
  device_error error{};
  if (job.check(ima, error)) return "accepted";
  EXPECT_NE(error.what, nullptr);
  return error.what;
}

TEST(ImaJobRegisters, AreDecodedWhereTheRegisterMapHasThem) {
  ima_job::register_file words{};
  for (std::uint32_t i = 0; i < words.size(); ++i) words[i] = 0x80010000u + i * 0x10001u;
  const ima_job job = ima_job::decode(words);
  const auto word = [&](std::uint32_t offset) { return words[offset / 4]; };
  for (unsigned i = 0; i < 4; ++i) {
    EXPECT_EQ(job.loops[i].count, word(0x00 + 0x10 * i));
    EXPECT_EQ(job.loops[i].stride, static_cast<std::int32_t>(word(0x04 + 0x10 * i)));
    EXPECT_EQ(job.loops[i].dx, static_cast<std::int16_t>(word(0x08 + 0x10 * i) & 0xFFFF));
    EXPECT_EQ(job.loops[i].dy, static_cast<std::int16_t>(word(0x08 + 0x10 * i) >> 16));
  }
  for (unsigned i = 0; i < 2; ++i) EXPECT_EQ(job.pixels[i].count, word(0x40 + 0x10 * i));
  EXPECT_EQ(job.ring_base, word(0x60));
  EXPECT_EQ(job.ring_bytes, word(0x64));
  EXPECT_EQ(job.start, static_cast<std::int32_t>(word(0x68)));
  EXPECT_EQ(job.x, static_cast<std::int16_t>(word(0x6C) & 0xFFFF));
  EXPECT_EQ(job.y, static_cast<std::int16_t>(word(0x6C) >> 16));
  EXPECT_EQ(job.x_hi, static_cast<std::int16_t>(word(0x70) >> 16));
  EXPECT_EQ(job.y_lo, static_cast<std::int16_t>(word(0x74) & 0xFFFF));
  EXPECT_EQ(job.row_start, word(0x78));
  EXPECT_EQ(job.adc_m, word(0x80));
  EXPECT_EQ(job.adc_s, word(0x84));
  EXPECT_EQ(job.groups, word(0x88));
  for (unsigned g = 0; g < 8; ++g) {
    EXPECT_EQ(job.group[g].first, word(0x90 + 0x10 * g) & 0xFFFF);
    EXPECT_EQ(job.group[g].count, word(0x90 + 0x10 * g) >> 16);
    EXPECT_EQ(job.group[g].base, word(0x94 + 0x10 * g));
    EXPECT_EQ(job.group[g].stride0, static_cast<std::int32_t>(word(0x98 + 0x10 * g)));
    EXPECT_EQ(job.group[g].stride1, static_cast<std::int32_t>(word(0x9C + 0x10 * g)));
  }
}

TEST(ImaJobCheck, DerivesTheWindowAndTheColumnsInUse) {
  ima_job job = good_job();
  job.loops[1].count = 3, job.loops[2].count = 2;
  job.groups = 3;
  job.group[0] = {100, 10, 0x1000, 0, 0};
  job.group[1] = {30, 5, 0x2000, 0, 0};
  job.group[2] = {120, 1, 0x3000, 0, 0};
  device_error error{};
  ASSERT_TRUE(job.check({}, error));
  EXPECT_EQ(job.row_count, 24u);
  EXPECT_EQ(job.first_column, 30u);
  EXPECT_EQ(job.column_count, 91u);
}

// What ERROR_ADDR shows: the value that is refused, or the first or last byte that lies outside L1.
TEST(ImaJobCheck, ReportsTheValueThatItRefuses) {
  const auto value = [](const std::function<void(ima_job&)>& change) {
    ima_job job = good_job();
    change(job);
    device_error error{};
    EXPECT_FALSE(job.check({}, error));
    return error.address;
  };
  EXPECT_EQ(value([](ima_job& j) { j.loops[2].count = 300; }), 300u);
  EXPECT_EQ(value([](ima_job& j) { j.loops[1].count = 100; }), 400u) << "rows of the window";
  EXPECT_EQ(value([](ima_job& j) { j.pixels[1].count = 65536; }), 65536u);
  EXPECT_EQ(value([](ima_job& j) { j.ring_base = (1 << 20) - 8, j.ring_bytes = 9; }), (1u << 20) + 1) << "its end";
  EXPECT_EQ(value([](ima_job& j) { j.adc_m = 0x80000000u; }), 0x80000000u);
  EXPECT_EQ(value([](ima_job& j) { j.adc_s = 63; }), 63u);
  EXPECT_EQ(value([](ima_job& j) { j.groups = 9; }), 9u);
  EXPECT_EQ(value([](ima_job& j) { j.group[0].first = 250; }), 266u) << "the column behind the group's last one";
  EXPECT_EQ(value([](ima_job& j) { j.group[0].base = (1 << 20) - 8, j.group[0].stride0 = 0; }), (1u << 20) + 7)
      << "its last byte";
  EXPECT_EQ(value([](ima_job& j) { j.group[0].base = 4, j.group[0].stride0 = -16; }), 0xFFFFFFF4u)
      << "12 bytes before L1";
}

TEST(ImaJobCheck, AWindowMayFillTheCrossbarButNotMore) {
  const auto window = [](std::uint32_t a, std::uint32_t b, std::uint32_t start) {
    return refusal([=](ima_job& j) { j.loops[0].count = a, j.loops[1].count = b, j.row_start = start; });
  };
  EXPECT_EQ(window(256, 1, 0), "accepted");
  EXPECT_EQ(window(16, 16, 0), "accepted");
  EXPECT_EQ(window(1, 1, 255), "accepted");
  EXPECT_NE(window(256, 1, 1), "accepted");
  EXPECT_NE(window(257, 1, 0), "accepted");
  EXPECT_NE(window(16, 17, 0), "accepted");
  EXPECT_NE(window(1, 1, 256), "accepted");
  EXPECT_NE(refusal([](ima_job& j) {
              for (ima_loop& l : j.loops) l.count = 256;  // 2^32 rows: no wrap makes them few
            }),
            "accepted");
}

// Every field with a range: both ends are allowed, what is next to them is not.
TEST(ImaJobCheck, RangesAreExact) {
  struct {
    const char* name;
    std::uint32_t ima_job::* field;
    std::uint32_t least, most;
  } const fields[] = {{"ADC_M", &ima_job::adc_m, 1, 0x7FFFFFFF}, {"ADC_S", &ima_job::adc_s, 1, 62}};
  for (const auto& f : fields) {
    EXPECT_EQ(refusal([&](ima_job& j) { j.*f.field = f.least; }), "accepted") << f.name;
    EXPECT_EQ(refusal([&](ima_job& j) { j.*f.field = f.most; }), "accepted") << f.name;
    EXPECT_NE(refusal([&](ima_job& j) { j.*f.field = f.least - 1; }), "accepted") << f.name;
    EXPECT_NE(refusal([&](ima_job& j) { j.*f.field = f.most + 1; }), "accepted") << f.name;
  }
  for (unsigned dimension = 0; dimension < 2; ++dimension) {
    const auto pixels = [&](std::uint32_t count) {
      return refusal([&](ima_job& j) {
        j.pixels[dimension].count = count;
        j.group[0].stride0 = j.group[0].stride1 = 0;
      });
    };
    EXPECT_EQ(pixels(1), "accepted");
    EXPECT_EQ(pixels(65535), "accepted");
    EXPECT_NE(pixels(0), "accepted");
    EXPECT_NE(pixels(65536), "accepted");
  }
  const auto groups = [](std::uint32_t count) {
    return refusal([&](ima_job& j) {
      for (ima_group& g : j.group) g = j.group[0];
      j.groups = count;
    });
  };
  EXPECT_EQ(groups(8), "accepted");
  EXPECT_NE(groups(9), "accepted");
  EXPECT_NE(groups(0), "accepted");
}

TEST(ImaJobCheck, ARingLiesInL1) {
  const auto ring = [](std::uint32_t base, std::uint32_t bytes) {
    return refusal([=](ima_job& j) { j.ring_base = base, j.ring_bytes = bytes; });
  };
  EXPECT_EQ(ring(0, 1 << 20), "accepted");
  EXPECT_EQ(ring((1 << 20) - 1, 1), "accepted");
  EXPECT_NE(ring(1, 1 << 20), "accepted");
  EXPECT_NE(ring(0x80000000, 0x80000000), "accepted") << "no 32-bit wrap";
  EXPECT_EQ(ring(0xFFFFFFFF, 0), "accepted") << "without a ring, addresses are checked while streaming";
}

TEST(ImaJobCheck, EveryCodeLiesInL1) {
  const auto group = [](std::uint32_t base, std::int32_t stride0, std::int32_t stride1) {
    return refusal([=](ima_job& j) {
      j.pixels[1].count = 3;
      j.group[0] = {0, 16, base, stride0, stride1};
    });
  };
  EXPECT_EQ(group((1 << 20) - 16, 0, 0), "accepted");
  EXPECT_NE(group((1 << 20) - 15, 0, 0), "accepted");
  EXPECT_EQ(group(20 + 2 * 40, -20, -40), "accepted") << "the last pixel's codes begin at 0";
  EXPECT_NE(group(20 + 2 * 40 - 1, -20, -40), "accepted");
  EXPECT_EQ(group((1 << 20) - 16 - 20 - 2 * 40, 20, 40), "accepted");
  EXPECT_NE(group((1 << 20) - 16 - 20 - 2 * 40 + 1, 20, 40), "accepted");
  EXPECT_NE(group(0, 0, 0x7FFFFFFF), "accepted");
  EXPECT_NE(group(0xFFFFFFF0, 0, 0), "accepted");
}

TEST(ImaJobCheck, FollowsTheShapeOfTheIma) {
  ima_parameters small;
  small.rows = 8, small.columns = 32, small.l1_bytes = 1 << 17;
  EXPECT_EQ(refusal([](ima_job&) {}, small), "accepted");
  EXPECT_NE(refusal([](ima_job& j) { j.loops[0].count = 9; }, small), "accepted");
  EXPECT_NE(refusal([](ima_job& j) { j.group[0].first = 17; }, small), "accepted");
  EXPECT_NE(refusal([](ima_job& j) { j.group[0].base = 1 << 17; }, small), "accepted");
}

TEST(ImaJobCheck, GroupsBeyondTheirNumberMayHoldAnything) {
  EXPECT_EQ(refusal([](ima_job& j) { j.group[1] = {0xFFFF, 0, 0xFFFFFFFF, -1, -1}; }), "accepted");
}

TEST(ImaGroup, AddressesStepBySignedStrides) {
  const ima_group group = {0, 1, 1000, -8, 300};
  EXPECT_EQ(group.address(0, 0), 1000u);
  EXPECT_EQ(group.address(5, 2), 1000u - 40 + 600);
}

}  // namespace
}  // namespace ohmic
