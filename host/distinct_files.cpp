#include "host/distinct_files.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string_view>
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

/// What is read from folders: pictures and labelled data. Results of earlier runs may lie beside them.
bool is_read_from_folders(const std::string& name) {
  std::string lower = fs::path(name).filename().string();
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  constexpr std::array<std::string_view, 7> ends = {".png", ".jpg", ".jpeg", ".bin", ".npz", ".gz", "-ubyte"};
  return std::any_of(ends.begin(), ends.end(), [&](std::string_view end) {
    return lower.size() >= end.size() && std::string_view(lower).substr(lower.size() - end.size()) == end;
  });
}

bool lies_below(const std::string& name, const std::string& folder) {
  const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), name.begin(), name.end());
  return end == folder.end() && rest != name.end() && *rest == '/';
}

}  // namespace

void check_outputs_differ(const std::vector<named_file>& outputs, const std::vector<named_file>& inputs) {
  std::map<std::string, std::string> read, written;  // name -> role
  std::map<std::string, std::string> folders;
  std::error_code none;
  for (const named_file& input : inputs) {
    if (fs::is_directory(input.path, none))
      folders.emplace(fs::weakly_canonical(fs::absolute(input.path)).string(), input.role);
    else
      read.emplace(one_name(input.path), input.role);
  }
  const auto refuse = [](const named_file& output, const std::string& role) {
    throw std::runtime_error("cannot write " + output.path + ": " + output.role + " would replace what is read (" +
                             role + ")");
  };
  for (const named_file& output : outputs) {
    const std::string name = one_name(output.path);
    if (name.empty()) continue;
    if (const auto found = read.find(name); found != read.end()) refuse(output, found->second);
    if (is_read_from_folders(name) && fs::exists(name, none))
      for (const auto& [folder, role] : folders)
        if (lies_below(name, folder)) refuse(output, role);
    if (const auto [at, fresh] = written.emplace(name, output.role); !fresh)
      throw std::runtime_error("cannot write " + output.path + ": " + at->second + " and " + output.role +
                               " would be one file; give each a name of its own");
  }
}

}  // namespace ohmic
