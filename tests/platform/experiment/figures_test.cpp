#include "platform/experiment/figures.h"

#include <gtest/gtest.h>

#include <systemc>

#include "platform/experiment/limiting_resource.h"
#include "tests/host/scratch_folder.h"
#include "tests/platform/experiment/plain_memory_machine.h"

namespace ohmic {
namespace {

/// One image with two logits, which lie in HBM; what the reference says is `golden`.
struct judged_run {
  chip_config chip;
  deployment source;
  network net;
  image_set images;
  golden_outputs golden;
  run_figures figures;

  judged_run() {
    chip.network = {{1, 2}, {100, 4}, {64, 64}};
    source.hbm.results = 0x80100000;
    source.hbm.results_stride = 64;
    source.classes = 2;
    net.graph.nodes.resize(1);
    net.graph.nodes[0].name = "fc";
    images.files = {"00_a.png"};
    images.maps.resize(1);
    images.scenes = {-1};
    golden.logits = {{5, -6}};
  }
  exit_code judge(std::vector<std::int32_t> found) {
    plain_memory_machine m(chip);
    m.write(source.hbm.results, found.data(), found.size() * 4);
    judge_outputs(figures, m, source, net, images, golden);
    return figures.code;
  }
};

TEST(JudgeOutputs, EqualLogitsAreRight) { EXPECT_EQ(judged_run().judge({5, -6}), exit_code::right); }

TEST(JudgeOutputs, OneWrongLogitIsWrong) { EXPECT_EQ(judged_run().judge({5, -7}), exit_code::outputs_differ); }

TEST(JudgeOutputs, AWrongLayerIsWrongThoughTheLogitsAreRight) {
  judged_run run;
  run.figures.layers.emplace();
  run.figures.layers->compared = 10;
  EXPECT_EQ(run.judge({5, -6}), exit_code::right);
  run.figures.layers->mismatching = 1;
  EXPECT_EQ(run.judge({5, -6}), exit_code::outputs_differ);
}

TEST(JudgeOutputs, AnEndThatIsWrongAlreadyStaysWhatItIs) {
  judged_run run;
  run.figures.end = run_end::guest_error;
  run.figures.code = exit_code::guest_error;
  EXPECT_EQ(run.judge({1, 1}), exit_code::guest_error);
}

// The firmware says that it failed: that its outputs are not the reference's is no news.
TEST(JudgeOutputs, AFirmwareThatFailsHasFailed) {
  judged_run run;
  run.figures.end = run_end::exited;
  run.figures.code = exit_code::firmware_failed;
  EXPECT_EQ(run.judge({1, 1}), exit_code::firmware_failed);
}

// Photographs whose names are no label say nothing about it.
TEST(JudgeOutputs, AccuracyIsThatOfTheScenesThatAreKnown) {
  judged_run run;
  run.images.files = {"a.png", "b.png", "c.png"};
  run.images.maps.resize(3);
  run.images.scenes = {0, 1, -1};
  run.golden.logits = {{5, -6}, {5, -6}, {5, -6}};
  std::vector<std::int32_t> found(3 * 16);
  for (unsigned i = 0; i < 3; ++i) found[16 * i] = 5, found[16 * i + 1] = -6;
  EXPECT_EQ(run.judge(found), exit_code::right);
  EXPECT_DOUBLE_EQ(run.figures.scene_accuracy.value(), 0.5);
  EXPECT_EQ(run.figures.images[0].right, std::optional(true));
  EXPECT_EQ(run.figures.images[1].right, std::optional(false));
  EXPECT_FALSE(run.figures.images[2].right.has_value());
}

// Cosine of (3, 4) and (4, 3): 24 / 25. Of equal directions 1, whatever their lengths.
TEST(JudgeOutputs, LogitsAreComparedWithTheFloatModelsByTheirCosine) {
  const scratch_folder folder;
  folder.put("float_logits.json", R"({"a.png": [4, 3], "b.png": [30.5, 40.666666666666664], "c.png": [1, 2, 3],
                                      "d.png": "none"})");
  judged_run run;
  run.net.folder = folder.path().string();
  run.images.files = {"folder/a.png", "b.png", "c.png", "d.png", "e.png"};
  run.images.maps.resize(5);
  run.images.scenes.assign(5, -1);
  run.golden.logits.assign(5, {3, 4});
  std::vector<std::int32_t> found(5 * 16);
  for (unsigned i = 0; i < 5; ++i) found[16 * i] = 3, found[16 * i + 1] = 4;
  run.judge(found);
  EXPECT_NEAR(run.figures.images[0].float_cosine.value(), 24.0 / 25, 1e-12);
  EXPECT_NEAR(run.figures.images[1].float_cosine.value(), 1, 1e-12);
  for (const unsigned unknown : {2u, 3u, 4u}) EXPECT_FALSE(run.figures.images[unknown].float_cosine) << unknown;
  EXPECT_NEAR(run.figures.mean_float_cosine.value(), 0.98, 1e-12);
  EXPECT_NEAR(run.figures.worst_float_cosine.value(), 0.96, 1e-12);
  judged_run unknown;
  unknown.judge({5, -6});
  EXPECT_FALSE(unknown.figures.mean_float_cosine) << "a file of the user's has no folder";
}

TEST(JudgeOutputs, TheHashTellsLogitsAndTimeApart) {
  const auto hash = [](std::vector<std::int32_t> logits, cycle_t cycles) {
    judged_run run;
    run.figures.cycles = cycles;
    run.judge(std::move(logits));
    return run.figures.result_hash;
  };
  const std::string one = hash({5, -6}, 100);
  EXPECT_EQ(hash({5, -6}, 100), one);
  EXPECT_NE(hash({5, -6}, 101), one);
  EXPECT_NE(hash({5, -5}, 100), one);
  EXPECT_NE(hash({-6, 5}, 100), one);
}

/// A machine that has run: what it says is what a test says.
class measured_machine : public plain_memory_machine {
 public:
  using plain_memory_machine::plain_memory_machine;
  std::vector<cycle_t> answered;
  std::optional<cycle_t> begin;
  cycle_t end = 0;
  std::vector<cluster_activity> clusters;

  std::vector<cycle_t> written_at() const override { return answered; }
  std::optional<cycle_t> marker(unsigned n) const override { return n == 0 ? begin : std::nullopt; }
  cycle_t end_cycle() const override { return end; }
  cluster_activity activity(unsigned i) override { return i < clusters.size() ? clusters[i] : cluster_activity{}; }
};

chip_config two_clusters_at_2_ghz() {
  chip_config chip;
  chip.network = {{1, 2}, {100, 4}, {64, 64}};
  chip.clock_ghz = 2;
  return chip;
}

TEST(CollectFigures, TimeIsFromTheFirstMarkerToTheLastAnswer) {
  measured_machine m(two_clusters_at_2_ghz());
  m.answered = {5'000, 6'500, 6'000};
  m.begin = 1'000;
  m.end = 9'999;
  const run_figures f = collect_figures(m, {}, run_end::exited, 3);
  EXPECT_EQ(f.boot_cycles, 1'000u);
  EXPECT_EQ(f.cycles, 5'500u) << "the image that came last, not the last image";
  EXPECT_EQ(f.completions, (std::vector<std::optional<cycle_t>>{4'000, 5'500, 5'000}));
  EXPECT_DOUBLE_EQ(f.seconds_on_chip, 5'500 / 2e9);
  EXPECT_DOUBLE_EQ(f.images_per_s, 3 / (5'500 / 2e9));
  EXPECT_FALSE(f.steady_images_per_s.has_value());
}

TEST(CollectFigures, ARunThatDidNotFinishTellsHowFarItCame) {
  measured_machine m(two_clusters_at_2_ghz());
  m.answered = {5'000, 0};
  m.begin = 1'000;
  m.end = 9'999;
  const run_figures f = collect_figures(m, {}, run_end::deadlock, 2);
  EXPECT_EQ(f.cycles, 8'999u);
  EXPECT_EQ(f.completions, (std::vector<std::optional<cycle_t>>{4'000, std::nullopt}));
  EXPECT_EQ(f.images_per_s, 0);
}

// 32 images between the answers of the 16th and the 48th.
TEST(CollectFigures, SteadyRateNeeds48Images) {
  for (const unsigned images : {47u, 48u, 60u}) {
    measured_machine m(two_clusters_at_2_ghz());
    for (unsigned i = 0; i < images; ++i) m.answered.push_back(10'000 + i * i);
    m.begin = 1'000;
    const run_figures f = collect_figures(m, {}, run_end::exited, images);
    ASSERT_EQ(f.steady_images_per_s.has_value(), images >= 48) << images;
    if (images >= 48) EXPECT_DOUBLE_EQ(*f.steady_images_per_s, 32 * 2e9 / (47 * 47 - 15 * 15));
  }
}

// What a cluster counted between the last answer and the end of the run is taken off where it did least.
TEST(CollectFigures, ClustersCountTheReportedTimeOnly) {
  measured_machine m(two_clusters_at_2_ghz());
  m.answered = {1'100};
  m.begin = 100;
  m.clusters.resize(2);
  m.clusters[0].cycles = {600, 300, 50, 40, 60};  // 50 too many: of idle
  m.clusters[1].cycles = {900, 100, 70, 20, 10};  // 100 too many: all of idle and synchronisation, 70 more
  m.clusters[0].mvms = 3, m.clusters[1].mvms = 4;
  m.clusters[0].retired = 10, m.clusters[1].retired = 20;
  m.clusters[0].awake_cycles = 100, m.clusters[1].awake_cycles = 200;
  const run_figures f = collect_figures(m, {}, run_end::exited, 1);
  EXPECT_EQ(f.cycles, 1'000u);
  EXPECT_EQ(f.clusters[0].cycles, (decltype(f.clusters[0].cycles){600, 300, 50, 40, 10}));
  EXPECT_EQ(f.clusters[1].cycles, (decltype(f.clusters[1].cycles){900, 100, 0, 0, 0}));
  EXPECT_EQ(f.mvms, 7u);
  EXPECT_EQ(f.retired, 30u);
  EXPECT_EQ(f.awake_cycles, 300u);
}

// Service of a cluster is the longer of its crossbar and its cores; a stage is as slow as its slowest cluster.
TEST(CollectFigures, AStageIsMeasuredByItsBusiestClusterPerImage) {
  measured_machine m(two_clusters_at_2_ghz());
  m.answered = {1'100, 1'100};
  m.begin = 100;
  m.clusters.resize(2);
  m.clusters[0].cycles = {300, 100, 50, 50, 500};
  m.clusters[0].master_cycles = 400;
  m.clusters[1].cycles = {900, 20, 30, 40, 10};
  deployment source;
  source.stages.resize(2);
  source.stages[0].clusters = {0, 1};
  source.stages[0].shares = {{1, 5, 1}, {0, 5, 1}};
  source.bound = {70, 9};
  source.expected = {80, 7};
  const run_figures f = collect_figures(m, source, run_end::exited, 2);
  EXPECT_EQ(f.stages[0].busiest, 1u);
  EXPECT_EQ(f.stages[0].busiest_cycles, 450) << "900 cycles for two images";
  EXPECT_EQ(f.stages[0].cycles, (decltype(f.stages[0].cycles){1200, 120, 80, 90, 510})) << "of both";
  EXPECT_EQ(f.clusters_used, 2u) << "each once";
  EXPECT_EQ(f.bound_cycles, 149);
  EXPECT_EQ(f.expected_cycles, 167);
}

// The name of a cluster stands in the summary: it is one of the stage's, though none of them did anything.
TEST(CollectFigures, TheBusiestClusterOfAStageIsOneOfItsOwn) {
  measured_machine m(two_clusters_at_2_ghz());
  m.answered = {1'100};
  m.begin = 100;
  deployment source;
  source.stages.resize(1);
  source.stages[0].clusters = {1};
  source.stages[0].shares = {{1, 0, 0}};
  EXPECT_EQ(collect_figures(m, source, run_end::exited, 1).stages.at(0).busiest, 1u);
}

// By hand: 4 filters of 3x1x1 on a map of 5x6, and 2x4 of a classifier.
TEST(MacsPerImage, AreWeightsTimesPixelsOfCrossbarLayers) {
  integer_graph g;
  g.tensors.resize(3);
  g.tensors[1].height = 5, g.tensors[1].width = 6;
  g.tensors[2].height = g.tensors[2].width = 1;
  g.nodes.resize(4);
  g.nodes[1].operation = make_operation(node_kind::convolution);
  g.nodes[1].output = 1;
  g.nodes[1].layer().weights.resize(12);
  g.nodes[2].operation = make_operation(node_kind::max_pool);
  g.nodes[2].output = 1;
  g.nodes[3].operation = make_operation(node_kind::logits);
  g.nodes[3].output = 2;
  g.nodes[3].layer().weights.resize(8);
  EXPECT_EQ(macs_per_image(g), 12u * 30 + 8);
}

TEST(LimitingResource, IsWhatWasBusyLongest) {
  deployment source;
  source.stages.resize(1);
  source.stages[0].name = "conv1";
  source.stages[0].clusters = {0, 1};
  run_figures f;
  f.cycles = 1000;
  f.clusters.resize(2);
  EXPECT_EQ(find_limiting_resource(f, source).kind, "");
  f.clusters[0].cycles = {500, 100, 50, 0, 350};
  f.clusters[1].cycles = {100, 600, 50, 0, 250};
  f.links = {{"top.up", 1, 900, 1, 599}};
  EXPECT_EQ(find_limiting_resource(f, source).name, "cores of cluster 1 (conv1)");
  EXPECT_DOUBLE_EQ(find_limiting_resource(f, source).utilisation, 0.6);
  f.links[0].busy_cycles_after_boot = 601;
  EXPECT_EQ(find_limiting_resource(f, source).name, "link top.up");
  EXPECT_EQ(find_limiting_resource(f, source).kind, "link");
  f.clusters[0].cycles = {700, 100, 50, 0, 150};
  EXPECT_EQ(find_limiting_resource(f, source).name, "crossbar of cluster 0 (conv1)");
  f.clusters[1].cycles = {0, 0, 800, 0, 200};
  EXPECT_EQ(find_limiting_resource(f, source).kind, "data movers");
  f.links[0].busy_cycles_after_boot = 1003;  // beats behind the last answer count too
  EXPECT_EQ(find_limiting_resource(f, source).utilisation, 1);
}

}  // namespace
}  // namespace ohmic
