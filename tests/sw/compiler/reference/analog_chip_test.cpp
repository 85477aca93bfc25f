// Crossbars as devices: without noise they make the reference's codes, and a deployment that is not the network's is
// refused.
#include "sw/compiler/reference/analog_chip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "sw/compiler/reference/reference_executor.h"
#include "tests/sw/compiler/random_network.h"

namespace ohmic {
namespace {

using ::testing::HasSubstr;

constexpr unsigned rows = 64, columns = 8;

class AnalogChip : public ::testing::Test {
 protected:
  AnalogChip() : graph(random_network(random, 3, 13, 15)) {
    guess_calibration(graph, random, rows);
    exact.devices.programming_scale = exact.devices.drift_scale = 0;
    exact.reads = pcm::read_noise::off;
  }
  std::string refusal(const std::function<void(std::vector<crossbar_image>&)>& change) const {
    std::vector<crossbar_image> crossbars = crossbars_without_mapping(graph, columns);
    change(crossbars);
    try {
      const analog_chip chip(graph, crossbars, rows, columns, exact, 1);
    } catch (const graph_error& error) {
      return error.what();
    }
    return "";
  }

  std::mt19937 random{20261130};
  integer_graph graph;
  pcm::pcm_options exact;
};

TEST_F(AnalogChip, WithoutAMappingEachRowSetAndEachCrossbarfulOfChannelsHasItsOwn) {
  const std::vector<crossbar_image> crossbars = crossbars_without_mapping(graph, columns);
  std::size_t expected = 0;
  for (const graph_node& node : graph.nodes)
    if (node.has_layer())
      expected += node.layer().row_sets.size() * ((static_cast<unsigned>(node.layer().out_channels) + 7) / 8);
  ASSERT_EQ(crossbars.size(), expected);
  for (std::size_t i = 0; i < crossbars.size(); ++i) {
    EXPECT_EQ(crossbars[i].cluster, i);
    EXPECT_LE(crossbars[i].bitlines, columns);
    EXPECT_EQ(crossbars[i].bitlines, static_cast<unsigned>(crossbars[i].channels.count()));
    EXPECT_EQ(crossbars[i].weights.size(), std::size_t{crossbars[i].rows} * crossbars[i].bitlines);
  }
  EXPECT_EQ(crossbars.back().channels.end, 7) << "of the last layer's seven";
  for (graph_node& node : graph.nodes)
    if (node.has_layer() && node.name != "main") node.layer().digital = true;
  for (const crossbar_image& image : crossbars_without_mapping(graph, columns)) EXPECT_EQ(image.layer, "main");
}

TEST_F(AnalogChip, WithoutNoiseItMakesTheReferencesCodes) {
  for (const unsigned of_each : {columns, 13u, 256u}) {
    const std::vector<crossbar_image> crossbars = crossbars_without_mapping(graph, of_each);
    const analog_chip chip(graph, crossbars, rows, of_each, exact, 2);
    EXPECT_EQ(chip.crossbars(), crossbars.size());
    const reference_executor ideal(graph), devices(graph, reference_mode::adc, &chip);
    for (unsigned i = 0; i < 3; ++i) {
      const feature_map image = random_image(random, graph.input());
      EXPECT_EQ(devices.run(image, false, i).logits, ideal.run(image).logits) << of_each;
    }
  }
}

// Each MVM of a run draws noise of its own: the same image at the same place gives the same codes, and others
// elsewhere.
TEST_F(AnalogChip, ReadNoiseIsThatOfThePlaceInTheRun) {
  pcm::pcm_options noisy = exact;
  noisy.reads = pcm::read_noise::per_mvm;
  noisy.devices.read_scale = 5;
  const analog_chip chip(graph, crossbars_without_mapping(graph, columns), rows, columns, noisy, 1);
  const graph_node& conv1 = graph.nodes[1];
  const graph_tensor& out = graph.tensors[conv1.output];
  const feature_map image = random_image(random, graph.input());
  const auto codes = [&](unsigned number) { return chip.codes(1, image, number, out.width, out.height, out.channels); };
  EXPECT_EQ(codes(0), codes(0));
  EXPECT_NE(codes(0), codes(1));
  EXPECT_NE(codes(1), codes(2));
}

TEST_F(AnalogChip, ADeploymentOfAnotherNetworkIsRefused) {
  EXPECT_EQ(refusal([](auto&) {}), "");
  EXPECT_THAT(refusal([](auto& c) { c[0].layer = "none"; }),
              HasSubstr("a layer 'none' that the network does not have"));
  EXPECT_THAT(refusal([](auto& c) { c[0].layer = "maxpool"; }), HasSubstr("does not have")) << "no layer";
  EXPECT_THAT(refusal([](auto& c) { c[0].sets[0].set = 99; }), HasSubstr("a row set of 'conv1' that the network"));
  EXPECT_THAT(refusal([](auto& c) { c[0].layer = "main"; }), HasSubstr("has 'main' of another shape"));
  EXPECT_THAT(refusal([&](auto& c) { c[0].first_row = rows - c[0].rows + 1; }), HasSubstr("outside of a crossbar"));
  EXPECT_EQ(refusal([&](auto& c) { c[0].first_row = rows - c[0].rows; }), "") << "up to the last row";
  EXPECT_THAT(refusal([](auto& c) { c[0].first_bitline = 1; }), HasSubstr("outside of a crossbar"));
}

}  // namespace
}  // namespace ohmic
