// `ohmic hybrid` on a network of two layers whose answers are known, on crossbars that forget nothing or everything.
#include "platform/experiment/hybrid_network.h"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "host/whole_file.h"
#include "platform/config/config_error.h"
#include "platform/experiment/hybrid_report.h"
#include "sw/compiler/onnx/import_onnx.h"
#include "tests/host/scratch_folder.h"
#include "tests/sw/compiler/images/npz_file.h"
#include "tests/sw/compiler/onnx/float_builder.h"

namespace ohmic {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using json = nlohmann::json;

class HybridNetwork : public ScratchFolder {
 protected:
  HybridNetwork() {
    float_builder b(4, 1, 1);
    const std::vector<float> one{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}, zero(4, 0);
    b.output(b.gemm("fc2", b.gemm("fc1", b.flat("image"), 4, 4, one, zero), 4, 4, one, zero));
    write("net.onnx", b.bytes());
    write("data.npz", samples(7));
    setenv("OHMIC_CACHE", path("cache").c_str(), 1);
    request.config.input = pixel_conversion{};
    request.config.mapping.policy = "naive";
    request.config.model = request.model = path("net.onnx");
    request.config.model_is_file = true;
    request.data = request.calibration = path("data.npz");
    request.images = 24;
    request.fresh_images = 100;
    request.thresholds = {.01};
    request.methods = {"lionheart", "ohmic"};
    request.draws = 6;
    request.fresh_draws = 3;
    request.simulate = false;
    request.quiet = true;
    request.json = path("report.json");
  }
  ~HybridNetwork() override { unsetenv("OHMIC_CACHE"); }
  /// Forty, whose greatest value is that of their class.
  static std::string samples(int step) {
    std::vector<std::uint8_t> x;
    std::vector<std::int64_t> y;
    for (int i = 0; i < 40; ++i) {
      for (int c = 0; c < 4; ++c) x.push_back(c == i % 4 ? 120 : static_cast<std::uint8_t>(step * i % 90));
      y.push_back(i % 4);
    }
    return zip_file({{"x.npy", npy_file("|u1", "40, 4", x)}, {"y.npy", npy_file("<i8", "40,", y)}});
  }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
  }
  /// Devices that hold what they get, or nothing of it.
  void devices(double factor) {
    request.analog.devices.programming_scale = factor;
    request.analog.devices.drift_scale = request.analog.devices.read_scale = 0;
  }
  json report() const {
    choose_layers(request);
    return json::parse(read_whole_file(request.json));
  }

  hybrid_request request;
};

TEST_F(HybridNetwork, PutsEverythingOnCrossbarsThatForgetNothing) {
  devices(0);
  const json r = report();
  EXPECT_EQ(r["reference"], "float");
  EXPECT_EQ(r["reference_accuracy"], 1);
  EXPECT_EQ(r["search_images"], 24);
  EXPECT_EQ(r["fresh_images"], 16) << "what is behind those of the search";
  EXPECT_EQ(r["fresh_images_differ"], true);
  ASSERT_EQ(r["rows"].size(), 4u);
  EXPECT_EQ(r["rows"][0]["layers"], json::parse(R"({"fc1": "analog", "fc2": "analog"})"));
  EXPECT_EQ(r["rows"][0]["analog_mac_share"], 1);
  for (const int row : {0, 1}) {
    EXPECT_EQ(r["rows"][row]["holds"], true);
    EXPECT_EQ(r["rows"][row]["threshold_points"], 1);
    EXPECT_EQ(r["rows"][row]["search"]["loss_points"], 0);
    EXPECT_EQ(r["rows"][row]["fresh"]["draws"].size(), 3u);
  }
  // Where nothing is lost time alone counts.
  EXPECT_LE(r["rows"][1]["expected_cycles"], r["rows"][2]["expected_cycles"]);
  EXPECT_LE(r["rows"][1]["expected_cycles"], r["rows"][3]["expected_cycles"]);
  EXPECT_EQ(r["rows"][2]["method"], "all on cores");
  EXPECT_EQ(r["rows"][2]["layers_on_crossbars"], 0);
  EXPECT_EQ(r["rows"][3]["method"], "all on crossbars");
  EXPECT_EQ(r["rows"][3]["layers_on_crossbars"], 2);
}

TEST_F(HybridNetwork, LeavesEverythingToCoresWhereCrossbarsForgetAll) {
  devices(100);
  const json r = report();
  for (const int row : {0, 1}) {
    EXPECT_EQ(r["rows"][row]["layers"], json::parse(R"({"fc1": "digital", "fc2": "digital"})"));
    EXPECT_EQ(r["rows"][row]["fresh"]["loss_points"], 0);
  }
  EXPECT_GT(r["rows"][3]["search"]["loss_points"], 10) << "all on crossbars";
}

TEST_F(HybridNetwork, ASecondSearchEvaluatesNothing) {
  devices(1);
  const json first = report(), second = report();
  EXPECT_GT(first["evaluations"], 0);
  EXPECT_EQ(second["evaluations"], 0);
  for (const int row : {0, 1, 2, 3}) EXPECT_EQ(second["rows"][row]["layers"], first["rows"][row]["layers"]);
  request.analog.seed = 2;
  EXPECT_EQ(report()["evaluations"], first["evaluations"]) << "other chips";
  request.calibration = path("calibration.npz");
  std::filesystem::copy_file(path("data.npz"), request.calibration);
  request.analog.seed = 1;
  ASSERT_EQ(report()["evaluations"], 0) << "the same bytes of another name";
  write("data.npz", samples(5));
  EXPECT_EQ(report()["evaluations"], first["evaluations"]) << "other images of the same labels";
}

TEST_F(HybridNetwork, JudgesByTheSameImagesWhereThereAreNoOthers) {
  request.images = 0;
  const json r = report();
  EXPECT_EQ(r["search_images"], 40);
  EXPECT_EQ(r["fresh_images"], 40);
  EXPECT_EQ(r["fresh_images_differ"], false);
  EXPECT_NE(r["rows"][3]["fresh"]["draws"], r["rows"][3]["search"]["draws"]) << "but by other chips";
}

TEST_F(HybridNetwork, WritesNetworksAndTheirLayers) {
  devices(0);
  request.thresholds = {.005, .01};
  request.out = path("out");
  request.methods = {"lionheart", "sensitivity"};
  report();
  for (const char* name : {"lionheart_0.5", "lionheart_1", "sensitivity_0.5", "sensitivity_1"}) {
    const integer_graph g = import_onnx(path("out/") + name + ".onnx");
    EXPECT_TRUE(g.calibrated) << name;
    EXPECT_TRUE(g.nodes[1].on_crossbar()) << name;
    EXPECT_THAT(read_whole_file(path("out/") + name + ".yaml"), HasSubstr("layers:\n  \"fc1\": analog\n")) << name;
  }
  devices(100);
  report();
  const integer_graph g = import_onnx(path("out/lionheart_1.onnx"));
  EXPECT_FALSE(g.nodes[1].on_crossbar());
  EXPECT_FALSE(g.nodes.back().on_crossbar());
}

// Data sorted by class, of which the network knows the first one alone.
TEST_F(HybridNetwork, DrawsImagesFromAllOfTheData) {
  devices(0);
  std::vector<std::uint8_t> x;
  std::vector<std::int64_t> y;
  for (int i = 0; i < 200; ++i) {
    for (int c = 0; c < 4; ++c) x.push_back(c == 0 ? 120 : static_cast<std::uint8_t>(i % 100));
    y.push_back(i < 100 ? 0 : 1);
  }
  write("data.npz", zip_file({{"x.npy", npy_file("|u1", "200, 4", x)}, {"y.npy", npy_file("<i8", "200,", y)}}));
  request.images = request.fresh_images = 100;
  const json r = report();
  EXPECT_NEAR(r["reference_accuracy"].get<double>(), .5, .2);
  EXPECT_NEAR(r["reference_accuracy"].get<double>() + r["fresh_reference_accuracy"].get<double>(), 1, 1e-9)
      << "no image is in both parts";
  request.skip = 100;
  request.images = 50;
  EXPECT_EQ(report()["reference_accuracy"], 0) << "those skipped were all that are right";
}

TEST_F(HybridNetwork, ACalibratedNetworkIsNotCalibratedAgain) {
  devices(0);
  request.out = path("out");
  request.methods = {"lionheart"};
  report();
  request.out.clear();
  request.config.model = request.model = path("out/lionheart_1.onnx");
  request.calibration_given = true;
  EXPECT_THROW(choose_layers(request), config_error);
  request.calibration_given = false;
  request.calibration_images = 5;
  EXPECT_THROW(choose_layers(request), config_error);
  request.calibration_images.reset();
  EXPECT_EQ(report()["search_images"], 24);
}

/// A program that trains: notes what it is told and copies the network, with `change` done to TO behind that.
class Retraining : public HybridNetwork {
 protected:
  Retraining() {
    request.methods = {"lionheart"};
    devices(0);
  }
  void script(const std::string& change = "", const std::string& end = "") {
    write("train.sh", "#!/bin/sh\necho \"$(wc -c < \"$1\") $3 on crossbars, ${4:-none} on cores\" >> " + path("log") +
                          "\necho noise\ncp \"$1\" \"$2\"\n" + change + "\n" + end + "\n");
    std::filesystem::permissions(path("train.sh"), std::filesystem::perms::owner_all);
    request.retrain = path("train.sh");
  }
  /// By call: bytes of FROM, and the rest.
  std::vector<std::pair<long, std::string>> calls() const {
    std::vector<std::pair<long, std::string>> all;
    std::ifstream in(path("log"));
    for (std::string line; std::getline(in, line);) all.emplace_back(std::stol(line), line.substr(line.find(' ') + 1));
    return all;
  }
  std::string refusal() {
    try {
      choose_layers(request);
    } catch (const config_error& error) {
      return error.what();
    }
    return "";
  }
};

// A line of metadata tells networks apart that were trained from those that were not.
TEST_F(Retraining, ComesAfterEachConversionAndGoesOnFromWhatWasKept) {
  script("printf '\\162\\006\\012\\001k\\022\\001v' >> \"$2\"");
  request.out = path("out");
  const json trained = report();
  const auto seen = calls();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].second, "fc1 on crossbars, fc2 on cores");
  EXPECT_EQ(seen[1].second, "fc1,fc2 on crossbars, none on cores");
  EXPECT_GT(seen[1].first, seen[0].first) << "the second starts from what the first made";
  EXPECT_EQ(trained["rows"][0]["layers_on_crossbars"], 2);
  EXPECT_THAT(read_whole_file(path("out/lionheart_1.onnx")), HasSubstr(std::string("\012\001k\022\001v", 6)));
  const json again = report();
  for (const char* const what : {"layers", "search", "fresh"})
    EXPECT_EQ(again["rows"][0][what], trained["rows"][0][what]);
  EXPECT_EQ(calls().size(), 2u) << "what was trained is kept";
  request.retrain.clear();
  const json plain = report();
  EXPECT_EQ(plain["rows"][0]["search"], trained["rows"][0]["search"]) << "the weights are the same";
  EXPECT_EQ(plain["rows"][0]["fresh"], trained["rows"][0]["fresh"]);
}

TEST_F(Retraining, OfAConversionThatIsTakenBackIsTakenBack) {
  devices(100);
  script();
  report();
  const auto seen = calls();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[1].second, "fc2 on crossbars, fc1 on cores");
  EXPECT_EQ(seen[1].first, seen[0].first) << "both start from the network as it was";
}

TEST_F(Retraining, MistakesAreNamed) {
  script("", "exit 3");
  EXPECT_THAT(refusal(), HasSubstr("train.sh: it ended with code 3 for layers fc1"));
  script("rm \"$2\"");
  EXPECT_THAT(refusal(), HasSubstr("it made no network for layers fc1"));
  script("echo no >> \"$2\"; echo no > \"$2\"");
  EXPECT_THAT(refusal(), HasSubstr("train.sh: "));
  script("cp " + path("net.onnx") + " \"$2\"");
  EXPECT_THAT(refusal(), HasSubstr("train.sh: ")) << "a float network";
  request.methods = {"lionheart", "ohmic"};
  EXPECT_THAT(refusal(), HasSubstr("--retrain: allowed with --method lionheart"));
  request.methods = {"lionheart"};
  request.retrain = path("net.onnx");
  EXPECT_THAT(refusal(), HasSubstr("no file that can be run"));
}

TEST_F(HybridNetwork, MistakesAreNamed) {
  request.images = 41;
  EXPECT_THROW(choose_layers(request), config_error);
  request.images = 40;
  request.config.layers.copies = {{"*", 0}};
  EXPECT_THROW(choose_layers(request), config_error) << "nothing to choose";
  request.config.layers.copies.clear();
  request.json = request.data;
  EXPECT_THROW(choose_layers(request), std::runtime_error) << "the data would be overwritten";
}

TEST_F(HybridNetwork, PrintsATable) {
  devices(0);
  request.quiet = false;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  choose_layers(request);
  const std::string text = testing::internal::GetCapturedStdout();
  testing::internal::GetCapturedStderr();
  EXPECT_THAT(
      text, HasSubstr("net on aimc512: 2 layers of 0.0 million MACs may run on crossbars; 1 s after programming, drift "
                      "compensation: none\n"));
  EXPECT_THAT(text, HasSubstr("100.00 % right on 24 images of the search, 100.00 % on 16 others"));
  EXPECT_THAT(text, ContainsRegex("lionheart +1 % +2/2 +100\\.0 % +0\\.00 +0\\.00 \\+- 0\\.00"));
  EXPECT_THAT(text, ContainsRegex("lionheart +1 % ##\n"));
}

/// Of five rows with these accuracies, cycles and joules.
TEST(ParetoFront, HasWhatNoOtherRowBeatsInEverything) {
  hybrid_report report;
  const auto add = [&](double accuracy, cycle_t cycles, double joules) {
    hybrid_row row;
    row.fresh.shares = {accuracy};
    row.simulated = simulated_choice{{cycles, static_cast<double>(cycles), joules, 0}, 1, ""};
    report.rows.push_back(row);
  };
  add(.9, 100, 3);
  add(.9, 100, 4);  // the first uses less energy
  add(.8, 50, 5);
  add(.95, 200, 6);
  add(.8, 50, 5);  // as good as the third
  add(.7, 60, 7);  // worse than the third in everything
  hybrid_row failed;
  failed.simulated = simulated_choice{{}, 0, "it did not end"};
  report.rows.push_back(failed);
  EXPECT_THAT(pareto_front(report), testing::ElementsAre(true, false, true, true, true, false, false));
}

TEST(HybridJson, HasTheEnergyOfASimulationWhereItIsKnown) {
  hybrid_report report;
  for (const double joules : {0.0, 0.25}) {
    hybrid_row row;
    row.fresh.shares = {.9};
    row.simulated = simulated_choice{{1000, 62.5, joules, 0, 2 * joules}, 7, ""};
    report.rows.push_back(row);
  }
  const json rows = json::parse(hybrid_json(report, {}))["rows"];
  EXPECT_FALSE(rows[0]["simulated"].contains("energy_j"));
  EXPECT_EQ(rows[1]["simulated"]["energy_j"], 0.25);
  EXPECT_EQ(rows[1]["simulated"]["energy_other_reading_j"], 0.5);
  for (const json& row : rows) {
    EXPECT_EQ(row["simulated"]["cycles"], 1000);
    EXPECT_EQ(row["simulated"]["cycles_between_images"], 62.5);
    EXPECT_EQ(row["simulated"]["clusters"], 7);
    EXPECT_FALSE(row.contains("error"));
  }
}

}  // namespace
}  // namespace ohmic
