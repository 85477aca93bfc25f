// Policies on tables of accuracies: those of all mappings of a real network, and made ones whose answers are known.
#include "sw/compiler/hybrid/hybrid_search.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>

namespace ohmic {
namespace {

using ::testing::HasSubstr;
using ::testing::Property;

const hybrid_policy& policy(const std::string& name) {
  for (const hybrid_policy& p : hybrid_policies())
    if (p.name == name) return p;
  throw std::runtime_error("no policy " + name);
}

unsigned bits_of(const layer_choice& choice) {
  unsigned bits = 0;
  for (std::size_t l = 0; l < choice.size(); ++l) bits |= choice[l] ? 1u << l : 0u;
  return bits;
}

/// Accuracies by a function of the choice's bits and the draw.
class made_accuracies : public accuracy_source {
 public:
  explicit made_accuracies(std::function<double(unsigned bits, unsigned draw)> f) : f_(std::move(f)) {}
  std::vector<drawn_accuracy> accuracies(const std::vector<layer_choice>& choices, unsigned draws) override {
    std::vector<drawn_accuracy> all;
    for (const layer_choice& choice : choices) {
      drawn_accuracy& a = all.emplace_back();
      for (unsigned d = 0; d < draws; ++d) a.shares.push_back(f_(bits_of(choice), d));
    }
    return all;
  }

 private:
  std::function<double(unsigned, unsigned)> f_;
};

/// ResNet8 on five chips, measured with aihwkit (data/README.md).
class Resnet8 : public ::testing::Test {
 protected:
  hybrid_problem problem(const char* table, double points) {
    std::ifstream in(std::string(OHMIC_HYBRID_DATA "/") + table);
    std::string line;
    std::getline(in, line);
    right_.clear();
    while (std::getline(in, line)) {
      std::istringstream words(line);
      std::vector<double>& row = right_.emplace_back();
      for (std::string word; std::getline(words, word, ',');) row.push_back(std::stod(word));
      EXPECT_EQ(row.size(), 6u);
      EXPECT_EQ(row[0], static_cast<double>(right_.size() - 1));
    }
    EXPECT_EQ(right_.size(), 1024u);
    hybrid_problem p;
    const std::int64_t macs[] = {442368, 2359296, 2359296, 1179648, 2359296, 131072, 1179648, 2359296, 131072, 640};
    for (std::size_t l = 0; l < 10; ++l) p.layers.push_back({"n" + std::to_string(l), macs[l]});
    p.reference = .867;
    p.threshold = points / 100;
    p.draws = 5;
    p.accuracy = &source_;
    return p;
  }

 private:
  std::vector<std::vector<double>> right_;
  made_accuracies source_{[this](unsigned bits, unsigned draw) { return right_[bits][1 + draw % 5] / 1000; }};
};

struct golden {
  const char* table;
  double points;
  unsigned greedy, greedy_reversed, optimum;
};
// Found by a separate program (numpy) that shares nothing with this one.
constexpr golden goldens[] = {{"resnet8_Q.csv", .5, 0, 0, 0},         {"resnet8_Q.csv", 1, 32, 256, 256},
                              {"resnet8_Q.csv", 3, 12, 192, 168},     {"resnet8_Q.csv", 5, 316, 240, 316},
                              {"resnet8_Q.csv", 10, 302, 1020, 1020}, {"resnet8_F.csv", .5, 288, 288, 288},
                              {"resnet8_F.csv", 1, 288, 288, 288},    {"resnet8_F.csv", 3, 20, 144, 144},
                              {"resnet8_F.csv", 5, 404, 404, 404},    {"resnet8_F.csv", 10, 302, 1020, 1020}};

TEST_F(Resnet8, LionheartChoosesAsItsAlgorithmDoes) {
  for (const golden& g : goldens) {
    hybrid_problem p = problem(g.table, g.points);
    EXPECT_EQ(bits_of(policy("lionheart").search(p).choice), g.greedy) << g.table << " " << g.points;
    p.ties = tie_order::reversed;
    EXPECT_EQ(bits_of(policy("lionheart").search(p).choice), g.greedy_reversed) << g.table << " " << g.points;
  }
}

TEST_F(Resnet8, ExhaustiveFindsTheMostMacs) {
  for (const golden& g : goldens) {
    const hybrid_problem p = problem(g.table, g.points);
    const hybrid_result found = policy("exhaustive").search(p);
    EXPECT_EQ(bits_of(found.choice), g.optimum) << g.table << " " << g.points;
    EXPECT_TRUE(found.holds);
    EXPECT_EQ(found.steps.size(), 1024u);
  }
}

// With MACs on cores as the time: never a worse choice than the greedy one that holds.
TEST_F(Resnet8, OhmicHoldsAndIsNoSlowerThanLionheart) {
  for (const golden& g : goldens) {
    const hybrid_problem p = problem(g.table, g.points);
    const hybrid_result found = policy("ohmic").search(p);
    EXPECT_TRUE(found.holds) << g.table << " " << g.points;
    EXPECT_LE(p.reference - found.accuracy.mean(), p.threshold + 1e-9);
    EXPECT_GE(analog_share(p.layers, found.choice), analog_share(p.layers, policy("lionheart").search(p).choice))
        << g.table << " " << g.points;
  }
}

TEST_F(Resnet8, FirstAndLastStayOnCores) {
  const hybrid_result found = policy("first_last").search(problem("resnet8_Q.csv", 1));
  EXPECT_EQ(bits_of(found.choice), 0b0111111110u);
  EXPECT_FALSE(found.holds);
}

/// Losses add up; layer l alone loses `loss[l]`, and noise of `noise` comes on top of each draw.
hybrid_problem additive(made_accuracies& source, const std::vector<std::int64_t>& macs, double threshold) {
  hybrid_problem p;
  for (std::size_t l = 0; l < macs.size(); ++l) p.layers.push_back({"layer" + std::to_string(l), macs[l]});
  p.reference = .9;
  p.threshold = threshold;
  p.accuracy = &source;
  return p;
}

TEST(HybridPolicies, SensitivityTakesTheLeastLossFirst) {
  const std::vector<double> loss{.03, .001, .02, .004};
  made_accuracies source([&](unsigned bits, unsigned) {
    double a = .9;
    for (std::size_t l = 0; l < 4; ++l) a -= (bits >> l & 1) != 0 ? loss[l] : 0;
    return a;
  });
  // By MACs: the first one fits, then nothing but the second does.
  const hybrid_problem p = additive(source, {400, 100, 300, 200}, .031);
  EXPECT_EQ(bits_of(policy("lionheart").search(p).choice), 0b0011u);
  EXPECT_EQ(bits_of(policy("sensitivity").search(p).choice), 0b1110u);
}

// With the first layer the second one loses less than alone, and the third more. By hand: 0 (.002), then 1 (.006 less
// .005), then 3 (.008) before 2 (.004 and .006), which fits no more. By losses alone 0 and 2 come first (.012), and
// nothing fits beside them.
TEST(HybridPolicies, SecondOrderKnowsWhatPairsOfLayersLose) {
  made_accuracies source([&](unsigned bits, unsigned) {
    const double alone[] = {.002, .006, .004, .008};
    double a = .9;
    for (std::size_t l = 0; l < 4; ++l) a -= (bits >> l & 1) != 0 ? alone[l] : 0;
    if ((bits & 0b0011) == 0b0011) a += .005;
    if ((bits & 0b0101) == 0b0101) a -= .006;
    return a;
  });
  const hybrid_problem p = additive(source, {100, 100, 400, 100}, .0125);
  const hybrid_result found = policy("second_order").search(p);
  EXPECT_EQ(bits_of(found.choice), 0b1011u);
  ASSERT_EQ(found.steps.size(), 10u + 1 + 4) << "layers, pairs, none, and each tried once";
  std::vector<unsigned> tried;
  for (std::size_t i = 11; i < found.steps.size(); ++i) tried.push_back(bits_of(found.steps[i].choice));
  EXPECT_THAT(tried, testing::ElementsAre(0b0001u, 0b0011u, 0b1011u, 0b1111u));
  EXPECT_EQ(bits_of(policy("sensitivity").search(p).choice), 0b0101u);
}

TEST(HybridPolicies, ALossThatEqualsTheThresholdHolds) {
  made_accuracies source([&](unsigned bits, unsigned) { return bits != 0 ? .89 : .9; });
  const hybrid_problem p = additive(source, {1}, .01);
  for (const char* name : {"lionheart", "sensitivity", "second_order", "exhaustive", "ohmic"})
    EXPECT_EQ(bits_of(policy(name).search(p).choice), 1u) << name;
}

TEST(HybridPolicies, WhereNothingHoldsTheySaySo) {
  made_accuracies source([&](unsigned, unsigned) { return .5; });
  const hybrid_problem p = additive(source, {1, 2}, .01);
  for (const hybrid_policy& each : hybrid_policies()) EXPECT_FALSE(each.search(p).holds) << each.name;
}

TEST(HybridPolicies, ExhaustiveRefusesMoreThanItCan) {
  made_accuracies source([&](unsigned, unsigned) { return .9; });
  const hybrid_problem p = additive(source, std::vector<std::int64_t>(17, 1), .01);
  EXPECT_THAT([&] { policy("exhaustive").search(p); },
              ::testing::Throws<graph_error>(Property(&graph_error::what, HasSubstr("17"))));
}

TEST(HybridPolicies, ExhaustiveTakesAsManyLayersAsItSays) {
  made_accuracies source([&](unsigned bits, unsigned) { return bits == 0x8001u || bits == 0x0ff0u ? .9 : .5; });
  hybrid_problem p = additive(source, std::vector<std::int64_t>(exhaustive_layers, 1), .01);
  p.draws = 1;
  EXPECT_EQ(bits_of(policy("exhaustive").search(p).choice), 0x0ff0u) << "eight of sixteen layers";
}

// The choices are looked at in the order of their layers, the last one changing first.
TEST(HybridPolicies, OfChoicesThatAreEqualInAllExhaustiveKeepsTheFirst) {
  made_accuracies source([&](unsigned bits, unsigned) { return bits == 3 ? .5 : .9; });
  const hybrid_problem p = additive(source, {7, 7}, .01);
  EXPECT_EQ(bits_of(policy("exhaustive").search(p).choice), 0b10u);
}

TEST(HybridPolicies, WhatHoldsBehindAFirstStepThatDoesNotIsFound) {
  made_accuracies source([&](unsigned bits, unsigned) { return bits == 1 ? .9 : .5; });
  const hybrid_problem p = additive(source, {2, 1}, .01);
  for (const char* name : {"lionheart", "sensitivity", "second_order"}) {
    const hybrid_result found = policy(name).search(p);
    EXPECT_TRUE(found.holds) << name;
    EXPECT_EQ(bits_of(found.choice), 1u) << name;
  }
}

TEST(HybridPolicies, FirstAndLastIsKeptWhetherItHoldsOrNot) {
  for (const double accuracy : {.9, .5}) {
    made_accuracies source([&](unsigned, unsigned) { return accuracy; });
    const hybrid_result found = policy("first_last").search(additive(source, {1, 1, 1}, .01));
    ASSERT_EQ(found.steps.size(), 1u);
    EXPECT_TRUE(found.steps[0].kept);
    EXPECT_EQ(found.holds, accuracy == .9);
  }
}

// Time is what the chip says, not MACs: here the layer of fewest MACs is the only one that matters.
TEST(OhmicPolicy, TakesWhatSavesTime) {
  made_accuracies source([&](unsigned bits, unsigned) { return .9 - .008 * __builtin_popcount(bits); });
  hybrid_problem p = additive(source, {1000, 500, 1}, .01);
  p.time = [](const layer_choice& c) { return c[2] ? 10. : 100.; };
  EXPECT_EQ(bits_of(policy("ohmic").search(p).choice), 0b100u);
  EXPECT_EQ(bits_of(policy("lionheart").search(p).choice), 0b001u);
}

// A choice that holds on the draws of the search by luck and misses the threshold on others is none.
TEST(OhmicPolicy, WhatIsChosenHoldsOnOtherDraws) {
  made_accuracies source([&](unsigned bits, unsigned draw) {
    if (bits == 3) return draw < 20 ? .895 : .85;  // lucky
    return .9 - .002 * __builtin_popcount(bits);
  });
  const hybrid_problem p = additive(source, {10, 10}, .01);
  EXPECT_EQ(bits_of(policy("lionheart").search(p).choice), 3u);
  const hybrid_result found = policy("ohmic").search(p);
  EXPECT_EQ(__builtin_popcount(bits_of(found.choice)), 1);
  EXPECT_TRUE(found.holds);
  EXPECT_EQ(found.accuracy.shares.size(), 40u);
}

// Both layers lose 0.8 points in the mean, but on few images: others may well lose more than the threshold.
TEST(OhmicPolicy, WhatIsChosenHoldsOnOtherImagesWithConfidence) {
  class of_images : public made_accuracies {
   public:
    of_images() : made_accuracies([](unsigned bits, unsigned) { return .9 - .004 * __builtin_popcount(bits); }) {}
    std::vector<drawn_accuracy> accuracies(const std::vector<layer_choice>& choices, unsigned draws) override {
      std::vector<drawn_accuracy> all = made_accuracies::accuracies(choices, draws);
      for (std::size_t c = 0; c < all.size(); ++c) all[c].image_error = bits_of(choices[c]) == 0 ? 0 : .003;
      return all;
    }
  } source;
  hybrid_problem p = additive(source, {10, 10}, .01);
  EXPECT_EQ(bits_of(policy("ohmic").search(p).choice), 3u) << "the mean decides";
  p.confidence = .9;  // 1.28 * 0.3 points
  hybrid_result found = policy("ohmic").search(p);
  EXPECT_EQ(__builtin_popcount(bits_of(found.choice)), 1);
  EXPECT_TRUE(found.holds);
  EXPECT_EQ(bits_of(policy("lionheart").search(p).choice), 3u) << "as published";
  p.confidence = .99;  // 2.33 * 0.3 points
  found = policy("ohmic").search(p);
  EXPECT_EQ(bits_of(found.choice), 0u);
}

// What else holds comes with the result, the fastest first: times are expected, and simulations may know better.
TEST(OhmicPolicy, NamesOtherChoicesThatHold) {
  made_accuracies source(
      [&](unsigned bits, unsigned) { return bits == 7 ? .5 : .9 - .001 * __builtin_popcount(bits); });
  const hybrid_problem p = additive(source, {4, 2, 1}, .01);
  const hybrid_result found = policy("ohmic").search(p);
  EXPECT_EQ(bits_of(found.choice), 3u) << "all but the smallest layer";
  ASSERT_FALSE(found.alternatives.empty());
  double share = analog_share(p.layers, found.choice);
  for (const hybrid_step& other : found.alternatives) {
    EXPECT_NE(other.choice, found.choice);
    EXPECT_TRUE(within(p, other.accuracy));
    EXPECT_LE(analog_share(p.layers, other.choice), share);
    share = analog_share(p.layers, other.choice);
  }
}

// More on crossbars need not be faster: where all may be there, what is left on cores is still a question of time.
TEST(OhmicPolicy, LeavesOnCoresWhatIsFasterThere) {
  made_accuracies source([&](unsigned, unsigned) { return .9; });
  hybrid_problem p = additive(source, {1000, 500, 1}, .05);
  p.time = [](const layer_choice& c) { return 100. - 40 * c[0] - 40 * c[1] + 15 * c[2]; };
  EXPECT_EQ(bits_of(policy("ohmic").search(p).choice), 0b011u);
}

// What was found for a tighter threshold is among the choices that a simulation decides between, whatever time it is
// expected to take; if it does not hold, it is not.
TEST(OhmicPolicy, RemembersWhatHoldsATighterThreshold) {
  made_accuracies source([&](unsigned bits, unsigned) { return bits == 0b0110 ? .9 : bits == 0b1001 ? .5 : .895; });
  hybrid_problem p = additive(source, {1000, 500, 200, 1}, .01);
  p.time = [](const layer_choice& c) { return bits_of(c) == 0b0110 ? 1000. : 100. - bits_of(c); };
  const auto among = [&](unsigned bits) {
    const hybrid_result found = policy("ohmic").search(p);
    return std::any_of(found.alternatives.begin(), found.alternatives.end(),
                       [&](const hybrid_step& s) { return bits_of(s.choice) == bits; });
  };
  EXPECT_FALSE(among(0b0110)) << "it is the slowest";
  p.known = {{false, true, true, false}, {true, false, false, true}};
  EXPECT_TRUE(among(0b0110));
  EXPECT_FALSE(among(0b1001));
}

// Random additive losses under noise that is drawn anew for each choice: close to the best of all choices by the true
// losses, and better than the greedy one by MACs on its own yardstick.
TEST(OhmicPolicy, IsCloseToTheBestOnRandomLosses) {
  std::mt19937 random(20261130);
  double ours = 0, greedy = 0, optimum = 0;
  for (int round = 0; round < 40; ++round) {
    const std::size_t layers = 6 + random() % 10;
    std::vector<double> loss;
    std::vector<std::int64_t> macs;
    for (std::size_t l = 0; l < layers; ++l) {
      loss.push_back(std::exp(std::uniform_real_distribution<>(std::log(.0005), std::log(.02))(random)));
      macs.push_back(1 + static_cast<std::int64_t>(random() % 1000));
    }
    made_accuracies source([&](unsigned bits, unsigned draw) {
      double a = .9;
      for (std::size_t l = 0; l < layers; ++l) a -= (bits >> l & 1) != 0 ? loss[l] : 0;
      std::mt19937 noise(bits * 64 + draw);
      return bits == 0 ? a : a + std::normal_distribution<>(0, .002)(noise);
    });
    const hybrid_problem p = additive(source, macs, .02);
    const hybrid_result by_macs = policy("lionheart").search(p);
    const hybrid_result found = policy("ohmic").search(p);
    EXPECT_TRUE(found.holds) << round;
    ours += analog_share(p.layers, found.choice);
    greedy += analog_share(p.layers, by_macs.choice);
    double best = 0;
    for (unsigned bits = 0; bits < 1u << layers; ++bits) {
      double lost = 0;
      layer_choice choice(layers, false);
      for (std::size_t l = 0; l < layers; ++l)
        if ((bits >> l & 1) != 0) {
          choice[l] = true;
          lost += loss[l];
        }
      if (lost <= p.threshold) best = std::max(best, analog_share(p.layers, choice));
    }
    optimum += best;
  }
  EXPECT_GT(ours, 1.05 * greedy);
  EXPECT_GT(ours, .98 * optimum);
}

/// Losses add up, and copies share four fifths of them; time is what is left on cores, and a little of each copy.
class Copies : public ::testing::Test, public accuracy_source {
 protected:
  Copies() {
    problem.reference = .9;
    problem.threshold = .01;
    problem.accuracy = this;
    for (const double l : loss) problem.layers.push_back({"layer" + std::to_string(l), 100, 4});
    problem.time = [this](const layer_choice& choice) {
      double time = 1;
      for (std::size_t l = 0; l < loss.size(); ++l) time += choice[l] == 0 ? 10. : .1 * choice[l];
      return time;
    };
  }
  std::vector<drawn_accuracy> accuracies(const std::vector<layer_choice>& choices, unsigned draws) override {
    std::vector<drawn_accuracy> all;
    for (const layer_choice& choice : choices) {
      double lost = 0;
      for (std::size_t l = 0; l < loss.size(); ++l) lost += choice[l] == 0 ? 0 : loss[l] * (.2 + .8 / choice[l]);
      all.push_back({std::vector<double>(draws, .9 - lost)});
    }
    return all;
  }
  std::vector<double> loss{.001, .012, .001, .006};
  hybrid_problem problem;
};

TEST_F(Copies, PutALayerOnCrossbarsThatLosesTooMuchOnOne) {
  const hybrid_result found = policy("ohmic").search(problem);
  EXPECT_TRUE(found.holds);
  for (const unsigned copies : found.choice) EXPECT_GT(copies, 0u) << to_digits(found.choice);
  EXPECT_GT(found.choice[1], 1u);
  EXPECT_LE(.9 - found.accuracy.mean(), problem.threshold + 1e-9);
  EXPECT_EQ(policy("lionheart").search(problem).choice, (layer_choice{1, 0, 1, 1})) << "which knows one crossbar";
}

TEST_F(Copies, AreNoMoreThanALayerHasRoomFor) {
  problem.layers[1].most_copies = 1;
  const hybrid_result found = policy("ohmic").search(problem);
  EXPECT_EQ(found.choice, (layer_choice{1, 0, 1, 1}));
}

TEST_F(Copies, AreNotMadeWhereTheyAreNotNeeded) {
  problem.threshold = .05;
  EXPECT_EQ(policy("ohmic").search(problem).choice, (layer_choice{1, 1, 1, 1}));
}

}  // namespace
}  // namespace ohmic
