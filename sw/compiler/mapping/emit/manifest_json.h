#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "sw/compiler/mapping/emit/deployment_image.h"

namespace ohmic {

/// Everything of a deployment but its binary images, as the manifest shows it.
nlohmann::ordered_json manifest_of(const deployment& what);

/// A manifest whose values cannot be.
struct manifest_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A number of the manifest that counts something: throws manifest_error if it is no integer from 0 to 2^64 - 1.
std::uint64_t whole_number(const nlohmann::ordered_json& number);

/// The inverse. Throws nlohmann::json::exception if a key is missing or of the wrong type, manifest_error if a number
/// does not fit.
void read_manifest(const nlohmann::ordered_json& manifest, deployment& what);

}  // namespace ohmic
