// What trials say, kept in a cache and shown to a person; that simulations choose is proven by
// tests/system/best_test.py.
#include "platform/experiment/mapping_trials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace ohmic
