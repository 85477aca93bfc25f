#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>

#include "ip/core/types.h"

namespace ohmic {

/// A beat in the network: which burst it belongs to, which part of it, and whether it is the burst's last one.
class beat {
 public:
  static constexpr unsigned chunk_bits = 10;  ///< a 4 KiB page has at most 1024 beats of 4 bytes
  static constexpr unsigned max_bursts = 1u << (31 - chunk_bits);

  beat() = default;
  beat(std::uint32_t burst, unsigned chunk, bool last)
      : bits_(burst << (chunk_bits + 1) | (chunk & ((1u << chunk_bits) - 1)) << 1 | (last ? 1u : 0u)) {}

  std::uint32_t burst() const { return bits_ >> (chunk_bits + 1); }
  /// Its place in the 4 KiB page, in beats of the link that it is on.
  unsigned chunk() const { return bits_ >> 1 & ((1u << chunk_bits) - 1); }
  bool last() const { return (bits_ & 1u) != 0; }

 private:
  std::uint32_t bits_ = 0;
};

/// A chain of register stages between two places where beats are chosen: one channel of one link.
///
/// A stage holds `depth` beats, takes one per cycle unless it was full at the cycle's start, and offers a beat from the
/// cycle after it took it. A chain of n such stages is exactly one queue of n * depth beats, through which a beat needs
/// n cycles forward and a freed place n cycles back. With a depth of 1 a stage takes a beat, and so offers one, every
/// other cycle at most.
///
/// Places on a chip are not looked at in the same instant: every place has its own shift, so that whatever reaches it
/// comes from a cycle that has been evaluated. `forward` and `back` are the two delays between the times of this
/// chain's two ends. See docs/timing.md.
///
/// The producer asks room(t) and then push()es in t, at most once a cycle; the consumer pop()s in t a beat whose time
/// has come. The ring's memory is the owner's.
class alignas(64) beat_pipe {
 public:
  struct slot {
    cycle_t time = 0;  ///< full: when the beat is there; free: from when on the producer may use the place
    beat value;
    std::uint16_t source = 0;  ///< cluster that the burst's request came from
  };
  /// Slots that a chain of so many stages needs: a power of two. One stage more is remembered than it holds.
  static unsigned ring_size(unsigned stages, unsigned depth) {
    unsigned size = 1;
    while (size < (stages + 1) * depth) size *= 2;
    return size;
  }

  void build(slot* ring, unsigned stages, unsigned depth, unsigned forward, unsigned back) {
    ring_ = ring;
    capacity_ = static_cast<std::uint16_t>(stages * depth);
    mask_ = static_cast<std::uint16_t>(ring_size(stages, depth) - 1);
    forward_ = forward;
    back_ = back;
    depth_ = static_cast<std::uint8_t>(depth);
  }

  bool empty() const { return pushed_ == popped_; }
  unsigned size() const { return pushed_ - popped_; }
  const slot& front() const { return ring_[popped_ & mask_]; }
  /// The beat behind so many others. Precondition: ahead < size().
  const slot& at(unsigned ahead) const { return ring_[(popped_ + ahead) & mask_]; }

  /// The earliest cycle in which the producer may push; never until the consumer has popped.
  cycle_t room_at() const {
    if (size() == capacity_) return never;
    const cycle_t free = ring_[(pushed_ - capacity_) & mask_].time;
    return free < not_before_ ? not_before_ : free;
  }
  bool room(cycle_t now) const { return room_at() <= now; }

  /// Returns the cycle in which the beat reaches the consumer.
  cycle_t push(beat value, unsigned source, cycle_t now) {
    assert(room(now));
    slot& s = ring_[pushed_++ & mask_];
    s.time = now + forward_;
    if (s.time < next_pop_) {
      held_cycles_ += next_pop_ - s.time;
      s.time = next_pop_;
    }
    s.value = value;
    s.source = static_cast<std::uint16_t>(source);
    not_before_ = now + spacing();
    if (size() > most_) most_ = static_cast<std::uint16_t>(size());
    return s.time;
  }
  slot pop(cycle_t now) {
    slot& s = ring_[popped_++ & mask_];
    const slot taken = s;
    assert(taken.time <= now);
    held_cycles_ += now + forward_ - taken.time;
    s.time = now + back_;
    if (depth_ == 1) space_pops(now + spacing());
    return taken;
  }

  // What happens inside, for tables that stand between two stages.

  unsigned depth() const { return depth_; }
  /// When a beat of the last stage, at(ahead), has entered that stage. Precondition: ahead < depth().
  cycle_t entered_last(unsigned ahead) const {
    const cycle_t unhindered = at(ahead).time - 1;
    if (popped_ + ahead < depth_) return unhindered;
    const cycle_t free = ring_[(popped_ + ahead - depth_) & mask_].time - back_ + 1;
    return unhindered < free ? free : unhindered;
  }
  /// From when on the stages behind the first one have a place for the beat that was pushed `ago` pushes before (1: the
  /// last one; 0: the next one); never: not known yet. With one stage: from when on that beat's own place is free.
  cycle_t room_behind_first(unsigned ago) const {
    const std::uint32_t before = pushed_ - ago - (capacity_ - depth_);  // whose place it takes
    return static_cast<std::int32_t>(before - popped_) >= 0 ? never : ring_[before & mask_].time;
  }
  bool one_stage() const { return capacity_ == depth_; }
  /// A beat has been held in front of its push for so many cycles.
  void held(cycle_t cycles) { held_cycles_ += cycles; }

  unsigned back() const { return back_; }
  unsigned forward() const { return forward_; }

  /// Sum over all beats of the cycles that each spent in here, and the most that were in here at once.
  std::uint64_t held_cycles() const { return held_cycles_; }
  unsigned most() const { return most_; }

  // Who is at the two ends, for their owner.
  static constexpr std::uint32_t nobody = ~0u;
  std::uint32_t producer = nobody, consumer = nobody;  ///< nodes to be woken; an endpoint consumes what nobody does
  bool producer_waits = false;                         ///< to be woken by the next pop

 private:
  /// The next beat is there from `cycle` on at the earliest.
  void space_pops(cycle_t cycle) {
    next_pop_ = cycle;
    if (empty() || front().time >= cycle) return;
    slot& next = ring_[popped_ & mask_];
    held_cycles_ += cycle - next.time;
    next.time = cycle;
  }

  unsigned spacing() const { return depth_ == 1 ? 2 : 1; }
  std::uint8_t depth_ = 1;
  std::uint16_t mask_ = 0, capacity_ = 0, most_ = 0;
  std::uint32_t forward_ = 0, back_ = 0;
  std::uint32_t pushed_ = 0, popped_ = 0;
  slot* ring_ = nullptr;
  cycle_t not_before_ = 0, next_pop_ = 0;
  std::uint64_t held_cycles_ = 0;
};

static_assert(sizeof(beat_pipe) == 64);

}  // namespace ohmic
