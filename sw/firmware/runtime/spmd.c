#include "sw/firmware/runtime/spmd.h"

#include "sw/firmware/runtime/program.h"

ohmic_team_t ohmic_team;

/* Clusters report their end to the first of their block of 512, those to cluster 0: one byte each, set by the core 0 of
 * the cluster that has ended, in L1 of the one that waits for it. Behind a block's clusters stand the blocks. */
enum { block_clusters = 512, most_blocks = 8 };
static volatile uint8_t ended[block_clusters + most_blocks];

/* In HBM, zero in the image: where each block's list is, once its L1 may be written by others. The program of another
 * kind of core has it elsewhere. */
__attribute__((section(".hbm"))) static volatile uint32_t block_list[most_blocks];

__attribute__((section(".text.start.cluster"))) void ohmic_start_cluster(void) {
  const unsigned cores = ohmic_cluster_control_registers()->core_count;
  const uint32_t lo = cores >= 32 ? ~0u : (1u << cores) - 1;
  const uint32_t hi = cores <= 32 ? 0u : cores == 64 ? ~0u : (1u << (cores - 32)) - 1;
  ohmic_team.cores = cores;
  ohmic_team.workers_lo = lo & ~1u;
  ohmic_team.workers_hi = hi;
  ohmic_barrier_configure(OHMIC_BARRIER_ALL, lo, hi);
  ohmic_barrier_configure(OHMIC_BARRIER_JOIN, lo, hi);
  const unsigned id = ohmic_cluster_id();
  if (id % block_clusters == 0) block_list[id / block_clusters] = (uint32_t)ended;
}

/* Cores 1.. live here. Their part of the join is only to arrive: its line is never in their mask. */
__attribute__((section(".text.start.work"))) _Noreturn void ohmic_work(void) {
  for (;;) {
    ohmic_event_wait_for(OHMIC_LINE_SOFTWARE);
    ohmic_team.task(ohmic_team.argument);
    ohmic_barrier_arrive(OHMIC_BARRIER_JOIN);
  }
}

static void wait_for_end(unsigned entry) {
  while (ended[entry] == 0) ohmic_event_wait_for(OHMIC_LINE_DOORBELL << 3);
}

static void report_end(unsigned leader, unsigned entry) {
  uint32_t list;
  while ((list = block_list[leader / block_clusters]) == 0) {
  }
  ((volatile uint8_t*)(ohmic_cluster_l1(leader) + list - OHMIC_OWN_L1_BASE))[entry] = 1;
  ohmic_store(ohmic_doorbell_address(leader, 3), 1);
}

/* Reports this cluster's end; cluster 0 ends the run when it has heard of all. */
void ohmic_finish_cluster(int status) {
  if (status != 0) exit(status);
  const unsigned id = ohmic_cluster_id();
  const unsigned entry = id % block_clusters;
  if (entry != 0) {
    report_end(id - entry, entry);
    return;
  }
  const unsigned clusters = ohmic_cluster_count();
  for (unsigned c = 1; c < block_clusters && id + c < clusters; ++c) wait_for_end(c);
  if (id != 0) {
    report_end(0, block_clusters + id / block_clusters);
    return;
  }
  for (unsigned b = 1; b * block_clusters < clusters; ++b) wait_for_end(block_clusters + b);
  exit(0);
}
