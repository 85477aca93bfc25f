#include "sw/firmware/runtime/spmd.h"

#include "sw/firmware/runtime/program.h"

ohmic_team_t ohmic_team;

/* One byte per cluster in cluster 0's L1, set by that cluster's core 0. 512 clusters fill the cores' address map. */
enum { most_clusters = 512 };
static volatile uint8_t cluster_done[most_clusters];

/* In HBM, zero in the image: where cluster 0's list is, once its L1 may be written by others. The program of another
 * kind of core has it elsewhere. */
__attribute__((section(".hbm"))) static volatile uint32_t cluster_0_list = 0;

__attribute__((section(".text.start.cluster"))) void ohmic_start_cluster(void) {
  const unsigned cores = ohmic_cluster_control_registers()->core_count;
  const uint32_t lo = cores >= 32 ? ~0u : (1u << cores) - 1;
  const uint32_t hi = cores <= 32 ? 0u : cores == 64 ? ~0u : (1u << (cores - 32)) - 1;
  ohmic_team.cores = cores;
  ohmic_team.workers_lo = lo & ~1u;
  ohmic_team.workers_hi = hi;
  ohmic_barrier_configure(OHMIC_BARRIER_ALL, lo, hi);
  ohmic_barrier_configure(OHMIC_BARRIER_JOIN, lo, hi);
  if (ohmic_cluster_id() == 0) cluster_0_list = (uint32_t)cluster_done;
}

/* Cores 1.. live here. Their part of the join is only to arrive: its line is never in their mask. */
__attribute__((section(".text.start.work"))) _Noreturn void ohmic_work(void) {
  for (;;) {
    ohmic_event_wait_for(OHMIC_LINE_SOFTWARE);
    ohmic_team.task(ohmic_team.argument);
    ohmic_barrier_arrive(OHMIC_BARRIER_JOIN);
  }
}

/* Reports this cluster's end to cluster 0, which ends the run when it has heard of all. */
void ohmic_finish_cluster(int status) {
  if (status != 0) exit(status);
  if (ohmic_cluster_id() != 0) {
    uint32_t list;
    while ((list = cluster_0_list) == 0) {
    }
    ((volatile uint8_t*)(ohmic_cluster_l1(0) + list - OHMIC_OWN_L1_BASE))[ohmic_cluster_id()] = 1;
    ohmic_store(ohmic_doorbell_address(0, 3), 1);
    return;
  }
  const unsigned clusters = ohmic_cluster_count();
  for (unsigned c = 1; c < clusters; ++c)
    while (cluster_done[c] == 0) ohmic_event_wait_for(OHMIC_LINE_DOORBELL << 3);
  exit(0);
}
