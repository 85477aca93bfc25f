#include "platform/engine/window_engine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <string>

#include "tests/fresh_seed.h"

namespace ohmic {
namespace {

/// A part that works in given cycles and folds each of them into a hash.
class worker {
 public:
  explicit worker(unsigned seed) : random_(seed) { next_ = random_() % 50; }
  cycle_t next_event() const { return next_; }
  void warm(unsigned, cycle_t) const {}
  void run(cycle_t from, cycle_t to) {
    ++runs;
    if (next_ < from) late = true;
    while (next_ < to) {
      if (fail_at == next_) throw std::runtime_error("part failed");
      hash = hash * 31 + next_;
      ++steps;
      next_ += 1 + random_() % 20;
    }
  }
  void wake(cycle_t at) { next_ = std::min(next_, at); }
  void sleep() { next_ = never; }

  std::uint64_t hash = 1, steps = 0;
  unsigned runs = 0;
  bool late = false;
  cycle_t fail_at = never;

 private:
  std::mt19937 random_;
  cycle_t next_ = 0;
};

struct farm {
  explicit farm(unsigned count) {
    for (unsigned i = 0; i < count; ++i) all.push_back(std::make_unique<worker>(i + 1));
  }
  std::vector<worker*> pointers() {
    std::vector<worker*> p;
    for (auto& w : all) p.push_back(w.get());
    return p;
  }
  std::uint64_t run(unsigned threads, cycle_t window, cycle_t end) {
    thread_team team(threads);
    window_engine<worker> engine(pointers(), team);
    for (cycle_t now = 0; now < end; now += window) engine.run(now, now + window);
    std::uint64_t hash = 0;
    for (auto& w : all) hash = hash * 1000003 + w->hash;
    return hash;
  }
  std::vector<std::unique_ptr<worker>> all;
};

TEST(WindowEngineTest, ResultIsTheSameForAnyNumberOfThreads) {
  const std::uint64_t expected = farm(37).run(1, 6, 3000);
  for (const unsigned threads : {2u, 3u, 4u, 7u}) EXPECT_EQ(farm(37).run(threads, 6, 3000), expected) << threads;
}

TEST(WindowEngineTest, ResultIsTheSameForAnyWindow) {
  const std::uint64_t expected = farm(11).run(1, 1, 1500);
  for (const cycle_t window : {2, 6, 60, 1500}) EXPECT_EQ(farm(11).run(2, window, 1500), expected) << window;
}

TEST(WindowEngineTest, VisitsOnlyPartsThatHaveSomethingToDo) {
  farm f(8);
  for (unsigned i = 1; i < 8; ++i) f.all[i]->sleep();
  thread_team team(2);
  window_engine<worker> engine(f.pointers(), team);
  engine.run(0, 1000);
  EXPECT_EQ(engine.active(), std::vector<unsigned>{0});
  for (unsigned i = 1; i < 8; ++i) EXPECT_EQ(f.all[i]->runs, 0u);
}

TEST(WindowEngineTest, EveryPartRunsOnceInAWindowWhoeverRunsIt) {
  for (const unsigned threads : {1u, 2u, 3u}) {
    farm f(31);
    thread_team team(threads);
    window_engine<worker> engine(f.pointers(), team);
    for (unsigned n = 0; n < 8; ++n) {
      for (unsigned i = 0; i < 31; ++i) f.all[i]->wake(10 * n), engine.touched(i);
      engine.run(10 * n, 10 * n + 10);
      for (const auto& w : f.all) ASSERT_EQ(w->runs, n + 1) << threads << " threads";
    }
  }
}

/// Keeps what it was told.
struct told_part {
  cycle_t next_event() const { return 0; }
  void warm(unsigned stage, cycle_t to) const { told.push_back(stage), told_to = to; }
  void run(cycle_t, cycle_t) {
    runs_after = told;
    told.clear();
  }
  mutable std::vector<unsigned> told;
  mutable cycle_t told_to = 0;
  std::vector<unsigned> runs_after;
};

TEST(WindowEngineTest, ManyPartsAreToldThreeTimesThatTheirTurnComes) {
  for (const unsigned parts : {95u, 96u, 200u}) {
    std::vector<told_part> all(parts);
    std::vector<told_part*> pointers;
    for (told_part& p : all) pointers.push_back(&p);
    thread_team team(1);
    window_engine<told_part> engine(pointers, team);
    engine.run(0, 7);
    for (unsigned i = 0; i < parts; ++i) {
      std::vector<unsigned> expected;
      for (unsigned stage = std::min(i, 3u); parts >= 96 && stage-- > 0;) expected.push_back(stage);
      EXPECT_EQ(all[i].runs_after, expected) << parts << " parts, " << i;
      EXPECT_TRUE(all[i].told.empty());
      EXPECT_EQ(all[i].told_to, expected.empty() ? 0u : 7u);
    }
  }
}

TEST(WindowEngineTest, KnowsTheNextEventOfATouchedPart) {
  farm f(4);
  for (auto& w : f.all) w->sleep();
  thread_team team(1);
  window_engine<worker> engine(f.pointers(), team);
  EXPECT_EQ(engine.next(0), never);
  f.all[2]->wake(77);
  EXPECT_EQ(engine.next(0), never) << "not told yet";
  engine.touched(2);
  EXPECT_EQ(engine.next(0), 77u);
}

TEST(WindowEngineTest, RethrowsWhatAPartThrewOnAWorkerThread) {
  farm f(16);
  for (auto& w : f.all) w->wake(0);
  f.all[15]->fail_at = 0;
  thread_team team(2);
  window_engine<worker> engine(f.pointers(), team);
  EXPECT_THROW(engine.run(0, 10), std::runtime_error);
  f.all[15]->fail_at = never;
  EXPECT_NO_THROW(engine.run(10, 20)) << "the engine itself is sound afterwards";
}

/// Parts that are given something at random between windows, and what may be known of it before.
struct meeting {
  meeting(unsigned seed, unsigned parts, unsigned threads, bool ahead)
      : all(parts), team(threads), engine(all.pointers(), team), random(seed), ahead_(ahead) {}

  /// The starts of the windows and the parts in each, as numbers.
  std::vector<cycle_t> run(cycle_t end) {
    std::vector<cycle_t> log;
    for (cycle_t now = 0; now < end;) {
      const cycle_t to = now + window;
      engine.run(now, to);
      log.push_back(now);
      log.insert(log.end(), engine.active().begin(), engine.active().end());
      std::vector<bool> reached(all.all.size());
      for (auto&& r : reached) r = random() % 100 < disturbed;
      if (ahead_) engine.run_ahead(to + window, [&](unsigned i) { return !reached[i]; });
      for (unsigned i = 0; i < reached.size(); ++i) {
        const cycle_t at = to + random() % 9;
        if (!reached[i] || at % 3 == 0) continue;
        all.all[i]->wake(at);
        engine.touched(i);
      }
      log.push_back(engine.next(to));
      now = std::max(to, log.back());
    }
    engine.settle();
    return log;
  }
  std::uint64_t hash() const {
    std::uint64_t hash = 0;
    for (const auto& w : all.all) hash = hash * 1000003 + w->hash;
    return hash;
  }

  static constexpr cycle_t window = 6;
  unsigned disturbed = 40;  // % of the parts in a window
  farm all;
  thread_team team;
  window_engine<worker> engine;
  std::mt19937 random;

 private:
  bool ahead_;
};

// Parts that others run ahead of their window come out the same, and so does every window's start and list of parts.
TEST(WindowEngineTest, PartsThatRunAheadMakeNoDifference) {
  const unsigned seed = fresh_seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  for (const unsigned parts : {2u, 7u, 150u}) {
    for (const unsigned disturbed : {0u, 40u, 95u, 100u}) {
      meeting alone(seed, parts, 1, false);
      alone.disturbed = disturbed;
      const std::vector<cycle_t> expected = alone.run(1200);
      for (const unsigned threads : {1u, 2u, 3u, 5u}) {
        SCOPED_TRACE(std::to_string(parts) + " parts, " + std::to_string(disturbed) + " % reached, " +
                     std::to_string(threads) + " threads");
        meeting shared(seed, parts, threads, true);
        shared.disturbed = disturbed;
        EXPECT_EQ(shared.run(1200), expected);
        if (disturbed == 100) EXPECT_EQ(shared.hash(), alone.hash());  // else some are a window ahead at the end
        for (const auto& w : shared.all.all) EXPECT_FALSE(w->late);
      }
    }
  }
}

TEST(WindowEngineTest, ThoseThatRunAheadAreBroughtToTheBoundAndNoFurther) {
  farm f(64), reference(64);
  thread_team team(2);
  window_engine<worker> engine(f.pointers(), team);
  engine.run(0, 60);
  std::vector<unsigned> asked;
  engine.run_ahead(120, [&](unsigned i) {
    asked.push_back(i);
    return i % 2 == 0;
  });
  engine.settle();
  unsigned ahead = 0;
  cycle_t earliest = never;
  for (unsigned i = 0; i < 64; ++i) {
    reference.all[i]->run(0, 60);
    if (f.all[i]->steps != reference.all[i]->steps) {
      EXPECT_EQ(std::count(asked.begin(), asked.end(), i), 1) << i;
      EXPECT_EQ(i % 2, 0u) << i;
      ++ahead;
      reference.all[i]->run(60, 120);
    }
    EXPECT_EQ(f.all[i]->hash, reference.all[i]->hash) << i;
    earliest = std::min(earliest, f.all[i]->next_event());
  }
  EXPECT_GE(ahead, 16u) << "half of the half that the calling thread has not";
  EXPECT_EQ(engine.next(0), earliest);
}

TEST(WindowEngineTest, AnErrorOfAPartThatRunsAheadComesWithItsWindow) {
  farm f(16);
  for (auto& w : f.all) w->wake(0);
  thread_team team(2);
  window_engine<worker> engine(f.pointers(), team);
  engine.run(0, 10);
  f.all[15]->wake(12);
  engine.touched(15);
  f.all[15]->fail_at = 12;
  engine.run_ahead(20, [](unsigned i) { return i == 15; });
  EXPECT_EQ(engine.next(12), 12u);
  EXPECT_THROW(engine.run(12, 22), std::runtime_error);
}

TEST(WindowEngineTest, AnEngineMayEndWhileOthersRunAhead) {
  farm f(64);
  thread_team team(3);
  window_engine<worker> engine(f.pointers(), team);
  engine.run(0, 60);
  engine.run_ahead(120, [](unsigned) { return true; });
}

TEST(WindowEngineTest, StopsItsThreadsWithoutEverRunning) {
  farm f(3);
  thread_team team(4);
  window_engine<worker> engine(f.pointers(), team);
}

}  // namespace
}  // namespace ohmic
