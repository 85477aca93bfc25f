#pragma once

#include "chip/chip_config.h"
#include "sw/compiler/graph/integer_graph.h"
#include "sw/compiler/mapping/emit/deployment_image.h"
#include "sw/compiler/mapping/mapping_options.h"
#include "sw/compiler/mapping/plan/plan.h"
#include "sw/compiler/mapping/policy/mapping_policy.h"

namespace ohmic {

/// Maps a calibrated graph to a chip: stages, policy, rings, liveness proof, placement, addresses. Pure: the
/// same arguments give the same bytes. Throws mapping_error for what does not fit or is not calibrated for
/// the chip.
deployment compile(const integer_graph& graph, const chip_config& chip, const mapping_options& options = {});

/// What `options` ask for when simulations are to choose: the policy's proposals, the one first that compile() would
/// take. The compiler simulates nothing: who has chosen hands the mapping over as options.chosen.
std::vector<mapping_proposal> propose_mappings(const integer_graph& graph, const chip_config& chip,
                                               const mapping_options& options);

/// The first half, for tests and for those who want to look inside: everything but addresses. Rings are
/// sized, the liveness proof is the caller's.
deployment_plan make_plan(const integer_graph& graph, const chip_config& chip, const mapping_options& options);

/// The second half: a plan becomes words.
deployment emit(const deployment_plan& plan, const chip_config& chip, const mapping_options& options);

}  // namespace ohmic
