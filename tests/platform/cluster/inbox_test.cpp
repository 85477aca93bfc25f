#include "platform/cluster/inbox.h"

#include <gtest/gtest.h>

namespace ohmic {
namespace {

TEST(InboxTest, HandsOutInOrderOfTimeAndEqualTimesInOrderOfDelivery) {
  axi_burst a, b, c, d;
  inbox box;
  box.push(inbox::kind::request, 20, &a);
  box.push(inbox::kind::response_end, 30, &b);
  box.push(inbox::kind::request, 20, &c);
  box.push(inbox::kind::request, 10, &d);
  std::vector<axi_burst*> order;
  while (!box.empty()) {
    order.push_back(box.front().burst);
    box.pop();
  }
  EXPECT_EQ(order, (std::vector<axi_burst*>{&d, &a, &c, &b}));
  EXPECT_EQ(box.next(), never);
}

TEST(InboxTest, EqualTimesOfDifferentKindsComeInTheOrderOfTheKinds) {
  axi_burst request, data, answer;
  inbox box;
  box.push(inbox::kind::response_end, 7, &answer);
  box.push(inbox::kind::write_data, 7, &data, 3);
  box.push(inbox::kind::request, 7, &request);
  EXPECT_EQ(box.front().burst, &request);
  box.pop();
  EXPECT_EQ(box.front().burst, &data);
  EXPECT_EQ(box.front().beats, 3u);
  box.pop();
  EXPECT_EQ(box.front().burst, &answer);
}

TEST(InboxTest, StaysInOrderWhileItIsFilledAndEmptied) {
  std::vector<axi_burst> bursts(1000);
  inbox box;
  cycle_t last = 0;
  for (unsigned n = 0; n < 1000; ++n) {
    box.push(inbox::kind::request, 10 * n + (n * 7919) % 200, &bursts[n]);
    if (n % 3 == 2) {
      for (int k = 0; k < 2; ++k) {
        EXPECT_GE(box.front().due + 200, last);
        last = box.front().due;
        box.pop();
      }
    }
  }
  for (cycle_t before = 0; !box.empty(); box.pop()) {
    EXPECT_GE(box.front().due, before);
    before = box.front().due;
  }
}

}  // namespace
}  // namespace ohmic
