#pragma once

#include <exception>
#include <thread>
#include <vector>

#include "host/spin_barrier.h"

namespace ohmic {

/// Threads that work off short pieces of work together, a microsecond or more each: the calling thread and its workers.
///
/// All that a program does in such pieces uses one team, one piece after the other: workers that wait look for the next
/// piece for a while, and two teams would take the processors from each other.
class thread_team {
 public:
  /// `threads` includes the calling thread; 0 is taken as 1. Throws std::runtime_error if the system gives fewer.
  explicit thread_team(unsigned threads);
  ~thread_team();
  thread_team(const thread_team&) = delete;
  thread_team& operator=(const thread_team&) = delete;

  unsigned threads() const { return threads_; }

  /// Calls work(t) for t = 0 .. threads() - 1, each on a thread of its own, 0 on the calling one, and waits for all of
  /// them. What is written before is seen by all, and what they write afterwards. An exception is rethrown here, of the
  /// lowest thread first. Not from inside work.
  template <class F>
  void run(F& work) {
    start(work);
    guarded(0);
    finish();
  }

  /// The same in two halves: the workers begin with work(t), t from 1 on, while the caller goes on with what it has to
  /// do; finish() waits for them and rethrows. `work` lives until then. Each start() is followed by a finish().
  template <class F>
  void start(F& work) {
    context_ = const_cast<void*>(static_cast<const void*>(&work));
    call_ = [](void* context, unsigned thread) { (*static_cast<F*>(context))(thread); };
    barrier_.open();
  }
  void finish();

 private:
  void guarded(unsigned thread) noexcept;
  void work(unsigned thread);
  void dismiss();

  const unsigned threads_;
  void* context_ = nullptr;
  void (*call_)(void*, unsigned) = nullptr;
  bool quit_ = false;
  std::vector<std::exception_ptr> errors_;  // by thread
  spin_barrier barrier_;
  std::vector<std::thread> workers_;
};

}  // namespace ohmic
