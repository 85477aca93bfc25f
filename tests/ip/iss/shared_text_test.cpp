#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "ip/iss/iss_group.h"
#include "tests/ip/iss/random_program.h"

namespace ohmic {
namespace {

/// Harts on several threads run one text, mark loop ends that only registers know, and end as one thread does.
/// (Under the thread sanitizer this proves that sharing the text is no race.)
TEST(IssSharedText, SeveralThreadsRunOneText) {
  test::test_program random = test::make_random_program(5);
  // In front of the program: cv.start, cv.end and cv.count of a loop of three instructions, from registers.
  test::program_unit loop =
      test::unit_of({0x00000d97u /* auipc s11 */, 0x018d8d93u /* addi s11, s11, 24 */, 0x000dc1abu /* cv.start 1 */,
                     0x00cd8d93u /* addi s11, s11, 12 */, 0x000dc3abu /* cv.end 1 */, 0x000d45abu /* cv.count 1, s10 */,
                     0x00150513u, 0x00158593u, 0x00160613u});
  loop.aligned = true;
  random.units.insert(random.units.begin(), loop);
  random.x[26] = 9;
  const test::assembled_program program = test::assemble(random);
  const decoded_text text(test::test_program::base, program.words.data(), program.words.size() * 4);

  const auto run = [&](unsigned mhartid) {
    iss_group group(text, 1, mhartid);
    group.start(0, program.boot, 0);
    auto memory = random.memory;
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
