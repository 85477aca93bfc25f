/* dataflow.elf: every cluster with a deployment runs it; the others sleep. Core 0 is the master. */
#include "sw/firmware/dataflow/executor.h"

/* WAITING_FOR: who is to blame for a cycle in which the master sleeps (time classes). */
enum { WAITS_FOR_NOTHING = 0, WAITS_FOR_CREDIT = 1, WAITS_FOR_DATA = 2 };

static executor state;

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
  for (uint32_t i = 0; i < d->participants; ++i)
    while (*ready_word(d, i) == 0) ohmic_event_wait_for(OHMIC_LINE_DOORBELL);
  ohmic_marker(0);
  const uint32_t* list = l1_at(d->participant_list);
  for (uint32_t i = 0; i < d->participants; ++i)
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

/* Sleeps until something happens, and says meanwhile what for. */
static void wait_for_devices(const executor* e) {
  ohmic_cluster_control_t* control = ohmic_cluster_control_registers();
  uint32_t waiting_for = WAITS_FOR_NOTHING, activity = OHMIC_ACTIVITY_WAITS_FOR_INPUT;
  if (e->channels_active) {
    waiting_for = WAITS_FOR_DATA;
    activity = OHMIC_ACTIVITY_WAITS_FOR_DEVICE;
  } else if (e->lacking & (LACKS_ROOM | LACKS_SOME_INPUT)) {
    waiting_for = WAITS_FOR_CREDIT;
    activity = e->lacking & LACKS_ROOM ? OHMIC_ACTIVITY_WAITS_FOR_ROOM : OHMIC_ACTIVITY_WAITS_FOR_PARTNER;
  } else if (e->jobs_held) {
    activity = OHMIC_ACTIVITY_WAITS_FOR_DEVICE;
  }
  if (waiting_for) control->waiting_for = waiting_for;
  control->activity = activity;
  ohmic_event_wait();
  if (waiting_for) control->waiting_for = WAITS_FOR_NOTHING;
}

static void run(executor* e) {
  uint32_t lines = DEVICES_EVENTS;
  for (;;) {
    const bool moved = executor_round(e, lines);
    if (executor_finished(e)) return;
    ohmic_event_mask(DEVICES_EVENTS); /* a kernel's join has changed it */
    if (!moved) wait_for_devices(e);
    lines = ohmic_event_pending() & DEVICES_EVENTS;
    if (lines) ohmic_event_clear(lines);
  }
}

int main(void) {
  const uint32_t argument = ohmic_cluster_control_registers()->argument[0];
  if (argument == 0) ohmic_sleep_forever();
  const ohmic_deployment* d = l1_at(argument & (OHMIC_OWN_L1_BASE - 1));
  show(OHMIC_ACTIVITY_SETUP);
  executor_setup(&state, d);
  tell_coordinator(d, state.source ? OHMIC_START_READY_SOURCE : OHMIC_START_READY);
  show(OHMIC_ACTIVITY_WAITS_FOR_GO);
  if (ohmic_cluster_id() == d->coordinator) start_everyone(d);
  if (state.source)
    while (*(volatile uint32_t*)l1_at(d->go_word) != 1) ohmic_event_wait_for(OHMIC_LINE_DOORBELL);
  show(OHMIC_ACTIVITY_RUNS);
  run(&state);
  show(OHMIC_ACTIVITY_FINISHED);
  if (d->is_sink) {
    ohmic_marker(1);
    tell_coordinator(d, OHMIC_START_FINISHED);
  }
  if (ohmic_cluster_id() == d->coordinator) end_everyone(d);
  ohmic_sleep_forever();
}
