#pragma once

#include <cassert>
#include <cstddef>
#include <vector>

namespace ohmic {

/// A first-in first-out queue in one piece of memory: what is small and always in use stays in a line or two of the
/// host's caches, where std::deque walks through its blocks. It grows when it is full, and never shrinks.
template <class T>
class fifo {
 public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  const T& front() const {
    assert(size_ != 0);
    return places_[begin_];
  }
  void push(const T& value) {
    if (size_ == places_.size()) grow();
    places_[(begin_ + size_++) & (places_.size() - 1)] = value;
  }
  void pop() {
    assert(size_ != 0);
    begin_ = (begin_ + 1) & static_cast<unsigned>(places_.size() - 1);
    --size_;
  }

 private:
  void grow() {
    std::vector<T> more(places_.empty() ? 4 : 2 * places_.size());
    for (unsigned i = 0; i < size_; ++i) more[i] = places_[(begin_ + i) & (places_.size() - 1)];
    places_.swap(more);
    begin_ = 0;
  }
  std::vector<T> places_;  // a power of two of them
  unsigned begin_ = 0, size_ = 0;
};

}  // namespace ohmic
