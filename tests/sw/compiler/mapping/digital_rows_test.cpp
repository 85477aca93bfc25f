// Layers some of whose row sets run on cores, beside those on crossbars: whatever a policy makes of them, its bytes,
// run by the oracle, give every edge and all outputs of the reference, which are those of the network on crossbars
// alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "sw/compiler/mapping/compile.h"
#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/mapping_file.h"
#include "tests/fresh_seed.h"
#include "tests/sw/compiler/mapping/expect_reference.h"
#include "tests/sw/compiler/mapping/random_cases.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

using ::testing::HasSubstr;

/// Two row sets or more of every layer on crossbars that has so many rows.
void finer_sets(integer_graph& graph, std::mt19937& random) {
  for (graph_node& node : graph.nodes) {
    if (!node.on_crossbar()) continue;
    crossbar_layer& l = node.layer();
    const graph_window& w = l.window;
    const int rows = l.in_channels * w.size_x * w.size_y / (2 + static_cast<int>(random() % 3));
    l.row_sets = split_rows(l.in_channels, w.size_x, w.size_y, std::clamp(rows, w.size_x, graph.rows));
  }
}

TEST(DigitalRows, EightyRandomNetworksRunAsTheirReferenceDoes) {
  const std::uint32_t seed = fresh_seed();
  RecordProperty("seed", std::to_string(seed));
  std::mt19937 random(seed);
  std::size_t moved = 0;
  std::set<std::string> policies;
  for (unsigned n = 0; n < 80; ++n) {
    const std::uint32_t of_case = seed + n;
    SCOPED_TRACE("case seed " + std::to_string(of_case));
    random_case c = random_case_maker(of_case).run();
    if (random() % 4 == 0) split_some(c.graph, random);  // slices may have row sets on cores as well
    finer_sets(c.graph, random);
    c.chip.network.factors.back() = 600;
    const std::size_t here = move_some_rows(c.graph, random);
    if (here == 0) continue;
    moved += here;
    c.options.naive.replicas.clear();
    check_graph(c.graph);
    policies.insert(c.options.policy);
    expect_reference(c.graph, c.chip, compile(c.graph, c.chip, c.options), random, c.images);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(moved, 40u);
  EXPECT_EQ(policies.size(), 4u);
}

/// `main` has 3 row sets, of one kernel row each, and a residual; the windows of the first and the last begin above the
/// map or end below it.
TEST(DigitalRows, EveryPolicyAddsTheirCodes) {
  std::mt19937 random(11);
  const integer_graph analog = small_network(random, 21, 26, 64);
  for (const std::size_t count : {1u, 2u}) {
    integer_graph graph = analog;
    graph.nodes[3].layer().row_sets = {{0, 1, 0, 20}, {1, 2, 0, 20}, {2, 3, 0, 20}};
    put_rows_on_cores(graph, "main", count);
    check_graph(graph);
    const std::vector<stage> stages = make_stages(graph);
    std::size_t codes = 0;
    for (const stage& s : stages) {
      codes += s.name.rfind("main.set", 0) == 0;
      if (s.name == "main+add") {
        EXPECT_EQ(s.codes.size(), count);
        EXPECT_EQ(sets_added(graph, s), 3u);
      }
    }
    EXPECT_EQ(codes, count);
    for (const char* policy : {"naive", "replicated", "paper", "best"})
      for (const unsigned fan_in : {0u, 2u}) {
        mapping_options options;
        options.policy = policy;
        options.naive.reduction_fan_in = options.balanced.reduction_fan_in = fan_in;
        options.best.evaluations = 20;
        SCOPED_TRACE(std::string(policy) + ", fan-in " + std::to_string(fan_in));
        expect_reference(graph, small_chip(64, 64, 16), compile(graph, small_chip(64, 64, 16), options), random);
      }
  }
}

/// What a policy makes can be written down and read again: the same deployment. Sums count the sets on cores behind
/// those on crossbars, and each must be added once.
TEST(DigitalRows, AreAddedBySumsOfAMappingsFile) {
  std::mt19937 random(12);
  integer_graph graph = small_network(random, 21, 26, 64);
  put_rows_on_cores(graph, "main", 2);
  const chip_config chip = small_chip(64, 64, 16);
  mapping_options options, from_file;
  options.policy = "paper";
  deployment_plan plan = make_plan(graph, chip, options);
  from_file.file = "written.yaml";
  from_file.file_text = write_mapping(graph, plan.stages, plan.assignment);
  EXPECT_THAT(from_file.file_text, HasSubstr("\"main.set2\""));
  const deployment a = compile(graph, chip, options), b = compile(graph, chip, from_file);
  ASSERT_EQ(a.clusters.size(), b.clusters.size());
  for (std::size_t c = 0; c < a.clusters.size(); ++c) EXPECT_EQ(a.clusters[c].bytes, b.clusters[c].bytes) << c;
  for (std::size_t s = 0; s < plan.stages.size(); ++s)
    if (!plan.stages[s].codes.empty())
      for (channel_part& part : plan.assignment.stages[s].replicas[0].parts) part.sums.back().sets.pop_back();
  from_file.file_text = write_mapping(graph, plan.stages, plan.assignment);
  try {
    compile(graph, chip, from_file);
    FAIL() << "codes that nobody adds";
  } catch (const mapping_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("adds the codes of row set 2 0 times"));
  }
}

}  // namespace
}  // namespace ohmic
