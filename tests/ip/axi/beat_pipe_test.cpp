#include "ip/axi/beat_pipe.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <string>
#include <vector>

namespace ohmic {
namespace {

TEST(BeatTest, HoldsBurstChunkAndLast) {
  for (const std::uint32_t burst : {0u, 1u, 77u, beat::max_bursts - 1}) {
    for (const unsigned chunk : {0u, 1u, 512u, 1023u}) {
      for (const bool last : {false, true}) {
        const beat b(burst, chunk, last);
        EXPECT_EQ(b.burst(), burst);
        EXPECT_EQ(b.chunk(), chunk);
        EXPECT_EQ(b.last(), last);
      }
    }
  }
}

/// Registers in a row, each simulated by itself: a register takes a beat if it was not full at the cycle's start and
/// offers what it held then.
class chain {
 public:
  chain(unsigned stages, unsigned depth) : stages_(stages), depth_(depth) {}
  bool room() const { return stages_.front().size() < depth_; }
  bool offers() const { return !stages_.back().empty(); }
  unsigned front() const { return stages_.back().front(); }
  std::size_t held(std::size_t stage) const { return stages_[stage].size(); }
  std::size_t size() const {
    std::size_t sum = 0;
    for (const auto& s : stages_) sum += s.size();
    return sum;
  }

  void clock(bool push, unsigned value, bool pop) {
    std::vector<std::size_t> at_start;
    for (const auto& s : stages_) at_start.push_back(s.size());
    if (pop) stages_.back().pop_front();
    for (std::size_t i = stages_.size() - 1; i-- > 0;) {
      if (at_start[i] == 0 || at_start[i + 1] == depth_) continue;
      stages_[i + 1].push_back(stages_[i].front());
      stages_[i].pop_front();
    }
    if (push) stages_.front().push_back(value);
  }

 private:
  std::vector<std::deque<unsigned>> stages_;
  unsigned depth_;
};

struct random_walk {
  unsigned stages, depth;
  unsigned push_share, pop_share;  // of 8 cycles
};

/// `back` of the chain's own time: what is free `stages` cycles after a pop.
struct owned_pipe {
  owned_pipe(unsigned stages, unsigned depth, unsigned forward, unsigned back)
      : shape(stages, depth, forward, back),
        memory(shape.bytes() / sizeof(line) + 1),
        pipe(*beat_pipe::create(memory.data(), shape)) {}
  struct alignas(64) line {
    unsigned char bytes[64];
  };
  beat_pipe::shape shape;
  std::vector<line> memory;
  beat_pipe& pipe;
};

// With both ends in the chain's own time, n cycles forward and n back.
TEST(BeatPipeTest, IsAChainOfRegisters) {
  for (unsigned seed = 1; seed <= 400; ++seed) {
    std::mt19937 random(seed);
    const unsigned stages = 1 + random() % 6, depth = 1 + random() % 8;
    chain registers(stages, depth);
    owned_pipe owned(stages, depth, stages, stages);
    beat_pipe& pipe = owned.pipe;
    const std::string note =
        "seed " + std::to_string(seed) + ", " + std::to_string(stages) + " registers of " + std::to_string(depth);
    unsigned next = 0, pushes = 1 + random() % 8, pops = 1 + random() % 8;
    std::uint64_t held = 0;
    for (cycle_t now = 1; now < 400; ++now) {
      if (random() % 64 == 0) pushes = random() % 9, pops = random() % 9;
      ASSERT_EQ(pipe.room(now), registers.room()) << note << ", cycle " << now;
      ASSERT_EQ(!pipe.empty() && pipe.front().time <= now, registers.offers()) << note << ", cycle " << now;
      ASSERT_EQ(pipe.size(), registers.size()) << note;
      const bool push = registers.room() && random() % 8 < pushes, pop = registers.offers() && random() % 8 < pops;
      const unsigned expected = registers.offers() ? registers.front() : 0;
      registers.clock(push, next, pop);
      if (pop) {
        const beat_pipe::slot taken = pipe.pop(now);
        ASSERT_EQ(taken.value.burst(), expected) << note;
        ASSERT_EQ(taken.source, expected % 512) << note;
      }
      if (push) {
        pipe.push(beat(next, 0, true), next % 512, now);
        ++next;
      }
      held += registers.size();
      ASSERT_LE(pipe.size(), pipe.most()) << note;
    }
    while (!pipe.empty()) {  // so that what is counted per beat is complete
      const cycle_t at = pipe.front().time < 400 ? 400 : pipe.front().time;
      held += at - 400;
      pipe.pop(at);
    }
    EXPECT_EQ(pipe.held_cycles(), held) << note;
  }
}

// entered_last() and room_behind_first() against registers looked into, as long as nothing is held in front.
TEST(BeatPipeTest, TellsWhenBeatsPassFromRegisterToRegister) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    const unsigned stages = 2 + random() % 4, depth = 1 + random() % 4;
    chain registers(stages, depth);
    owned_pipe owned(stages, depth, stages, stages);
    beat_pipe& pipe = owned.pipe;
    const unsigned pushes = 1 + random() % 8, pops = 1 + random() % 8;
    std::vector<cycle_t> pushed;
    for (cycle_t now = 1; now < 300; ++now) {
      const std::size_t first = registers.held(0), last = registers.held(stages - 1);
      std::vector<cycle_t> entered;  // what is known before the cycle must be what happens
      for (unsigned k = 0; k < depth && k < pipe.size(); ++k) entered.push_back(pipe.entered_last(k));
      // The first beat of the first register leaves it when it has been there for a cycle and there is room behind.
      bool leaves = false;
      if (first > 0) {
        const cycle_t room = pipe.room_behind_first(static_cast<unsigned>(first));
        leaves = pushed[pushed.size() - first] < now && room != never && room <= now + 1;
      }
      const bool push = registers.room() && random() % 8 < pushes, pop = registers.offers() && random() % 8 < pops;
      registers.clock(push, 0, pop);
      EXPECT_EQ(registers.held(0), first + (push ? 1 : 0) - (leaves ? 1 : 0)) << "seed " << seed << ", cycle " << now;
      const bool came = registers.held(stages - 1) + (pop ? 1 : 0) == last + 1;
      if (came) ASSERT_GT(entered.size(), last) << "seed " << seed;
      if (entered.size() > last) EXPECT_EQ(entered[last] == now, came) << "seed " << seed << ", cycle " << now;
      if (pop) pipe.pop(now);
      if (push) pipe.push(beat(0, 0, true), 0, now), pushed.push_back(now);
    }
  }
}

// Two ends whose times are shifted against each other: only the sum of both delays is the chain's.
TEST(BeatPipeTest, DelaysAreThoseOfItsTwoEnds) {
  owned_pipe owned(2, 2, 7, 3);
  beat_pipe& pipe = owned.pipe;
  EXPECT_EQ(pipe.room_at(), 0u);
  for (cycle_t now = 10; now < 14; ++now) EXPECT_EQ(pipe.push(beat(1, 0, false), 5, now), now + 7);
  EXPECT_EQ(pipe.room_at(), never) << "four places, nothing has been taken";
  pipe.pop(20);
  EXPECT_EQ(pipe.room_at(), 23u);
  EXPECT_FALSE(pipe.room(22));
  EXPECT_TRUE(pipe.room(23));
  EXPECT_EQ(pipe.most(), 4u);
}

}  // namespace
}  // namespace ohmic
