#include "sw/compiler/hybrid/policy/greedy.h"

namespace ohmic {

hybrid_result search_lionheart(const hybrid_problem& problem) { return keep_what_holds(problem, by_macs(problem)); }

}  // namespace ohmic
