#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace ohmic {

/// Folder of a built example network ("resnet_tiny"), if `sw/models` has built it: under $OHMIC_MODELS, else
/// under the folder the build was configured with (build/models).
inline std::optional<std::string> example_network(const std::string& name) {
  const char* chosen = std::getenv("OHMIC_MODELS");
  const std::string folder = std::string(chosen ? chosen : OHMIC_MODELS) + "/" + name;
  if (!std::filesystem::exists(folder + "/" + name + "_calibrated.onnx")) return std::nullopt;
  return folder;
}

}  // namespace ohmic
