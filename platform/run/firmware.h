#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "platform/machine/program_set.h"

namespace ohmic {

/// Files of the programs for clusters whose cores need one of their own, by model of core.
using firmware_files = std::map<core_model, std::string>;

/// The programs of a run, read, checked and patched for its chip.
///
/// Clusters with cores that need a program of their own (Ibex) run the file given for them, else `program` itself if it
/// starts where such cores do, else the file of the same name beside it in a folder named like the model (ibex/).
class firmware {
 public:
  /// Throws elf_error for a file that cannot be used, and config_error for one given for cores that the chip lacks.
  firmware(const std::string& program, const firmware_files& others, const chip_config& chip,
           const std::vector<std::string>& arguments);
  firmware(const firmware&) = delete;
  firmware& operator=(const firmware&) = delete;

  const program_set& programs() const { return programs_; }

 private:
  void check_apart(const chip_config& chip) const;
  const elf_file& load(const std::string& path, const chip_config& chip, const std::vector<std::string>& arguments);

  std::deque<elf_file> files_;
  program_set programs_;
};

/// Cores of this model may have a program of their own.
bool has_own_program(core_model model);

}  // namespace ohmic
