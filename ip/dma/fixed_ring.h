#pragma once

#include <cassert>
#include <cstddef>
#include <vector>

namespace ohmic {

/// First-in first-out queue of a capacity fixed at construction: no allocation afterwards.
template <class T>
class fixed_ring {
 public:
  explicit fixed_ring(std::size_t capacity) : slots_(capacity) {}

  bool empty() const { return held_ == 0; }
  /// Precondition: fewer than `capacity` elements are held.
  void push(const T& value) {
    assert(held_ < slots_.size());
    slots_[at(held_++)] = value;
  }
  const T& front() const { return slots_[front_]; }
  void pop() {
    front_ = at(1);
    --held_;
  }

 private:
  std::size_t at(std::size_t n) const {
    const std::size_t i = front_ + n;
    return i < slots_.size() ? i : i - slots_.size();
  }

  std::vector<T> slots_;
  std::size_t front_ = 0, held_ = 0;
};

}  // namespace ohmic
