#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "ip/iss/iss_group.h"
#include "tests/ip/iss/random_program.h"

namespace ohmic {
namespace {

using test::random_program;

/// Harts on several threads run one text, mark loop ends that only registers know, and end as one thread does.
/// (Under the thread sanitizer this proves that sharing the text is no race.)
TEST(IssSharedText, SeveralThreadsRunOneText) {
  random_program program(5);
  // In front of the program: cv.start, cv.end and cv.count of a loop of three instructions, from registers.
  std::vector<std::uint32_t> words(program.words.begin(), program.words.begin() + 4);
  for (const std::uint32_t w :
       {0x00000d97u /* auipc s11 */, 0x018d8d93u /* addi s11, s11, 24 */, 0x000dc1abu /* cv.start 1 */,
        0x00cd8d93u /* addi s11, s11, 12 */, 0x000dc3abu /* cv.end 1 */, 0x000d45abu /* cv.count 1, s10 */, 0x00150513u,
        0x00158593u, 0x00160613u}) {
    words.push_back(w);
  }
  words.insert(words.end(), program.words.begin() + 4, program.words.end());
  const decoded_text text(random_program::base, words.data(), words.size() * 4);

  const auto run = [&](unsigned mhartid) {
    iss_group group(text, 1, mhartid);
    group.start(0, random_program::base, 0);
    hart_state start = program.start;
    start.x[26] = 9;
    group.restore(0, start);
    auto memory = program.memory;
    null_observer silent;
    test::run_to_end(group, silent, memory, never);
    return group.save(0).x;
  };
  const auto want = run(0);
  std::vector<std::array<std::uint32_t, 32>> got(4);
  std::vector<std::thread> threads;
  for (auto& x : got) threads.emplace_back([&] { x = run(0); });
  for (auto& t : threads) t.join();
  for (const auto& x : got) EXPECT_EQ(x, want);
}

}  // namespace
}  // namespace ohmic
