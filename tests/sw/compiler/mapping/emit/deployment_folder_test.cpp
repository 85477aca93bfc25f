#include "sw/compiler/mapping/emit/deployment_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>

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
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 3) << "nothing but the three files stays behind";
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
