// What a run is said to have done, against other accounts of the same run.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/platform/machine/machine_bench.h"

namespace ohmic {
namespace {

void check(std::uint64_t is, std::uint64_t should_be, const std::string& what) {
  if (is != should_be)
    throw std::runtime_error(what + ": " + std::to_string(is) + ", not " + std::to_string(should_be));
}
void check(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}

const block_counter& counter_of(const cluster_details& d, const std::string& block, const std::string& name) {
  for (const block_counter& c : d.counters)
    if (block == c.block && name == c.name) return c;
  throw std::runtime_error("no counter " + block + "." + name);
}

run_request traffic() {
  run_request r;
  r.program = "machine_traffic";
  r.chip = small_chip({2, 2}, 1);
  r.arguments = "6";
  return r;
}

TEST(AccountsTest, ActivityAndCountersAreTheSameNumbers) {
  run_request r = traffic();
  r.options.count_activity = true;
  r.after = [](machine& m) {
    for (unsigned i = 0; i < 4; ++i) {
      const cluster_activity a = m.activity(i);
      const cluster_details d = m.details(i);
      const auto value = [&](const char* block, const char* name) { return counter_of(d, block, name).value; };
      check(value("cores", "retired"), a.retired, "retired");
      check(value("cores", "awake_cycles"), a.awake_cycles, "awake");
      check(value("cores", "bank_conflict_cycles"), a.bank_conflicts, "conflicts");
      check(value("dma", "bytes_read"), a.dma_read_bytes, "read by DMA");
      check(value("dma", "bytes_written"), a.dma_written_bytes, "written by DMA");
      check(value("dma", "stall_cycles"), a.dma_stalls, "DMA stalls");
      check(value("icache", "misses"), a.icache_misses, "misses");
      check(a.dma_read_bytes != a.dma_written_bytes && a.icache_misses > 10, "a run with something to tell");
      std::uint64_t instructions = 0;
      for (const block_counter& c : d.counters) {
        check(c.before <= c.value, std::string(c.name) + " before the marker");
        if (std::string(c.block) == "instructions") instructions += c.value;
      }
      check(instructions, a.retired, "instructions by class");
      // Cluster 0 writes the marker before anybody moves anything.
      check(counter_of(d, "dma", "bytes_written").before, 0, "DMA before the marker");
      check(counter_of(d, "cores", "retired").before > 0, "instructions before the marker");
      const block_counter& awake = counter_of(d, "cores", "awake_cycles");  // of the only core
      check(a.master_cycles, awake.value - awake.before, "core 0 since the marker");
      check(d.kernels_by_stage.size(), 1, "kernels of one stage");
      check(d.kernels_by_stage[0].first, 0, "its number");
      check(d.kernels_by_stage[0].second, a.cycles[static_cast<unsigned>(time_class::digital)], "its cycles");
    }
  };
  const run_outcome o = run_in_child(r);
  EXPECT_TRUE(o.finished) << o.failure;
  EXPECT_EQ(o.end, run_end::exited);
}

/// Beats of one direction of a cluster's link, by lane, and its bytes of data.
struct direction {
  std::array<std::uint64_t, 5> beats{};  // AR, AW, W, R, B
  std::uint64_t bytes = 0;
  std::uint64_t busiest() const { return *std::max_element(beats.begin(), beats.end()); }
};

// Cluster 0 works alone, so that the links of the others have nothing under way at the end.
TEST(AccountsTest, LinksCarryTheBurstsOfTheTrace) {
  run_request r = traffic();
  r.arguments = "20 1";
  const std::string file = testing::TempDir() + "ohmic_accounts_" + std::to_string(getpid()) + ".csv";
  r.options.burst_trace = file;
  r.after = [&](machine& m) {
    std::map<std::string, direction> links;
    std::ifstream in(file);
    std::string line;
    check(static_cast<bool>(std::getline(in, line)), "a header");
    unsigned bursts = 0;
    while (std::getline(in, line)) {
      std::replace(line.begin(), line.end(), ',', ' ');
      std::istringstream fields(line);
      std::string master, access, target, address;
      std::uint64_t bytes = 0;
      check(static_cast<bool>(fields >> master >> access >> target >> address >> bytes), line);
      const std::uint64_t beats = (std::stoull(address, nullptr, 16) % 64 + bytes + 63) / 64;
      direction &out = links["cluster_" + master + ".up"], &back = links["cluster_" + master + ".down"];
      direction &in_of = links["cluster_" + target + ".down"], &out_of = links["cluster_" + target + ".up"];
      const bool write = access == "write";
      for (direction* const d : {&out, &in_of}) {
        ++d->beats[write ? 1 : 0];
        if (write) d->beats[2] += beats, d->bytes += bytes;
      }
      for (direction* const d : {&back, &out_of}) {
        d->beats[write ? 4 : 3] += write ? 1 : beats;
        if (!write) d->bytes += bytes;
      }
      ++bursts;
    }
    check(bursts > 100, "bursts");
    unsigned compared = 0;
    for (const link_activity& link : m.links()) {
      check(link.bytes_after_boot <= link.bytes && link.busy_cycles_after_boot <= link.busy_cycles, link.name);
      check(link.busy_cycles <= m.now(), link.name + " is busy");
      if (link.name.rfind("cluster_", 0) != 0 || link.name.rfind("cluster_0.", 0) == 0) continue;
      check(link.bytes, links[link.name].bytes, link.name + " bytes");
      check(link.busy_cycles, links[link.name].busiest(), link.name + " busy");
      if (link.name.find(".down") != std::string::npos) {  // instructions, most of them fetched before the marker
        check(link.bytes_after_boot < link.bytes, link.name + " before the marker");
        check(link.busy_cycles_after_boot < link.busy_cycles, link.name + " busy before the marker");
      }
      ++compared;
    }
    check(compared, 6, "links of three clusters");
  };
  const run_outcome o = run_in_child(r);
  std::remove(file.c_str());
  EXPECT_TRUE(o.finished) << o.failure;
  EXPECT_EQ(o.end, run_end::exited);
}

TEST(AccountsTest, RandomMemoryIsAnotherInL1AndEndsInHbmWhereItIsToldTo) {
  run_request r = traffic();
  r.options.random_memory_seed = 5;
  r.options.random_hbm_bytes = 4u << 20;
  r.before = [](machine& m) {
    std::uint8_t hbm[4096], l1[4096], behind[4096];
    const std::uint64_t at = 3u << 20;
    check(m.read(chip_config::hbm_base + at, hbm, sizeof hbm), "HBM");
    check(m.read(chip_config::hbm_base + (4u << 20), behind, sizeof behind), "HBM behind");
    // The same offset from the begin of all L1s.
    const std::uint64_t pitch = m.config().cluster.l1_bytes + 4096;
    const unsigned cluster = static_cast<unsigned>(at / pitch);
    check(m.read(m.config().cluster_l1(cluster) + at % pitch, l1, sizeof l1), "L1");
    unsigned same = 0, zero = 0, set = 0;
    for (unsigned i = 0; i < sizeof hbm; ++i) same += hbm[i] == l1[i], zero += behind[i] == 0, set += l1[i] != 0;
    check(same < 64, "the same bytes in HBM and L1");
    check(set > 4000, "random L1");
    check(zero, sizeof behind, "zeroes behind the random part");
  };
  const run_outcome o = run_in_child(r);
  EXPECT_TRUE(o.finished) << o.failure;
  EXPECT_EQ(o.end, run_end::exited);
}

}  // namespace
}  // namespace ohmic
