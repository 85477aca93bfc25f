#include "host/distinct_files.h"

#include <filesystem>
#include <map>
#include <stdexcept>
#include <system_error>

#include "host/destination.h"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

/// The one name of a file that is or will be there; empty where none is replaced, or the name is wrong altogether,
/// which others tell.
std::string one_name(const std::string& path) {
  try {
    const destination to = find_destination(path);
    if (to.written_into) return "";
    return fs::weakly_canonical(fs::absolute(to.file)).string();
  } catch (const std::system_error&) {
    return "";
  }
}

}  // namespace

void check_outputs_differ(const std::vector<named_file>& outputs, const std::vector<named_file>& inputs) {
  std::map<std::string, std::string> read, written;  // name -> role
  for (const named_file& input : inputs) read.emplace(one_name(input.path), input.role);
  for (const named_file& output : outputs) {
    const std::string name = one_name(output.path);
    if (name.empty()) continue;
    if (const auto found = read.find(name); found != read.end())
      throw std::runtime_error("cannot write " + output.path + ": " + output.role + " would replace what is read (" +
                               found->second + ")");
    if (const auto [at, fresh] = written.emplace(name, output.role); !fresh)
      throw std::runtime_error("cannot write " + output.path + ": " + at->second + " and " + output.role +
                               " would be one file; give each a name of its own");
  }
}

}  // namespace ohmic
