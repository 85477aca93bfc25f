#include "sw/compiler/graph/split_layer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sw/compiler/reference/reference_executor.h"
#include "tests/fresh_seed.h"
#include "tests/sw/compiler/random_network.h"

namespace ohmic {
namespace {

using ::testing::HasSubstr;

TEST(SplitLayer, ChangesNothingThatTheNetworkComputes) {
  const std::uint32_t seed = fresh_seed();
  std::mt19937 random(seed);
  for (int round = 0; round < 12; ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + " round " + std::to_string(round));
    integer_graph whole = random_network(random, 1 + static_cast<int>(random() % 9), 9, 11);
    guess_calibration(whole, random, 64);
    integer_graph split = whole;
    const int at = 1 + static_cast<int>(random() % 11);
    split_layer(split, "conv1", {at, at + 1, 20});
    split_layer(split, round % 2 ? "main" : "down", {at, 13});
    check_graph(split);
    EXPECT_EQ(split.nodes.size(), whole.nodes.size() + 3 + 2);
    const feature_map image = random_image(random, whole.input());
    const auto expected = reference_executor(whole).run(image, true),
               found = reference_executor(split).run(image, true);
    EXPECT_EQ(found.logits, expected.logits);
    for (std::size_t t = 0; t < whole.tensors.size(); ++t) {
      EXPECT_EQ(split.tensors[t].name, whole.tensors[t].name);
      EXPECT_EQ(found.maps[t].data, expected.maps[t].data) << whole.tensors[t].name;
    }
  }
}

TEST(SplitLayer, ANetworkWhoseSlicesDoNotFitTogetherIsNone) {
  std::mt19937 random(3);
  integer_graph whole = random_network(random, 3, 9, 11);
  split_layer(whole, "conv1", {8, 20});
  check_graph(whole);
  const auto refusal = [&](void (*spoil)(integer_graph&)) -> std::string {
    integer_graph g = whole;
    spoil(g);
    link_tensors(g);
    try {
      check_graph(g);
    } catch (const graph_error& error) {
      return error.what();
    }
    return "";
  };
  // Nodes: image, conv1[0:8], conv1[8:20], conv1, maxpool, ...; maps of the slices stand behind all others.
  EXPECT_THAT(refusal([](integer_graph& g) { g.nodes[3].inputs.push_back(g.nodes[1].output); }),
              HasSubstr("something else reads too"));
  EXPECT_THAT(refusal([](integer_graph& g) { g.nodes[3].inputs.push_back(g.nodes[0].output); }),
              HasSubstr("no convolution makes"));
  EXPECT_THAT(refusal([](integer_graph& g) { ++g.tensors[static_cast<std::size_t>(g.nodes[3].output)].channels; }),
              HasSubstr("joins maps of 20 channels"));
  EXPECT_THAT(refusal([](integer_graph& g) { --g.tensors[static_cast<std::size_t>(g.nodes[2].output)].height; }),
              HasSubstr("different sizes"));
}

}  // namespace
}  // namespace ohmic
