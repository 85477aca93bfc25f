#pragma once

#include <string>

#include "platform/machine/machine.h"

namespace ohmic {

/// How `ohmic` ends; scripts rely on these.
enum class exit_code : int {
  right = 0,
  outputs_differ = 1,
  user_mistake = 2,
  deadlock = 3,
  guest_error = 4,
  lockstep_mismatch = 5,
  cycle_limit = 6,
  firmware_failed = 7,  ///< assert, or exit(n) with n != 0
  hung_up = 129,        ///< SIGHUP; these three are 128 + the signal
  interrupted = 130,    ///< SIGINT
  terminated = 143,     ///< SIGTERM
};

/// The exit code of a run that ended so; `status` is what the program passed to exit(), `signal` what interrupted it.
exit_code exit_code_of(run_end end, std::uint32_t status, int signal = 0);

/// How the run ended, in a word or two.
const char* name_of(run_end end);

/// One sentence for a person: why the run ended. Empty if all is right.
std::string describe_end(run_end end, machine& chip);

}  // namespace ohmic
