#include "sw/compiler/mapping/policy/mapping_policy.h"

#include <functional>
#include <map>

#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/policy/balanced_policy.h"
#include "sw/compiler/mapping/policy/best_policy.h"
#include "sw/compiler/mapping/policy/naive_policy.h"

namespace ohmic {

std::vector<mapping_proposal> mapping_policy::propose(const integer_graph& graph, const std::vector<stage>& stages,
                                                      const chip_config& chip) const {
  return {{"", map(graph, stages, chip), 0}};
}

std::unique_ptr<mapping_policy> make_mapping_policy(const mapping_options& options) {
  using maker = std::function<std::unique_ptr<mapping_policy>()>;
  const std::map<std::string, maker> policies = {
      {"naive", [&] { return std::make_unique<naive_policy>(options.naive); }},
      {"best", [&] { return std::make_unique<best_policy>(options.best, options.on_progress); }},
      {"replicated", [&] { return std::make_unique<balanced_policy>(paper_bar::replicated, options.balanced); }},
      {"paper", [&] { return std::make_unique<balanced_policy>(paper_bar::paper, options.balanced); }},
  };
  const auto found = policies.find(options.policy);
  if (found != policies.end()) return found->second();
  std::string known;
  for (const auto& policy : policies) known += (known.empty() ? "" : ", ") + policy.first;
  throw mapping_error("mapping policy '" + options.policy + "' is not known; there are: " + known);
}

std::string canonical_text(const mapping_options& options) {
  if (!options.file.empty()) return "file:\n" + options.file_text;
  return "policy: " + options.policy + "\n" + make_mapping_policy(options)->options_text();
}

}  // namespace ohmic
