#include <cstdio>
#include <exception>
#include <systemc>

#include "platform/command/arguments.h"
#include "platform/command/commands.h"
#include "platform/run/program_run.h"

// Every what() that reaches this place is a complete message for the user: a mistake in what was given.
int main(int argc, char** argv) {
  ohmic::arguments arguments;
  if (const auto leave = ohmic::parse_arguments(argc, argv, arguments)) return *leave;
  ohmic::install_interrupt_handler();
  try {
    return static_cast<int>(ohmic::execute(arguments));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ohmic: %s\n", error.what());
    return static_cast<int>(ohmic::exit_code::user_mistake);
  }
}

// The SystemC library brings a main() that calls this; ours is used instead.
int sc_main(int, char**) { return 0; }
