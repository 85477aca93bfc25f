#include "ip/ima/pcm/wire_drop.h"

#include <algorithm>
#include <cstddef>

namespace ohmic::pcm {

void apply_wire_drop(std::vector<std::vector<double>>& conductances, double wire_ohm) {
  if (conductances.empty() || wire_ohm == 0) return;
  constexpr double siemens = 1e-6;  // of a uS
  const std::size_t rows = conductances.size(), lines = conductances[0].size(), columns = lines / 2;
  // Of each column's line: the sum over m >= k of G(m), from the last row upwards.
  std::vector<double> above(lines, 0), behind(lines, 0);
  for (const std::vector<double>& row : conductances)
    for (std::size_t j = 0; j < lines; ++j) above[j] += row[j];
  std::vector<double> along(columns);
  for (std::size_t k = rows; k-- > 0;) {
    std::vector<double>& g = conductances[k];
    // Of the row's line: what flows from each cell on, added up from the driver.
    double beyond = 0, sum = 0;
    for (std::size_t l = 0; l < columns; ++l) beyond += g[l] + g[columns + l];
    for (std::size_t l = 0; l < columns; ++l) {
      sum += beyond;
      along[l] = sum;
      beyond -= g[l] + g[columns + l];
    }
    for (std::size_t j = 0; j < lines; ++j) {
      behind[j] += above[j];
      above[j] -= g[j];
      g[j] *= std::max(0.0, 1 - wire_ohm * siemens * (behind[j] + along[j % columns]));
    }
  }
}

}  // namespace ohmic::pcm
