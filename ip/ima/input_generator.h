#pragma once

#include <cstdint>
#include <vector>

#include "ip/ima/job.h"

namespace ohmic {

/// Consecutive bytes of L1 that go to consecutive crossbar rows.
struct input_run {
  std::uint32_t addr;  ///< L1 byte offset
  std::uint32_t bytes;
  std::uint32_t row;  ///< crossbar row of the first byte
};

/// The IMA's input generator: which bytes of L1 make the window of an output pixel.
///
/// start() once per job, then window() for its pixels in any order. A tap (one byte of the window) is read if
/// its coordinates are in the valid range, else its row is zero and costs nothing. Runs are maximal:
/// neighbouring rows whose addresses are neighbours belong to one run; a zero row or the ring's end breaks
/// it. No heap allocation after construction.
class input_generator {
 public:
  explicit input_generator(const ima_parameters&);

  /// Builds the window's template. `job` must have passed check() and outlive its windows.
  void start(const ima_job& job);

  enum class outcome : std::uint8_t { whole, padded, outside_l1 };

  /// Fills runs() for output pixel (pixel0, pixel1). whole: the runs cover every row; padded: the other rows
  /// are zero; outside_l1: a tap in range lies outside L1, bad_address() says where.
  outcome window(std::uint32_t pixel0, std::uint32_t pixel1);

  const std::vector<input_run>& runs() const { return runs_; }
  std::uint64_t bad_address() const { return bad_address_; }

 private:
  // Bytes of the window that share their coordinates and follow each other in memory.
  struct piece {
    std::int64_t offset;
    std::int32_t dx, dy;
    std::uint32_t bytes, row;
  };

  bool add(std::int64_t offset, std::uint32_t bytes, std::uint32_t row);
  void append(std::uint32_t addr, std::uint32_t bytes, std::uint32_t row);

  std::uint32_t l1_bytes_;
  const ima_job* job_ = nullptr;
  std::vector<piece> pieces_;    // whole window, for pixels at a border
  std::vector<piece> interior_;  // the same merged across coordinates, for pixels whose window is all in range
  std::int32_t dx_min_ = 0, dx_max_ = 0, dy_min_ = 0, dy_max_ = 0;
  std::vector<input_run> runs_;
  std::uint64_t bad_address_ = 0;
};

}  // namespace ohmic
