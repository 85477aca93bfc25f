// The least batch time that the threshold allows. What a layer brings is asked of the chip's cost model, not of its
// MACs; what it costs is measured alone first, then learnt from every choice that is measured, on as few draws as
// decide the matter. A layer that loses too much on one crossbar may have several copies, whose noise averages out.
// What is chosen has to hold twice: on the draws that chose it, and on as many that did not, since the best of many
// choices owes some of its accuracy to the draws that it was chosen by. And it has to hold on other images, which no
// number of draws tells about: with a confidence that is asked for, by what draws and images let the loss vary.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "sw/compiler/hybrid/loss_model.h"
#include "sw/compiler/hybrid/policy/greedy.h"

namespace ohmic {
namespace {

constexpr unsigned first_draws = 5;          // of single layers, and before any decision
constexpr double least_loss = 1e-4;          // of a layer alone: less is not measured
constexpr double worth_a_change = 0.99;      // of the time: the cost model is not as exact as that
constexpr std::size_t choices_to_time = 16;  // of the neighbours of a choice: mapping one takes up to a second
constexpr std::size_t most_layers_of_triples = 24;
constexpr double cost_of_a_doubling = 0.03;  // of copies, as a share of what a layer saves
constexpr std::size_t most_alternatives = 5;
constexpr std::size_t most_tried = 10;  // to find them
constexpr double infinite = std::numeric_limits<double>::infinity();

class search {
 public:
  explicit search(const hybrid_problem& problem)
      : problem_(problem), none_(problem.layers.size(), 0), all_(problem.layers.size(), 1) {}

  hybrid_result run() {
    if (!holds(none_)) return finish();
    measure_alone();
    const std::vector<double> worths = worth();
    if (!holds(all_)) {
      keep(by_macs(problem_));
      keep(descending(worths, by_macs(problem_)));
    }
    improve();
    return finish();
  }

 private:
  /// With a little of the MACs on cores, so that of choices that take equally long the more analog one is better.
  double time_of(const layer_choice& choice) {
    const auto known = times_.find(choice);
    if (known != times_.end()) return known->second;
    const double on_cores = 1 - analog_share(problem_.layers, choice);
    const double time = problem_.time ? problem_.time(choice) * (1 + 1e-6 * on_cores) : on_cores;
    return times_[choice] = time;
  }

  /// Asks for draws until the interval of their mean, which more draws shrink, lies on one side of what the images'
  /// error leaves of the threshold, or all have been asked.
  bool holds(const layer_choice& choice) {
    if (const auto known = held_.find(choice); known != held_.end()) return known->second;
    for (unsigned draws = std::min(first_draws, problem_.draws);; draws = std::min(2 * draws, problem_.draws)) {
      const drawn_accuracy a = problem_.accuracy->accuracies({choice}, draws)[0];
      const double loss = problem_.reference - a.mean(), half = a.half_interval();
      drawn_accuracy of_images;
      of_images.image_error = a.image_error;
      const double allowed = problem_.threshold - of_images.margin(problem_.confidence);
      const bool decided =
          draws == problem_.draws || loss - half > allowed || (a.deviation() > 0 && loss + half <= allowed);
      if (!decided) continue;
      const bool kept = surely_within(problem_, a);
      margins_.emplace_back(loss, a.margin(problem_.confidence));
      steps_.push_back({choice, a, kept});
      if (model_) model_->learn(choice, loss - base_loss_, a.half_interval() / 2);
      return held_[choice] = kept;
    }
  }

  void measure_alone() {
    const unsigned draws = std::min(first_draws, problem_.draws);
    std::vector<layer_choice> alone(problem_.layers.size(), none_);
    for (std::size_t l = 0; l < alone.size(); ++l) alone[l][l] = 1;
    const auto found = problem_.accuracy->accuracies(alone, draws);
    base_loss_ = problem_.reference - problem_.accuracy->accuracies({none_}, draws)[0].mean();
    std::vector<double> errors;
    for (std::size_t l = 0; l < alone.size(); ++l) {
      steps_.push_back({alone[l], found[l], surely_within(problem_, found[l])});
      margins_.emplace_back(problem_.reference - found[l].mean(), found[l].margin(problem_.confidence));
      held_[alone[l]] = steps_.back().kept;
      alone_.push_back(std::max(problem_.reference - found[l].mean() - base_loss_, least_loss));
      errors.push_back(found[l].half_interval() / 2);
    }
    model_.emplace(alone_, errors);
  }

  /// Time that a layer saves, for each loss alone: asked where it is the first one on crossbars and where it is the
  /// last.
  std::vector<double> worth() {
    std::vector<double> worth;
    for (std::size_t l = 0; l < alone_.size(); ++l) {
      layer_choice first = none_, last = all_;
      first[l] = 1;
      last[l] = 0;
      const double saved = time_of(none_) - time_of(first) + time_of(last) - time_of(all_);
      saved_.push_back(std::isfinite(saved) ? std::max(saved, 0.0) : 0);
      worth.push_back(saved_.back() / alone_[l]);
    }
    return worth;
  }

  /// Layer after layer of `order`, those with which it still holds; on copies where that is expected to help.
  void keep(const std::vector<std::size_t>& order) {
    layer_choice choice = none_;
    for (const std::size_t l : order) {
      layer_choice with = choice;
      with[l] = 1;
      if (!holds(with)) {
        while (2u * with[l] <= problem_.layers[l].most_copies && !expected_to_hold(with)) with[l] *= 2;
        if (with[l] == 1 || !expected_to_hold(with) || !holds(with)) continue;
      }
      choice = with;
    }
  }

  bool expected_to_hold(const layer_choice& choice) const {
    const double loss = base_loss_ + model_->expected(choice);
    return loss + margin_at(loss) <= problem_.threshold;
  }

  /// What confidence takes of the threshold: as much as of the choice measured that loses most similarly.
  double margin_at(double loss) const {
    const auto nearest = std::min_element(margins_.begin(), margins_.end(), [&](const auto& a, const auto& b) {
      return std::make_pair(std::fabs(a.first - loss), a.second) < std::make_pair(std::fabs(b.first - loss), b.second);
    });
    return nearest == margins_.end() ? 0 : nearest->second;
  }

  /// From the fastest choice that holds: a layer more, one or two for others, one or two less, or more copies to make
  /// room for a layer; or what is best of all if losses and savings add up. As long as something is left that is faster
  /// and expected to hold.
  void improve() {
    for (std::size_t budget = 3 * problem_.layers.size(); budget > 0; --budget) {
      const std::optional<layer_choice> next = proposal(fastest());
      if (!next) return;
      holds(*next);
    }
  }

  layer_choice fastest() {
    layer_choice best = none_;
    for (const auto& [choice, kept] : held_)
      if (kept && time_of(choice) < time_of(best)) best = choice;
    return best;
  }

  std::optional<layer_choice> proposal(const layer_choice& from) {
    // Of the same layers on crossbars only the choice with the fewest copies that is expected to hold.
    std::map<layer_choice, std::pair<std::size_t, layer_choice>> fewest;
    const auto consider = [&](const layer_choice& next) {
      if (held_.count(next) != 0 || !expected_to_hold(next)) return;
      layer_choice on_crossbars = next;
      for (std::uint8_t& copies : on_crossbars) copies = copies > 0 ? 1 : 0;
      const std::pair<std::size_t, layer_choice> mine{std::accumulate(next.begin(), next.end(), std::size_t{0}), next};
      const auto [found, is_new] = fewest.try_emplace(on_crossbars, mine);
      if (!is_new && mine < found->second) found->second = mine;
    };
    neighbours(from, consider);
    const double room = problem_.threshold - margin_at(problem_.threshold) - base_loss_;
    for (const double share : {1.0, 0.9, 0.75}) consider(best_if_additive(share * room));
    std::vector<std::pair<double, layer_choice>> promising;  // by what they should save, if savings added up
    for (const auto& [on_crossbars, choice] : fewest) {
      double saved = 0;
      for (std::size_t l = 0; l < from.size(); ++l) saved += saving(l, choice.second[l]) - saving(l, from[l]);
      promising.emplace_back(-saved, choice.second);
    }
    const auto middle = promising.begin() + static_cast<std::ptrdiff_t>(std::min(choices_to_time, promising.size()));
    std::partial_sort(promising.begin(), middle, promising.end());
    std::optional<layer_choice> best;
    for (auto p = promising.begin(); p != middle; ++p)
      if (time_of(p->second) < std::min(worth_a_change * time_of(from), best ? time_of(*best) : infinite))
        best = p->second;
    return best;
  }

  /// What a layer should save on so many copies of its crossbars: each doubling costs sums, transfers and crossbars.
  double saving(std::size_t layer, unsigned copies) const {
    double saved = copies > 0 ? saved_[layer] : 0;
    for (; copies > 1; copies /= 2) saved *= 1 - cost_of_a_doubling;
    return saved;
  }

  /// All that differ from a choice in up to three layers: at most two of them brought to crossbars or given other
  /// copies, at most two taken from them.
  template <class visit>
  void neighbours(const layer_choice& from, const visit& consider) const {
    struct change {
      std::size_t layer;
      std::uint8_t copies;
    };
    std::vector<change> more, less{{from.size(), 0}};  // behind the last layer: none
    for (std::size_t l = 0; l < from.size(); ++l) {
      for (unsigned copies = 1; copies <= problem_.layers[l].most_copies; copies *= 2)
        if (copies != from[l]) more.push_back({l, static_cast<std::uint8_t>(copies)});
      if (from[l] > 0) less.push_back({l, 0});
    }
    const bool triples = from.size() <= most_layers_of_triples;
    const auto changed = [&](std::initializer_list<change> changes) {
      layer_choice choice = from;
      for (const change& c : changes)
        if (c.layer < choice.size()) choice[c.layer] = c.copies;
      consider(choice);
    };
    for (std::size_t o = 0; o < less.size(); ++o) {
      if (o > 0) changed({less[o]});
      for (std::size_t p = o + 1; p < less.size() && o > 0; ++p) changed({less[o], less[p]});
      for (std::size_t a = 0; a < more.size(); ++a) {
        if (more[a].layer == less[o].layer) continue;
        changed({more[a], less[o]});
        for (std::size_t b = a + 1; b < more.size() && triples; ++b)
          if (more[b].layer != more[a].layer && more[b].layer != less[o].layer) changed({more[a], more[b], less[o]});
        for (std::size_t p = o + 1; p < less.size() && o > 0 && triples; ++p)
          if (more[a].layer != less[p].layer) changed({more[a], less[o], less[p]});
      }
    }
  }

  /// The choice that saves most for that loss by the model, if savings add up, too: a knapsack, by dynamic programming
  /// over losses in steps.
  layer_choice best_if_additive(double room) const {
    if (room <= 0) return none_;
    constexpr std::size_t steps = 400;
    const double step = room / steps;
    std::vector<double> best(steps + 1, 0);  // by the loss that is allowed, in steps
    std::vector<layer_choice> choice(steps + 1, none_);
    for (std::size_t l = 0; l < none_.size(); ++l) {
      std::vector<double> next = best;
      std::vector<layer_choice> with = choice;
      for (unsigned copies = 1; copies <= problem_.layers[l].most_copies; copies *= 2) {
        layer_choice alone = none_;
        alone[l] = static_cast<std::uint8_t>(copies);
        const double loss = std::max(model_->expected(alone), 0.0);
        const double taken = std::ceil(loss / step);
        if (taken > steps) continue;
        for (auto k = static_cast<std::size_t>(taken); k <= steps; ++k) {
          const std::size_t left = k - static_cast<std::size_t>(taken);
          if (best[left] + saving(l, copies) <= next[k]) continue;
          next[k] = best[left] + saving(l, copies);
          with[k] = choice[left];
          with[k][l] = static_cast<std::uint8_t>(copies);
        }
      }
      best = std::move(next);
      choice = std::move(with);
    }
    return choice[steps];
  }

  /// The fastest that holds on all draws of the search and on as many others, and the next ones that do; all on cores,
  /// if none does.
  hybrid_result finish() {
    std::vector<layer_choice> order;
    for (const auto& [choice, kept] : held_)
      if (kept) order.push_back(choice);
    std::sort(order.begin(), order.end(), [&](const layer_choice& a, const layer_choice& b) {
      return std::make_pair(time_of(a), a) < std::make_pair(time_of(b), b);
    });
    hybrid_result result;
    result.choice = none_;
    result.accuracy = problem_.accuracy->accuracies({none_}, problem_.draws)[0];
    std::set<layer_choice> judged;
    const auto judge = [&](const layer_choice& choice) {
      if (!judged.insert(choice).second) return;
      const drawn_accuracy twice = problem_.accuracy->accuracies({choice}, 2 * problem_.draws)[0];
      const auto middle = twice.shares.begin() + static_cast<std::ptrdiff_t>(problem_.draws);
      const auto half_holds = [&](auto begin, auto end) {
        return surely_within(problem_, {{begin, end}, twice.image_error});
      };
      const bool holds_twice = half_holds(twice.shares.begin(), middle) && half_holds(middle, twice.shares.end());
      steps_.push_back({choice, twice, holds_twice});
      if (!holds_twice) return;
      if (result.holds) {
        result.alternatives.push_back(steps_.back());
        return;
      }
      result.choice = choice;
      result.accuracy = twice;
      result.holds = true;
    };
    auto next = order.begin();
    while (next != order.end() && !result.holds) judge(*next++);
    for (const layer_choice& choice : problem_.known) judge(choice);
    for (std::size_t tried = 1; tried < most_tried && next != order.end(); ++tried)
      if (result.alternatives.size() < most_alternatives) judge(*next++);
    result.steps = std::move(steps_);
    return result;
  }

  const hybrid_problem& problem_;
  const layer_choice none_, all_;
  std::vector<hybrid_step> steps_;
  std::map<layer_choice, bool> held_;
  std::map<layer_choice, double> times_;
  std::vector<std::pair<double, double>> margins_;  ///< of what was measured: loss and what confidence adds
  double base_loss_ = 0;                            ///< of all layers on cores
  std::vector<double> alone_, saved_;               ///< by layer: its loss alone, above that; the time that it saves
  std::optional<loss_model> model_;
};

}  // namespace

hybrid_result search_ohmic(const hybrid_problem& problem) { return search(problem).run(); }

}  // namespace ohmic
