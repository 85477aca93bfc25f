// `ohmic evaluate` on a network whose answers are known: its parts' accuracies, their intervals, who is taken for whom.
#include "platform/experiment/evaluate_network.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "host/whole_file.h"
#include "platform/config/config_error.h"
#include "platform/experiment/locations.h"
#include "tests/host/scratch_folder.h"
#include "tests/sw/compiler/images/npz_file.h"
#include "tests/sw/compiler/onnx/float_builder.h"

namespace ohmic {
namespace {

using ::testing::ContainsRegex;
using ::testing::DoubleNear;
using ::testing::HasSubstr;
using ::testing::Not;

// Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I,
// method 3; and both ends.
TEST(ConfidenceInterval, IsWilsons) {
  struct row {
    std::size_t right, images;
    double least, greatest;
  };
  for (const row& r : {row{81, 263, .2553, .3662},
                       {15, 148, .0624, .1605},
                       {0, 20, 0, .1611},
                       {1, 29, .0061, .1718},
                       {20, 20, .8389, 1},
                       {28, 29, .8282, .9939}}) {
    const confidence_interval i = interval_of({r.right, r.images});
    EXPECT_THAT(i.least, DoubleNear(r.least, 5e-5)) << r.right << " of " << r.images;
    EXPECT_THAT(i.greatest, DoubleNear(r.greatest, 5e-5)) << r.right << " of " << r.images;
    EXPECT_GE(i.least, 0);
    EXPECT_LE(i.greatest, 1);
  }
  const confidence_interval nothing = interval_of({0, 0});
  EXPECT_EQ(nothing.least, 0);
  EXPECT_EQ(nothing.greatest, 1) << "of no image nothing is known";
  EXPECT_EQ((accuracy{0, 0}.share()), 0);
  EXPECT_EQ((accuracy{3, 4}.share()), .75);
}

TEST(ClassOfSums, IsThatOfTheGreatestRealNumber) {
  integer_graph graph;
  graph.nodes.resize(1);
  graph.nodes[0].operation = make_operation(node_kind::logits);
  graph.nodes[0].layer().weight_scale = {4, 1, 1, 1};
  EXPECT_EQ(class_of_sums(graph, {2, 7, 0, 0}), 0) << "8 and 7";
  EXPECT_EQ(class_of_sums(graph, {2, 9, 9, 0}), 1) << "of equals the first";
  std::vector<std::int32_t> sums{1, 5, 3, 100};
  sums.pop_back();
  EXPECT_EQ(class_of_sums(graph, sums), 1) << "what lies behind the sums is none";
}

class EvaluateNetwork : public ScratchFolder {
 protected:
  /// The logits of (a, b, c) are a, b / 2, 2 c.
  EvaluateNetwork() {
    float_builder b(3, 1, 1);
    b.output(b.gemm("fc", b.flat("image"), 3, 3, {1, 0, 0, 0, 0.5f, 0, 0, 0, 2}, {0, 0, 0}));
    auto* labels = b.model.add_metadata_props();
    labels->set_key("ohmic.labels");
    labels->set_value(R"(["ant", "bee"])");
    write("net.onnx", b.bytes());
    write("other.npz", data({{0, 0}, {1, 1}, {2, 2}}));
    // Six of ten are right.
    write("data.npz", data({{0, 0}, {0, 1}, {1, 1}, {2, 2}, {0, 0}, {2, 0}, {0, 1}, {1, 2}, {2, 2}, {0, 0}}));
    request.model = path("net.onnx");
    request.data = path("data.npz");
    request.calibration = path("other.npz");
    request.input = pixel_conversion{};
    request.threads = 2;
    request.quiet = true;
    request.json = path("report.json");
  }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
  }
  /// Samples of a label and the class that the network takes them for: rarely that of the greatest value.
  static std::string data(const std::vector<std::pair<int, int>>& samples) {
    const std::vector<std::vector<std::uint8_t>> taken_for{{60, 100, 10}, {20, 127, 20}, {100, 20, 60}};
    std::vector<std::uint8_t> x;
    std::vector<std::int64_t> y;
    for (const auto& [label, answer] : samples) {
      const auto& values = taken_for[static_cast<std::size_t>(answer)];
      x.insert(x.end(), values.begin(), values.end());
      y.push_back(label);
    }
    const std::string n = std::to_string(samples.size());
    return zip_file({{"x.npy", npy_file("|u1", n + ", 3", x)}, {"y.npy", npy_file("<i8", n + ",", y)}});
  }
  nlohmann::json report() const {
    evaluate_network(request);
    return nlohmann::json::parse(read_whole_file(request.json));
  }

  evaluation_request request;
};

TEST_F(EvaluateNetwork, CountsWhatIsRightAndWhoIsTakenForWhom) {
  const nlohmann::json r = report();
  EXPECT_EQ(r["images"], 10);
  EXPECT_EQ(r["skipped"], 0);
  EXPECT_EQ(r["confusion"], nlohmann::json::parse("[[3, 2, 0], [0, 1, 1], [1, 0, 2]]"));
  EXPECT_EQ(r["classes"], nlohmann::json::parse(R"(["ant", "bee", "class 2"])"));
  for (const char* way : {"float", "int8", "int8_adc"}) {
    EXPECT_EQ(r[way]["right"], 6) << way;
    EXPECT_EQ(r[way]["images"], 10) << way;
    EXPECT_EQ(r[way]["accuracy"], .6) << way;
    EXPECT_NEAR(r[way]["interval_95"][0], .31267, 1e-5) << way;
    EXPECT_NEAR(r[way]["interval_95"][1], .83182, 1e-5) << way;
  }
  for (const char* loss : {"loss_points", "loss_adc_points", "loss_int8_points"}) EXPECT_EQ(r[loss], 0) << loss;
  EXPECT_EQ(r["calibration_images"], 3);
  EXPECT_EQ(r["rows"], 256);
}

TEST_F(EvaluateNetwork, TakesAsManyToCalibrateAsAreAskedForAndThere) {
  request.calibration_images = 2;
  EXPECT_EQ(report()["calibration_images"], 2);
  request.calibration_images = 4;
  EXPECT_THROW(evaluate_network(request), config_error) << "there are three";
}

TEST_F(EvaluateNetwork, SkipsTheFirstAndTakesAsManyAsAreAskedEvenly) {
  request.skip = 3;
  request.images = 4;
  const nlohmann::json r = report();
  EXPECT_EQ(r["images"], 4);
  EXPECT_EQ(r["skipped"], 3);
  EXPECT_EQ(r["confusion"], nlohmann::json::parse("[[1, 1, 0], [0, 0, 0], [0, 0, 2]]")) << "samples 3, 4, 6, 8";
  EXPECT_EQ(r["int8_adc"]["right"], 3);
  EXPECT_EQ(r["int8"]["right"], 3);
  EXPECT_EQ(r["float"]["right"], 3);
  request.images = 7;
  EXPECT_EQ(report()["images"], 7) << "all behind those skipped";
  request.images = 0;
  EXPECT_EQ(report()["images"], 7);
  request.images = 8;
  EXPECT_THROW(evaluate_network(request), config_error);
  request.images = 0;
  request.skip = 9;
  EXPECT_EQ(report()["images"], 1);
  request.skip = 10;
  EXPECT_THROW(evaluate_network(request), config_error);
}

TEST_F(EvaluateNetwork, LossesArePointsFromTheWayBefore) {
  // An input of 0.4 is 0 in int8 (whole numbers calibrate, so the input's scale is 1): the float network alone is
  // right.
  write("data.npz", zip_file({{"x.npy", npy_file<float>("<f4", "4, 3", {0, 0, .4f, 50, 0, 0, 0, 0, 9, 0, 9, 0})},
                              {"y.npy", npy_file<std::int64_t>("<i8", "4,", {2, 0, 2, 1})}}));
  const nlohmann::json r = report();
  EXPECT_EQ(r["float"]["right"], 4);
  EXPECT_EQ(r["int8"]["right"], 3) << "of equals the first";
  EXPECT_EQ(r["loss_int8_points"], 25);
  EXPECT_EQ(r["loss_points"].get<double>(), 100 * (1 - r["int8_adc"]["right"].get<double>() / 4));
  EXPECT_EQ(r["loss_adc_points"].get<double>(),
            100 * (r["int8"]["right"].get<double>() - r["int8_adc"]["right"].get<double>()) / 4);
}

TEST_F(EvaluateNetwork, LeavesOutWhatIsNotAskedOrNotThere) {
  request.only_adc = true;
  nlohmann::json r = report();
  EXPECT_EQ(r["int8_adc"]["right"], 6);
  for (const char* key : {"float", "int8", "loss_points", "loss_adc_points", "loss_int8_points"})
    EXPECT_FALSE(r.contains(key)) << key;
  request.only_adc = false;
  request.calibration.clear();
  EXPECT_THROW(evaluate_network(request), missing_file) << "a float network needs inputs that its scales come from";
}

TEST_F(EvaluateNetwork, ReportsAccuracyAndErrorsAtEachTime) {
  request.times_s = {1, 3.2e7};
  request.draws = 3;
  const nlohmann::json times = report()["analog"]["times"];
  ASSERT_EQ(times.size(), 2u);
  for (const auto& at : times) {
    EXPECT_EQ(at["draws"].size(), 3u);
    ASSERT_EQ(at["mvm_errors"].size(), 1u);
    EXPECT_EQ(at["mvm_errors"][0]["layer"], "fc");
    EXPECT_EQ(at["mvm_errors"][0]["values"], 8 * 3) << "three outputs of the first eight images";
    EXPECT_EQ(at["mvm_errors"][0]["histogram"].size(), 65u);
    EXPECT_EQ(at["mvm_errors"][0]["first"], -32);
  }
  EXPECT_LT(times[0]["mvm_errors"][0]["deviation"], times[1]["mvm_errors"][0]["deviation"]);
  EXPECT_GT(report()["analog"]["evaluations_per_s"], 0);
}

TEST_F(EvaluateNetwork, PrintsATableWithRecallAndPrecision) {
  request.quiet = false;
  request.json.clear();
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  evaluate_network(request);
  const std::string text = testing::internal::GetCapturedStdout();
  testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, HasSubstr("10 images, 3 classes"));
  EXPECT_THAT(text, ContainsRegex("float +60\\.00 % +31\\.27 \\.\\. 83\\.18 %\n"));
  EXPECT_THAT(text, ContainsRegex("int8 +60\\.00 % +31\\.27 \\.\\. 83\\.18 % +[+]0\\.00 points\n"));
  EXPECT_THAT(text, ContainsRegex("int8 and ADC +60\\.00 %.* [+]0\\.00 points\n"));
  EXPECT_THAT(text, HasSubstr("loss of both: 0.00 points\n"));
  EXPECT_THAT(text, ContainsRegex("ant +5 +60\\.0% +75\\.0% +bee \\(2\\)\n"));
  EXPECT_THAT(text, ContainsRegex("bee +2 +50\\.0% +33\\.3% +class 2 \\(1\\)\n"));
  EXPECT_THAT(text, ContainsRegex("class 2 +3 +66\\.7% +66\\.7% +ant \\(1\\)\n"));
  request.quiet = true;
  testing::internal::CaptureStdout();
  evaluate_network(request);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST_F(EvaluateNetwork, DrawsChipsForEachTime) {
  request.times_s = {1, 86400};
  request.draws = 3;
  request.analog.devices.programming_scale = request.analog.devices.drift_scale = 0;
  request.analog.reads = pcm::read_noise::off;
  nlohmann::json times = report()["analog"]["times"];
  ASSERT_EQ(times.size(), 2u);
  for (const auto& at : times) {
    EXPECT_EQ(at["accuracy"], .6) << "without noise that of int8 and ADC";
    EXPECT_EQ(at["deviation"], 0);
    EXPECT_EQ(at["draws"], nlohmann::json::parse("[0.6, 0.6, 0.6]"));
  }
  EXPECT_EQ(times[1]["time_s"], 86400);
  request.analog.devices.programming_scale = 30;  // wild enough for three weights
  request.draws = 20;
  times = report()["analog"]["times"];
  EXPECT_GT(times[0]["deviation"], 0) << "each draw is another chip";
  EXPECT_EQ(times[0]["draws"], report()["analog"]["times"][0]["draws"]) << "and the same ones again";
  request.analog.seed += 5;
  EXPECT_EQ(report()["analog"]["times"][0]["draws"][0], times[0]["draws"][5]) << "a seed is a chip";
  request.times_s.clear();
  EXPECT_FALSE(report().contains("analog"));
}

// Three weights: their gain is read well, and an exact one is what it is compared with.
TEST_F(EvaluateNetwork, SaysWhatGainsAreOffBy) {
  request.times_s = {1, 86400};
  request.draws = 4;
  EXPECT_FALSE(report()["analog"]["times"][0].contains("gain_error")) << "without compensation";
  request.analog.compensation = pcm::drift_compensation::global;
  for (const auto& at : report()["analog"]["times"]) {
    EXPECT_EQ(at["gain_error"]["crossbars"], 4);
    EXPECT_GT(at["gain_error"]["worst"], at["gain_error"]["mean"]);
    EXPECT_GT(at["gain_error"]["mean"], 0);
    EXPECT_LT(at["gain_error"]["worst"], 0.05);
  }
  request.quiet = false;
  request.json.clear();
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  evaluate_network(request);
  testing::internal::GetCapturedStderr();
  EXPECT_THAT(
      testing::internal::GetCapturedStdout(),
      ContainsRegex("after 86400 s the gains of 4 crossbars are off by [0-9.]+ % in the mean, [0-9.]+ % at most"));
}

TEST_F(EvaluateNetwork, NeverWritesItsReportOverTheModelOrTheData) {
  for (const std::string& input : {request.model, request.data}) {
    request.json = input;
    const std::string before = read_whole_file(input);
    EXPECT_ANY_THROW(evaluate_network(request));
    EXPECT_EQ(read_whole_file(input), before);
  }
}

}  // namespace
}  // namespace ohmic
