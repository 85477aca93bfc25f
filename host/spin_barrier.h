#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#if defined(__x86_64__)
  #include <immintrin.h>
#endif

namespace ohmic {

/// Eases a busy-wait for the sibling thread of the core.
inline void spin_pause() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

/// Hands windows from one main thread to its workers and waits for all of them.
///
/// Call order: main: open(), own share, wait_closed(); each worker: wait_open(), own share, close().
/// open() publishes everything written before it to the workers; wait_closed() the reverse.
/// Waiting spins shortly (a window is about a microsecond; a condition variable costs 20), then yields: at once if
/// there are more threads than processors. A worker that has waited for long sleeps a little between looks.
class spin_barrier {
 public:
  spin_barrier(unsigned workers, bool oversubscribed)
      : workers_(workers), spins_before_yield_(oversubscribed ? 0 : 20000) {}

  void open() {
    closed_.store(0, std::memory_order_relaxed);
    epoch_.fetch_add(1, std::memory_order_release);
  }

  void wait_closed() const {
    for (unsigned n = 0; closed_.load(std::memory_order_acquire) != workers_; ++n) relax(n, never_sleeps);
  }

  /// Returns the epoch that was opened after `seen`.
  std::uint64_t wait_open(std::uint64_t seen) const {
    std::uint64_t now;
    for (unsigned n = 0; (now = epoch_.load(std::memory_order_acquire)) == seen; ++n) relax(n, yields_before_sleep);
    return now;
  }

  void close() { closed_.fetch_add(1, std::memory_order_release); }

 private:
  static constexpr unsigned yields_before_sleep = 2000, never_sleeps = ~0u;

  void relax(unsigned n, unsigned yields) const {
    if (n < spins_before_yield_)
      spin_pause();
    else if (n - spins_before_yield_ < yields)
      std::this_thread::yield();
    else  // the main thread has worked alone for long: leave the processor to others
      std::this_thread::sleep_for(std::chrono::microseconds(50));
  }

  const unsigned workers_;
  const unsigned spins_before_yield_;
  alignas(64) std::atomic<std::uint64_t> epoch_{0};
  alignas(64) std::atomic<unsigned> closed_{0};
};

}  // namespace ohmic
