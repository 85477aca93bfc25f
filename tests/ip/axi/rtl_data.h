#pragma once

#include <string>
#include <vector>

#include "tests/ip/axi/rtl_simulator.h"

namespace ohmic::test {

/// One list of data/*.csv.gz: what the RTL was configured with, and its cycles as the bursts' results.
struct rtl_case {
  std::string name;
  std::vector<unsigned> children = {4, 2};  ///< for network_tree::uniform
  rtl_parameters parameters;
  std::vector<rtl_burst> bursts;
};

/// Reads a file of the form that data/README.md says; throws std::runtime_error if it is not there or not such.
std::vector<rtl_case> read_rtl_cases(const std::string& path);

}  // namespace ohmic::test
