#pragma once

#include <array>
#include <cstdint>

#include "ip/core/device_error.h"

namespace ohmic {

/// What an IMA is made of. Source of the defaults: Table I of the paper; the queue's depth is an assumption.
struct ima_parameters {
  unsigned rows = 256, columns = 256;
  std::uint32_t mvm_cycles = 130;
  unsigned streamer_ports = 16;  ///< 4-byte words per beat, 1..16
  unsigned job_queue = 4;        ///< jobs accepted and not yet completed, >= 2
  std::uint32_t l1_bytes = 1u << 20;
};

/// One loop of the input generator: every iteration adds `stride` to the address and (dx, dy) to the
/// coordinates.
struct ima_loop {
  std::uint32_t count;
  std::int32_t stride;
  std::int16_t dx, dy;
};

/// Columns [first, first + count) of a job, written as one byte run per output pixel.
struct ima_group {
  std::uint32_t first, count;
  std::uint32_t base;
  std::int32_t stride0, stride1;

  std::uint32_t address(std::uint32_t pixel0, std::uint32_t pixel1) const {
    return static_cast<std::uint32_t>(base + std::int64_t{pixel0} * stride0 + std::int64_t{pixel1} * stride1);
  }
};

/// A job: the JOB registers of ip/registers/ohmic.rdl at the moment of PUSH.
struct ima_job {
  std::array<ima_loop, 4> loops;   ///< the window of a pixel, fastest first
  std::array<ima_loop, 2> pixels;  ///< the output pixels, fastest first
  std::uint32_t ring_base, ring_bytes;
  std::int32_t start;
  std::int16_t x, y, x_lo, x_hi, y_lo, y_hi;
  std::uint32_t row_start, tag, adc_m, adc_s, groups;
  std::array<ima_group, 8> group;

  // Derived, valid after check().
  std::uint32_t row_count;                   ///< bytes of a window
  std::uint32_t first_column, column_count;  ///< smallest range that holds every group

  std::uint64_t mvms() const { return std::uint64_t{pixels[0].count} * pixels[1].count; }
  /// Tag of a pixel's MVM: they count from the job's on, in the order in which pixels are walked.
  std::uint32_t tag_of(std::uint32_t pixel0, std::uint32_t pixel1) const {
    return tag + pixel1 * pixels[0].count + pixel0;
  }

  /// Words of JOB registers, in offset order from LOOP[0].COUNT on.
  static constexpr unsigned register_words = 0x110 / 4;
  using register_file = std::array<std::uint32_t, register_words>;

  static ima_job decode(const register_file& registers);

  /// Whether the IMA can run this job; fills the derived fields. `error` says what is wrong.
  /// Counts: loops 1..rows, pixels 1..65535; their address arithmetic is exact (no 32-bit wrap). A ring and
  /// every output code must lie in L1. Without a ring, input addresses are checked while streaming (padding
  /// decides which of them are read).
  bool check(const ima_parameters&, device_error& error);
};

}  // namespace ohmic
