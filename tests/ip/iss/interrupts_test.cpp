// A line that rises in every cycle of short programs: the handler begins in the RTL's cycle, and returns to where it
// does there.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "ip/iss/iss_group.h"
#include "ip/rtl_core/rtl_group.h"
#include "tests/cosim/interrupted_run.h"
#include "tests/ip/iss/timing_pieces.h"

namespace ohmic {
namespace {

using test::interrupted_watch;
using test::piece;

constexpr std::uint32_t base = 0x80000000, nop = test::timing_nop;
constexpr std::uint32_t body = base + 0x80, vectors = base + 0x400, handler = vectors + 4 * 11;

struct sweep {
  const char* name;
  std::vector<piece> first;       ///< in front of the pieces that are tried
  std::vector<unsigned> offsets;  ///< half-words from the second line's start to `first`
  unsigned line_cycles;           ///< of a line that is missing
  bool vector_there;              ///< the handler's line has been fetched
  unsigned remote_wait;           ///< a0 is remote, and accesses are answered so much later; 0: a0 is local
  /// Of all handlers: those that begin in another cycle or for another instruction, and by how many cycles in all,
  /// and those that are more than two cycles apart. What makes the ISS better may lower the numbers; nothing may raise
  /// them.
  unsigned known_to_differ, cycles_apart, known_to_be_far;
};

/// Those that differ in how long they stay in ID and EX, and none that stays long.
const std::vector<piece> first_pieces = {{"addi", {0x00128613}},                              // addi a2, t0, 1
                                         {"mulh", {0x02629633}},                              // mulh a2, t0, t1
                                         {"divu", {0x02735633}},                              // divu a2, t1, t2
                                         {"csrr mstatus", {0x30002673}},                      //
                                         {"branch taken", {0x00528463, nop}},                 // beq t0, t0, 8
                                         {"jal", {0x0080066f, nop}},                          // jal a2, 8
                                         {"jalr later", {0x00000617, nop, 0x01060667, nop}},  // jalr a2, 16(a2)
                                         {"load", {0x01052603}},                              // lw a2, 16(a0)
                                         {"misaligned load", {0x01252603}},                   // lw a2, 18(a0)
                                         {"store", {0x00552a23}},                             // sw t0, 20(a0)
                                         {"fence.i", {0x0000100f}}};
const std::vector<piece> second_pieces = {{"addi of the load", {0x00158613}},        // addi a2, a1, 1
                                          {"jal far", {0x0800066f}},                 // jal a2, 128
                                          {"jr far", {0x00000617, 0x08060067}},      // auipc a2, 0; jr 128(a2)
                                          {"jr of mulh", {0x02629633, 0x00060067}},  // mulh a2, t0, t1; jr a2
                                          {"load", {0x01052603}}};

/// Text from `base` on, entered there: interrupts are enabled in front of the second line.
std::vector<std::uint16_t> program_of(const sweep& how, const piece& first, const piece& x, const piece& y,
                                      unsigned offset) {
  std::vector<std::uint16_t> halves;
  const auto add = [&](std::uint32_t word) {
    halves.push_back(static_cast<std::uint16_t>(word));
    halves.push_back(static_cast<std::uint16_t>(word >> 16));
  };
  add(how.remote_wait != 0 ? 0x40000537u : 0x10000537u);                    // lui a0
  for (const std::uint32_t word : {0x00700293u, 0x3e800313u, 0xffd00393u,   // li t0, 7; li t1, 1000; li t2, -3
                                   0x80000e37u, 0x401e0e13u, 0x305e1073u,   // mtvec: `vectors`, vectored
                                   0x00001eb7u, 0x800e8e93u, 0x304e9073u})  // mie: line 11
    add(word);
  while (halves.size() < 32) add(nop);
  if (how.vector_there) add(0x3fc000efu);  // jal ra, base + 0x43c, which returns
  add(0x30046073);                         // csrsi mstatus, 8
  while (halves.size() + 1 < 64 + offset) add(nop);
  if (halves.size() < 64 + offset) halves.push_back(0x0001);  // c.nop
  for (const auto* part : {&first, &x, &y})
    for (const std::uint32_t word : part->words) add(word);
  for (unsigned i = 0; i < 3; ++i) add(nop);
  add(0x00000067);  // jr zero
  if (halves.size() % 2 != 0) halves.push_back(0x0001);
  while (halves.size() < 32 * 16) add(nop);
  while (halves.size() < 32 * 17) add(0x00000067);
  halves[32 * 17 - 2] = 0x8067, halves[32 * 17 - 1] = 0;  // ret
  return halves;
}

struct beginning {
  cycle_t cycle = 0;
  std::uint32_t from = 0;  ///< mepc
  bool operator==(const beginning& o) const { return cycle == o.cycle && from == o.from; }
};
beginning of_handler(const interrupted_watch& w) {
  for (std::size_t i = 1; i < w.steps.size(); ++i)
    if (w.steps[i].pc == handler && w.steps[i - 1].trap) return {w.steps[i].cycle, w.steps[i - 1].pc};
  return {};
}

class InterruptSweep : public ::testing::TestWithParam<sweep> {};

TEST_P(InterruptSweep, HandlersBeginWithTheRtls) {
  const sweep& how = GetParam();
  unsigned differ = 0, handlers = 0, apart = 0, far = 0;
  test::timing_surroundings around;
  around.line_cycles = how.line_cycles;
  const auto watch = [&](auto& group, cycle_t raise, cycle_t end) {
    group.start(0, base, 0);
    group.set_irq(0, 0);
    test::interrupted_run run(group, std::vector<std::uint8_t>(64, 1), around);
    if (how.remote_wait != 0) run.answer_remote_after(how.remote_wait);
    return run.run(raise, end);
  };
  for (const piece& first : how.first)
    for (const piece& x : first_pieces)
      for (const piece& y : second_pieces) {
        bool shown = false;
        for (const unsigned offset : how.offsets) {
          const std::vector<std::uint16_t> halves = program_of(how, first, x, y, offset);
          const auto bytes = static_cast<std::uint32_t>(halves.size() * 2);
          const decoded_text text(base, halves.data(), bytes);
          iss_group iss(text, 1, 0);
          rtl_group rtl(text_bytes{base, bytes, reinterpret_cast<const std::uint8_t*>(halves.data())}, 1, 0);
          const std::uint32_t begin = body + 2 * offset;
          const interrupted_watch alone = watch(iss, never - 1000, 2000);
          const auto began = std::find_if(alone.steps.begin(), alone.steps.end(),
                                          [&](const auto& s) { return s.pc + 8 >= begin && s.pc <= begin; });
          ASSERT_NE(began, alone.steps.end());
          const auto left = static_cast<std::size_t>(alone.steps.end() - began) - 1;
          const cycle_t end = began[std::min<std::size_t>(left, 9)].cycle;
          for (cycle_t raise = began->cycle; raise < end; ++raise) {
            const beginning a = of_handler(watch(iss, raise, raise + 200)),
                            b = of_handler(watch(rtl, raise, raise + 200));
            if (b.cycle == 0) continue;
            ++handlers;
            if (a == b) continue;
            ++differ;
            const auto d = static_cast<unsigned>(std::abs(int(a.cycle - b.cycle)));
            apart += d;
            far += d > 2;
            if (!std::exchange(shown, true))
              std::printf("%s, %s, %s at %u, raised %+d: ISS %+d from %x, RTL %+d from %x\n", first.name, x.name,
                          y.name, 2 * offset, int(raise - began->cycle), int(a.cycle - raise), a.from,
                          int(b.cycle - raise), b.from);
          }
        }
      }
  std::printf("%u of %u differ, by %u cycles in all, %u by more than two\n", differ, handlers, apart, far);
  EXPECT_GT(handlers, 500u);
  EXPECT_LE(differ, how.known_to_differ);
  EXPECT_LE(apart, how.cycles_apart);
  EXPECT_LE(far, how.known_to_be_far);
}

const std::vector<piece> no_piece = {{"", {}}};
const std::vector<piece> accesses = {{"load", {0x00852583}},              // lw a1, 8(a0)
                                     {"store", {0x00552423}},             // sw t0, 8(a0)
                                     {"misaligned load", {0x00952583}}};  // lw a1, 9(a0)

INSTANTIATE_TEST_SUITE_P(Case, InterruptSweep,
                         ::testing::Values(sweep{"lines_there", no_piece, {2}, 0, true, 0, 9, 9, 0},
                                           sweep{"vector_near", no_piece, {2}, 3, false, 0, 18, 16, 0},
                                           sweep{"vector_far", no_piece, {2}, 9, false, 0, 37, 37, 1},
                                           sweep{
                                               "line_end_near", no_piece, {26, 28, 29, 31}, 3, false, 0, 234, 402, 11},
                                           sweep{"line_end_far", no_piece, {26, 28, 29, 30}, 9, true, 0, 428, 844, 56},
                                           sweep{"line_end_waits", accesses, {28, 30}, 5, false, 2, 676, 906, 93},
                                           sweep{"line_end_waits_there", accesses, {28}, 3, true, 4, 618, 730, 62},
                                           sweep{"waits_short", accesses, {2}, 3, true, 2, 348, 407, 23},
                                           sweep{"waits", accesses, {2}, 3, false, 7, 608, 1015, 124}),
                         [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace ohmic
