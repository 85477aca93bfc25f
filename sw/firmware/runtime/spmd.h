/// One program on all cores of a cluster. Core 0 runs main() for its cluster; the others sleep until it dispatches.
///
///   ohmic_dispatch(task, argument)   runs task(argument) on every core of the cluster, core 0 included, and returns
///                                    when all have finished: everything they stored in L1 is visible to core 0
///   ohmic_barrier()                  inside a task: all cores of the cluster meet
///   ohmic_share(n, core, cores)      the static part of a loop over [0, n) that a core takes
///
/// Works with 1..64 cores. A task may use barriers 0..5 over any subset (hal/event_unit.h). When main() returns on a
/// cluster, the cluster is done; when all are, the run ends with status 0. A non-zero return ends it at once.
#ifndef OHMIC_RUNTIME_SPMD_H
#define OHMIC_RUNTIME_SPMD_H

#include "sw/firmware/hal/event_unit.h"
#include "sw/firmware/runtime/range.h"

typedef void (*ohmic_task)(void* argument);

/// Set before main(), constant afterwards.
typedef struct {
  uint32_t cores;
  uint32_t workers_lo, workers_hi;  ///< all cores but 0
  ohmic_task volatile task;
  void* volatile argument;
} ohmic_team_t;
extern ohmic_team_t ohmic_team;

enum { OHMIC_BARRIER_ALL = 6, OHMIC_BARRIER_JOIN = 7 };

static inline unsigned ohmic_core_count(void) { return ohmic_team.cores; }

/// Starts task(argument) on the other cores and returns. When core 0 has arrived at OHMIC_BARRIER_JOIN too, and all
/// have finished, that barrier's line rises at core 0. Precondition: called by core 0, outside a task; none is running.
static inline void ohmic_dispatch_begin(ohmic_task task, void* argument) {
  ohmic_team.task = task;
  ohmic_team.argument = argument;
  __asm__ volatile("" ::: "memory");
  ohmic_event_trigger(0, ohmic_team.workers_lo, ohmic_team.workers_hi);
}

/// Precondition: called by core 0, outside a task.
static inline void ohmic_dispatch(ohmic_task task, void* argument) {
  if (ohmic_team.cores == 1) {
    task(argument);
    return;
  }
  ohmic_dispatch_begin(task, argument);
  task(argument);
  ohmic_barrier_wait(OHMIC_BARRIER_JOIN);
}

static inline void ohmic_barrier(void) {
  if (ohmic_team.cores > 1) ohmic_barrier_wait(OHMIC_BARRIER_ALL);
}

_Noreturn void ohmic_sleep_forever(void);

#endif
