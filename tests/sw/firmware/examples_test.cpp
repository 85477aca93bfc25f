// The example programs end with status 0 on chips of different shapes, and say what they should.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sw/firmware/untimed_chip.h"

namespace ohmic {
namespace {

struct shape {
  unsigned clusters, cores;
  std::uint32_t l1_bytes = 1u << 20;
};

std::string name_of(const testing::TestParamInfo<shape>& i) {
  return std::to_string(i.param.clusters) + "x" + std::to_string(i.param.cores) + "_L1_" +
         std::to_string(i.param.l1_bytes >> 10) + "K";
}

class Examples : public testing::TestWithParam<shape> {
 protected:
  /// Runs a program as a loader would; returns what it printed.
  std::string run(const std::string& name, const std::string& arguments = "", std::uint32_t seed = 1,
                  std::uint32_t status = 0) {
    chip_config config;
    config.network.factors = {1, 1, 1, 1, GetParam().clusters};
    config.cluster.cores = GetParam().cores;
    config.cluster.l1_bytes = GetParam().l1_bytes;
    untimed_chip chip(std::string(OHMIC_FIRMWARE_FOLDER) + "/" + name + ".elf", config, seed);
    chip.write(chip.symbol("ohmic_args"), arguments.c_str(), arguments.size() + 1);
    const std::uint32_t lui_tp = static_cast<std::uint32_t>(config.own_peripheral_base()) | 0x237u;
    chip.write_text(chip.symbol("ohmic_boot_peripherals"), lui_tp);
    for (unsigned c = 0; c < GetParam().clusters; ++c) chip.add_cluster(c);
    EXPECT_EQ(chip.run(100'000'000), untimed_chip::outcome::exited) << name << "\n"
                                                                    << chip.console() << chip.activities();
    EXPECT_EQ(chip.exit_status(), status) << name;
    return chip.console();
  }
};

TEST_P(Examples, EveryCoreSaysHelloOnce) {
  const std::string text = run("hello");
  for (unsigned c = 0; c < GetParam().clusters; ++c)
    for (unsigned core = 0; core < GetParam().cores; ++core) {
      const std::string line = "hello from cluster " + std::to_string(c) + " core " + std::to_string(core) + " of " +
                               std::to_string(GetParam().cores) + "\n";
      const auto at = text.find(line);
      ASSERT_NE(at, std::string::npos) << line;
      EXPECT_EQ(text.find(line, at + 1), std::string::npos) << "twice: " << line;
    }
}

TEST_P(Examples, EndInAnyOrderOfEvents) {
  for (std::uint32_t seed = 1; seed <= 5; ++seed) {
    run("startup", "", seed);
    run("one_awake", "100", seed);
    run("alu8192", "50", seed);
    if (GetParam().l1_bytes >= 1u << 20) {
      run("dot8192", "1", seed);
      EXPECT_THAT(run("dot_product", "", seed), testing::HasSubstr("dot product of 4096 elements"));
      EXPECT_THAT(run("ima_job", "", seed), testing::HasSubstr("64 MVMs"));
      if (seed == 1) {
        EXPECT_THAT(run("layers", "0 12 10 3 2 1 7 3 1", seed), testing::HasSubstr(" 15120\n"));
        EXPECT_THAT(run("layers", "1 9 9 3 3 2 6 3 1", seed), testing::HasSubstr(" 1458\n"));
      }
      if (GetParam().clusters > 1)
        EXPECT_THAT(run("dma_pingpong", "0x7", seed), testing::HasSubstr("7 passes of 4096 bytes"));
    }
  }
}

TEST_P(Examples, RuntimeKeepsItsPromises) {
  for (std::uint32_t seed = 1; seed <= 3; ++seed) {
    const std::string text = run("runtime_under_test", " 1  0X1f", seed);
    EXPECT_THAT(text, testing::HasSubstr("-7|   42|42   |-0042|4000000000|beef|0000BEEF|z|text|    ab|ab    |%|"
                                         "-1234567890123456789|18446744073709551615\n"));
    EXPECT_THAT(text, testing::HasSubstr("2.500000 +5 abc    42 0xff 44 1e-05\n"));
    EXPECT_THAT(text, testing::HasSubstr("part <0X1> 3 #\n"));
    EXPECT_THAT(text, testing::HasSubstr("none 0, whole <0X1f> 4 #\n"));
    EXPECT_THAT(text, testing::HasSubstr("2 arguments, second 31, missing 9\n"));
  }
  EXPECT_THAT(run("runtime_under_test"), testing::HasSubstr("0 arguments, second 9, missing 9\n"));
  EXPECT_THAT(run("runtime_under_test", "1 0xAb 0"), testing::HasSubstr("3 arguments, second 171, missing 9\n"));
  EXPECT_THAT(run("runtime_under_test", "1 4294967295 0"), testing::HasSubstr("second 4294967295,"));
}

INSTANTIATE_TEST_SUITE_P(Shapes, Examples,
                         testing::Values(shape{1, 1}, shape{1, 16}, shape{4, 16}, shape{3, 33}, shape{2, 64},
                                         shape{5, 2}, shape{2, 16, 64u << 10}, shape{2, 64, 2u << 20}),
                         name_of);

}  // namespace
}  // namespace ohmic
