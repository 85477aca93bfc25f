#include "platform/command/option_values.h"

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>

#include "platform/config/config_error.h"
#include "platform/config/numbers.h"
#include "platform/config/schema.h"
#include "sw/compiler/hybrid/hybrid_search.h"

namespace ohmic {
namespace {

std::vector<std::string> split_at_commas(const std::string& words) {
  std::vector<std::string> all;
  std::istringstream in(words + ",");
  for (std::string word; std::getline(in, word, ',');) all.push_back(word);
  return all;
}

/// Points with or without %.
std::optional<double> read_points(const std::string& word) {
  return parse_number(!word.empty() && word.back() == '%' ? word.substr(0, word.size() - 1) : word);
}

}  // namespace

std::vector<double> read_times(const std::string& words) {
  std::vector<double> times;
  if (words.empty()) return times;
  static const std::map<std::string, double> units{{"s", 1},       {"m", 60},         {"h", 3600},
                                                   {"d", 86400.0}, {"mo", 2592000.0}, {"y", 31536000.0}};
  for (std::size_t at = 0; at <= words.size();) {
    const std::size_t comma = std::min(words.find(',', at), words.size());
    const std::string word = words.substr(at, comma - at);
    const std::size_t unit = std::min(word.find_first_not_of("0123456789."), word.size());
    const auto number = parse_number(word.substr(0, unit));
    const auto found = units.find(word.substr(unit));
    if (!number || found == units.end() || *number * found->second > 1e10)
      throw config_error("--time " + printable(words) + ": " + printable(word) +
                         " is not a time after programming; allowed: numbers with s, m, h, d, mo or y, as in "
                         "1s,1h,1d,1mo,1y, up to 317y");
    times.push_back(*number * found->second);
    at = comma + 1;
  }
  return times;
}

std::vector<double> read_thresholds(const std::string& words) {
  std::vector<double> thresholds;
  for (const std::string& word : split_at_commas(words)) {
    const auto number = read_points(word);
    if (!number || *number <= 0 || *number > 100)
      throw config_error("--threshold " + printable(words) + ": " + printable(word) +
                         " is not a loss of accuracy; allowed: points above 0 up to 100, as in 1% or 0.5%,1%,3%");
    thresholds.push_back(*number / 100);
  }
  std::sort(thresholds.begin(), thresholds.end());
  thresholds.erase(std::unique(thresholds.begin(), thresholds.end()), thresholds.end());
  return thresholds;
}

double read_confidence(const std::string& word) {
  const auto number = read_points(word);
  if (!number || *number < 50 || *number > 99)
    throw config_error("--confidence " + printable(word) +
                       ": allowed: 50% (the mean loss decides) to 99% that others hold the threshold, too");
  return *number / 100;
}

std::vector<std::string> read_methods(const std::string& words) {
  std::string names;
  std::vector<std::string> all, methods;
  for (const hybrid_policy& policy : hybrid_policies()) {
    all.push_back(policy.name);
    names += policy.name + ", ";
  }
  for (const std::string& word : split_at_commas(words)) {
    if (std::find(all.begin(), all.end(), word) == all.end())
      throw config_error("--method " + printable(words) + ": " + printable(word) +
                         " is none; allowed: " + names.substr(0, names.size() - 2));
    if (std::find(methods.begin(), methods.end(), word) == methods.end()) methods.push_back(word);
  }
  return methods;
}

std::vector<std::string> read_fill_memory(const std::string& word) {
  if (word.empty()) return {};
  const std::size_t colon = word.find(':');
  const std::string with = word.substr(0, colon);
  if ((with != "zero" && with != "random") || (with == "zero" && colon != std::string::npos))
    throw config_error("--fill-memory " + printable(word) + ": allowed: zero, random, or random:SEED");
  std::vector<std::string> sets{"engine.fill_memory.with=" + with};
  if (colon == std::string::npos) return sets;
  const char* const key = "engine.fill_memory.seed";
  const std::string seed = word.substr(colon + 1);
  integer_of_option("--fill-memory random:SEED", seed, range_of(schema_kind::experiment, key));
  sets.push_back(key + ("=" + seed));
  return sets;
}

}  // namespace ohmic
