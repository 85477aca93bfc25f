#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ip/core/core_seam.h"
#include "ip/iss/instruction_set.h"
#include "tests/cosim/happenings.h"

namespace ohmic::test {

/// Counts what programs in lock-step execute: every instruction of the table, every compressed form, and situations in
/// which cores go wrong. An observer of one hart's retirements, in order, from reset on.
class coverage {
 public:
  static constexpr bool enabled = true;
  void retire(unsigned hart, const retire_record& r);
  /// What a bench has answered to the program that has just ended; the next record comes from reset.
  void end_program(const happenings& what);

  void add(const coverage& other);

  /// Name and count of everything there is, in the table's order.
  std::vector<std::pair<std::string, std::uint64_t>> table() const;

 private:
  static constexpr unsigned compressed_forms = 27;
  static constexpr unsigned situations = 80;  // at most

  void count(unsigned which) { ++situations_[which]; }
  void access(const retire_record& r);
  void trap(const retire_record& r);
  void loop_register(iss::op o, const retire_record& r);
  void loop_entered(unsigned l);

  struct loop {
    std::uint32_t start = 0, end = 0, count = 0;
    bool fresh = false;  // set up since it was last entered
  };

  std::array<std::uint64_t, iss::op_count> instructions_{};
  std::array<std::uint64_t, compressed_forms> compressed_{};
  std::array<std::uint64_t, situations> situations_{};
  // Followed through the program
  std::array<std::uint32_t, 32> x_{};
  std::array<loop, 2> loops_{};
  std::uint32_t branch_pc_ = 1, branch_next_ = 0, elw_pc_ = 1, mtvec_ = 0;
  iss::op last_ = iss::op::count;
};

}  // namespace ohmic::test
