#include "sw/compiler/mapping/cost/tile_columns.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

TEST(TileColumns, GrowUntilATileLastsLongEnough) {
  tile_cost cost;
  cost.width = 16;
  cost.analog_per_column = 1000;
  EXPECT_EQ(choose_tile_columns(cost, 1e6, 0.5, 1000), 1u);
  EXPECT_EQ(choose_tile_columns(cost, 1e6, 0.5, 1001), 2u);
  EXPECT_EQ(choose_tile_columns(cost, 1e6, 0.5, 1e9), 16u) << "all of the image";
  cost.kernels = [](unsigned columns) { return 2000.0 * columns; };
  EXPECT_EQ(choose_tile_columns(cost, 1e6, 0.5, 1001), 1u) << "the slower of crossbars and cores counts";
}

TEST(TileColumns, GrowUntilTheMastersWorkFitsIntoItsShare) {
  tile_cost cost;
  cost.width = 16;
  cost.analog_per_column = 1000;
  cost.master = 3000;  // 48000, 24000, 12000, ... per image
  EXPECT_EQ(choose_tile_columns(cost, 50000, 1, 1), 1u);
  EXPECT_EQ(choose_tile_columns(cost, 50000, 0.5, 1), 2u);
  EXPECT_EQ(choose_tile_columns(cost, 20000, 0.5, 1), 8u);
}

TEST(TileColumns, AreTheCheapestWhereNothingMeetsTheBottleneck) {
  tile_cost cost;
  cost.width = 32;
  cost.replicas = 3;
  cost.analog_per_column = 4000;  // the busiest replica makes 11, 6 * 2, 3 * 4, 2 * 8, ... columns
  EXPECT_EQ(cheapest_tile_columns(cost), 1u);
  cost.master = 4500;  // 49500, 27000, 13500, ...
  EXPECT_EQ(cheapest_tile_columns(cost), 2u) << "48000 of MVMs";
  EXPECT_EQ(choose_tile_columns(cost, 10000, 0.5, 1), 2u);
}

TEST(TileColumns, DivideTheWidth) {
  tile_cost cost;
  cost.width = 7;
  cost.analog_per_column = 100;
  EXPECT_EQ(choose_tile_columns(cost, 1e6, 0.5, 300), 7u);
}

}  // namespace
}  // namespace ohmic
