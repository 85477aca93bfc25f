#pragma once

#include <string>

#include "platform/experiment/figures.h"
#include "platform/run/invocation.h"

namespace ohmic {

/// `summary.json`: every figure of the run. Names are stable; docs/outputs.md lists them.
std::string summary_json(const run_figures& figures, const experiment_config& config, const deployment& source,
                         const invocation& how);

/// `logits.json`: per image its file, its greatest classes, and all logits.
std::string logits_json(const run_figures& figures, const network& net, const image_set& images);

/// The short table at the end of a run, for a person.
std::string result_table(const run_figures& figures, const experiment_config& config, const deployment& source,
                         const network& net, const image_set& images);

}  // namespace ohmic
