#include "platform/engine/due_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace ohmic {
namespace {

TEST(DueTableTest, NothingIsDueAtFirst) {
  due_table due(3);
  std::vector<unsigned> parts = {7};
  due.find_before(never, parts);
  EXPECT_TRUE(parts.empty());
  EXPECT_EQ(due.earliest(0), never);
  EXPECT_EQ(due.size(), 3u);
}

// Cycles of all sizes: comparisons are of unsigned numbers.
TEST(DueTableTest, FindsWhatIsDueAsOneByOneDoes) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    const std::size_t parts = 1 + random() % 100;
    const unsigned shift = random() % 60;
    due_table due(parts);
    std::vector<cycle_t> model(parts, never);
    for (int step = 0; step < 20; ++step) {
      for (std::size_t k = random() % parts; k-- > 0;) {
        const std::size_t part = random() % parts;
        due[part] = model[part] = random() % 5 == 0 ? never : random() >> shift;
      }
      const cycle_t to = random() % 4 == 0 ? model[random() % parts] : random() >> shift;
      std::vector<unsigned> expected, found;
      for (unsigned i = 0; i < parts; ++i)
        if (model[i] < to) expected.push_back(i);
      due.find_before(to, found);
      EXPECT_EQ(found, expected) << "seed " << seed;
      EXPECT_EQ(due.find(to), expected.size()) << "seed " << seed;
      const cycle_t least = *std::min_element(model.begin(), model.end());
      EXPECT_EQ(due.earliest(0), least) << "seed " << seed;
      EXPECT_EQ(due.earliest(to), std::max(least, to)) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace ohmic
