#include "ip/platform_control/platform_control.h"

#include <gtest/gtest.h>

#include <cstring>
#include <tuple>
#include <vector>

#include "registers/platform_control.h"

namespace ohmic {
namespace {

namespace reg = registers::platform_control;

class PlatformControlTest : public testing::Test {
 protected:
  using line = std::tuple<unsigned, unsigned, cycle_t, std::string>;

  PlatformControlTest() {
    control.on_line([this](unsigned cluster, unsigned core, cycle_t cycle, const std::string& text) {
      lines.emplace_back(cluster, core, cycle, text);
    });
  }
  bool write(std::uint64_t offset, std::uint32_t value, cycle_t cycle = 0, unsigned cluster = 0, unsigned core = 0,
             unsigned bytes = 4) {
    std::uint8_t data[4];
    std::memcpy(data, &value, 4);
    return control.write(offset, data, bytes, cluster, core, cycle);
  }
  void print(const std::string& text, unsigned cluster, unsigned core, cycle_t cycle) {
    for (const char c : text) EXPECT_TRUE(write(reg::console_offset, std::uint8_t(c), cycle++, cluster, core, 1));
  }
  std::uint32_t read(std::uint64_t offset, cycle_t cycle) {
    std::uint8_t data[4] = {};
    EXPECT_TRUE(control.read(offset, data, 4, cycle));
    std::uint32_t value;
    std::memcpy(&value, data, 4);
    return value;
  }

  platform_control control;
  std::vector<line> lines;
};

TEST_F(PlatformControlTest, LinesOfDifferentCoresDoNotMix) {
  print("ab", 0, 0, 1);
  print("xyz\n", 7, 3, 10);
  print("c\n", 0, 0, 20);
  EXPECT_EQ(lines, (std::vector<line>{{7, 3, 13, "xyz"}, {0, 0, 21, "abc"}}));
}

TEST_F(PlatformControlTest, AWordIsUpToFourCharacters) {
  EXPECT_TRUE(write(reg::console_offset, 0x0A006968, 5));  // "hi", nothing, newline
  EXPECT_EQ(lines, (std::vector<line>{{0, 0, 5, "hi"}}));
}

TEST_F(PlatformControlTest, UnfinishedLinesComeOutAtTheEndInOrderOfCores) {
  print("late", 2, 0, 0);
  print("early", 1, 9, 50);
  EXPECT_TRUE(lines.empty());
  control.flush();
  EXPECT_EQ(lines, (std::vector<line>{{1, 9, 0, "early"}, {2, 0, 0, "late"}}));
  control.flush();
  EXPECT_EQ(lines.size(), 2u) << "each once";
}

TEST_F(PlatformControlTest, TheFirstEndCounts) {
  EXPECT_FALSE(control.ended());
  EXPECT_TRUE(write(reg::assert_failed_offset, 42, 100, 3, 1));
  EXPECT_TRUE(write(reg::exit_offset, 0, 101, 4, 2));
  ASSERT_TRUE(control.ended());
  EXPECT_TRUE(control.ended()->assertion);
  EXPECT_EQ(control.ended()->status, 42u);
  EXPECT_EQ(control.ended()->cycle, 100u);
  EXPECT_EQ(control.ended()->cluster, 3u);
  EXPECT_EQ(control.ended()->core, 1u);
}

TEST_F(PlatformControlTest, MarkersKeepTheLastCycleAndThereAreSixteen) {
  EXPECT_EQ(control.marker(15), std::nullopt);
  EXPECT_TRUE(write(reg::marker_offset, 15, 7));
  EXPECT_TRUE(write(reg::marker_offset, 15, 9));
  EXPECT_EQ(control.marker(15), 9u);
  EXPECT_FALSE(write(reg::marker_offset, 16, 7));
  EXPECT_EQ(control.marker(16), std::nullopt);
}

TEST_F(PlatformControlTest, ProgressAddsUp) {
  EXPECT_TRUE(write(reg::progress_offset, 3));
  EXPECT_TRUE(write(reg::progress_offset, 4));
  EXPECT_EQ(control.progress(), 7u);
}

TEST_F(PlatformControlTest, LowTimeLatchesHighTimeAndALookDoesNot) {
  EXPECT_EQ(read(reg::time_lo_offset, 0x1'FFFFFFFF), 0xFFFFFFFFu);
  std::uint8_t data[4];
  EXPECT_TRUE(control.peek(reg::time_lo_offset, data, 4, 0x7'00000000));
  EXPECT_EQ(read(reg::time_hi_offset, 0x2'00000000), 1u);
  EXPECT_EQ(read(reg::time_hi_offset, 0x3'00000000), 1u) << "however often it is read";
}

TEST_F(PlatformControlTest, RefusesWhatNoRegisterTakes) {
  std::uint8_t data[8] = {};
  EXPECT_FALSE(control.read(reg::console_offset, data, 4, 0)) << "write-only";
  EXPECT_FALSE(write(reg::time_lo_offset, 0)) << "read-only";
  EXPECT_FALSE(write(reg::exit_offset, 0, 0, 0, 0, 2)) << "half a word";
  EXPECT_FALSE(control.read(reg::time_lo_offset, data, 2, 0));
  EXPECT_FALSE(control.write(reg::console_offset, data, 8, 0, 0, 0));
  EXPECT_FALSE(control.write(reg::console_offset, data, 0, 0, 0, 0));
  EXPECT_FALSE(write(0x1000, 0));
  EXPECT_FALSE(control.ended());
  EXPECT_TRUE(lines.empty());
}

// The register map says what may be read and written as a word; the block must agree at every offset.
TEST_F(PlatformControlTest, AgreesWithTheRegisterMapAboutRights) {
  for (std::uint32_t offset = 0; offset < reg::block_bytes + 16; offset += 4) {
    std::uint8_t data[4] = {};
    EXPECT_EQ(control.read(offset, data, 4, 0), reg::access.readable(offset)) << std::hex << offset;
    EXPECT_EQ(write(offset, 0), reg::access.writable(offset)) << std::hex << offset;
  }
}

}  // namespace
}  // namespace ohmic
