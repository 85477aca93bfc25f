#pragma once

#include <array>
#include <cstdint>

#include "ip/core/types.h"

namespace ohmic {

/// What a cluster's control registers say about the chip it is in. Units: bytes.
struct cluster_identity {
  std::uint32_t cluster = 0, clusters = 1;
  std::uint32_t cores = 16;  ///< 1..64
  std::uint32_t l1_bytes = 1u << 20, l1_banks = 64;
  std::uint32_t stride = 1u << 21;  ///< between the address ranges of two clusters
  std::uint64_t hbm_bytes = 0;
  std::uint32_t ima_rows = 256, ima_columns = 256;
  std::uint32_t dma_channels = 8;
  std::uint32_t boot_addr = 0;  ///< BOOT_ADDR at reset
};

/// The control registers of one cluster (ip/registers/ohmic.rdl, cluster_control): identity and shape, core enables,
/// boot address, arguments, sticky guest errors, and what the program says it is doing.
///
/// A plain register block: the cluster acts on what changed (enabled()). Reads have no side effect except
/// CYCLE_LO, which latches CYCLE_HI.
class cluster_control {
 public:
  enum class error_kind : std::uint8_t { core_access = 0, dma = 1, ima = 2, stack = 3 };

  explicit cluster_control(const cluster_identity& identity);

  /// Word at a byte offset from the block's base; `ok` becomes false if none can be read there.
  std::uint32_t read(std::uint32_t offset, cycle_t now, bool& ok);
  /// False if no register can be written there.
  bool write(std::uint32_t offset, std::uint32_t value);

  /// Bit n: core n is out of reset. Bits of cores that do not exist stay 0.
  std::uint64_t enabled() const { return enable_; }
  std::uint32_t boot_addr() const { return boot_addr_; }
  std::uint32_t in_kernel() const { return in_kernel_; }
  std::uint32_t waiting_for() const { return waiting_for_; }
  std::uint32_t activity() const { return activity_; }
  std::uint32_t stack_floor() const { return stack_floor_; }
  std::uint32_t stack_limit(unsigned core) const { return stack_limit_[core]; }

  /// Sets the sticky bit; the first error also fills ERROR_ADDR and ERROR_CORE.
  void record_error(error_kind kind, std::uint32_t addr, unsigned core);

 private:
  std::array<std::uint32_t, 11> identity_;  // registers 0x00..0x28
  std::uint64_t enable_ = 0;
  std::uint64_t core_mask_;
  std::uint32_t boot_addr_;
  std::array<std::uint32_t, 4> arguments_{};
  std::uint32_t error_status_ = 0, error_addr_ = 0, error_core_ = 0;
  std::uint32_t cycle_hi_ = 0;
  std::uint32_t activity_ = 0, in_kernel_ = 0, waiting_for_ = 0;
  std::uint32_t stack_floor_ = 0;
  std::array<std::uint32_t, 64> stack_limit_{};
};

}  // namespace ohmic
