#include "platform/energy/activity.h"

#include <gtest/gtest.h>

#include <string>

#include "platform/config/config_error.h"

namespace ohmic {
namespace {

/// A summary by hand: two clusters, of which one serves two stages.
std::string summary() {
  return R"({"cycles": 2000, "boot_cycles": 300, "images": 4, "macs_per_image": 1000,
  "resolved_chip": {"clock_ghz": 2.0, "cluster": {"cores": 16, "l1_bytes": 131072}, "icache": {"shared_bytes": 16384},
    "ima": {"rows": 256, "columns": 128}, "network": {"factors": [1, 8, 4, 4, 4]}},
  "stages": [{"name": "a"}, {"name": "b"}],
  "clusters": [
    {"cluster": 0, "stage_shares": [{"stage": "a", "mvms": 0.25, "work": 0.5}, {"stage": "b", "mvms": 0.75, "work": 0.5}],
     "counters_after_boot": {"ima": {"mvms": 100}, "instructions": {"alu": 1000}}},
    {"cluster": 9, "stage_shares": [{"stage": "b", "mvms": 0, "work": 0}],
     "counters_after_boot": {"ima": {"mvms": 7}, "instructions": {"alu": 70}}}],
  "counters": [{"block": "ima", "name": "mvms", "total": 999, "after_boot": 110},
               {"block": "instructions", "name": "alu", "total": 9999, "after_boot": 1100},
               {"block": "l1", "name": "core_reads", "total": 50, "after_boot": 40}],
  "links": [{"name": "cluster_0.up", "bytes_after_boot": 64}, {"name": "cluster_0.down", "bytes_after_boot": 100},
            {"name": "l1_0.up", "bytes_after_boot": 30}, {"name": "top.up", "bytes_after_boot": 8},
            {"name": "top.down", "bytes_after_boot": 16}, {"name": "platform.down", "bytes_after_boot": 1},
            {"name": "platform.up", "bytes_after_boot": 2}]})";
}
std::string with(std::string text, const std::string& what, const std::string& instead) {
  return text.replace(text.find(what), what.size(), instead);
}

TEST(Activity, IsReadAsTheSummarySays) {
  const chip_activity a = read_activity(summary(), "s.json");
  EXPECT_DOUBLE_EQ(a.seconds, 1e-6);
  EXPECT_EQ(a.images, 4u);
  EXPECT_DOUBLE_EQ(a.macs, 4000);
  EXPECT_EQ(a.parts.clusters, 512);
  EXPECT_EQ(a.parts.cores, 512 * 16);
  EXPECT_EQ(a.parts.imas, 512);
  EXPECT_EQ(a.routers, 1u + 8 + 32 + 128);
  EXPECT_DOUBLE_EQ(a.l1_kib, 128);
  EXPECT_DOUBLE_EQ(a.icache_kib, 16);
  EXPECT_EQ(a.columns, 128u);
  EXPECT_DOUBLE_EQ(a.total.at("ima.mvms"), 110) << "boot left out";
}

/// A byte that leaves an endpoint has crossed no router; each link behind one counts.
TEST(Activity, BytesCountAtEachRouterTheyCross) {
  const chip_activity a = read_activity(summary(), "s.json");
  EXPECT_DOUBLE_EQ(a.total.at("network.byte_hops"), 100 + 30 + 8 + 2);
  EXPECT_DOUBLE_EQ(a.total.at("hbm.bytes"), 8 + 16);
}

TEST(Activity, OfAProgramBeginsWithItsReset) {
  std::string text = with(summary(), "\"boot_cycles\": 300, \"images\": 4, ", "");
  for (std::size_t at; (at = text.find("bytes_after_boot")) != std::string::npos;) text.erase(at + 5, 11);
  const chip_activity a = read_activity(text, "s.json");
  EXPECT_EQ(a.images, 0u);
  EXPECT_DOUBLE_EQ(a.total.at("ima.mvms"), 999);
  EXPECT_DOUBLE_EQ(a.total.at("hbm.bytes"), 24);
}

TEST(Activity, OfProgrammingIsReadsOfOneRowEachAndPulses) {
  EXPECT_TRUE(read_activity(summary(), "s.json").programming.empty());
  const std::string programming = R"("analog": {"programming": {"rows": 30, "columns": 900, "pulses_mj": 2}}, )";
  const chip_activity a = read_activity(with(summary(), "\"cycles\": 2000", programming + "\"cycles\": 2000"), "s");
  EXPECT_DOUBLE_EQ(a.programming.at("ima.mvms"), 30);
  EXPECT_DOUBLE_EQ(a.programming.at("ima.rows"), 30);
  EXPECT_DOUBLE_EQ(a.programming.at("ima.columns"), 900);
  EXPECT_DOUBLE_EQ(a.programming.at("ima.cells"), 900);
  EXPECT_DOUBLE_EQ(a.programming_pulses_j, 2e-3);
}

TEST(Activity, OfACalibrationIsKeptApart) {
  EXPECT_TRUE(read_activity(summary(), "s.json").calibration.empty());
  const std::string text =
      with(with(summary(), "\"total\": 999, ", "\"total\": 999, \"calibration\": 256, "), "\"cycles\": 2000",
           "\"analog\": {\"calibration\": {\"cycles\": 500}}, \"cycles\": 2000");
  const chip_activity a = read_activity(text, "s.json");
  EXPECT_DOUBLE_EQ(a.calibration.at("ima.mvms"), 256);
  EXPECT_DOUBLE_EQ(a.calibration_seconds, 500 / 2e9);
  EXPECT_DOUBLE_EQ(a.total.at("ima.mvms"), 110) << "it is no part of the batch";
}

/// What the IMA does by MVMs, the rest by the time of the cores; a cluster of one stage is that stage's.
TEST(Activity, AClusterIsSplitAmongItsStages) {
  const chip_activity a = read_activity(summary(), "s.json");
  ASSERT_EQ(a.stages.size(), 2u);
  EXPECT_DOUBLE_EQ(a.stages[0].counts.at("ima.mvms"), 25);
  EXPECT_DOUBLE_EQ(a.stages[0].counts.at("instructions.alu"), 500);
  EXPECT_DOUBLE_EQ(a.stages[0].parts.clusters, 0.5);
  EXPECT_DOUBLE_EQ(a.stages[1].counts.at("ima.mvms"), 75 + 7);
  EXPECT_DOUBLE_EQ(a.stages[1].counts.at("instructions.alu"), 500 + 70);
  EXPECT_DOUBLE_EQ(a.stages[1].parts.clusters, 1.5);
}

TEST(Activity, ClustersOfOtherMakesCountAsTheyAre) {
  const chip_activity a = read_activity(
      with(summary(), "\"icache\"",
           R"("clusters": [{"clusters": "0-7", "cores": 2, "ima": true}, {"clusters": "9", "cores": 8, "ima": false}],
    "icache")"),
      "s.json");
  EXPECT_EQ(a.parts.clusters, 512);
  EXPECT_EQ(a.parts.cores, 8 * 2 + 8 + 503 * 16);
  EXPECT_EQ(a.parts.imas, 511);
  EXPECT_DOUBLE_EQ(a.stages[0].parts.cores, 0.5 * 2);
  EXPECT_DOUBLE_EQ(a.stages[1].parts.cores, 0.5 * 2 + 8);
  EXPECT_DOUBLE_EQ(a.stages[1].parts.imas, 0.5) << "cluster 9 has none";
}

std::string mistake(const std::string& text) {
  try {
    read_activity(text, "s.json");
  } catch (const config_error& error) {
    return error.what();
  }
  return "";
}

TEST(Activity, WhatIsNoSummaryIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), std::string("{\"cycles\": 1}"), std::string("nonsense"),
        "{\"a\": " + std::string(100'000, '[') + std::string(100'000, ']') + "}", std::string(1'000'000, '['),
        with(summary(), "\"rows\": 256", "\"rows\": -1"), with(summary(), "\"cores\": 16", "\"cores\": 1e300"),
        with(summary(), "[1, 8, 4, 4, 4]", "[1, 100000, 100000]"), with(summary(), "[1, 8, 4, 4, 4]", "7"),
        with(summary(), "\"clock_ghz\": 2.0", "\"clock_ghz\": \"fast\""),
        with(summary(), "\"after_boot\": 110", "\"x\": 1"), with(summary(), "\"stage\": \"a\"", "\"stage\": \"c\"")})
    EXPECT_EQ(mistake(text).rfind("s.json: ", 0), 0u) << text;
}

TEST(Activity, ARunThatDidNotCountIsNamedAsSuch) {
  EXPECT_NE(mistake(with(summary(), "\"block\": \"l1\"", "\"block\": \"l2\"")).find("l1.core_reads was not counted"),
            std::string::npos);
  EXPECT_NE(mistake(with(summary(), "\"block\": \"instructions\"", "\"block\": \"i\"")).find("--energy"),
            std::string::npos);
}

}  // namespace
}  // namespace ohmic
