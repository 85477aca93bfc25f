// Deployments of the example networks, run from their bytes, give the reference executor's outputs.
#include <gtest/gtest.h>

#include "sw/compiler/images/image.h"
#include "sw/compiler/mapping/compile.h"
#include "sw/compiler/onnx/import_onnx.h"
#include "sw/compiler/reference/reference_executor.h"
#include "tests/sw/compiler/mapping/deployment_simulator.h"
#include "tests/sw/compiler/mapping/edge_observer.h"
#include "tests/sw/compiler/models_folder.h"

namespace ohmic {
namespace {

struct mapped_network {
  std::string name;
  unsigned clusters, images;
  residual_store residuals;
  const char* policy = "naive";
};

void PrintTo(const mapped_network& network, std::ostream* out) {
  *out << network.name << " on " << network.clusters << " clusters, " << network.policy << ", residuals in "
       << (network.residuals == residual_store::hbm ? "HBM" : "L1");
}

class MappedNetwork : public ::testing::TestWithParam<mapped_network> {};

TEST_P(MappedNetwork, GivesTheReferencesLogitsAndColumns) {
  const auto folder = example_network(GetParam().name);
  if (!folder) GTEST_SKIP() << GetParam().name << " is not built (scripts/test builds it)";
  const integer_graph graph = import_onnx(*folder + "/" + GetParam().name + "_calibrated.onnx");
  chip_config chip;
  if (GetParam().clusters < chip.clusters()) chip.network.factors = {1, 1, 1, 1, GetParam().clusters};
  mapping_options options;
  options.naive.residuals = GetParam().residuals;
  options.policy = GetParam().policy;
  options.balanced.balance_mvms = 0;
  options.best.evaluations = 50;
  deployment mapped = compile(graph, chip, options);
  EXPECT_LE(mapped.clusters.size(), GetParam().clusters);
  const auto unpacked = static_cast<std::uint64_t>(mvm_count(graph, static_cast<int>(chip.ima.columns)));
  if (options.policy == "best") {
    EXPECT_LE(mapped.mvms_per_image, unpacked);
  } else {
    EXPECT_EQ(mapped.mvms_per_image, unpacked);
  }
  set_images(mapped, GetParam().images);

  deployment_simulator simulator(mapped, chip, 1);
  const std::vector<std::string> photos = list_images(*folder + "/photos");
  const reference_executor reference(graph);
  std::vector<reference_result> expected;
  for (unsigned i = 0; i < GetParam().images; ++i) {
    const feature_map image = image_quantiser(graph).load(photos[i]);
    expected.push_back(reference.run(image, true));
    simulator.load_image(i, image);
  }
  edge_observer observer(mapped, graph, expected, simulator);
  ASSERT_TRUE(simulator.run()) << simulator.unfinished();
  for (unsigned i = 0; i < GetParam().images; ++i) EXPECT_EQ(simulator.logits(i), expected[i].logits) << photos[i];
  EXPECT_EQ(simulator.mvms(), mapped.mvms_per_image * GetParam().images);
  EXPECT_EQ(observer.first_difference(), "");
  EXPECT_GT(observer.compared(), 0u);
}

TEST(MappedResnet18, HasTheClustersAndTheBoundOfThreeReplicasOfConv1) {
  const auto folder = example_network("resnet18");
  if (!folder) GTEST_SKIP() << "resnet18 is not built";
  const integer_graph graph = import_onnx(*folder + "/resnet18_calibrated.onnx");
  const deployment mapped = compile(graph, chip_config{});
  EXPECT_EQ(mapped.mvms_per_image, 106248u);
  EXPECT_EQ(mapped.crossbars.size(), 218u);  // 216 and two more replicas
  EXPECT_GE(mapped.clusters.size(), 220u);
  EXPECT_LE(mapped.clusters.size(), 261u);
  EXPECT_EQ(mapped.bound.per_image, 43 * 128 * 130.0) << "128 columns over 3 IMAs, 128 pixels each, 130 ns";
}

INSTANTIATE_TEST_SUITE_P(Built, MappedNetwork,
                         ::testing::Values(mapped_network{"resnet_micro", 4, 3, residual_store::l1},
                                           mapped_network{"resnet_micro", 512, 3, residual_store::hbm},
                                           mapped_network{"resnet_mini", 16, 3, residual_store::l1},
                                           mapped_network{"resnet_tiny", 40, 2, residual_store::l1},
                                           mapped_network{"resnet_tiny", 64, 2, residual_store::hbm},
                                           mapped_network{"resnet_micro", 16, 3, residual_store::l1, "replicated"},
                                           mapped_network{"resnet_micro", 16, 3, residual_store::l1, "paper"},
                                           mapped_network{"resnet_mini", 64, 3, residual_store::l1, "replicated"},
                                           mapped_network{"resnet_mini", 64, 3, residual_store::l1, "paper"},
                                           mapped_network{"resnet_tiny", 128, 2, residual_store::l1, "paper"},
                                           mapped_network{"resnet_micro", 16, 3, residual_store::l1, "best"},
                                           mapped_network{"resnet_mini", 64, 3, residual_store::l1, "best"},
                                           mapped_network{"resnet_tiny", 128, 2, residual_store::l1, "best"},
                                           mapped_network{"resnet18", 512, 1, residual_store::l1},
                                           mapped_network{"resnet18", 512, 1, residual_store::l1, "paper"}));

}  // namespace
}  // namespace ohmic
