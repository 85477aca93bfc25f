#include "ip/cluster_control/cluster_control.h"

#include "registers/cluster_control.h"

namespace ohmic {

namespace reg = registers::cluster_control;

cluster_control::cluster_control(const cluster_identity& identity)
    : identity_{identity.cluster,
                identity.clusters,
                identity.cores,
                identity.l1_bytes,
                identity.l1_banks,
                identity.stride,
                static_cast<std::uint32_t>(identity.hbm_bytes),
                static_cast<std::uint32_t>(identity.hbm_bytes >> 32),
                identity.ima_rows,
                identity.ima_columns,
                identity.dma_channels},
      core_mask_(identity.cores == 64 ? ~0ull : (1ull << identity.cores) - 1),
      boot_addr_(identity.boot_addr) {}

std::uint32_t cluster_control::read(std::uint32_t offset, cycle_t now, bool& ok) {
  if (offset <= reg::dma_channels_offset) return identity_[offset / 4];
  if (offset - reg::argument_offset < 16) return arguments_[(offset - reg::argument_offset) / 4];
  if (offset - reg::stack_limit_offset < sizeof stack_limit_)
    return stack_limit_[(offset - reg::stack_limit_offset) / 4];
  switch (offset) {
    case reg::core_enable_lo_offset:
      return static_cast<std::uint32_t>(enable_);
    case reg::core_enable_hi_offset:
      return static_cast<std::uint32_t>(enable_ >> 32);
    case reg::boot_addr_offset:
      return boot_addr_;
    case reg::error_status_offset:
      return error_status_;
    case reg::error_addr_offset:
      return error_addr_;
    case reg::error_core_offset:
      return error_core_;
    case reg::cycle_lo_offset:
      cycle_hi_ = static_cast<std::uint32_t>(now >> 32);
      return static_cast<std::uint32_t>(now);
    case reg::cycle_hi_offset:
      return cycle_hi_;
    case reg::activity_offset:
      return activity_;
    case reg::in_kernel_offset:
      return in_kernel_;
    case reg::waiting_for_offset:
      return waiting_for_;
    case reg::stack_floor_offset:
      return stack_floor_;
    default:
      ok = false;
      return bad_access_pattern;
  }
}

bool cluster_control::write(std::uint32_t offset, std::uint32_t value) {
  if (offset - reg::argument_offset < 16) {
    arguments_[(offset - reg::argument_offset) / 4] = value;
    return true;
  }
  if (offset - reg::stack_limit_offset < sizeof stack_limit_) {
    stack_limit_[(offset - reg::stack_limit_offset) / 4] = value;
    return true;
  }
  switch (offset) {
    case reg::core_enable_lo_offset:
      enable_ = ((enable_ & ~0xFFFFFFFFull) | value) & core_mask_;
      return true;
    case reg::core_enable_hi_offset:
      enable_ = ((enable_ & 0xFFFFFFFFull) | (std::uint64_t{value} << 32)) & core_mask_;
      return true;
    case reg::boot_addr_offset:
      boot_addr_ = value;
      return true;
    case reg::error_status_offset:
      error_status_ &= ~value;
      return true;
    case reg::activity_offset:
      activity_ = value;
      return true;
    case reg::in_kernel_offset:
      in_kernel_ = value;
      return true;
    case reg::waiting_for_offset:
      waiting_for_ = value;
      return true;
    case reg::stack_floor_offset:
      stack_floor_ = value;
      return true;
    default:
      return false;
  }
}

void cluster_control::record_error(error_kind kind, std::uint32_t addr, unsigned core) {
  if (error_status_ == 0) {
    error_addr_ = addr;
    error_core_ = core;
  }
  error_status_ |= 1u << static_cast<unsigned>(kind);
}

}  // namespace ohmic
