#include "ip/core/core_relay.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <tuple>

#include "tests/ip/core/relay_bench.h"
#include "tests/ip/iss/random_program.h"

namespace ohmic {
namespace {

using namespace test;

/// Seeds per test; more by RELAY_SEEDS, from RELAY_FIRST on.
unsigned number(const char* name, unsigned otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr ? static_cast<unsigned>(std::atoi(text)) : otherwise;
}
const unsigned first_seed = number("RELAY_FIRST", 1), seeds = number("RELAY_SEEDS", 80);

/// A random program whose counters run.
struct counted_program {
  counted_program(unsigned seed, bool interrupts) {
    random_program_options options;
    options.interrupts = interrupts;
    const test_program random = make_random_program(seed, options);
    const assembled_program assembled = assemble(random);
    words = assembled.words;
    memory = random.memory;
    boot = test_program::base + static_cast<std::uint32_t>(words.size()) * 4;
    words.push_back(0x32005073);  // csrwi mcountinhibit, 0
    const std::uint32_t offset = assembled.boot - (boot + 4);
    words.push_back((offset >> 20 & 1) << 31 | (offset >> 1 & 0x3ff) << 21 | (offset >> 11 & 1) << 20 |
                    (offset >> 12 & 0xff) << 12 | 0x6f);  // j
    words.insert(words.end(), 4, 0x13);
  }

  /// Vectors and handlers stand in front of all (tests/ip/iss/test_program.cpp).
  static bool in_handler(std::uint32_t pc) { return pc - test_program::base < 160; }

  std::vector<std::uint32_t> words;
  std::vector<std::uint8_t> memory;
  std::uint32_t boot;
};

/// What every kind says about a retirement.
auto fields(const retire_record& r) {
  return std::make_tuple(r.pc, r.instruction, r.trap, r.cause, r.rd, r.rd_value, r.rd2, r.rd2_value, r.mem_addr,
                         r.mem_data, r.mem_size, r.mem_write);
}

/// The state in front of every retirement of an undisturbed ISS.
std::vector<hart_state> states_of(const counted_program& program, unsigned seed) {
  relay_bench bench(program.words, program.memory, seed, {}, {});
  std::vector<hart_state> states;
  semantic_step step(bench.text, 7);
  hart_state s;
  s.pc = program.boot;
  while (bench.text.contains(s.pc)) {
    states.push_back(s);
    const retire_record r = step(s, [&](const bus_request& q) {
      return relay_bench::is_event(q) ? relay_bench::event_value(q) : access(bench.memory, q);
    });
    if (r.mem_write) store(bench.memory, r.mem_addr, r.mem_data, r.mem_size);
  }
  return states;
}

/// All that software could see, but what depends on time.
auto software_state(const hart_state& s) {
  return std::make_tuple(s.x, s.pc, s.lpstart, s.lpend, s.lpcount, s.mstatus, s.mie, s.mtvec, s.mscratch, s.mepc,
                         s.mcause, s.mcountinhibit, s.mhpmevent3, s.minstret);
}

std::vector<relay_leg> random_legs(std::mt19937& random, cycle_t length) {
  std::vector<relay_leg> legs;
  unsigned kind = as_iss;
  for (cycle_t at = 20;;) {  // behind the first instruction, which starts the counters
    at += 5 + random() % (length / 6);
    if (at >= length) return legs;
    relay_leg leg;
    leg.kind = (kind + 1 + random() % 2) % 3;
    leg.order = static_cast<unsigned>(legs.size() + 1);
    leg.cycle = at;
    kind = leg.kind;
    legs.push_back(leg);
  }
}

struct covered {
  unsigned changes = 0, in_loops = 0, in_handlers = 0, withdrawn = 0;
};

/// One program with changes among all kinds at random moments, against the program undisturbed on the ISS.
void compare(unsigned seed, bool stalls, bool by_trigger, covered& sum) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  const counted_program program(seed, false);
  relay_bench plain(program.words, program.memory, seed, {}, {});
  ASSERT_TRUE(plain.run(program.boot, 200000));
  const cycle_t length = plain.cores.time(0);
  const std::vector<hart_state> states = states_of(program, seed);

  std::mt19937 random(seed);
  std::vector<relay_leg> legs = random_legs(random, length);
  std::vector<cycle_t> triggers;
  if (by_trigger)
    for (relay_leg& leg : legs) triggers.push_back(std::exchange(leg.cycle, never));
  relay_bench bench(program.words, program.memory, seed, {stalls, false}, legs);
  ASSERT_TRUE(bench.run(program.boot, 400000, triggers));
  ASSERT_EQ(bench.cores.group<noting<lockstep_group>>().bad_hart(), std::nullopt)
      << bench.cores.group<noting<lockstep_group>>().mismatches().back().what;

  const std::vector<retire_record>&expected = plain.seen.all, &got = bench.seen.all;
  for (std::size_t i = 0; i < std::min(expected.size(), got.size()); ++i)
    ASSERT_EQ(fields(expected[i]), fields(got[i])) << "retirement " << i << " pc " << std::hex << expected[i].pc;
  ASSERT_EQ(expected.size(), got.size());
  EXPECT_EQ(bench.memory, plain.memory);
  for (unsigned r = 0; r < 32; ++r) EXPECT_EQ(bench.cores.x(0, r), plain.cores.x(0, r)) << "x" << r;
  EXPECT_EQ(bench.cores.counters(0).retired, plain.cores.counters(0).retired);

  // Every state that was handed over is one that the undisturbed hart went through.
  std::size_t at = 0;
  std::array<std::size_t, 3> taken{};
  for (std::size_t n = 0; n < bench.cores.changes().size(); ++n) {
    const unsigned to = legs[n].kind;
    const std::vector<hart_state>& noted = to == as_iss   ? bench.cores.group<noting<iss_group>>().noted
                                           : to == as_rtl ? bench.cores.group<noting<rtl_group>>().noted
                                                          : bench.cores.group<noting<lockstep_group>>().noted;
    const hart_state& s = noted[taken[to]++];
    while (at < states.size() && states[at].minstret != s.minstret) ++at;
    while (at < states.size() && states[at].minstret == s.minstret && states[at].pc != s.pc) ++at;  // behind a trap
    if (at == states.size()) {
      EXPECT_FALSE(bench.text.contains(s.pc)) << "change " << n << " pc " << std::hex << s.pc;
      break;
    }
    EXPECT_TRUE(software_state(states[at]) == software_state(s)) << "change " << n << " pc " << std::hex << s.pc;
    EXPECT_GE(bench.cores.changes()[n].cycle, by_trigger ? triggers[n] : legs[n].cycle);
    ++sum.changes;
    sum.in_loops += s.lpcount[0] != 0 || s.lpcount[1] != 0;
    sum.in_handlers += counted_program::in_handler(s.pc);
  }
  sum.withdrawn += bench.withdrawn;
}

TEST(CoreRelayTest, ChangesAtRandomRetirementsAreNotSeenBySoftware) {
  covered sum;
  for (unsigned seed = first_seed; seed < first_seed + seeds; ++seed) compare(seed, seed % 2 == 0, false, sum);
  std::printf("seeds %u..%u: %u changes, %u in hardware loops, %u in handlers\n", first_seed, first_seed + seeds - 1,
              sum.changes, sum.in_loops, sum.in_handlers);
  EXPECT_GT(sum.changes, 4 * seeds);
  EXPECT_GT(sum.in_loops, seeds);
  EXPECT_GT(sum.in_handlers, seeds / 4);
}

TEST(CoreRelayTest, ChangesDuringAnAccessOrInCvElwAreNotSeenBySoftware) {
  covered sum;
  for (unsigned seed = first_seed; seed < first_seed + seeds; ++seed) compare(seed, seed % 2 == 0, true, sum);
  std::printf("seeds %u..%u: %u changes, %u with cv.elw withdrawn\n", first_seed, first_seed + seeds - 1, sum.changes,
              sum.withdrawn);
  EXPECT_GT(sum.changes, 4 * seeds);
  EXPECT_GT(sum.withdrawn, seeds / 2);
}

TEST(CoreRelayTest, InterruptsComeThroughAroundChanges) {
  unsigned changes = 0, interrupts = 0;
  for (unsigned seed = first_seed; seed < first_seed + seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const counted_program program(seed, true);
    relay_bench plain(program.words, program.memory, seed, {}, {});
    ASSERT_TRUE(plain.run(program.boot, 200000));
    std::mt19937 random(seed);
    std::vector<relay_leg> legs = random_legs(random, 2 * plain.cores.time(0));
    std::vector<cycle_t> triggers;
    if (seed % 3 == 0)
      for (relay_leg& leg : legs) triggers.push_back(std::exchange(leg.cycle, never));
    relay_bench bench(program.words, program.memory, seed, {seed % 2 == 0, true}, legs);
    ASSERT_TRUE(bench.run(program.boot, 400000, triggers));
    ASSERT_EQ(bench.cores.group<noting<lockstep_group>>().bad_hart(), std::nullopt)
        << bench.cores.group<noting<lockstep_group>>().mismatches().back().what;
    // With interrupts the program's values depend on time: one checker follows all that the hart does, as all kinds.
    lockstep_checker checker(bench.text, 7);
    checker.start(program.boot);
    for (const retire_record& r : bench.seen.all) ASSERT_TRUE(checker.check(r)) << checker.mismatch();
    changes += static_cast<unsigned>(bench.cores.changes().size());
    interrupts += bench.seen.interrupts;
  }
  std::printf("seeds %u..%u: %u changes, %u interrupts\n", first_seed, first_seed + seeds - 1, changes, interrupts);
  EXPECT_GT(changes, 4 * seeds);
  EXPECT_GT(interrupts, 2 * seeds);
}

TEST(CoreRelayTest, ChangesInFrontOfAnInstructionForTheTimesThatCount) {
  unsigned changes = 0;
  for (unsigned seed = first_seed; seed < first_seed + seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const counted_program program(seed, false);
    relay_bench plain(program.words, program.memory, seed, {}, {});
    ASSERT_TRUE(plain.run(program.boot, 200000));
    const std::vector<retire_record>& stream = plain.seen.all;
    const std::vector<hart_state> states = states_of(program, seed);

    std::mt19937 random(seed);
    std::vector<relay_leg> legs;
    std::vector<std::size_t> places;
    for (std::size_t from = 0; from + 2 < stream.size() && legs.size() < 6;) {
      const std::size_t to = from + 1 + random() % std::min<std::size_t>(stream.size() / 5, stream.size() - from - 1);
      relay_leg leg;
      leg.order = static_cast<unsigned>(legs.size() + 1);
      leg.kind = static_cast<unsigned>((legs.size() + 1 + seed % 2) % 3);
      leg.at_pc = true;
      leg.pc = stream[to].pc;
      leg.times = 0;
      for (std::size_t i = from; i <= to; ++i) leg.times += stream[i].pc == leg.pc;
      legs.push_back(leg);
      places.push_back(to);
      from = to;
    }
    relay_bench bench(program.words, program.memory, seed, {seed % 2 == 0, false}, legs);
    ASSERT_TRUE(bench.run(program.boot, 400000));
    ASSERT_EQ(bench.cores.changes().size(), legs.size());
    ASSERT_EQ(bench.seen.all.size(), stream.size());
    std::array<std::size_t, 3> taken{};
    for (std::size_t n = 0; n < legs.size(); ++n) {
      const unsigned to = legs[n].kind;
      const std::vector<hart_state>& noted = to == as_iss   ? bench.cores.group<noting<iss_group>>().noted
                                             : to == as_rtl ? bench.cores.group<noting<rtl_group>>().noted
                                                            : bench.cores.group<noting<lockstep_group>>().noted;
      const hart_state& s = noted[taken[to]++];
      EXPECT_EQ(s.pc, legs[n].pc) << "change " << n;
      EXPECT_EQ(s.minstret, states[places[n]].minstret) << "change " << n << ", time " << legs[n].times;
    }
    changes += static_cast<unsigned>(legs.size());
  }
  std::printf("seeds %u..%u: %u changes\n", first_seed, first_seed + seeds - 1, changes);
}

TEST(CoreRelayTest, CountersGoOnCounting) {
  // csrwi mcountinhibit, 0; li a0, 400; addi a0, a0, -1; bnez a0, -4; csrr a1, mcycle; csrr a2, minstret; jr zero
  const std::vector<std::uint32_t> words = {0x32005073, 0x19000513, 0xfff50513, 0xfe051ee3,
                                            0xb00025f3, 0xb0202673, 0x00000067};
  std::vector<relay_leg> legs;
  for (unsigned n = 0; n < 8; ++n) legs.push_back({n + 1, n % 2 == 0 ? as_rtl : as_iss, 100 + 150 * n, false, 0, 1});
  std::array<std::int64_t, 2> cycles{}, apart{};
  for (unsigned i = 0; i < 2; ++i) {
    relay_bench bench(words, {}, 1, {}, i == 0 ? std::vector<relay_leg>{} : legs);
    ASSERT_TRUE(bench.run(test_program::base, 100000));
    EXPECT_EQ(bench.cores.x(0, 12), 1u + 2 * 400 + 1);  // without the csrwi
    const auto& all = bench.seen.all;
    cycles[i] = static_cast<std::int64_t>(all[all.size() - 3].cycle - all.front().cycle);
    apart[i] = bench.cores.x(0, 11) - cycles[i];
    EXPECT_EQ(bench.cores.counters(0).awake_cycles, bench.cores.time(0));
  }
  // A change refills the pipeline: at most four cycles, and mcycle counts them.
  EXPECT_LE(std::abs(cycles[1] - cycles[0]), 4 * 8);
  EXPECT_LE(std::abs(apart[1] - apart[0]), 8);
  std::printf("8 changes: %+d cycles, mcycle %+d\n", static_cast<int>(cycles[1] - cycles[0]),
              static_cast<int>(apart[1] - apart[0]));
}

}  // namespace
}  // namespace ohmic
