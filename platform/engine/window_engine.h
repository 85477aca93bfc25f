#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include "host/share_choice.h"
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
/// Call order: parts are constructed by the owner; then next(), run(from, to) and touched(i) in turn on one thread
/// (the main thread, which takes a share of each window itself). No SystemC here: workers never call it.
template <class Part>
class window_engine {
 public:
  /// The team outlives the engine.
  window_engine(std::vector<Part*> parts, thread_team& team)
      : parts_(std::move(parts)), due_(parts_.size()), team_(team) {
    active_.reserve(parts_.size());
    for (std::size_t i = 0; i < parts_.size(); ++i) due_[i] = parts_[i]->next_event();
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
    if (team_.threads() == 1 || active_.size() == 1) {
      run_share(0, active_.size());
      return;
    }
    using clock = std::chrono::steady_clock;
    const bool shared = choice_.shared(active_.size());
    const auto begin = clock::now();
    if (shared) {
      // Contiguous shares: a part mostly stays with one thread, so its state stays in that core's cache.
      const auto share = [this](unsigned t) {
        const std::size_t n = active_.size(), threads = team_.threads();
        run_share(n * t / threads, n * (t + 1) / threads);
      };
      team_.run(share);
    } else {
      run_share(0, active_.size());
    }
    choice_.report(active_.size(), std::chrono::duration<double, std::nano>(clock::now() - begin).count());
  }

  /// Indices of the parts that ran in the last window, ascending.
  const std::vector<unsigned>& active() const { return active_; }

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

  std::vector<Part*> parts_;
  due_table due_;
  std::vector<unsigned> active_;
  thread_team& team_;
  cycle_t from_ = 0, to_ = 0;
  share_choice choice_;
};

}  // namespace ohmic
