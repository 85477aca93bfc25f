// How far the network works ahead of SystemC's time is nobody's business: random traffic to HBM ends in the same cycles
// whether cycles are worked off one by one or several at once.
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "tests/ip/axi/network_bench.h"

namespace ohmic::test {
namespace {

struct times {
  cycle_t address, response_head, response_last;
  bool operator==(const times& o) const {
    return address == o.address && response_head == o.response_head && response_last == o.response_last;
  }
};

/// Crowds of bursts with silence between them, in which nothing is pending but what HBM waits for.
std::vector<times> run_crowds(std::uint32_t seed, cycle_t batch_limit) {
  fresh_simulation();
  std::mt19937 random(seed);
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  network_bench::options o = chip({4, 4});
  o.network.batch_limit = batch_limit;
  o.network.flow.stage_depth = 1 + below(2);
  o.memory.timing.access = std::array{7u, 40u, 100u}[below(3)];
  o.memory.timing.outstanding = std::array{2u, 5u, 32u}[below(3)];
  network_bench bench(o);
  for (unsigned crowd = 0; crowd < 5; ++crowd)
    for (unsigned n = 10 + below(60); n > 0; --n) {
      // Long reads of each other's L1 hold up what comes from HBM.
      const bool far = below(4) == 0;
      const unsigned bytes = far ? 4096u : std::array{4u, 64u, 64u, 256u}[below(4)];
      const std::uint64_t from = far ? bench.l1(below(16)) : o.network.map.hbm_base + bytes * std::uint64_t{below(32)};
      bench.send(below(16), 10 + crowd * 9000 + below(80), !far && below(5) == 0, from, bytes,
                 static_cast<std::uint16_t>(below(3)));
    }
  bench.network.undisturbed_until(never);  // nobody but SystemC's processes calls the network
  bench.run();
  std::vector<times> found;
  for (const sent_burst& b : bench.bursts) {
    EXPECT_TRUE(b.done) << "seed " << seed << ": burst " << b.burst.tag << " never ends";
    found.push_back({b.address, b.response_head, b.response_last});
  }
  return found;
}

TEST(Batch, RandomTrafficToHbmEndsInTheSameCyclesHoweverFarTheNetworkWorksAhead) {
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    const std::vector<times> alone = run_crowds(seed, 1), ahead = run_crowds(seed, never);
    ASSERT_TRUE(alone == ahead) << "seed " << seed;
  }
}

}  // namespace
}  // namespace ohmic::test
