// Instructions of every kind at every place around a line's end, with the line behind it near, far, or there: the ISS
// takes the RTL's cycles.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "ip/iss/iss_group.h"
#include "ip/rtl_core/rtl_group.h"
#include "tests/cosim/core_bench.h"
#include "tests/ip/iss/timing_pieces.h"

namespace ohmic {
namespace {

using test::piece;

constexpr std::uint32_t base = 0x80000000, nop = test::timing_nop;

struct stores {
  static constexpr bool enabled = true;
  std::vector<cycle_t> at;
  void retire(unsigned, const retire_record& r) {
    if (r.mem_write && (r.mem_addr & 0xfff) < 8) at.push_back(r.cycle);
  }
};

/// From the first store to the last one; between them `x` begins `offset` half-words into the second line.
std::vector<std::uint16_t> program_of(const piece& x, const piece& y, unsigned offset) {
  std::vector<std::uint16_t> halves;
  const auto add = [&](std::uint32_t word) {
    halves.push_back(static_cast<std::uint16_t>(word));
    halves.push_back(static_cast<std::uint16_t>(word >> 16));
  };
  for (const std::uint32_t word : {0x10000537u, 0x00700293u, 0x3e800313u, 0xffd00393u}) add(word);
  while (halves.size() < 32) add(nop);
  add(0x00052023);  // sw zero, 0(a0)
  while (halves.size() + 1 < 32 + offset) add(nop);
  if (halves.size() < 32 + offset) halves.push_back(0x0001);  // c.nop
  for (const auto* part : {&x.words, &y.words})
    for (const std::uint32_t word : *part) add(word);
  for (const std::uint32_t word : {nop, 0x0ff0000fu, 0x00052223u, nop, 0x00000067u}) add(word);
  while (halves.size() < 32 * 4) add(nop);
  return halves;
}

template <class Group, class... A>
cycle_t cycles_of(unsigned latency, const A&... text) {
  Group group(text..., 1, 0);
  std::vector<std::uint8_t> memory(4096, 1);
  test::happenings what;
  what.lines.assign(16, {latency});
  test::core_bench<Group> bench(group, memory, what);
  group.start(0, base, 0);
  stores watch;
  EXPECT_TRUE(bench.run(5000, watch));
  EXPECT_EQ(watch.at.size(), 2u);
  return watch.at.back() - watch.at.front();
}

struct latency_case {
  unsigned latency;
  unsigned known_to_differ;  ///< what makes the ISS better may lower it; nothing may raise it
};

class LineEnd : public ::testing::TestWithParam<latency_case> {};

TEST_P(LineEnd, WhatStandsAroundItTakesTheRtlsCycles) {
  unsigned differ = 0, runs = 0;
  for (const piece& x : test::timing_pieces)
    for (const piece& y : test::timing_pieces) {
      // Others behind it say nothing new of lines.
      if (y.name != std::string("jal") && y.name != std::string("mulh") && y.name != std::string("nothing") &&
          y.name != std::string("load") && y.name != std::string("branch taken"))
        continue;
      bool shown = false;
      for (unsigned offset = 16; offset <= 33; ++offset) {
        const std::vector<std::uint16_t> halves = program_of(x, y, offset);
        const auto bytes = static_cast<std::uint32_t>(halves.size() * 2);
        const decoded_text text(base, halves.data(), bytes);
        const text_bytes raw{base, bytes, reinterpret_cast<const std::uint8_t*>(halves.data())};
        const cycle_t iss = cycles_of<iss_group>(GetParam().latency, text);
        const cycle_t rtl = cycles_of<rtl_group>(GetParam().latency, raw);
        ++runs;
        if (iss == rtl) continue;
        ++differ;
        if (!std::exchange(shown, true))
          std::printf("%s, %s at %u: ISS %llu, RTL %llu\n", x.name, y.name, 2 * offset,
                      static_cast<unsigned long long>(iss), static_cast<unsigned long long>(rtl));
      }
    }
  std::printf("%u of %u differ\n", differ, runs);
  EXPECT_LE(differ, GetParam().known_to_differ);
}

INSTANTIATE_TEST_SUITE_P(Latency, LineEnd,
                         ::testing::Values(latency_case{0, 5}, latency_case{3, 34}, latency_case{40, 18}));

}  // namespace
}  // namespace ohmic
