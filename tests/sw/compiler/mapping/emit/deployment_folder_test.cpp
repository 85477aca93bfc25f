#include "sw/compiler/mapping/emit/deployment_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <tuple>

#include "sw/compiler/mapping/compile.h"
#include "sw/compiler/mapping/emit/manifest_json.h"
#include "sw/compiler/mapping/mapping_error.h"
#include "tests/host/scratch_folder.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class DeploymentFolder : public ScratchFolder {
 protected:
  void SetUp() override {
    std::mt19937 random(3);
    mapping_options options;
    options.naive.replicas = {{"main", 2}};
    options.naive.residuals = residual_store::hbm;
    saved = compile(small_network(random, 29, 37, 40), small_chip(64, 40, 8), options);
    saved.labels = {"cat", "caf\xc3\xa9"};
  }

  std::string error_on_load() const {
    try {
      load_deployment(folder.string());
    } catch (const mapping_error& error) {
      return error.what();
    }
    return "";
  }
  void rewrite_manifest(const std::function<void(nlohmann::ordered_json&)>& change) const {
    nlohmann::ordered_json manifest;
    std::ifstream(folder / "manifest.json") >> manifest;
    change(manifest);
    std::ofstream(folder / "manifest.json") << manifest;
  }

  const fs::path folder = path("deployment");
  deployment saved;
};

TEST_F(DeploymentFolder, GivesBackWhatWasSaved) {
  save_deployment(saved, folder.string());
  const deployment loaded = load_deployment(folder.string());
  EXPECT_EQ(manifest_of(loaded), manifest_of(saved));
  ASSERT_EQ(loaded.clusters.size(), saved.clusters.size());
  for (std::size_t c = 0; c < saved.clusters.size(); ++c) {
    EXPECT_EQ(loaded.clusters[c].cluster, saved.clusters[c].cluster);
    EXPECT_EQ(loaded.clusters[c].offset, saved.clusters[c].offset);
    EXPECT_EQ(loaded.clusters[c].l1_end, saved.clusters[c].l1_end);
    EXPECT_EQ(loaded.clusters[c].bytes, saved.clusters[c].bytes);
  }
  ASSERT_EQ(loaded.crossbars.size(), saved.crossbars.size());
  for (std::size_t c = 0; c < saved.crossbars.size(); ++c) {
    EXPECT_EQ(loaded.crossbars[c].cluster, saved.crossbars[c].cluster);
    EXPECT_EQ(loaded.crossbars[c].rows, saved.crossbars[c].rows);
    EXPECT_EQ(loaded.crossbars[c].bitlines, saved.crossbars[c].bitlines);
    EXPECT_EQ(loaded.crossbars[c].weights, saved.crossbars[c].weights);
    const crossbar_image &a = saved.crossbars[c], &b = loaded.crossbars[c];
    EXPECT_NE(a.layer, "");
    EXPECT_EQ(std::tie(a.layer, a.channels, a.tile_columns, a.replica, a.replicas, a.packing.x, a.packing.y),
              std::tie(b.layer, b.channels, b.tile_columns, b.replica, b.replicas, b.packing.x, b.packing.y));
    ASSERT_EQ(a.sets.size(), b.sets.size());
    for (std::size_t i = 0; i < a.sets.size(); ++i)
      EXPECT_EQ(std::tie(a.sets[i].set, a.sets[i].dy), std::tie(b.sets[i].set, b.sets[i].dy));
  }
}

// Field by field: a number that is written from one and read into another would come back in the manifest as it was.
TEST_F(DeploymentFolder, GivesBackEveryNumberWhereItWas) {
  saved.hbm.begin = 0x80100000;
  saved.hbm.results = 0x80200000;
  saved.hbm.images = 0x180000000;
  saved.hbm.parked = {0x80300000, 0x80400000};
  saved.hbm.weights = {0x80500000, 0x170000000};
  saved.hbm_images = {{0x80500000, {1, 2, 3}}, {0x170000000, {4}}};
  saved.hbm.max_images = 77;
  saved.bound = {11.5, 12.5};
  saved.expected = {13.5, 14.5};
  saved.image_channels = 2;
  saved.logits_shift = 9;
  save_deployment(saved, folder.string());
  const deployment loaded = load_deployment(folder.string());
  EXPECT_EQ(loaded.chip, saved.chip);
  EXPECT_EQ(loaded.chip_hash, saved.chip_hash);
  EXPECT_EQ(loaded.chip_clusters, saved.chip_clusters);
  EXPECT_EQ(loaded.model, saved.model);
  EXPECT_EQ(loaded.model_hash, saved.model_hash);
  EXPECT_EQ(loaded.policy, saved.policy);
  EXPECT_EQ(loaded.labels, saved.labels);
  EXPECT_EQ(loaded.mvms_per_image, saved.mvms_per_image);
  EXPECT_EQ(loaded.bound.per_image, 11.5);
  EXPECT_EQ(loaded.bound.once, 12.5);
  EXPECT_EQ(loaded.expected.per_image, 13.5);
  EXPECT_EQ(loaded.expected.once, 14.5);
  EXPECT_EQ(loaded.image_width, 37u);
  EXPECT_EQ(loaded.image_height, 29u);
  EXPECT_EQ(loaded.image_channels, 2u);
  EXPECT_EQ(loaded.classes, saved.classes);
  EXPECT_EQ(loaded.logits_shift, 9u);
  EXPECT_EQ(loaded.hbm.begin, saved.hbm.begin);
  EXPECT_EQ(loaded.hbm.results, saved.hbm.results);
  EXPECT_EQ(loaded.hbm.results_stride, saved.hbm.results_stride);
  EXPECT_EQ(loaded.hbm.images, saved.hbm.images);
  EXPECT_EQ(loaded.hbm.images_stride, saved.hbm.images_stride);
  EXPECT_EQ(loaded.hbm.images_column_bytes, saved.hbm.images_column_bytes);
  EXPECT_EQ(loaded.hbm.parked, saved.hbm.parked);
  EXPECT_EQ(loaded.hbm.weights, saved.hbm.weights);
  ASSERT_EQ(loaded.hbm_images.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(loaded.hbm_images[i].address, saved.hbm_images[i].address);
    EXPECT_EQ(loaded.hbm_images[i].bytes, saved.hbm_images[i].bytes);
  }
  EXPECT_EQ(loaded.hbm.max_images, 77u);
  ASSERT_EQ(loaded.stages.size(), saved.stages.size());
  for (std::size_t s = 0; s < saved.stages.size(); ++s) {
    const stage_report &a = saved.stages[s], &b = loaded.stages[s];
    EXPECT_EQ(std::tie(a.name, a.kind, a.layers, a.tile_columns, a.replicas, a.clusters),
              std::tie(b.name, b.kind, b.layers, b.tile_columns, b.replicas, b.clusters));
    const predicted_cycles &p = a.predicted, &q = b.predicted;
    EXPECT_EQ(std::tie(p.mvms, p.bytes, p.analog, p.digital, p.communication),
              std::tie(q.mvms, q.bytes, q.analog, q.digital, q.communication));
    ASSERT_EQ(a.shares.size(), b.shares.size());
    for (std::size_t i = 0; i < a.shares.size(); ++i)
      EXPECT_EQ(std::tie(a.shares[i].cluster, a.shares[i].mvms, a.shares[i].master_cycles),
                std::tie(b.shares[i].cluster, b.shares[i].mvms, b.shares[i].master_cycles));
  }
  ASSERT_EQ(loaded.rings.size(), saved.rings.size());
  for (std::size_t r = 0; r < saved.rings.size(); ++r) {
    const ring_report &a = saved.rings[r], &b = loaded.rings[r];
    EXPECT_EQ(std::tie(a.cluster, a.tensor, a.content, a.set, a.stage, a.base, a.column_bytes, a.slots),
              std::tie(b.cluster, b.tensor, b.content, b.set, b.stage, b.base, b.column_bytes, b.slots));
    EXPECT_EQ(std::tie(a.columns_per_image, a.height, a.sequence, a.wanted_tile, a.wanted_replica, a.wanted_replicas),
              std::tie(b.columns_per_image, b.height, b.sequence, b.wanted_tile, b.wanted_replica, b.wanted_replicas));
    EXPECT_EQ(std::tie(a.wanted_size, a.wanted_stride, a.wanted_columns, a.wanted_pad),
              std::tie(b.wanted_size, b.wanted_stride, b.wanted_columns, b.wanted_pad));
    ASSERT_EQ(a.segments.size(), b.segments.size());
    for (std::size_t i = 0; i < a.segments.size(); ++i)
      EXPECT_EQ(std::tie(a.segments[i].channels, a.segments[i].offset, a.segments[i].pitch),
                std::tie(b.segments[i].channels, b.segments[i].offset, b.segments[i].pitch));
    ASSERT_EQ(a.producers.size(), b.producers.size());
    for (std::size_t i = 0; i < a.producers.size(); ++i) {
      const ring_producer &p = a.producers[i], &q = b.producers[i];
      EXPECT_EQ(std::tie(p.cluster, p.produced_word, p.channels, p.tile, p.replica, p.replicas),
                std::tie(q.cluster, q.produced_word, q.channels, q.tile, q.replica, q.replicas));
    }
  }
}

TEST_F(DeploymentFolder, OneFileOfAllThreeGivesThemBackAndIsRefusedWhereverItIsCut) {
  const std::string bytes = deployment_bytes(saved);
  const deployment loaded = deployment_from_bytes(bytes, "entry");
  EXPECT_EQ(deployment_bytes(loaded), bytes);
  for (const std::size_t n : {std::size_t{0}, std::size_t{3}, std::size_t{100}, bytes.size() / 2, bytes.size() - 1}) {
    try {
      deployment_from_bytes(bytes.substr(0, n), "entry");
      FAIL() << n << " bytes";
    } catch (const mapping_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("entry"));
    }
  }
}

// Each is a number that the key's type would take in silence, or that leads out of a table.
TEST_F(DeploymentFolder, ImpossibleNumbersAreRefused) {
  using json = nlohmann::ordered_json;
  const std::function<void(json&)> changes[] = {
      [](json& m) { m["chip"]["clusters"] = -1; },
      [](json& m) { m["chip"]["clusters"] = 0; },
      [](json& m) { m["chip"]["clusters"] = 4294967297u + std::uint64_t{0xffffffff}; },
      [](json& m) { m["logits"]["classes"] = 1.5; },
      [](json& m) { m["logits"]["classes"] = true; },
      [](json& m) { m["stages"][0]["clusters"][0] = 64; },
      [](json& m) { m["stages"][0]["clusters"] = json::array(); },
      [](json& m) { m["stages"][0]["tile_columns"] = 0; },
      [](json& m) { m["rings"][0]["cluster"] = 64; },
      [](json& m) { m["rings"][0]["slots"] = 0; },
      [](json& m) { m["rings"][0]["slots"] = 4294967295u; },
      [](json& m) { m["rings"][0]["stage"] = m["stages"].size(); },
      [](json& m) { m["rings"][0]["producers"][0]["cluster"] = 64; },
      [](json& m) { m["rings"][0]["producers"][0]["replicas"] = 0; },
      [](json& m) { m["rings"][0]["producers"][0]["produced_word"] = 4294967295u; },
      [](json& m) { m["hbm"]["results_stride"] = 0; },
      [](json& m) { m["hbm"]["images_stride"] = 1; },
      [](json& m) { m["bound"]["cycles_once"] = -1.0; },
      [](json& m) { m["bound"]["cycles_once"] = 1e301; },
      [](json& m) { m["bound"]["cycles_once"] = "1"; },
      [](json& m) { m["rings"][0]["set"] = -2147483649; },
      [](json& m) { m["rings"][0]["set"] = 2147483648u; },
      [](json& m) { m["rings"][0]["sequence"] = 1; },
      [](json& m) { m["stages"][0]["layers"] = "conv1"; },
      [](json& m) { m["hbm"]["results"] = -1; },
  };
  for (std::size_t i = 0; i < std::size(changes); ++i) {
    save_deployment(saved, folder.string());
    EXPECT_EQ(error_on_load(), "");
    rewrite_manifest(changes[i]);
    EXPECT_THAT(error_on_load(), HasSubstr("manifest.json is not a deployment's manifest")) << i;
  }
}

TEST_F(DeploymentFolder, IsReplacedByTheNextOne) {
  save_deployment(saved, folder.string());
  set_images(saved, 7);
  save_deployment(saved, folder.string());
  EXPECT_EQ(load_deployment(folder.string()).clusters[0].bytes, saved.clusters[0].bytes);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 4) << "nothing but the four files stays behind";
}

TEST_F(DeploymentFolder, RefusesATruncatedFile) {
  save_deployment(saved, folder.string());
  fs::resize_file(folder / "weights.bin", fs::file_size(folder / "weights.bin") - 1);
  EXPECT_THAT(error_on_load(), AllOf(HasSubstr("weights.bin"), HasSubstr("bytes and the manifest says")));
}

TEST_F(DeploymentFolder, RefusesAChangedFile) {
  save_deployment(saved, folder.string());
  std::fstream file(folder / "clusters.bin", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(100);
  file.put('\x5a');
  file.close();
  EXPECT_THAT(error_on_load(), HasSubstr("clusters.bin is not the file that the manifest was written for"));
}

TEST_F(DeploymentFolder, RefusesAnotherFormatVersion) {
  save_deployment(saved, folder.string());
  rewrite_manifest([](auto& manifest) { manifest["format_version"] = 99; });
  EXPECT_THAT(error_on_load(), AllOf(HasSubstr("manifest.json"), HasSubstr("version 99")));
}

TEST_F(DeploymentFolder, RefusesNumbersThatAreNoIntegers) {
  save_deployment(saved, folder.string());
  nlohmann::ordered_json right;
  rewrite_manifest([&](auto& manifest) { right = manifest; });
  for (const nlohmann::ordered_json& wrong : {nlohmann::ordered_json(1.5), nlohmann::ordered_json(1e20),
                                              nlohmann::ordered_json(true), nlohmann::ordered_json(-1)}) {
    rewrite_manifest([&](auto& manifest) { (manifest = right)["format_version"] = wrong; });
    EXPECT_THAT(error_on_load(), HasSubstr("manifest.json is not a deployment's manifest: " + wrong.dump()));
    rewrite_manifest([&](auto& manifest) { (manifest = right)["files"]["weights.bin"]["bytes"] = wrong; });
    EXPECT_THAT(error_on_load(), HasSubstr("manifest.json is not a deployment's manifest: " + wrong.dump()));
  }
}

TEST_F(DeploymentFolder, RefusesAManifestWithoutAKey) {
  save_deployment(saved, folder.string());
  rewrite_manifest([](auto& manifest) { manifest.erase("hbm"); });
  EXPECT_THAT(error_on_load(), AllOf(HasSubstr("manifest.json"), HasSubstr("hbm")));
}

TEST_F(DeploymentFolder, RefusesAFolderThatIsNone) {
  EXPECT_THAT(error_on_load(), AllOf(HasSubstr("cannot read"), HasSubstr("manifest.json")));
}

TEST_F(DeploymentFolder, SaysWhereItCannotWrite) {
  std::ofstream(folder.string()) << "a file in the way";
  try {
    save_deployment(saved, folder.string());
    FAIL();
  } catch (const mapping_error& error) {
    EXPECT_THAT(error.what(), HasSubstr(folder.string()));
  }
}

}  // namespace
}  // namespace ohmic
