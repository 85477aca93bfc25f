#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace ohmic {

/// A mistake in a configuration file or option. what() is the complete message for the user, one line per mistake,
/// each with its place ("configs/x.yaml:12:7: ..." or "--set a.b=c: ..."). The program ends with exit code 2.
class config_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// All mistakes of a file in one error; of very many only the first ones. Throws it if there are any.
inline void refuse_mistakes(const std::vector<std::string>& lines) {
  constexpr std::size_t most = 20;
  std::string message;
  for (std::size_t i = 0; i < std::min(lines.size(), most); ++i) message += (i == 0 ? "" : "\n") + lines[i];
  if (lines.size() > most) message += "\n(there may be more mistakes; these are the first)";
  if (!lines.empty()) throw config_error(message);
}

}  // namespace ohmic
