#pragma once

#include <stdexcept>
#include <string>

namespace ohmic {

/// A mistake in a configuration file or option. what() is the complete message for the user, one line per mistake,
/// each with its place ("configs/x.yaml:12:7: ..." or "--set a.b=c: ..."). The program ends with exit code 2.
class config_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace ohmic
