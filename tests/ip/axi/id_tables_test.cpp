#include "ip/axi/id_tables.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace ohmic {
namespace {

TEST(OpenIdsTest, AnIdStaysAtOneOutput) {
  open_ids ids(4, 63);
  EXPECT_TRUE(ids.may_go(1, 0));
  ids.open(1, 2);
  EXPECT_TRUE(ids.may_go(1, 2));
  EXPECT_FALSE(ids.may_go(1, 0));
  EXPECT_TRUE(ids.may_go(0, 0)) << "others are free";
  ids.open(1, 2);
  ids.close(1);
  EXPECT_FALSE(ids.may_go(1, 0)) << "one of two is still open";
  ids.close(1);
  EXPECT_TRUE(ids.may_go(1, 0));
}

TEST(OpenIdsTest, OneFullCountStopsAllIds) {
  open_ids ids(4, 2);
  ids.open(3, 1);
  ids.open(3, 1);
  EXPECT_FALSE(ids.may_go(3, 1));
  EXPECT_FALSE(ids.may_go(0, 0));
  ids.open(0, 0);  // counted before the other was full
  ids.close(3);
  EXPECT_TRUE(ids.may_go(0, 0));
  EXPECT_TRUE(ids.may_go(3, 1));
}

// Against lists of what is open.
TEST(OpenIdsTest, RandomTraffic) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    const unsigned count = 1 + random() % 128, limit = 1 + random() % 5;
    open_ids ids(count, limit);
    std::vector<std::vector<unsigned>> open(count);
    for (int step = 0; step < 5000; ++step) {
      const unsigned id = random() % count, output = random() % 4;
      bool full = false;
      for (const auto& o : open) full |= o.size() == limit;
      const bool may = !full && (open[id].empty() || open[id].front() == output);
      ASSERT_EQ(ids.may_go(id, output), may) << "seed " << seed;
      if (may) {
        ids.open(id, output);
        open[id].push_back(output);
      } else if (const unsigned other = random() % count; !open[other].empty()) {
        ids.close(other);
        open[other].pop_back();
      }
      if (full) {
        for (unsigned i = 0; i < count; ++i) {
          if (open[i].size() != limit) continue;
          ids.close(i);
          open[i].pop_back();
          break;
        }
      }
    }
  }
}

TEST(RemapTableTest, NewPairsTakeTheLowestFreeName) {
  remap_table table(3, 8, 4, 2);
  EXPECT_EQ(table.name(0, 5), 0u);
  table.open(0, 5, 0);
  EXPECT_EQ(table.name(0, 5), 0u) << "in flight: keeps its name";
  EXPECT_EQ(table.name(1, 5), 1u) << "the same id of another input is another one";
  table.open(1, 5, 1);
  table.open(0, 5, 0);
  EXPECT_EQ(table.name(0, 5), remap_table::none) << "two per name";
  EXPECT_EQ(table.close(0), 5u);
  EXPECT_EQ(table.name(0, 5), 0u);
  table.close(0);
  EXPECT_EQ(table.name(2, 7), 0u) << "free again";
}

// Against a map: names are unique among what is in flight, and only a full table refuses.
TEST(RemapTableTest, RandomTraffic) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    const unsigned inputs = 1 + random() % 8, ids = 1 + random() % 64, names = 1 + random() % 64,
                   limit = 1 + random() % 4;
    remap_table table(inputs, ids, names, limit);
    std::map<std::pair<unsigned, unsigned>, std::pair<unsigned, unsigned>> open;  // (input, id): name, count
    for (int step = 0; step < 5000; ++step) {
      const std::pair<unsigned, unsigned> key{random() % inputs, random() % ids};
      const auto known = open.find(key);
      std::set<unsigned> used;
      for (const auto& [k, v] : open) used.insert(v.first);
      unsigned expected = remap_table::none;
      if (known != open.end()) {
        if (known->second.second < limit) expected = known->second.first;
      } else {
        for (unsigned n = names; n-- > 0;) {
          if (used.count(n) == 0) expected = n;
        }
      }
      ASSERT_EQ(table.name(key.first, key.second), expected) << "seed " << seed;
      if (expected != remap_table::none && random() % 2 == 0) {
        table.open(key.first, key.second, expected);
        auto& entry = open[key];
        entry = {expected, entry.second + 1};
      } else if (!open.empty()) {
        auto at = open.begin();
        std::advance(at, random() % open.size());
        ASSERT_EQ(table.close(at->second.first), at->first.second) << "seed " << seed;
        if (--at->second.second == 0) open.erase(at);
      }
    }
  }
}

}  // namespace
}  // namespace ohmic
