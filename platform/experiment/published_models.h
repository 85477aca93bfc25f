#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sw/compiler/graph/pixel_conversion.h"

namespace ohmic {

/// A published network that is read from a folder of the user's ($OHMIC_DATA) and never part of the project.
struct published_model {
  const char *name, *file, *what, *input;  ///< input: as of --input
};
const std::vector<published_model>& published_models();

/// The table of `ohmic models list`: published networks and those of sw/models, and which of them are there.
std::string model_table();

/// The file of a model by name: published, below $OHMIC_DATA, or of sw/models. Throws missing_file, config_error.
std::string model_file(const std::string& name);
/// It is one that $OHMIC_DATA holds.
bool is_published(const std::string& name);
/// How values become its input; empty: its file says it.
std::optional<pixel_conversion> model_input(const std::string& name);

}  // namespace ohmic
