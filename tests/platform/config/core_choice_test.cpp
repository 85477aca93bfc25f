#include <gmock/gmock.h>

#include "platform/config/chip_config.h"
#include "platform/config/config_error.h"
#include "platform/config/load_chip.h"

namespace ohmic {
namespace {

using testing::HasSubstr;

const std::string small = "network: {factors: [1, 4]}\n";

std::string message(const std::string& text) {
  try {
    parse_chip(small + text, "chip.yaml", {});
  } catch (const config_error& error) {
    return error.what();
  }
  return "";
}

TEST(CoreChoiceTest, EveryCoreIsTheIssUnlessTheFileSaysOtherwise) {
  const chip_config c = parse_chip(small, "chip.yaml", {});
  EXPECT_FALSE(c.any_core(core_model::rtl));
  EXPECT_FALSE(c.any_core(core_model::lockstep));
  EXPECT_EQ(c.core_models(3), std::vector<core_model>(16, core_model::iss));
}

TEST(CoreChoiceTest, OverridesChooseByClusterAndCoreRanges) {
  const chip_config c = parse_chip(small +
                                       "cores:\n  model: rtl\n  overrides:\n"
                                       "    - {clusters: \"0-1,3\", cores: 0, model: lockstep}\n"
                                       "    - {clusters: 2, model: iss}\n",
                                   "chip.yaml", {});
  for (unsigned cluster : {0u, 1u, 3u}) {
    EXPECT_EQ(c.core_models(cluster)[0], core_model::lockstep);
    EXPECT_EQ(c.core_models(cluster)[1], core_model::rtl);
  }
  EXPECT_EQ(c.core_models(2), std::vector<core_model>(16, core_model::iss));
}

TEST(CoreChoiceTest, TheChoiceIsReadBackAndDoesNotChangeTheHash) {
  const chip_config plain = parse_chip(small, "chip.yaml", {});
  const chip_config mixed =
      parse_chip(small, "chip.yaml", {"cores.overrides=[{clusters: \"0-2\", cores: \"1,3-5\", model: rtl}]"});
  const chip_config back = parse_chip(to_yaml(mixed), "back.yaml", {});
  for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(back.core_models(i), mixed.core_models(i));
  EXPECT_EQ(chip_hash(plain), chip_hash(mixed));
}

TEST(CoreChoiceTest, MistakesAreNamedWithTheirPlace) {
  EXPECT_THAT(message("cores: {model: rlt}\n"),
              HasSubstr("chip.yaml:2:16: cores.model: rlt is not allowed; did you mean rtl?"));
  EXPECT_THAT(message("cores: {overrides: [{clusters: \"2-4\", model: rtl}]}\n"), HasSubstr("from 0 to 3"));
  EXPECT_THAT(message("cores: {overrides: [{cores: \"0,\", model: rtl}]}\n"), HasSubstr("0, is not allowed"));
  EXPECT_THAT(message("cores: {overrides: [{cores: \"3-1\", model: rtl}]}\n"), HasSubstr("3-1 is not allowed"));
  EXPECT_THAT(message("cores: {overrides: [{cores: 0}]}\n"), HasSubstr("model: this key is missing"));
  EXPECT_THAT(
      message("cores: {overrides: [{clusters: \"0-2\", model: rtl}, {clusters: 2, cores: \"7-9\", model: iss}]}\n"),
      HasSubstr("core 2.7 is chosen by the override at chip.yaml:2:21 too"));
}

}  // namespace
}  // namespace ohmic
