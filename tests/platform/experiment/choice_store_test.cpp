#include "platform/experiment/choice_store.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <random>

#include "sw/compiler/calibrate/calibrate.h"
#include "tests/host/scratch_folder.h"
#include "tests/sw/compiler/random_network.h"

namespace ohmic {
namespace {

using ::testing::ElementsAreArray;

class ChoiceStore : public ScratchFolder {
 protected:
  ChoiceStore() {
    std::mt19937 random(5);
    const integer_graph plain = random_network(random, 3, 7, 7);
    for (int i = 0; i < 12; ++i) {
      feature_map& map = images.emplace_back(3, 7, 7);
      for (std::int8_t& v : map.data) v = static_cast<std::int8_t>(random());
    }
    graph = calibrate(plain, images);
    setenv("OHMIC_CACHE", path("cache").c_str(), 1);
  }
  ~ChoiceStore() override { unsetenv("OHMIC_CACHE"); }

  judged_images judged() const {
    return {images.size(), [this](std::size_t i) { return images[i]; },
            [](std::size_t i) { return static_cast<int>(i % 7); }};
  }
  choice_store store(choice_evaluator& evaluator, const char* key = "key") const {
    return {evaluator, judged(), reference, key, "evaluating", true};
  }

  std::vector<feature_map> images;
  std::vector<bool> reference = std::vector<bool>(12, true);
  integer_graph graph;
};

const layer_choice all{true, true, true, true}, some{true, false, true, false};

TEST_F(ChoiceStore, SharesAreThoseOfTheEvaluator) {
  choice_evaluator evaluator(graph, 256, {}, 1);
  choice_store s = store(evaluator);
  const auto found = s.accuracies({all, some, all}, 3);
  const auto answers = evaluator.right_answers({all, some}, 0, 3, judged());
  ASSERT_EQ(found.size(), 3u);
  for (const std::size_t c : {0u, 1u}) {
    std::vector<double> shares;
    for (const std::vector<bool>& right : answers[c])
      shares.push_back(static_cast<double>(std::count(right.begin(), right.end(), true)) / 12);
    EXPECT_THAT(found[c].shares, ElementsAreArray(shares));
    EXPECT_EQ(found[c].image_error, accuracy_of(answers[c], 3, reference).image_error);
    EXPECT_GT(found[c].image_error, 0);
  }
  EXPECT_EQ(found[2].shares, found[0].shares);
  EXPECT_EQ(s.evaluations(), 2u * 3 * 12) << "each choice once, however often it is named";
}

TEST_F(ChoiceStore, AsksOnlyForDrawsThatItDoesNotHave) {
  choice_evaluator evaluator(graph, 256, {}, 1);
  choice_store s = store(evaluator);
  const auto three = s.accuracies({all}, 3)[0].shares;
  const auto five = s.accuracies({all}, 5)[0].shares;
  EXPECT_EQ(s.evaluations(), 5u * 12);
  EXPECT_EQ(std::vector<double>(five.begin(), five.begin() + 3), three);
  EXPECT_EQ(s.accuracies({all}, 2)[0].shares.size(), 2u);
  EXPECT_EQ(s.evaluations(), 5u * 12) << "fewer are the first ones of more";
  choice_store other = store(evaluator, "other images");
  EXPECT_EQ(other.accuracies({all}, 5)[0].shares, five);
  EXPECT_EQ(other.evaluations(), 5u * 12);
}

TEST_F(ChoiceStore, GoesOnWhereAnotherProcessStopped) {
  choice_evaluator evaluator(graph, 256, {}, 1);
  std::vector<double> before;
  {
    choice_store s = store(evaluator);
    before = s.accuracies({some}, 4)[0].shares;
  }
  choice_store s = store(evaluator);
  EXPECT_EQ(s.accuracies({some}, 4)[0].shares, before);
  EXPECT_GT(s.accuracies({some}, 4)[0].image_error, 0) << "which images were right is kept";
  EXPECT_EQ(s.evaluations(), 0u);
  s.accuracies({some, all}, 6);
  EXPECT_EQ(s.evaluations(), (2u + 6u) * 12);
}

}  // namespace
}  // namespace ohmic
