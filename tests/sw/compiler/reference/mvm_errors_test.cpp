#include "sw/compiler/reference/mvm_errors.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>
#include <random>

#include "sw/compiler/calibrate/calibrate.h"
#include "tests/sw/compiler/random_network.h"

namespace ohmic {
namespace {

class MvmErrors : public ::testing::Test {
 protected:
  MvmErrors() {
    std::mt19937 random(20261130);
    const integer_graph plain = random_network(random, 4, 9, 9);
    for (int i = 0; i < 5; ++i) {
      feature_map& map = images.emplace_back(4, 9, 9);
      for (std::int8_t& v : map.data) v = static_cast<std::int8_t>(random());
    }
    calibration_options options;
    options.rows = 64;
    options.digital = {"down"};
    graph = calibrate(plain, images, options);
  }
  std::vector<feature_map> images;
  integer_graph graph;
};

TEST_F(MvmErrors, AreNoneWithoutNoise) {
  pcm::pcm_options options;
  options.devices.programming_scale = options.devices.drift_scale = options.devices.read_scale = 0;
  const auto errors = mvm_errors(graph, 256, options, images);
  ASSERT_EQ(errors.size(), 3u) << "one layer is on cores";
  for (const mvm_error& e : errors) {
    EXPECT_EQ(e.mean, 0) << e.layer;
    EXPECT_EQ(e.deviation, 0) << e.layer;
    EXPECT_EQ(e.histogram[mvm_error::most], e.values) << e.layer;
  }
  EXPECT_EQ(errors[0].layer, "conv1");
  EXPECT_EQ(errors[0].values, 5u * 5 * 5 * 20) << "outputs of all images";
  EXPECT_EQ(errors[1].layer, "main");
  EXPECT_EQ(errors[1].row_sets, 3u) << "180 rows on crossbars of 64";
}

// A column that is known to the bit: all its devices are stuck at nothing, so every code is 0.
TEST_F(MvmErrors, AreTheCodesThemselvesWhereNothingConducts) {
  pcm::pcm_options options;
  options.dead = 1;
  const auto errors = mvm_errors(graph, 256, options, images, 2);
  for (const mvm_error& e : errors) {
    EXPECT_GT(e.deviation, 5) << e.layer << ": codes use their range";
    EXPECT_EQ(std::accumulate(e.histogram.begin(), e.histogram.end(), std::uint64_t{0}), e.values);
    EXPECT_GT(e.histogram.front() + e.histogram.back(), 0u) << "what lies beyond is counted at the ends";
  }
}

TEST_F(MvmErrors, GrowWithTimeAndDoNotDependOnThreads) {
  pcm::pcm_options hour, year;
  hour.time_s = 3600;
  year.time_s = 3e7;
  const auto early = mvm_errors(graph, 256, hour, images, 1), late = mvm_errors(graph, 256, year, images, 3);
  const auto again = mvm_errors(graph, 256, year, images, 1);
  for (std::size_t i = 0; i < early.size(); ++i) {
    EXPECT_LT(early[i].deviation, late[i].deviation) << early[i].layer;
    EXPECT_EQ(again[i].histogram, late[i].histogram);
    // Mean and deviation are those of the histogram where nothing lies beyond its ends.
    if (early[i].histogram.front() + early[i].histogram.back() != 0) continue;
    double mean = 0, squares = 0;
    for (int b = 0; b <= 2 * mvm_error::most; ++b) {
      const double share = static_cast<double>(early[i].histogram[std::size_t(b)]) / double(early[i].values);
      mean += share * (b - mvm_error::most);
      squares += share * (b - mvm_error::most) * (b - mvm_error::most);
    }
    EXPECT_NEAR(early[i].mean, mean, 1e-9);
    EXPECT_NEAR(early[i].deviation, std::sqrt(squares - mean * mean), 1e-9);
  }
}

}  // namespace
}  // namespace ohmic
