// The recorder checks in every cycle that it shows the hart that runs, and aborts otherwise. What the files say is
// compared with traces in tests/system/waveforms_test.py.
#include "ip/ibex/ibex_waveform.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "ip/ibex/ibex_group.h"
#include "tests/host/scratch_folder.h"
#include "tests/ip/ibex/rv32imc_program.h"

namespace ohmic {
namespace {

using test::rv32imc_program;

struct what_happened {
  static constexpr bool enabled = true;
  std::vector<retire_record> all;
  void retire(unsigned, const retire_record& r) { all.push_back(r); }
};

class IbexWaveformTest : public ScratchFolder {
 protected:
  waveform_request request(cycle_t from = 0, cycle_t to = never) const { return {path("core.fst"), "core", from, to}; }

  /// A random program with stalls, and with sleeps and interrupts if asked for, all the same for the same seed.
  what_happened run(unsigned seed, ibex_waveform* waveform, cycle_t now = 0, bool interrupts = true) {
    const rv32imc_program program(seed, interrupts);
    const text_bytes text{rv32imc_program::base, static_cast<std::uint32_t>(program.words.size() * 4),
                          reinterpret_cast<const std::uint8_t*>(program.words.data())};
    std::vector<std::uint8_t> memory = program.memory;
    ibex_group group(text, 1, 3,
                     interrupts ? rv32imc_program::wait : 0);  // where the clock stands still no cycle is shown
    if (waveform != nullptr) group.record(0, *waveform);
    group.start(0, rv32imc_program::boot, now);
    std::mt19937 random(seed);
    what_happened seen;
    while (group.time(0) < now + 100000) {
      group.set_irq(0, interrupts && random() % 16 == 0 ? 1u << 11 : 0);
      switch (group.advance(0, group.time(0) + 1, seen)) {
        case core_stop::bus: {
          const bus_request r = group.request(0);
          std::uint32_t data = 0;
          for (unsigned i = 0; i < r.size; ++i) {
            std::uint8_t& byte = memory[(r.addr + i) % memory.size()];
            if (r.write) byte = static_cast<std::uint8_t>(r.wdata >> 8 * i);
            data |= std::uint32_t{byte} << 8 * i;
          }
          const cycle_t granted = r.cycle + random() % 3;
          group.complete(0, data, granted, granted + 1 + random() % 12);
          break;
        }
        case core_stop::fetch:
          group.fetch_complete(0, group.time(0) + random() % 8);
          break;
        case core_stop::horizon:
          break;
        case core_stop::halted:
          end_ = group.time(0);
          return seen;
      }
    }
    ADD_FAILURE() << "seed " << seed << " does not end";
    return seen;
  }
  cycle_t end_ = 0;
};

TEST_F(IbexWaveformTest, FollowsEveryCycleAndChangesNone) {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    const what_happened without = run(seed, nullptr);
    const cycle_t end = end_;
    ibex_waveform waveform(request());
    const what_happened with = run(seed, &waveform);
    waveform.finish();
    EXPECT_EQ(end_, end) << "seed " << seed;
    ASSERT_EQ(with.all.size(), without.all.size()) << "seed " << seed;
    for (std::size_t i = 0; i < with.all.size(); ++i) {
      ASSERT_EQ(with.all[i].cycle, without.all[i].cycle) << "seed " << seed << ", retirement " << i;
      ASSERT_EQ(with.all[i].pc, without.all[i].pc) << "seed " << seed << ", retirement " << i;
    }
    EXPECT_EQ(names(), std::set<std::string>{"core.fst"});
  }
}

TEST_F(IbexWaveformTest, RecordsTheCyclesAskedForInTheClustersTime) {
  const cycle_t now = 1000;
  run(1, nullptr, now, false);
  ASSERT_GT(end_, now + 200);
  for (const auto& [from, to, cycles] : {std::tuple<cycle_t, cycle_t, cycle_t>{now, now + 99, 100},
                                         {now + 50, now + 69, 20},
                                         {0, now + 9, 10},
                                         {now + 7, now + 7, 1},
                                         {0, now - 1, 0}}) {
    ibex_waveform waveform(request(from, to));
    run(1, &waveform, now, false);
    EXPECT_EQ(waveform.cycles(), cycles) << from << " to " << to;
  }
}

}  // namespace
}  // namespace ohmic
