#include "chip/chip_config.h"

#include <gtest/gtest.h>

#include "platform/config/load_chip.h"
#include "platform/config/schema.h"

namespace ohmic {
namespace {

const std::string configs = OHMIC_CONFIGS;

// Table I of the paper, by hand.
TEST(ChipConfigTest, Aimc512IsTableOne) {
  const chip_config c = load_chip(configs + "/aimc512.yaml");
  EXPECT_EQ(c.name, "aimc512");
  EXPECT_EQ(c.clusters(), 512u);
  EXPECT_EQ(c.cluster.cores, 16u);
  EXPECT_EQ(c.cluster.l1_bytes, 1048576u);
  EXPECT_EQ(c.ima.rows, 256u);
  EXPECT_EQ(c.ima.columns, 256u);
  EXPECT_EQ(c.ima.mvm_cycles, 130u);
  EXPECT_EQ(c.ima.streamer_ports, 16u);
  EXPECT_EQ(c.network.factors, (std::vector<unsigned>{1, 8, 4, 4, 4}));
  EXPECT_EQ(c.network.latency, (std::vector<cycle_t>{100, 4, 4, 4, 4}));
  EXPECT_EQ(c.network.width, (std::vector<unsigned>{64, 64, 64, 64, 64}));
  EXPECT_EQ(c.hbm.bytes, 1610612736u);
  EXPECT_DOUBLE_EQ(c.clock_ghz, 1.0);
  EXPECT_EQ(c.cluster_stride(), 0x200000u);
  EXPECT_EQ(c.cluster_l1(511), 0x7FE00000u);
}

TEST(ChipConfigTest, EmptyFileIsTableOne) {
  EXPECT_EQ(to_yaml(parse_chip("", "empty")), to_yaml(load_chip(configs + "/aimc512.yaml")));
}

TEST(ChipConfigTest, SmallChipsHaveTheirClusters) {
  for (unsigned clusters : {1u, 4u, 16u, 64u}) {
    const std::string name = "aimc" + std::to_string(clusters);
    const chip_config c = load_chip(configs + "/" + name + ".yaml");
    EXPECT_EQ(c.name, name);
    EXPECT_EQ(c.clusters(), clusters);
    EXPECT_EQ(c.network.latency[0], 100u);
  }
}

TEST(ChipConfigTest, StructsDefaultsAreTheSchemas) {
  EXPECT_GE(schema_defaults(schema_kind::chip).size(), 29u);
  for (const auto& [path, value] : schema_defaults(schema_kind::chip)) {
    EXPECT_EQ(to_yaml(parse_chip("", "empty", {path + "=" + value})), to_yaml(chip_config{})) << path;
  }
}

TEST(ChipConfigTest, SpelledOutChipLoadsAsTheSameChip) {
  const chip_config c = parse_chip(
      "name: it's\nclock_ghz: 0.7\ncluster: {cores: 8, l1_bytes: 512 KiB}\nima: {mvm_ns: 65.5}\n"
      "network: {factors: [1, 2, 3], width: [64, 8, 16], outstanding_reads: 3}\nhbm: {bytes: 100 MiB}\n",
      "text");
  const chip_config again = parse_chip(to_yaml(c), "again");
  EXPECT_EQ(to_yaml(again), to_yaml(c));
  EXPECT_EQ(again.name, "it's");
  EXPECT_EQ(chip_hash(again), chip_hash(c));
  EXPECT_EQ(again.ima.mvm_cycles, 46u) << "65.5 ns at 0.7 GHz are 45.85 cycles, rounded up";
}

// ceil(mvm_ns * clock_ghz), where the product is exact on paper and not in binary: 100 * 1.1 is 110.00000000000001.
TEST(ChipConfigTest, MvmCyclesAreRoundedUpFromTheExactProduct) {
  const auto cycles = [](const char* ns, const char* ghz) {
    return parse_chip("", "x", {std::string("ima.mvm_ns=") + ns, std::string("clock_ghz=") + ghz}).ima.mvm_cycles;
  };
  EXPECT_EQ(cycles("100", "1.1"), 110u);
  EXPECT_EQ(cycles("130", "1.1"), 143u);
  EXPECT_EQ(cycles("130", "1"), 130u);
  EXPECT_EQ(cycles("130.001", "1"), 131u);
  EXPECT_EQ(cycles("130", "0.5"), 65u);
  EXPECT_EQ(cycles("131", "0.5"), 66u);
  EXPECT_EQ(cycles("0.001", "1"), 1u);
  EXPECT_EQ(cycles("1000000", "10"), 10'000'000u);
}

TEST(ChipConfigTest, AnyNameReadsBack) {
  for (const char* name :
       {"it's", "\"two words\"", "a\\nb", "\"a\\nb \\\\ \\\" \\x00\\x7f\\t\"", "' x '", "'#'", "\"\u00e9\\u00e9\""}) {
    const chip_config c = parse_chip(std::string("name: ") + name + "\n", "x");
    EXPECT_EQ(parse_chip(to_yaml(c), "again").name, c.name) << name;
  }
}

TEST(ChipConfigTest, EveryKeyIsSpelledOutAndHashed) {
  const std::string defaults = chip_hash(chip_config{});
  EXPECT_EQ(defaults.size(), 16u);
  for (const char* change : {"clock_ghz=1.5",
                             "cluster.cores=8",
                             "cluster.l1_bytes=512 KiB",
                             "cluster.l1_banks=32",
                             "cluster.peripheral_cycles=3",
                             "cluster.wake_cycles=3",

                             "icache.shared_bytes=32 KiB",
                             "icache.ways=2",

                             "icache.banks=2",
                             "icache.hit_cycles=4",
                             "dma.channels=4",
                             "dma.start_cycles=11",
                             "dma.burst_buffers=8",
                             "ima.rows=128",
                             "ima.columns=128",
                             "ima.mvm_ns=260",
                             "ima.streamer_ports=8",
                             "ima.job_queue=2",
                             "network.factors=[1,4,4,4,4]",
                             "network.latency=[50,4,4,4,4]",
                             "network.width=[64,64,64,64,32]",
                             "network.stage_depth=3",
                             "network.remap_ids=32",
                             "network.open_per_id=31",
                             "network.open_writes=32",
                             "network.slave_reads=4",
                             "network.slave_writes=4",
                             "cluster.program_l1_bytes=32 KiB",
                             "network.outstanding_reads=8",
                             "network.outstanding_writes=8",
                             "network.egress_cycles=2",
                             "network.ingress_cycles=2",
                             "network.max_burst_bytes=1024",
                             "hbm.bytes=1 GiB",
                             "hbm.outstanding=16"}) {
    const chip_config changed = parse_chip("", "empty", {change});
    EXPECT_NE(chip_hash(changed), defaults) << change;
    EXPECT_EQ(to_yaml(parse_chip(to_yaml(changed), "again")), to_yaml(changed)) << change;
  }
  EXPECT_EQ(chip_hash(parse_chip("", "empty", {"name=other"})), defaults);
}

// Every key another number, so that none can stand where another belongs.
TEST(ChipConfigTest, EveryKeySetsItsOwnMember) {
  const chip_config c = parse_chip(
      "clock_ghz: 2\n"
      "cluster: {cores: 5, l1_bytes: 512 KiB, program_l1_bytes: 32 KiB, l1_banks: 32, peripheral_cycles: 4, "
      "wake_cycles: 9}\n"
      "icache: {shared_bytes: 32 KiB, ways: 2, banks: 8, hit_cycles: 6}\n"
      "dma: {channels: 3, start_cycles: 21, burst_buffers: 13}\n"
      "ima: {rows: 64, columns: 96, mvm_ns: 100, streamer_ports: 7, job_queue: 10}\n"
      "network: {factors: [1, 2, 3], latency: [70, 15, 18], width: [32, 16, 8], stage_depth: 1, remap_ids: 40,\n"
      "          open_per_id: 41, open_writes: 42, slave_reads: 14, slave_writes: 19, outstanding_reads: 11,\n"
      "          outstanding_writes: 12, egress_cycles: 2, ingress_cycles: 20, max_burst_bytes: 512}\n"
      "hbm: {bytes: 3 MiB, outstanding: 17}\n",
      "text");
  EXPECT_EQ(c.clock_ghz, 2.0);
  EXPECT_EQ(c.cluster.cores, 5u);
  EXPECT_EQ(c.cluster.l1_bytes, 512u << 10);
  EXPECT_EQ(c.cluster.program_l1_bytes, 32u << 10);
  EXPECT_EQ(c.cluster.l1_banks, 32u);
  EXPECT_EQ(c.cluster.peripheral_cycles, 4u);
  EXPECT_EQ(c.cluster.wake_cycles, 9u);
  EXPECT_EQ(c.icache.shared_bytes, 32u << 10);
  EXPECT_EQ(c.icache.ways, 2u);
  EXPECT_EQ(c.icache.banks, 8u);
  EXPECT_EQ(c.icache.hit_cycles, 6u);
  EXPECT_EQ(c.dma.channels, 3u);
  EXPECT_EQ(c.dma.start_cycles, 21u);
  EXPECT_EQ(c.dma.burst_buffers, 13u);
  EXPECT_EQ(c.ima.rows, 64u);
  EXPECT_EQ(c.ima.columns, 96u);
  EXPECT_EQ(c.ima.mvm_ns, 100.0);
  EXPECT_EQ(c.ima.mvm_cycles, 200u);
  EXPECT_EQ(c.ima.streamer_ports, 7u);
  EXPECT_EQ(c.ima.job_queue, 10u);
  EXPECT_EQ(c.network.factors, (std::vector<unsigned>{1, 2, 3}));
  EXPECT_EQ(c.network.latency, (std::vector<cycle_t>{70, 15, 18}));
  EXPECT_EQ(c.network.width, (std::vector<unsigned>{32, 16, 8}));
  EXPECT_EQ(c.network.stage_depth, 1u);
  EXPECT_EQ(c.network.remap_ids, 40u);
  EXPECT_EQ(c.network.open_per_id, 41u);
  EXPECT_EQ(c.network.open_writes, 42u);
  EXPECT_EQ(c.network.slave_reads, 14u);
  EXPECT_EQ(c.network.slave_writes, 19u);
  EXPECT_EQ(c.network.outstanding_reads, 11u);
  EXPECT_EQ(c.network.outstanding_writes, 12u);
  EXPECT_EQ(c.network.egress_cycles, 2u);
  EXPECT_EQ(c.network.ingress_cycles, 20u);
  EXPECT_EQ(c.network.max_burst_bytes, 512u);
  EXPECT_EQ(c.hbm.bytes, 3u << 20);
  EXPECT_EQ(c.hbm.outstanding, 17u);
}

TEST(ChipConfigTest, FormattingDoesNotChangeTheHash) {
  const std::string one = "cluster:\n  cores: 8\n  l1_bytes: 524288\nhbm: {bytes: 1 GiB}\n";
  const std::string other = "# a comment\nhbm:\n    bytes: 1024MiB\ncluster: {l1_bytes: 0x80000, cores: 0x8}\n";
  EXPECT_EQ(chip_hash(parse_chip(one, "one")), chip_hash(parse_chip(other, "other")));
}

TEST(ChipConfigTest, OverridesComeLastAndInOrder) {
  const chip_config c =
      load_chip(configs + "/aimc16.yaml",
                {"cluster.cores=4", "cluster.cores=2", "network.factors=[1, 3]", "network.latency=[10, 5]", "name="});
  EXPECT_EQ(c.cluster.cores, 2u);
  EXPECT_EQ(c.clusters(), 3u);
  EXPECT_EQ(c.name, "");
}

TEST(ChipConfigTest, LatencyAndWidthFollowTheNumberOfLevels) {
  const chip_config c = parse_chip("network: {factors: [1, 2, 2]}", "text");
  EXPECT_EQ(c.network.latency, (std::vector<cycle_t>{100, 4, 4}));
  EXPECT_EQ(c.network.width, (std::vector<unsigned>{64, 64, 64}));
}

TEST(ChipConfigTest, LongestBurstFollowsTheNarrowestLink) {
  EXPECT_EQ(parse_chip("network: {width: [64, 64, 64, 64, 8]}", "text").network.max_burst_bytes, 2048u);
}

TEST(ChipConfigTest, EmptySectionMeansDefaults) {
  EXPECT_EQ(to_yaml(parse_chip("cluster:\nhbm: {}\n", "text")), to_yaml(chip_config{}));
}

// A cluster takes the next power of two of L1, registers (64 KiB) and crossbar.
TEST(ChipConfigTest, PacksClustersOfLittleMemoryTightly) {
  const std::string many = "network: {factors: [1, 8, 8, 8, 8]}\ncluster: {l1_bytes: 128 KiB}\n";
  const chip_config small = parse_chip(many, "text");
  EXPECT_EQ(small.cluster_stride(), 256u << 10);
  EXPECT_EQ(small.cluster_l1(4095) + small.cluster_stride(), chip_config::hbm_base);
  EXPECT_EQ(parse_chip("name: plain", "text").cluster_stride(), 2u << 20);
  EXPECT_EQ(parse_chip("cluster: {l1_bytes: 256 KiB}\nima: {rows: 1024, columns: 256}", "text").cluster_stride(),
            1u << 20);
  EXPECT_THROW(parse_chip(many + "ima: {rows: 257}\n", "text"), std::runtime_error);
}

}  // namespace
}  // namespace ohmic
