#pragma once

#include <string>

#include "chip/chip_config.h"
#include "platform/elf/elf_file.h"

namespace ohmic {

/// Why a segment with contents cannot be put into this chip's memory before reset, and what to do: for a person.
std::string why_not_loaded(const elf_file& program, const elf_segment& segment, const chip_config& chip);

}  // namespace ohmic
