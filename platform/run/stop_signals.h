#pragma once

#include "platform/run/exit_code.h"

namespace ohmic {

/// What Ctrl-C (SIGINT), `kill`, `timeout` and batch systems (SIGTERM) and a terminal that goes away (SIGHUP) do, all
/// the same way. Exit codes are 128 + the signal's number, as shells count.
///
/// At first each ends the program at once. Between note_stop_signals() and obey_stop_signals(), while a run is
/// simulated, the first one is only noted, so that the run can end with a report, whole waveforms and traces; a second
/// one ends the program at once. "At once" leaves nothing unfinished behind: no temporary file, no empty folder.
/// SIGHUP stays ignored if it was (nohup).
///
/// What else ends a program by default, time limits (SIGXCPU, SIGALRM) and SIGUSR1 of batch systems and SIGQUIT among
/// them, still does so, and leaves nothing unfinished behind either.
void install_stop_signals();
void note_stop_signals();
void obey_stop_signals();

/// The signal that was noted; 0: none.
int stop_signal();

/// 128 + the signal's number.
exit_code exit_code_of_signal(int signal);

}  // namespace ohmic
