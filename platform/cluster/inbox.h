#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ip/axi/burst.h"

namespace ohmic {

/// What arrives at a cluster from the network, in order of time; equal times in the order of `kind`, equal kinds in
/// order of delivery. So it does not matter in which order different channels of the network speak.
class inbox {
 public:
  enum class kind : std::uint8_t {
    request,       ///< of another master
    write_data,    ///< data beats of such a request: due at the first of them
    read_data,     ///< data beats of a response: due at the first of them
    response_end,  ///< a response is complete
  };
  struct item {
    cycle_t due;
    axi_burst* burst;
    kind what;
    std::uint16_t beats;  ///< data beats, one per cycle
  };

  void push(kind what, cycle_t due, axi_burst* burst, unsigned beats = 0) {
    if (head_ > 64 && head_ * 2 > items_.size()) {
      items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
    auto at = items_.end();
    const auto later = [&](const item& i) { return i.due != due ? i.due > due : i.what > what; };
    while (at != items_.begin() + static_cast<std::ptrdiff_t>(head_) && later(*(at - 1))) --at;
    items_.insert(at, item{due, burst, what, static_cast<std::uint16_t>(beats)});
  }

  bool empty() const { return head_ == items_.size(); }
  cycle_t next() const { return empty() ? never : items_[head_].due; }
  const item& front() const { return items_[head_]; }
  void pop() {
    if (++head_ == items_.size()) {
      items_.clear();
      head_ = 0;
    }
  }

 private:
  std::vector<item> items_;
  std::size_t head_ = 0;
};

}  // namespace ohmic
