#pragma once

#include <string>
#include <vector>

namespace ohmic {

/// @file
/// What words of options mean that are more than a number or a name. All throw config_error, which names the option,
/// the word and what is allowed.

/// --time: "1s,1h,30d" in seconds: whole or decimal numbers of s, m, h, d, mo (30 days) or y (365 days). None: none.
std::vector<double> read_times(const std::string& words);

/// --threshold: "0.5%,1%,3" in shares, ascending: losses of accuracy in points, with or without %.
std::vector<double> read_thresholds(const std::string& words);

/// --confidence: "90%" or "90" as a share.
double read_confidence(const std::string& word);

/// --method: "lionheart,ohmic", names of hybrid_policies().
std::vector<std::string> read_methods(const std::string& words);

/// --fill-memory: the settings, KEY=VALUE of an experiment, that it stands for. None: none.
std::vector<std::string> read_fill_memory(const std::string& word);

}  // namespace ohmic
