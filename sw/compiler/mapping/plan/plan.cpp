#include "sw/compiler/mapping/plan/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <utility>

namespace ohmic {

unsigned tiles_made(const plan_step& step) {
  const unsigned tiles = step.columns_per_image / step.makes.tile;
  return tiles <= step.makes.index ? 0 : (tiles - step.makes.index + step.makes.count - 1) / step.makes.count;
}

bool column_demand::wants(unsigned x) const {
  if (makes.count <= 1) return true;
  const int low = static_cast<int>(x) + pad - static_cast<int>(size) + 1, wide = static_cast<int>(stride);
  const int first = low <= 0 ? 0 : (low + wide - 1) / wide;  // output columns whose windows hold x
  const int last = std::min((static_cast<int>(x) + pad) / wide, static_cast<int>(columns) - 1);
  for (int out = first; out <= last; ++out)
    if (static_cast<unsigned>(out) / makes.tile % makes.count == makes.index) return true;
  return false;
}

unsigned first_owed(const plan_step& step, const column_demand& demand) {
  unsigned x = 0;
  while (x < step.columns_per_image &&
         ((x / step.makes.tile) % step.makes.count != step.makes.index || !demand.wants(x)))
    ++x;
  return x;
}

unsigned plan_cluster::add_ring(plan_ring ring) {
  rings.push_back(std::move(ring));
  return static_cast<unsigned>(rings.size() - 1);
}

unsigned plan_cluster::add_step(plan_step step) {
  steps.push_back(std::move(step));
  return static_cast<unsigned>(steps.size() - 1);
}

unsigned plan_cluster::first_released(unsigned ring) const {
  if (rings[ring].sequence || rings[ring].follows) return 0;
  int least = INT_MAX;
  for (const plan_step& step : steps)
    for (const plan_window& window : step.inputs)
      if (window.ring == ring) {
        const int x = static_cast<int>(step.makes.index * step.makes.tile * window.stride) - window.pad;
        least = std::min(least, window.whole_image ? 0 : std::max(0, x));
      }
  return static_cast<unsigned>(std::min(least, static_cast<int>(rings[ring].columns_per_image)));
}

std::string describe(const deployment_plan& plan, unsigned cluster, int stage) {
  return fmt::format("stage '{}' on cluster {}", plan.stages[stage].name, cluster);
}

}  // namespace ohmic
