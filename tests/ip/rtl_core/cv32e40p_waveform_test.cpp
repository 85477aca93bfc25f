#include "ip/rtl_core/cv32e40p_waveform.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <array>
#include <csignal>
#include <fstream>
#include <stdexcept>

#include "ip/iss/iss_group.h"
#include "ip/rtl_core/rtl_group.h"
#include "tests/cosim/core_bench.h"
#include "tests/host/scratch_folder.h"
#include "tests/ip/iss/random_program.h"

// What the files say is compared with traces in tests/system/waveforms_test.py, with GTKWave's reader.
namespace ohmic {
namespace {

constexpr std::uint32_t base = 0x80000000;

text_bytes text_of(const std::vector<std::uint32_t>& words) {
  return {base, static_cast<std::uint32_t>(words.size() * 4), reinterpret_cast<const std::uint8_t*>(words.data())};
}

class Cv32e40pWaveformTest : public ScratchFolder {
 protected:
  waveform_request request(cycle_t from = 0, cycle_t to = never) const { return {path("core.fst"), "core", from, to}; }

  /// A hart that counts, for so many cycles from `now` on.
  static void count(rtl_group& group, cycle_t now, cycle_t cycles) {
    null_observer nobody;
    group.start(0, base, now);
    while (group.time(0) < now + cycles)
      if (group.advance(0, now + cycles, nobody) == core_stop::fetch) group.fetch_complete(0, group.time(0));
  }
  const std::vector<std::uint32_t> counting_ = {0x00150513, 0xffdff06f};  // addi a0, a0, 1; j -4
};

TEST_F(Cv32e40pWaveformTest, AppearsWholeWhenItIsFinished) {
  rtl_group group(text_of(counting_), 1, 0);
  cv32e40p_waveform waveform(request());
  group.record(0, waveform);
  count(group, 0, 20000);
  EXPECT_EQ(names().count("core.fst"), 0u);
  waveform.finish();
  EXPECT_EQ(names(), std::set<std::string>{"core.fst"});
  EXPECT_EQ(waveform.cycles(), 20000u);
  std::ifstream file(path("core.fst"), std::ios::binary);
  EXPECT_EQ(file.get(), 0) << "an FST file begins with a header block";
}

TEST_F(Cv32e40pWaveformTest, LeavesNothingWithoutFinish) {
  {
    rtl_group group(text_of(counting_), 1, 0);
    cv32e40p_waveform waveform(request());
    group.record(0, waveform);
    count(group, 0, 100);
  }
  EXPECT_EQ(names(), std::set<std::string>{});
}

TEST_F(Cv32e40pWaveformTest, RecordsFromTheFirstToTheLastCycleAskedFor) {
  rtl_group group(text_of(counting_), 1, 0);
  cv32e40p_waveform waveform(request(50, 69));
  group.record(0, waveform);
  count(group, 0, 1000);
  EXPECT_EQ(waveform.cycles(), 20u);
}

// The header of an FST file: block type (1 byte), its length, then the first and the last time (8 bytes each, the
// highest first), later the unit's power of ten. A cycle is a nanosecond; its falling edge is its last event.
TEST_F(Cv32e40pWaveformTest, ACycleIsANanosecondOfTheFile) {
  rtl_group group(text_of(counting_), 1, 0);
  cv32e40p_waveform waveform(request(50, 69));
  group.record(0, waveform);
  count(group, 0, 1000);
  waveform.finish();
  std::ifstream file(path("core.fst"), std::ios::binary);
  std::array<unsigned char, 80> header{};
  ASSERT_TRUE(file.read(reinterpret_cast<char*>(header.data()), header.size()));
  const auto number = [&](unsigned at) {
    std::uint64_t v = 0;
    for (unsigned i = 0; i < 8; ++i) v = v << 8 | header[at + i];
    return v;
  };
  EXPECT_EQ(number(9), 50'000u);
  EXPECT_EQ(number(17), 69'500u);
  EXPECT_EQ(static_cast<signed char>(header[73]), -12) << "picoseconds";
}

TEST_F(Cv32e40pWaveformTest, IsNoFileIfNoCycleWasRecorded) {
  rtl_group group(text_of(counting_), 1, 0);
  cv32e40p_waveform waveform(request(5000));
  group.record(0, waveform);
  count(group, 0, 100);
  waveform.finish();
  EXPECT_EQ(waveform.cycles(), 0u);
  EXPECT_EQ(names(), std::set<std::string>{});
}

TEST_F(Cv32e40pWaveformTest, TimeNeverGoesBack) {
  rtl_group group(text_of(counting_), 1, 0);
  cv32e40p_waveform waveform(request());
  group.record(0, waveform);
  count(group, 0, 100);
  group.stop(0);
  count(group, 90, 100);
  EXPECT_EQ(waveform.cycles(), 190u);
}

TEST_F(Cv32e40pWaveformTest, RefusesAFileThatCannotBeWritten) {
  std::filesystem::create_directory(path("core.fst"));
  EXPECT_THROW(cv32e40p_waveform{request()}, std::runtime_error);
  waveform_request nowhere = request();
  nowhere.file = path("no/such/folder/core.fst");
  EXPECT_THROW(cv32e40p_waveform{nowhere}, std::runtime_error);
}

TEST_F(Cv32e40pWaveformTest, IsRefusedAtTheEndIfTheDiskDidNotTakeIt) {
  rtl_group group(text_of(counting_), 1, 0);
  cv32e40p_waveform waveform(request());
  group.record(0, waveform);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{20000, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);  // so that writing fails as on a full disk
  setrlimit(RLIMIT_FSIZE, &small);
  count(group, 0, 30000);
  EXPECT_THROW(waveform.finish(), std::runtime_error);
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(names(), std::set<std::string>{});
}

/// A hart that goes on from a state of the ISS, and comes to rest again. The recorder itself checks in every cycle that
/// it shows the hart that runs, and aborts otherwise.
TEST_F(Cv32e40pWaveformTest, FollowsAHandOver) {
  unsigned handed_over = 0;
  for (unsigned seed = 1; seed <= 30; ++seed) {
    const test::test_program random = test::make_random_program(seed);
    const test::assembled_program program = test::assemble(random);
    const decoded_text text(base, program.words.data(), program.words.size() * 4);
    null_observer nobody;
    std::vector<std::uint8_t> memory = random.memory;
    iss_group iss(text, 1, 0);
    iss.start(0, program.boot, 0);
    if (test::run_to_end(iss, nobody, memory, 100 + 37 * seed % 700)) continue;
    const hart_state state = iss.save(0);
    if (!text.contains(state.pc)) continue;  // at the very end
    rtl_group rtl(text_of(program.words), 1, 0);
    cv32e40p_waveform waveform(request());
    rtl.record(0, waveform);
    rtl.start(0, program.boot, iss.time(0));
    rtl.restore(0, state);
    const cycle_t rests = rtl.time(0) + 200;
    for (core_stop stop; !rtl.resting(0) && (stop = rtl.advance(0, 200000, nobody)) != core_stop::halted;) {
      ASSERT_LT(rtl.time(0), 200000u) << "seed " << seed;
      if (rtl.time(0) >= rests) rtl.hold(0);
      if (stop == core_stop::fetch) rtl.fetch_complete(0, rtl.time(0));
      if (stop != core_stop::bus) continue;
      const bus_request r = rtl.request(0);
      rtl.complete(0, test::access(memory, r), r.cycle, r.cycle + 1);
    }
    if (rtl.resting(0)) {
      const hart_state rested = rtl.save(0);
      const cycle_t now = rtl.time(0);
      rtl.start(0, rested.pc, now);
      rtl.restore(0, rested);
      rtl.advance(0, now + 20, nobody);
    }
    waveform.finish();
    ++handed_over;
    EXPECT_GT(waveform.cycles(), 10u) << "seed " << seed;
    EXPECT_EQ(names(), std::set<std::string>{"core.fst"});
  }
  EXPECT_GT(handed_over, 10u);
}

}  // namespace
}  // namespace ohmic
