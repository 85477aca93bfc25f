#pragma once

#include "sw/compiler/mapping/plan/plan.h"
#include "sw/deployment/deployment.h"

namespace ohmic {

/// The job registers of an IMA step and its start offset. START, ORIGIN.x and the output slot are the
/// executor's. Bases
/// are L1 offsets of slot 0.
void write_ima_job(ohmic_ima& record, const ima_work& work, const integer_graph& graph, const plan_ring& input,
                   std::uint32_t input_base, const plan_ring& codes, std::uint32_t codes_base, unsigned tile_columns);

}  // namespace ohmic
