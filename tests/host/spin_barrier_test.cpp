#include "host/spin_barrier.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace ohmic {
namespace {

/// Each worker adds its number to a plain cell of its own per window; main adds the cells up between windows.
void run_windows(unsigned workers, bool oversubscribed, unsigned windows) {
  spin_barrier barrier(workers, oversubscribed);
  std::vector<std::uint64_t> cells(workers);  // not atomic: the barrier must publish them
  unsigned input = 0;
  bool stop = false;
  std::vector<std::thread> threads;
  for (unsigned w = 0; w < workers; ++w)
    threads.emplace_back([&, w] {
      for (std::uint64_t seen = 0;;) {
        seen = barrier.wait_open(seen);
        if (stop) return;
        cells[w] += input * (w + 1);
        barrier.close();
      }
    });
  std::uint64_t expected = 0;
  for (unsigned n = 1; n <= windows; ++n) {
    input = n;
    barrier.open();
    barrier.wait_closed();
    expected += n;
    for (unsigned w = 0; w < workers; ++w) ASSERT_EQ(cells[w], expected * (w + 1)) << "window " << n;
  }
  stop = true;
  barrier.open();
  for (std::thread& t : threads) t.join();
}

TEST(SpinBarrierTest, NobodyStartsAWindowEarlyOrEndsItLate) { run_windows(1, false, 2000); }

TEST(SpinBarrierTest, WorksWithMoreThreadsThanProcessors) { run_windows(7, true, 300); }

TEST(SpinBarrierTest, WithoutWorkersNothingIsWaitedFor) { run_windows(0, false, 10); }

TEST(SpinBarrierTest, AWorkerThatSleptSeesTheNextWindow) {
  spin_barrier barrier(1, true);
  bool seen = false;
  std::thread worker([&] {
    barrier.wait_open(0);
    seen = true;
    barrier.close();
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // it looks every 50 us by now
  barrier.open();
  barrier.wait_closed();
  EXPECT_TRUE(seen);
  worker.join();
}

}  // namespace
}  // namespace ohmic
