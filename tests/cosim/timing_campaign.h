#pragma once

#include <cstdint>
#include <cstdio>
#include <vector>

#include "tests/cosim/timing_program.h"

namespace ohmic::test {

/// Cycles of all segments of a class, in both models.
struct timing_totals {
  std::uint64_t iss = 0, rtl = 0;
  std::uint64_t segments = 0, differ = 0;
  std::uint64_t far = 0;  ///< of these by more than 2 cycles, in time or in what mcycle counts
  int worst = 0;          ///< largest difference of a segment, ISS - RTL
  int worst_begin = 0;    ///< the same from the start of the hart to its first segment
  int worst_counter = 0;  ///< the same of the time that mcycle counts between two reads
  double percent() const {
    return rtl == 0 ? 0 : 100. * (static_cast<double>(iss) - static_cast<double>(rtl)) / static_cast<double>(rtl);
  }
};

/// Runs programs of one class on both models, each with lines that are there, near and far.
class timing_campaign {
 public:
  explicit timing_campaign(timing_class kind) : kind_(kind) {}

  std::vector<unsigned> line_cycles = {0, 3, 40, 140};

  void add(unsigned seed, unsigned segments);
  const timing_totals& totals() const { return totals_; }
  /// Lists the `most` shortest segments that differ, with their code.
  void list(unsigned most, std::FILE* to) const;

 private:
  struct difference {
    unsigned seed, segment, line_cycles;
    int cycles, counted;
    std::uint64_t rtl;
    std::uint32_t first, end, context;  // pcs; what is listed begins at context
    std::vector<std::uint32_t> words;
  };

  timing_class kind_;
  timing_totals totals_;
  std::vector<difference> differences_;
};

}  // namespace ohmic::test
