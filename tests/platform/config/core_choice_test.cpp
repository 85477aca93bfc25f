#include <gmock/gmock.h>

#include <algorithm>

#include "chip/chip_config.h"
#include "platform/config/config_error.h"
#include "platform/config/load_chip.h"

namespace ohmic {
namespace {

using testing::HasSubstr;

const std::string small = "network: {factors: [1, 4]}\n";

std::string message(const std::string& text, const std::vector<std::string>& cores = {}) {
  try {
    parse_chip(small + text, "chip.yaml", {}, cores);
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

TEST(CoreChoiceTest, TheChoiceIsReadBackAndChangesTheHashWhereTheCoreIsAnother) {
  const chip_config plain = parse_chip(small, "chip.yaml", {});
  const chip_config mixed = parse_chip(
      small, "chip.yaml",
      {"cores.overrides=[{clusters: \"0-2\", cores: \"1,3-5\", model: rtl}, {clusters: \"3\", model: ibex}]"});
  const chip_config back = parse_chip(to_yaml(mixed), "back.yaml", {});
  for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(back.core_models(i), mixed.core_models(i));
  const auto hash_with = [](const char* overrides) {
    return chip_hash(parse_chip(small, "chip.yaml", {std::string("cores.overrides=[") + overrides + "]"}));
  };
  EXPECT_EQ(hash_with("{clusters: \"0-2\", cores: \"1,3-5\", model: rtl}"), chip_hash(plain)) << "the same core";
  EXPECT_EQ(hash_with("{clusters: \"0\", cores: \"1\", model: lockstep}"), chip_hash(plain));
  EXPECT_NE(hash_with("{clusters: \"3\", model: ibex}"), chip_hash(plain)) << "other cycles, perhaps another mapping";
  EXPECT_NE(hash_with("{clusters: \"3\", model: ibex}"), hash_with("{clusters: \"2\", model: ibex}"));
  EXPECT_NE(chip_hash(mixed), chip_hash(plain));
}

TEST(CoreChoiceTest, MistakesAreNamedWithTheirPlace) {
  EXPECT_THAT(message("cores: {model: rlt}\n"),
              HasSubstr("chip.yaml:2:16: cores.model: rlt is not allowed; did you mean rtl?"));
  EXPECT_THAT(message("cores: {overrides: [{clusters: \"2-4\", model: rtl}]}\n"), HasSubstr("from 0 to 3"));
  EXPECT_THAT(message("cores: {overrides: [{cores: \"0,\", model: rtl}]}\n"), HasSubstr("\"0,\" is not allowed"));
  EXPECT_THAT(message("cores: {overrides: [{cores: \"3-1\", model: rtl}]}\n"), HasSubstr("\"3-1\" is not allowed"));
  EXPECT_THAT(message("cores: {overrides: [{cores: 0}]}\n"), HasSubstr("model: this key is missing"));
  EXPECT_THAT(
      message("cores: {overrides: [{clusters: \"0-2\", model: rtl}, {clusters: 2, cores: \"7-9\", model: iss}]}\n"),
      AllOf(HasSubstr("makes core 2.7 iss"), HasSubstr("chip.yaml:2:21 makes it rtl")));
}

TEST(CoreChoiceTest, OptionsOfTheCommandLineGoBeforeTheFile) {
  const chip_config c = parse_chip(small +
                                       "cores:\n  model: rtl\n  overrides:\n"
                                       "    - {clusters: \"0-2\", cores: \"0-3\", model: lockstep}\n",
                                   "chip.yaml", {}, {"iss", "1-3.2=rtl"});
  for (unsigned cluster = 0; cluster < 4; ++cluster)
    for (unsigned core = 0; core < 16; ++core) {
      const core_model wanted = cluster >= 1 && core == 2   ? core_model::rtl
                                : cluster <= 2 && core <= 3 ? core_model::lockstep
                                                            : core_model::iss;
      EXPECT_EQ(c.core_models(cluster)[core], wanted) << cluster << "." << core;
    }
  for (const auto& a : c.cores.overrides)
    for (const auto& b : c.cores.overrides)
      for (unsigned cluster : a.clusters)
        for (unsigned core : a.cores)
          EXPECT_TRUE(&a == &b || std::count(b.clusters.begin(), b.clusters.end(), cluster) == 0 ||
                      std::count(b.cores.begin(), b.cores.end(), core) == 0)
              << "overrides of a resolved chip are disjoint";
}

TEST(CoreChoiceTest, OverridesMayOverlapWhereTheyAgree) {
  const chip_config c = parse_chip(small, "chip.yaml", {}, {"all.0=rtl", "2.all=rtl", "0.0=rtl"});
  EXPECT_EQ(c.core_models(2), std::vector<core_model>(16, core_model::rtl));
  EXPECT_EQ(c.core_models(3)[0], core_model::rtl);
  EXPECT_EQ(c.core_models(3)[1], core_model::iss);
}

TEST(CoreChoiceTest, NoOverrideOfAResolvedChipIsEmpty) {
  const chip_config c =
      parse_chip(small + "cores: {overrides: [{clusters: \"0-2\", cores: \"0-3\", model: lockstep}]}\n", "chip.yaml",
                 {}, {"0-1.all=rtl", "2.0-2=rtl", "2.3=iss"});
  for (const auto& o : c.cores.overrides) EXPECT_FALSE(o.clusters.empty() || o.cores.empty());
  EXPECT_EQ(c.cores.overrides.size(), 3u) << "nothing is left of the file's";
}

TEST(CoreChoiceTest, LockstepMayBeWrittenAsThePair) {
  const chip_config c = parse_chip(small + "cores: {model: rtl+iss, overrides: [{clusters: 2, model: iss}]}\n",
                                   "chip.yaml", {}, {"3.1=iss+rtl", "3.0=rtl"});
  EXPECT_EQ(c.core_models(0), std::vector<core_model>(16, core_model::lockstep));
  EXPECT_EQ(c.core_models(2), std::vector<core_model>(16, core_model::iss));
  EXPECT_EQ(c.core_models(3)[0], core_model::rtl);
  EXPECT_EQ(c.core_models(3)[1], core_model::lockstep);
}

TEST(CoreChoiceTest, LockstepOfModelsWithoutOneInstructionSetIsRefused) {
  EXPECT_EQ(
      message("cores: {model: ibex+iss}\n"),
      "chip.yaml:2:16: cores: ibex+iss: lock-step needs two models of one instruction set, but ibex is RV32IMC and "
      "iss is RV32IMC with XCV extensions and hardware loops; allowed: rtl+iss");
  EXPECT_THAT(
      message("cores: {overrides: [{clusters: 1, model: rtl+ibex}]}\n"),
      AllOf(HasSubstr("chip.yaml:2:42: "), HasSubstr("rtl+ibex: lock-step needs two models of one instruction")));
  EXPECT_THAT(message("", {"0.0=ibex+rtl"}), HasSubstr("--cores 0.0=ibex+rtl: cores: ibex+rtl: lock-step needs"));
  EXPECT_THAT(message("", {"rtl+is"}), HasSubstr("there is no model \"is\"; did you mean iss?"));
  for (const char* pair : {"rtl+rtl", "iss+iss", "lockstep+iss", "rtl+", "+", "rtl+iss+iss"})
    EXPECT_THAT(message("", {pair}), HasSubstr("rtl+iss")) << pair;
}

TEST(CoreChoiceTest, MistakesInOptionsAreNamedAsTheyWereWritten) {
  EXPECT_THAT(message("", {"rlt"}), HasSubstr("--cores rlt: cores.model: rlt is not allowed; did you mean rtl?"));
  EXPECT_THAT(message("", {"0.1=locstep"}), HasSubstr("--cores 0.1=locstep: "));
  EXPECT_THAT(message("", {"0.1=locstep"}), HasSubstr("did you mean lockstep?"));
  EXPECT_THAT(message("", {"0.16=rtl"}), HasSubstr("--cores 0.16=rtl: cores.overrides: cores: \"16\" is not allowed"));
  EXPECT_THAT(message("", {"4.0=rtl"}), HasSubstr("clusters: \"4\" is not allowed; allowed: all, or numbers and ranges "
                                                  "from 0 to 3"));
  EXPECT_THAT(message("", {"0.3-1=rtl"}), HasSubstr("\"3-1\" is not allowed"));
  for (const char* empty : {"0.=rtl", ".0=rtl", "0. =rtl", "0.0-=rtl", "0.,=rtl", "0.0,=rtl", "0.0=", "0.-1=rtl"})
    EXPECT_THAT(message("", {empty}), HasSubstr(std::string("--cores ") + empty + ": ")) << empty;
  EXPECT_THAT(message("", {"4294967296.0=rtl"}), HasSubstr("from 0 to 3"));
  EXPECT_THAT(message("", {"0.0"}), HasSubstr("--cores 0.0: allowed: MODEL, or CLUSTERS.CORES=MODEL"));
  EXPECT_THAT(message("", {"0=rtl"}), HasSubstr("--cores 0=rtl: allowed: MODEL, or CLUSTERS.CORES=MODEL"));
  EXPECT_EQ(message("", {"0.0=rtl", "0-1.0-3=iss"}),
            "--cores 0-1.0-3=iss: cores.overrides: makes core 0.0 iss, but --cores 0.0=rtl makes it rtl; allowed: "
            "overrides that give each core one model");
}

}  // namespace
}  // namespace ohmic
