#include "sw/compiler/calibrate/calibrate.h"

#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <functional>

#include "sw/compiler/graph/digital_rows.h"
#include "sw/compiler/images/image.h"
#include "sw/compiler/onnx/calibration_metadata.h"
#include "sw/compiler/onnx/import_onnx.h"
#include "sw/compiler/reference/fit_scale.h"
#include "sw/compiler/reference/reference_executor.h"
#include "tests/fresh_seed.h"
#include "tests/sw/compiler/models_folder.h"
#include "tests/sw/compiler/random_network.h"

namespace ohmic {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// One fully connected layer of two inputs and two outputs: everything below can be computed by hand.
integer_graph tiny_layer() {
  integer_graph g;
  g.tensors = {{"image", 2, 1, 1, 0.5f, -1, {}}, {"fc", 2, 1, 1, 0, -1, {}}};
  graph_node input;
  input.name = "image";
  input.output = 0;
  graph_node fc;
  fc.operation = make_operation(node_kind::logits);
  fc.name = "fc";
  fc.inputs = {0};
  fc.output = 1;
  fc.layer().in_channels = fc.layer().out_channels = 2;
  fc.layer().weights = {100, 27, -50, 0};  // [out][in]
  fc.layer().weight_scale = {0.25f, 0.125f};
  fc.layer().bias = {3, -4};
  g.nodes = {input, fc};
  link_tensors(g);
  return g;
}
feature_map pixel(int a, int b) {
  feature_map map(2, 1, 1);
  map.data = {static_cast<std::int8_t>(a), static_cast<std::int8_t>(b)};
  return map;
}

TEST(Calibrate, ScalesTheAdcSoThatThe9999thTenThousandthIsFullScale) {
  // |sums|: 100*10 + 27*2 = 1054 and 500. Of two values 99.99 % are both, so p = 1054.
  const integer_graph g = calibrate(tiny_layer(), {pixel(10, 2)});
  const crossbar_layer& l = g.nodes[1].layer();
  // inv = 127/1054 = 0.120493; 2^18 * inv = 31586.5..., 2^19 would pass 32767
  EXPECT_EQ(l.adc.s, 18u);
  EXPECT_EQ(l.adc.m, 31587);
  EXPECT_EQ(adc_code(1054, l.adc), 127);
  // logits: M = 0.5 * 0.25 * (2^18/31587) = 1.037393; s = 14: rint(16996.65) = 16997, the other half of it
  EXPECT_EQ(l.requantise.s, 14u);
  EXPECT_THAT(l.requantise.m, ElementsAre(16997, 8498));
  // b = 3 * 0.125 * 2^14 and -4 * 0.0625 * 2^14, without rounding term
  EXPECT_THAT(l.requantise.b, ElementsAre(6144, -4096));
}

calibration_options digital(std::set<std::string> layers) {
  calibration_options options;
  options.digital = std::move(layers);
  return options;
}

TEST(Calibrate, ADigitalLayerHasExactSumsAndAsManyBitsAsFit) {
  const integer_graph g = calibrate(tiny_layer(), {pixel(10, 2)}, digital({"fc"}));
  const crossbar_layer& l = g.nodes[1].layer();
  EXPECT_TRUE(l.digital);
  EXPECT_TRUE(l.row_sets.empty());
  // M = 0.5 * 0.25 = 2^-3 and 2^-4: 2^18 would make the first m 2^15. Sums of at most 127 * 128 leave room.
  EXPECT_EQ(l.requantise.s, 17u);
  EXPECT_THAT(l.requantise.m, ElementsAre(16384, 8192));
  EXPECT_THAT(l.requantise.b, ElementsAre(49152, -32768));
}

TEST(Calibrate, RefusesADigitalLayerThatThereIsNot) {
  EXPECT_THROW(calibrate(tiny_layer(), {pixel(1, 1)}, digital({"conv9"})), graph_error);
}

TEST(Calibrate, DigitalOutputsAreTheRealOnesRounded) {
  const unsigned seed = fresh_seed();
  RecordProperty("seed", std::to_string(seed));
  std::mt19937 random(seed);
  integer_graph g = random_network(random, 3, 15, 12);
  const feature_map image = random_image(random, g.input());
  // A scale at which outputs fill their range: sums of 27 products of two random bytes deviate by 28,000.
  for (float& scale : g.nodes[1].layer().weight_scale) scale = 0.02f * 60 / 28000 * 64;
  g = calibrate(std::move(g), {image}, digital({"conv1", "main", "down", "fc"}));
  const crossbar_layer& l = g.nodes[1].layer();
  const feature_map found = reference_executor(g).run(image, true).maps[1];
  int inside = 0;
  for (int x = 0; x < found.width; ++x)
    for (int y = 0; y < found.height; ++y)
      for (int c = 0; c < found.channels; ++c) {
        std::int64_t sum = l.bias[static_cast<std::size_t>(c)];
        for (int i = 0; i < 3; ++i)
          for (int ky = 0; ky < 3; ++ky)
            for (int kx = 0; kx < 3; ++kx) {
              const int ix = 2 * x - 1 + kx, iy = 2 * y - 1 + ky;
              if (ix >= 0 && iy >= 0 && ix < image.width && iy < image.height)
                sum += l.weight(c, i, ky, kx) * image.at(ix, iy, i);
            }
        const double real = double(sum) / 64 * l.weight_scale[static_cast<std::size_t>(c)] / double{0.02f};
        EXPECT_NEAR(found.at(x, y, c), std::min(127.0, std::max(0.0, real)), 0.55) << "seed " << seed;
        inside += real > 0 && real < 127;
      }
  EXPECT_GT(inside, 100) << "outputs that stand at no end";
}

TEST(Calibrate, MetadataSayWhichLayersAreDigital) {
  std::mt19937 random(6);
  const integer_graph g = random_network(random, 3, 15, 12);
  const integer_graph calibrated = calibrate(g, {random_image(random, g.input())}, digital({"main", "fc"}));
  integer_graph read = g;
  read_calibration(write_calibration(calibrated), read);
  check_graph(read);
  for (std::size_t n = 0; n < g.nodes.size(); ++n) {
    if (!g.nodes[n].has_layer()) continue;
    const crossbar_layer &a = calibrated.nodes[n].layer(), &b = read.nodes[n].layer();
    EXPECT_EQ(b.digital, g.nodes[n].name == "main" || g.nodes[n].name == "fc");
    EXPECT_EQ(a.row_sets, b.row_sets);
    EXPECT_EQ(a.requantise.m, b.requantise.m);
    EXPECT_EQ(a.requantise.b, b.requantise.b);
    EXPECT_EQ(a.requantise.s, b.requantise.s);
  }
}

TEST(Calibrate, IgnoresTheLargestTenThousandthOfTheSums) {
  std::vector<feature_map> images(9999, pixel(1, 0));  // sums 100 and -50
  images.push_back(pixel(127, 127));                   // one image of ten thousand: 16129 and 6350
  const integer_graph g = calibrate(tiny_layer(), images);
  EXPECT_EQ(g.nodes[1].layer().adc.m, 16384) << "20000 values: two may be larger than p = 100, so the scale is 1";
  EXPECT_EQ(g.nodes[1].layer().adc.s, 14u);
}

TEST(Calibrate, NeverAmplifiesSmallSums) {
  for (const feature_map& image : {pixel(0, 0), pixel(1, 0)}) {
    const integer_graph g = calibrate(tiny_layer(), {image});
    EXPECT_EQ(adc_code(77, g.nodes[1].layer().adc), 77);
  }
}

TEST(Calibrate, ResultDoesNotDependOnThreadsOrAnEarlierCalibration) {
  std::mt19937 random(5);
  const integer_graph g = random_network(random, 3, 15, 12);
  std::vector<feature_map> images;
  for (int i = 0; i < 5; ++i) images.push_back(random_image(random, g.input()));
  const integer_graph one = calibrate(g, images, {64, 1});
  const integer_graph three = calibrate(g, images, {64, 3});
  const integer_graph again = calibrate(calibrate(g, {images[0]}, {256, 0}), images, {64, 2});
  EXPECT_EQ(write_calibration(one), write_calibration(three));
  EXPECT_EQ(write_calibration(one), write_calibration(again));
}

// The point of it all: with its ADC the network still computes what the scales say.
TEST(Calibrate, KeepsTheNetworkCloseToItsRealValues) {
  std::mt19937 random(11);
  const integer_graph g = random_network(random, 3, 33, 31);
  std::vector<feature_map> images;
  for (int i = 0; i < 4; ++i) images.push_back(random_image(random, g.input()));
  const integer_graph calibrated = calibrate(g, images);
  const auto adc = reference_executor(calibrated).run(images[0], true);
  const auto exact = reference_executor(g, reference_mode::exact).run(images[0], true);
  double distance = 0, size = 0;
  for (std::size_t i = 0; i < adc.maps[1].data.size(); ++i) {
    distance += std::pow(adc.maps[1].data[i] - exact.maps[1].data[i], 2);
    size += std::pow(exact.maps[1].data[i], 2);
  }
  EXPECT_LT(std::sqrt(distance / size), 0.03);
}

TEST(Calibrate, TellsProgressNodeByNode) {
  std::mt19937 random(5);
  const integer_graph g = random_network(random, 3, 9, 9);
  std::vector<std::string> names;
  calibrate(g, {random_image(random, g.input())}, {}, [&](const std::string& name, int position, int nodes) {
    names.push_back(name);
    EXPECT_EQ(position, static_cast<int>(names.size()));
    EXPECT_EQ(nodes, 7);
  });
  EXPECT_THAT(names, ElementsAre("conv1", "maxpool", "main", "down", "add", "avgpool", "fc"));
}

TEST(Calibrate, RefusesWhatHasNoRoomNamingTheNode) {
  const auto complaint = [](integer_graph g, const std::vector<feature_map>& images, int rows) -> std::string {
    try {
      calibrate(std::move(g), images, {rows, 1});
    } catch (const graph_error& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_THAT(complaint(tiny_layer(), {}, 256), HasSubstr("at least one image"));
  EXPECT_THAT(complaint(tiny_layer(), {feature_map(2, 1, 2)}, 256), HasSubstr("size"));
  integer_graph g = tiny_layer();
  g.nodes[1].layer().weight_scale[0] = 1e6f;
  EXPECT_THAT(complaint(g, {pixel(1, 1)}, 256), AllOf(HasSubstr("'fc'"), HasSubstr("15-bit")));
  g = tiny_layer();
  g.nodes[1].layer().bias[1] = 2000000000;
  g.nodes[1].layer().weight_scale[1] = 5;
  EXPECT_THAT(complaint(g, {pixel(1, 1)}, 256), AllOf(HasSubstr("bias of channel 1"), HasSubstr("32 bits")));
  for (const int bias : {2'000'000'000, -2'000'000'000})
    for (const bool digital : {false, true}) {
      g = tiny_layer();
      g.nodes[1].layer().bias[1] = bias;
      g.nodes[1].layer().weight_scale[1] = 5;
      g.nodes[1].layer().digital = digital;
      std::string text;
      try {
        calibration_options options;
        options.rows = 256;
        if (digital) options.digital = {g.nodes[1].name};
        calibrate(g, {pixel(1, 1)}, options);
      } catch (const graph_error& error) {
        text = error.what();
      }
      EXPECT_THAT(text, AllOf(HasSubstr("bias of channel 1"), HasSubstr("32 bits"))) << bias << " " << digital;
    }
  std::mt19937 random(5);
  g = random_network(random, 3, 9, 9);
  EXPECT_THAT(complaint(g, {random_image(random, g.input())}, 2), AllOf(HasSubstr("'conv1'"), HasSubstr("3 wide")));
}

/// image -> average pool -> fc.
integer_graph pool_of(int height, int width, float pool_scale) {
  integer_graph g = tiny_layer();
  g.tensors[0].height = height;
  g.tensors[0].width = width;
  g.tensors.insert(g.tensors.begin() + 1, graph_tensor{"pool", 2, 1, 1, pool_scale, -1, {}});
  graph_node pool;
  pool.operation = make_operation(node_kind::average_pool);
  pool.name = "pool";
  pool.inputs = {0};
  pool.output = 1;
  g.nodes[1].inputs = {1};
  g.nodes[1].output = 2;
  g.nodes.insert(g.nodes.begin() + 1, pool);
  link_tensors(g);
  return g;
}

TEST(Calibrate, AnAverageOfAnyPixelsThatFit32BitsIsExactToHalfAStep) {
  for (int pixels : {1, 49, 511, 512, 513, 1023, 1024, 1056, 4096, 65536, 66052}) {
    SCOPED_TRACE(std::to_string(pixels) + " pixels");
    const integer_graph g = calibrate(pool_of(1, pixels, 0.5f), {feature_map(2, 1, pixels)});
    const average_pool& a = g.nodes[1].average();
    for (int value : {-128, -77, 1, 127}) {  // the average of `pixels` equal values is the value
      const std::int64_t product = std::int64_t{value} * pixels * a.m + (std::int64_t{1} << (a.s - 1));
      EXPECT_LE(std::abs(product), std::int64_t{1} << 31);
      EXPECT_EQ(product >> a.s, value);
    }
    EXPECT_TRUE(pixels > 511 || a.m >= 1 << 14) << "no bit is given away: " << a.m;
  }
  try {
    calibrate(pool_of(1, 70000, 0.5f), {feature_map(2, 1, 70000)});
    FAIL() << "127 * 70000 is more than 2^23, and 128 * 2^24 does not fit 32 bits";
  } catch (const graph_error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("'pool'"), HasSubstr("70000 pixels"), HasSubstr("32 bits")));
  }
}

TEST(Calibrate, ALargeBiasTakesBitsFromTheMultipliers) {
  integer_graph g = tiny_layer();
  g.nodes[1].layer().bias = {2'000'000'000, -4};  // real: 2.5e8; with the 14 bits of a small one 4.1e12
  g = calibrate(g, {pixel(10, 2)});
  const requantise_constants& r = g.nodes[1].layer().requantise;
  EXPECT_EQ(r.s, 3u) << "2.5e8 * 2^3 is the last below 2^31";
  EXPECT_EQ(r.b[0], 2'000'000'000);
  g.nodes[1].layer().weight_scale = {4.f, 0.125f};
  EXPECT_THROW(calibrate(g, {pixel(10, 2)}), graph_error) << "4e9 with any shift";
}

// Codes are -128 .. 127 and b = bias * 0.125 * 2^s; with s = 14, m = 16997: 128 * 16997 + 2048 * bias <= 2^31 - 1 for
// biases up to 1047513.
TEST(Calibrate, TheSumOfBiasAndAnyCodesFits32Bits) {
  for (const auto& [bias, shift] :
       {std::pair{1'047'513, 14u}, {1'047'514, 13u}, {-1'047'513, 14u}, {-1'047'514, 13u}}) {
    integer_graph g = tiny_layer();
    g.nodes[1].layer().bias[0] = bias;
    const requantise_constants r = calibrate(g, {pixel(10, 2)}).nodes[1].layer().requantise;
    EXPECT_EQ(r.s, shift) << bias;
    for (std::size_t c = 0; c < 2; ++c)
      EXPECT_LE(std::abs(std::int64_t{r.b[c]}) + 128 * std::int64_t{r.m[c]}, INT32_MAX) << bias;
  }
}

TEST(FitShift, IsTheLargestShiftWithinTheLimit) {
  EXPECT_EQ(fit_shift(1.0), 14u) << "2^15 would not fit";
  EXPECT_EQ(fit_shift(32767.0 / 32768), 15u);
  EXPECT_EQ(fit_shift(32767.4 / 32768), 15u) << "rounds to 32767";
  EXPECT_EQ(fit_shift(1e-9), 30u);
  EXPECT_EQ(fit_shift(16383.25), 1u);
  EXPECT_EQ(fit_shift(16384.0), 0u) << "no shift fits";
  EXPECT_EQ(scaled(0.75, 1), 2) << "halves to even";
  EXPECT_EQ(scaled(1.25, 1), 2);
}

class ExampleCalibration : public ::testing::TestWithParam<std::string> {};

TEST_P(ExampleCalibration, EqualsTheNumpyCalibrationNumberForNumber) {
  const auto folder = example_network(GetParam());
  if (!folder) GTEST_SKIP() << GetParam() << " is not built (scripts/test builds it)";
  const integer_graph g = import_onnx(*folder + "/" + GetParam() + ".onnx");
  const integer_graph expected = import_onnx(*folder + "/" + GetParam() + "_calibrated.onnx");
  std::vector<feature_map> images;
  for (const std::string& path : list_images(*folder + "/calibration")) images.push_back(image_quantiser(g).load(path));
  ASSERT_EQ(static_cast<int>(images.size()), expected.calibration_images);
  EXPECT_EQ(write_calibration(calibrate(g, images, {expected.rows, 0})), write_calibration(expected));
}

INSTANTIATE_TEST_SUITE_P(Built, ExampleCalibration,
                         ::testing::Values("resnet_micro", "resnet_mini", "resnet_tiny", "resnet18"),
                         [](const auto& network) { return network.param; });

// On ideal crossbars: every map is the same, logits are worth half as much each.
TEST(CopyLayers, ChangesNoBitWithoutNoise) {
  const std::uint32_t seed = fresh_seed();
  std::mt19937 random(seed);
  for (int round = 0; round < 8; ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + " round " + std::to_string(round));
    const integer_graph plain = random_network(random, 5, 9, 11);
    std::vector<feature_map> images;
    for (int i = 0; i < 3; ++i) images.push_back(random_image(random, plain.input()));
    calibration_options options;
    options.rows = 64;
    const integer_graph one = calibrate(plain, images, options);
    std::map<std::string, unsigned> copies;
    for (const char* name : {"conv1", "main", "down", "fc"}) copies[name] = 1u << random() % 3;
    const integer_graph more = copy_layers(one, copies);
    for (const graph_node& node : more.nodes)
      if (node.has_layer()) EXPECT_EQ(node.layer().copies(), copies.at(node.name)) << node.name;
    for (const feature_map& image : images) {
      const auto expected = reference_executor(one).run(image, true), found = reference_executor(more).run(image, true);
      ASSERT_EQ(found.maps.size(), expected.maps.size());
      for (std::size_t t = 0; t < found.maps.size(); ++t) EXPECT_EQ(found.maps[t].data, expected.maps[t].data) << t;
      for (std::size_t c = 0; c < found.logits.size(); ++c)
        EXPECT_EQ(found.logits[c], expected.logits[c] * static_cast<int>(copies.at("fc")));
    }
    EXPECT_EQ(more.nodes.back().layer().requantise.s - one.nodes.back().layer().requantise.s,
              copies.at("fc") == 4 ? 2u : copies.at("fc") - 1);
  }
}

/// The map of a layer without a residual: the first channels are those of the layer on crossbars, bit for bit, and the
/// others are as near to its exact real outputs as those of the layer on cores.
TEST(SplitColumns, FirstChannelsStayAsTheyAreAndOthersAreExact) {
  const std::uint32_t seed = fresh_seed();
  std::mt19937 random(seed);
  for (int round = 0; round < 8; ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + " round " + std::to_string(round));
    integer_graph plain = random_network(random, 5, 9, 11);
    for (float& scale : plain.nodes[1].layer().weight_scale) scale = 0.02f * 60 / 35000 * 64;
    const std::vector<feature_map> images{random_image(random, plain.input())};
    const integer_graph analog = calibrate(plain, images), digital = put_on_cores(analog, {"conv1"});
    const int first = 1 + static_cast<int>(random() % 19);
    const integer_graph split = split_columns(analog, {{"conv1", first}});
    const feature_map found = reference_executor(split).run(images[0], true).maps[1],
                      codes = reference_executor(analog).run(images[0], true).maps[1],
                      exact = reference_executor(digital).run(images[0], true).maps[1];
    ASSERT_EQ(found.channels, 20);
    int changed = 0;
    for (int x = 0; x < found.width; ++x)
      for (int y = 0; y < found.height; ++y)
        for (int c = 0; c < found.channels; ++c) {
          if (c < first)
            EXPECT_EQ(found.at(x, y, c), codes.at(x, y, c));
          else
            EXPECT_NEAR(found.at(x, y, c), exact.at(x, y, c), 1);
          changed += found.at(x, y, c) != codes.at(x, y, c);
        }
    EXPECT_GT(changed, 0) << "the ADC's rounding is gone where sums are exact";
    const graph_node &crossbars = split.nodes[1], &cores = split.nodes[2];
    EXPECT_EQ(crossbars.name, "conv1[0:" + std::to_string(first) + "]");
    EXPECT_TRUE(crossbars.on_crossbar());
    EXPECT_EQ(crossbars.layer().row_sets, analog.nodes[1].layer().row_sets);
    EXPECT_EQ(cores.name, "conv1[" + std::to_string(first) + ":20]");
    EXPECT_TRUE(cores.layer().digital);
  }
}

TEST(SplitColumns, AreReadBackFromTheirMetadata) {
  std::mt19937 random(7);
  const integer_graph plain = random_network(random, 5, 9, 11);
  const std::vector<feature_map> images{random_image(random, plain.input()), random_image(random, plain.input())};
  const integer_graph split = split_columns(calibrate(plain, images), {{"main", 5}, {"conv1", 8}});
  integer_graph read = plain;
  read_calibration(write_calibration(split), read);
  check_graph(read);
  ASSERT_EQ(read.nodes.size(), split.nodes.size());
  EXPECT_EQ(write_calibration(read), write_calibration(split));
  for (const feature_map& image : images) {
    const auto expected = reference_executor(split).run(image, true), found = reference_executor(read).run(image, true);
    EXPECT_EQ(found.logits, expected.logits);
    for (std::size_t t = 0; t < plain.tensors.size(); ++t) EXPECT_EQ(found.maps[t].data, expected.maps[t].data) << t;
  }
}

TEST(SplitColumns, BrokenMetadataAreRefused) {
  std::mt19937 random(8);
  const integer_graph plain = random_network(random, 5, 9, 11);
  const std::string whole =
      write_calibration(split_columns(calibrate(plain, {random_image(random, plain.input())}), {{"main", 5}}));
  const auto refusal = [&](const std::string& from, const std::string& to) -> std::string {
    std::string text = whole;
    const auto at = text.find(from);
    if (at == std::string::npos) return "'" + from + "' is not there";
    text.replace(at, from.size(), to);
    integer_graph read = plain;
    try {
      read_calibration(text, read);
    } catch (const import_error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refusal("\"images\":1", "\"images\":2"), "");
  EXPECT_THAT(refusal("\"outputs\":[5,13]", "\"outputs\":[6,13]"), AllOf(HasSubstr("'main'"), HasSubstr("[6,13]")));
  EXPECT_THAT(refusal("\"outputs\":[5,13]", "\"outputs\":[5,12]"), AllOf(HasSubstr("12"), HasSubstr("13")));
  EXPECT_THAT(refusal("\"main\":{", "\"won\":{"), HasSubstr("'won'"));
}

TEST(SplitColumns, SaysWhatItCannotSplit) {
  std::mt19937 random(1);
  const integer_graph plain = random_network(random, 5, 9, 11);
  calibration_options options;
  options.digital = {"down"};
  const integer_graph graph = calibrate(plain, {random_image(random, plain.input())}, options);
  const auto refusal = [&](const std::string& name, int channels) -> std::string {
    try {
      split_columns(graph, {{name, channels}});
    } catch (const graph_error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(refusal("won", 2), HasSubstr("no layer 'won'"));
  EXPECT_THAT(refusal("maxpool", 2), HasSubstr("no layer 'maxpool'"));
  EXPECT_THAT(refusal("down", 2), AllOf(HasSubstr("'down'"), HasSubstr("on cores")));
  EXPECT_THAT(refusal("fc", 2), AllOf(HasSubstr("'fc'"), HasSubstr("outputs")));
  EXPECT_THAT(refusal("main", 13), AllOf(HasSubstr("'main'"), HasSubstr("has 13")));
  EXPECT_THAT(refusal("main", 0), HasSubstr("has 13"));
  EXPECT_EQ(refusal("main", 12), "");
}

/// Ideal crossbars and cores make the same codes, so that nothing that the network computes changes: maps that stand in
/// both, and logits.
TEST(RowsOnCores, NothingChangesWithoutNoise) {
  const std::uint32_t seed = fresh_seed();
  RecordProperty("seed", std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 12; ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + " round " + std::to_string(round));
    integer_graph plain = random_network(random, 5, 9 + static_cast<int>(random() % 9), 11);
    for (std::int8_t& w : plain.nodes[3].layer().weights)
      w = static_cast<std::int8_t>(w / 4);  // as sums of networks are
    const std::vector<feature_map> images{random_image(random, plain.input()), random_image(random, plain.input())};
    calibration_options options;
    options.rows = std::array{9, 20, 27, 40, 64}[random() % 5];
    const integer_graph analog = calibrate(plain, images, options);
    const std::size_t all = analog.nodes[3].layer().row_sets.size(), moved = 1 + random() % (all - 1);
    const integer_graph both = put_rows_on_cores(analog, {{"main", moved}});
    ASSERT_EQ(both.nodes.size(), analog.nodes.size() + moved);
    const graph_node& main = both.nodes[3 + moved];
    EXPECT_EQ(main.name, "main");
    EXPECT_EQ(main.layer().row_sets.size(), all - moved);
    EXPECT_EQ(main.inputs.size(), 1 + moved);
    EXPECT_EQ(both.nodes[3].name, "main.set" + std::to_string(all - moved));
    EXPECT_EQ(all_row_sets(both, main), analog.nodes[3].layer().row_sets);
    for (const feature_map& image : images) {
      const auto expected = reference_executor(analog).run(image, true),
                 found = reference_executor(both).run(image, true);
      EXPECT_EQ(found.logits, expected.logits);
      for (std::size_t t = 0; t < expected.maps.size(); ++t) EXPECT_EQ(found.maps[t].data, expected.maps[t].data) << t;
      EXPECT_EQ(reference_executor(both, reference_mode::exact).run(image).logits,
                reference_executor(analog, reference_mode::exact).run(image).logits)
          << "sums without ADCs are those of the whole layer";
    }
    integer_graph back = both;
    put_rows_back(back, "main");
    EXPECT_EQ(write_calibration(back), write_calibration(analog));
    EXPECT_EQ(back.tensors.size(), analog.tensors.size());
    EXPECT_EQ(reference_executor(back).run(images[0]).logits, reference_executor(analog).run(images[0]).logits);
    EXPECT_EQ(write_calibration(put_on_cores(both, {"main"})), write_calibration(put_on_cores(analog, {"main"})));
    EXPECT_EQ(write_calibration(calibrate(both, images, options)), write_calibration(analog));
    const std::size_t other = 1 + random() % (all - 1);
    EXPECT_EQ(write_calibration(put_rows_on_cores(both, {{"main", other}})),
              write_calibration(put_rows_on_cores(analog, {{"main", other}})));
  }
}

TEST(RowsOnCores, AreReadBackFromTheirMetadata) {
  std::mt19937 random(7);
  const integer_graph plain = random_network(random, 5, 9, 11);
  calibration_options options;
  options.rows = 40;
  const feature_map image = random_image(random, plain.input());
  const integer_graph both = put_rows_on_cores(calibrate(plain, {image}, options), {{"main", 2}, {"conv1", 1}});
  const std::string text = write_calibration(both);
  integer_graph read = plain;
  read_calibration(text, read);
  check_graph(read);
  ASSERT_EQ(read.nodes.size(), both.nodes.size());
  EXPECT_EQ(write_calibration(read), text);
  EXPECT_EQ(reference_executor(read).run(image).logits, reference_executor(both).run(image).logits);
  const auto refusal = [&](const std::string& to) -> std::string {
    std::string broken = text;
    const std::string from = "\"sets_on_cores\":2";
    broken.replace(broken.find(from), from.size(), "\"sets_on_cores\":" + to);
    integer_graph again = plain;
    try {
      read_calibration(broken, again);
    } catch (const import_error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refusal("1"), "");
  EXPECT_THAT(refusal("99"), AllOf(HasSubstr("'main'"), HasSubstr("99")));
  EXPECT_THAT(refusal("-1"), HasSubstr("'main'"));
  EXPECT_THAT(refusal("true"), HasSubstr("'main'"));
}

TEST(RowsOnCores, SaysWhatCannotBeMoved) {
  std::mt19937 random(1);
  const integer_graph plain = random_network(random, 5, 9, 11);
  calibration_options options;
  options.digital = {"down"};
  options.rows = 64;
  const integer_graph graph = calibrate(plain, {random_image(random, plain.input())}, options);
  const auto refusal = [&](const integer_graph& of, const std::string& name, std::size_t sets) -> std::string {
    try {
      put_rows_on_cores(of, {{name, sets}});
    } catch (const graph_error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(refusal(graph, "won", 1), HasSubstr("no layer 'won'"));
  EXPECT_THAT(refusal(graph, "maxpool", 1), HasSubstr("no layer 'maxpool'"));
  EXPECT_THAT(refusal(graph, "down", 1), AllOf(HasSubstr("'down'"), HasSubstr("on cores")));
  EXPECT_THAT(refusal(graph, "conv1", 1), AllOf(HasSubstr("'conv1'"), HasSubstr("one row set")));
  EXPECT_THAT(refusal(graph, "main", 3), AllOf(HasSubstr("'main'"), HasSubstr("has 3")));
  EXPECT_THAT(refusal(graph, "main", 0), HasSubstr("has 3"));
  EXPECT_EQ(refusal(graph, "main", 2), "");
  EXPECT_THAT(refusal(copy_layers(graph, {{"main", 2}}), "main", 1), AllOf(HasSubstr("'main'"), HasSubstr("copies")));
  integer_graph fine = graph;
  fine.nodes[3].layer().adc = {32767, 25};
  EXPECT_THAT(refusal(fine, "main", 1), AllOf(HasSubstr("'main.set2'"), HasSubstr("adc.s = 25")));
  fine.nodes[3].layer().adc = {32766, 25};
  EXPECT_EQ(refusal(fine, "main", 1), "") << "half of it and one bit less";
  integer_graph grouped = graph;
  grouped.nodes[3].layer().groups = 2;
  EXPECT_THAT(refusal(grouped, "main", 1), HasSubstr("2 groups"));

  const integer_graph both = put_rows_on_cores(graph, {{"main", 1}});
  const auto next = [&](const auto& change) -> std::string {
    try {
      change();
    } catch (const graph_error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(next([&] { copy_layers(both, {{"main", 2}}); }), HasSubstr("'main'"));
  EXPECT_THAT(next([&] { split_columns(both, {{"main", 2}}); }), HasSubstr("'main'"));
  EXPECT_THAT(next([&] { put_on_cores(both, {"won"}); }), HasSubstr("'won'"));
  for (const auto& breaks : std::vector<std::function<void(integer_graph&)>>{
           [](integer_graph& g) { g.nodes[3].layer().weights[5] ^= 1; },
           [](integer_graph& g) { ++g.nodes[3].layer().requantise.b[2]; },
           [](integer_graph& g) { ++g.nodes[3].layer().window.pad_y; },
           [](integer_graph& g) { ++g.nodes[3].layer().first_channel; },
           [](integer_graph& g) { g.nodes[3].layer().requantise.lo = 0; },
           [](integer_graph& g) { g.nodes[4].inputs.pop_back(), link_tensors(g); },
           [](integer_graph& g) { g.nodes[3].inputs[0] = 0, link_tensors(g); },
           [](integer_graph& g) { g.nodes[4].layer().row_sets.pop_back(); }}) {
    integer_graph broken = both;
    breaks(broken);
    EXPECT_THROW(check_graph(broken), graph_error);
  }
}

TEST(CopyLayers, SaysWhatItCannotCopy) {
  std::mt19937 random(1);
  integer_graph plain = random_network(random, 5, 9, 11);
  const std::vector<feature_map> images{random_image(random, plain.input())};
  calibration_options options;
  options.digital = {"down"};
  const integer_graph graph = calibrate(plain, images, options);
  const auto refusal = [](const integer_graph& g, const std::map<std::string, unsigned>& copies) -> std::string {
    try {
      copy_layers(g, copies);
    } catch (const graph_error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(refusal(graph, {{"won", 2}}), HasSubstr("no layer 'won'"));
  EXPECT_THAT(refusal(graph, {{"down", 2}}), AllOf(HasSubstr("'down'"), HasSubstr("on cores")));
  EXPECT_THAT(refusal(graph, {{"main", 3}}), HasSubstr("power of two"));
  EXPECT_THAT(refusal(copy_layers(graph, {{"main", 2}}), {{"main", 2}}), HasSubstr("already"));
  // m * 128 codes of a set and b, twice, leave 32 bits; or the shift has no bit left.
  integer_graph large = graph;
  requantise_constants& r = large.nodes[1].layer().requantise;
  r.b[3] = 1'073'741'824 - 128 * r.m[3] * static_cast<int>(large.nodes[1].layer().row_sets.size());
  EXPECT_THAT(refusal(large, {{"conv1", 2}}), AllOf(HasSubstr("'conv1'"), HasSubstr("room for 1 copy")));
  EXPECT_EQ(most_copies(large.nodes[1].layer(), 4), 1u);
  --r.b[3];
  EXPECT_EQ(refusal(large, {{"conv1", 2}}), "");
  EXPECT_EQ(most_copies(large.nodes[1].layer(), 4), 2u);
  r.b[3] = 0;
  r.s = 29;
  EXPECT_EQ(most_copies(large.nodes[1].layer(), 4), 2u);
  EXPECT_EQ(most_copies(graph.nodes[4].layer(), 4), 1u) << "on cores";
}

}  // namespace
}  // namespace ohmic
