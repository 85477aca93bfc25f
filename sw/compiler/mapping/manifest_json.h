#pragma once

#include <nlohmann/json.hpp>

#include "sw/compiler/mapping/deployment_image.h"

namespace ohmic {

/// Everything of a deployment but its binary images, as the manifest shows it.
nlohmann::ordered_json manifest_of(const deployment& what);

/// The inverse. Throws nlohmann::json::exception if a key is missing or of the wrong type.
void read_manifest(const nlohmann::ordered_json& manifest, deployment& what);

}  // namespace ohmic
