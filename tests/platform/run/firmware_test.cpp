#include "platform/run/firmware.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "platform/config/config_error.h"
#include "platform/config/load_chip.h"
#include "tests/host/scratch_folder.h"

namespace ohmic {
namespace {

using testing::HasSubstr;

const std::string folder = OHMIC_FIRMWARE_FOLDER;
const std::string usual = folder + "/hello.elf", own = folder + "/ibex/hello.elf";

/// Four clusters with these --cores.
chip_config chip(const std::vector<std::string>& cores) {
  return parse_chip("network: {factors: [1, 4]}\n", "chip.yaml", {}, cores);
}

std::string refusal(const std::string& program, const firmware_files& others, const std::vector<std::string>& cores) {
  try {
    const firmware loaded(program, others, chip(cores), {});
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

class FirmwareTest : public ScratchFolder {};

TEST_F(FirmwareTest, AChipOfOneKindRunsTheProgramAsItIs) {
  for (const char* const model : {"iss", "rtl", "lockstep"}) {
    const firmware loaded(usual, {}, chip({model}), {});
    EXPECT_EQ(loaded.programs().size(), 1u);
    EXPECT_EQ(loaded.programs()[0].entry(), 0x80000000u);
  }
}

TEST_F(FirmwareTest, ClustersWithAnIbexCoreRunTheProgramBesideIt) {
  const chip_config mixed = chip({"1.all=ibex", "2.7=ibex"});
  const firmware loaded(usual, {}, mixed, {"3", "four"});
  const program_set& programs = loaded.programs();
  ASSERT_EQ(programs.size(), 2u);
  for (const unsigned cluster : {0u, 3u}) EXPECT_EQ(programs.in(mixed, cluster).name(), usual);
  for (const unsigned cluster : {1u, 2u}) {
    EXPECT_EQ(std::filesystem::path(programs.in(mixed, cluster).name()), std::filesystem::path(own));
    EXPECT_EQ(programs.in(mixed, cluster).entry(), 0x80800080u);
  }
  // Both have the arguments, at the one address that the chip has for them.
  EXPECT_EQ(programs[0].address_of("ohmic_args"), programs[1].address_of("ohmic_args"));
}

TEST_F(FirmwareTest, AProgramThatStartsWhereAnIbexDoesRunsOnAllKinds) {
  const chip_config mixed = chip({"1.all=ibex"});
  const firmware loaded(own, {}, mixed, {});
  ASSERT_EQ(loaded.programs().size(), 1u);
  EXPECT_EQ(loaded.programs().in(mixed, 0).name(), own);
}

TEST_F(FirmwareTest, AFileThatIsGivenGoesBeforeTheOneBeside) {
  const std::string elsewhere = path("other.elf");
  std::filesystem::copy_file(own, elsewhere);
  const chip_config mixed = chip({"1.all=ibex"});
  const firmware loaded(usual, {{core_model::ibex, elsewhere}}, mixed, {});
  EXPECT_EQ(loaded.programs().in(mixed, 1).name(), elsewhere);
}

TEST_F(FirmwareTest, WhatCannotRunIsRefusedByName) {
  const std::string alone = path("alone.elf");
  std::filesystem::copy_file(usual, alone);
  EXPECT_THAT(refusal(alone, {}, {"ibex"}), HasSubstr("there is no " + path("ibex/alone.elf")));
  EXPECT_THAT(refusal(usual, {{core_model::ibex, usual}}, {"ibex"}), HasSubstr("0x80 behind a multiple of 256"));
  EXPECT_THAT(refusal(usual, {{core_model::ibex, own}}, {"rtl"}), HasSubstr("the chip has no core of model ibex"));
  EXPECT_THAT(refusal(usual, {{core_model::ibex, folder + "/none.elf"}}, {"ibex"}), HasSubstr("none.elf"));
}

TEST_F(FirmwareTest, ProgramsOfOneChipMustMeanTheSameByWhatTheyShare) {
  const firmware_files other{{core_model::ibex, folder + "/ibex/dma_pingpong.elf"}};
  EXPECT_THAT(refusal(usual, other, {"1.all=ibex"}), HasSubstr("both fill memory at 0x80f00000"));
  EXPECT_EQ(refusal(usual, other, {"ibex"}), "");  // no cluster runs the first
}

}  // namespace
}  // namespace ohmic
