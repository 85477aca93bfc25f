// Text that is written over while harts run: which version the ISS executes, and what it makes anew with it
// (ip/core/text_history.h says when a version is to be seen).
#include <gtest/gtest.h>

#include <cstring>
#include <utility>
#include <vector>

#include "ip/iss/iss_group.h"
#include "ip/iss/text_versions.h"

namespace ohmic {
namespace {

constexpr std::uint32_t base = 0x80000000, nop = 0x13, fence_i = 0x100f, self = 0x6f;
constexpr std::uint32_t add_1 = 0x00150513, add_5 = 0x00550513;  // addi a0, a0, 1 and 5

struct writable {
  static constexpr bool enabled = true;

  explicit writable(std::vector<std::uint32_t> code, cycle_t delay = 0, cycle_t window = 1'000'000, cycle_t wait = 0)
      : words(std::move(code)) {
    history.set_delays(delay, window, wait);
    group.follow(versions);
  }
  void write(std::uint32_t word, unsigned at, cycle_t now) {
    std::uint8_t bytes[4];
    std::memcpy(bytes, &word, 4);
    history.write(base + 4 * at, bytes, 4, now);
  }
  core_stop run(cycle_t until) {
    for (;;) {
      const core_stop stop = group.advance(0, until, *this);
      if (stop == core_stop::fetch)
        group.fetch_complete(0, group.time(0));
      else if (stop != core_stop::horizon || group.time(0) >= until)
        return stop;
    }
  }
  void retire(unsigned, const retire_record&) {}
  std::uint32_t a0() const { return group.x(0, 10); }

  std::vector<std::uint32_t> words;
  decoded_text text{base, words.data(), words.size() * 4};
  text_history history{
      {base, static_cast<std::uint32_t>(words.size() * 4), reinterpret_cast<const std::uint8_t*>(words.data())}};
  iss::text_versions versions{text, history};
  iss_group group{text, 1, 0};
};

TEST(IssNewText, IsExecutedBehindAFenceAndNotWithoutOne) {
  for (const std::uint32_t between : {nop, fence_i, 0x0000000fu}) {
    writable h({nop, nop, nop, between, add_1, self});
    h.group.start(0, base, 0);
    h.run(6);
    h.write(add_5, 4, 6);
    h.run(100);
    EXPECT_EQ(h.a0(), between == fence_i ? 5u : 1u) << std::hex << between;
    EXPECT_EQ(h.group.text_version(0), between == fence_i ? 1u : 0u);
  }
}

TEST(IssNewText, OfAWriteThatComesLateTheFenceShowsNothing) {
  writable h({nop, nop, nop, fence_i, add_1, self}, 50);
  h.group.start(0, base, 0);
  h.run(6);
  h.write(add_5, 4, 6);
  h.run(100);
  EXPECT_EQ(h.a0(), 1u) << "it counts from cycle 56 on";
}

TEST(IssNewText, AHartThatLeavesResetSeesAllOfIt) {
  writable h({add_1, self});
  h.write(add_5, 0, 10);
  h.group.start(0, base, 9);
  EXPECT_EQ(h.group.text_version(0), 0u);
  h.group.start(0, base, 10);
  EXPECT_EQ(h.group.text_version(0), 1u);
  h.run(100);
  EXPECT_EQ(h.a0(), 5u);
  h.group.start(0, base, 5);  // whatever the time: what it has seen it has seen
  EXPECT_EQ(h.group.text_version(0), 1u);
}

// Two lines of 16 words each; in the second one the result.
std::vector<std::uint32_t> two_lines(std::uint32_t first_word) {
  std::vector<std::uint32_t> words(32, nop);
  words[0] = first_word;
  words[16] = add_1, words[17] = self;
  return words;
}

TEST(IssNewText, AnothersFenceShowsItWithALineAWindowLater) {
  for (const cycle_t fenced : {2u, 3u, 30u}) {
    writable h(two_lines(nop), 0, 10);
    h.group.start(0, base, 0);
    h.write(add_5, 16, 0);
    ASSERT_EQ(h.group.advance(0, 100, h), core_stop::fetch);
    h.group.fetch_complete(0, h.group.time(0));
    h.history.fence(fenced);
    ASSERT_EQ(h.group.advance(0, 100, h), core_stop::fetch);
    const bool seen = fenced + 10 <= h.group.time(0);
    h.group.fetch_complete(0, h.group.time(0));
    h.run(100);
    EXPECT_EQ(h.group.text_version(0), seen ? 1u : 0u) << fenced;
    EXPECT_EQ(h.a0(), seen ? 5u : 1u) << fenced;
    EXPECT_EQ(seen, fenced != 30);
  }
}

// A line that comes when others have shown less than the hart has seen itself.
TEST(IssNewText, VersionsOfAHartOnlyGrow) {
  writable h(two_lines(nop), 0, 10);
  h.write(add_5, 20, 0);
  h.history.fence(1);
  h.write(add_5, 21, 2);
  h.group.start(0, base, 3);
  EXPECT_EQ(h.group.text_version(0), 2u);
  h.run(15);
  EXPECT_EQ(h.group.text_version(0), 2u);
  h.run(100);
  EXPECT_EQ(h.group.text_version(0), 2u);
}

// The line behind a fence.i comes with what that one shows; those behind it with what others' fences have shown since.
TEST(IssNewText, BehindItsOwnFenceOthersCountAgain) {
  writable h(two_lines(fence_i), 0, 2);
  h.group.start(0, base, 0);
  h.write(add_5, 20, 0);
  while (h.group.text_version(0) == 0 && h.group.time(0) < 50)
    if (h.group.advance(0, h.group.time(0) + 1, h) == core_stop::fetch) h.group.fetch_complete(0, h.group.time(0));
  ASSERT_EQ(h.group.text_version(0), 1u) << "its own fence";
  h.write(add_5, 16, h.group.time(0));
  h.history.fence(h.group.time(0));
  h.run(100);
  EXPECT_EQ(h.group.text_version(0), 2u);
  EXPECT_EQ(h.a0(), 5u);
}

TEST(IssNewText, AWaitForEventsShowsItAsItEnds) {
  for (const cycle_t valid : {32u, 33u}) {
    writable h({0x0000350b | 11 << 15, add_1, self}, 0, 10, 3);  // cv.elw a0, 0(a1)
    h.group.start(0, base, 0);
    ASSERT_EQ(h.run(100), core_stop::bus);
    h.write(add_5, 1, 1);
    h.history.fence(20);
    h.group.complete(0, 0, valid - 2, valid);
    EXPECT_EQ(h.group.text_version(0), valid == 33 ? 1u : 0u) << "a window and the response's way behind the fence";
    h.run(100);
    EXPECT_EQ(h.a0(), valid == 33 ? 5u : 1u);
  }
}

TEST(IssNewText, AHardwareLoopGoesOnInIt) {
  writable h({add_1, nop, nop, nop, self, nop});
  h.group.start(0, base, 0);
  h.write(add_5, 0, 0);
  hart_state s;
  s.pc = base;
  s.lpstart[1] = base, s.lpend[1] = base + 12, s.lpcount[1] = 4;
  h.group.restore(0, s);
  h.group.set_text_version(0, 1);
  EXPECT_EQ(h.group.pc(0), base);
  h.run(100);
  EXPECT_EQ(h.a0(), 20u);
  h.group.set_text_version(0, 0);
  h.group.restore(0, s);
  h.run(200);
  EXPECT_EQ(h.a0(), 4u);
}

// The same loop as before, which was allowed then.
TEST(IssNewText, ALoopIsCheckedAnewInIt) {
  constexpr std::uint32_t setup = 3u << 20 | 4u << 15 | 4u << 12 | 6u << 8 | 0x2b;  // cv.setupi 0, 3, 16
  writable h({setup, add_1, nop, nop, self});
  h.group.start(0, base, 0);
  h.run(60);
  EXPECT_EQ(h.a0(), 3u);
  h.write(0x0080006f, 2, 60);  // j 8
  hart_state s = h.group.save(0);
  s.pc = base;
  h.group.restore(0, s);
  h.group.set_text_version(0, 1);
  EXPECT_EQ(h.run(200), core_stop::halted);
  EXPECT_EQ(h.group.fault(0), hart_fault::loop_jumps);
}

TEST(IssNewText, EachVersionIsDecodedFromItsBytes) {
  writable h({nop, nop, nop});
  h.write(add_1, 0, 1);
  h.write(add_5, 1, 2);
  EXPECT_EQ(h.versions.at(0).get(), &h.text);
  for (const std::size_t v : {1u, 2u, 1u, 0u, 2u, 2u}) {
    const auto made = h.versions.at(v);
    EXPECT_EQ(made->word_at(base), v >= 1 ? add_1 : nop) << v;
    EXPECT_EQ(made->word_at(base + 4), v >= 2 ? add_5 : nop) << v;
    EXPECT_EQ(made->base(), base);
    EXPECT_EQ(made->size(), 12u);
    EXPECT_EQ(h.versions.at(v).get(), made.get()) << "asked for again";
  }
}

}  // namespace
}  // namespace ohmic
