#include "platform/experiment/choice_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "platform/experiment/cache_entry.h"
#include "platform/experiment/fingerprint.h"
#include "platform/run/progress.h"

namespace ohmic {
namespace {

/// Evaluated together: enough to share most of their work, few enough to lose little when interrupted.
constexpr std::size_t choices_at_once = 64;

cache_entry entry_of(const std::string& key, const layer_choice& choice) {
  return {"answers", fingerprint().add(key).add(to_digits(choice)).digits(), ".txt"};
}

}  // namespace

choice_store::choice_store(choice_evaluator& evaluator, judged_images images, std::vector<bool> reference,
                           std::string key, std::string what, bool quiet)
    : evaluator_(evaluator),
      images_(std::move(images)),
      reference_(std::move(reference)),
      key_(std::move(key)),
      what_(std::move(what)),
      quiet_(quiet) {}

std::vector<std::vector<bool>>& choice_store::known(const layer_choice& choice) {
  const auto [found, is_new] = right_.try_emplace(choice);
  if (!is_new) return found->second;
  if (const auto text = entry_of(key_, choice).get()) {
    std::istringstream words(*text);
    for (std::string line; words >> line && line.size() == images_.count;) {
      std::vector<bool>& right = found->second.emplace_back();
      for (const char c : line) right.push_back(c == '1');
    }
  }
  return found->second;
}

void choice_store::evaluate(const std::vector<layer_choice>& choices, unsigned first_draw, unsigned draws) {
  progress meter(what_, quiet_);
  const std::size_t all = choices.size() * draws * images_.count;
  const auto right = evaluator_.right_answers(choices, first_draw, draws, images_, [&](std::size_t done) {
    const double seconds = meter.seconds();
    meter.update(static_cast<double>(done), static_cast<double>(all),
                 fmt::format("{} choices, {} chips: {:.0f} networks/s, {} left", choices.size(), draws,
                             static_cast<double>(done) / std::max(seconds, 1e-9),
                             readable_seconds(seconds / static_cast<double>(done) * static_cast<double>(all - done))));
  });
  evaluations_ += all;
  seconds_ += meter.seconds();
  for (std::size_t c = 0; c < choices.size(); ++c) {
    std::vector<std::vector<bool>>& found = known(choices[c]);
    found.insert(found.end(), right[c].begin(), right[c].end());
    std::string text;
    for (const std::vector<bool>& of_draw : found) {
      for (const bool is_right : of_draw) text += is_right ? '1' : '0';
      text += '\n';
    }
    entry_of(key_, choices[c]).put(text);
  }
}

std::vector<drawn_accuracy> choice_store::accuracies(const std::vector<layer_choice>& choices, unsigned draws) {
  std::map<std::size_t, std::vector<layer_choice>> missing;  // by what is known of them
  for (const layer_choice& choice : choices)
    if (const std::size_t there = known(choice).size(); there < draws) missing[there].push_back(choice);
  for (auto& [there, all] : missing) {
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    for (std::size_t i = 0; i < all.size(); i += choices_at_once) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(i);
      evaluate({begin, begin + static_cast<std::ptrdiff_t>(std::min(choices_at_once, all.size() - i))},
               static_cast<unsigned>(there), draws - static_cast<unsigned>(there));
    }
  }
  std::vector<drawn_accuracy> result;
  for (const layer_choice& choice : choices) result.push_back(accuracy_of(known(choice), draws, reference_));
  return result;
}

}  // namespace ohmic
