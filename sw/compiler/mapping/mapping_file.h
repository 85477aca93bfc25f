#pragma once

#include <string>
#include <vector>

#include "sw/compiler/mapping/mapping.h"
#include "sw/compiler/mapping/plan/stage.h"

namespace ohmic {

/// A mapping as YAML, every choice spelled out: what a policy made, or what a user writes by hand (docs/mapping.md).
/// Reading what was written gives the same mapping.
std::string write_mapping(const integer_graph& graph, const std::vector<stage>& stages, const mapping& what);

/// Reads it; `name` stands for the text in messages. Throws mapping_error with name and line for what is no mapping of
/// these stages; whether it is one that can be (check_mapping.h) is not looked at.
mapping read_mapping(const std::string& text, const std::string& name, const integer_graph& graph,
                     const std::vector<stage>& stages);

}  // namespace ohmic
