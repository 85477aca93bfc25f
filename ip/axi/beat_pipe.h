#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <new>

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
/// The producer asks room_at() and then push()es, at most once a cycle; the consumer pop()s a beat whose time has come.
/// The beats stand in the memory right behind the object: create() puts both into memory of its owner.
class alignas(64) beat_pipe {
 public:
  struct slot {
    cycle_t time = 0;  ///< full: when the beat is there; free: from when on the producer may use the place
    beat value;
    std::uint16_t source = 0;  ///< cluster that the burst's request came from
  };
  /// Bytes that create() needs.
  static std::size_t bytes(unsigned stages, unsigned depth) {
    return sizeof(beat_pipe) + (slots(stages, depth) + 1) * sizeof(slot);
  }
  /// `memory` is aligned to 64 bytes and is never to be destroyed.
  static beat_pipe* create(void* memory, unsigned stages, unsigned depth, unsigned forward, unsigned back) {
    return new (memory) beat_pipe(stages, depth, forward, back);
  }

  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == capacity_; }
  unsigned size() const { return size_; }
  const slot& front() const { return *place(pop_); }
  /// The beat behind so many others. Precondition: ahead < size().
  const slot& at(unsigned ahead) const { return *forth(place(pop_), ahead); }

  /// The earliest cycle in which the producer may push; never until the consumer has popped.
  cycle_t room_at() const {
    if (full()) return never;
    return std::max(place(free_)->time, not_before_);
  }
  bool room(cycle_t now) const { return room_at() <= now; }
  /// The cycle behind the last push, which may be still to come.
  cycle_t behind_last_push() const { return not_before_ == 0 ? 0 : not_before_ + 1 - spacing_; }

  /// Returns the cycle in which the beat reaches the consumer.
  cycle_t push(beat value, unsigned source, cycle_t now) {
    assert(room(now));
    const cycle_t time = put(*place(push_), value, source, now);
    push_ = next(push_);
    free_ = next(free_);
    not_before_ = now + spacing_;
    grow(size_ + 1);
    return time;
  }
  slot pop(cycle_t now) {
    slot& s = *place(pop_);
    const slot taken = s;
    assert(taken.time <= now);
    held_cycles_ += now + stages_ - taken.time;
    s.time = now + back_;
    pop_ = next(pop_);
    --size_;
    if (spacing_ != 1) space_pops(now + spacing_);
    return taken;
  }

  /// How far a run of beats has got.
  struct progress {
    unsigned beats = 0;     ///< moved
    cycle_t first = never;  ///< cycle of the first of them
    cycle_t there = never;  ///< from when on the next one is there
    cycle_t next = never;   ///< when it may go; never: not known
    cycle_t full = 0;       ///< sum over the moved ones of the cycles that each waited for room
  };
  /// Pushes the first `beats` beats of a burst from `chunk` on, none of them its last one, each in the first cycle from
  /// `now` on in which the one before it has gone and there is room, as far as that is known.
  progress fill(std::uint32_t burst, unsigned chunk, unsigned beats, unsigned source, cycle_t now) {
    progress made;
    const unsigned places = std::min(beats, capacity_ - size_);
    cycle_t not_before = std::max(not_before_, now);
    slot *to = place(push_), *free = place(free_);
    for (; made.beats != places; ++made.beats) {
      const cycle_t at = std::max(free->time, not_before);
      if (made.beats == 0) made.first = at;
      made.full += at - now;
      put(*to, beat(burst, chunk + made.beats, false), source, at);
      to = next(to), free = next(free);
      not_before = at + spacing_;
      now = at + 1;
    }
    filled(to, free, made.beats, not_before);
    made.there = now;
    if (!full()) made.next = std::max(free->time, not_before);
    return made;
  }
  /// Moves the first beat to the beginning of `to`, as pop() and push() do. Precondition: a depth above 1, of both.
  void pass(beat_pipe& to, cycle_t now) {
    assert(spacing_ == 1 && to.spacing_ == 1 && to.room(now) && front().time <= now);
    slot &from = *place(pop_), &into = *to.place(to.push_);
    into = from;
    into.time = now + to.forward_;
    held_cycles_ += now + stages_ - from.time;
    from.time = now + back_;
    pop_ = next(pop_);
    --size_;
    to.push_ = to.next(to.push_);
    to.free_ = to.next(to.free_);
    to.not_before_ = now + 1;
    to.grow(to.size_ + 1);
  }
  /// Moves beats from this chain's end to the beginning of `to`, each in the first cycle from `now` on in which it is
  /// there, the one before it has gone and there is room; but none in `end` or later, and no burst's last one.
  progress stream(beat_pipe& to, cycle_t now, cycle_t end) {
    return spacing_ == 1 && to.spacing_ == 1 ? stream<false>(to, now, end) : stream<true>(to, now, end);
  }

  // What happens inside, for tables that stand between two stages.

  unsigned depth() const { return depth_; }
  /// When a beat of the last stage, at(ahead), has entered that stage. Precondition: ahead < depth().
  cycle_t entered_last(unsigned ahead) const {
    const cycle_t unhindered = at(ahead).time - 1, freed = before(place(pop_), depth_ - ahead)->time;
    return freed < back_ ? unhindered : std::max(unhindered, freed - back_ + 1);
  }
  /// From when on the stages behind the first one have a place for the beat that was pushed `ago` pushes before (1: the
  /// last one; 0: the next one); never: not known yet. With one stage: from when on that beat's own place is free.
  cycle_t room_behind_first(unsigned ago) const {
    const unsigned pushes = ago + capacity_ - depth_;  // before: the one whose place it takes
    return size_ >= pushes ? never : before(place(push_), pushes)->time;
  }
  bool one_stage() const { return capacity_ == depth_; }
  /// A beat has been held in front of its push for so many cycles.
  void held(cycle_t cycles) { held_cycles_ += cycles; }

  unsigned back() const { return back_; }
  unsigned forward() const { return forward_; }

  /// Sum over all beats of the cycles that each spent in here, and the most that were in here at once.
  std::uint64_t held_cycles() const { return held_cycles_; }
  unsigned most() const { return most_; }

  // The end where beats are pushed, for its owner.
  static constexpr std::uint32_t nobody = ~0u;
  std::uint32_t producer = nobody;  ///< lane in the wheel that is to be woken
  bool producer_waits = false;      ///< by the next pop

 private:
  beat_pipe(unsigned stages, unsigned depth, unsigned forward, unsigned back)
      : depth_(static_cast<std::uint8_t>(depth)),
        spacing_(depth == 1 ? 2 : 1),
        capacity_(stages * depth),
        forward_(forward),
        back_(back),
        end_(first + slots(stages, depth) * static_cast<unsigned>(sizeof(slot))),
        stages_(stages) {
    new (place(first)) slot[slots(stages, depth) + 1]();
    free_ = offset(place(end_) - capacity_);
  }

  /// One stage more is remembered than it holds.
  static unsigned slots(unsigned stages, unsigned depth) { return (stages + 1) * depth; }

  template <bool spaced>
  progress stream(beat_pipe& to, cycle_t now, cycle_t end) {
    progress made;
    const unsigned places = to.capacity_ - to.size_;
    const std::uint64_t forward = to.forward_, freed_after = back_;
    slot *const begin = place(first), *const last = place(end_);
    slot *const to_begin = to.place(first), *const to_last = to.place(to.end_);
    slot *from = place(pop_), *into = to.place(to.push_), *free = to.place(to.free_);
    cycle_t not_before = to.not_before_, held = 0;
    for (unsigned left = size_;; --left) {
      made.there = made.next = never;
      if (left == 0) break;
      made.there = std::max(from->time, now);
      if (made.beats == places) break;
      const cycle_t at = std::max(std::max(free->time, not_before), made.there);
      made.next = at;
      if (at >= end || from->value.last()) break;
      if (made.beats++ == 0) made.first = at;
      made.full += at - made.there;
      held += at - from->time;
      if constexpr (spaced) {
        to.put(*into, from->value, from->source, at);
      } else {
        *into = *from;
        into->time = at + forward;
      }
      from->time = at + freed_after;
      if (++from == last) from = begin;
      if (++into == to_last) into = to_begin;
      if (++free == to_last) free = to_begin;
      now = at + 1;
      not_before = spaced ? at + to.spacing_ : now;
      if constexpr (spaced) {
        if (spacing_ == 1) continue;
        pop_ = offset(from);
        size_ = left - 1;
        space_pops(at + spacing_);
      }
    }
    held_cycles_ += held + std::uint64_t{made.beats} * stages_;
    if (!spaced || spacing_ == 1) {
      pop_ = offset(from);
      size_ -= made.beats;
    }
    to.filled(into, free, made.beats, not_before);
    return made;
  }

  // Places are kept as bytes from the object on.
  slot* place(unsigned at) { return reinterpret_cast<slot*>(reinterpret_cast<char*>(this) + at); }
  const slot* place(unsigned at) const {
    return reinterpret_cast<const slot*>(reinterpret_cast<const char*>(this) + at);
  }
  std::uint32_t offset(const slot* s) const {
    return static_cast<std::uint32_t>(reinterpret_cast<const char*>(s) - reinterpret_cast<const char*>(this));
  }
  std::uint32_t next(std::uint32_t at) const {
    at += sizeof(slot);
    return at == end_ ? first : at;
  }
  slot* next(slot* s) { return ++s == place(end_) ? place(first) : s; }
  const slot* forth(const slot* s, unsigned count) const {
    s += count;
    return s < place(end_) ? s : s - (place(end_) - place(first));
  }
  const slot* before(const slot* s, unsigned count) const {
    s -= count;
    return s >= place(first) ? s : s + (place(end_) - place(first));
  }

  cycle_t put(slot& s, beat value, unsigned source, cycle_t now) {
    cycle_t time = now + forward_;
    if (spacing_ != 1 && time < next_pop()) {
      held_cycles_ += next_pop() - time;
      time = next_pop();
    }
    s.time = time;
    s.value = value;
    s.source = static_cast<std::uint16_t>(source);
    return time;
  }
  void filled(slot* push, slot* free, unsigned beats, cycle_t not_before) {
    push_ = offset(push);
    free_ = offset(free);
    not_before_ = not_before;
    grow(size_ + beats);
  }
  void grow(unsigned size) {
    size_ = size;
    if (size > most_) most_ = size;
  }
  /// With a depth of 1: the next beat is there from this cycle on at the earliest. It stands in a slot of its own.
  cycle_t& next_pop() { return place(end_)->time; }
  void space_pops(cycle_t cycle) {
    next_pop() = cycle;
    if (empty() || front().time >= cycle) return;
    slot& s = *place(pop_);
    held_cycles_ += cycle - s.time;
    s.time = cycle;
  }

  static constexpr std::uint32_t first = 64;
  std::uint8_t depth_, spacing_;
  std::uint32_t capacity_, size_ = 0, most_ = 0, forward_, back_;
  std::uint32_t end_, push_ = first, pop_ = first;
  std::uint32_t free_;  // where the beat stood whose place the next one takes: `capacity` places before push_
  std::uint32_t stages_;
  cycle_t not_before_ = 0;
  std::uint64_t held_cycles_ = 0;
};

static_assert(sizeof(beat_pipe) == 64);

}  // namespace ohmic
