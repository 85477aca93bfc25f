#pragma once

#include <cstddef>
#include <vector>

#include "chip/chip_config.h"
#include "platform/elf/elf_file.h"

namespace ohmic {

/// The programs of a chip: one for all clusters, or further ones for clusters whose cores execute another ISA.
///
/// A cluster that holds a core of a model with a program of its own runs that one, on all its cores; every other
/// cluster runs the first. The files are not owned and outlive every machine made from them.
class program_set {
 public:
  program_set(const elf_file& program) : programs_{{core_model::iss, &program}} {}  // NOLINT: a chip's only program

  /// Clusters with a core of this model run this program.
  void add(core_model model, const elf_file& program) { programs_.push_back({model, &program}); }

  std::size_t size() const { return programs_.size(); }
  const elf_file& operator[](std::size_t i) const { return *programs_[i].file; }

  /// Which one a cluster runs.
  std::size_t index(const chip_config& chip, unsigned cluster) const {
    for (std::size_t i = 1; i < programs_.size(); ++i)
      for (const core_model model : chip.core_models(cluster))
        if (model == programs_[i].model) return i;
    return 0;
  }
  const elf_file& in(const chip_config& chip, unsigned cluster) const { return *programs_[index(chip, cluster)].file; }

 private:
  struct entry {
    core_model model;
    const elf_file* file;
  };
  std::vector<entry> programs_;
};

}  // namespace ohmic
