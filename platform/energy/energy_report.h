#pragma once

#include <string>

#include "platform/energy/coefficients.h"
#include "platform/energy/evaluate.h"

namespace ohmic {

/// The section `energy` of summary.json, as text: docs/outputs.md lists its fields.
std::string energy_json(const energy_report&, const energy_coefficients&);

/// A summary.json with this section in it.
std::string with_energy(const std::string& summary, const energy_report&, const energy_coefficients&);

/// The coefficients that the section of a summary.json holds, which read_activity() has taken, with the arguments of
/// --set laid over them. Throws config_error naming `name` if there is none.
energy_coefficients coefficients_of_summary(const std::string& summary, const std::string& name,
                                            const std::vector<std::string>& sets);

/// For a person: blocks, stages, and the coefficients that move the result most.
std::string energy_table(const energy_report&, const energy_coefficients&);

/// Blocks and sums only, for the end of a run's table; the rest is what the command energy is for.
std::string energy_rows(const energy_report&, const energy_coefficients&);

}  // namespace ohmic
