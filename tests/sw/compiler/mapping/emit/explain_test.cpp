// The table that explains a mapping: every stage with its clusters, the part of its crossbars' cells, and what was
// measured.
#include "sw/compiler/mapping/emit/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <iterator>
#include <set>
#include <sstream>
#include <tuple>

#include "sw/compiler/mapping/compile.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Explain, TellsOfEveryStageWhatItHasAndTakes) {
  std::mt19937 random(7);
  const integer_graph graph = small_network(random, 29, 37, 256);
  const chip_config chip = small_chip(16, 256, 256);
  mapping_options options;
  options.naive.conv1_replicas = 1;
  const deployment_plan plan = make_plan(graph, chip, options);
  const std::string table = explain_mapping(plan, chip, {});
  for (const stage& s : plan.stages) EXPECT_THAT(table, HasSubstr("\n" + s.name + " ")) << s.name;
  // conv1: 3 channels and 3 x 3 taps are 27 rows, and 20 bitlines, of 256 x 256 cells.
  const crossbar_layer& conv1 = graph.nodes[plan.stages[0].node].layer();
  const double percent = 100.0 * 27 * conv1.out_channels / 65536;
  const std::string line = table.substr(table.find("\nconv1"), table.find('\n', table.find("\nconv1") + 1));
  char cells[16];
  std::snprintf(cells, sizeof cells, " %.1f ", percent);
  EXPECT_THAT(line, AllOf(HasSubstr(cells), HasSubstr("1x1")));
  EXPECT_THAT(table, AllOf(HasSubstr("busiest link"), Not(HasSubstr("measured"))));
  std::vector<double> measured;
  for (std::size_t s = 0; s < plan.stages.size(); ++s) measured.push_back(70'001.0 + double(s));
  EXPECT_THAT(explain_mapping(plan, chip, measured),
              AllOf(HasSubstr("measured"), HasSubstr("70001"), HasSubstr("70002")));
}

/// The words of a stage's line.
std::vector<std::string> words_of(const std::string& table, const std::string& stage) {
  const std::size_t begin = table.find("\n" + stage + " ") + 1;
  std::istringstream line(table.substr(begin, table.find('\n', begin) - begin));
  return {std::istream_iterator<std::string>(line), {}};
}

// Whatever takes longest of a stage binds it; the deployment's report says how long each takes.
TEST(Explain, SaysWhatBindsEachStageAndHowManyClustersAndSumsItHas) {
  std::mt19937 random(7);
  const integer_graph graph = small_network(random, 29, 37, 28);
  std::set<std::string> seen;
  for (const auto& [mvm, width, cores] : {std::tuple{1u, 64u, 16u}, {5000u, 64u, 16u}, {1u, 2u, 64u}}) {
    chip_config chip = small_chip(128, 28, 256);
    chip.ima.mvm_cycles = mvm;
    chip.cluster.cores = cores;
    for (unsigned& w : chip.network.width) w = width;
    mapping_options options;
    options.naive.reduction_fan_in = 3;
    const deployment made = compile(graph, chip, options);
    const std::string table = explain_mapping(make_plan(graph, chip, options), chip, {});
    for (const stage_report& s : made.stages) {
      const std::vector<std::string> words = words_of(table, s.name);
      const predicted_cycles& p = s.predicted;
      const std::string binds = p.communication >= p.analog && p.communication >= p.digital ? "port"
                                : p.digital > p.analog                                      ? "cores"
                                                                                            : "crossbar";
      EXPECT_EQ(words.back(), binds) << s.name;
      EXPECT_EQ(words[1], std::to_string(s.clusters.size())) << s.name;
      EXPECT_EQ(words[words.size() - 2], std::to_string(std::lround(p.bound()))) << s.name;
      seen.insert(binds);
      if (s.name == "main+add")  // 20 channels of 3 x 3 in rows of 28: seven sets, three sums of three and their root
        EXPECT_THAT(words, ::testing::Contains("1+1+1+1"));
    }
  }
  EXPECT_EQ(seen.size(), 3u) << "each binds somewhere";
}

}  // namespace
}  // namespace ohmic
