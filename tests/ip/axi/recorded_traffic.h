#pragma once

#include <string>
#include <vector>

#include "tests/ip/axi/traffic.h"

namespace ohmic::test {

/// The bursts between clusters and memory of a file that `ohmic run --trace-bursts` has written, as a list to be
/// played: in the order of `ready`, with the results that the run had. `width`: bytes per beat. Bursts to platform
/// control are left out. Throws std::runtime_error if the file is not there or not such.
std::vector<rtl_burst> read_recorded_traffic(const std::string& path, unsigned width);

}  // namespace ohmic::test
