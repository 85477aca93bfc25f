#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "host/start_threads.h"
#include "ip/core/types.h"
#include "platform/engine/due_table.h"
#include "platform/engine/share_choice.h"
#include "platform/engine/spin_barrier.h"

namespace ohmic {

/// Runs many independent parts of a chip (clusters) window by window on worker threads, deterministically.
///
/// Part is any class with
///   cycle_t next_event() const;             earliest cycle in which it has something to do; never if nothing
///   void    run(cycle_t from, cycle_t to);  simulates [from, to); touches nothing outside the part
///   void    warm(unsigned stage, cycle_t to) const;  hint: run(_, to) comes soon, stages 2, 1, 0 in turn
/// Because parts meet only between windows, the result does not depend on the number of threads.
///
/// Call order: parts are constructed by the owner; then next(), run(from, to) and touched(i) in turn on one thread
/// (the main thread, which takes a share of each window itself). No SystemC here: workers never call it.
template <class Part>
class window_engine {
 public:
  /// `threads` includes the calling thread (>= 1).
  window_engine(std::vector<Part*> parts, unsigned threads)
      : parts_(std::move(parts)),
        due_(parts_.size()),
        threads_(std::max(1u, threads)),
        barrier_(threads_ - 1, threads_ > std::max(1u, std::thread::hardware_concurrency())) {
    active_.reserve(parts_.size());
    errors_.resize(threads_);
    for (std::size_t i = 0; i < parts_.size(); ++i) due_[i] = parts_[i]->next_event();
    start_threads(workers_, threads_ - 1, [this](unsigned t) { work(t); }, [this] { dismiss(); });
  }

  ~window_engine() {
    if (workers_.empty()) return;
    dismiss();
    for (auto& w : workers_) w.join();
  }

  window_engine(const window_engine&) = delete;
  window_engine& operator=(const window_engine&) = delete;

  /// Part i was given something from outside (between windows): its next event is looked up again.
  void touched(std::size_t i) { due_[i] = parts_[i]->next_event(); }

  /// The earliest cycle from `not_before` on in which any part has something to do.
  cycle_t next(cycle_t not_before) const { return due_.earliest(not_before); }

  /// Simulates [from, to) in every part that has something to do in it. Afterwards active() lists those parts.
  /// An exception of a part is rethrown here, of the lowest thread first.
  void run(cycle_t from, cycle_t to) {
    due_.find_before(to, active_);
    if (active_.empty()) return;
    from_ = from;
    to_ = to;
    if (threads_ == 1 || active_.size() == 1) {
      run_share(0, active_.size());
      return;
    }
    using clock = std::chrono::steady_clock;
    const bool shared = choice_.shared(active_.size());
    const auto begin = clock::now();
    if (shared) {
      barrier_.open();
      guarded_share(0);
      barrier_.wait_closed();
    } else {
      run_share(0, active_.size());
    }
    choice_.report(active_.size(), std::chrono::duration<double, std::nano>(clock::now() - begin).count());
    for (auto& e : errors_)
      if (e) std::rethrow_exception(std::exchange(e, nullptr));
  }

  /// Indices of the parts that ran in the last window, ascending.
  const std::vector<unsigned>& active() const { return active_; }
  unsigned threads() const { return threads_; }

 private:
  static constexpr std::size_t warm_from = 96;  // parts whose hot state no longer fits a core's own cache

  void run_share(std::size_t first, std::size_t last) {
    for (std::size_t k = first; k < last; ++k) {
      const unsigned i = active_[k];
      if (last - first >= warm_from)
        for (unsigned ahead = 1; ahead <= 3 && k + ahead < last; ++ahead)
          parts_[active_[k + ahead]]->warm(ahead - 1, to_);
      parts_[i]->run(from_, to_);
      due_[i] = parts_[i]->next_event();
    }
  }

  // Contiguous shares: a part mostly stays with one thread, so its state stays in that core's cache.
  void guarded_share(unsigned t) noexcept {
    const std::size_t n = active_.size();
    try {
      run_share(n * t / threads_, n * (t + 1) / threads_);
    } catch (...) {
      errors_[t] = std::current_exception();
    }
  }

  void dismiss() {
    quit_ = true;
    barrier_.open();
  }

  void work(unsigned t) {
    for (std::uint64_t seen = 0;;) {
      seen = barrier_.wait_open(seen);
      if (quit_) return;
      guarded_share(t);
      barrier_.close();
    }
  }

  std::vector<Part*> parts_;
  due_table due_;
  std::vector<unsigned> active_;
  std::vector<std::exception_ptr> errors_;
  const unsigned threads_;
  cycle_t from_ = 0, to_ = 0;
  bool quit_ = false;
  share_choice choice_;
  spin_barrier barrier_;
  std::vector<std::thread> workers_;
};

}  // namespace ohmic
