/* dataflow.elf: every cluster with a deployment runs it; the others sleep. Core 0 is the master. */
#include "sw/firmware/dataflow/calibration.h"
#include "sw/firmware/dataflow/executor.h"

static executor state;

/* Bytes that kernels need of their cores' stacks, for the loader, which shares out L1 that is small: a chip of 64 cores
 * has no more, and runs every kernel. */
__asm__(".globl ohmic_least_stack\n.set ohmic_least_stack, 784");

static void show(uint32_t activity) { ohmic_cluster_control_registers()->activity = activity; }

/* Writes a word of the coordinator's L1 and rings it. */
static void tell_coordinator(const ohmic_deployment* d, uint32_t value) {
  ohmic_store(ohmic_cluster_l1(d->coordinator) + d->ready_words + 4 * ohmic_cluster_id(), value);
  ohmic_store(ohmic_doorbell_address(d->coordinator, 0), 1);
}

static volatile uint32_t* ready_word(const ohmic_deployment* d, uint32_t participant) {
  const uint32_t* list = l1_at(d->participant_list);
  return (volatile uint32_t*)l1_at(d->ready_words) + list[participant];
}

/* Time begins when all are ready; then the sources may pull. */
static void start_everyone(const ohmic_deployment* d) {
  /* The sources are few and mostly neighbours: time does not go by while they are looked for. */
  uint32_t first = d->participants, end = 0;
  for (uint32_t i = 0; i < d->participants; ++i) {
    while (*ready_word(d, i) == 0) ohmic_event_wait_for(OHMIC_LINE_DOORBELL);
    if (*ready_word(d, i) != OHMIC_START_READY_SOURCE) continue;
    if (first > i) first = i;
    end = i + 1;
  }
  ohmic_marker(0);
  const uint32_t* list = l1_at(d->participant_list);
  for (uint32_t i = first; i < end; ++i)
    if (*ready_word(d, i) == OHMIC_START_READY_SOURCE) {
      ohmic_store(ohmic_cluster_l1(list[i]) + d->go_word, 1);
      ohmic_store(ohmic_doorbell_address(list[i], 0), 1);
    }
}

static _Noreturn void end_everyone(const ohmic_deployment* d) {
  for (;;) {
    uint32_t finished = 0;
    for (uint32_t i = 0; i < d->participants; ++i) finished += *ready_word(d, i) == OHMIC_START_FINISHED;
    if (finished == d->sinks) exit(0);
    ohmic_event_wait_for(OHMIC_LINE_DOORBELL);
  }
}

int main(void) {
  const uint32_t argument = ohmic_cluster_control_registers()->argument[0];
  if (argument == 0) ohmic_sleep_forever();
  const ohmic_deployment* d = l1_at(argument & (OHMIC_OWN_L1_BASE - 1));
  const uint32_t calibration = ohmic_cluster_control_registers()->argument[OHMIC_CALIBRATION_ARGUMENT];
  uint32_t factors = 0;
  if (calibration != 0) {
    show(OHMIC_ACTIVITY_CALIBRATES);
    calibrate(d, l1_at(calibration));
    factors = ((const ohmic_calibration*)l1_at(calibration))->factors;
  }
  show(OHMIC_ACTIVITY_SETUP);
  executor_setup(&state, d);
  if (factors != 0) scales_setup(&state, l1_at(factors));
  executor_rehearse(&state);
  tell_coordinator(d, state.source ? OHMIC_START_READY_SOURCE : OHMIC_START_READY);
  show(OHMIC_ACTIVITY_WAITS_FOR_GO);
  if (ohmic_cluster_id() == d->coordinator) start_everyone(d);
  if (state.source)
    while (*(volatile uint32_t*)l1_at(d->go_word) != 1) ohmic_event_wait_for(OHMIC_LINE_DOORBELL);
  show(OHMIC_ACTIVITY_RUNS);
  executor_run(&state);
  report_waiting(OHMIC_ACTIVITY_FINISHED, 0);
  if (d->is_sink) {
    ohmic_marker(1);
    tell_coordinator(d, OHMIC_START_FINISHED);
  }
  if (ohmic_cluster_id() == d->coordinator) end_everyone(d);
  ohmic_sleep_forever();
}
