#pragma once

#include <string>

#include "sw/compiler/graph/integer_graph.h"

namespace ohmic {

/// The text of the metadata entry `ohmic.calibration` for a calibrated graph: one JSON object, deterministic.
std::string write_calibration(const integer_graph& graph);

/// Fills the calibration fields of an imported graph from that text and sets `calibrated`.
/// Throws import_error (without a file name) for text that is not as CALIBRATED_FORMAT.md says.
void read_calibration(const std::string& text, integer_graph& graph);

/// The text of `ohmic.input` for the graph's conversion of pixels.
std::string write_input(const integer_graph& graph);

/// `ohmic.labels` and `ohmic.input`; throw import_error likewise.
void read_labels(const std::string& text, integer_graph& graph);
void read_input(const std::string& text, integer_graph& graph);

}  // namespace ohmic
