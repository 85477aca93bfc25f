#include "ip/ima/analog_array.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

#include "ima_bench.h"
#include "ip/ima/pcm_array.h"

namespace ohmic {
namespace {

/// Writes each MVM's tag into its codes.
class tag_recorder : public analog_array {
 public:
  explicit tag_recorder(std::vector<std::uint32_t>& tags) : tags_(tags) {}
  void mvm(const crossbar&, const std::int8_t*, unsigned, unsigned, unsigned first_column, unsigned count, std::int32_t,
           unsigned, std::uint32_t tag, std::int8_t* codes) override {
    tags_.push_back(tag);
    std::fill_n(codes + first_column, count, static_cast<std::int8_t>(tag));
  }

 private:
  std::vector<std::uint32_t>& tags_;
};

job_spec job_of(unsigned pixels0, unsigned pixels1) {
  job_spec job;
  job.loops[0] = {16, 1};
  job.pixels[0] = {pixels0, 16};
  job.pixels[1] = {pixels1, 64};
  job.groups = {{0, 8, 0x8000, 8, 64}};
  return job;
}

class AnalogArray : public testing::Test {
 protected:
  AnalogArray() {
    std::mt19937 random(8);
    for (auto& byte : bench.l1) byte = static_cast<std::uint8_t>(random());
    weights.resize(256 * 256);
    for (auto& w : weights) w = static_cast<std::uint8_t>(random());
    bench.dut.cells().write_weights(0, weights.data(), weights.size());
  }
  std::vector<std::uint8_t> codes(unsigned count) {
    return {bench.l1.begin() + 0x8000, bench.l1.begin() + 0x8000 + count};
  }

  ima_bench bench;
  std::vector<std::uint8_t> weights;
};

TEST_F(AnalogArray, SeesTheMvmsOfJobsNumberedInTheirOrder) {
  std::vector<std::uint32_t> tags;
  bench.dut.use(std::make_unique<tag_recorder>(tags));
  bench.write(registers::ima::tag_offset, 100);
  job_of(3, 2).push_to(bench);
  EXPECT_EQ(bench.read(registers::ima::tag_offset), 106u) << "PUSH counts the job's MVMs";
  job_of(1, 2).push_to(bench);
  bench.run();
  EXPECT_EQ(tags, (std::vector<std::uint32_t>{100, 101, 102, 103, 104, 105, 106, 107}));
  tags.clear();
  bench.write(registers::ima::tag_offset, 0xFFFFFFFF);
  job_of(2, 1).push_to(bench);
  bench.run();
  EXPECT_EQ(tags, (std::vector<std::uint32_t>{0xFFFFFFFF, 0}));
  EXPECT_EQ(codes(1)[0], 0xFF) << "codes are the array's";
}

TEST_F(AnalogArray, DoesNotCountRefusedJobs) {
  job_spec wrong = job_of(3, 2);
  wrong.m = 0;
  wrong.push_to(bench);
  EXPECT_EQ(bench.errors.size() + (bench.dut.take_error() ? 1 : 0), 1u);
  EXPECT_EQ(bench.read(registers::ima::tag_offset), 0u);
}

TEST_F(AnalogArray, WithoutNoiseAnImaGivesTheSameCodesInTheSameCycles) {
  job_spec job = job_of(8, 4);
  job.m = 1 << 20, job.s = 30;
  job.push_to(bench);
  bench.run();
  const auto ideal = codes(256);
  const cycle_t took = bench.done_at.at(0);
  ima_bench other;
  other.l1 = bench.l1;
  other.dut.cells().write_weights(0, weights.data(), weights.size());
  pcm::pcm_options options;
  options.devices.programming_scale = options.devices.drift_scale = options.devices.read_scale = 0;
  other.dut.use(std::make_unique<pcm_array>(options, 0));
  for (unsigned y = 0; y < 4; ++y) std::fill_n(other.l1.begin() + 0x8000 + 64 * y, 64, std::uint8_t{0});
  job.push_to(other);
  other.run();
  EXPECT_EQ(std::vector<std::uint8_t>(other.l1.begin() + 0x8000, other.l1.begin() + 0x8100), ideal);
  EXPECT_EQ(other.done_at.at(0), took);
}

TEST_F(AnalogArray, ProgramsAnewWhenWeightsWereWritten) {
  pcm::pcm_options options;
  pcm_array array(options, 5);
  pcm::pcm_crossbar expected(256, 256, options, 5);
  pcm::pcm_crossbar::workspace space;
  crossbar& cells = bench.dut.cells();
  std::vector<std::int8_t> inputs(256, 3), got(256), want(256);
  for (int round = 0; round < 2; ++round) {
    expected.program(reinterpret_cast<const std::int8_t*>(weights.data()));
    expected.mvm(inputs.data(), 0, 256, 0, 256, 1 << 20, 30, 7, want.data(), space);
    array.mvm(cells, inputs.data(), 0, 256, 0, 256, 1 << 20, 30, 7, got.data());
    EXPECT_EQ(got, want);
    weights[0] = 100, weights[300] = 0x80;
    cells.write_weights(0, weights.data(), weights.size());
  }
}

TEST_F(AnalogArray, EachCrossbarHasDevicesAndFaultsOfItsOwn) {
  pcm::pcm_options options;
  const std::vector<pcm::device_fault> faults = {{10, 70, false, 25.0}, {200, 70, false, 25.0}};
  std::vector<std::int8_t> inputs(256, 3), got(256), want(256);
  std::vector<std::vector<std::int8_t>> all;
  for (const std::uint32_t identity : {0u, 1u, 511u})
    for (const bool faulty : {false, true}) {
      pcm_array array(options, identity, faulty ? faults : std::vector<pcm::device_fault>{});
      pcm::pcm_crossbar expected(256, 256, options, identity);
      pcm::pcm_crossbar::workspace space;
      expected.program(reinterpret_cast<const std::int8_t*>(weights.data()),
                       faulty ? faults : std::vector<pcm::device_fault>{});
      // Rows, columns and the tag are the MVM's.
      expected.mvm(inputs.data(), 4, 200, 64, 128, 1 << 20, 28, 9, want.data(), space);
      array.mvm(bench.dut.cells(), inputs.data(), 4, 200, 64, 128, 1 << 20, 28, 9, got.data());
      const std::vector<std::int8_t> a(got.begin() + 64, got.begin() + 192), b(want.begin() + 64, want.begin() + 192);
      EXPECT_EQ(a, b) << identity << faulty;
      for (const auto& other : all) EXPECT_NE(a, other);
      if (!faulty) all.push_back(a);
    }
}

}  // namespace
}  // namespace ohmic
