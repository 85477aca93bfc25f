#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <system_error>
#include <systemc>

#include "host/attempt.h"
#include "host/console.h"
#include "platform/command/arguments.h"
#include "platform/command/commands.h"
#include "platform/run/stop_signals.h"

namespace {

int mistake(const char* message) {
  std::fprintf(stderr, "ohmic: %s\n", message);
  return static_cast<int>(ohmic::exit_code::user_mistake);
}

// Every other what() that reaches this place is a complete message for the user: a mistake in what was given.
int execute(int argc, char** argv) {
  try {
    ohmic::arguments arguments;
    if (const auto leave = ohmic::parse_arguments(argc, argv, arguments)) return *leave;
    return static_cast<int>(ohmic::execute(arguments));
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "ohmic: the system gives too little memory %s (see `ulimit -v` and `free`)\n",
                 ohmic::last_attempt());
  } catch (const std::system_error& error) {
    std::fprintf(stderr, "ohmic: the system refuses %s: %s\n", ohmic::last_attempt(), error.code().message().c_str());
  } catch (const std::exception& error) {
    return mistake(error.what());
  }
  return static_cast<int>(ohmic::exit_code::user_mistake);
}

}  // namespace

int main(int argc, char** argv) {
  ohmic::prepare_console();
  ohmic::install_stop_signals();
  const int code = execute(argc, argv);
  try {
    ohmic::finish_console();
  } catch (const std::exception& error) {
    if (ohmic::stop_signal() != 0) return code;
    return code == static_cast<int>(ohmic::exit_code::user_mistake) ? code : mistake(error.what());
  }
  return code;
}

// The SystemC library brings a main() that calls this; ours is used instead.
int sc_main(int, char**) { return 0; }
