#include "platform/experiment/locations.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

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

}  // namespace

std::string dataflow_firmware() {
  const fs::path folder = executable().parent_path();
  for (const fs::path& candidate : {folder / "firmware", folder.parent_path() / "share/ohmic/firmware"})
    if (fs::is_regular_file(candidate / "dataflow.elf")) return candidate / "dataflow.elf";
  throw missing_file("the firmware " + (folder / "firmware/dataflow.elf").string() +
                     " is missing; build it with `cmake --build --preset release`");
}

std::string model_folder(const std::string& name) {
  fs::path root = from_environment("OHMIC_MODELS");
  if (root.empty()) root = project().empty() ? fs::path(".cache/models") : project() / ".cache/models";
  const fs::path folder = root / name;
  if (!fs::is_regular_file(folder / (name + ".onnx")))
    throw missing_file("model \"" + name + "\": there is no " + (folder / (name + ".onnx")).string() +
                       "; build it with `sw/models/python -m ohmic_models build --model " + name +
                       "` (scripts/run does), or give the path of an ONNX file");
  return folder;
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
