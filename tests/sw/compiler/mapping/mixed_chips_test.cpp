// Chips whose clusters are not all alike: whatever a policy makes of them has its crossbars where there are some, and
// its bytes, run by the oracle, give the reference's outputs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "sw/compiler/mapping/compile.h"
#include "sw/compiler/mapping/mapping_error.h"
#include "tests/fresh_seed.h"
#include "tests/sw/compiler/mapping/expect_reference.h"
#include "tests/sw/compiler/mapping/random_cases.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

using ::testing::HasSubstr;

constexpr const char* policies[] = {"naive", "replicated", "paper", "best"};

TEST(MixedChips, FiftyRandomOnesRunWhatIsMappedToThem) {
  const std::uint32_t seed = fresh_seed();
  RecordProperty("seed", std::to_string(seed));
  std::mt19937 random(seed);
  unsigned mapped = 0, refused = 0;
  for (int round = 0; round < 50; ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + " round " + std::to_string(round));
    const int height = 5 + static_cast<int>(random() % 30), width = 9 + static_cast<int>(random() % 30);
    const integer_graph graph = random() % 2 ? small_network(random, height, width, 64)
                                             : digital_network(random, height, width, 64, random() % 2 == 0);
    chip_config chip = small_chip(std::array{8u, 24u, 64u}[random() % 3], 64, 16);
    chip.cluster.cores = std::array{1u, 2u, 4u}[random() % 3];
    std::vector<unsigned> other[2];
    for (unsigned c = 0; c < chip.clusters(); ++c)
      if (const auto k = random() % 6; k < 2) other[k].push_back(c);
    chip.makes = {{other[0], 16, false}, {other[1], 8, random() % 2 == 0}};
    mapping_options options;
    options.policy = policies[round % 4];
    options.balanced.balance_mvms = random() % 2 == 0 ? 0 : 1024;
    options.best.evaluations = 20;
    SCOPED_TRACE(options.policy);
    try {
      const deployment here = compile(graph, chip, options);
      for (const crossbar_image& crossbar : here.crossbars) ASSERT_TRUE(chip.has_ima(crossbar.cluster));
      expect_reference(graph, chip, here, random, 2);
      ++mapped;
    } catch (const mapping_error& error) {
      ASSERT_THAT(error.what(), HasSubstr("too few"));
      ++refused;
    }
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(mapped, 3 * refused) << "of chips of 8 clusters some are too small";
}

/// A small network with all its layers on cores, on 30 clusters of two cores and two of sixteen.
TEST(MixedChips, BestUsesCoresOfEveryMake) {
  std::mt19937 random(5);
  const integer_graph graph = digital_network(random, 30, 36, 64, true);
  chip_config chip = small_chip(32, 64, 16);
  chip.cluster.cores = 2;
  chip.makes = {{{3, 19}, 16, false}};
  mapping_options options;
  options.policy = "best";
  options.best.evaluations = 50;
  const deployment mixed = compile(graph, chip, options);
  unsigned few = 0, many = 0;
  for (const cluster_image& image : mixed.clusters) ++(chip.cores_of(image.cluster) == 2 ? few : many);
  EXPECT_EQ(many, 2u);
  EXPECT_GT(few, 4u);
  chip.makes.clear();
  EXPECT_LT(mixed.expected.per_image, 0.9 * compile(graph, chip, options).expected.per_image)
      << "14 cores more in each of two clusters are worth something";
}

TEST(MixedChips, TooFewImasAreNamedWithTheirNumber) {
  std::mt19937 random(6);
  const integer_graph graph = small_network(random, 20, 24, 28);
  chip_config chip = small_chip(64, 28, 256);
  std::vector<unsigned> all_but_two;
  for (unsigned c = 2; c < 64; ++c) all_but_two.push_back(c);
  chip.makes = {{all_but_two, 16, false}};
  for (const char* policy : policies) {
    mapping_options options;
    options.policy = policy;
    try {
      compile(graph, chip, options);
      ADD_FAILURE() << policy;
    } catch (const mapping_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("with an IMA")) << policy;
      EXPECT_THAT(error.what(), HasSubstr("has 2")) << policy;
    }
  }
  chip.makes = {{{}, 16, false}};  // all clusters alike, and none has one
  for (unsigned c = 0; c < 64; ++c) chip.makes[0].clusters.push_back(c);
  for (const char* policy : policies) {
    mapping_options options;
    options.policy = policy;
    try {
      compile(graph, chip, options);
      ADD_FAILURE() << policy;
    } catch (const mapping_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("with an IMA")) << policy;
      EXPECT_THAT(error.what(), HasSubstr("has 0")) << policy;
    }
  }
}

}  // namespace
}  // namespace ohmic
