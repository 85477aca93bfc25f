#include "platform/energy/coefficients.h"

#include <gtest/gtest.h>

#include "platform/config/config_error.h"
#include "platform/energy/energy_report.h"
#include "tests/platform/energy/simple_coefficients.h"

namespace ohmic {
namespace {

using test::coefficients_text;

std::string mistake(const std::string& text, const std::vector<std::string>& sets = {}) {
  try {
    parse_coefficients(text, "x.yaml", sets);
  } catch (const config_error& error) {
    return error.what();
  }
  return "";
}
std::string without(std::string text, const std::string& line) {
  const std::size_t at = text.find(line);
  return text.erase(at, text.find('\n', at) + 1 - at);
}
bool says(const std::string& message, const std::string& what) { return message.find(what) != std::string::npos; }

TEST(Coefficients, ValuesAreInSiUnits) {
  const auto c = parse_coefficients(
      coefficients_text({{"cores.alu", "5"}, {"hbm.standby", "3"}, {"leakage.logic", "0.5"}, {"area.core", "0.25"}}),
      "x.yaml");
  EXPECT_DOUBLE_EQ(c("cores.alu"), 5e-12);
  EXPECT_DOUBLE_EQ(c("hbm.standby"), 3e-3);
  EXPECT_DOUBLE_EQ(c("leakage.logic"), 0.5e-3);
  EXPECT_DOUBLE_EQ(c("area.core"), 0.25);
  EXPECT_EQ(c.of.size(), test::all_coefficients().size());
}

/// The chip of the tests is of 10 nm at 0.5 V.
TEST(Coefficients, AreScaledFromTheirNodeToTheChips) {
  const std::string text = coefficients_text({{"cores.alu", "8"}, {"cores.mul", "8"}, {"area.core", "2"}});
  const auto c = parse_coefficients(
      text, "x.yaml",
      {"cores.alu.scaling=node_v2", "cores.alu.node_nm=20", "cores.alu.volts=1", "cores.mul.node_nm=20",
       "cores.mul.volts=1", "area.core.scaling=node", "area.core.node_nm=40"});
  EXPECT_DOUBLE_EQ(c.of.at("cores.alu").value(), 8 * (10.0 / 20) * (0.5 * 0.5));
  EXPECT_DOUBLE_EQ(c.of.at("cores.mul").value(), 8) << "a node alone scales nothing";
  EXPECT_DOUBLE_EQ(c.of.at("area.core").value(), 2 * 10.0 / 40);
}

TEST(Coefficients, EachMissingOneIsNamed) {
  for (const auto& [key, unit] : test::all_coefficients()) {
    const std::string group = key.substr(0, key.find('.')), name = key.substr(group.size() + 1);
    std::string text = coefficients_text({});
    const std::size_t begin = text.find("\n" + group + ":"), at = text.find("  " + name + ":", begin);
    text.erase(at, text.find('\n', at) + 1 - at);
    if (group == "network") continue;  // the group is then empty, and named itself
    EXPECT_TRUE(says(mistake(text), key + ": this key is missing")) << key << ": " << mistake(text);
  }
  EXPECT_TRUE(says(mistake(without(coefficients_text({}), "mvm:")), "mvm: this key is missing"));
  EXPECT_TRUE(says(mistake(without(coefficients_text({}), "digital_scale:")), "digital_scale: this key is missing"));
}

TEST(Coefficients, WhatIsNotAllowedIsNamed) {
  const std::string good = coefficients_text({});
  ASSERT_EQ(mistake(good), "");
  EXPECT_TRUE(says(mistake(good, {"cores.aul.pj=1"}), "cores.aul: unknown key; did you mean cores.alu?"));
  EXPECT_TRUE(says(mistake(good, {"wires.byte.pj=1"}), "wires: unknown key"));
  EXPECT_TRUE(says(mistake(good, {"cores.alu.mm2=1"}), "cores.alu.mm2: unknown key"));
  EXPECT_TRUE(says(mistake(good, {"cores.alu.pj=-1"}), "cores.alu.pj: -1 is not allowed"));
  EXPECT_TRUE(says(mistake(good, {"cores.alu.pj=many"}), "cores.alu.pj: many is not allowed"));
  EXPECT_TRUE(says(mistake(good, {"cores.alu=3"}), "cores.alu: 3 is not allowed"));
  EXPECT_TRUE(says(mistake(good, {"cores.alu.source=''"}), "cores.alu.source"));
  EXPECT_TRUE(says(mistake(good, {"mvm=often"}), "mvm: often is not allowed"));
  EXPECT_TRUE(says(mistake(good, {"digital_scale=-0.1"}), "digital_scale: -0.1 is not allowed"));
  EXPECT_TRUE(says(mistake(good, {"node_nm=0"}), "node_nm: 0 is not allowed"));
  EXPECT_TRUE(says(mistake(good, {"cores.alu.scaling=node"}), "cores.alu.node_nm: this key is missing"));
  EXPECT_TRUE(says(mistake(good, {"cores.alu.scaling=node_v2", "cores.alu.node_nm=7"}),
                   "cores.alu.volts: this key is missing"));
}

/// What ships: an MVM of all rows and columns costs the same by both readings; the paper's chip has the paper's area.
TEST(Coefficients, ShippedSetsHoldWhatTheySay) {
  for (const char* name : {"paper", "silicon"}) {
    const auto c = load_coefficients(std::string(OHMIC_CONFIGS "/energy/") + name + ".yaml");
    EXPECT_EQ(c.name, name);
    EXPECT_NEAR(c("ima.mvm") + 256 * c("ima.row") + 256 * c("ima.column") + 65536 * c("ima.cell"), 12.48e-9, 1e-15);
    EXPECT_DOUBLE_EQ(c("ima.mvm_full"), 12.48e-9) << "1.008 TOPS at 10.5 TOPS/W, 130 ns";
    for (const auto& [key, own] : c.of) EXPECT_FALSE(own.source.empty()) << key;
  }
  chip_activity chip;
  chip.parts = {512, 512 * 16, 512}, chip.rows = chip.columns = 256, chip.routers = 169;
  chip.l1_kib = 1024, chip.icache_kib = 16;
  EXPECT_NEAR(evaluate_energy(chip, load_coefficients(OHMIC_CONFIGS "/energy/paper.yaml")).area_mm2, 480, 0.01);
}

TEST(Coefficients, ComeBackFromASummary) {
  const auto c = parse_coefficients(coefficients_text({{"cores.alu", "1.25e-3"}, {"area.core", "0.1"}}), "x.yaml",
                                    {"cores.alu.scaling=node", "cores.alu.node_nm=22.5", "cores.alu.source='1.5'"});
  const std::string summary = with_energy("{}", evaluate_energy({}, c), c);
  const auto again = coefficients_of_summary(summary, "s.json", {"mvm=fixed"});
  ASSERT_EQ(again.of.size(), c.of.size());
  for (const auto& [key, own] : c.of) {
    EXPECT_EQ(again.of.at(key).value(), own.value()) << key;
    EXPECT_EQ(again.of.at(key).source, own.source) << key;
  }
  EXPECT_TRUE(again.fixed_mvm);
  EXPECT_THROW(coefficients_of_summary("{}", "s.json", {}), config_error);
  EXPECT_THROW(coefficients_of_summary("no json", "s.json", {}), config_error);
}

}  // namespace
}  // namespace ohmic
