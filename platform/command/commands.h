#pragma once

#include "platform/command/arguments.h"
#include "platform/run/exit_code.h"

namespace ohmic {

/// Does what the arguments say. Throws what the parts throw for a user's mistake; main() prints it.
exit_code execute(const arguments& arguments);

}  // namespace ohmic
