// What the network says that its channels carried and for how long beats waited, against the simulator of the RTL's
// rules, which counts register by register.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "tests/ip/axi/judge_case.h"

namespace ohmic::test {
namespace {

std::string name_of(axi_lane lane) {
  constexpr const char* names[] = {"AR", "AW", "W", "R", "B"};
  return names[static_cast<unsigned>(lane)];
}

bool same_cycles(const std::vector<rtl_burst>& mine, const std::vector<rtl_burst>& reference) {
  for (std::size_t i = 0; i < mine.size(); ++i) {
    const rtl_burst &a = mine[i], &b = reference[i];
    if (std::tie(a.sent, a.first, a.last) != std::tie(b.sent, b.first, b.last)) return false;
  }
  return true;
}

// Where all bursts take the RTL's cycles, so do their beats. Of waits a cycle in a thousand may be missed.
TEST(FabricCountersTest, AreThoseOfTheRtlsRegisters) {
  constexpr unsigned cases = 60;
  unsigned compared = 0, channels = 0;
  std::map<std::string, std::uint64_t> waits;
  std::uint64_t all = 0, differ = 0;
  for (unsigned seed = 1; seed <= cases; ++seed) {
    const judge_case c = draw_judge_case(seed, 16, 40);
    std::vector<rtl_burst> mine = c.bursts(), reference = mine;
    fabric_player player(c.children, c.parameters);
    player.run(mine);
    rtl_simulator rtl(network_tree::uniform(c.children), c.parameters, true);
    rtl.run(reference);
    if (!same_cycles(mine, reference)) continue;
    ++compared;
    std::map<std::pair<std::string, std::string>, const rtl_channel*> want;
    for (const rtl_channel& r : rtl.channels()) want[{r.link, r.name}] = &r;
    for (const fabric_player::channel& f : player.channels()) {
      const auto found = want.find({f.link, name_of(f.lane)});
      if (found == want.end()) continue;
      const rtl_channel& r = *found->second;
      const std::string note = c.text() + ": " + f.link + ' ' + r.name;
      ++channels;
      EXPECT_EQ(f.count.beats, r.beats) << note;
      if (r.to_a_register) EXPECT_EQ(f.count.held_cycles, r.held) << note;
      const std::uint64_t waited = f.count.lost_arbitration + f.count.blocked_order + f.count.blocked_full;
      EXPECT_LE(waited, r.waited) << note;
      EXPECT_GE(waited + 2 + r.waited / 100, r.waited) << note;
      differ += r.waited - waited;
      all += r.waited;
      waits["arbitration"] += f.count.lost_arbitration;
      waits["order"] += f.count.blocked_order;
      waits["room"] += f.count.blocked_full;
    }
  }
  EXPECT_GE(compared, cases * 8 / 10);
  EXPECT_GT(channels, 2000u);
  EXPECT_LT(differ * 2000, all) << "beats that move ahead of others' time: a cycle is missed now and then";
  for (const auto& [why, cycles] : waits) EXPECT_GT(cycles, 10'000u) << why;
}

}  // namespace
}  // namespace ohmic::test
