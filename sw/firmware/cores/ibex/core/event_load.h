/// The load that waits for an event: an ordinary one, whose answer the event unit withholds. An interrupt ends it with
/// 0; its handler runs behind it, and whoever waits must load again (as ohmic_event_wait_for() does).
#ifndef OHMIC_CORE_EVENT_LOAD_H
#define OHMIC_CORE_EVENT_LOAD_H
#define OHMIC_EVENT_LOAD "lw"
#endif
