#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ip/iss/iss_group.h"
#include "ip/rtl_core/rtl_group.h"
#include "tests/cosim/core_bench.h"

namespace ohmic {
namespace {

using test::core_bench;

constexpr std::uint32_t base = 0x80000000, nop = 0x13;

/// A jump at the end of a line, whose next line is never executed: half-words from `base` on, entered at the start.
struct line_end_program {
  std::vector<std::uint16_t> halves;
  unsigned at = 0;  ///< half-word at which the next instruction goes

  void add(std::uint32_t instruction) {
    if (halves.size() < at + 2) halves.resize(at + 2, 0x0001);
    halves[at++] = static_cast<std::uint16_t>(instruction);
    if ((instruction & 3) == 3) halves[at++] = static_cast<std::uint16_t>(instruction >> 16);
  }
};

std::uint32_t jal(unsigned rd, std::uint32_t offset) {
  return (offset >> 20 & 1) << 31 | (offset >> 1 & 0x3ff) << 21 | (offset >> 11 & 1) << 20 |
         (offset >> 12 & 0xff) << 12 | rd << 7 | 0x6f;
}
std::uint32_t branch(std::uint32_t offset) {  // beq zero, zero
  return (offset >> 12 & 1) << 31 | (offset >> 5 & 63) << 25 | (offset >> 1 & 15) << 8 | (offset >> 11 & 1) << 7 | 0x63;
}

enum class going { branch, jal, jalr, jalr_waits, jalr_after_load };

struct stores {
  static constexpr bool enabled = true;
  cycle_t first = 0, last = 0;
  void retire(unsigned, const retire_record& r) {
    if (!r.mem_write) return;
    last = r.cycle;
    if (first == 0) first = last;
  }
};

/// Cycles from the store in front of the jump to the one behind it, with lines that take so long.
template <class Group, class... A>
cycle_t cycles_of(unsigned latency, const A&... text) {
  Group group(text..., 1, 0);
  std::vector<std::uint8_t> memory(4096);
  test::happenings what;
  what.lines.assign(16, {latency});
  core_bench<Group> bench(group, memory, what);
  group.start(0, base, 0);
  stores watch;
  EXPECT_TRUE(bench.run(5000, watch));
  return watch.last - watch.first;
}

line_end_program program_of(going how, unsigned offset, unsigned in_front) {
  line_end_program p;
  constexpr std::uint32_t target = 32;  // in the first line, which is there
  const unsigned jump_at = 64 + offset;
  // The address of the target in a0, and in memory at 0
  p.add(0x80000537);  // lui a0, 0x80000
  p.add(target << 20 | 10 << 15 | 10 << 7 | 0x13);
  p.add(0x00a02023);  // sw a0, 0(zero)
  p.add(jal(0, 64 - 12));
  p.add(nop), p.at = target / 2;
  p.add(0x00a02223);  // sw a0, 4(zero)
  p.add(0x00000067);  // jr zero
  p.at = 32;
  unsigned left = offset / 2;
  const unsigned waits = how == going::jalr_waits || how == going::jalr_after_load ? 2 : 0;
  left -= waits;
  // In front of the jump: 32-bit instructions, or compressed ones
  while (left >= 2 && in_front == 0) p.add(nop), left -= 2;
  while (left >= 1) p.add(0x0001), --left;
  if (how == going::jalr_waits) p.add(0x00050513);       // addi a0, a0, 0
  if (how == going::jalr_after_load) p.add(0x00002503);  // lw a0, 0(zero)
  EXPECT_EQ(p.at * 2, jump_at);
  const std::uint32_t distance = target - jump_at;
  if (how == going::branch)
    p.add(branch(distance));
  else if (how == going::jal)
    p.add(jal(0, distance));
  else
    p.add(10 << 15 | 0x67);
  p.at = std::max(p.at, 64u);
  for (unsigned i = 0; i < 8; ++i) p.add(nop);  // the line behind
  return p;
}

class Prefetch : public ::testing::TestWithParam<unsigned> {};

/// A jump or branch near the end of a line, with the line behind it missing, takes the ISS as long as the RTL.
TEST_P(Prefetch, OfALineThatIsNeverExecutedCostsTheSame) {
  const unsigned latency = GetParam();
  unsigned differ = 0, runs = 0;
  for (const going how : {going::branch, going::jal, going::jalr, going::jalr_waits, going::jalr_after_load}) {
    for (unsigned in_front : {0u, 1u}) {
      for (unsigned offset = 40; offset <= 60; offset += in_front == 0 ? 4 : 2) {
        const line_end_program p = program_of(how, offset, in_front);
        const auto bytes = static_cast<std::uint32_t>(p.halves.size() * 2);
        const decoded_text text(base, p.halves.data(), bytes);
        const cycle_t iss = cycles_of<iss_group>(latency, text);
        const cycle_t rtl = cycles_of<rtl_group>(
            latency, text_bytes{base, bytes, reinterpret_cast<const std::uint8_t*>(p.halves.data())});
        ++runs;
        if (iss == rtl) continue;
        ++differ;
        std::printf("latency %u, kind %u, %s in front, offset %u: ISS %llu, RTL %llu\n", latency,
                    static_cast<unsigned>(how), in_front ? "compressed" : "wide", offset,
                    static_cast<unsigned long long>(iss), static_cast<unsigned long long>(rtl));
      }
    }
  }
  EXPECT_EQ(differ, 0u) << "of " << runs;
}

/// A hardware loop of `body` instructions, gone through `count` times, whose end lies `behind` bytes behind the third
/// line's begin; its last instruction may be a load.
std::vector<std::uint32_t> loop_program(unsigned body, unsigned count, int behind, bool ends_with_load) {
  std::vector<std::uint32_t> words(16, nop);
  words[0] = 0x10000537;        // lui a0, 0x10000
  words.push_back(0x00052023);  // sw zero, 0(a0)
  const auto end = static_cast<unsigned>(32 + behind / 4);
  words.resize(end - body - 1, nop);
  words.push_back(0x0000462b | count << 20 | (body + 1) << 15);  // cv.setupi 0, count, end
  words.resize(end, 0x00128293);                                 // addi t0, t0, 1
  if (ends_with_load) words.back() = 0x01052603;                 // lw a2, 16(a0)
  for (const std::uint32_t word : {nop, nop, 0x00552223u, nop, 0x00000067u}) words.push_back(word);  // sw t0, 4(a0)
  words.resize(64, nop);
  return words;
}

/// The line behind a hardware loop is asked for as the RTL does, in the last round and before.
TEST_P(Prefetch, BehindAHardwareLoopCostsTheSame) {
  unsigned differ = 0, runs = 0;
  for (const unsigned body : {3u, 4u, 6u})
    for (const unsigned count : {1u, 2u, 3u})
      for (int behind = -16; behind <= 8; behind += 4)
        for (const bool load : {false, true}) {
          const std::vector<std::uint32_t> words = loop_program(body, count, behind, load);
          const auto bytes = static_cast<std::uint32_t>(words.size() * 4);
          const decoded_text text(base, words.data(), bytes);
          const cycle_t iss = cycles_of<iss_group>(GetParam(), text);
          const cycle_t rtl = cycles_of<rtl_group>(
              GetParam(), text_bytes{base, bytes, reinterpret_cast<const std::uint8_t*>(words.data())});
          ++runs;
          if (iss == rtl) continue;
          ++differ;
          std::printf("latency %u, body %u, count %u, end at %+d%s: ISS %llu, RTL %llu\n", GetParam(), body, count,
                      behind, load ? ", load" : "", static_cast<unsigned long long>(iss),
                      static_cast<unsigned long long>(rtl));
        }
  // A loop of three that ends with the line is a cycle slower in its third round.
  EXPECT_LE(differ, GetParam() == 0 ? 0u : 2u) << "of " << runs;
}

INSTANTIATE_TEST_SUITE_P(Latency, Prefetch, ::testing::Values(0u, 3u, 140u));

}  // namespace
}  // namespace ohmic
