#pragma once

#include <map>
#include <string>
#include <vector>

#include "platform/config/config_tree.h"

namespace ohmic {

/// A published figure, and what it is worth in the node of the chip.
struct coefficient {
  double published = 0;  ///< in `unit`, in the node of its source
  std::string unit;      ///< "pj", "mm2", "mw_per_mm2" or "mw"
  double factor = 1;     ///< to the node of the chip
  std::string source;
  double value() const { return published * factor; }
};

/// Everything that energy and area of a run are computed by, from a file of configs/energy. Units are SI here.
struct energy_coefficients {
  std::string name;
  double node_nm = 0, volts = 0;  ///< of the chip
  bool fixed_mvm = false;         ///< every MVM costs ima.mvm_full; else by rows, columns and cells in use
  double digital_scale = 1;       ///< factor of all energy but that of the crossbars and HBM
  double fit_mj = 0;              ///< what digital_scale is fitted to (fit_digital_scale()); 0: it is not
  std::map<std::string, coefficient> of;
  config_node tree;  ///< as read, --set included

  /// Joules per event, watts, watts per mm2, or mm2. The key must exist.
  double operator()(const std::string& key) const;
};

/// Reads and checks a file, with the arguments of --set laid over it. Throws config_error with every mistake (unknown
/// and missing coefficients, values out of range, scaling without the node that it needs), each naming its key.
energy_coefficients load_coefficients(const std::string& path, const std::vector<std::string>& sets = {});

/// The same from YAML or JSON text; `name` stands for it in messages.
energy_coefficients parse_coefficients(const std::string& text, const std::string& name,
                                       const std::vector<std::string>& sets = {});

}  // namespace ohmic
