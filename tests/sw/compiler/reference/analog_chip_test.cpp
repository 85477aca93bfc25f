// Crossbars as devices: without noise they make the reference's codes, and a deployment that is not the network's is
// refused.
#include "sw/compiler/reference/analog_chip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>

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

TEST_F(AnalogChip, OnlyTheChipsArithmeticSeesItsNoise) {
  pcm::pcm_options noisy = exact;
  noisy.devices.programming_scale = 20;
  const analog_chip chip(graph, crossbars_without_mapping(graph, columns), rows, columns, noisy, 1);
  const feature_map image = random_image(random, graph.input());
  EXPECT_NE(reference_executor(graph, reference_mode::adc, &chip).run(image).logits,
            reference_executor(graph).run(image).logits);
  EXPECT_EQ(reference_executor(graph, reference_mode::exact, &chip).run(image).logits,
            reference_executor(graph, reference_mode::exact).run(image).logits);
}

/// |weight| of all cells that a crossbar's jobs use.
double magnitude(const pcm::pcm_crossbar& x, const std::vector<crossbar_image>& images, unsigned cluster) {
  double sum = 0;
  for (const crossbar_image& image : images)
    for (unsigned r = 0; image.cluster == cluster && r < image.rows; ++r)
      for (unsigned c = 0; c < image.bitlines; ++c)
        sum += std::fabs(x.weight(image.first_row + r, image.first_bitline + c));
  return sum;
}

/// Variance of the sum of their reads.
double read_variance(const pcm::pcm_crossbar& x, const std::vector<crossbar_image>& images, unsigned cluster) {
  double sum = 0;
  for (const crossbar_image& image : images)
    for (unsigned r = 0; image.cluster == cluster && r < image.rows; ++r)
      for (unsigned c = 0; c < image.bitlines; ++c)
        sum += x.read_variance(image.first_row + r, image.first_bitline + c);
  return sum;
}

/// Rectangles of random weights, two on the first crossbar: one of them sparse, as packed pixels make it.
std::vector<crossbar_image> random_crossbars(integer_graph& graph, std::mt19937& random, unsigned spread) {
  std::vector<crossbar_image> images = crossbars_without_mapping(graph, 256);
  std::normal_distribution<double> weight(0, spread);
  for (crossbar_image& image : images) {
    const bool sparse = &image == images.data();
    for (std::int8_t& w : image.weights)
      w = sparse && random() % 3 != 0
              ? std::int8_t{0}
              : static_cast<std::int8_t>(std::lround(std::clamp(weight(random), -127.0, 127.0)));
  }
  images[1].cluster = images[0].cluster;
  images[1].first_row = images[0].rows + 3;
  images[1].first_bitline = 2;
  return images;
}

// The oracle knows every cell's conductance and has no ADC. Where noise is drawn per MVM, single reads of some of these
// crossbars have noise of more than 1 % of their sum.
TEST_F(AnalogChip, TheGainOfACalibrationIsThatOfEveryCellReadAlone) {
  constexpr unsigned height = 300, width = 256;
  double worst = 0;
  for (const pcm::read_noise reads : {pcm::read_noise::off, pcm::read_noise::once, pcm::read_noise::per_mvm})
    for (const double time : {1.0, 3600.0, 86400.0, 31536000.0})
      for (const unsigned spread : {40u, 20u}) {
        const std::vector<crossbar_image> images = random_crossbars(graph, random, spread);
        pcm::pcm_options options;
        options.seed = 5 + spread;
        options.time_s = time;
        options.reads = reads;
        options.compensation = pcm::drift_compensation::global;
        const analog_chip chip(graph, images, height, width, options, 2);
        std::map<unsigned, std::vector<std::int8_t>> cells;
        for (const crossbar_image& image : images) {
          cells[image.cluster].resize(height * width);
          for (unsigned r = 0; r < image.rows; ++r)
            for (unsigned c = 0; c < image.bitlines; ++c)
              cells[image.cluster][(image.first_row + r) * width + image.first_bitline + c] =
                  image.weights[r * image.bitlines + c];
        }
        ASSERT_EQ(chip.calibrations().size(), cells.size());
        for (const crossbar_calibration& found : chip.calibrations()) {
          pcm::pcm_options at_start = options;
          at_start.time_s = 0;
          at_start.reads = pcm::read_noise::off;
          pcm::pcm_crossbar fresh(height, width, at_start, found.cluster), now(height, width, options, found.cluster);
          fresh.program(cells[found.cluster].data());
          now.program(cells[found.cluster].data());
          const double exact = magnitude(fresh, images, found.cluster) / magnitude(now, images, found.cluster);
          const double gain = static_cast<double>(found.reference) / found.sum;
          const double noise = std::sqrt(read_variance(now, images, found.cluster) / found.reads) /
                               magnitude(now, images, found.cluster);
          worst = std::max(worst, std::fabs(gain / exact - 1));
          EXPECT_NEAR(found.exact_gain, exact, 1e-9 * exact);
          EXPECT_EQ(found.gain(), gain);
          EXPECT_NEAR(gain / exact, 1, 0.01 + 4 * noise) << "crossbar " << found.cluster << " after " << time << " s";
          if (time >= 3600) EXPECT_GT(gain, 1.2);
        }
      }
  RecordProperty("worst", std::to_string(worst));
  std::printf("gains are off by at most %.2f %%\n", 100 * worst);
}

TEST_F(AnalogChip, WithoutNoiseCompensationChangesNoCode) {
  for (const auto how :
       {pcm::drift_compensation::global, pcm::drift_compensation::per_column, pcm::drift_compensation::exact}) {
    exact.compensation = how;
    const analog_chip chip(graph, crossbars_without_mapping(graph, columns), rows, columns, exact, 2);
    ASSERT_EQ(chip.calibrations().size(), chip.crossbars());
    for (const crossbar_calibration& c : chip.calibrations()) {
      EXPECT_EQ(c.reference, c.sum);
      EXPECT_GT(c.sum, 0u);
    }
    const reference_executor ideal(graph), devices(graph, reference_mode::adc, &chip);
    const feature_map image = random_image(random, graph.input());
    EXPECT_EQ(devices.run(image).logits, ideal.run(image).logits);
  }
}

// Small conductances drift more (exponent 0.1) than large ones (0.049): columns of small weights need a greater gain
// than their crossbar, which only their factors give them.
TEST_F(AnalogChip, FactorsMakeUpForWhatColumnsDriftApart) {
  std::vector<crossbar_image> images = crossbars_without_mapping(graph, 256);
  crossbar_image& conv1 = images[0];
  ASSERT_EQ(conv1.layer, graph.nodes[1].name);
  std::uniform_int_distribution<int> small(4, 7), large(100, 127);
  for (unsigned r = 0; r < conv1.rows; ++r)
    for (unsigned c = 0; c < conv1.bitlines; ++c) {
      const int w = c % 2 == 0 ? small(random) : large(random);
      conv1.weights[r * conv1.bitlines + c] = static_cast<std::int8_t>(random() % 2 == 0 ? w : -w);
    }
  graph.nodes[1].layer().adc = {1 << 14, 19};  // so that sums of small weights are codes of some tens
  const graph_tensor& out = graph.tensors[graph.nodes[1].output];
  const feature_map image = random_image(random, graph.input());
  pcm::pcm_options drifting = exact;
  drifting.devices.drift_scale = 1;
  drifting.devices.exponent_deviation = {0, 0, 0, 0, 2, {}};  // devices of one conductance drift alike
  drifting.time_s = 2592000;
  const auto codes = [&](const pcm::pcm_options& o) {
    return analog_chip(graph, images, rows, 256, o, 1).codes(1, image, 0, out.width, out.height, out.channels);
  };
  const auto distance = [&](const std::vector<std::int32_t>& a, const std::vector<std::int32_t>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
      if (i % static_cast<std::size_t>(out.channels) % 2 == 0 && std::abs(b[i]) < 120)
        sum += std::abs(a[i] - b[i]);  // even columns, not clipped
    return sum;
  };
  const std::vector<std::int32_t> wanted = codes(exact);
  drifting.compensation = pcm::drift_compensation::global;
  const double global = distance(codes(drifting), wanted);
  drifting.compensation = pcm::drift_compensation::per_column;
  const double per_column = distance(codes(drifting), wanted);
  EXPECT_GT(global, 100) << "something is to be made up for";
  EXPECT_LT(per_column, 0.2 * global) << "but for the rounding of codes, which a factor makes greater";
}

// Drift alone makes all sums smaller; a gain makes up for the mean of it.
TEST_F(AnalogChip, CompensationBringsCodesNearerToThoseWithoutDrift) {
  pcm::pcm_options drifting = exact;
  drifting.devices.drift_scale = 1;
  drifting.time_s = 86400;
  const graph_node& conv1 = graph.nodes[1];
  const graph_tensor& out = graph.tensors[conv1.output];
  const feature_map image = random_image(random, graph.input());
  const auto codes = [&](const pcm::pcm_options& o) {
    const analog_chip chip(graph, crossbars_without_mapping(graph, columns), rows, columns, o, 1);
    return chip.codes(1, image, 0, out.width, out.height, out.channels);
  };
  const std::vector<std::int32_t> wanted = codes(exact), without = codes(drifting);
  drifting.compensation = pcm::drift_compensation::global;
  const std::vector<std::int32_t> with = codes(drifting);
  double far = 0, near = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    far += std::abs(without[i] - wanted[i]);
    near += std::abs(with[i] - wanted[i]);
  }
  EXPECT_LT(near, 0.25 * far);
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

// The variance of a sum of n copies' codes, divided by n, is an n-th of one's.
TEST_F(AnalogChip, CopiesOfALayerAverageTheirNoiseOut) {
  pcm::pcm_options noisy;
  noisy.time_s = 3600;
  noisy.devices.drift_scale = 0;  // small weights drift faster than large ones, in all copies alike
  const auto squared_error = [&](unsigned copies) {
    integer_graph copied = graph;
    crossbar_layer& l = copied.nodes[3].layer();
    l.adc = {1 << 14, 20};  // nothing clips
    const std::vector<row_set> sets = l.row_sets;
    for (unsigned copy = 1; copy < copies; ++copy) l.row_sets.insert(l.row_sets.end(), sets.begin(), sets.end());
    const graph_tensor& in = copied.tensors[copied.nodes[3].inputs[0]];
    const graph_tensor& out = copied.tensors[copied.nodes[3].output];
    const auto crossbars = crossbars_without_mapping(copied, 256);
    const analog_chip ideal(copied, crossbars, rows, 256, exact, 1);
    double sum = 0;
    std::mt19937 same(7);
    for (noisy.seed = 1; noisy.seed <= 40; ++noisy.seed) {
      const analog_chip chip(copied, crossbars, rows, 256, noisy, 1);
      const feature_map input = random_image(same, in);
      const auto found = chip.codes(3, input, 0, out.width, out.height, out.channels);
      const auto expected = ideal.codes(3, input, 0, out.width, out.height, out.channels);
      for (std::size_t i = 0; i < found.size(); ++i) {
        const double error = double(found[i] - expected[i]) / copies;
        sum += error * error;
      }
    }
    return sum;
  };
  const double one = squared_error(1);
  EXPECT_NEAR(squared_error(2) / one, 1. / 2, .08);
  EXPECT_NEAR(squared_error(4) / one, 1. / 4, .05);
}

}  // namespace
}  // namespace ohmic
