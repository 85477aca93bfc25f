#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ip/axi/burst.h"

namespace ohmic {

/// What arrives at a cluster from the network, in order of time; equal times in order of delivery.
class inbox {
 public:
  enum class kind : std::uint8_t {
    request,         ///< due at its first beat
    response_begin,  ///< first beat of a response; its end follows as an item of its own
    response_end,    ///< last beat of a response
  };
  struct item {
    cycle_t due;
    cycle_t first, last;  ///< beats of the message at the cluster's side of the port
    axi_burst* burst;
    kind what;
  };

  void push(kind what, cycle_t due, const axi_message& m) {
    if (head_ > 64 && head_ * 2 > items_.size()) {
      items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
    auto at = items_.end();
    while (at != items_.begin() + static_cast<std::ptrdiff_t>(head_) && (at - 1)->due > due) --at;
    items_.insert(at, item{due, m.cycle, m.last, m.burst, what});
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
