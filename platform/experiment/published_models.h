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

/// The table of `ohmic models list`: networks of sw/models, trained ones of the project with their accuracy, published
/// ones, from packages or the user's folder; and which of them are there.
std::string model_table();

/// The file of a model by name: built by sw/models, trained by sw/models/train, or published and made by sw/models of a
/// package or below $OHMIC_DATA.
/// Throws missing_file, config_error.
std::string model_file(const std::string& name);
/// It is one that `ohmic_models build` makes, with its photographs beside it.
bool is_built(const std::string& name);
/// How values become its input; empty: its file says it.
std::optional<pixel_conversion> model_input(const std::string& name);

}  // namespace ohmic
