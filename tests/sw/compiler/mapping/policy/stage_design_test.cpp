// Which row sets and packed rows share a crossbar.
#include "sw/compiler/mapping/policy/stage_design.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

/// As text: tiles apart by spaces, of each "set.row" of what it makes.
std::string tiles_of(const crossbar_layer& layer, pixel_packing packing) {
  std::string text;
  for (const auto& tile : share_crossbars(layer, packing, layer.out_channels, chip_config{})) {
    if (!text.empty()) text += ' ';
    for (std::size_t i = 0; i < tile.size(); ++i)
      text += (i == 0 ? "" : "+") + std::to_string(tile[i].set) + "." + std::to_string(tile[i].dy);
  }
  return text;
}

crossbar_layer layer(int in, int out, int kernel, int stride) {
  crossbar_layer l;
  l.in_channels = in;
  l.out_channels = out;
  l.window = {kernel, kernel, stride, stride, kernel / 2, kernel / 2};
  l.row_sets = split_rows(in, kernel, kernel, 256);
  return l;
}

TEST(StageDesign, FourPixelsOfAFirstLayerTakeOneCrossbar) {
  EXPECT_EQ(tiles_of(layer(3, 64, 7, 2), {2, 2}), "0.0+0.1");          // 9 x 9 x 3 = 243 rows, 4 x 64 = 256 bitlines
  EXPECT_EQ(tiles_of(layer(3, 64, 7, 2), {1, 4}), "0.0+0.1+0.2 0.3");  // 7 x 13 x 3 = 273 rows are too many
  EXPECT_EQ(tiles_of(layer(3, 64, 7, 2), {4, 2}), "");                 // 512 bitlines
}

TEST(StageDesign, KernelRowsThatReadTheSameRowShareACrossbar) {
  EXPECT_EQ(tiles_of(layer(64, 64, 3, 1), {1, 1}), "0.0 1.0 2.0");
  EXPECT_EQ(tiles_of(layer(64, 64, 3, 1), {2, 2}), "0.0 0.1+1.0 1.1+2.0 2.1");
  EXPECT_EQ(tiles_of(layer(128, 128, 3, 1), {1, 2}), "0.0 0.1+1.0 1.1+2.0 2.1 3.0 3.1+4.0 4.1+5.0 5.1");
  EXPECT_EQ(tiles_of(layer(64, 64, 3, 1), {3, 1}), "") << "320 rows";
}

TEST(StageDesign, AChannelOfEveryTapSharesItsRows) {
  // 256 channels: sets of 28 channels over all taps. Two rows of pixels read 4 x 3 x 28 = 336 rows: too many.
  EXPECT_EQ(tiles_of(layer(56, 56, 3, 1), {1, 2}), "0.0 0.1+1.0 1.1+2.0 2.1");
  const auto tiles = share_crossbars(layer(256, 256, 3, 1), {1, 2}, 256, chip_config{});
  EXPECT_EQ(tiles.size(), 20u) << "ten sets, each twice";
}

}  // namespace
}  // namespace ohmic
