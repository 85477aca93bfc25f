#include "ip/axi/id_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

namespace ohmic {
namespace {

std::vector<unsigned> from(const id_set& ids, unsigned first) {
  std::vector<unsigned> visited;
  EXPECT_FALSE(ids.visit_from(first, [&](unsigned id) {
    visited.push_back(id);
    return false;
  }));
  return visited;
}

TEST(IdSetTest, GoesRoundFromTheFirst) {
  id_set ids;
  for (const unsigned id : {0u, 63u, 64u, 127u}) ids.insert(id);
  EXPECT_EQ(from(ids, 0), (std::vector<unsigned>{0, 63, 64, 127}));
  EXPECT_EQ(from(ids, 63), (std::vector<unsigned>{63, 64, 127, 0}));
  EXPECT_EQ(from(ids, 64), (std::vector<unsigned>{64, 127, 0, 63}));
  EXPECT_EQ(from(ids, 127), (std::vector<unsigned>{127, 0, 63, 64}));
}

TEST(IdSetTest, StopsAtTheOneThatIsTaken) {
  id_set ids;
  ids.insert(5);
  ids.insert(9);
  unsigned asked = 0;
  EXPECT_TRUE(ids.visit_from(6, [&](unsigned id) { return ++asked, id == 9; }));
  EXPECT_EQ(asked, 1u);
}

TEST(IdSetTest, IsEmptyWhenTheLastOneLeaves) {
  id_set ids;
  EXPECT_TRUE(ids.empty());
  ids.insert(127);
  ids.insert(127);
  EXPECT_FALSE(ids.empty());
  ids.erase(63);
  EXPECT_FALSE(ids.empty()) << "another word's bit of the same number";
  ids.erase(127);
  EXPECT_TRUE(ids.empty());
}

// Oracle: a sorted set, walked from lower_bound.
TEST(IdSetTest, AgreesWithASortedSet) {
  std::mt19937 random(17);
  id_set ids;
  std::set<unsigned> expected;
  for (int step = 0; step < 2000; ++step) {
    const unsigned id = random() % id_set::max_ids, first = random() % id_set::max_ids;
    if (random() % 2) {
      ids.insert(id);
      expected.insert(id);
    } else {
      ids.erase(id);
      expected.erase(id);
    }
    std::vector<unsigned> order(expected.lower_bound(first), expected.end());
    order.insert(order.end(), expected.begin(), expected.lower_bound(first));
    ASSERT_EQ(from(ids, first), order) << "step " << step;
  }
}

}  // namespace
}  // namespace ohmic
