#pragma once

#include <array>
#include <cstdint>

#include "ip/core/private_icache.h"
#include "ip/core/text_bytes.h"
#include "ip/core/text_history.h"
#include "ip/core/types.h"

namespace ohmic {

/// What stands between the instruction port of an RTL hart and its cluster: the private cache, and the requests that
/// the core's prefetcher has under way.
///
/// A request whose line is cached is granted in its cycle and answered in the next one, or when the line's bytes are
/// there. One whose line is missing is not granted: wanted_line() is to be fetched first. Order of calls in a cycle:
/// answered(), then fence(), then ask() if the core requests.
class instruction_side {
 public:
  explicit instruction_side(const text_bytes& text) : loaded_(text), text_(text) {}

  /// The text may be written over; `history` outlives this object.
  void follow(const text_history& history) { history_ = &history; }
  std::size_t text_version() const { return version_; }
  void set_text_version(std::size_t version) {
    if (version == version_) return;
    version_ = version;
    text_ = loaded_;
    image_ = version == 0 ? nullptr : history_->at(version);
    if (image_) text_.bytes = image_->data();
  }
  /// The core comes out of reset in this cycle; it goes on behind a wait for events whose response came in `valid`.
  void started(cycle_t now) {
    if (text_may_change()) renew(history_->fence(now));
  }
  void woken(cycle_t valid) {
    if (text_may_change()) renew(history_->at_wake(valid));
  }

  /// As after a reset of the core: nothing cached, nothing under way.
  void reset() {
    cache_.flush();
    ready_ = 0;
    first_ = under_way_ = 0;
    missing_ = fence_seen_ = false;
    fenced_ = line_came_ = false;
  }

  /// Whether the oldest request under way is answered in cycle `now`: then `addr` is its address, and it is done.
  bool answered(cycle_t now, std::uint32_t& addr) {
    if (under_way_ == 0 || now < ready_) return false;
    addr = addr_[first_];
    first_ = (first_ + 1) % depth;
    --under_way_;
    return true;
  }

  /// Level of "a fence.i is in ID", at `pc`: it empties the cache as it rises.
  void fence(bool in_id, std::uint32_t pc) {
    if (in_id == fence_seen_) return;
    fence_seen_ = in_id;
    if (!in_id) return;
    cache_.flush();
    fenced_ = history_ != nullptr;
    fence_next_ = pc + 4;
  }
  /// The instruction at `pc` has come to EX.
  void executed(std::uint32_t pc) {
    if (__builtin_expect(fenced_, 0) && pc == fence_next_) fenced_ = false;
  }

  /// The core requests no word in this cycle.
  void idle() { missing_ = false; }

  /// The core requests the word at addr. False: not granted, its line is missing. Words outside the text are granted:
  /// they are harmless unless executed. What stands behind a fence.i is fetched anew when all before it is done, from
  /// the text as it is then; storing: where a store goes that is not answered yet.
  bool ask(std::uint32_t addr, std::uint32_t storing = 0) {
    const std::uint32_t line = private_icache::line_of(addr);
    const bool anew = __builtin_expect(fenced_, 0) && addr == (fence_next_ & ~3u) && !line_came_ &&
                      (text_may_change() || text_.contains(storing));
    line_came_ = false;
    missing_ = (!cache_.holds(line) || anew) && text_.contains(addr);
    if (missing_) {
      wanted_ = line;
      return false;
    }
    grant(addr);
    return true;
  }
  /// Grants without looking at the cache.
  void grant(std::uint32_t addr) { addr_[(first_ + under_way_++) % depth] = addr; }

  /// The core's request of this cycle waits for a line.
  bool missing() const { return missing_; }
  std::uint32_t wanted_line() const { return wanted_ * private_icache::line_bytes; }
  /// The wanted line, asked for in cycle `asked`, is cached now; its bytes are there in cycle `valid`. Then ask()
  /// again.
  void arrived(cycle_t valid, cycle_t asked) {
    if (text_may_change()) renew(fenced_ ? history_->fence(asked) : history_->at_fetch(asked));
    line_came_ = true;
    cache_.fill(wanted_);
    ready_ = valid;
  }

  bool quiet() const { return under_way_ == 0; }
  /// Requests under way wait for their line's bytes, which are not there in the cycle after `now` either.
  bool waits(cycle_t now) const { return under_way_ != 0 && ready_ > now + 1; }
  /// The last cycle up to `last` in which no request is answered, if what is under way waits for its line's bytes or
  /// nothing is under way; 0 if there is none.
  cycle_t silent_until(cycle_t last) const { return under_way_ == 0 || ready_ > last ? last : ready_ - (ready_ != 0); }

  const text_bytes& text() const { return text_; }
  const private_icache& cache() const { return cache_; }
  void set_cache(const private_icache& cache) { cache_ = cache; }

 private:
  bool text_may_change() const { return __builtin_expect(history_ != nullptr && !history_->untouched(), 0); }
  void renew(std::size_t version) {
    if (version > version_) set_text_version(version);
  }

  static constexpr unsigned depth = 4;  // more than the prefetchers' two outstanding requests

  cycle_t ready_ = 0;  // requests under way are answered from then on
  unsigned first_ = 0, under_way_ = 0;
  std::array<std::uint32_t, depth> addr_{};
  private_icache cache_;
  std::uint32_t wanted_ = 0;
  bool missing_ = false, fence_seen_ = false;
  const text_bytes loaded_;
  text_bytes text_;

  const text_history* history_ = nullptr;
  text_history::image image_;  // what text_ shows, if not the loaded bytes
  std::size_t version_ = 0;
  std::uint32_t fence_next_ = 0;  // pc behind the fence.i, if `fenced_`: what stands there has not come to EX
  bool fenced_ = false, line_came_ = false;
};

}  // namespace ohmic
