#pragma once

#include <string>
#include <vector>

#include "tests/ip/axi/traffic.h"

namespace ohmic::test {

/// One list of data/traffic_8_clusters.csv.gz, with the RTL's cycles as its results.
struct rtl_case {
  std::string name;
  unsigned window = 0;  ///< reads and writes in flight per master, each
  std::vector<rtl_burst> bursts;
};

/// Throws std::runtime_error if the file is not there or not of the form that data/README.md says.
std::vector<rtl_case> read_rtl_cases(const std::string& path);

/// The tree that the lists were played on.
network_tree rtl_case_tree();

}  // namespace ohmic::test
