#pragma once

#include <cstddef>
#include <vector>

#include "ip/axi/burst.h"

namespace ohmic {

/// What arrives at a cluster from the network, in order of arrival time; equal times in order of delivery.
class inbox {
 public:
  struct item {
    cycle_t due;    ///< requests: first beat at the port; responses: last beat there
    cycle_t first;  ///< first beat at the port
    axi_burst* burst;
    bool response;
  };

  void push(const axi_message& message) {
    const item it{message.response ? message.last : message.cycle, message.cycle, message.burst, message.response};
    if (head_ > 64 && head_ * 2 > items_.size()) {
      items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
    auto at = items_.end();
    while (at != items_.begin() + static_cast<std::ptrdiff_t>(head_) && (at - 1)->due > it.due) --at;
    items_.insert(at, it);
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
