#include "platform/experiment/locations.h"

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>

#include "host/checksum.h"
#include "host/whole_file.h"
#include "platform/experiment/fingerprint.h"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

fs::path executable() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error);
}

/// The project that this program was built in; empty if it stands alone.
fs::path project() {
  const fs::path root = executable().parent_path().parent_path().parent_path();  // <root>/build/<preset>/ohmic
  return fs::is_regular_file(root / "CMakePresets.json") ? root : fs::path();
}

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

/// The first file of a model's folder that is not as .built_from says: "CRC-32 bytes name" in each line but the first.
/// Empty if all are, and for folders that do not say.
std::string damaged_file(const fs::path& folder) {
  std::string stamp;
  try {
    stamp = read_whole_file(folder / ".built_from");
  } catch (const std::runtime_error&) {
    return "";
  }
  std::istringstream lines(stamp);
  std::string line;
  std::getline(lines, line);  // what it was built from
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::uint32_t checksum = 0;
    std::size_t bytes = 0;
    std::string name;
    words >> std::hex >> checksum >> std::dec >> bytes >> std::ws;
    std::getline(words, name);
    const std::string file = (folder / name).string();
    try {
      const std::string content = words.fail() ? "" : read_whole_file(file);
      if (words.fail() || content.size() != bytes || crc32_of(content) != checksum) return file;
    } catch (const std::runtime_error&) {
      return file;
    }
  }
  return "";
}

}  // namespace

std::string dataflow_firmware() {
  const fs::path folder = executable().parent_path();
  for (const fs::path& candidate : {folder / "firmware", folder.parent_path() / "share/ohmic/firmware"})
    if (fs::is_regular_file(candidate / "dataflow.elf")) return candidate / "dataflow.elf";
  throw missing_file("the firmware " + (folder / "firmware/dataflow.elf").string() +
                     " is missing; build it with `cmake --build --preset release`");
}

std::string model_folder(const std::string& name, const std::string& maker) {
  fs::path root = from_environment("OHMIC_MODELS");
  if (root.empty()) root = project().empty() ? fs::path(".cache/models") : project() / ".cache/models";
  const fs::path folder = root / name;
  if (!fs::is_regular_file(folder / (name + ".onnx")))
    throw missing_file("model \"" + name + "\": there is no " + (folder / (name + ".onnx")).string() +
                       "; build it with " + maker + ", or give the path of an ONNX file");
  if (const std::string damaged = damaged_file(folder); !damaged.empty())
    throw missing_file("model \"" + name + "\": " + damaged +
                       " is damaged (not as sw/models wrote it); build it again with " + maker);
  return folder;
}

std::string trained_folder() {
  return project().empty() ? executable().parent_path().parent_path() / "share/ohmic/models"
                           : project() / "sw/models/trained";
}

std::string cache_root() {
  if (const std::string given = from_environment("OHMIC_CACHE"); !given.empty()) return given;
  if (const fs::path root = project(); !root.empty() && access(root.c_str(), W_OK) == 0) return root / ".cache/ohmic";
  if (const std::string xdg = from_environment("XDG_CACHE_HOME"); !xdg.empty()) return fs::path(xdg) / "ohmic";
  if (const std::string home = from_environment("HOME"); !home.empty()) return fs::path(home) / ".cache/ohmic";
  return (fs::temp_directory_path() / "ohmic").string();
}

const std::string& tool_hash() {
  static const std::string digits = fingerprint().add_file(executable()).digits();
  return digits;
}

}  // namespace ohmic
