#include "host/start_threads.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <string>

#if defined(__has_feature)
  #if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    #define OHMIC_SANITIZED 1
  #endif
#endif

namespace ohmic {
namespace {

TEST(StartThreads, EachHasItsNumber) {
  std::atomic<unsigned> seen{0};
  std::vector<std::thread> threads;
  start_threads(threads, 3, [&](unsigned i) { seen |= 1u << i; }, [] { FAIL(); });
  ASSERT_EQ(threads.size(), 3u);
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(seen, 0b1110u);
}

/// In a process of its own, with little address space, of which each thread's stack takes some.
[[noreturn]] void start_too_many() {
  const rlimit little{std::uint64_t{600} << 20, RLIM_INFINITY};
  setrlimit(RLIMIT_AS, &little);
  std::atomic<bool> stop{false};
  std::atomic<unsigned> running{0}, started{0};
  const auto work = [&](unsigned) {
    ++started;
    ++running;
    while (!stop) std::this_thread::yield();
    --running;
  };
  std::vector<std::thread> threads;
  std::string what;
  try {
    start_threads(threads, 1000, work, [&] { stop = true; });
  } catch (const std::runtime_error& error) {
    what = error.what();
  }
  // The caller is the first thread, so the one that was not to be had is behind it and those that are joined.
  const bool named = what.rfind("cannot start thread " + std::to_string(started + 2) + " of 1001", 0) == 0 &&
                     what.find(" of 1001: Resource temporarily unavailable; --threads") != std::string::npos;
  _exit(named && threads.empty() && running == 0 ? 3 : 1);
}

TEST(StartThreadsDeathTest, TooManyEndWithTheReasonAndNoneIsLeft) {
#ifdef OHMIC_SANITIZED
  GTEST_SKIP() << "a sanitizer reserves more address space than the limit";
#endif
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(start_too_many(), testing::ExitedWithCode(3), "");
}

}  // namespace
}  // namespace ohmic
