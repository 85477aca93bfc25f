#pragma once

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>
#include <vector>

#include "host/share_choice.h"
#include "host/spin_barrier.h"
#include "host/thread_team.h"
#include "ip/core/types.h"
#include "platform/engine/due_table.h"

namespace ohmic {

/// Runs many independent parts of a chip (clusters) window by window on a team's threads, deterministically.
///
/// Part is any class with
///   cycle_t next_event() const;             earliest cycle in which it has something to do; never if nothing
///   void    run(cycle_t from, cycle_t to);  simulates [from, to); touches nothing outside the part
///   void    warm(unsigned stage, cycle_t to) const;  hint: run(_, to) comes soon, stages 2, 1, 0 in turn
/// Because parts meet only between windows, the result does not depend on the number of threads.
///
/// Between two windows the calling thread lets the parts meet, which takes it a good part of the time. Meanwhile the
/// other threads simulate the next window of such parts as nothing can reach (run_ahead()). So each thread has parts of
/// its own, whose state stays in its core's cache: the calling thread the first ones, as many as leave it time for what
/// else it has to do. That is found out from window to window.
///
/// Call order: parts are constructed by the owner; then run(from, to), run_ahead(to), touched(i) and next() in turn on
/// one thread (the main thread). No SystemC here: workers never call it.
template <class Part>
class window_engine {
 public:
  /// The team outlives the engine.
  window_engine(std::vector<Part*> parts, thread_team& team)
      : parts_(std::move(parts)),
        due_(parts_.size()),
        team_(team),
        go_(0, team.threads() > std::max(1u, std::thread::hardware_concurrency())),
        due_ahead_(parts_.size(), never),
        is_ahead_(parts_.size(), 0),
        workers_(team.threads()),
        boundary_(parts_.size() / team.threads()) {
    active_.reserve(parts_.size());
    for (std::size_t i = 0; i < parts_.size(); ++i) due_[i] = parts_[i]->next_event();
  }
  ~window_engine() {
    try {
      settle();
    } catch (...) {  // of a part that is of no interest any more
    }
  }
  window_engine(const window_engine&) = delete;
  window_engine& operator=(const window_engine&) = delete;

  /// Part i was given something from outside (between windows): its next event is looked up again. Not of a part that
  /// run_ahead() was told nothing can reach.
  void touched(std::size_t i) {
    assert(!is_ahead_[i]);
    due_[i] = parts_[i]->next_event();
  }

  /// The earliest cycle from `not_before` on in which any part has something to do. What run_ahead() does makes no
  /// difference to it.
  cycle_t next(cycle_t not_before) const { return due_.earliest(not_before); }

  /// The window that comes next ends at `to` or later, or there is none. Other threads begin with it: with those parts
  /// that have something to do before `to` and of which undisturbed(i) says that nothing reaches them before `to`, save
  /// what they know of already. They belong to those threads until the next run(), or settle().
  template <class F>
  void run_ahead(cycle_t to, F&& undisturbed) {
    if (team_.threads() == 1) return;
    begin(to);
    if (!started_) return;
    for (const unsigned i : active_) {
      if (i < boundary_ || !undisturbed(i)) continue;
      worker_of(i).ahead.push_back(i);
      is_ahead_[i] = 1;
    }
    ahead_to_ = to;
    team_.start(job_);
  }

  /// Simulates [from, to) in every part that has something to do in it. Afterwards active() lists those parts.
  /// An exception of a part is rethrown here, of the lowest thread first.
  void run(cycle_t from, cycle_t to) {
    from_ = from;
    to_ = to;
    if (team_.threads() == 1) {
      due_.find_before(to, active_);
      return run_share(0, active_.size());
    }
    if (!begun_) {
      begin(to);
      if (started_) team_.start(job_);
    }
    due_.find_before(to, active_);
    if (started_) {
      std::size_t first = share_behind(boundary_, 0), last = first;
      for (std::size_t t = 1; t < workers_.size(); ++t, first = last) {
        last = share_behind(workers_[t].end, first);
        workers_[t].first = first;
        workers_[t].last = last;
      }
      finish(workers_[1].first);
    } else {
      run_share(0, active_.size());
    }
    choice_.report(measured_, since_begin());
    begun_ = false;
  }

  /// Waits for what run_ahead() has begun. The parts are then where it was to bring them, and next() knows.
  void settle() {
    begun_ = false;
    if (!started_) return;
    for (worker& w : workers_) w.first = w.last = 0;
    active_.clear();
    finish(0);
    for (std::size_t i = 0; i < parts_.size(); ++i)
      if (is_ahead_[i]) catch_up(static_cast<unsigned>(i));
  }

  /// Indices of the parts that ran in the last window, ascending.
  const std::vector<unsigned>& active() const { return active_; }

 private:
  using clock = std::chrono::steady_clock;
  static constexpr std::size_t warm_from = 96;      // parts whose hot state no longer fits a core's own cache
  static constexpr unsigned windows_per_step = 16;  // between two moves of the boundary
  /// What a thread other than the calling one does in a window, and when it was done.
  struct alignas(64) worker {
    std::size_t first = 0, last = 0;  // its share of active_
    std::size_t end = 0;              // its parts are those before this one, and not another's
    std::vector<unsigned> ahead;
    clock::time_point done;
  };
  struct job {
    window_engine* engine;
    void operator()(unsigned thread) { engine->work(thread); }
  };

  // A window begins: alone or shared, and whose is what.
  void begin(cycle_t to) {
    begun_ = true;
    begin_ = clock::now();
    due_.find_before(to, active_);
    measured_ = active_.size();
    started_ = measured_ > 1 && choice_.shared(measured_);
    if (!started_) return;
    const std::size_t first = share_behind(boundary_, 0), others = active_.size() - first, count = workers_.size() - 1;
    for (std::size_t t = 1; t <= count; ++t) {
      const std::size_t at = first + others * t / count;
      workers_[t].end = t == count || at == active_.size() ? parts_.size() : active_[at];
      workers_[t].ahead.clear();
    }
  }
  double since_begin() const { return std::chrono::duration<double, std::nano>(clock::now() - begin_).count(); }

  worker& worker_of(unsigned part) {
    std::size_t t = 1;
    while (part >= workers_[t].end) ++t;
    return workers_[t];
  }
  // The place in active_ from `first` on behind the parts before `end`.
  std::size_t share_behind(std::size_t end, std::size_t first) const {
    return static_cast<std::size_t>(
        std::lower_bound(active_.begin() + static_cast<std::ptrdiff_t>(first), active_.end(), end) - active_.begin());
  }

  // The workers' second half, and the calling thread's share.
  void finish(std::size_t share) {
    go_.open();
    std::exception_ptr error;
    try {
      run_share(0, share);
    } catch (...) {
      error = std::current_exception();
    }
    const auto done = clock::now();
    started_ = false;
    try {
      team_.finish();
    } catch (...) {
      if (!error) error = std::current_exception();
    }
    ++opened_;
    if (error) std::rethrow_exception(error);
    balance(done);
  }

  // Whoever is done first gets more.
  void balance(clock::time_point done) {
    auto last = workers_[1].done;
    for (std::size_t t = 2; t < workers_.size(); ++t) last = std::max(last, workers_[t].done);
    late_ += std::chrono::duration<double, std::nano>(last - done).count();
    spent_ += std::chrono::duration<double, std::nano>(std::max(last, done) - begin_).count();
    if (++balanced_ % windows_per_step != 0) return;
    const std::size_t step = std::max<std::size_t>(1, parts_.size() / 128);
    if (late_ > spent_ / 16)
      boundary_ = std::min(boundary_ + step, parts_.size() - 1);
    else if (late_ < -spent_ / 16)
      boundary_ -= std::min(step, boundary_);
    late_ = spent_ = 0;
  }

  void work(unsigned thread) {
    worker& w = workers_[thread];
    for (const unsigned i : w.ahead) {
      parts_[i]->run(0, ahead_to_);
      due_ahead_[i] = parts_[i]->next_event();
    }
    go_.wait_open(opened_);
    run_share(w.first, w.last);
    w.done = clock::now();
  }

  void catch_up(unsigned i) {
    is_ahead_[i] = 0;
    due_[i] = due_ahead_[i];
  }

  void run_share(std::size_t first, std::size_t last) {
    for (std::size_t k = first; k < last; ++k) {
      const unsigned i = active_[k];
      if (is_ahead_[i]) {
        catch_up(i);
        if (due_[i] >= to_) continue;
      }
      if (last - first >= warm_from)
        for (unsigned ahead = 1; ahead <= 3 && k + ahead < last; ++ahead)
          parts_[active_[k + ahead]]->warm(ahead - 1, to_);
      parts_[i]->run(from_, to_);
      due_[i] = parts_[i]->next_event();
    }
  }

  std::vector<Part*> parts_;
  due_table due_;
  std::vector<unsigned> active_;
  thread_team& team_;
  spin_barrier go_;  // the window's bounds are known
  std::uint64_t opened_ = 0;
  cycle_t from_ = 0, to_ = 0, ahead_to_ = 0;
  std::vector<cycle_t> due_ahead_;      // [part]: its next event behind the window that it has run ahead
  std::vector<std::uint8_t> is_ahead_;  // [part]
  std::vector<worker> workers_;         // [thread]; 0 is nobody
  std::size_t boundary_;                // parts before this one are the calling thread's
  share_choice choice_;
  bool begun_ = false, started_ = false;  // a window; the workers with it
  clock::time_point begin_;
  std::size_t measured_ = 0;
  double late_ = 0, spent_ = 0;  // nanoseconds that the workers were done after the calling thread, of so many
  unsigned balanced_ = 0;
  job job_{this};
};

}  // namespace ohmic
