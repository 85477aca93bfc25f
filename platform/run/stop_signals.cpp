#include "platform/run/stop_signals.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>

#include "host/output_file.h"
#include "host/unfinished.h"

namespace ohmic {
namespace {

std::atomic<int> noted{0};
std::atomic<bool> noting{false};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

void handle(int signal) {
  int none = 0;
  if (noting && noted.compare_exchange_strong(none, signal)) {
    do_not_wait_for_readers();
    return;
  }
  remove_unfinished();
  _exit(static_cast<int>(exit_code_of_signal(signal)));
}

// The program ends as if nobody had looked, so that a batch system sees what it expects.
void tidy_up(int signal) {
  remove_unfinished();
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
  raise(signal);  // taken when this handler returns
}

}  // namespace

void install_stop_signals() {
  struct sigaction action{};
  action.sa_handler = handle;
  action.sa_flags = SA_RESTART;  // what is being written is not to fail
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&action.sa_mask, signal);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before{};
    sigaction(signal, nullptr, &before);
    if (signal == SIGHUP && before.sa_handler == SIG_IGN) continue;
    sigaction(signal, &action, nullptr);
  }
  action.sa_handler = tidy_up;
  for (const int signal : {SIGXCPU, SIGALRM, SIGVTALRM, SIGPROF, SIGUSR1, SIGUSR2, SIGQUIT}) {
    struct sigaction before{};
    sigaction(signal, nullptr, &before);
    if (before.sa_handler == SIG_DFL) sigaction(signal, &action, nullptr);
  }
}

void note_stop_signals() { noting = true; }
void obey_stop_signals() { noting = false; }
int stop_signal() { return noted; }

exit_code exit_code_of_signal(int signal) { return static_cast<exit_code>(128 + signal); }

}  // namespace ohmic
