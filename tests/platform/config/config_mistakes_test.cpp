#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "platform/config/load_chip.h"

namespace ohmic {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string message(const std::string& text, const std::vector<std::string>& sets = {}) {
  try {
    parse_chip(text, "chip.yaml", sets);
  } catch (const config_error& error) {
    return error.what();
  }
  return "no error";
}

TEST(ConfigMistakesTest, UnknownKeyNamesPlaceAndNeighbour) {
  EXPECT_EQ(message("name: x\ncluster:\n  coers: 8\n"),
            "chip.yaml:3:3: cluster.coers: unknown key; did you mean cluster.cores? allowed: cores, l1_bytes, "
            "program_l1_bytes, "
            "l1_banks, peripheral_cycles, wake_cycles");
}

TEST(ConfigMistakesTest, KeyAtTheWrongLevelIsFound) {
  EXPECT_THAT(message("l1_banks: 64\n"),
              StartsWith("chip.yaml:1:1: l1_banks: unknown key; did you mean cluster.l1_banks?"));
  EXPECT_THAT(message("clutser: {cores: 8}\n"), HasSubstr("did you mean cluster?"));
}

TEST(ConfigMistakesTest, NothingNearMeansNoGuess) {
  EXPECT_EQ(message("cluster: {xyzzy_plugh: 8}\n"),
            "chip.yaml:1:11: cluster.xyzzy_plugh: unknown key; allowed: cores, l1_bytes, program_l1_bytes, l1_banks, "
            "peripheral_cycles, wake_cycles");
}

TEST(ConfigMistakesTest, ValueOutOfRangeNamesWhatIsAllowed) {
  EXPECT_EQ(message("cluster:\n  cores: 65\n"),
            "chip.yaml:2:10: cluster.cores: 65 is not allowed; allowed: an integer from 1 to 64");
  EXPECT_EQ(message("clock_ghz: 0"), "chip.yaml:1:12: clock_ghz: 0 is not allowed; allowed: a number from 0.001 to 10");
  EXPECT_THAT(message("cluster: {l1_bytes: 3 MiB}"),
              HasSubstr("3 MiB is not allowed; allowed: a size that is a power of two from 64 KiB to 8 MiB"));
  EXPECT_THAT(message("cluster: {l1_banks: 48}"),
              HasSubstr("48 is not allowed; allowed: a power of two from 16 to 64"));
}

TEST(ConfigMistakesTest, WrongKindOfValueIsRefused) {
  for (const char* text : {"cluster: {cores: eight}",
                           "cluster: {cores: 8.5}",
                           "cluster: {cores: '8'}",
                           "cluster: {cores: [8]}",
                           "cluster: {cores: -1}",
                           "cluster: {cores: 99999999999999999999}",
                           "cluster: {cores: }",
                           "cluster: 8",
                           "cluster: [1]",
                           "name: [a]",
                           "network: {factors: 512}",
                           "network: {factors: [1, x]}",
                           "hbm: {bytes: 1 GB}",
                           "hbm: {bytes: 1.5 GiB}",
                           "hbm: {bytes: ''}",
                           "hbm: {bytes: 99999999999999 GiB}",
                           "clock_ghz: nan",
                           "clock_ghz: 1e9999",
                           "clock_ghz: fast",
                           "clock_ghz: .inf",
                           "clock_ghz: -1",
                           "clock_ghz: 1e-30",
                           "clock_ghz: 0.00099",
                           "clock_ghz: 10.01",
                           "cluster: {cores: +65}",
                           "cluster: {cores: +0}",
                           "cluster: {cores: 8.0}",
                           "cluster: {cores: 1e1}",
                           "cluster: {cores: 0o101}",
                           "cluster: {cores: -0x8}",
                           "ima: {mvm_ns: 0}",
                           "ima: {mvm_ns: 1e-9}",
                           "hbm: {bytes: -1 MiB}",
                           "cluster: {cores: 18446744073709551617}"}) {
    EXPECT_THAT(message(text), HasSubstr(" is not allowed; allowed: ")) << text;
  }
  EXPECT_THAT(message("network: {factors: [1]}"), HasSubstr("has 1 entries; allowed: a list of 2 to 8 entries"));
}

// The sign was taken for a zero once, behind the range check.
TEST(ConfigMistakesTest, EveryIntegerOfYamlIsThatInteger) {
  EXPECT_EQ(parse_chip("cluster: {cores: +8}\nicache: {hit_cycles: +3}\n", "x").cluster.cores, 8u);
  EXPECT_EQ(parse_chip("icache: {hit_cycles: +3}", "x").icache.hit_cycles, 3u);
  EXPECT_EQ(parse_chip("cluster: {cores: 010}", "x").cluster.cores, 10u) << "not octal";
  EXPECT_EQ(parse_chip("cluster: {cores: 0o10}", "x").cluster.cores, 8u);
  EXPECT_EQ(parse_chip("cluster: {cores: 0x10}", "x").cluster.cores, 16u);
  EXPECT_EQ(parse_chip("network: {factors: [+1, 0x4]}", "x").clusters(), 4u);
  EXPECT_EQ(parse_chip("hbm: {bytes: +2 MiB}", "x").hbm.bytes, 2u << 20);
  EXPECT_EQ(parse_chip("", "x", {"cluster.cores=+4"}).cluster.cores, 4u);
  EXPECT_EQ(parse_chip("clock_ghz: +1.0", "x").clock_ghz, 1.0);
}

TEST(ConfigMistakesTest, TheClocksBoundsAreAllowed) {
  EXPECT_EQ(message("clock_ghz: 0.001"), "no error");
  EXPECT_EQ(message("clock_ghz: 10"), "no error");
}

// 513 = 1 * 19 * 27 is one more than there are addresses for.
TEST(ConfigMistakesTest, OneClusterTooManyIsRefused) {
  EXPECT_THAT(message("network: {factors: [1, 19, 27]}"), HasSubstr("makes 513 clusters"));
  EXPECT_EQ(message("network: {factors: [1, 16, 32]}"), "no error");
}

// 8192 clusters of the smallest kind, twice as many as there are addresses for.
TEST(ConfigMistakesTest, NoNumberOfClustersIsTooLargeToBeCounted) {
  const std::string small = "cluster: {l1_bytes: 128 KiB}\nnetwork: {factors: ";
  EXPECT_EQ(message(small + "[1, 8, 8, 8, 8]}\n"), "no error");
  EXPECT_THAT(message(small + "[1, 8, 8, 8, 16]}\n"), HasSubstr("makes 8192 clusters"));
  EXPECT_THAT(message(small + "[1, 61, 63, 63, 63]}\n"), HasSubstr("makes 15252867 clusters"));
}

TEST(ConfigMistakesTest, ElementOfAListIsNamed) {
  EXPECT_THAT(message("network:\n  factors: [1, 4, 0]\n"), StartsWith("chip.yaml:2:19: network.factors[2]: 0 is not"));
}

TEST(ConfigMistakesTest, DuplicateKeyIsRefusedWhereItStandsAgain) {
  EXPECT_EQ(message("cluster:\n  cores: 8\n  cores: 16\n"),
            "chip.yaml:3:3: cluster.cores: stands here a second time; allowed: once");
}

TEST(ConfigMistakesTest, AllMistakesAreReportedAtOnce) {
  const std::string text = message("cluster: {cores: 0, bank: 3}\nhbm: {size: 1}\n");
  EXPECT_THAT(text, HasSubstr("cluster.cores"));
  EXPECT_THAT(text, HasSubstr("\nchip.yaml:1:21: cluster.bank"));
  EXPECT_THAT(text, HasSubstr("\nchip.yaml:2:7: hbm.size"));
}

TEST(ConfigMistakesTest, BrokenYamlNamesItsPlace) {
  EXPECT_THAT(message("cluster: {cores: 8\nname: x\n"), StartsWith("chip.yaml:"));
  EXPECT_THAT(message("cluster: {cores: 8\nname: x\n"), HasSubstr("not valid YAML"));
  EXPECT_THAT(message("just a word"), HasSubstr("allowed: keys and values"));
  EXPECT_THAT(message("name: a\n---\nname: b\n"), HasSubstr("one YAML document is allowed"));
}

TEST(ConfigMistakesTest, OptionsAreNamedByTheirText) {
  EXPECT_EQ(message("", {"cluster.coers=8"}),
            "--set cluster.coers=8: cluster.coers: unknown key; did you mean cluster.cores? allowed: cores, "
            "l1_bytes, program_l1_bytes, l1_banks, peripheral_cycles, wake_cycles");
  EXPECT_EQ(message("", {"cluster.cores=80"}),
            "--set cluster.cores=80: cluster.cores: 80 is not allowed; allowed: an integer from 1 to 64");
  EXPECT_THAT(message("", {"cluster.cores"}), HasSubstr("--set cluster.cores: allowed: KEY=VALUE"));
  EXPECT_THAT(message("", {"cluster..cores=8"}), HasSubstr("has an empty part"));
  EXPECT_THAT(message("", {"cluster.=8"}), HasSubstr("has an empty part"));
  EXPECT_THAT(message("", {"=8"}), HasSubstr("allowed: KEY=VALUE"));
  EXPECT_THAT(message("name: x", {"name.first=8"}), HasSubstr("name is a single value"));
  EXPECT_THAT(message("", {"network.factors=[1, "}), HasSubstr("the value is not valid YAML"));
}

TEST(ConfigMistakesTest, ClustersMustFitTheAddressMap) {
  const std::string text = message("network:\n  factors: [1, 8, 4, 4, 8]\n");
  EXPECT_THAT(text, StartsWith("chip.yaml:2:12: network.factors: [1, 8, 4, 4, 8] makes 1024 clusters"));
  EXPECT_THAT(text, HasSubstr("each 0x200000 bytes of addresses (L1 and peripherals): they end above 0x80000000"));
  EXPECT_THAT(text, HasSubstr("allowed: up to 512 clusters"));
  EXPECT_THAT(message("cluster: {l1_bytes: 2 MiB}"), HasSubstr("allowed: up to 256 clusters"));
  EXPECT_THAT(message("network: {factors: [1, 512, 512, 512, 512, 512, 512, 512]}"), HasSubstr("up to 512 clusters"));
  EXPECT_EQ(message("cluster: {l1_bytes: 2 MiB}", {"network.factors=[1, 4, 4, 4, 4]"}), "no error");
}

TEST(ConfigMistakesTest, HbmMustEndBelowPlatformControl) {
  EXPECT_EQ(message("hbm: {bytes: 1792 MiB}"), "no error");
  EXPECT_THAT(message("hbm: {bytes: 1793 MiB}"), HasSubstr("1793 MiB is not allowed"));
  EXPECT_THAT(message("hbm: {bytes: 1048577}"), HasSubstr("allowed: whole MiB"));
  EXPECT_THAT(message("hbm: {bytes: 1536 KiB}"), HasSubstr("allowed: whole MiB"));
}

TEST(ConfigMistakesTest, TheProgramsL1IsWholePages) {
  EXPECT_EQ(message("cluster: {program_l1_bytes: 20 KiB}"), "no error");
  for (const char* const bytes : {"18 KiB", "20481", "24572"})
    EXPECT_THAT(message(std::string("cluster: {program_l1_bytes: ") + bytes + "}"), HasSubstr("allowed: whole 4 KiB"));
}

TEST(ConfigMistakesTest, ListsOfTheNetworkHaveOneEntryPerLevel) {
  EXPECT_THAT(message("network: {factors: [1, 4], latency: [100, 4, 4]}"),
              HasSubstr("network.latency: [100, 4, 4] has 3 entries but network.factors has 2"));
  EXPECT_THAT(message("network: {width: [64, 64]}"), HasSubstr("network.width: [64, 64] has 2 entries"));
  EXPECT_THAT(message("network: {factors: [2, 4]}"), HasSubstr("there is one HBM link"));
}

TEST(ConfigMistakesTest, RoutersHaveAtMost64Ports) {
  EXPECT_EQ(message("network: {factors: [1, 61]}"), "no error");
  EXPECT_THAT(message("network: {factors: [1, 62]}"), HasSubstr("62 children; allowed: up to 61"));
  EXPECT_EQ(message("network: {factors: [1, 2, 63]}"), "no error");
  EXPECT_THAT(message("network: {factors: [1, 2, 64]}"), HasSubstr("64 children; allowed: up to 63"));
}

TEST(ConfigMistakesTest, OneIsAPowerOfTwo) {
  for (const char* const count : {"1", "2", "4", "16"})
    EXPECT_EQ(message(std::string("icache: {ways: ") + count + ", banks: 1}"), "no error") << count;
  for (const char* const count : {"0", "3", "5", "6", "10", "12", "15", "32"})
    EXPECT_THAT(message(std::string("icache: {banks: ") + count + "}"), HasSubstr("a power of two from 1 to 16"));
}

TEST(ConfigMistakesTest, CacheHoldsOneLinePerWayAndBank) {
  EXPECT_EQ(message("icache: {shared_bytes: 2 KiB, ways: 8}"), "no error") << "four banks of 64 bytes";
  EXPECT_THAT(message("icache: {shared_bytes: 1 KiB, ways: 8}"), HasSubstr("one line per way and bank (2048 bytes)"));
}

TEST(ConfigMistakesTest, BurstsHaveAtMost256Beats) {
  EXPECT_EQ(message("network: {width: [64, 64, 64, 64, 4], max_burst_bytes: 1024}"), "no error");
  EXPECT_THAT(message("network: {width: [64, 64, 64, 64, 4], max_burst_bytes: 2048}"), HasSubstr("256 beats"));
}

TEST(ConfigMistakesTest, MissingFileSaysSo) {
  try {
    load_chip("no/such/file.yaml");
    FAIL();
  } catch (const config_error& error) {
    EXPECT_STREQ(error.what(), "no/such/file.yaml: cannot be read: No such file or directory");
  }
  EXPECT_THROW(load_chip(OHMIC_CONFIGS), config_error) << "a folder";
}

}  // namespace
}  // namespace ohmic
