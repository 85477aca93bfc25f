#include "platform/machine/loading.h"

#include <cstdio>

namespace ohmic {
namespace {

std::string hex(std::uint64_t value) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

}  // namespace

std::string why_not_loaded(const elf_file& program, const elf_segment& segment, const chip_config& chip) {
  const std::uint64_t begin = segment.address, bytes = segment.bytes.size();
  const std::string what = program.name() + ": its segment of " + std::to_string(bytes) + " bytes at " + hex(begin);
  const std::uint64_t l1_end = chip_config::own_l1_base + chip.cluster.l1_bytes;
  if (begin < l1_end && begin + bytes > chip_config::own_l1_base)
    return what + " would be loaded into L1 (" + hex(chip_config::own_l1_base) + " to " + hex(l1_end - 1) +
           "), of which every cluster has its own and which is filled by start-up code; link it to run there and load "
           "from HBM (>L1 AT>HBM in the linker script, as sw/firmware/link.ld does), and copy it at start";
  return what + " is outside the memory that a program is loaded into: HBM, " + hex(chip_config::hbm_base) + " to " +
         hex(chip_config::hbm_base + chip.hbm.bytes - 1) + ", and each cluster's L1 at its global address, " +
         hex(chip_config::clusters_base) + " + cluster * " + hex(chip.cluster_stride());
}

}  // namespace ohmic
