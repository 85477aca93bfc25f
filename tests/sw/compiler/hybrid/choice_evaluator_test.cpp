// The evaluator shares work between choices; the reference executor, run for each choice from the start, does not.
#include "sw/compiler/hybrid/choice_evaluator.h"

#include <gmock/gmock.h>

#include <random>

#include "sw/compiler/calibrate/calibrate.h"
#include "sw/compiler/reference/reference_executor.h"
#include "tests/sw/compiler/random_network.h"

namespace ohmic {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Property;

feature_map random_map(std::mt19937& random, const graph_tensor& shape) {
  feature_map map(shape.channels, shape.height, shape.width);
  for (std::int8_t& v : map.data) v = static_cast<std::int8_t>(random());
  return map;
}

/// Of one colour, nearly: means over noise would be the same for all images, and so would their classes.
feature_map coloured_map(std::mt19937& random, const graph_tensor& shape) {
  feature_map map(shape.channels, shape.height, shape.width);
  std::vector<int> colour;
  for (int c = 0; c < shape.channels; ++c) colour.push_back(static_cast<int>(random() % 200) - 100);
  for (int x = 0; x < shape.width; ++x)
    for (int y = 0; y < shape.height; ++y)
      for (int c = 0; c < shape.channels; ++c)
        map.at(x, y, c) = static_cast<std::int8_t>(colour[std::size_t(c)] + static_cast<int>(random() % 41) - 20);
  return map;
}

/// Of each draw: how many are right.
std::vector<std::size_t> counts(const std::vector<std::vector<bool>>& right) {
  std::vector<std::size_t> all;
  for (const std::vector<bool>& of_draw : right)
    all.push_back(static_cast<std::size_t>(std::count(of_draw.begin(), of_draw.end(), true)));
  return all;
}

class ChoiceEvaluator : public ::testing::Test {
 protected:
  ChoiceEvaluator() {
    integer_graph plain = random_network(random, 5, 9, 11);
    plain.tensors[6].scale = 0.1f;  // nothing clips, so that images are of several classes
    for (int i = 0; i < 40; ++i) images.push_back(coloured_map(random, plain.input()));
    calibration_options options;
    options.rows = 64;
    graph = calibrate(plain, images, options);
    devices.seed = 3;
    devices.time_s = 3600;
  }

  /// Answers of one choice on one chip, by the reference executor: four copies of the whole network's crossbars, of
  /// which those of layers on cores, and copies that the choice does not have, are left out.
  std::vector<int> answers(const layer_choice& choice, unsigned draw) const {
    const std::vector<choosable_layer> layers = choosable_layers(graph);
    const std::set<std::string> on_cores = layers_on_cores(layers, choice);
    const integer_graph mixed = graph_of(graph, layers, choice);
    std::map<std::string, std::size_t> sets;
    for (const graph_node& node : mixed.nodes)
      if (node.has_layer()) sets[node.name] = node.layer().row_sets.size();
    std::vector<crossbar_image> crossbars;
    for (const crossbar_image& c : crossbars_without_mapping(graph_of(graph, layers, {4, 4, 4, 4}), columns))
      if (on_cores.count(c.layer) == 0 && c.sets[0].set < sets[c.layer]) crossbars.push_back(c);
    pcm::pcm_options options = devices;
    options.seed += draw;
    const analog_chip chip(mixed, crossbars, 64, columns, options);
    const reference_executor executor(mixed, reference_mode::adc, &chip);
    std::vector<int> found;
    for (unsigned i = 0; i < images.size(); ++i) {
      const auto logits = executor.run(images[i], false, i).logits;
      found.push_back(static_cast<int>(std::max_element(logits.begin(), logits.end()) - logits.begin()));
    }
    return found;
  }

  judged_images judged(const std::vector<int>& labels) const {
    return {images.size(), [this](std::size_t i) { return images[i]; }, [labels](std::size_t i) { return labels[i]; }};
  }

  static constexpr unsigned columns = 16;  // conv1 has 20 outputs: two crossbars
  std::mt19937 random{20261130};
  std::vector<feature_map> images;
  integer_graph graph;
  pcm::pcm_options devices;
};

TEST_F(ChoiceEvaluator, EveryChoiceAnswersAsIfItWereTheOnlyOne) {
  std::vector<layer_choice> all;
  for (unsigned bits = 0; bits < 16; ++bits)
    all.push_back({(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0});
  for (const unsigned threads : {1u, 3u}) {
    choice_evaluator evaluator(graph, columns, devices, threads);
    ASSERT_EQ(evaluator.layers().size(), 4u);
    // Whoever answers as the choice does is right on all images: labels are its answers on the second chip.
    for (std::size_t c = 0; c < all.size(); c += threads == 1 ? 1 : 5) {
      const std::vector<int> second = answers(all[c], 1), first = answers(all[c], 0);
      std::vector<bool> same;
      for (std::size_t i = 0; i < images.size(); ++i) same.push_back(first[i] == second[i]);
      EXPECT_THAT(evaluator.right_answers(all, 0, 2, judged(second))[c],
                  ElementsAre(same, std::vector<bool>(images.size(), true)))
          << to_digits(all[c]);
    }
  }
}

TEST_F(ChoiceEvaluator, CopiesOfALayerAreOtherDevicesOfTheSameChip) {
  const std::vector<layer_choice> all{{1, 1, 1, 1}, {2, 1, 0, 4}, {4, 2, 1, 0}, {0, 4, 4, 2}, {2, 2, 2, 2}};
  devices.devices.programming_scale = 8;  // so that other devices give other answers
  choice_evaluator evaluator(graph, columns, devices);
  for (const choosable_layer& layer : evaluator.layers()) ASSERT_EQ(layer.most_copies, 4u) << layer.name;
  std::set<std::vector<int>> different;
  for (std::size_t c = 0; c < all.size(); ++c) {
    const std::vector<int> second = answers(all[c], 1);
    different.insert(second);
    EXPECT_EQ(counts(evaluator.right_answers(all, 1, 1, judged(second))[c])[0], images.size()) << to_digits(all[c]);
  }
  EXPECT_GT(different.size(), 1u);
}

TEST_F(ChoiceEvaluator, DrawsAreNumberedWhereverTheyBegin) {
  choice_evaluator evaluator(graph, columns, devices);
  const layer_choice choice{true, true, false, true};
  const std::vector<int> labels = answers(choice, 0);
  const auto all = evaluator.right_answers({choice}, 0, 4, judged(labels))[0];
  EXPECT_EQ(counts(all)[0], images.size());
  EXPECT_THAT(evaluator.right_answers({choice}, 2, 2, judged(labels))[0], ElementsAre(all[2], all[3]));
}

TEST_F(ChoiceEvaluator, ProgressCountsImagesOfAllChoicesAndDraws) {
  choice_evaluator evaluator(graph, columns, devices, 2);
  std::size_t last = 0;
  evaluator.right_answers({{false, false, false, false}, {true, true, true, true}, {true, false, true, false}}, 0, 2,
                          judged(std::vector<int>(images.size())), [&](std::size_t done) {
                            EXPECT_GT(done, last);
                            last = done;
                          });
  EXPECT_EQ(last, 3 * 2 * images.size());
}

TEST(ChoosableLayers, AreThoseOnCrossbarsWithTheirMacs) {
  std::mt19937 random(1);
  const integer_graph plain = random_network(random, 5, 9, 11);
  calibration_options options;
  options.digital = {"down"};
  const integer_graph graph = calibrate(plain, {random_map(random, plain.input())}, options);
  const std::vector<choosable_layer> layers = choosable_layers(graph);
  ASSERT_EQ(layers.size(), 3u);
  EXPECT_EQ(layers[0].name, "conv1");
  EXPECT_EQ(layers[0].macs, 5 * 6 * 20 * 5 * 9) << "out pixels, channels out and in, kernel";
  EXPECT_EQ(layers[1].name, "main");
  EXPECT_EQ(layers[1].macs, 3 * 3 * 13 * 20 * 9);
  EXPECT_EQ(layers[2].name, "fc");
  EXPECT_EQ(layers[2].macs, 7 * 13);
  EXPECT_THAT(layers_on_cores(layers, {true, false, false}), ElementsAre("fc", "main"));
  EXPECT_EQ(to_digits({4, 0, 1}), "401");
  EXPECT_DOUBLE_EQ(analog_share(layers, {false, false, true}), 91. / (27000 + 21060 + 91));
  EXPECT_EQ(analog_share({}, {}), 0);
}

TEST(PutOnCores, IsAsIfTheLayerHadBeenCalibratedThere) {
  std::mt19937 random(2);
  const integer_graph plain = random_network(random, 5, 9, 11);
  const std::vector<feature_map> images{random_map(random, plain.input()), random_map(random, plain.input())};
  const integer_graph analog = calibrate(plain, images);
  // The last layer changes nothing in front of it.
  calibration_options options;
  options.digital = {"fc"};
  const integer_graph expected = calibrate(plain, images, options), found = put_on_cores(analog, {"fc"});
  for (const feature_map& image : images)
    EXPECT_EQ(reference_executor(found).run(image).logits, reference_executor(expected).run(image).logits);
  EXPECT_TRUE(found.nodes.back().layer().row_sets.empty());
  // ADCs behind a layer on cores keep their scale.
  const integer_graph first = put_on_cores(analog, {"conv1"});
  EXPECT_EQ(first.nodes[3].layer().adc.m, analog.nodes[3].layer().adc.m);
  EXPECT_EQ(first.nodes[1].layer().digital, true);
  EXPECT_THAT([&] { put_on_cores(analog, {"conv1", "conv9"}); },
              ::testing::Throws<graph_error>(Property(&graph_error::what, HasSubstr("no layer 'conv9'"))));
}

/// A layer with a row set on cores is one of the layers to choose; where it runs on cores as a whole, nobody makes its
/// codes.
TEST_F(ChoiceEvaluator, ALayerMayHaveRowSetsOnCores) {
  graph = put_rows_on_cores(graph, {{"main", 1}});
  const std::vector<choosable_layer> layers = choosable_layers(graph);
  ASSERT_EQ(layers.size(), 4u);
  EXPECT_EQ(layers[1].name, "main");
  EXPECT_EQ(layers[1].most_copies, 1u);
  choice_evaluator evaluator(graph, columns, devices, 2);
  const std::vector<layer_choice> choices = {{1, 1, 1, 1}, {1, 0, 1, 1}, {0, 1, 1, 0}, {0, 0, 0, 0}};
  const judged_images judged{images.size(), [&](std::size_t i) { return images[i]; }, [](std::size_t) { return 3; }};
  const auto right = evaluator.right_answers(choices, 0, 1, judged);
  for (std::size_t c = 0; c < choices.size(); ++c) {
    const std::set<std::string> on_cores = layers_on_cores(layers, choices[c]);
    const integer_graph mixed = graph_of(graph, layers, choices[c]);
    EXPECT_EQ(mixed.nodes.size(), graph.nodes.size() - on_cores.count("main"));
    std::vector<crossbar_image> crossbars;
    for (const crossbar_image& one : crossbars_without_mapping(graph, columns))
      if (on_cores.count(one.layer) == 0) crossbars.push_back(one);
    const analog_chip chip(mixed, crossbars, 64, columns, devices);
    const reference_executor executor(mixed, reference_mode::adc, &chip);
    for (unsigned i = 0; i < images.size(); ++i) {
      const auto logits = executor.run(images[i], false, i).logits;
      EXPECT_EQ(right[c][0][i], std::max_element(logits.begin(), logits.end()) - logits.begin() == 3) << c << ", " << i;
    }
  }
}

}  // namespace
}  // namespace ohmic
