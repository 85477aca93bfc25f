#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
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
/// The beats stand in the memory right behind the object: create() puts both into memory of its owner. A network has
/// thousands of chains and touches many of them every few cycles, so they are kept small.
class beat_pipe {
 public:
  struct slot {
    cycle_t time = 0;  ///< when the beat is there
    beat value;
    std::uint16_t source = 0;  ///< cluster that the burst's request came from
  };
  /// What chains of one kind have in common.
  class shape {
   public:
    shape(unsigned stages, unsigned depth, unsigned forward, unsigned back);
    bool operator==(const shape& other) const {
      return stages == other.stages && depth == other.depth && forward == other.forward && back == other.back;
    }
    /// Bytes that create() needs.
    std::size_t bytes() const { return end + (depth == 1 ? sizeof(place) : 0); }

   private:
    friend class beat_pipe;
    /// The place so many bytes behind one, at most one time round.
    std::uint32_t behind(std::uint32_t at, std::uint32_t bytes) const {
      at += bytes;
      return at < end ? at : at - (end - first);
    }
    unsigned stages, depth, capacity, forward, back;
    std::uint32_t stage, end;  // bytes of a stage's places; where the last one ends
  };
  /// `memory` is aligned to 64 bytes and is never to be destroyed; `kind` stays where it is.
  static beat_pipe* create(void* memory, const shape& kind) { return new (memory) beat_pipe(kind); }

  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == shape_->capacity; }
  unsigned size() const { return size_; }
  slot front() const { return place_at(pop_)->get(); }
  /// The beat behind so many others. Precondition: ahead < size().
  slot at(unsigned ahead) const { return forth(place_at(pop_), ahead)->get(); }

  /// The earliest cycle in which the producer may push; never until the consumer has popped.
  cycle_t room_at() const {
    if (full()) return never;
    return std::max(next_free()->time(), not_before_);
  }
  bool room(cycle_t now) const { return room_at() <= now; }
  /// The cycle behind the last push, which may be still to come.
  cycle_t behind_last_push() const { return not_before_ == 0 ? 0 : not_before_ + 1 - spacing(); }

  /// Returns the cycle in which the beat reaches the consumer.
  cycle_t push(beat value, unsigned source, cycle_t now) {
    assert(room(now));
    const cycle_t time = put(*place_at(push_), value, source, now);
    push_ = next(push_);
    not_before_ = now + spacing();
    grow(size_ + 1);
    return time;
  }
  slot pop(cycle_t now) {
    place& s = *place_at(pop_);
    const slot taken = s.get();
    assert(taken.time <= now);
    held_cycles_ += now + shape_->stages - taken.time;
    s.free(now + shape_->back);
    pop_ = next(pop_);
    --size_;
    if (one_beat_) space_pops(now + 2);
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
    made.beats = std::min(beats, shape_->capacity - size_);
    place *to = place_at(push_), *free = next_free();
    place *const begin = place_at(first), *const last = place_at(shape_->end);
    const unsigned space = spacing();
    cycle_t not_before = std::max(not_before_, now), waited = 0;
    for (unsigned k = 0; k != made.beats; ++k) {
      const cycle_t at = std::max(free->time(), not_before);
      if (k == 0) made.first = at;
      waited += at - now;
      put(*to, beat(burst, chunk + k, false), source, at);
      if (++to == last) to = begin;
      if (++free == last) free = begin;
      not_before = at + space;
      now = at + 1;
    }
    made.full = waited;
    filled(to, made.beats, not_before);
    made.there = now;
    if (!full()) made.next = std::max(free->time(), not_before);
    return made;
  }
  /// Moves the first beat to the beginning of `to`, as pop() and push() do, and returns its room_at(). Precondition: a
  /// depth above 1, of both.
  cycle_t pass(beat_pipe& to, cycle_t now) {
    assert(!one_beat_ && !to.one_beat_ && to.room(now) && front().time <= now);
    const shape &mine = *shape_, &its = *to.shape_;
    const std::uint32_t pop = pop_, push = to.push_, size = to.size_ + 1;
    place& from = *place_at(pop);
    const slot moved = from.get();
    to.place_at(push)->put(now + its.forward, moved.value, moved.source);
    from.free(now + mine.back);
    held_cycles_ += now + mine.stages - moved.time;
    pop_ = mine.behind(pop, sizeof(place));
    --size_;
    to.push_ = its.behind(push, sizeof(place));
    to.not_before_ = now + 1;
    to.grow(size);
    if (size == its.capacity) return never;
    return std::max(to.place_at(its.behind(push, sizeof(place) + its.stage))->time(), now + 1);
  }
  /// Moves beats from this chain's end to the beginning of `to`, each in the first cycle from `now` on in which it is
  /// there, the one before it has gone and there is room; but no burst's last one.
  progress stream(beat_pipe& to, cycle_t now) {
    return one_beat_ || to.one_beat_ ? stream_spaced(to, now) : stream_evenly(to, now);
  }

  // What happens inside, for tables that stand between two stages.

  unsigned depth() const { return shape_->depth; }
  /// When a beat of the last stage, at(ahead), has entered that stage. Precondition: ahead < depth().
  cycle_t entered_last(unsigned ahead) const {
    const cycle_t unhindered = at(ahead).time - 1, freed = before(place_at(pop_), depth() - ahead)->time();
    return freed < back() ? unhindered : std::max(unhindered, freed - back() + 1);
  }
  /// From when on the stages behind the first one have a place for the beat that was pushed `ago` pushes before (1: the
  /// last one; 0: the next one); never: not known yet. With one stage: from when on that beat's own place is free.
  cycle_t room_behind_first(unsigned ago) const {
    const unsigned pushes = ago + shape_->capacity - depth();  // before: the one whose place it takes
    return size_ >= pushes ? never : before(place_at(push_), pushes)->time();
  }
  bool one_stage() const { return shape_->stages == 1; }
  /// A beat has been held in front of its push for so many cycles.
  void held(cycle_t cycles) { held_cycles_ += cycles; }

  unsigned back() const { return shape_->back; }
  unsigned forward() const { return shape_->forward; }

  /// Sum over all beats of the cycles that each spent in here, and the most that were in here at once.
  std::uint64_t held_cycles() const { return held_cycles_; }
  unsigned most() const { return most_; }

  static constexpr std::uint32_t nobody = ~0u;

 private:
  /// A beat, or a free place: from when on the producer may use it.
  class place {
   public:
    cycle_t time() const { return word() >> source_bits; }
    slot get() const {
      const std::uint64_t w = word();
      return {w >> source_bits, value_, static_cast<std::uint16_t>(w)};
    }
    beat value() const { return value_; }
    unsigned source() const { return static_cast<std::uint16_t>(word()); }
    void put(cycle_t time, beat value, unsigned source) {
      set_word(time << source_bits | source);
      value_ = value;
    }
    void take(const place& from, cycle_t time) {
      set_word(time << source_bits | from.source());
      value_ = from.value_;
    }
    void delay(cycle_t time) { take(*this, time); }
    void free(cycle_t time) { set_word(time << source_bits); }

   private:
    static constexpr unsigned source_bits = 16;
    std::uint64_t word() const {
      std::uint64_t w;
      std::memcpy(&w, word_, sizeof w);
      return w;
    }
    void set_word(std::uint64_t w) { std::memcpy(word_, &w, sizeof w); }

    std::uint32_t word_[2] = {};  // time, and source above it; 12 bytes in all, because there are many
    beat value_;
  };
  static_assert(sizeof(place) == 12);

  explicit beat_pipe(const shape& kind) : shape_(&kind), one_beat_(kind.depth == 1) {
    new (place_at(first)) place[(kind.bytes() - first) / sizeof(place)]();
  }
  /// Cycles from a push or pop to the next one.
  unsigned spacing() const { return one_beat_ ? 2 : 1; }

  progress stream_evenly(beat_pipe& to, cycle_t now) {
    progress made;
    const unsigned most = std::min(size_, to.shape_->capacity - to.size_);
    const std::uint64_t forward = to.forward(), freed_after = back();
    place *const begin = place_at(first), *const last = place_at(shape_->end);
    place *const to_begin = to.place_at(first), *const to_last = to.place_at(to.shape_->end);
    place *from = place_at(pop_), *into = to.place_at(to.push_), *free = to.next_free();
    now = std::max(now, to.not_before_);
    cycle_t held = 0, full = 0, at = 0;
    unsigned beats = 0;
    for (; beats != most && !from->value().last(); ++beats) {
      const cycle_t came = from->time(), there = std::max(came, now);
      at = std::max(free->time(), there);
      if (beats == 0) made.first = at;
      full += at - there;
      held += at - came;
      into->take(*from, at + forward);
      from->free(at + freed_after);
      if (++from == last) from = begin;
      if (++into == to_last) into = to_begin;
      if (++free == to_last) free = to_begin;
      now = at + 1;
    }
    made.beats = beats;
    made.full = full;
    if (beats != size_) {
      made.there = std::max(from->time(), now);
      if (beats != most) made.next = std::max(free->time(), made.there);
    }
    if (beats == 0) return made;
    held_cycles_ += held + std::uint64_t{beats} * shape_->stages;
    pop_ = offset(from);
    size_ -= beats;
    to.filled(into, beats, now);
    return made;
  }
  /// The same with a depth of 1, of either.
  progress stream_spaced(beat_pipe& to, cycle_t now) {
    progress made;
    for (; !empty(); now = made.there) {
      made.there = std::max(front().time, now);
      made.next = to.full() ? never : std::max(to.room_at(), made.there);
      if (to.full() || front().value.last()) return made;
      const cycle_t at = made.next;
      if (made.beats++ == 0) made.first = at;
      made.full += at - made.there;
      const slot moved = pop(at);
      to.push(moved.value, moved.source, at);
      made.there = at + 1;
    }
    made.there = made.next = never;
    return made;
  }

  // Places are kept as bytes from the object on.
  place* place_at(std::uint32_t at) { return reinterpret_cast<place*>(reinterpret_cast<char*>(this) + at); }
  const place* place_at(std::uint32_t at) const {
    return reinterpret_cast<const place*>(reinterpret_cast<const char*>(this) + at);
  }
  std::uint32_t offset(const place* s) const {
    return static_cast<std::uint32_t>(reinterpret_cast<const char*>(s) - reinterpret_cast<const char*>(this));
  }
  std::uint32_t next(std::uint32_t at) const { return shape_->behind(at, sizeof(place)); }
  const place* forth(const place* s, unsigned count) const {
    s += count;
    return s < place_at(shape_->end) ? s : s - (place_at(shape_->end) - place_at(first));
  }
  const place* before(const place* s, unsigned count) const {
    s -= count;
    return s >= place_at(first) ? s : s + (place_at(shape_->end) - place_at(first));
  }
  /// Where the beat stood whose place the next one takes: as many places before the next push as the chain holds, which
  /// is one stage's behind it, because one stage more is remembered.
  const place* next_free() const { return place_at(shape_->behind(push_, shape_->stage)); }
  place* next_free() { return const_cast<place*>(static_cast<const beat_pipe*>(this)->next_free()); }

  cycle_t put(place& s, beat value, unsigned source, cycle_t now) {
    cycle_t time = now + shape_->forward;
    if (one_beat_ && time < next_pop().time()) {
      held_cycles_ += next_pop().time() - time;
      time = next_pop().time();
    }
    s.put(time, value, source);
    return time;
  }
  void filled(const place* push, unsigned beats, cycle_t not_before) {
    push_ = offset(push);
    not_before_ = not_before;
    grow(size_ + beats);
  }
  void grow(unsigned size) {
    size_ = size;
    if (size > most_) most_ = size;
  }
  /// With a depth of 1: the next beat is there from this cycle on at the earliest. It stands in a place of its own.
  place& next_pop() { return *place_at(shape_->end); }
  void space_pops(cycle_t cycle) {
    next_pop().free(cycle);
    if (empty() || front().time >= cycle) return;
    place& s = *place_at(pop_);
    held_cycles_ += cycle - s.time();
    s.delay(cycle);
  }

  static constexpr std::uint32_t first = 48;
  const shape* shape_;
  cycle_t not_before_ = 0;
  std::uint64_t held_cycles_ = 0;
  std::uint32_t push_ = first, pop_ = first;
  std::uint32_t size_ = 0, most_ = 0;

 public:
  // The end where beats are pushed, for its owner.
  std::uint32_t producer = nobody;  ///< lane in the wheel that is to be woken
  bool producer_waits = false;      ///< by the next pop

 private:
  bool one_beat_;  // a depth of 1
};

static_assert(sizeof(beat_pipe) == 48);

inline beat_pipe::shape::shape(unsigned stage_count, unsigned stage_depth, unsigned to_consumer, unsigned to_producer)
    : stages(stage_count),
      depth(stage_depth),
      capacity(stages * depth),
      forward(to_consumer),
      back(to_producer),
      stage(depth * static_cast<unsigned>(sizeof(place))),
      end(first + (stages + 1) * stage) {}

}  // namespace ohmic
