#include "platform/experiment/programming_cost.h"

#include <algorithm>
#include <map>

namespace ohmic {

programming_figures programming_of(const deployment& what, const chip_config& chip,
                                   const experiment_config::write_config& how) {
  constexpr unsigned sides = 2;  // of a weight, one after the other
  programming_figures all;
  std::map<unsigned, std::uint64_t> rows_of;  // by cluster
  for (const crossbar_image& image : what.crossbars) {
    const std::uint64_t cells = std::uint64_t{image.rows} * image.bitlines;
    rows_of[image.cluster] += image.rows;
    all.devices += sides * cells;
    all.rows += std::uint64_t{how.iterations} * image.rows;
    all.columns += how.iterations * cells;
  }
  all.cells = all.columns;
  all.pulses = how.iterations * all.devices;
  all.pulses_j = static_cast<double>(all.pulses) * how.pulse_j;
  const double read_s = chip.ima.mvm_cycles / (chip.clock_ghz * 1e9);
  for (const auto& [cluster, rows] : rows_of)
    all.seconds = std::max(all.seconds, static_cast<double>(rows) * how.iterations * (sides * how.pulse_s + read_s));
  return all;
}

}  // namespace ohmic
