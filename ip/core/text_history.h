#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "ip/core/text_bytes.h"
#include "ip/core/types.h"

namespace ohmic {

/// What a program has written over its own text while it runs, and what of that each hart sees.
///
/// Version n of the text is the loaded one with the first n writes in it. A write takes effect with a fence.i: of the
/// hart itself at once; of another hart with the next line that this one fetches, or when it wakes from a wait for
/// events, an exact window of the chip behind the fence.i at the earliest. Before any fence.i it has none. Versions of
/// a hart only grow. A write counts from `delay` cycles after it is in memory on: when the shortest way from the memory
/// to a core has let its response through. So what a hart sees depends on cycles only, not on threads or windows.
///
/// write() belongs to who runs the memory, between the windows of the harts; the rest may be called by all harts'
/// threads at once. A text that is never written costs a compare per fetched line.
class text_history {
 public:
  using image = std::shared_ptr<const std::vector<std::uint8_t>>;

  /// The loaded bytes outlive this object. The text lies at their base in memory.
  explicit text_history(const text_bytes& loaded) : loaded_(loaded) {}

  /// delay: see above. window: the exact one. wait_response: most cycles between an event and the response that wakes
  /// a hart.
  void set_delays(cycle_t delay, cycle_t window, cycle_t wait_response) {
    delay_ = delay;
    window_ = window;
    wait_response_ = wait_response;
  }
  std::uint64_t begin() const { return loaded_.base; }
  std::uint64_t end() const { return std::uint64_t{loaded_.base} + loaded_.size; }

  /// Bytes were written to memory in cycle `now`, not before those of earlier calls. What is not text, or changes
  /// nothing, is ignored.
  void write(std::uint64_t address, const std::uint8_t* data, std::size_t bytes, cycle_t now);

  bool untouched() const { return changes_.empty(); }

  /// The version that a hart has from its fence.i in cycle `now` on.
  std::size_t fence(cycle_t now) const;

  /// The version that others' fences show to a hart that fetches a line in cycle `now`, or that goes on behind a wait
  /// for events whose response comes in cycle `valid`.
  std::size_t at_fetch(cycle_t now) const;
  std::size_t at_wake(cycle_t valid) const { return valid < wait_response_ ? 0 : at_fetch(valid - wait_response_); }

  /// Bytes of a version > 0, as many as the loaded ones.
  image at(std::size_t version) const;

  /// Writes that no hart has made a fence.i behind: how many, and the first one's address and cycle. Those to addresses
  /// that `is_data` says hold no instructions do not count.
  struct unfenced_writes {
    std::size_t count = 0;
    std::uint32_t address = 0;
    cycle_t cycle = 0;
  };
  unfenced_writes unfenced(const std::function<bool(std::uint32_t)>& is_data = nullptr) const;

 private:
  struct change {
    cycle_t cycle;
    std::size_t at;  // of its bytes in written_
    std::uint32_t offset, bytes;
  };
  const text_bytes loaded_;
  cycle_t delay_ = 0, window_ = 0, wait_response_ = 0;
  std::vector<change> changes_;
  std::vector<std::uint8_t> written_;
  std::vector<std::uint8_t> newest_;  // with all changes; empty while there are none

  struct effect {
    cycle_t cycle;
    std::size_t version;
  };
  mutable std::mutex fencing_;
  mutable std::vector<effect> effects_;  // fences that showed something new to somebody, in order of version

  mutable std::mutex making_;
  mutable std::size_t made_version_ = 0;
  mutable image made_;  // the one that was asked for last: most harts want the same
};

}  // namespace ohmic
