// The array behind an IMA against a crossbar of devices that the test programs itself.
#include "ip/ima/pcm_array.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace ohmic {
namespace {

constexpr unsigned rows = 64, columns = 64;

class PcmArray : public testing::Test {
 protected:
  PcmArray() {
    options.reads = pcm::read_noise::once;
    std::mt19937 random(5);
    weights.resize(rows * columns);
    for (auto& w : weights) w = static_cast<std::uint8_t>(random());
    inputs.resize(cells.input_bytes());
    for (unsigned r = 0; r < rows; ++r) inputs[r] = static_cast<std::int8_t>(random());
    cells.write_weights(0, weights.data(), weights.size());
  }
  std::vector<std::int8_t> codes_of(analog_array& array, std::uint32_t tag = 7) {
    std::vector<std::int8_t> codes(cells.code_bytes(), 99);
    array.mvm(cells, inputs.data(), 0, rows, 0, columns, 1, 12, tag, codes.data());
    return {codes.begin(), codes.begin() + columns};
  }
  /// By devices that are programmed here and now.
  std::vector<std::int8_t> expected(std::uint32_t identity, std::uint32_t tag = 7,
                                    const std::vector<pcm::device_fault>& faults = {}) {
    pcm::pcm_crossbar devices(rows, columns, options, identity);
    const std::vector<std::int8_t> signed_weights(weights.begin(), weights.end());
    devices.program(signed_weights.data(), faults);
    pcm::pcm_crossbar::workspace space;
    std::vector<std::int8_t> codes(cells.code_bytes(), 99);
    devices.mvm(inputs.data(), 0, rows, 0, columns, 1, 12, tag, codes.data(), space);
    return {codes.begin(), codes.begin() + columns};
  }

  pcm::pcm_options options;
  crossbar cells{rows, columns};
  std::vector<std::uint8_t> weights;
  std::vector<std::int8_t> inputs;
};

TEST_F(PcmArray, IsTheDevicesOfItsIdentity) {
  pcm_array third(options, 3), fourth(options, 4);
  EXPECT_EQ(codes_of(third), expected(3));
  EXPECT_EQ(codes_of(fourth), expected(4));
  EXPECT_NE(expected(3), expected(4));
}

TEST_F(PcmArray, ProgramsWhatIsWrittenBeforeItsFirstUseAndAnewBehindEveryWrite) {
  pcm_array array(options, 1);
  for (int n = 0; n < 3; ++n) {
    weights[static_cast<std::size_t>(n) * columns] ^= 0x55;
    cells.write_weights(static_cast<std::uint64_t>(n) * columns, &weights[static_cast<std::size_t>(n) * columns], 1);
    EXPECT_EQ(codes_of(array), expected(1)) << "write " << n;
    EXPECT_EQ(codes_of(array), expected(1)) << "nothing was written since";
  }
}

TEST_F(PcmArray, ItsFaultsOutliveProgramming) {
  const std::vector<pcm::device_fault> stuck{{2, 5, false, 20}, {2, 6, true, 20}};
  pcm_array array(options, 1, stuck);
  EXPECT_EQ(codes_of(array), expected(1, 7, stuck));
  weights[0] ^= 0x7f;
  cells.write_weights(0, weights.data(), 1);
  EXPECT_EQ(codes_of(array), expected(1, 7, stuck));
  EXPECT_NE(expected(1, 7, stuck), expected(1));
}

TEST_F(PcmArray, EachTagDrawsItsOwnReads) {
  options.reads = pcm::read_noise::per_mvm;
  pcm_array array(options, 1);
  for (const std::uint32_t tag : {0u, 1u, 0xffffffffu}) EXPECT_EQ(codes_of(array, tag), expected(1, tag)) << tag;
}

}  // namespace
}  // namespace ohmic
