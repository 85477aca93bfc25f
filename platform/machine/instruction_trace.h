#pragma once

#include <string>

#include "host/output_file.h"
#include "ip/core/core_seam.h"

namespace ohmic {

class elf_file;

/// Writes one line per retired instruction of one core: cycle, pc, symbol, instruction, registers and memory.
///
/// The file appears whole when close() is called; without it there is none. A FIFO or device is written as it goes.
class instruction_trace {
 public:
  /// Throws std::runtime_error if the file cannot be written. `program` must outlive the trace.
  instruction_trace(const std::string& path, const elf_file& program);
  void write(const retire_record& record);
  /// Throws std::runtime_error if not all of it could be written.
  void close();

 private:
  output_file file_;
  const elf_file& program_;
  std::string line_;
  bool closed_ = false;
};

/// Observer that hands one hart's retirements to a trace; in clusters without the traced core it has none.
struct trace_observer {
  static constexpr bool enabled = true;
  instruction_trace* trace = nullptr;
  unsigned hart = 0;
  void retire(unsigned h, const retire_record& record) {
    if (trace != nullptr && h == hart) trace->write(record);
  }
};

}  // namespace ohmic
