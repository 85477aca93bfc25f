#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ip/core/types.h"

namespace ohmic {

/// The state of a Verilated model at one moment, to see later whether anything has changed.
///
/// A model whose state and inputs are the same in two cycles, at the same point in both, is the same in all cycles that
/// follow until an input changes; so these need not be evaluated. Its counters are apart: where nothing else changes
/// they go on as they went in the cycle in between.
template <class Root>
class still_model {
 public:
  explicit still_model(const Root& root) { std::memcpy(before_.data(), &root, bytes(root)); }

  /// A member as it was.
  template <class Member>
  const std::byte* before(const Root& root, const Member& member) const {
    return before_.data() + offset(root, &member);
  }

  /// Whether all is as it was but these members, and words of which `copy(before, now)` says that they only show one of
  /// them (Verilator keeps intermediate results): `found(word)` is called for these.
  template <class Copy, class Found, class... Members>
  bool same_but(Root& root, Copy&& copy, Found&& found, const Members&... varying) {
    (keep(root, varying), ...);
    if (std::memcmp(before_.data(), &root, bytes(root)) == 0) return true;
    for (std::size_t at = 0; at < bytes(root); at += sizeof(std::uint32_t)) {
      std::byte* const word = reinterpret_cast<std::byte*>(&root) + at;
      std::uint32_t old = 0, now = 0;
      std::memcpy(&old, before_.data() + at, sizeof old);
      std::memcpy(&now, word, sizeof now);
      if (old == now) continue;
      if (!copy(old, now)) return false;
      found(word);
    }
    return true;
  }

 private:
  // What belongs to the run-time library stands behind the signals.
  static std::size_t bytes(const Root& root) { return offset(root, &root.vlSymsp); }
  static std::size_t offset(const Root& root, const void* member) {
    return static_cast<std::size_t>(static_cast<const std::byte*>(member) - reinterpret_cast<const std::byte*>(&root));
  }
  template <class Member>
  void keep(const Root& root, const Member& member) {
    std::memcpy(before_.data() + offset(root, &member), &member, sizeof member);
  }

  alignas(64) std::array<std::byte, sizeof(Root)> before_;
};

/// When to look, in a wait, whether the core stands still: never in short waits, and less and less often in long ones,
/// because looking costs half a cycle's evaluation.
class still_schedule {
 public:
  /// `last`: the last cycle of the wait, in which inputs are still as they are in `now`.
  bool due(cycle_t now, cycle_t last) {
    if (last < now + shortest) return false;
    if (pause_ == 0) {
      pause_ = first;
      next_ = now + first;
    }
    if (now < next_) return false;
    pause_ *= 2;
    next_ = now + pause_;
    return true;
  }

 private:
  static constexpr cycle_t shortest = 8, first = 4;
  cycle_t next_ = 0, pause_ = 0;
};

}  // namespace ohmic
