#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace ohmic {

/// Folder of an example network ("resnet_tiny") with the numpy reference's values, if it is built: under
/// $OHMIC_MODELS, else where the test example_networks makes it.
inline std::optional<std::string> example_network(const std::string& name) {
  const char* chosen = std::getenv("OHMIC_MODELS");
  const std::string folder = std::string(chosen ? chosen : OHMIC_EXAMPLE_NETWORKS) + "/" + name;
  if (!std::filesystem::exists(folder + "/" + name + "_calibrated.onnx")) return std::nullopt;
  return folder;
}

}  // namespace ohmic
