#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ohmic::test {

// The leaf modules of the AXI crosspoint's RTL, as rtl_simulator composes them. Each names its source: a file of
// pulp-platform/axi (commit e55ae2a) or of common_cells 1.39.0.

/// A beat of any channel. A request carries the id of the link it is on; between crossbar and remap table, `input`
/// and `id` together are axi_mux's longer id. A response likewise, in the other direction.
struct beat {
  std::uint32_t burst;
  std::uint16_t id;
  std::uint16_t input;
  bool last;
};

/// spill_register.sv: takes a beat whenever it is not full, offers one whenever it is not empty, both as of the
/// beginning of the cycle; clock() ends the cycle. The RTL's holds 2 beats.
class stage {
 public:
  static constexpr unsigned max_depth = 8;

  /// `clock`: where it enters itself in a cycle in which it has to be clocked.
  stage(std::vector<stage*>& clock, unsigned depth) : clock_(&clock), depth_(depth) {}

  bool valid() const { return held_ > 0; }
  bool ready() const { return held_ < depth_; }
  unsigned held() const { return held_; }
  /// Whether in the present cycle a beat has come, and whether one has gone.
  bool pushed() const { return pushed_; }
  bool popped() const { return popped_; }
  const beat& front() const { return beats_[head_]; }
  void pop() {
    popped_ = true;
    enter();
  }
  void push(const beat& b) {
    beats_[(head_ + held_) % max_depth] = b;
    pushed_ = true;
    enter();
  }
  void clock() {
    if (popped_) head_ = (head_ + 1) % max_depth;
    held_ = held_ + pushed_ - popped_;
    pushed_ = popped_ = entered_ = false;
  }

 private:
  void enter() {
    if (!entered_) clock_->push_back(this);
    entered_ = true;
  }

  std::vector<stage*>* clock_;
  std::array<beat, max_depth> beats_{};
  unsigned depth_;
  unsigned head_ = 0, held_ = 0;
  bool pushed_ = false, popped_ = false, entered_ = false;
};

/// Registers in a row, the first one takes, the last one offers.
class pipe {
 public:
  pipe(std::vector<stage*>& clock, std::size_t length, unsigned depth) : stages_(length, stage(clock, depth)) {}

  stage& first() { return stages_.front(); }
  stage& last() { return stages_.back(); }
  stage& operator[](std::size_t i) { return stages_[i]; }
  std::size_t size() const { return stages_.size(); }
  std::uint64_t held() const {
    std::uint64_t sum = 0;
    for (const stage& s : stages_) sum += s.held();
    return sum;
  }
  /// Moves beats from register `begin` to `begin` + 1, and so on up to register `end`.
  void advance(std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      if (!stages_[i].valid() || !stages_[i + 1].ready()) continue;
      stages_[i + 1].push(stages_[i].front());
      stages_[i].pop();
    }
  }

 private:
  std::vector<stage> stages_;
};

/// rr_arb_tree.sv, in its fair and locking form, for up to 64 inputs.
///
/// The tree takes the requester whose index has the smallest exclusive-or with the pointer (it follows the
/// pointer's bits from the top one on, where both branches request). On a grant the pointer moves to the next
/// requester above the pointer, cyclically, thus not to the one above the winner. Requests that come while one
/// waits for its grant are seen only after it.
class rr_arbiter {
 public:
  /// One cycle: `requests` has a bit per input; returns the winner, -1 if none requests.
  int choose(std::uint64_t requests) {
    if (!locked_) seen_ = requests;
    if (seen_ == 0) return -1;
    unsigned winner = lowest(seen_);
    for (std::uint64_t rest = seen_ & (seen_ - 1); rest != 0; rest &= rest - 1) {
      const unsigned i = lowest(rest);
      if ((i ^ pointer_) < (winner ^ pointer_)) winner = i;
    }
    return static_cast<int>(winner);
  }
  /// Later in the same cycle, if there was a winner: whether it was granted.
  void settle(bool granted) {
    locked_ = !granted;
    if (!granted) return;
    const std::uint64_t above = pointer_ == 63 ? 0 : seen_ & (~std::uint64_t{0} << (pointer_ + 1));
    pointer_ = lowest(above != 0 ? above : seen_);
  }

 private:
  static unsigned lowest(std::uint64_t bits) { return static_cast<unsigned>(__builtin_ctzll(bits)); }

  unsigned pointer_ = 0;
  bool locked_ = false;
  std::uint64_t seen_ = 0;
};

/// axi_demux_id_counters.sv: bursts of one direction in flight from one input, per id, and the output they
/// went to.
class id_counters {
 public:
  id_counters(unsigned id_bits, unsigned limit) : entries_(std::size_t{1} << id_bits), limit_(limit) {}

  /// A counter at its limit stops all ids.
  bool full() const { return full_ > 0; }
  bool allows(unsigned id, unsigned output) const { return entries_[id].count == 0 || entries_[id].output == output; }
  void push(unsigned id, unsigned output) {
    entries_[id].output = output;
    if (++entries_[id].count == limit_) ++full_;
  }
  void pop(unsigned id) {
    if (entries_[id].count-- == limit_) --full_;
  }

 private:
  struct entry {
    unsigned count = 0, output = 0;
  };
  std::vector<entry> entries_;
  unsigned limit_;
  unsigned full_ = 0;  // counters at their limit
};

/// axi_id_remap.sv, one direction of one output: the table, and the id it holds for a request that the register
/// behind it has not taken yet. A release counts from the next cycle on: clock().
class remap_table {
 public:
  remap_table(unsigned ids, unsigned bursts_per_id) : entries_(ids), limit_(bursts_per_id) {}

  /// The output id of the request that stands at the table, -1 if it has to wait. An (input, id) in flight keeps
  /// its output id, another one gets the lowest free one. Counts the request when it first has one.
  int lookup(const beat& b) {
    if (held_ >= 0) return held_;
    int free = -1;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const entry& e = entries_[i];
      if (e.count == 0) {
        if (free < 0) free = static_cast<int>(i);
      } else if (e.id == b.id && e.input == b.input) {
        return e.count < limit_ ? hold(i, b) : -1;
      }
    }
    return free < 0 ? -1 : hold(static_cast<std::size_t>(free), b);
  }
  /// The request has gone on.
  void taken() { held_ = -1; }

  /// A response on its way back, with the id and input of its request again.
  beat restore(beat b) {
    const entry& e = entries_[b.id];
    if (b.last) released_ = b.id;
    b.id = e.id;
    b.input = e.input;
    return b;
  }
  void clock() {
    if (released_ >= 0) --entries_[static_cast<std::size_t>(released_)].count;
    released_ = -1;
  }

 private:
  struct entry {
    unsigned count = 0;
    std::uint16_t id = 0, input = 0;
  };
  int hold(std::size_t i, const beat& b) {
    ++entries_[i].count;
    entries_[i].id = b.id;
    entries_[i].input = b.input;
    return held_ = static_cast<int>(i);
  }

  std::vector<entry> entries_;
  unsigned limit_;
  int held_ = -1, released_ = -1;
};

}  // namespace ohmic::test
