// What a mapping can say: everything of it gives the reference's outputs, run from the deployment's bytes by the
// oracle.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <map>

#include "sw/compiler/mapping/compile.h"
#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/mapping_file.h"
#include "sw/compiler/mapping/plan/check_mapping.h"
#include "sw/compiler/mapping/policy/mapping_policy.h"
#include "sw/compiler/reference/reference_executor.h"
#include "tests/sw/compiler/mapping/deployment_simulator.h"
#include "tests/sw/compiler/mapping/expect_reference.h"
#include "tests/sw/compiler/mapping/random_cases.h"
#include "tests/sw/compiler/mapping/random_mapping.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class MappingLanguage : public ::testing::Test {
 protected:
  void SetUp() override { RecordProperty("seed", static_cast<int>(seed)); }

  /// The naive policy's mapping, for a test to change.
  mapping start(const integer_graph& graph, const chip_config& chip) {
    stages = make_stages(graph);
    return make_mapping_policy(options)->map(graph, stages, chip);
  }
  /// Options for a mapping "written by hand".
  mapping_options by_hand(const integer_graph& graph, const mapping& m) const {
    mapping_options o;
    o.file = "test";
    o.file_text = write_mapping(graph, make_stages(graph), m);
    return o;
  }
  void expect_reference(const integer_graph& graph, const chip_config& chip, const mapping& m, unsigned images = 3) {
    ohmic::expect_reference(graph, chip, compile(graph, chip, by_hand(graph, m)), random, images);
  }
  std::size_t stage_named(const std::string& name) const {
    for (std::size_t s = 0; s < stages.size(); ++s)
      if (stages[s].name == name) return s;
    return stages.size();
  }
  static unsigned new_cluster(mapping& m) {
    m.places.push_back(m.clusters);
    return m.clusters++;
  }

  const std::uint32_t seed = 20261130;
  std::mt19937 random{seed};
  mapping_options options;
  std::vector<stage> stages;
};

TEST_F(MappingLanguage, WhatIsWrittenReadsBackAsTheSameDeployment) {
  for (unsigned n = 0; n < 20; ++n) {
    SCOPED_TRACE("case seed " + std::to_string(seed + n));
    const random_case c = random_case_maker(seed + n).run();
    const deployment_plan plan = make_plan(c.graph, c.chip, c.options);
    const deployment one = compile(c.graph, c.chip, c.options),
                     two = compile(c.graph, c.chip, by_hand(c.graph, plan.assignment));
    ASSERT_EQ(one.clusters.size(), two.clusters.size());
    for (std::size_t i = 0; i < one.clusters.size(); ++i) ASSERT_EQ(one.clusters[i].bytes, two.clusters[i].bytes);
    ASSERT_EQ(one.crossbars.size(), two.crossbars.size());
    for (std::size_t i = 0; i < one.crossbars.size(); ++i)
      ASSERT_EQ(one.crossbars[i].weights, two.crossbars[i].weights);
  }
}

TEST_F(MappingLanguage, PoolsAndAddsHaveReplicas) {
  const integer_graph graph = network_with_separate_add(random, 29, 37, 40);
  const chip_config chip = small_chip(64, 40, 256);
  for (unsigned replicas : {2u, 3u, 5u}) {
    mapping m = start(graph, chip);
    for (const char* name : {"maxpool", "again"}) {
      stage_mapping& s = m.stages[stage_named(name)];
      s.tile_columns = 1;
      for (unsigned r = 1; r < replicas; ++r) s.replicas.push_back({{}, new_cluster(m)});
    }
    expect_reference(graph, chip, m);
  }
}

TEST_F(MappingLanguage, SumsHaveReplicasOfTheirOwn) {
  const integer_graph graph = small_network(random, 29, 37, 28);
  const chip_config chip = small_chip(128, 28, 256);
  options.naive.reduction_fan_in = 3;
  options.naive.replicas = {{"main", 2}};
  mapping m = start(graph, chip);
  stage_mapping& s = m.stages[stage_named("main+add")];
  s.tile_columns = 1;
  for (replica_mapping& replica : s.replicas) {
    ASSERT_GT(replica.parts[0].sums.size(), 2u);
    replica.parts[0].sums.back().clusters.push_back(new_cluster(m));
    replica.parts[0].sums[0].clusters.push_back(new_cluster(m));
    replica.parts[0].sums[1].clusters.push_back(new_cluster(m));
    replica.parts[0].sums[1].clusters.push_back(new_cluster(m));
  }
  expect_reference(graph, chip, m);
}

TEST_F(MappingLanguage, FourPixelsOfTheFirstLayerShareOneMvm) {
  const integer_graph graph = small_network(random, 29, 37, 256);  // conv1 makes 19 columns of 15 rows
  const chip_config chip = small_chip(16, 256, 256);
  options.naive.conv1_replicas = 1;
  mapping m = start(graph, chip);
  const std::uint64_t before = compile(graph, chip, by_hand(graph, m)).mvms_per_image;
  stage_mapping& s = m.stages[0];
  s.tile_columns = 19;
  s.packing = {1, 4};
  s.replicas[0].parts[0].tiles[0].sets = {{0, 0}, {0, 1}, {0, 2}, {0, 3}};  // 3 channels x 3 columns x 9 rows
  expect_reference(graph, chip, m);
  EXPECT_EQ(compile(graph, chip, by_hand(graph, m)).mvms_per_image, before - 19 * 15 + 19 * 4);
}

TEST_F(MappingLanguage, ShiftedKernelRowsShareCrossbars) {
  // `main`: 20 channels and 3x3 taps on crossbars of 128 rows: a row set for each kernel row, 60 rows of it. Two by two
  // pixels take windows of 4 rows and 4 columns: four crossbars of 80 rows, one for each row, and a quarter of the
  // MVMs.
  integer_graph graph = small_network(random, 29, 37, 128);
  crossbar_layer& layer = graph.nodes[3].layer();
  layer.row_sets = {{0, 1, 0, 20}, {1, 2, 0, 20}, {2, 3, 0, 20}};
  check_graph(graph);
  const chip_config chip = small_chip(16, 128, 256);
  mapping m = start(graph, chip);
  stage_mapping& s = m.stages[stage_named("main+add")];
  s.tile_columns = 2;
  s.packing = {2, 2};
  channel_part& part = s.replicas[0].parts[0];
  const unsigned spare = new_cluster(m);
  const std::vector<std::vector<packed_set>> rows = {{{0, 0}}, {{1, 0}, {0, 1}}, {{2, 0}, {1, 1}}, {{2, 1}}};
  part.tiles.push_back({spare, 0, 0, {}});
  for (std::size_t i = 0; i < rows.size(); ++i) part.tiles[i].sets = rows[i];
  const deployment mapped = compile(graph, chip, by_hand(graph, m));
  for (const crossbar_image& image : mapped.crossbars)
    if (image.cluster == spare) EXPECT_EQ(image.rows, 80u);
  expect_reference(graph, chip, m);
}

// Three rows at once, of three kernel rows. The codes of the first three crossbars fill no column together: two of each
// column's rows, and always one that another has too.
TEST_F(MappingLanguage, RowsOfASetComeTogetherFromWhereverTheyAreMade) {
  integer_graph graph = small_network(random, 29, 37, 256);
  crossbar_layer& layer = graph.nodes[3].layer();
  layer.row_sets = {{0, 1, 0, 20}, {1, 2, 0, 20}, {2, 3, 0, 20}};
  check_graph(graph);
  const chip_config chip = small_chip(16, 256, 256);
  mapping m = start(graph, chip);
  stage_mapping& s = m.stages[stage_named("main+add")];
  s.packing = {1, 3};
  channel_part& part = s.replicas[0].parts[0];
  const std::vector<std::vector<packed_set>> made = {
      {{0, 0}, {1, 1}}, {{0, 1}, {0, 2}}, {{1, 0}, {1, 2}}, {{2, 0}, {2, 1}, {2, 2}}};
  while (part.tiles.size() < made.size()) part.tiles.push_back({new_cluster(m), 0, 0, {}});
  for (std::size_t t = 0; t < made.size(); ++t) part.tiles[t].sets = made[t];
  expect_reference(graph, chip, m);
}

TEST_F(MappingLanguage, LayersShareACrossbarAndACluster) {
  const integer_graph graph = small_network(random, 29, 37, 256);
  const chip_config chip = small_chip(16, 256, 256);
  options.naive.conv1_replicas = 1;
  mapping m = start(graph, chip);
  // All of it in two clusters: three layers in one crossbar, one below the other (27, 20 and 13 rows), and one beside.
  unsigned next_row = 5;
  for (std::size_t s = 0; s < stages.size(); ++s) {
    replica_mapping& replica = m.stages[s].replicas[0];
    replica.cluster = 1;
    if (replica.parts.empty()) continue;
    crossbar_tile& tile = replica.parts[0].tiles[0];
    const bool apart = stages[s].name == "main+add";
    tile.cluster = apart ? 1 : 0;
    tile.first_row = apart ? 3 : next_row;
    tile.first_bitline = static_cast<unsigned>(s);
    if (!apart)
      next_row += static_cast<unsigned>(
          graph.nodes[stages[s].node].layer().row_sets[0].rows(graph.nodes[stages[s].node].layer().window.size_x));
    replica.parts[0].sums[0].clusters = {0};
  }
  m.clusters = 2;
  m.places = {7, 2};
  expect_reference(graph, chip, m);
}

TEST_F(MappingLanguage, EveryEdgeMayWaitInRelaysOrInHbm) {
  const integer_graph graph = network_with_separate_add(random, 29, 37, 40);
  const chip_config chip = small_chip(64, 40, 256);
  for (const buffer_place place : {buffer_place::relay, buffer_place::hbm})
    for (const unsigned relays : {1u, 3u}) {
      options.naive.replicas = {{"down", relays}};
      mapping m = start(graph, chip);
      for (std::size_t s = 0; s < stages.size(); ++s)
        for (edge_mapping* edge : {&m.stages[s].input, &m.stages[s].residual}) {
          const int tensor = edge == &m.stages[s].input ? stages[s].input : stages[s].residual;
          if (tensor < 0 || graph.tensors[tensor].producer == 0) continue;
          edge->buffer = place;
          for (unsigned n = 0; place == buffer_place::relay && n < relays; ++n) edge->relays.push_back(new_cluster(m));
        }
      SCOPED_TRACE(place == buffer_place::relay ? "relays" : "HBM");
      expect_reference(graph, chip, m);
    }
}

TEST_F(MappingLanguage, ABufferHoldsTheColumnsThatAreAskedFor) {
  const integer_graph graph = small_network(random, 29, 37, 40);
  const chip_config chip = small_chip(64, 40, 256);
  mapping m = start(graph, chip);
  const std::size_t s = stage_named("main+add");
  for (unsigned columns : {1u, 9u, 40u}) {
    m.stages[s].residual.columns = columns;
    unsigned slots = 0;
    const deployment mapped = compile(graph, chip, by_hand(graph, m));
    for (const ring_report& ring : mapped.rings)
      if (ring.tensor == "down" && ring.content == "activations") slots = ring.slots;
    EXPECT_GE(slots, columns);
    EXPECT_LE(slots, columns + 20) << "not more than asked for and what is needed to live";
    expect_reference(graph, chip, m);
  }
}

TEST_F(MappingLanguage, ADamagedFileIsRefusedInOneSentenceOrIsRight) {
  const integer_graph graph = small_network(random, 13, 21, 40);
  const chip_config chip = small_chip(32, 40, 64);
  const std::string text = write_mapping(graph, make_stages(graph), start(graph, chip));
  const std::vector<std::string> pieces = {
      "0", "1", "7",     "99",  "4000000000",      "-1",   "[",      "]", "{", "}", ",", ":", "\n",
      " ", "x", "relay", "hbm", "packing: {x: 2}", "sets", "cluster"};
  unsigned refused = 0, right = 0;
  for (unsigned n = 0; n < 1500; ++n) {
    std::string damaged = text;
    for (unsigned k = 1 + random() % 2; k > 0; --k) {
      const std::size_t at = random() % damaged.size();
      const unsigned kind = random() % 4;
      if (kind == 0) damaged.erase(at, 1 + random() % 3);
      if (kind == 1) damaged.insert(at, pieces[random() % pieces.size()]);
      const std::size_t digit = damaged.find_first_of("0123456789", at);  // mostly other numbers
      if (kind > 1 && digit != std::string::npos) damaged.replace(digit, 1, pieces[random() % 6]);
    }
    mapping_options o;
    o.file = "damaged";
    o.file_text = damaged;
    SCOPED_TRACE(damaged);
    try {
      const deployment mapped = compile(graph, chip, o);
      if (++right % 20 != 0) continue;
      expect_reference(graph, chip, make_plan(graph, chip, o).assignment, 1);
      if (HasFatalFailure()) return;
    } catch (const mapping_error& error) {
      ++refused;
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    }
  }
  EXPECT_GT(refused, 300u);
  EXPECT_GT(right, 50u);
}

// Of every key that mappings have, one that is written wrong.
TEST_F(MappingLanguage, AKeyThatThereIsNotIsNamed) {
  std::map<std::string, std::pair<std::uint32_t, std::size_t>> keys;  // where one stands: case, place in its text
  const auto text_of = [](std::uint32_t of, random_case& c) {
    c = random_case_maker(of).run();
    c.chip.cluster.l1_bytes = 1u << 20;
    return random_mapping_options(c.graph, c.chip, of).file_text;
  };
  random_case c;
  for (std::uint32_t of = seed; of < seed + 10; ++of) {
    const std::string text = text_of(of, c);
    for (std::size_t at = 0; at + 1 < text.size(); ++at) {
      if (text[at] == '#') at = text.find('\n', at);  // a comment
      std::size_t end = at;
      while (end < text.size() && (std::islower(static_cast<unsigned char>(text[end])) || text[end] == '_')) ++end;
      if (end > at && text[end] == ':') keys[text.substr(at, end - at)] = {of, end};
      at = end;
    }
  }
  EXPECT_GE(keys.size(), 12u);
  for (const auto& [key, place] : keys) {
    std::string text = text_of(place.first, c);
    text.insert(place.second, "x");
    try {
      read_mapping(text, "test", c.graph, make_stages(c.graph));
      ADD_FAILURE() << key << "x is taken";
    } catch (const mapping_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("has no key '" + key + "x'; there are: ")) << key;
    }
  }
}

TEST_F(MappingLanguage, AHundredRandomMappings) {
  unsigned right = 0;
  for (unsigned n = 0; n < 100; ++n) {
    SCOPED_TRACE("case seed " + std::to_string(seed + n));
    random_case c = random_case_maker(seed + n).run();
    c.chip.cluster.l1_bytes = 1u << 20;
    const mapping m = random_mapper(c.graph, make_stages(c.graph), c.chip, seed + n).run();
    expect_reference(c.graph, c.chip, m, 2);
    if (HasFatalFailure()) return;
    ++right;
  }
  EXPECT_EQ(right, 100u);
}

/// Layers on cores in a few channels each, whose parts take turns in their clusters.
TEST_F(MappingLanguage, WeightsComeFromHbmPartByPart) {
  unsigned streamed = 0, tiles_share = 0;
  for (unsigned n = 0; n < 30; ++n) {
    SCOPED_TRACE("case seed " + std::to_string(seed + n));
    std::mt19937 of_case(seed + n);
    const integer_graph graph =
        digital_network(of_case, 5 + static_cast<int>(of_case() % 20), 9 + static_cast<int>(of_case() % 20), 64, true);
    const chip_config chip = small_chip(64, 64, 64);
    const mapping_options o = random_mapping_options(graph, chip, seed + n);
    const deployment_plan plan = make_plan(graph, chip, o);
    for (const streamed_weights& weights : plan.weights) {
      EXPECT_GE(weights.parts.size(), 2u);
      streamed += 1;
    }
    unsigned rings = 0;
    for (const plan_cluster& cluster : plan.clusters)
      for (const plan_ring& ring : cluster.rings) rings += ring.content == ring_content::weights ? 1 : 0;
    EXPECT_GE(rings, plan.weights.size());
    tiles_share += rings > plan.weights.size() ? 1 : 0;
    ohmic::expect_reference(graph, chip, compile(graph, chip, o), of_case, 3);
    if (HasFailure()) return;
  }
  EXPECT_GT(streamed, 20u);
  EXPECT_GT(tiles_share, 3u) << "clusters that make different tiles of the same parts read the same weights";
}

TEST_F(MappingLanguage, WeightsAreInL1OrInHbm) {
  const integer_graph graph = digital_network(random, 9, 11, 64, true);
  const chip_config chip = small_chip(64, 64, 64);
  mapping m = start(graph, chip);
  std::size_t layer = 0;
  while (!graph.nodes[stages[layer].node].has_layer()) ++layer;
  m.stages[layer].weights_in_hbm = true;
  const std::string text = by_hand(graph, m).file_text, here = "weights: hbm";
  const std::size_t at = text.find(here);
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(text.find(here, at + 1), std::string::npos) << "where it is not the usual";
  const auto with = [&](const std::string& place) {
    return read_mapping(std::string(text).replace(at, here.size(), "weights: " + place), "test", graph, stages);
  };
  EXPECT_TRUE(with("hbm").stages[layer].weights_in_hbm);
  EXPECT_FALSE(with("l1").stages[layer].weights_in_hbm);
  for (const char* const place : {"L1", "l2", "''", "[hbm]"}) try {
      with(place);
      ADD_FAILURE() << place;
    } catch (const mapping_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("there are: l1, hbm")) << place;
    }
}

TEST_F(MappingLanguage, OnlyLayersOnCoresHaveWeightsInHbm) {
  const integer_graph graph = small_network(random, 29, 37, 40);
  const chip_config chip = small_chip(64, 40, 256);
  for (const char* name : {"conv1", "maxpool"}) {
    mapping m = start(graph, chip);
    m.stages[stage_named(name)].weights_in_hbm = true;
    try {
      compile(graph, chip, by_hand(graph, m));
      ADD_FAILURE() << name;
    } catch (const mapping_error& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr(name), HasSubstr("only layers on cores can")));
    }
  }
}

}  // namespace
}  // namespace ohmic
