#pragma once

#include <cstdint>

namespace ohmic {

/// An endpoint of the network: a cluster's index, or one of the codes below.
using network_port = std::uint32_t;
inline constexpr network_port port_hbm = 0xFFFF'FFFDu;
inline constexpr network_port port_platform = 0xFFFF'FFFEu;
inline constexpr network_port port_none = 0xFFFF'FFFFu;  ///< unmapped: answers DECERR

/// Where everything lies in the chip's 64-bit map. The defaults are Table I's chip with 1 MB of L1 per
/// cluster. Regions must not overlap and must start and end on 4 KiB boundaries, so that no legal burst spans
/// two of them; valid() says whether that holds.
struct address_map {
  std::uint64_t cluster_base = 0x4000'0000;
  std::uint64_t cluster_stride = 0x20'0000;  ///< L1, then the cluster's peripherals
  std::uint32_t cluster_count = 512;
  std::uint64_t hbm_base = 0x8000'0000;
  std::uint64_t hbm_bytes = 0x6000'0000;  ///< 1.5 GiB
  std::uint64_t platform_base = 0xF000'0000;
  std::uint64_t platform_bytes = 0x1000;

  network_port decode(std::uint64_t addr) const {
    const std::uint64_t in_clusters = addr - cluster_base;
    if (in_clusters < cluster_stride * cluster_count) {
      return static_cast<network_port>(in_clusters / cluster_stride);
    }
    if (addr - hbm_base < hbm_bytes) return port_hbm;
    if (addr - platform_base < platform_bytes) return port_platform;
    return port_none;
  }

  /// First and one-past-last address of an endpoint's region; {0, 0} for port_none.
  struct range {
    std::uint64_t begin, end;
  };
  range region(network_port port) const {
    if (port == port_hbm) return {hbm_base, hbm_base + hbm_bytes};
    if (port == port_platform) return {platform_base, platform_base + platform_bytes};
    if (port >= cluster_count) return {0, 0};
    return {cluster_base + port * cluster_stride, cluster_base + (port + 1) * cluster_stride};
  }

  bool valid() const {
    const range all[] = {
        {cluster_base, cluster_base + cluster_stride * cluster_count}, region(port_hbm), region(port_platform)};
    for (const range& a : all) {
      if (a.begin % 4096 != 0 || a.end % 4096 != 0 || a.end < a.begin) return false;
      for (const range& b : all) {
        if (&a != &b && a.begin < b.end && b.begin < a.end) return false;
      }
    }
    return cluster_stride % 4096 == 0;
  }
};

}  // namespace ohmic
