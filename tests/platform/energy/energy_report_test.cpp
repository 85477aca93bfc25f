// The section of a summary and the tables: figures by hand from a report by hand.
#include "platform/energy/energy_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/platform/energy/simple_coefficients.h"

namespace ohmic {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

/// 2 ms, 4 images of 10^9 MACs each, 8 mJ: 4 W on average.
energy_report by_hand() {
  energy_report r;
  r.seconds = 2e-3;
  r.images = 4;
  r.macs = 4e9;
  r.total_j = 8e-3;
  r.leakage_w = 0.5;
  r.area_mm2 = 50;
  r.crossbars_j = 2e-3;
  r.crossbars_fixed_j = 3e-3;
  r.crossbars_in_use_j = 2e-3;
  r.blocks = {{"ima", 2e-3, 0.5e-3, 20}, {"cores", 5e-3, 0.5e-3, 30}};
  r.stages = {{"conv1", {{"ima", 2e-3}, {"cores", 1e-3}, {"dma", 1e-3}}, 0.25e-3, 4e-3}};
  r.unattributed = {{"hbm", 4e-3}};
  r.unattributed_j = 4e-3;
  r.sensitivity = {{"cores.alu", "pj", 3, 6e-3, 0}, {"area.core", "mm2", 0.5, 1e-3, 25}, {"ima.row", "pj", 1, 0, 0}};
  return r;
}

energy_coefficients coefficients() {
  return parse_coefficients(test::coefficients_text({{"ima.mvm_full", "12480"}}), "x.yaml");
}

nlohmann::json json_of(const energy_report& r) { return nlohmann::json::parse(energy_json(r, coefficients())); }

TEST(EnergyJson, RatesAreOfTheReportsTimeEnergyAndArea) {
  const nlohmann::json e = json_of(by_hand());
  EXPECT_DOUBLE_EQ(e["energy_mj"], 8);
  EXPECT_DOUBLE_EQ(e["energy_per_image_mj"], 2);
  EXPECT_DOUBLE_EQ(e["average_power_w"], 4);
  EXPECT_DOUBLE_EQ(e["leakage_w"], 0.5);
  EXPECT_DOUBLE_EQ(e["crossbars_mj"], 2);
  EXPECT_DOUBLE_EQ(e["mvm_readings"]["fixed_mj"], 3);
  EXPECT_DOUBLE_EQ(e["mvm_readings"]["in_use_mj"], 2);
  EXPECT_DOUBLE_EQ(e["images_per_s_per_w"], 2000.0 / 4);
  EXPECT_DOUBLE_EQ(e["tops_per_w"], 4.0 / 4) << "two operations to a MAC: 8e9 in 2 ms are 4 TOPS";
  EXPECT_DOUBLE_EQ(e["area_mm2"], 50);
  EXPECT_DOUBLE_EQ(e["images_per_s_per_mm2"], 40);
  EXPECT_DOUBLE_EQ(e["gops_per_mm2"], 80);
  EXPECT_DOUBLE_EQ(e["digital_scale"], 1);
}

TEST(EnergyJson, BlocksStagesAndCoefficientsHaveTheirShares) {
  const nlohmann::json e = json_of(by_hand());
  const nlohmann::json& cores = e["blocks"][1];
  EXPECT_EQ(cores["name"], "cores");
  EXPECT_DOUBLE_EQ(cores["energy_mj"], 5.5);
  EXPECT_DOUBLE_EQ(cores["dynamic_mj"], 5);
  EXPECT_DOUBLE_EQ(cores["leakage_mj"], 0.5);
  EXPECT_DOUBLE_EQ(cores["energy_per_image_mj"], 5.5 / 4);
  EXPECT_DOUBLE_EQ(cores["average_power_w"], 2.75);
  EXPECT_DOUBLE_EQ(cores["leakage_w"], 0.25);
  EXPECT_DOUBLE_EQ(cores["share"], 5.5 / 8);
  EXPECT_DOUBLE_EQ(cores["area_mm2"], 30);
  const nlohmann::json& stage = e["stages"][0];
  EXPECT_EQ(stage["name"], "conv1");
  EXPECT_DOUBLE_EQ(stage["energy_mj"], 4);
  EXPECT_DOUBLE_EQ(stage["energy_per_image_mj"], 1);
  EXPECT_DOUBLE_EQ(stage["average_power_w"], 2);
  EXPECT_DOUBLE_EQ(stage["leakage_mj"], 0.25);
  EXPECT_DOUBLE_EQ(stage["by_block_mj"]["ima"], 2);
  EXPECT_DOUBLE_EQ(e["unattributed_mj"], 4);
  EXPECT_DOUBLE_EQ(e["unattributed_by_block_mj"]["hbm"], 4);
  const nlohmann::json& area = e["sensitivity"][1];
  EXPECT_EQ(area["coefficient"], "area.core");
  EXPECT_DOUBLE_EQ(area["value"], 0.5);
  EXPECT_EQ(area["unit"], "mm2");
  EXPECT_DOUBLE_EQ(area["energy_mj"], 1);
  EXPECT_DOUBLE_EQ(area["energy_share"], 1.0 / 8);
  EXPECT_DOUBLE_EQ(area["area_mm2"], 25);
  EXPECT_DOUBLE_EQ(area["area_share"], 0.5);
}

TEST(EnergyJson, OfAProgramHasNoFiguresOfImagesAndNothingIsInfinite) {
  energy_report r = by_hand();
  r.images = 0;
  r.macs = 0;
  nlohmann::json e = json_of(r);
  for (const char* key : {"energy_per_image_mj", "images_per_s_per_w", "tops_per_w", "images_per_s_per_mm2"})
    EXPECT_EQ(e[key], 0) << key;
  r.seconds = r.total_j = r.area_mm2 = 0;
  e = json_of(r);
  for (const char* key : {"average_power_w", "gops_per_mm2", "images_per_s_per_mm2"}) EXPECT_EQ(e[key], 0) << key;
}

TEST(EnergyTable, ShowsTheSameFiguresRounded) {
  const std::string text = energy_table(by_hand(), coefficients());
  EXPECT_THAT(text, ContainsRegex("\nima +2\\.5 +0\\.5 +0\\.625 +1\\.25 +31\\.2 +20\n"));
  EXPECT_THAT(text, ContainsRegex("\nall +8 +1 +2 +4 +100\\.0 +50\n"));
  EXPECT_THAT(text, ContainsRegex("\nconv1 +4 +1 +2 +50\\.0 +50\\.0 +25\\.0 +0\\.0 +25\\.0\n"))
      << "the rest is the DMA";
  EXPECT_THAT(text, ContainsRegex("\ncores\\.alu +3 pj +7\\.50 +0\\.00\n")) << "10 % of three quarters";
  EXPECT_THAT(text, ContainsRegex("\narea\\.core +0\\.5 mm2 +1\\.25 +5\\.00\n"));
  EXPECT_THAT(text, Not(HasSubstr("\nima.row"))) << "moves nothing";
  EXPECT_THAT(text, ContainsRegex("energy +8 mJ \\(2 mJ per image\\), 4 W on average, coefficients test\n"));
  EXPECT_THAT(text, HasSubstr("25.0 % crossbars, 12.5 % leakage; 500 images/s/W, 1.00 TOPS/W\n"));
  EXPECT_THAT(text, ContainsRegex("area +50\\.0 mm2; 40\\.00 images/s/mm2\n"));
  EXPECT_THAT(text,
              ContainsRegex("MVMs +3 mJ with 12\\.48 nJ each \\(fixed\\), 2 mJ by rows, columns and cells in use\n"));
}

TEST(EnergyTable, OfARunsEndLeavesOutStagesAndCoefficientsAndImagesOfAProgram) {
  energy_report r = by_hand();
  EXPECT_THAT(energy_rows(r, coefficients()), Not(::testing::AnyOf(HasSubstr("conv1"), HasSubstr("cores.alu"))));
  EXPECT_THAT(energy_rows(r, coefficients()), HasSubstr("500 images/s/W"));
  r.images = 0;
  const std::string text = energy_rows(r, coefficients());
  EXPECT_EQ(text.substr(text.find("\n", 1)).find("image"), std::string::npos) << text;
  EXPECT_THAT(text, ContainsRegex("\nima +2\\.5 +0\\.5 +- +1\\.25"));
  const std::string nothing = energy_rows({}, coefficients());
  EXPECT_EQ(nothing.find("nan"), std::string::npos) << nothing;
  EXPECT_EQ(nothing.find("inf"), std::string::npos) << nothing;
}

}  // namespace
}  // namespace ohmic
