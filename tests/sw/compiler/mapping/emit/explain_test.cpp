// The table that explains a mapping: every stage with its clusters, the part of its crossbars' cells, and what was
// measured.
#include "sw/compiler/mapping/emit/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace ohmic
