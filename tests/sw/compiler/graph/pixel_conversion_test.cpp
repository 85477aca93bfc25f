#include "sw/compiler/graph/pixel_conversion.h"

#include <gmock/gmock.h>

#include <limits>

#include "sw/compiler/graph/integer_graph.h"

namespace ohmic {
namespace {

using ::testing::HasSubstr;

std::string complaint(const pixel_conversion& p, int channels) {
  try {
    pixel_tables(p, channels, 1 / 64.f);
  } catch (const graph_error& e) {
    return e.what();
  }
  return "";
}

TEST(PixelTables, OurModelsTakePixelLess128) {
  for (const pixel_table& table : pixel_tables(pixel_conversion::of_our_models(), 3, 1 / 64.f))
    for (int v = 0; v < 256; ++v) ASSERT_EQ(table[v], v - 128);
}

TEST(PixelTables, DividedPixelsGoThroughTheFilesOwnScale) {
  pixel_conversion p;
  p.scale = 1 / 255.;
  const pixel_table table = pixel_tables(p, 3, 1 / 127.f)[0];
  EXPECT_EQ(table[0], 0);
  EXPECT_EQ(table[255], 127);
  EXPECT_EQ(table[100], 50) << "100 / 255 * 127 = 49.8";
}

TEST(PixelTables, RealPixelsOfScaleTwoFillHalfOfInt8) {
  const pixel_table table = pixel_tables({}, 3, 2.f)[0];
  EXPECT_EQ(table[0], 0);
  EXPECT_EQ(table[255], 127) << "127.5 rounds to 128 and is cut";
  EXPECT_EQ(table[5], 2) << "2.5 rounds to even";
  EXPECT_EQ(table[7], 4) << "3.5 rounds to even";
}

TEST(PixelTables, MeanAndDeviationAreOfEachChannel) {
  pixel_conversion p;
  p.offset = 1;
  p.mean = {1, 11, 21};
  p.std = {1, 2, 5};
  const std::vector<pixel_table> t = pixel_tables(p, 3, 1.f);
  EXPECT_EQ(t[0][30], 30);
  EXPECT_EQ(t[1][30], 10);
  EXPECT_EQ(t[2][30], 2);
  EXPECT_EQ(t[0][200], 127);
}

TEST(PixelTables, RefusesWhatIsNoConversion) {
  EXPECT_EQ(pixel_tables({}, 4, 1.f).size(), 4u) << "values that are no pictures";
  pixel_conversion p;
  p.channels = pixel_conversion::channel_order::rgb;
  EXPECT_THAT(complaint(p, 4), HasSubstr("takes 4 channels"));
  p.channels = pixel_conversion::channel_order::unsaid;
  p.mean = {1, 2};
  EXPECT_THAT(complaint(p, 3), HasSubstr("mean has 2 numbers; 1 or 3 are expected"));
  EXPECT_THAT(complaint(p, 1), HasSubstr("mean has 2 numbers; 1 or 1 is expected")) << "more than channels, too";
  p.mean = {1, 2, 3, 4};
  EXPECT_THAT(complaint(p, 3), HasSubstr("mean has 4 numbers; 1 or 3 are expected"));
  p = {};
  p.std = {0};
  EXPECT_THAT(complaint(p, 3), HasSubstr("std"));
  p = {};
  p.scale = std::numeric_limits<double>::infinity();
  EXPECT_THAT(complaint(p, 3), HasSubstr("finite"));
  p = {};
  p.channels = pixel_conversion::channel_order::grey;
  EXPECT_THAT(complaint(p, 3), HasSubstr("channels is grey, but the network takes 3"));
  p.channels = pixel_conversion::channel_order::bgr;
  EXPECT_THAT(complaint(p, 1), HasSubstr("channels is bgr, but the network takes 1 channel"));
}

}  // namespace
}  // namespace ohmic
