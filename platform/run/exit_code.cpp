#include "platform/run/exit_code.h"

#include <fmt/format.h>

#include "platform/run/stop_signals.h"

namespace ohmic {

exit_code exit_code_of(run_end end, std::uint32_t status, int signal) {
  switch (end) {
    case run_end::exited:
      return status == 0 ? exit_code::right : exit_code::firmware_failed;
    case run_end::asserted:
      return exit_code::firmware_failed;
    case run_end::deadlock:
      return exit_code::deadlock;
    case run_end::guest_error:
      return exit_code::guest_error;
    case run_end::cycle_limit:
      return exit_code::cycle_limit;
    case run_end::lockstep_mismatch:
      return exit_code::lockstep_mismatch;
    case run_end::interrupted:
      return signal == 0 ? exit_code::interrupted : exit_code_of_signal(signal);
  }
  return exit_code::right;
}

const char* name_of(run_end end) {
  switch (end) {
    case run_end::exited:
      return "finished";
    case run_end::asserted:
      return "assertion failed";
    case run_end::deadlock:
      return "dead-lock";
    case run_end::guest_error:
      return "guest error";
    case run_end::cycle_limit:
      return "cycle limit";
    case run_end::lockstep_mismatch:
      return "lock-step mismatch";
    case run_end::interrupted:
      return "interrupted";
  }
  return "";
}

std::string describe_end(run_end end, machine& chip) {
  const cycle_t at = chip.end_cycle();
  switch (end) {
    case run_end::exited:
      return chip.exit_status() == 0 ? std::string()
                                     : fmt::format("the program called exit({}) in cycle {}", chip.exit_status(), at);
    case run_end::asserted:
      return fmt::format("an assertion of the program failed in cycle {} (its message is on the console above)", at);
    case run_end::deadlock:
      return fmt::format("dead-lock in cycle {}: every core sleeps and nothing is in flight", at);
    case run_end::guest_error:
      return fmt::format("the program made an error; stopped in cycle {}", at);
    case run_end::cycle_limit:
      return fmt::format("cycle limit reached in cycle {}", at);
    case run_end::lockstep_mismatch: {
      std::string all;
      for (const lockstep_report::mismatch& m : chip.lockstep().mismatches)
        all += fmt::format("{}core {}.{}, cycle {}, pc {:#010x} <{}>: RTL and ISS differ in: {}",
                           all.empty() ? "" : "ohmic: ", m.cluster, m.core, m.cycle, m.pc, m.symbol, m.what);
      if (!all.empty() && all.back() == '\n') all.pop_back();
      return all;
    }
    case run_end::interrupted:
      return fmt::format("interrupted in cycle {}", at);
  }
  return {};
}

}  // namespace ohmic
