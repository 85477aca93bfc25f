// The C++ reference against the numpy reference of sw/models, on the networks that sw/models builds.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "sw/compiler/images/image.h"
#include "sw/compiler/onnx/import_onnx.h"
#include "sw/compiler/reference/reference_executor.h"
#include "sw/compiler/reference/top_classes.h"
#include "tests/sw/compiler/dumped_maps.h"
#include "tests/sw/compiler/models_folder.h"

namespace ohmic {
namespace {

struct network_cost {
  std::string name;
  long mvms;  // per image, counted by sw/models

  friend std::ostream& operator<<(std::ostream& out, const network_cost& n) { return out << n.name; }
};

class ExampleNetwork : public ::testing::TestWithParam<network_cost> {
 protected:
  void SetUp() override {
    const auto found = example_network(GetParam().name);
    if (!found) GTEST_SKIP() << GetParam().name << " is not built (scripts/test builds it)";
    folder = *found;
    graph = import_onnx(folder + "/" + GetParam().name + "_calibrated.onnx");
  }
  std::string folder;
  integer_graph graph;
};

TEST_P(ExampleNetwork, HasTheMvmsOfItsLayersAndRowSets) { EXPECT_EQ(mvm_count(graph, 256), GetParam().mvms); }

TEST_P(ExampleNetwork, GivesTheLogitsOfTheNumpyReferenceAndFindsEveryScene) {
  std::ifstream expected(folder + "/expected_logits.txt");
  if (!expected) GTEST_SKIP() << folder << " holds no expected_logits.txt";
  const std::vector<std::string> paths = list_images(folder + "/photos");
  std::vector<feature_map> images;
  for (const std::string& path : paths) images.push_back(image_quantiser(graph).load(path));
  const auto results = reference_executor(graph).run(images);
  int scenes = 0;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    std::string line;
    ASSERT_TRUE(std::getline(expected, line)) << "no line for " << paths[i];
    std::istringstream numbers(line);
    const std::vector<std::int32_t> row{std::istream_iterator<std::int32_t>(numbers), {}};
    EXPECT_EQ(results[i].logits, row) << paths[i];
    const std::string ending = "_" + top_classes(graph, results[i].logits, 1)[0].label + ".png";
    scenes += paths[i].size() > ending.size() && paths[i].substr(paths[i].size() - ending.size()) == ending;
  }
  if (GetParam().name == "resnet18") EXPECT_EQ(scenes, 16);
}

TEST_P(ExampleNetwork, GivesEveryMapOfTheNumpyReference) {
  if (!std::filesystem::exists(folder + "/layers")) GTEST_SKIP() << folder << " holds no layers";
  const std::vector<std::string> paths = list_images(folder + "/photos");
  const reference_result found = reference_executor(graph).run(image_quantiser(graph).load(paths.at(0)), true);
  for (std::size_t t = 1; t + 1 < graph.tensors.size(); ++t) {
    const graph_tensor& tensor = graph.tensors[t];
    const feature_map expected = read_maps(folder + "/layers/" + tensor.name + ".bin", tensor).at(0);
    EXPECT_TRUE(found.maps[t].data == expected.data) << tensor.name << " differs";
  }
}

INSTANTIATE_TEST_SUITE_P(Built, ExampleNetwork,
                         ::testing::Values(network_cost{"resnet_micro", 321}, network_cost{"resnet_mini", 433},
                                           network_cost{"resnet_tiny", 3410}, network_cost{"resnet18", 106248}),
                         [](const auto& network) { return network.param.name; });

}  // namespace
}  // namespace ohmic
