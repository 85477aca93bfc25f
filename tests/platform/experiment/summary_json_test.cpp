// summary.json of a run that is made up, against docs/outputs.md and numbers by hand.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "platform/experiment/report_files.h"

namespace ohmic {
namespace {

using json = nlohmann::json;

/// Two stages on clusters 0 and 1 of four; 3 images in 2000 cycles behind a boot of 500, at 2 GHz.
struct made_up_run {
  experiment_config config;
  deployment source;
  run_figures f;
  invocation how;

  made_up_run() {
    config.chip.network = {{1, 4}, {100, 4}, {64, 64}};
    config.chip.clock_ghz = 2;
    config.chip.ima.rows = 16, config.chip.ima.columns = 8;
    config.images.count = 3;
    source.stages.resize(2);
    source.stages[0].name = "conv1", source.stages[1].name = "fc";
    source.stages[0].clusters = {0}, source.stages[1].clusters = {0, 1};
    source.stages[0].shares = {{0, 30, 10}};
    source.stages[1].shares = {{0, 10, 30}, {1, 5, 7}};
    source.crossbars = {{0, 0, 0, 4, 3, {}}, {0, 8, 0, 2, 2, {}}, {1, 0, 0, 5, 1, {}}};
    source.clusters.resize(2);
    source.clusters[0].cluster = 0, source.clusters[0].l1_end = 1000;
    source.clusters[1].cluster = 1, source.clusters[1].l1_end = 2000;
    f.boot_cycles = 500, f.cycles = 2000;
    f.images_per_s = 3e6;
    f.macs_per_image = 1'000'000;
    f.completions = {800, std::nullopt, 2000};
    f.clusters.resize(4);
    f.clusters[0].cycles = {900, 300, 200, 100, 500};
    f.clusters[1].cycles = {1, 1500, 3, 4, 492};
    f.clusters[0].bank_conflicts = 3, f.clusters[1].bank_conflicts = 4, f.clusters[2].bank_conflicts = 5;
    f.clusters[0].ima_stalls = 10, f.clusters[1].ima_stalls = 20;
    f.clusters[0].dma_stalls = 100, f.clusters[1].dma_stalls = 200;
    f.details.resize(4);
    for (cluster_details& d : f.details)
      d.counters = {{"ima", "mvms", "", 50, 20}, {"dma", "bytes_read", "B", 700, 600}};
    f.links = {{"top.up", 6400, 1000, 3200, 500, 1, 2, 3, 5000, 9}, {"cluster_3.up", 0, 0, 0, 0, 0, 0, 0, 0, 0}};
    for (const stage_report& s : source.stages) f.stages.push_back({&s, {}, 0, 0});
  }
  json summary() const { return json::parse(summary_json(f, config, source, how)); }
};

TEST(SummaryJson, RatesFollowFromTheRawFields) {
  const made_up_run run;
  const json s = run.summary();
  EXPECT_EQ(s["cycles"], 2000);
  EXPECT_EQ(s["boot_cycles"], 500);
  EXPECT_DOUBLE_EQ(s["batch_images_per_s"], 3 * 2e9 / 2000);
  EXPECT_DOUBLE_EQ(s["tops"], 2 * 1e6 * 3e6 / 1e12) << "a multiplication and an addition each";
  EXPECT_EQ(s["completion_cycles"], json({800, nullptr, 2000}));
  EXPECT_EQ(s["first_image_cycles"], 800);
  EXPECT_FALSE(s.contains("steady_images_per_s"));
}

TEST(SummaryJson, CrossbarsAreThoseWithWeights) {
  const json s = made_up_run().summary()["crossbars"];
  EXPECT_EQ(s["used"], 2) << "two rectangles lie in one crossbar";
  EXPECT_EQ(s["cells_used"], 4 * 3 + 2 * 2 + 5);
  EXPECT_EQ(s["cells_of_chip"], 4 * 16 * 8);
  EXPECT_DOUBLE_EQ(s["cells_used_part"], 21.0 / 512);
}

TEST(SummaryJson, StallsAreSummedOverAllClusters) {
  const json s = made_up_run().summary();
  EXPECT_EQ(s["bank_conflict_cycles"], 12);
  EXPECT_EQ(s["ima_stall_cycles"], 30);
  EXPECT_EQ(s["dma_stall_cycles"], 300);
}

TEST(SummaryJson, CountersAreFromResetAndBehindTheBoot) {
  const json s = made_up_run().summary();
  ASSERT_EQ(s["counters"].size(), 2u);
  EXPECT_EQ(s["counters"][0]["name"], "mvms");
  EXPECT_EQ(s["counters"][0]["total"], 4 * 50);
  EXPECT_EQ(s["counters"][0]["after_boot"], 4 * 30);
  EXPECT_EQ(s["clusters"][1]["counters"]["dma"]["bytes_read"], 700);
  EXPECT_EQ(s["clusters"][1]["counters_after_boot"]["dma"]["bytes_read"], 100);
}

TEST(SummaryJson, ClustersAreThoseThatServeAStage) {
  const json s = made_up_run().summary();
  ASSERT_EQ(s["clusters"].size(), 2u);
  EXPECT_EQ(s["clusters"][0]["stages"], json({"conv1", "fc"}));
  EXPECT_EQ(s["clusters"][0]["l1_used_bytes"], 1000);
  EXPECT_EQ(s["clusters"][1]["stages"], json({"fc"}));
  EXPECT_EQ(s["clusters"][1]["l1_used_bytes"], 2000);
  EXPECT_DOUBLE_EQ(s["clusters"][0]["stage_shares"][0]["mvms"], 0.75) << "30 of 40";
  const json& split = s["clusters"][0]["cycles"];
  EXPECT_EQ(split["analog"], 900);
  EXPECT_EQ(split["digital"], 300);
  EXPECT_EQ(split["communication"], 200);
  EXPECT_EQ(split["synchronisation"], 100);
  EXPECT_EQ(split["idle"], 500);
  EXPECT_EQ(s["limiting_resource"]["name"], "cores of cluster 1 (fc)");
  EXPECT_DOUBLE_EQ(s["limiting_resource"]["utilisation"], 0.75);
}

TEST(SummaryJson, LinksAreMeasuredFromResetAndBehindTheBoot) {
  const json s = made_up_run().summary()["links"];
  ASSERT_EQ(s.size(), 1u) << "a link that carried nothing is not listed";
  EXPECT_EQ(s[0]["bytes"], 6400);
  EXPECT_DOUBLE_EQ(s[0]["utilisation"], 1000.0 / 2500) << "of all cycles from reset on";
  EXPECT_DOUBLE_EQ(s[0]["utilisation_after_boot"], 500.0 / 2000);
  EXPECT_EQ(s[0]["stall_cycles"], json({{"arbitration", 1}, {"blocked_head", 2}, {"no_credit", 3}}));
  EXPECT_DOUBLE_EQ(s[0]["mean_beats"], 5000.0 / 2500);
  EXPECT_EQ(s[0]["max_queue"], 9);
}

TEST(SummaryJson, OnlyARunThatFinishedHasAHash) {
  made_up_run run;
  run.f.result_hash = "0123";
  EXPECT_EQ(run.summary()["result_hash"], "0123");
  run.f.end = run_end::deadlock;
  EXPECT_TRUE(run.summary()["result_hash"].is_null());
  EXPECT_EQ(run.summary()["end"], "dead-lock");
}

TEST(SummaryJson, SpeedsAreOfTheSimulationsTime) {
  made_up_run run;
  run.f.retired = 3'000'000;
  run.f.wall.simulating = 2;
  run.f.wall.total = 9;
  const json s = run.summary();
  EXPECT_DOUBLE_EQ(s["mips"], 1.5);
  EXPECT_DOUBLE_EQ(s["cycles_per_s"], 1250) << "the boot is simulated too";
  run.f.wall.simulating = 0;
  EXPECT_EQ(run.summary()["mips"], 0);
  EXPECT_EQ(run.summary()["cycles_per_s"], 0);
}

TEST(SummaryJson, ComparisonsNameTheirFirstDifference) {
  made_up_run run;
  run.f.outputs.compared = 21;
  EXPECT_EQ(run.summary()["golden"],
            json({{"compared_values", 21}, {"mismatching_values", 0}, {"first_mismatch", nullptr}}));
  EXPECT_FALSE(run.summary().contains("golden_layers"));
  run.f.layers.emplace();
  run.f.layers->compared = 100;
  run.f.layers->mismatching = 2;
  run.f.layers->first = mismatch{4, "conv1", 5, 6, 7, 10, -10};
  run.f.layer_columns = 12;
  const json layers = run.summary()["golden_layers"];
  EXPECT_EQ(layers["mismatching_values"], 2);
  EXPECT_EQ(layers["columns"], 12);
  EXPECT_EQ(
      layers["first_mismatch"],
      json({{"layer", "conv1"}, {"image", 4}, {"x", 5}, {"y", 6}, {"channel", 7}, {"expected", 10}, {"found", -10}}));
}

TEST(SummaryJson, WhatIsNotKnownIsNull) {
  made_up_run run;
  EXPECT_TRUE(run.summary()["scene_accuracy"].is_null());
  EXPECT_TRUE(run.summary()["float_cosine"]["mean"].is_null());
  run.f.scene_accuracy = 0.75;
  run.f.mean_float_cosine = 0.9, run.f.worst_float_cosine = 0.8;
  run.f.steady_images_per_s = 12;
  EXPECT_EQ(run.summary()["scene_accuracy"], 0.75);
  EXPECT_EQ(run.summary()["float_cosine"], json({{"mean", 0.9}, {"worst", 0.8}}));
  EXPECT_EQ(run.summary()["steady_images_per_s"], 12);
  run.f.completions.clear();
  EXPECT_TRUE(run.summary()["first_image_cycles"].is_null());
}

TEST(SummaryJson, StagesTellWhatWasPredictedAndWhatWasMeasured) {
  made_up_run run;
  run.source.stages[1].predicted = {55, 10, 30, 20, 7};
  run.f.stages[1].busiest_cycles = 44, run.f.stages[1].busiest = 1;
  run.f.stages[1].cycles = {1, 2, 3, 4, 5};
  const json s = run.summary()["stages"][1];
  EXPECT_EQ(s["name"], "fc");
  EXPECT_EQ(s["mvms_per_image"], 55);
  EXPECT_EQ(s["predicted_cycles_per_image"],
            json({{"analog", 10.0}, {"digital", 30.0}, {"communication", 20.0}, {"bound", 30.0}}));
  EXPECT_EQ(s["measured_cycles_per_image"], 44);
  EXPECT_EQ(s["busiest_cluster"], 1);
  EXPECT_EQ(s["cycles"],
            json({{"analog", 1}, {"digital", 2}, {"communication", 3}, {"synchronisation", 4}, {"idle", 5}}));
}

TEST(LogitsJson, HoldsFiveGreatestClassesAndAllLogitsOfEachImage) {
  run_figures f;
  f.logits = {{1, 70, 3, 40, 5, 6, 7}, {9, 8, 7, 6, 5, 4, 3}};
  network net;
  net.graph.nodes.resize(1);
  net.graph.nodes[0].operation = make_operation(node_kind::logits);
  net.graph.nodes[0].layer().requantise.s = 1;
  net.graph.labels = {"cat", "dog"};
  image_set images;
  images.files = {"a/1.png", "a/2.png"};
  const json all = json::parse(logits_json(f, net, images));
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]["image"], "a/1.png");
  EXPECT_EQ(all[1]["logits"], json({9, 8, 7, 6, 5, 4, 3}));
  ASSERT_EQ(all[0]["top"].size(), 5u);
  EXPECT_EQ(all[0]["top"][0], json({{"row", 1}, {"label", "dog"}, {"logit", 70}, {"value", 35.0}}));
  EXPECT_EQ(all[0]["top"][1]["label"], "class 3");
}

class ResultTable : public testing::Test {
 protected:
  ResultTable() {
    net.graph.nodes.resize(1);
    net.graph.tensors.resize(1);
    net.graph.nodes[0].output = 0;
    net.graph.nodes[0].operation = make_operation(node_kind::logits);
    net.graph.labels = {"cat", "dog"};
  }
  std::string table(std::size_t images) {
    image_set set;
    run.f.logits.assign(images, {1, 2});
    run.f.images.assign(images, {});
    for (std::size_t i = 0; i < images; ++i) {
      set.files.push_back("folder/" + std::to_string(i) + ".png");
      set.maps.emplace_back();
      set.scenes.push_back(-1);
    }
    return result_table(run.f, run.config, run.source, net, set);
  }
  bool says(std::size_t images, const std::string& text) { return table(images).find(text) != std::string::npos; }

  made_up_run run;
  network net;
};

TEST_F(ResultTable, NamesSixteenImagesAndCountsTheOthers) {
  EXPECT_FALSE(says(16, "more in logits.json"));
  EXPECT_TRUE(says(16, "15.png"));
  EXPECT_TRUE(says(17, "... and 1 more in logits.json"));
  EXPECT_FALSE(says(17, "16.png"));
  EXPECT_TRUE(says(17, "dog"));
}

TEST_F(ResultTable, ColumnsAreAsWideAsTheLongestName) {
  run.source.stages[0].name = "a_stage_with_a_long_name";
  const auto line = [](const std::string& text, const std::string& begin) {
    const std::size_t at = text.find("\n" + begin + " ") + 1;
    return text.substr(at, text.find('\n', at) - at);
  };
  const std::string text = table(1);
  EXPECT_EQ(line(text, "fc").size(), line(text, "a_stage_with_a_long_name").size()) << text;
  EXPECT_EQ(line(text, "stage").find("clusters ") + 8, line(text, "fc").find_first_of('2') + 1) << text;
  image_set set;
  run.f.logits.assign(2, {1, 2});
  run.f.images.assign(2, {});
  set.files = {"1.png", "a_photograph_with_a_long_name.png"};
  set.maps.resize(2);
  set.scenes = {-1, -1};
  const std::string both = result_table(run.f, run.config, run.source, net, set);
  EXPECT_EQ(line(both, "1.png").find("dog"), line(both, "a_photograph_with_a_long_name.png").find("dog")) << both;
}

TEST_F(ResultTable, GroupsLongNumbersByThree) {
  for (const auto& [number, text] : {std::pair<std::uint64_t, const char*>{7, "7 MVMs"},
                                     {100, "work         100 MVMs"},
                                     {1000, "work         1 000 MVMs"},
                                     {123456, "work         123 456 MVMs"},
                                     {1234567, "work         1 234 567 MVMs"}}) {
    run.f.mvms = number;
    EXPECT_TRUE(says(1, text)) << table(1);
  }
}

TEST_F(ResultTable, SaysHowManyOutputsDiffer) {
  run.f.outputs.compared = 2000;
  EXPECT_TRUE(says(1, "all 2 000 output values equal the integer reference"));
  run.f.outputs.mismatching = 1;
  run.f.outputs.first = mismatch{4, "fc", 0, 0, 3, 10, -10};
  EXPECT_TRUE(says(1,
                   "1 of 2 000 output values DIFFER; first: layer fc of image 4 at x 0, y 0, channel 3: -10 instead "
                   "of 10"));
}

TEST_F(ResultTable, SharesOfAStageSumToItsTime) {
  run.f.stages[0].cycles = {500, 250, 125, 100, 25};
  EXPECT_TRUE(says(1, " 50.0    25.0   12.5   10.0     2.5")) << table(1);
  run.f.stages[0].cycles = {};
  EXPECT_TRUE(says(1, "  0.0     0.0    0.0    0.0     0.0")) << "a stage that had no time";
}

}  // namespace
}  // namespace ohmic
