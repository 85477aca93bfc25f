#include "platform/config/hand_over_choice.h"

#include <gmock/gmock.h>

#include "platform/config/load_chip.h"

namespace ohmic {
namespace {

using testing::HasSubstr;
using moment = chip_config::cores_config::hand_over::moment;

const std::string small = "network: {factors: [1, 4]}\n";

chip_config chip(const std::vector<std::string>& hand_overs, const std::string& text = "") {
  return parse_chip(small + text, "chip.yaml", {}, {}, hand_overs);
}

std::string message(const std::vector<std::string>& hand_overs, const std::string& text = "") {
  try {
    chip(hand_overs, text);
  } catch (const config_error& error) {
    return error.what();
  }
  return "";
}

TEST(HandOverChoiceTest, AMomentIsAMarkerACycleAPcOrASymbol) {
  const auto all = chip({"0-1.all=rtl@marker:1", "0-1.0=iss@cycle:250000", "2.3=lockstep@pc:0x80001234",
                         "3.3,5=rtl@symbol:conv_tile:3"})
                       .cores.hand_overs;
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].clusters, (std::vector<unsigned>{0, 1}));
  EXPECT_EQ(all[0].cores.size(), 16u);
  EXPECT_EQ(all[0].at, moment::marker);
  EXPECT_EQ(all[0].number, 1u);
  EXPECT_EQ(all[1].at, moment::cycle);
  EXPECT_EQ(all[1].number, 250000u);
  EXPECT_EQ(all[1].model, core_model::iss);
  EXPECT_EQ(all[2].at, moment::pc);
  EXPECT_EQ(all[2].number, 0x80001234u);
  EXPECT_EQ(all[2].times, 1u);
  EXPECT_EQ(all[3].at, moment::symbol);
  EXPECT_EQ(all[3].symbol, "conv_tile");
  EXPECT_EQ(all[3].times, 3u);
  EXPECT_EQ(all[3].cores, (std::vector<unsigned>{3, 5}));
}

TEST(HandOverChoiceTest, FilesSayTheSameAndOptionsComeBehindThem) {
  const chip_config c =
      chip({"0.0=iss@cycle:900"}, "cores: {hand_over: [{clusters: 0, model: rtl, at: \"cycle:800\"}]}\n");
  ASSERT_EQ(c.cores.hand_overs.size(), 2u);
  EXPECT_EQ(c.cores.hand_overs[0].cores.size(), 16u);
  EXPECT_EQ(c.cores.hand_overs[1].number, 900u);
}

TEST(HandOverChoiceTest, TheyAreReadBackAndDoNotChangeTheHash) {
  const chip_config c = chip({"0-2.1,3-5=rtl@symbol:main:2", "1.4=iss@pc:0x80000010"});
  const chip_config back = parse_chip(to_yaml(c), "back.yaml");
  ASSERT_EQ(back.cores.hand_overs.size(), 2u);
  for (unsigned i = 0; i < 2; ++i) {
    EXPECT_EQ(moment_of(back.cores.hand_overs[i]), moment_of(c.cores.hand_overs[i]));
    EXPECT_EQ(back.cores.hand_overs[i].cores, c.cores.hand_overs[i].cores);
  }
  EXPECT_EQ(chip_hash(c), chip_hash(chip({})));
}

TEST(HandOverChoiceTest, MomentsAreWrittenAsTheyAreRead) {
  for (const char* const at : {"marker:15", "cycle:0", "cycle:250000", "pc:0x80001234", "pc:0x80001234:2",
                               "pc:0xfffffffe", "symbol:main", "symbol:main:2", "symbol:main:1000000000"})
    EXPECT_EQ(moment_of(chip({std::string("0.0=rtl@") + at}).cores.hand_overs.at(0)), at);
  EXPECT_EQ(moment_of(chip({"0.0=rtl@symbol:main:1"}).cores.hand_overs.at(0)), "symbol:main") << "the first time";
  EXPECT_THAT(message({"0.0=rtl@symbol:main:1000000001"}), HasSubstr("is no moment"));
}

TEST(HandOverChoiceTest, WhatIsNoHandOverIsRefused) {
  for (const char* const wrong : {"rtl", "0.0=rtl", "0=rtl@cycle:1", "0.0@cycle:1", "rtl@cycle:1"})
    EXPECT_THAT(message({wrong}), HasSubstr("CLUSTERS.CORES=MODEL@MOMENT")) << wrong;
  for (const char* const wrong : {"never", "cycle:", "cycle:-1", "cycle:1e5", "marker:16", "marker:x", "pc:0x80000001",
                                  "pc:0x180000000", "symbol:", "symbol:main:0", "cycle:99999999999999999999"})
    EXPECT_THAT(message({std::string("0.0=rtl@") + wrong}), HasSubstr("is no moment; allowed: marker:0")) << wrong;
  EXPECT_THAT(message({"0.0=rlt@cycle:1"}), HasSubstr("did you mean rtl?"));
  EXPECT_THAT(message({"4.0=rtl@cycle:1"}), HasSubstr("clusters: \"4\" is not allowed; allowed: all, or numbers"));
  EXPECT_THAT(message({"0.0-16=rtl@cycle:1"}), HasSubstr("from 0 to 15"));
  EXPECT_THAT(message({}, "cores: {hand_over: [{model: rtl}]}\n"), HasSubstr("at: this key is missing"));
}

TEST(HandOverChoiceTest, ContradictionsAreRefused) {
  EXPECT_THAT(message({"0.0=iss@cycle:1"}), HasSubstr("core 0.0 is iss by then already"));
  EXPECT_THAT(message({"0.0=rtl@marker:1", "0-3.0-3=rtl@cycle:9"}), HasSubstr("core 0.0 is rtl by then already"));
  EXPECT_THAT(message({"0-3.all=rtl@cycle:200", "2.1=iss@cycle:200"}),
              HasSubstr("core 2.1 is handed over at cycle 200"));
  EXPECT_THAT(message({"0-3.all=rtl@cycle:200", "2.1=iss@cycle:100"}), HasSubstr("not at cycle 100"));
  EXPECT_THAT(message({"0.0=rtl@marker:1", "0.0=iss@marker:1"}), HasSubstr("at marker 1 already, to rtl"));
  EXPECT_EQ(message({"0.0=rtl@symbol:tile", "0.0=iss@symbol:tile", "1.0=rtl@cycle:5", "0.1=rtl@cycle:4"}), "");
  EXPECT_EQ(message({"0.0=iss@cycle:1"}, "cores: {model: rtl}\n"), "");
}

}  // namespace
}  // namespace ohmic
