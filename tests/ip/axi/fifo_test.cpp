#include "ip/axi/fifo.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "tests/fresh_seed.h"

namespace ohmic {
namespace {

TEST(FifoTest, KeepsTheOrderWhateverItsLengthWhenItGrows) {
  const unsigned seed = fresh_seed();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (unsigned round = 0; round < 100; ++round) {
    fifo<unsigned> queue;
    std::deque<unsigned> expected;
    const unsigned pushes_of_ten = 3 + random() % 5;
    for (unsigned step = 0; step < 200; ++step) {
      if (random() % 10 < pushes_of_ten) {
        const unsigned value = random();
        queue.push(value);
        expected.push_back(value);
      } else if (!expected.empty()) {
        queue.pop();
        expected.pop_front();
      }
      ASSERT_EQ(queue.size(), expected.size());
      ASSERT_EQ(queue.empty(), expected.empty());
      if (!expected.empty()) ASSERT_EQ(queue.front(), expected.front());
    }
  }
}

}  // namespace
}  // namespace ohmic
