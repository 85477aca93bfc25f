#pragma once

#include <string>

#include "host/output_file.h"
#include "ip/axi/axi_network.h"

namespace ohmic {

/// Writes one line per burst of the network when its response is complete. docs/outputs.md has the format.
///
/// The file appears whole when close() is called; without it there is none. A FIFO or device is written as it goes.
class burst_trace {
 public:
  /// Throws std::runtime_error if the file cannot be written.
  explicit burst_trace(const std::string& file);
  void write(const observed_burst& burst);
  /// Throws std::runtime_error if not all of it could be written.
  void close();

 private:
  output_file file_;
  std::string line_;
  bool closed_ = false;
};

}  // namespace ohmic
