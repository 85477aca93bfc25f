#include "host/thread_team.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "host/start_threads.h"

namespace ohmic {

thread_team::thread_team(unsigned threads)
    : threads_(std::max(1u, threads)),
      errors_(threads_),
      barrier_(threads_ - 1, threads_ > std::max(1u, std::thread::hardware_concurrency())) {
  start_threads(workers_, threads_ - 1, [this](unsigned thread) { work(thread); }, [this] { dismiss(); });
}

thread_team::~thread_team() {
  if (workers_.empty()) return;
  dismiss();
  for (auto& w : workers_) w.join();
}

void thread_team::finish() {
  barrier_.wait_closed();
  for (auto& e : errors_)
    if (e) {
      const std::exception_ptr first = std::exchange(e, nullptr);
      for (auto& other : errors_) other = nullptr;
      std::rethrow_exception(first);
    }
}

void thread_team::guarded(unsigned thread) noexcept {
  try {
    call_(context_, thread);
  } catch (...) {
    errors_[thread] = std::current_exception();
  }
}

void thread_team::dismiss() {
  quit_ = true;
  barrier_.open();
}

void thread_team::work(unsigned thread) {
  for (std::uint64_t seen = 0;;) {
    seen = barrier_.wait_open(seen);
    if (quit_) return;
    guarded(thread);
    barrier_.close();
  }
}

}  // namespace ohmic
