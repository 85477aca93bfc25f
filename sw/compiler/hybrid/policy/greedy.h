#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "sw/compiler/hybrid/hybrid_search.h"

namespace ohmic {

/// From all layers on cores: puts layer after layer of `order` on crossbars and keeps those with which the threshold
/// still holds.
hybrid_result keep_what_holds(const hybrid_problem& problem, const std::vector<std::size_t>& order);

/// The same where the next layer depends on those that were kept: a place in `left`, the layers that have not been
/// tried.
using next_layer = std::function<std::size_t(const layer_choice& kept, const std::vector<std::size_t>& left)>;
hybrid_result keep_what_holds(const hybrid_problem& problem, std::vector<std::size_t> left, const next_layer& next);

/// `order` rearranged so that the layers' keys descend; equal ones stay as they are.
std::vector<std::size_t> descending(const std::vector<double>& keys, const std::vector<std::size_t>& order);

/// The layers in descending MACs, equal ones as problem.ties says.
std::vector<std::size_t> by_macs(const hybrid_problem& problem);

}  // namespace ohmic
