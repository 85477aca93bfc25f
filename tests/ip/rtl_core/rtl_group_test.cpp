#include "ip/rtl_core/rtl_group.h"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ip/core/core_mix.h"
#include "ip/iss/disassembler.h"
#include "ip/iss/iss_group.h"
#include "ip/rtl_core/cv32e40p_waveform.h"
#include "tests/cosim/core_bench.h"
#include "tests/host/scratch_folder.h"
#include "tests/ip/iss/random_program.h"

namespace ohmic {
namespace {

constexpr std::uint32_t base = 0x80000000;

text_bytes text_of(const std::vector<std::uint32_t>& words) {
  return {base, static_cast<std::uint32_t>(words.size() * 4), reinterpret_cast<const std::uint8_t*>(words.data())};
}

/// Answers everything but the bus at once until the hart asks for the bus or halts.
core_stop to_the_bus(rtl_group& group) {
  null_observer nobody;
  for (;;) {
    const core_stop stop = group.advance(0, never, nobody);
    if (stop == core_stop::horizon) continue;
    if (stop != core_stop::fetch) return stop;
    group.fetch_complete(0, group.time(0));
  }
}

TEST(RtlGroupTest, AccessesCarryAddressSizeDataAndTheInstructionsPc) {
  // lui a0, 0x10000; addi a1, zero, -2; sb a1, 3(a0); sh a1, 6(a0); sw a1, 9(a0) (two halves); lhu a2, 2(a0); j .
  const std::vector<std::uint32_t> words = {0x10000537, 0xffe00593, 0x00b501a3, 0x00b51323,
                                            0x00b524a3, 0x00255603, 0x0000006f};
  rtl_group group(text_of(words), 1, 0);
  group.start(0, base, 0);
  struct expected {
    std::uint32_t addr, wdata;
    unsigned size;
    bool write;
    std::uint32_t pc;
  };
  const expected all[] = {{0x10000003, 0xfe, 1, true, base + 8},
                          {0x10000006, 0xfffe, 2, true, base + 12},
                          {0x10000009, 0xfffffe, 3, true, base + 16},
                          {0x1000000c, 0xff, 1, true, base + 16},
                          {0x10000002, 0, 2, false, base + 20}};
  for (const expected& e : all) {
    ASSERT_EQ(to_the_bus(group), core_stop::bus);
    const bus_request r = group.request(0);
    EXPECT_EQ(r.addr, e.addr);
    EXPECT_EQ(r.size, e.size);
    EXPECT_EQ(r.write, e.write);
    EXPECT_EQ(r.pc, e.pc);
    if (e.write) EXPECT_EQ(r.wdata & ((std::uint64_t{1} << 8 * e.size) - 1), e.wdata);
    group.complete(0, 0x8765, r.cycle, r.cycle + 1);
  }
  null_observer nobody;
  group.advance(0, group.time(0) + 8, nobody);
  EXPECT_EQ(group.x(0, 12), 0x8765u);
}

TEST(RtlGroupTest, ASleepingHartCountsNoAwakeCyclesAndKeepsItsTime) {
  // lui a0, 0x10200; cv.elw a1, 0(a0); sw a1, 4(a0); j .
  const std::vector<std::uint32_t> words = {0x10200537, 0x0005358b, 0x00b52223, 0x0000006f};
  cycle_t awake[2] = {};
  for (unsigned i = 0; i < 2; ++i) {
    rtl_group group(text_of(words), 1, 0);
    group.start(0, base, 0);
    ASSERT_EQ(to_the_bus(group), core_stop::bus);
    const bus_request wait = group.request(0);
    const cycle_t valid = wait.cycle + (i == 0 ? 100 : 1000000);
    group.complete(0, 42, wait.cycle, valid);
    ASSERT_EQ(to_the_bus(group), core_stop::bus);
    EXPECT_EQ(group.request(0).wdata, 42u);
    EXPECT_EQ(group.request(0).cycle, valid + 2);  // as the ISS: two cycles behind the response
    awake[i] = group.counters(0).awake_cycles;
  }
  EXPECT_EQ(awake[0], awake[1]);
}

/// What a hart has counted when the cv.elw behind some instructions is taken back `later` cycles after its request.
template <class Group, class... A>
hart_state counted_at_withdrawal(cycle_t later, std::uint32_t inhibit, std::uint32_t event, const A&... text) {
  Group group(text..., 1, 0);
  group.start(0, base, 0);
  hart_state state;
  state.pc = base;
  state.x[10] = inhibit;
  state.x[11] = event;
  group.restore(0, state);
  null_observer nobody;
  for (core_stop stop; (stop = group.advance(0, never, nobody)) != core_stop::bus;)
    if (stop == core_stop::fetch) group.fetch_complete(0, group.time(0));
  group.withdraw(0, group.request(0).cycle + later);
  EXPECT_TRUE(group.resting(0));
  return group.save(0);
}

TEST(RtlGroupTest, ACvElwThatIsTakenBackHasCountedWhatItHasOnTheIss) {
  // csrw mhpmevent3, a1; csrw mcountinhibit, a0; nop; mul a2, a0, a1; nop; cv.elw a2, 0(a3); j .
  const std::vector<std::uint32_t> words = {0x32359073, 0x32051073, 0x00000013, 0x02b50633,
                                            0x00000013, 0x0006b60b, 0x0000006f};
  const decoded_text decoded(base, words.data(), words.size() * 4);
  for (const std::uint32_t inhibit : {0x0u, 0x1u, 0x4u, 0x8u, 0xdu})
    for (const std::uint32_t event : {0u, 1u, 2u})
      for (const cycle_t later : {0u, 1u, 2u, 3u, 50u}) {
        const hart_state rtl = counted_at_withdrawal<rtl_group>(later, inhibit, event, text_of(words));
        const hart_state iss = counted_at_withdrawal<iss_group>(later, inhibit, event, decoded);
        const std::string where = "inhibit " + std::to_string(inhibit) + ", event " + std::to_string(event) +
                                  ", taken back after " + std::to_string(later);
        EXPECT_EQ(rtl.mcycle, iss.mcycle) << where;
        EXPECT_EQ(rtl.minstret, iss.minstret) << where;
        EXPECT_EQ(rtl.mhpmcounter3, iss.mhpmcounter3) << where;
        EXPECT_EQ(rtl.pc, base + 20) << where;
      }
}

/// What a hart has counted when it rests in front of an instruction, and its time.
template <class Group, class... A>
std::pair<hart_state, cycle_t> counted_at_rest(std::uint32_t pc, std::uint32_t event, const A&... text) {
  Group group(text..., 1, 0);
  group.start(0, base, 0);
  hart_state state;
  state.pc = base;
  state.x[10] = 0x12345678;
  state.x[11] = event;
  group.restore(0, state);
  group.hold_at(0, pc, 1);
  null_observer nobody;
  while (!group.resting(0))
    if (group.advance(0, group.time(0) + 50, nobody) == core_stop::fetch) group.fetch_complete(0, group.time(0));
  EXPECT_EQ(group.pc(0), pc);
  const hart_state rested = group.save(0);
  EXPECT_EQ(rested.pc, pc);
  return {rested, group.time(0)};
}

TEST(RtlGroupTest, CyclesOfComingToRestAreCountedByNoCounter) {
  std::set<cycle_t> ahead;
  // mul, mulh, mulhu, div, rem, addi
  for (const std::uint32_t slow : {0x02b50633u, 0x02b51633u, 0x02b53633u, 0x02b54633u, 0x02b56633u, 0x00150613u}) {
    // csrw mhpmevent3, a1; csrw mcountinhibit, zero; nop; slow a2, a0, a1; nop; nop; nop; j .
    const std::vector<std::uint32_t> words = {0x32359073, 0x32001073, 0x00000013, slow,
                                              0x00000013, 0x00000013, 0x00000013, 0x0000006f};
    const decoded_text decoded(base, words.data(), words.size() * 4);
    for (const std::uint32_t event : {0u, 1u, 2u})
      for (std::uint32_t pc = base + 12; pc <= base + 28; pc += 4) {
        const auto [rtl, rtl_time] = counted_at_rest<rtl_group>(pc, event, text_of(words));
        const auto [iss, iss_time] = counted_at_rest<iss_group>(pc, event, decoded);
        const std::string where = iss::disassemble(base + 12, slow) + ", event " + std::to_string(event) + ", pc + " +
                                  std::to_string(pc - base);
        EXPECT_EQ(rtl.mcycle, iss.mcycle) << where;
        EXPECT_EQ(rtl.minstret, iss.minstret) << where;
        EXPECT_EQ(rtl.mhpmcounter3, iss.mhpmcounter3) << where;
        ahead.insert(rtl_time - iss_time);
      }
  }
  EXPECT_EQ(ahead.size(), 1u) << "the first instruction is fetched in the time of the RTL's hart alone";
}

/// What mcycle says behind a cv.elw that is answered `asleep` cycles after its request; accesses before it wait so long
/// for their grant and their response.
template <class Group, class... A>
std::uint32_t counted_over_sleep(cycle_t asleep, cycle_t grant, cycle_t response, const A&... text) {
  Group group(text..., 1, 0);
  group.start(0, base, 0);
  null_observer nobody;
  for (;;) {
    const core_stop stop = group.advance(0, group.time(0) + 50, nobody);
    if (stop == core_stop::fetch) group.fetch_complete(0, group.time(0));
    if (stop != core_stop::bus) continue;
    const bus_request r = group.request(0);
    if (r.addr == 0x10300000) return r.wdata;
    if (r.addr == 0x10200000)
      group.complete(0, 1, r.cycle, r.cycle + asleep);
    else
      group.complete(0, 1, r.cycle + grant, r.cycle + grant + response);
  }
}

TEST(RtlGroupTest, ACvElwThatSleepsCountsTheSameCyclesWhateverIsInFrontOfIt) {
  constexpr std::uint32_t nop = 0x00000013, store = 0x00b5a023 /* sw a1, 0(a1) */, load = 0x0005a603 /* lw a2, 0(a1) */,
                          multiply = 0x02b51633 /* mulh a2, a0, a1 */, branch = 0x00001463 /* bne zero, zero, 8 */,
                          use = 0x00160613 /* addi a2, a2, 1 */;
  for (const std::vector<std::uint32_t>& front : {std::vector<std::uint32_t>{nop},
                                                  {store},
                                                  {store, nop},
                                                  {store, nop, nop},
                                                  {store, nop, nop, nop},
                                                  {load, nop},
                                                  {load, nop, use},
                                                  {load, use},
                                                  {load, use, nop},
                                                  {store, store},
                                                  {store, store, nop},
                                                  {store, load, nop},
                                                  {multiply},
                                                  {multiply, nop},
                                                  {store, multiply},
                                                  {branch, nop},
                                                  {store, branch},
                                                  {store, branch, nop}}) {
    // csrw mcountinhibit, zero; lui a0, 0x10200; lui a1, 0x10400; lui a3, 0x10300; ...; cv.elw a2, 0(a0);
    // csrr a2, mcycle; sw a2, 0(a3); j .
    std::vector<std::uint32_t> words = {0x32001073, 0x10200537, 0x104005b7, 0x103006b7, nop, nop, nop};
    words.insert(words.end(), front.begin(), front.end());
    words.insert(words.end(), {0x0005360b, 0xb0002673, 0x00c6a023, 0x0000006f});
    const decoded_text decoded(base, words.data(), words.size() * 4);
    for (const cycle_t asleep : {2, 3, 4, 5, 40})
      for (const cycle_t grant : {0, 1, 3})
        for (const cycle_t response : {1, 2, 3, 9}) {
          std::string where = "sleeps " + std::to_string(asleep) + ", grant " + std::to_string(grant) + ", response " +
                              std::to_string(response) + " behind";
          for (const std::uint32_t word : front) where += " " + iss::disassemble(base, word) + ";";
          EXPECT_EQ(counted_over_sleep<rtl_group>(asleep, grant, response, text_of(words)),
                    counted_over_sleep<iss_group>(asleep, grant, response, decoded))
              << where;
        }
  }
}

TEST(RtlGroupTest, LinesThatComeWithAStateNeedNotBeFetched) {
  std::vector<std::uint32_t> words(48, 0x00000013);
  words.back() = 0x0000006f;
  for (const bool with : {false, true}) {
    rtl_group group(text_of(words), 1, 0);
    group.start(0, base, 0);
    private_icache lines;
    for (std::uint32_t line = base; with && line < base + 192; line += private_icache::line_bytes)
      lines.fill(private_icache::line_of(line));
    group.set_lines(0, lines);
    hart_state state;
    state.pc = base + 4;
    group.restore(0, state);
    null_observer nobody;
    unsigned asked = 0;
    while (group.time(0) < 100)
      if (group.advance(0, 100, nobody) == core_stop::fetch) {
        ++asked;
        group.fetch_complete(0, group.time(0));
      }
    EXPECT_EQ(asked, with ? 0u : 3u);
  }
}

TEST(RtlGroupTest, ExecutingOutsideTheTextHaltsAndPrefetchingDoesNot) {
  // addi a0, zero, 3; addi a0, a0, -1; bnez a0, -4 (at the end of the text: prefetched past it); jr zero
  const std::vector<std::uint32_t> words = {0x00300513, 0xfff50513, 0xfe051ee3, 0x00000067};
  rtl_group group(text_of(words), 1, 0);
  group.start(0, base, 0);
  EXPECT_EQ(to_the_bus(group), core_stop::halted);
  EXPECT_EQ(group.fault(0), hart_fault::fetch_outside_text);
  EXPECT_EQ(group.pc(0), 0u);
  EXPECT_EQ(group.counters(0).retired, 8u);
}

TEST(RtlGroupTest, ALateLineDelaysTheInstructionAndNothingElse) {
  // 15 instructions and a store at the begin of the next line
  std::vector<std::uint32_t> words(16, 0x00150513);
  words.push_back(0x00a02023);
  words.push_back(0x0000006f);
  cycle_t stored[2] = {};
  for (unsigned late : {0u, 1u}) {
    rtl_group group(text_of(words), 1, 0);
    group.start(0, base, 0);
    null_observer nobody;
    ASSERT_EQ(group.advance(0, never, nobody), core_stop::fetch);
    EXPECT_EQ(group.fetch_line(0), base);
    group.fetch_complete(0, group.time(0));
    ASSERT_EQ(group.advance(0, never, nobody), core_stop::fetch);
    EXPECT_EQ(group.fetch_line(0), base + 64);
    group.fetch_complete(0, group.time(0) + 1 + (late != 0 ? 7 : 0));
    ASSERT_EQ(group.advance(0, never, nobody), core_stop::bus);
    EXPECT_EQ(group.request(0).wdata, 16u);
    stored[late] = group.request(0).cycle;
  }
  EXPECT_EQ(stored[1] - stored[0], 7u);
}

/// Waits for a load, a store and lines, with a division under way and all counters counting.
const std::vector<std::uint32_t> waiting_words = {
    0x32005073,                                      // csrwi mcountinhibit, 0
    0x3230d073,                                      // csrwi mhpmevent3, 1: cycles
    0x20000537,                                      // lui a0, 0x20000
    0xb0002673, 0xb8002873, 0x00c52023, 0x01052023,  // csrr a2, mcycle; csrr a6, mcycleh; both stored
    0x00052583, 0x02b646b3, 0x00d52023,              // lw a1, (a0); div a3, a2, a1; sw a3
    0xb0002673, 0xb8002873, 0x00c52023, 0x01052023,  // the counter again
    0xb0202773, 0x00e52023,                          // minstret
    0xb03027f3, 0x00f52023,                          // mhpmcounter3
    0x0000006f};

struct waiting_run {
  std::vector<bus_request> requests;
  std::uint64_t awake = 0, retired = 0;
};

/// Each access is granted `grant` cycles late and answered `response` later, each line `line` late.
waiting_run run_waiting(cycle_t grant, cycle_t response, cycle_t line, cv32e40p_waveform* record,
                        cycle_t load_response = 0) {
  waiting_run run;
  rtl_group group(text_of(waiting_words), 1, 0);
  if (record != nullptr) group.record(0, *record);
  group.start(0, base, 0);
  null_observer nobody;
  while (run.requests.size() < 8) {
    const core_stop stop = group.advance(0, never, nobody);
    if (stop == core_stop::fetch) group.fetch_complete(0, group.time(0) + line);
    if (stop != core_stop::bus) continue;
    const bus_request r = group.request(0);
    run.requests.push_back(r);
    group.complete(0, 7, r.cycle + grant, r.cycle + grant + 1 + response + (r.write ? 0 : load_response));
  }
  run.awake = group.counters(0).awake_cycles;
  run.retired = group.counters(0).retired;
  return run;
}

/// A recorded hart evaluates every cycle, another one skips those in which it stands still.
TEST(RtlGroupTest, CyclesThatAreNotEvaluatedChangeNothing) {
  const scratch_folder folder;
  for (const auto& [grant, response, line] : {std::array<cycle_t, 3>{0, 0, 0},
                                              {0, 0, 90},
                                              {0, 60, 0},
                                              {70, 0, 0},
                                              {45, 55, 33},
                                              {0, 12, 11},
                                              {9, 700, 300}}) {
    cv32e40p_waveform recorder({folder.path("still.fst"), "core", 0, never});
    const waiting_run all = run_waiting(grant, response, line, &recorder);
    const waiting_run some = run_waiting(grant, response, line, nullptr);
    EXPECT_EQ(all.awake, some.awake) << grant << " " << response << " " << line;
    EXPECT_EQ(all.retired, some.retired);
    for (std::size_t i = 0; i < all.requests.size(); ++i) {
      EXPECT_EQ(all.requests[i].cycle, some.requests[i].cycle) << grant << " " << response << " " << line << " " << i;
      EXPECT_EQ(all.requests[i].wdata, some.requests[i].wdata) << grant << " " << response << " " << line << " " << i;
    }
  }
}

/// Ten seconds of the chip in no time, and the counter's high word counts them too.
TEST(RtlGroupTest, AWaitOfAnyLengthCostsNothing) {
  constexpr cycle_t wait = 10'000'000'000;
  const auto mcycle = [](const waiting_run& run, unsigned first) {
    return run.requests[first].wdata | std::uint64_t{run.requests[first + 1].wdata} << 32;
  };
  const waiting_run none = run_waiting(0, 0, 0, nullptr), late = run_waiting(0, 0, 0, nullptr, wait);
  EXPECT_EQ(mcycle(late, 4) - mcycle(late, 0), mcycle(none, 4) - mcycle(none, 0) + wait);
  EXPECT_EQ(late.retired, none.retired);
}

std::uint32_t loop_word(unsigned funct4, unsigned l, unsigned rs1, std::uint32_t imm) {
  return imm << 20 | rs1 << 15 | 4 << 12 | funct4 << 8 | l << 7 | 0x2b;
}

/// As the ISS: in front of the loop, with the pc of what set it up.
TEST(RtlGroupTest, RefusesLoopsThatTheManualForbids) {
  constexpr std::uint32_t nop = 0x13, one = 0x00100293, count = 5;  // addi t0, zero, 1
  const auto run = [&](std::vector<std::uint32_t> words) {
    words.insert(words.end(), {nop, nop, nop, 0x00002023, 0x0000006f});
    rtl_group group(text_of(words), 1, 0);
    group.start(0, base, 0);
    const core_stop stop = to_the_bus(group);
    EXPECT_EQ(stop == core_stop::halted, group.fault(0) != hart_fault::none);
    return std::pair(group.fault(0), group.fault(0) != hart_fault::none ? group.pc(0) - base : 0);
  };
  const auto fails = [](hart_fault f, std::uint32_t at) { return std::pair(f, at); };
  const auto runs = fails(hart_fault::none, 0);
  EXPECT_EQ(run({one, loop_word(6, 0, 4, 3), nop, nop, nop}), runs);
  EXPECT_EQ(run({one, loop_word(6, 0, 3, 3), nop, nop}), fails(hart_fault::loop_too_short, 4));
  EXPECT_EQ(run({one, loop_word(6, 0, 3, 0), nop, nop}), runs);  // not entered
  EXPECT_EQ(run({one, loop_word(7, 1, count, 4), nop, 0x00010001, nop}), fails(hart_fault::loop_compressed, 4));
  EXPECT_EQ(run({one, loop_word(7, 1, count, 4), nop, nop, 0x0000000f}), fails(hart_fault::loop_fences, 4));
  // cv.starti, cv.endi, then what counts.
  EXPECT_EQ(run({one, loop_word(0, 0, 0, 3), loop_word(2, 0, 0, 5), loop_word(5, 0, count, 0), nop, nop, nop}), runs);
  EXPECT_EQ(run({one, loop_word(0, 0, 0, 3), loop_word(2, 0, 0, 4), loop_word(5, 0, count, 0), nop, nop}),
            fails(hart_fault::loop_too_short, 12));
  EXPECT_EQ(run({one, loop_word(4, 0, 0, 0), loop_word(0, 0, 0, 3), loop_word(2, 0, 0, 5), loop_word(4, 0, 0, 2), nop,
                 0x00000463, nop}),
            fails(hart_fault::loop_jumps, 16));
  // The count before start and end.
  EXPECT_EQ(run({one, loop_word(0, 0, 0, 4), loop_word(2, 0, 0, 6), loop_word(4, 0, 0, 2), loop_word(0, 0, 0, 1), nop,
                 nop, nop}),
            fails(hart_fault::loop_moved_while_counting, 16));
  // Nested, and their ends equal, 4 or 8 bytes apart.
  for (const std::uint32_t apart : {0u, 1u, 2u})
    EXPECT_EQ(run({one, loop_word(6, 1, 5 + apart, 2), loop_word(6, 0, 4, 2), nop, nop, nop, nop, nop}),
              apart == 2 ? runs : fails(hart_fault::loop_nested_ends, 8))
        << apart;
  EXPECT_EQ(run({one, loop_word(6, 0, 7, 2), loop_word(6, 1, 4, 2), nop, nop, nop, nop, nop}),
            fails(hart_fault::loop_nested_order, 8));
}

struct records {
  static constexpr bool enabled = true;
  std::vector<retire_record> all;
  void retire(unsigned, const retire_record& r) { all.push_back(r); }
};

/// A program begun on the ISS and handed over at any retirement, in hardware loops and handlers too, goes on in RTL as
/// if nothing had happened: same instructions, registers and memory.
TEST(RtlGroupTest, AStateOfTheIssGoesOnInRtl) {
  unsigned handed_over = 0, in_loops = 0;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    const test::test_program random = test::make_random_program(seed);
    const test::assembled_program program = test::assemble(random);
    const decoded_text text(base, program.words.data(), program.words.size() * 4);
    null_observer nobody;
    records whole, rest;
    std::vector<std::uint8_t> expected = random.memory, memory = random.memory;
    iss_group iss(text, 1, 0);
    iss.start(0, program.boot, 0);
    ASSERT_TRUE(test::run_to_end(iss, whole, expected, never));

    iss_group begun(text, 1, 0);
    begun.start(0, program.boot, 0);
    if (test::run_to_end(begun, nobody, memory, 100 + 37 * seed % 700)) continue;
    const hart_state state = begun.save(0);
    if (!text.contains(state.pc)) continue;  // at the very end
    in_loops += state.lpcount[0] != 0 || state.lpcount[1] != 0;
    rtl_group rtl(text_of(program.words), 1, 0);
    rtl.start(0, program.boot, begun.time(0));
    rtl.restore(0, state);
    for (core_stop stop; (stop = rtl.advance(0, 200000, rest)) != core_stop::halted;) {
      ASSERT_LT(rtl.time(0), 200000u) << "seed " << seed;
      if (stop == core_stop::horizon) continue;
      if (stop == core_stop::fetch) {
        rtl.fetch_complete(0, rtl.time(0));
      } else {
        const bus_request r = rtl.request(0);
        rtl.complete(0, test::access(memory, r), r.cycle, r.cycle + 1);
      }
    }
    ++handed_over;
    ASSERT_FALSE(rest.all.empty());
    const std::size_t skipped = whole.all.size() - rest.all.size();
    ASSERT_EQ(rest.all.front().pc, state.pc) << "seed " << seed;
    for (std::size_t i = 0; i < rest.all.size(); ++i) {
      const retire_record &a = whole.all[skipped + i], &b = rest.all[i];
      ASSERT_EQ(a.pc, b.pc) << "seed " << seed << " retirement " << i;
      ASSERT_EQ(a.rd_value, b.rd_value) << "seed " << seed << " pc " << std::hex << a.pc;
      ASSERT_EQ(a.mem_addr, b.mem_addr) << "seed " << seed << " pc " << std::hex << a.pc;
      ASSERT_EQ(a.mem_data, b.mem_data) << "seed " << seed << " pc " << std::hex << a.pc;
    }
    EXPECT_EQ(memory, expected) << "seed " << seed;
  }
  EXPECT_GT(handed_over, 20u);
  EXPECT_GT(in_loops, 3u);
}

/// RTL and ISS count the same instructions by class, exceptions and interrupted ones left out.
TEST(RtlGroupTest, CountsInstructionsByClassAsTheIssDoes) {
  counting_observer counts;
  for (unsigned seed = 1; seed <= 12; ++seed) {
    const test::test_program random = test::make_random_program(seed);
    const test::assembled_program program = test::assemble(random);
    const decoded_text text(base, program.words.data(), program.words.size() * 4);
    std::vector<std::uint8_t> expected = random.memory, memory = random.memory;
    iss_group iss(text, 1, 0);
    iss.start(0, program.boot, 0);
    ASSERT_TRUE(test::run_to_end(iss, counts, expected, never));
    rtl_group rtl(text_of(program.words), 1, 0);
    rtl.start(0, program.boot, 0);
    for (core_stop stop; (stop = rtl.advance(0, 200000, counts)) != core_stop::halted;) {
      ASSERT_LT(rtl.time(0), 200000u) << "seed " << seed;
      if (stop == core_stop::horizon) continue;
      if (stop == core_stop::fetch) {
        rtl.fetch_complete(0, rtl.time(0));
      } else {
        const bus_request r = rtl.request(0);
        rtl.complete(0, test::access(memory, r), r.cycle, r.cycle + 1);
      }
    }
    EXPECT_EQ(rtl.instructions().of, iss.instructions().of) << "seed " << seed;
    EXPECT_EQ(rtl.instructions().total(), rtl.counters(0).retired) << "seed " << seed;
  }
}

/// Every hart of a mix runs as its own kind; both kinds end with the same memory and registers.
unsigned threads_of_this_process() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("Threads:", 0) == 0) return static_cast<unsigned>(std::stoul(line.substr(8)));
  return 0;
}

TEST(RtlGroupTest, HartsBringNoThreadsOfTheirOwn) {
  const std::vector<std::uint32_t> words = {0x0000006f};
  const unsigned before = threads_of_this_process();
  ASSERT_NE(before, 0u);
  rtl_group group(text_of(words), 16, 0);
  for (unsigned h = 0; h < 16; ++h) group.start(h, base, 0);
  EXPECT_EQ(threads_of_this_process(), before);
}

TEST(CoreMixTest, RtlAndIssSideBySideComputeTheSame) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    const test::test_program random = test::make_random_program(seed);
    const test::assembled_program program = test::assemble(random);
    const auto bytes = static_cast<std::uint32_t>(program.words.size() * 4);
    const decoded_text text(base, program.words.data(), bytes);
    using mix = core_mix<iss_group, rtl_group>;
    std::map<unsigned, std::vector<std::uint8_t>> memories;
    std::map<unsigned, std::vector<std::uint32_t>> registers;
    for (unsigned kind : {0u, 1u}) {
      mix cores({static_cast<std::uint8_t>(kind)}, iss_group(text, 1, 0), rtl_group(text_of(program.words), 1, 0));
      cores.start(0, program.boot, 0);
      std::vector<std::uint8_t> memory = random.memory;
      null_observer nobody;
      test::core_bench<mix> bench(cores, memory, seed, {});
      ASSERT_TRUE(bench.run(200000, nobody));
      memories[kind] = memory;
      for (unsigned r = 0; r < 32; ++r) registers[kind].push_back(cores.x(0, r));
    }
    EXPECT_EQ(memories[0], memories[1]) << "seed " << seed;
    EXPECT_EQ(registers[0], registers[1]) << "seed " << seed;
  }
}

}  // namespace
}  // namespace ohmic
