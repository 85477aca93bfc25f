// Clusters of different make in one chip: what the file says, what it must not say, and what follows for the hash.
#include "platform/config/make_choice.h"

#include <gmock/gmock.h>

#include "platform/config/config_error.h"
#include "platform/config/core_choice.h"
#include "platform/config/load_chip.h"

namespace ohmic {
namespace {

using testing::HasSubstr;

chip_config eight(const std::string& text, const std::vector<std::string>& sets = {}) {
  return parse_chip("network: {factors: [1, 2, 4]}\ncluster: {cores: 4}\n" + text, "chip.yaml", sets);
}

std::string message(const std::string& text, const std::vector<std::string>& cores = {}) {
  try {
    parse_chip("network: {factors: [1, 2, 4]}\ncluster: {cores: 4}\n" + text, "chip.yaml", {}, cores);
  } catch (const config_error& error) {
    return error.what();
  }
  return "";
}

TEST(MakeChoice, ClustersAreAllAlikeUnlessTheFileSaysOtherwise) {
  const chip_config c = eight("");
  EXPECT_TRUE(c.makes.empty());
  EXPECT_EQ(c.all_cores(), 32u);
  EXPECT_EQ(c.most_cores(), 4u);
  EXPECT_EQ(c.imas(), 8u);
  ASSERT_EQ(c.all_makes().size(), 1u);
  EXPECT_EQ(c.all_makes()[0].clusters.size(), 8u);
}

TEST(MakeChoice, EachClusterIsMadeAsItsEntrySays) {
  const chip_config c = eight(
      "clusters:\n  - {clusters: \"0-4\", cores: 2}\n  - {clusters: 6, ima: false}\n"
      "  - {clusters: 7, cores: 16, ima: false}\n");
  const unsigned cores[] = {2, 2, 2, 2, 2, 4, 4, 16};
  for (unsigned i = 0; i < 8; ++i) {
    EXPECT_EQ(c.cores_of(i), cores[i]) << i;
    EXPECT_EQ(c.core_models(i).size(), cores[i]) << i;
    EXPECT_EQ(c.has_ima(i), i < 6) << i;
  }
  EXPECT_EQ(c.all_cores(), 5 * 2 + 4 + 4 + 16u);
  EXPECT_EQ(c.most_cores(), 16u);
  EXPECT_EQ(c.imas(), 6u);
  EXPECT_EQ(c.all_makes().size(), 4u) << "two cores; four; four without IMA; sixteen without";
  EXPECT_EQ(to_yaml(parse_chip(to_yaml(c), "again")), to_yaml(c));
}

TEST(MakeChoice, TheHashIsThatOfTheChipHoweverItIsWritten) {
  const std::string alike = chip_hash(eight(""));
  EXPECT_EQ(chip_hash(eight("clusters: [{clusters: all, cores: 4, ima: true}]\n")), alike);
  EXPECT_EQ(chip_hash(eight("clusters: [{clusters: \"2\"}]\n")), alike);
  const std::string two = chip_hash(eight("clusters: [{clusters: \"0-1\", cores: 2}]\n"));
  EXPECT_NE(two, alike);
  EXPECT_EQ(chip_hash(eight("clusters: [{clusters: 1, cores: 2}, {clusters: 0, cores: 2}]\n")), two);
  EXPECT_NE(chip_hash(eight("clusters: [{clusters: \"0-2\", cores: 2}]\n")), two);
  EXPECT_NE(chip_hash(eight("clusters: [{clusters: \"0-1\", cores: 2, ima: false}]\n")), two);
}

TEST(MakeChoice, AnOptionMayGiveTheWholeList) {
  const chip_config c = eight("", {"clusters=[{clusters: \"0-3\", cores: 1}]"});
  EXPECT_EQ(c.cores_of(3), 1u);
  EXPECT_EQ(c.cores_of(4), 4u);
}

TEST(MakeChoice, MistakesAreNamedWhereTheyStand) {
  EXPECT_EQ(
      message("clusters:\n  - {clusters: \"3-8\", cores: 2}\n"),
      "chip.yaml:4:5: clusters: clusters: \"3-8\" is not allowed; allowed: all, or numbers and ranges from 0 to 7, "
      "each once, as in 0-3,7");
  EXPECT_EQ(message("clusters:\n  - {clusters: \"0-3\", cores: 2}\n  - {clusters: \"2\"}\n"),
            "chip.yaml:5:5: clusters: cluster 2 is named in chip.yaml:4:5 already; allowed: each cluster once");
  EXPECT_THAT(message("clusters: [{clusters: 0, cores: 65}]\n"), HasSubstr("65 is not allowed; allowed: an integer"));
  EXPECT_THAT(message("clusters: [{clusters: 0, imas: 2}]\n"), HasSubstr("did you mean"));
  EXPECT_THAT(message("clusters: [{cores: 2}]\n"), HasSubstr("clusters"));
  EXPECT_THAT(message("clusters: {clusters: 0}\n"), HasSubstr("allowed"));
}

/// "all" means those that each cluster has; a number must be there in each of them.
TEST(MakeChoice, CoresAreNamedAsFarAsTheyAreThere) {
  const std::string two = "clusters: [{clusters: \"0-1\", cores: 2}]\n";
  const auto load = [&](const std::string& choice) {
    return parse_chip("network: {factors: [1, 2, 4]}\ncluster: {cores: 4}\n" + two, "chip.yaml", {}, {choice});
  };
  const chip_config all = load("1-2.all=rtl");
  EXPECT_EQ(all.core_models(1), std::vector<core_model>(2, core_model::rtl));
  EXPECT_EQ(all.core_models(2), std::vector<core_model>(4, core_model::rtl));
  EXPECT_EQ(load("2.3=rtl").core_models(2)[3], core_model::rtl);
  using cores = std::vector<std::pair<unsigned, unsigned>>;
  EXPECT_EQ(named_cores("1-2.all", all, "x"), (cores{{1, 0}, {1, 1}, {2, 0}, {2, 1}, {2, 2}, {2, 3}}));
  EXPECT_THAT(message(two, {"1-2.2=rtl"}), HasSubstr("numbers and ranges from 0 to 1, each once"));
}

}  // namespace
}  // namespace ohmic
