// What trials say, kept in a cache and shown to a person, and which mapping simulations choose.
#include "platform/experiment/mapping_trials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <tuple>
#include <vector>

#include "sw/compiler/mapping/compile.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

trial_results some_trials() {
  trial_results r;
  r.chosen = 1;
  r.trials = {{"early", 400, 1000, 0, {}, ""},
              {"fast", 400, 1000, 16, {900, 50.5, 0.002, 7}, ""},
              {"slow", 400, 1000, 16, {950, 50.5, 0.002, 7}, ""},
              {"small", 100, 2000, 16, {1900, 110, 0.001, 7}, ""},
              // Three images more than the 13 that are left take 13 * 10: 1030 cycles.
              {"few images", 400, 1000, 3, {900, 10, 0.001, 3}, ""},
              {"broken", 400, 1000, 0, {}, "no room for it"}};
  return r;
}

TEST(MappingTrials, ComeBackFromTextAsTheyWere) {
  const trial_results r = some_trials();
  const auto back = trial_results_from(to_text(r));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->chosen, 1u);
  ASSERT_EQ(back->trials.size(), r.trials.size());
  for (std::size_t i = 0; i < r.trials.size(); ++i) {
    EXPECT_EQ(back->trials[i].name, r.trials[i].name);
    EXPECT_EQ(back->trials[i].clusters, r.trials[i].clusters);
    EXPECT_EQ(back->trials[i].expected_cycles, r.trials[i].expected_cycles);
    EXPECT_EQ(back->trials[i].images, r.trials[i].images);
    EXPECT_EQ(back->trials[i].figures.cycles, r.trials[i].figures.cycles);
    EXPECT_EQ(back->trials[i].figures.image_cycles, r.trials[i].figures.image_cycles);
    EXPECT_EQ(back->trials[i].figures.energy_j, r.trials[i].figures.energy_j);
    EXPECT_EQ(back->trials[i].figures.results, r.trials[i].figures.results);
    EXPECT_EQ(back->trials[i].error, r.trials[i].error);
  }
}

TEST(MappingTrials, TextThatIsNoneIsNone) {
  const std::string text = to_text(some_trials());
  EXPECT_FALSE(trial_results_from(""));
  EXPECT_FALSE(trial_results_from(text.substr(0, text.size() / 2)));
  EXPECT_FALSE(trial_results_from("{\"chosen\": 0, \"trials\": []}"));
  EXPECT_FALSE(trial_results_from("{\"chosen\": 0, \"trials\": [[1, 2]]}"));
}

TEST(MappingTrials, TheTableMarksWhatIsChosenAndSaysWhatBecameOfTheRest) {
  const std::string table = trial_table(some_trials(), false);
  EXPECT_THAT(table, HasSubstr("* fast"));
  EXPECT_THAT(table, HasSubstr("  slow"));
  EXPECT_THAT(table, HasSubstr("ended early"));
  EXPECT_THAT(table, HasSubstr("no room for it"));
}

TEST(MappingTrials, AParetoListLeavesOutWhatIsBeatenAndWhatHasNotRun) {
  const std::string table = trial_table(some_trials(), true);
  EXPECT_THAT(table, HasSubstr("* fast"));
  EXPECT_THAT(table, HasSubstr("small")) << "fewer clusters";
  EXPECT_THAT(table, HasSubstr("few images")) << "least between images";
  EXPECT_THAT(table, Not(HasSubstr("slow")));
  EXPECT_THAT(table, Not(HasSubstr("early")));
  EXPECT_THAT(table, Not(HasSubstr("broken")));
}

TEST(MappingTrials, OnlyBestOnCoresThatAreSimulatedFastIsTried) {
  experiment_config config;
  config.mapping.policy = "best";
  EXPECT_TRUE(wants_trials(config));
  config.mapping.best.trials = 0;
  EXPECT_FALSE(wants_trials(config));
  config.mapping.best.trials = 3;
  config.mapping.policy = "naive";
  EXPECT_FALSE(wants_trials(config));
  config.mapping.policy = "best";
  config.mapping.file = "mapping.yaml";
  EXPECT_FALSE(wants_trials(config));
  config.mapping.file = "";
  config.chip.cores.overrides.push_back({{3}, {0}, core_model::ibex});
  EXPECT_FALSE(wants_trials(config));
  for (const unsigned cluster : {0u, 511u}) {
    config.chip.cores.overrides = {{{cluster}, {15}, core_model::rtl}};
    EXPECT_FALSE(wants_trials(config)) << "a core of cluster " << cluster;
  }
  config.chip.cores.overrides.clear();
  EXPECT_TRUE(wants_trials(config));
}

/// Five mappings of a small network, of which the third is the fastest.
class TrialRounds : public ::testing::Test {
 protected:
  TrialRounds() {
    std::mt19937 random(20261130);
    net.graph = small_network(random, 13, 24, 64);
    config.chip = small_chip(30, 64, 64);
    config.chip.cluster.cores = 4;
    config.engine.threads = 1;
    for (const auto& [name, replicas, tile] : {std::tuple{"slow", 1u, 100000u},
                                               {"one", 1u, 1u},
                                               {"four", 4u, 300u},
                                               {"two", 2u, 300u},
                                               {"lazy", 1u, 20000u}}) {
      mapping_options options;
      options.naive.replicas["conv1"] = replicas;
      options.naive.tile_cycles = tile;
      proposals.push_back({name, make_plan(net.graph, config.chip, options).assignment, 1000});
    }
  }
  /// Each by itself.
  std::vector<trial_figures> alone() const {
    std::vector<trial_figures> all;
    for (const mapping_proposal& p : proposals) {
      const trial_results r = try_mappings(config, net, {p}, true);
      EXPECT_EQ(r.chosen, 0u);
      EXPECT_EQ(r.trials[0].images, 16u);
      all.push_back(r.trials[0].figures);
    }
    return all;
  }

  experiment_config config;
  network net;
  std::vector<mapping_proposal> proposals;
};

TEST_F(TrialRounds, TheMappingWithTheFastestBatchIsChosen) {
  const std::vector<trial_figures> each = alone();
  const trial_results r = try_mappings(config, net, proposals, true);
  ASSERT_EQ(r.trials.size(), 5u);
  EXPECT_EQ(r.trials[r.chosen].images, 16u);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(r.trials[i].name, proposals[i].name);
    EXPECT_EQ(r.trials[i].error, "");
    EXPECT_LE(each[r.chosen].cycles, each[i].cycles) << i;
    if (r.trials[i].images != 0) EXPECT_EQ(r.trials[i].figures.cycles, each[i].cycles) << i;
    EXPECT_EQ(each[i].results, each[0].results) << "the same logits";
  }
  EXPECT_EQ(r.trials[0].images, 16u) << "the first to run has nobody to be slower than";
}

TEST_F(TrialRounds, WhereABatchOfEachTakesTooLongTwoOfThemAreFinalists) {
  config.mapping.best.objective = mapping_objective::throughput;  // by which no run ends early
  const std::vector<trial_figures> each = alone();
  proposals.front().expected_cycles = 1e8;
  const trial_results r = try_mappings(config, net, proposals, true);
  std::vector<std::size_t> finalists;
  for (std::size_t i = 0; i < 5; ++i) {
    if (r.trials[i].images == 16)
      finalists.push_back(i);
    else
      EXPECT_EQ(r.trials[i].images, 6u);
  }
  ASSERT_EQ(finalists.size(), 2u);
  const std::size_t other = finalists[0] == r.chosen ? finalists[1] : finalists[0];
  EXPECT_NE(other, r.chosen);
  EXPECT_EQ(r.trials[r.chosen].images, 16u);
  EXPECT_LE(each[r.chosen].image_cycles, each[other].image_cycles);
  for (std::size_t i = 0; i < 5; ++i)
    if (r.trials[i].images == 6)
      EXPECT_GE(r.trials[i].figures.image_cycles, 0.8 * each[other].image_cycles) << "no better one was left out";
  proposals.front().expected_cycles = 1e8 / proposals.front().assignment.clusters;
  for (const mapping_trial& t : try_mappings(config, net, proposals, true).trials) EXPECT_EQ(t.images, 16u) << t.name;
}

TEST_F(TrialRounds, AMappingThatCannotRunIsNotChosenAndSaysWhy) {
  proposals[2].assignment.clusters = 1000;
  const trial_results r = try_mappings(config, net, proposals, true);
  EXPECT_NE(r.chosen, 2u);
  EXPECT_NE(r.trials[2].error, "");
  EXPECT_EQ(r.trials[2].images, 0u);
  for (mapping_proposal& p : proposals) p.assignment.clusters = 1000;
  EXPECT_THROW(try_mappings(config, net, proposals, true), std::runtime_error);
}

}  // namespace
}  // namespace ohmic
