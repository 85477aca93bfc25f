#include "ip/axi/calendar.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace ohmic {
namespace {

struct item {
  int number = 0;
  void prefetch() const {}
};
struct channel_item : item {};
using test_calendar = calendar<item, channel_item>;

TEST(CalendarTest, RunsArrivalsBeforeArbitrationsInTheOrderOfAdding) {
  test_calendar events;
  item a{1}, b{2};
  channel_item c{{3}}, d{{4}};
  events.add(c, 10);
  events.add(a, 10);
  events.add(b, 10);
  EXPECT_EQ(events.next(), 10u);
  std::vector<int> order;
  events.run(
      10,
      [&](item& i) {
        order.push_back(i.number);
        if (i.number == 2) events.add(d, 10);
      },
      [&](channel_item& i) { order.push_back(i.number); });
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4}));
  EXPECT_EQ(events.next(), never);
}

// Against a sorted multimap, near and far, with jumps of the clock.
TEST(CalendarTest, AgreesWithASortedList) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    test_calendar events;
    std::vector<item> items(3000);
    std::multimap<cycle_t, int> expected;
    std::size_t used = 0;
    cycle_t now = 0;
    const auto add = [&] {
      if (used == items.size()) return;
      const cycle_t at = now + 1 + (random() % 4 ? random() % 20 : random() % 5000);
      items[used].number = static_cast<int>(used);
      expected.emplace(at, items[used].number);
      events.add(items[used++], at);
    };
    for (int i = 0; i < 5; ++i) add();
    while (!expected.empty()) {
      ASSERT_EQ(events.next(), expected.begin()->first) << "seed " << seed;
      now = events.next();
      std::vector<int> got, want;
      for (auto [it, end] = expected.equal_range(now); it != end; ++it) want.push_back(it->second);
      expected.erase(now);
      events.run(
          now,
          [&](item& i) {
            got.push_back(i.number);
            for (unsigned k = random() % 3; k > 0; --k) add();
          },
          [](channel_item&) {});
      ASSERT_EQ(got, want) << "seed " << seed << " cycle " << now;
      if (expected.empty() || random() % 50 == 0) {
        now += expected.empty() ? random() % 10000 : 0;
        events.forward(now);
        for (int i = 0; i < 3; ++i) add();
      }
    }
    EXPECT_EQ(used, items.size());
    EXPECT_EQ(events.next(), never);
  }
}

}  // namespace
}  // namespace ohmic
