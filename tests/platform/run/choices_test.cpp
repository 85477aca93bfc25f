// Which cores are traced and whose waveforms are recorded, into which files and in which cycles; and what a summary
// says of the command.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "platform/config/config_error.h"
#include "platform/config/load_chip.h"
#include "platform/run/invocation.h"
#include "platform/run/trace_choice.h"
#include "platform/run/waveform_choice.h"
#include "tests/host/scratch_folder.h"

namespace ohmic {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

chip_config chip(const std::vector<std::string>& cores = {}, const std::vector<std::string>& hand_overs = {}) {
  return parse_chip("network: {factors: [1, 4]}\ncluster: {cores: 2}\n", "chip.yaml", {}, cores, hand_overs);
}

template <class choice>
std::string refusal(const choice& choose) {
  try {
    choose();
  } catch (const config_error& error) {
    return error.what();
  }
  return "";
}

TEST(TraceChoice, EachCoreHasAFileOnceAndTheWindowOfAll) {
  const std::vector<traced_core> chosen = choose_traces({{"1-2.all", "2.1", "3.0"}, 5, 9, {"main"}}, chip(), "folder");
  ASSERT_EQ(chosen.size(), 5u) << "2.1 is named twice";
  EXPECT_EQ(chosen[0].cluster, 1u);
  EXPECT_EQ(chosen[0].core, 0u);
  EXPECT_EQ(chosen[0].file, "folder/trace_1.0.txt");
  EXPECT_EQ(chosen[3].file, "folder/trace_2.1.txt");
  EXPECT_EQ(chosen[4].file, "folder/trace_3.0.txt");
  for (const traced_core& t : chosen) {
    EXPECT_EQ(t.from, 5u);
    EXPECT_EQ(t.to, 9u);
    EXPECT_EQ(t.pcs, std::vector<std::string>{"main"});
  }
  const std::vector<traced_core> all = choose_traces({{"0.0"}, {}, {}, {}}, chip(), "");
  EXPECT_EQ(all[0].from, 0u);
  EXPECT_EQ(all[0].to, never);
  EXPECT_TRUE(choose_traces({}, chip(), "").empty());
}

TEST(TraceChoice, AWindowNeedsCoresAndIsNotEmpty) {
  EXPECT_THAT(refusal([] { choose_traces({{}, 5, {}, {}}, chip(), ""); }), HasSubstr("--trace-from: allowed"));
  EXPECT_THAT(refusal([] { choose_traces({{}, {}, 5, {}}, chip(), ""); }), HasSubstr("--trace-to: allowed"));
  EXPECT_THAT(refusal([] { choose_traces({{}, {}, {}, {"main"}}, chip(), ""); }), HasSubstr("--trace-pc: allowed"));
  EXPECT_THAT(refusal([] { choose_traces({{"0.0"}, 6, 5, {}}, chip(), ""); }),
              HasSubstr("--trace-from 6 --trace-to 5"));
  EXPECT_EQ(refusal([] { choose_traces({{"0.0"}, 5, 5, {}}, chip(), ""); }), "") << "one cycle";
  EXPECT_THAT(refusal([] { choose_traces({{"4.0"}, {}, {}, {}}, chip(), ""); }), HasSubstr("--trace 4.0"));
}

TEST(WaveformChoice, IsOfCoresThatHaveSignals) {
  const chip_config mixed = chip({"1.0=rtl", "2.all=lockstep", "3.1=ibex"});
  for (const char* core : {"1.0", "2.0", "2.1", "3.1"})
    EXPECT_EQ(refusal([&] { choose_waveforms({{core}, {}, {}}, mixed, ""); }), "") << core;
  for (const char* core : {"0.0", "1.1", "3.0", "1.all"})
    EXPECT_THAT(refusal([&] { choose_waveforms({{core}, {}, {}}, mixed, ""); }),
                AllOf(HasSubstr("of model iss"), HasSubstr("there are no waveforms")))
        << core;
  const chip_config later = chip({}, {"1.0=rtl@cycle:100"});
  EXPECT_EQ(refusal([&] { choose_waveforms({{"1.0"}, {}, {}}, later, ""); }), "") << "it becomes RTL";
  for (const char* core : {"1.1", "2.0"})
    EXPECT_NE(refusal([&] { choose_waveforms({{core}, {}, {}}, later, ""); }), "") << core;
  const chip_config back = chip({"1.0=rtl"}, {"1.0=iss@cycle:100"});
  EXPECT_EQ(refusal([&] { choose_waveforms({{"1.0"}, {}, {}}, back, ""); }), "") << "it was RTL";
  EXPECT_NE(refusal([&] { choose_waveforms({{"1.1"}, {}, {}}, back, ""); }), "");
}

TEST(WaveformChoice, EachCoreHasAFileOnceInTheWindow) {
  const std::vector<waved_core> chosen = choose_waveforms({{"1.all", "1.1"}, 5, 9}, chip({"rtl"}), "folder");
  ASSERT_EQ(chosen.size(), 2u);
  EXPECT_EQ(chosen[1].file, "folder/wave_1.1.fst");
  EXPECT_EQ(chosen[1].from, 5u);
  EXPECT_EQ(chosen[1].to, 9u);
  EXPECT_EQ(choose_waveforms({{"1.0"}, {}, {}}, chip({"rtl"}), "")[0].to, never);
  EXPECT_THAT(refusal([] { choose_waveforms({{}, 5, {}}, chip(), ""); }), HasSubstr("--wave-from: allowed"));
  EXPECT_THAT(refusal([] { choose_waveforms({{}, {}, 5}, chip(), ""); }), HasSubstr("--wave-to: allowed"));
  EXPECT_THAT(refusal([] { choose_waveforms({{"0.0"}, 6, 5}, chip({"rtl"}), ""); }), HasSubstr("--wave-from 6"));
  EXPECT_EQ(refusal([] { choose_waveforms({{"0.0"}, 5, 5}, chip({"rtl"}), ""); }), "");
}

TEST(WaveformChoice, AFileThatCannotBeWrittenIsRefusedBeforeTheRun) {
  const scratch_folder folder;
  std::filesystem::create_directory(folder.path("wave_0.0.fst"));
  EXPECT_THROW(choose_waveforms({{"0.0"}, {}, {}}, chip({"rtl"}), folder.path()), std::runtime_error);
  EXPECT_NO_THROW(choose_waveforms({{"0.1"}, {}, {}}, chip({"rtl"}), folder.path()));
  EXPECT_EQ(folder.names(), std::set<std::string>{"wave_0.0.fst"});
}

TEST(Invocation, TellsTheCommandAndTheChipInNumbers) {
  nlohmann::ordered_json report;
  invocation how;
  how.version = "1.2";
  how.command_line = {"ohmic", "run", "a\xff.elf"};
  how.overrides = {"cluster.cores=2"};
  how.firmware_hash = "0123";
  add_invocation(report, how, chip());
  EXPECT_EQ(report["ohmic_version"], "1.2");
  EXPECT_EQ(report["command_line"][1], "run");
  EXPECT_EQ(report["command_line"][2], "a\xef\xbf\xbd.elf") << "what is no UTF-8 is marked";
  EXPECT_EQ(report["overrides"][0], "cluster.cores=2");
  EXPECT_EQ(report["firmware_hash"], "0123");
  EXPECT_EQ(report["resolved_chip"]["cluster"]["cores"], 2);
  EXPECT_EQ(report["resolved_chip"]["cluster"]["l1_bytes"], 1 << 20) << "a size is in bytes";
  EXPECT_EQ(report["resolved_chip"]["network"]["factors"][1], 4);
  chip_config mixed = chip();
  mixed.makes = {{{0, 1}, 2, false}};
  nlohmann::ordered_json makes;
  add_invocation(makes, how, mixed);
  EXPECT_EQ(makes["resolved_chip"]["clusters"][0]["ima"], false) << "no word";
  EXPECT_EQ(makes["resolved_chip"]["clusters"][0]["clusters"], "0-1");
  nlohmann::ordered_json other;
  add_invocation(other, how, chip({"1.0=ibex"}));
  EXPECT_NE(other["chip_hash"], report["chip_hash"]);
}

}  // namespace
}  // namespace ohmic
