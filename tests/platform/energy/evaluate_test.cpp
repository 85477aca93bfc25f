// Energies by hand, and what must hold for any activity and any coefficients.
#include "platform/energy/evaluate.h"

#include <gtest/gtest.h>

#include <random>

#include "platform/config/config_error.h"
#include "tests/platform/energy/simple_coefficients.h"

namespace ohmic {
namespace {

using test::coefficients_text;

/// 2 clusters of 3 cores at 1 GHz for 1000 cycles.
chip_activity by_hand() {
  chip_activity a;
  a.name = "by hand";
  a.seconds = 1e-6;
  a.images = 2;
  a.parts = {2, 6, 2}, a.rows = 8, a.columns = 4, a.routers = 5;
  a.l1_kib = 64, a.icache_kib = 16;
  a.total = {{"ima.mvms", 10},           {"ima.rows", 60},         {"ima.columns", 30},
             {"ima.cells", 180},         {"ima.bytes_in", 60},     {"ima.bytes_out", 30},
             {"instructions.alu", 500},  {"instructions.dot", 40}, {"cores.awake_cycles", 900},
             {"cores.retired", 600},     {"l1.core_reads", 7},     {"l1.dma_reads", 5},
             {"l1.ima_reads", 3},        {"l1.network_reads", 2},  {"l1.core_writes", 11},
             {"icache.hits", 20},        {"icache.misses", 4},     {"icache.merged", 1},
             {"dma.descriptors", 6},     {"dma.bytes_read", 64},   {"dma.bytes_copied", 32},
             {"network.byte_hops", 400}, {"hbm.bytes", 100}};
  a.stages.push_back({"all", a.total, {1, 3, 1}});
  a.stages[0].counts.erase("network.byte_hops");
  a.stages[0].counts.erase("hbm.bytes");
  return a;
}

double total_pj(const std::vector<std::pair<std::string, std::string>>& values,
                const std::vector<std::string>& sets = {}) {
  return evaluate_energy(by_hand(), parse_coefficients(coefficients_text(values), "x", sets)).total_j * 1e12;
}

TEST(Energy, OfEachEventIsItsCoefficientTimesItsCount) {
  EXPECT_NEAR(total_pj({{"ima.mvm", "2"}}), 20, 1e-9);
  EXPECT_NEAR(total_pj({{"ima.row", "2"}, {"ima.column", "3"}, {"ima.cell", "0.5"}}), 120 + 90 + 90, 1e-9);
  EXPECT_NEAR(total_pj({{"ima.mvm_full", "100"}}), 0, 1e-9) << "mvm: in_use";
  EXPECT_NEAR(total_pj({{"ima.mvm_full", "100"}, {"ima.row", "2"}}, {"mvm=fixed"}), 1000, 1e-9);
  EXPECT_NEAR(total_pj({{"ima.byte", "1"}}), 90, 1e-9);
  EXPECT_NEAR(total_pj({{"cores.alu", "5"}, {"cores.dot", "7"}, {"cores.mul", "100"}}), 2500 + 280, 1e-9);
  EXPECT_NEAR(total_pj({{"cores.waiting_cycle", "1"}}), 300, 1e-9) << "900 awake cycles, 600 instructions";
  EXPECT_NEAR(total_pj({{"l1.read", "2"}, {"l1.write", "3"}}), 2 * 17 + 3 * 11, 1e-9);
  EXPECT_NEAR(total_pj({{"icache.lookup", "1"}, {"icache.line", "10"}}), 25 + 40, 1e-9);
  EXPECT_NEAR(total_pj({{"dma.descriptor", "5"}, {"dma.byte", "2"}}), 30 + 192, 1e-9);
  EXPECT_NEAR(total_pj({{"network.byte_hop", "0.5"}, {"hbm.byte", "8"}}), 200 + 800, 1e-9);
}

/// docs/energy.md, term by term: one coefficient of 1 pJ, and counters of which each has another number.
TEST(Energy, EachCoefficientHasItsOwnCounters) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> terms = {
      {"ima.mvm_full", {"ima.mvms"}},
      {"ima.mvm", {"ima.mvms"}},
      {"ima.row", {"ima.rows"}},
      {"ima.column", {"ima.columns"}},
      {"ima.cell", {"ima.cells"}},
      {"ima.byte", {"ima.bytes_in", "ima.bytes_out"}},
      {"cores.alu", {"instructions.alu"}},
      {"cores.mul", {"instructions.mul"}},
      {"cores.div", {"instructions.div"}},
      {"cores.simd", {"instructions.simd"}},
      {"cores.dot", {"instructions.dot"}},
      {"cores.load", {"instructions.load"}},
      {"cores.store", {"instructions.store"}},
      {"cores.branch", {"instructions.branch"}},
      {"cores.jump", {"instructions.jump"}},
      {"cores.loop", {"instructions.loop"}},
      {"cores.system", {"instructions.system"}},
      {"l1.read", {"l1.core_reads", "l1.dma_reads", "l1.ima_reads", "l1.network_reads"}},
      {"l1.write", {"l1.core_writes", "l1.dma_writes", "l1.ima_writes", "l1.network_writes"}},
      {"icache.lookup", {"icache.hits", "icache.misses", "icache.merged"}},
      {"icache.line", {"icache.misses"}},
      {"dma.descriptor", {"dma.descriptors"}},
      {"dma.byte", {"dma.bytes_read", "dma.bytes_written", "dma.bytes_copied"}},
      {"network.byte_hop", {"network.byte_hops"}},
      {"hbm.byte", {"hbm.bytes"}},
  };
  chip_activity a;
  a.seconds = 1e-6;
  for (const auto& [key, counters] : terms)
    for (const std::string& counter : counters)
      a.total.emplace(counter, 1000.0 + double(a.total.size() * a.total.size()));
  for (const auto& [key, counters] : terms) {
    double expected = 0;
    for (const std::string& counter : counters) expected += a.total.at(counter);
    const auto c =
        parse_coefficients(coefficients_text({{key, "1"}}), "x", {key == "ima.mvm_full" ? "mvm=fixed" : "mvm=in_use"});
    const energy_report r = evaluate_energy(a, c);
    EXPECT_NEAR(r.total_j * 1e12, expected, 1e-6) << key;
    for (const energy_part& b : r.blocks)
      EXPECT_EQ(b.dynamic_j > 0, b.name == key.substr(0, key.find('.'))) << key << " in " << b.name;
  }
}

/// 2 clusters of 3 cores, 8 x 4 cells, 64 KiB of L1 and 16 of cache; 5 routers. A microsecond.
TEST(Energy, EachPieceOfAreaIsThereSoOftenAndLeaksAsWhatItIsMadeOf) {
  struct piece {
    const char *key, *block, *leakage;
    double count;
  };
  for (const piece& p : {piece{"area.ima_column", "ima", "leakage.analog", 2 * 4},
                         {"area.ima_cell", "ima", "leakage.analog", 2 * 32},
                         {"area.core", "cores", "leakage.logic", 2 * 3},
                         {"area.l1_kib", "l1", "leakage.memory", 2 * 64},
                         {"area.icache_kib", "icache", "leakage.memory", 2 * 16},
                         {"area.cluster", "cluster", "leakage.logic", 2},
                         {"area.router", "network", "leakage.logic", 5}})
    for (const char* leakage : {"leakage.analog", "leakage.logic", "leakage.memory"}) {
      const energy_report r =
          evaluate_energy(by_hand(), parse_coefficients(coefficients_text({{p.key, "1"}, {leakage, "1"}}), "x"));
      EXPECT_DOUBLE_EQ(r.area_mm2, p.count) << p.key;
      EXPECT_NEAR(r.total_j * 1e12, std::string(leakage) == p.leakage ? p.count * 1e3 : 0, 1e-9) << p.key << leakage;
      for (const energy_part& b : r.blocks) EXPECT_EQ(b.area_mm2 > 0, b.name == p.block) << p.key << " in " << b.name;
    }
}

TEST(Energy, OfACalibrationIsItsEventsAndTheChipsLeakageMeanwhile) {
  chip_activity a = by_hand();
  const auto coefficients = parse_coefficients(
      coefficients_text({{"ima.mvm", "2"}, {"cores.alu", "5"}, {"area.core", "1"}, {"leakage.logic", "3"}}), "x");
  const energy_report without = evaluate_energy(a, coefficients);
  EXPECT_EQ(without.calibration_j, 0);
  a.calibration = {{"ima.mvms", 256}, {"instructions.alu", 1000}};
  a.calibration_seconds = 4e-6;
  const energy_report with = evaluate_energy(a, coefficients);
  EXPECT_NEAR(with.calibration_j, 512e-12 + 5000e-12 + without.leakage_w * 4e-6, 1e-15);
  EXPECT_GT(without.leakage_w, 0);
  EXPECT_EQ(with.total_j, without.total_j) << "it is no part of the batch";
}

TEST(Energy, OfProgrammingIsItsPulsesAndReads) {
  chip_activity a = by_hand();
  const auto coefficients = parse_coefficients(
      coefficients_text({{"ima.mvm", "2"}, {"ima.row", "3"}, {"ima.column", "5"}, {"ima.cell", "7"}}), "x");
  const energy_report without = evaluate_energy(a, coefficients);
  EXPECT_EQ(without.programming_j, 0);
  a.programming = {{"ima.mvms", 10}, {"ima.rows", 10}, {"ima.columns", 40}, {"ima.cells", 40}};
  a.programming_pulses_j = 1e-9;
  const energy_report with = evaluate_energy(a, coefficients);
  EXPECT_NEAR(with.programming_j, 1e-9 + (20 + 30 + 200 + 280) * 1e-12, 1e-18);
  EXPECT_EQ(with.total_j, without.total_j) << "it is no part of the batch";
}

TEST(Energy, CyclesOfWaitingAreNeverFewerThanNone) {
  chip_activity a = by_hand();
  a.total["cores.awake_cycles"] = 500;
  a.stages.clear();
  EXPECT_EQ(evaluate_energy(a, parse_coefficients(coefficients_text({{"cores.waiting_cycle", "1"}}), "x")).total_j, 0);
}

/// 2 clusters x 3 cores x 0.5 mm2 at 4 mW/mm2 for 1 us: 12 nJ.
TEST(Energy, LeakageIsAreaTimesTime) {
  EXPECT_NEAR(total_pj({{"area.core", "0.5"}, {"leakage.logic", "4"}}), 12e3, 1e-6);
  EXPECT_NEAR(total_pj({{"area.l1_kib", "0.01"}, {"leakage.memory", "1"}}), 2 * 0.64 * 1e3, 1e-6);
  EXPECT_NEAR(total_pj({{"area.router", "0.1"}, {"leakage.logic", "1"}}), 0.5e3, 1e-6);
  EXPECT_NEAR(total_pj({{"hbm.standby", "3"}}), 3e3, 1e-6);
  const auto r = evaluate_energy(
      by_hand(),
      parse_coefficients(
          coefficients_text(
              {{"area.ima_column", "0.1"}, {"area.ima_cell", "0.01"}, {"area.cluster", "1"}, {"leakage.analog", "2"}}),
          "x"));
  EXPECT_NEAR(r.area_mm2, 2 * (4 * 0.1 + 32 * 0.01 + 1), 1e-12);
  EXPECT_NEAR(r.leakage_w, 2 * 0.72 * 2e-3, 1e-12);
}

/// A stage has half a cluster: a quarter of what clusters leak, and nothing of routers and HBM. And its own events.
TEST(Energy, AStageLeaksAsItsShareOfTheClusters) {
  chip_activity a = by_hand();
  a.stages[0].parts = {0.5, 1.5, 0.5};
  const energy_report r = evaluate_energy(a, parse_coefficients(coefficients_text({{"area.core", "0.5"},
                                                                                   {"area.router", "1"},
                                                                                   {"leakage.logic", "4"},
                                                                                   {"hbm.standby", "3"},
                                                                                   {"cores.alu", "2"}}),
                                                                "x"));
  ASSERT_EQ(r.stages.size(), 1u);
  EXPECT_NEAR(r.stages[0].leakage_j * 1e12, 12e3 / 4, 1e-6) << "3 cores x 0.5 mm2 at 4 mW/mm2 for 1 us, half of it";
  EXPECT_NEAR(r.stages[0].total_j * 1e12, 12e3 / 4 + 1000, 1e-6) << "and 500 instructions";
  EXPECT_NEAR(r.stages[0].by_block.at("cores") * 1e12, 12e3 / 4 + 1000, 1e-6);
  EXPECT_NEAR(r.unattributed_j * 1e12, 12e3 * 3 / 4 + 5 * 4e3 + 3e3, 1e-6) << "routers, HBM, other clusters";
}

/// Crossbars and HBM keep theirs.
TEST(Energy, DigitalScaleIsForTheChipsDigitalPart) {
  const std::vector<std::pair<std::string, std::string>> values = {
      {"ima.mvm", "2"}, {"hbm.byte", "8"}, {"hbm.standby", "1"}, {"area.ima_column", "0.1"}, {"leakage.analog", "2"}};
  EXPECT_DOUBLE_EQ(total_pj(values, {"digital_scale=7"}), total_pj(values));
  EXPECT_NEAR(total_pj({{"cores.alu", "5"}}, {"digital_scale=7"}), 7 * 2500, 1e-9);
  EXPECT_NEAR(total_pj({{"ima.byte", "1"}}, {"digital_scale=7"}), 7 * 90, 1e-9);
  EXPECT_NEAR(total_pj({{"area.core", "0.5"}, {"leakage.logic", "4"}}, {"digital_scale=0.5"}), 6e3, 1e-6);
}

TEST(Energy, BothReadingsOfAnMvmAreReported) {
  const auto c = parse_coefficients(coefficients_text({{"ima.mvm_full", "100"}, {"ima.row", "2"}}), "x");
  const energy_report r = evaluate_energy(by_hand(), c);
  EXPECT_NEAR(r.crossbars_fixed_j, 1000e-12, 1e-20);
  EXPECT_NEAR(r.crossbars_in_use_j, 120e-12, 1e-20);
  EXPECT_NEAR(r.crossbars_j, 120e-12, 1e-20);
}

chip_activity random_activity(std::mt19937& random) {
  const auto number = [&](double most) { return std::uniform_real_distribution<>(0, most)(random); };
  chip_activity a = by_hand();
  a.seconds = number(1e-3) + 1e-6;
  const double clusters = 4 + random() % 60;
  a.parts = {clusters, 3 * clusters, clusters};
  for (auto& [name, n] : a.total) n = number(1e6);
  for (const char* more : {"mul", "div", "simd", "load", "store", "branch", "jump", "loop", "system"})
    a.total[std::string("instructions.") + more] = number(1e6);
  for (const char* more : {"l1.dma_writes", "l1.ima_writes", "l1.network_writes", "dma.bytes_written"})
    a.total[more] = number(1e6);
  a.total["cores.awake_cycles"] = a.total["cores.retired"] + number(1e6);
  a.stages.clear();
  activity_counts left = a.total;
  left.erase("network.byte_hops");
  left.erase("hbm.bytes");
  for (unsigned s = 0; s < 3; ++s) {
    const double mine = number(clusters / 4);
    stage_activity stage{"stage" + std::to_string(s), {}, {mine, 3 * mine, mine}};
    const double part = number(0.6);
    for (auto& [name, n] : left) {
      stage.counts[name] = n * part;
      n -= n * part;
    }
    a.stages.push_back(std::move(stage));
  }
  return a;
}

energy_coefficients random_coefficients(std::mt19937& random, const std::vector<std::string>& sets = {}) {
  std::vector<std::pair<std::string, std::string>> values;
  for (const auto& [key, unit] : test::all_coefficients())
    values.emplace_back(key, std::to_string(std::uniform_real_distribution<>(0.1, 100)(random)));
  return parse_coefficients(coefficients_text(values), "random", sets);
}

TEST(Energy, BlocksSumToTheTotalAndSoDoStagesWithWhatIsLeft) {
  for (unsigned seed = 1; seed <= 100; ++seed) {
    std::mt19937 random(seed);
    const chip_activity a = random_activity(random);
    const energy_report r = evaluate_energy(a, random_coefficients(random, {seed % 2 ? "mvm=fixed" : "mvm=in_use"}));
    double blocks = 0, stages = r.unattributed_j, area = 0;
    for (const energy_part& b : r.blocks) blocks += b.total_j(), area += b.area_mm2;
    for (const stage_energy& s : r.stages) {
      double own = 0;
      for (const auto& [block, j] : s.by_block) own += j;
      EXPECT_NEAR(own, s.total_j, 1e-12 * r.total_j) << "seed " << seed;
      stages += s.total_j;
    }
    EXPECT_NEAR(blocks, r.total_j, 1e-12 * r.total_j) << "seed " << seed;
    EXPECT_NEAR(stages, r.total_j, 1e-12 * r.total_j) << "seed " << seed;
    EXPECT_NEAR(area, r.area_mm2, 1e-12 * r.area_mm2) << "seed " << seed;
    for (const energy_part& b : r.blocks) {
      double all = r.unattributed.at(b.name);
      for (const stage_energy& s : r.stages)
        if (s.by_block.count(b.name) != 0) all += s.by_block.at(b.name);
      EXPECT_NEAR(all, b.total_j(), 1e-12 * r.total_j) << b.name << ", seed " << seed;
      EXPECT_GT(r.unattributed.at(b.name), -1e-12 * r.total_j) << b.name << ", seed " << seed;
    }
  }
}

/// Twice a coefficient is once more of what the sensitivity says, and every coefficient moves something.
TEST(Energy, IsLinearInEachCoefficient) {
  for (unsigned seed = 1; seed <= 4; ++seed) {
    std::mt19937 random(seed);
    const chip_activity a = random_activity(random);
    for (const char* mvm : {"fixed", "in_use"}) {
      energy_coefficients c = random_coefficients(random, {std::string("mvm=") + mvm, "digital_scale=0.7"});
      const energy_report r = evaluate_energy(a, c);
      ASSERT_EQ(r.sensitivity.size(), c.of.size() + 1);
      for (const coefficient_share& s : r.sensitivity) {
        double& value = s.key == "digital_scale" ? c.digital_scale : c.of.at(s.key).published;
        value *= 2;
        const energy_report more = evaluate_energy(a, c);
        value /= 2;
        EXPECT_NEAR(more.total_j - r.total_j, s.energy_j, 1e-10 * r.total_j) << s.key << ", seed " << seed;
        EXPECT_NEAR(more.area_mm2 - r.area_mm2, s.area_mm2, 1e-10 * r.area_mm2) << s.key << ", seed " << seed;
        const bool other_reading = (s.key == "ima.mvm_full") != c.fixed_mvm &&
                                   (s.key == "ima.mvm_full" || s.key == "ima.mvm" || s.key == "ima.row" ||
                                    s.key == "ima.column" || s.key == "ima.cell");
        EXPECT_EQ(s.energy_j > 0, !other_reading) << s.key << ", mvm: " << mvm;
      }
    }
  }
}

TEST(EnergyFit, MakesTheRunCostWhatItShall) {
  const auto c = parse_coefficients(
      coefficients_text({{"ima.mvm", "1e9"}, {"cores.alu", "1e8"}}, "mvm: in_use\ndigital_scale: 3\nfit_mj: 15\n"),
      "x");
  // Crossbars 10 x 1 mJ, cores 500 x 0.1 mJ: 15 = 10 + s x 50.
  EXPECT_NEAR(fit_digital_scale(by_hand(), c), 0.1, 1e-12);
}

std::string fit_mistake(const std::vector<std::pair<std::string, std::string>>& values, const char* fit_mj) {
  try {
    fit_digital_scale(by_hand(), parse_coefficients(coefficients_text(values), "x", {std::string("fit_mj=") + fit_mj}));
  } catch (const config_error& error) {
    return error.what();
  }
  return "";
}

TEST(EnergyFit, ANegativeScaleIsAMistake) {
  EXPECT_NE(fit_mistake({{"ima.mvm", "1e9"}, {"cores.alu", "1"}}, "9.99").find("negative"), std::string::npos);
  EXPECT_EQ(fit_mistake({{"ima.mvm", "1e9"}, {"cores.alu", "1"}}, "10.01"), "");
  EXPECT_NE(fit_mistake({{"ima.mvm", "1e9"}}, "11").find("no digital energy"), std::string::npos);
  EXPECT_NE(fit_mistake({{"ima.mvm", "1"}, {"cores.alu", "1"}}, "0").find("fit_mj"), std::string::npos);
}

}  // namespace
}  // namespace ohmic
