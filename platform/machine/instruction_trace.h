#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "host/output_file.h"
#include "ip/core/core_seam.h"

namespace ohmic {

class elf_file;

struct traced_core;
struct recorded_trace;

/// Writes one line per retired instruction of one core: cycle, pc, encoding, symbol, instruction, registers and memory.
/// docs/outputs.md has the format.
///
/// The file appears whole when close() is called; without it there is none. A FIFO or device is written as it goes.
class instruction_trace {
 public:
  /// Throws std::runtime_error if the file cannot be written, config_error for a function that the program does not
  /// have. `program` must outlive the trace.
  instruction_trace(const traced_core& of, const elf_file& program);
  void write(const retire_record& record);
  recorded_trace recorded() const;
  /// Throws std::runtime_error if not all of it could be written.
  void close();

 private:
  struct pc_range {
    std::uint32_t first, last;
  };
  bool wanted(const retire_record& record) const;

  output_file file_;
  const elf_file& program_;
  const unsigned cluster_, core_;
  const cycle_t from_, to_;
  std::uint64_t lines_ = 0;
  std::vector<pc_range> pcs_;
  std::string line_;
  bool closed_ = false;
};

/// Observer that hands the retirements of a cluster's traced cores to their traces; null in clusters that have none.
struct trace_observer {
  static constexpr bool enabled = true, counts = true;
  using of_cores = std::array<instruction_trace*, 64>;
  const of_cores* traces = nullptr;
  void retire(unsigned h, const retire_record& record) {
    if (traces != nullptr && (*traces)[h] != nullptr) (*traces)[h]->write(record);
  }
};

}  // namespace ohmic
