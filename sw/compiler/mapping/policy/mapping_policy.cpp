#include <algorithm>
#include <functional>

#include "sw/compiler/mapping/mapping.h"
#include "sw/compiler/mapping/policy/naive_policy.h"

namespace ohmic {

std::vector<channel_range> column_splits(int channels, int crossbar_columns) {
  std::vector<channel_range> splits;
  for (int begin = 0; begin < channels; begin += crossbar_columns)
    splits.push_back({begin, std::min(begin + crossbar_columns, channels)});
  return splits;
}

std::unique_ptr<mapping_policy> make_mapping_policy(const std::string& name) {
  static const std::map<std::string, std::function<std::unique_ptr<mapping_policy>()>> policies = {
      {"naive", [] { return std::make_unique<naive_policy>(); }},
  };
  const auto found = policies.find(name);
  if (found != policies.end()) return found->second();
  std::string known;
  for (const auto& policy : policies) known += (known.empty() ? "" : ", ") + policy.first;
  throw mapping_error("mapping policy '" + name + "' is not known; there are: " + known);
}

}  // namespace ohmic
