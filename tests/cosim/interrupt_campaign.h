#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/cosim/timing_program.h"

namespace ohmic::test {

/// When an interrupt's handler begins, on ISS and RTL: random timing programs in which a line rises in any cycle.
class interrupt_campaign {
 public:
  explicit interrupt_campaign(timing_class kind) : kind_(kind) {}

  std::vector<unsigned> line_cycles = {0, 3, 40, 140};
  /// Cycles for which the interrupt's line is high: it is taken always, or, if they are few, in some.
  cycle_t high = 60;

  /// Runs the program of this seed once per cycle in which the line rises: from `first` on, every `step`, `count`
  /// times.
  void add(unsigned seed, cycle_t first, cycle_t step, unsigned count);

  std::uint64_t handlers() const { return handlers_; }
  std::uint64_t differ() const { return differ_; }      ///< begin in another cycle
  std::uint64_t far() const { return far_; }            ///< more than two cycles apart
  std::uint64_t lost() const { return lost_; }          ///< runs in which the models part before the line rises
  std::uint64_t refused() const { return refused_; }    ///< that neither model has taken
  std::uint64_t disagree() const { return disagree_; }  ///< that one has taken and the other has not
  int worst() const { return worst_; }                  ///< largest difference, ISS - RTL
  void list(unsigned most, std::FILE* to) const;

 private:
  struct difference {
    unsigned seed, line_cycles;
    cycle_t raised;
    int cycles;
    std::string what;
  };

  timing_class kind_;
  std::uint64_t handlers_ = 0, differ_ = 0, far_ = 0, lost_ = 0, refused_ = 0, disagree_ = 0;
  int worst_ = 0;
  std::vector<difference> differences_;
};

}  // namespace ohmic::test
