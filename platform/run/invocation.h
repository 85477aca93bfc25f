#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "chip/chip_config.h"

namespace ohmic {

/// How a run came about, for its report: enough to make it again.
struct invocation {
  std::vector<std::string> command_line;  ///< the words, the program's name first
  std::vector<std::string> overrides;     ///< KEY=VALUE and the arguments of --cores and --hand-over, in their order
  std::string version;                    ///< of ohmic
  std::string firmware_hash;              ///< of the bytes of the program's file
};

/// Adds version, command line, overrides, firmware's hash, and the chip with every parameter resolved.
void add_invocation(nlohmann::ordered_json& report, const invocation& how, const chip_config& chip);

}  // namespace ohmic
