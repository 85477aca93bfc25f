#include "sw/compiler/mapping/plan/plan.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

/// By the words of column_demand and ohmic_window: some output column of the replica has x in its window.
bool is_wanted(const column_demand& d, int x) {
  for (int out = 0; out < static_cast<int>(d.columns); ++out) {
    if (static_cast<unsigned>(out) / d.makes.tile % d.makes.count != d.makes.index) continue;
    const int begin = out * static_cast<int>(d.stride) - d.pad;
    if (x >= begin && x < begin + static_cast<int>(d.size)) return true;
  }
  return false;
}

TEST(ColumnDemand, AReplicaWantsTheWindowsOfItsOwnColumns) {
  for (const unsigned size : {1u, 2u, 3u, 5u})
    for (const unsigned stride : {1u, 2u, 3u, 4u})
      for (const int pad : {0, 1, 2})
        for (const unsigned count : {2u, 3u})
          for (const unsigned tile : {1u, 2u, 3u})
            for (unsigned index = 0; index < count; ++index) {
              column_demand d{{tile, index, count}, size, stride, 6, pad};
              for (int x = 0; x < 24; ++x)
                ASSERT_EQ(d.wants(static_cast<unsigned>(x)), is_wanted(d, x))
                    << x << ": size " << size << " stride " << stride << " pad " << pad << " tile " << tile << ", "
                    << index << " of " << count;
            }
  const column_demand all{{3, 0, 1}, 1, 5, 2, 0};
  for (unsigned x = 0; x < 24; ++x) EXPECT_TRUE(all.wants(x)) << "who is no replica takes all";
}

plan_step step_of(replica_rule makes, unsigned columns) {
  plan_step step;
  step.makes = makes;
  step.columns_per_image = columns;
  return step;
}

TEST(ColumnDemand, TheFirstColumnOwedIsMadeHereAndWantedThere) {
  for (const unsigned columns : {6u, 12u})
    for (const unsigned count : {1u, 2u, 3u})
      for (unsigned index = 0; index < count; ++index)
        for (const unsigned wanted : {2u, 3u})
          for (unsigned of = 0; of < wanted; ++of) {
            const plan_step step = step_of({2, index, count}, columns);
            const column_demand d{{1, of, wanted}, 2, 3, columns / 3, 0};
            unsigned first = columns;
            for (unsigned x = columns; x-- > 0;)
              if (x / 2 % count == index && is_wanted(d, static_cast<int>(x))) first = x;
            EXPECT_EQ(first_owed(step, d), first);
          }
}

TEST(ColumnDemand, ReplicasMakeAllTilesTogether) {
  for (const unsigned tiles : {1u, 2u, 5u, 6u})
    for (const unsigned count : {1u, 2u, 3u, 7u}) {
      unsigned all = 0;
      for (unsigned index = 0; index < count; ++index) {
        unsigned made = 0;
        for (unsigned t = index; t < tiles; t += count) ++made;
        EXPECT_EQ(tiles_made(step_of({3, index, count}, 3 * tiles)), made);
        all += made;
      }
      EXPECT_EQ(all, tiles);
    }
}

// Replica 1 makes tiles of two columns and stride 3 from column 6 on; its window begins a column earlier.
TEST(FirstReleased, IsTheFirstColumnThatAReaderNeeds) {
  plan_cluster cluster;
  cluster.rings.resize(2);
  cluster.rings[0].columns_per_image = cluster.rings[1].columns_per_image = 12;
  plan_step reader = step_of({2, 1, 2}, 4);
  plan_window window;
  window.size = 3;
  window.stride = 3;
  window.pad = 1;
  reader.inputs = {window};
  cluster.steps = {reader};
  EXPECT_EQ(cluster.first_released(0), 5u);
  EXPECT_EQ(cluster.first_released(1), 12u) << "nobody reads it";
  cluster.steps[0].makes.index = 0;
  EXPECT_EQ(cluster.first_released(0), 0u) << "before the first column";
  cluster.steps[0].makes.index = 1;
  cluster.steps.push_back(reader);
  cluster.steps[1].inputs[0].pad = 3;
  EXPECT_EQ(cluster.first_released(0), 3u) << "the least of both";
  cluster.steps[1].inputs[0].whole_image = true;
  EXPECT_EQ(cluster.first_released(0), 0u);
  cluster.steps.pop_back();
  cluster.rings[0].sequence = true;
  EXPECT_EQ(cluster.first_released(0), 0u);
  cluster.rings[0].sequence = false;
  cluster.rings[0].follows = true;
  EXPECT_EQ(cluster.first_released(0), 0u);
  cluster.rings[0].follows = false;
  cluster.steps[0].makes = {2, 5, 6};
  EXPECT_EQ(cluster.first_released(0), 12u) << "a replica with nothing to do";
}

}  // namespace
}  // namespace ohmic
