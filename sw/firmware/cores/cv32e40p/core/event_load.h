/// The load that waits for an event: the core sleeps in it, and replays it after an interrupt.
#ifndef OHMIC_CORE_EVENT_LOAD_H
#define OHMIC_CORE_EVENT_LOAD_H
#define OHMIC_EVENT_LOAD "cv.elw"
#endif
