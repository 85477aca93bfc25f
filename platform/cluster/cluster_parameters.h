#pragma once

#include "chip/chip_config.h"
#include "ip/axi/master_port.h"
#include "ip/cluster_control/cluster_control.h"
#include "ip/core/private_icache.h"
#include "ip/dma/dma.h"
#include "ip/icache/shared_icache.h"
#include "ip/ima/ima.h"

namespace ohmic {

/// Parameters of a cluster's blocks, derived from the chip's configuration; pure functions.
///
/// AXI ids of a cluster's port: its cores, then the DMA's channels, then the instruction cache.
inline unsigned dma_axi_id(const chip_config& c, unsigned cluster) { return c.cores_of(cluster); }
inline unsigned icache_axi_id(const chip_config& c, unsigned cluster) { return c.cores_of(cluster) + c.dma.channels; }

/// With as many ids as the cluster with the most cores has.
inline master_port_config make_master_port_config(const chip_config& c) {
  master_port_config m;
  m.ids = c.most_cores() + c.dma.channels + 1;
  m.outstanding_reads = c.network.outstanding_reads;
  m.outstanding_writes = c.network.outstanding_writes;
  m.turnaround = c.network.ingress_cycles + c.network.egress_cycles;  // the cluster's registers stand between
  return m;
}

inline dma_parameters make_dma_parameters(const chip_config& c, unsigned cluster) {
  dma_parameters p;
  p.channels = c.dma.channels;
  p.start_cycles = static_cast<std::uint32_t>(c.dma.start_cycles);
  p.burst_buffers = c.dma.burst_buffers;
  p.width = c.network.width.back();
  p.max_burst_bytes = c.network.max_burst_bytes;
  p.initiator = static_cast<std::uint16_t>(cluster);
  p.first_id = static_cast<std::uint16_t>(dma_axi_id(c, cluster));
  p.own.l1_bytes = c.cluster.l1_bytes;
  p.own.peripheral_bytes = c.peripheral_bytes();
  p.own.own_base = chip_config::own_l1_base;
  p.own.global_base = c.cluster_l1(cluster);
  return p;
}

inline ima_parameters make_ima_parameters(const chip_config& c) {
  ima_parameters p;
  p.rows = c.ima.rows;
  p.columns = c.ima.columns;
  p.mvm_cycles = static_cast<std::uint32_t>(c.ima.mvm_cycles);
  p.streamer_ports = c.ima.streamer_ports;
  p.job_queue = c.ima.job_queue;
  p.l1_bytes = c.cluster.l1_bytes;
  return p;
}

inline cluster_identity make_cluster_identity(const chip_config& c, unsigned cluster) {
  cluster_identity i;
  i.cluster = cluster;
  i.clusters = c.clusters();
  i.cores = c.cores_of(cluster);
  i.l1_bytes = c.cluster.l1_bytes;
  i.l1_banks = c.cluster.l1_banks;
  i.stride = static_cast<std::uint32_t>(c.cluster_stride());
  i.hbm_bytes = c.hbm.bytes;
  i.ima_rows = c.has_ima(cluster) ? c.ima.rows : 0;
  i.ima_columns = c.has_ima(cluster) ? c.ima.columns : 0;
  i.dma_channels = c.dma.channels;
  i.boot_addr = c.cluster.boot_addr;
  return i;
}

static_assert(decltype(chip_config::icache)::line_bytes == private_icache::line_bytes &&
                  decltype(chip_config::icache)::private_bytes == private_icache::line_bytes * private_icache::lines,
              "a chip's private instruction caches are those of its cores");

inline shared_icache_config make_icache_config(const chip_config& c, unsigned cluster) {
  shared_icache_config i;
  i.cores = c.cores_of(cluster);
  i.bytes = c.icache.shared_bytes;
  i.ways = c.icache.ways;
  i.line_bytes = c.icache.line_bytes;
  i.banks = c.icache.banks;
  i.hit_cycles = c.icache.hit_cycles;
  i.axi_id = static_cast<std::uint16_t>(icache_axi_id(c, cluster));
  i.initiator = static_cast<std::uint16_t>(cluster);
  return i;
}

}  // namespace ohmic
