#pragma once

#include <map>
#include <string>
#include <vector>

#include "platform/energy/activity.h"
#include "platform/energy/coefficients.h"

namespace ohmic {

/// Joules of one block (or stage) and what of it is leakage.
struct energy_part {
  std::string name;
  double dynamic_j = 0, leakage_j = 0;
  double area_mm2 = 0;  ///< of blocks
  double total_j() const { return dynamic_j + leakage_j; }
};

struct stage_energy {
  std::string name;
  std::map<std::string, double> by_block;  ///< joules, leakage included
  double leakage_j = 0;
  double total_j = 0;
};

/// What a coefficient has of the result: the model is linear, so 10 % more of it is 10 % more of its share.
struct coefficient_share {
  std::string key, unit;
  double value = 0;  ///< in its unit, in the chip's node
  double energy_j = 0, area_mm2 = 0;
};

/// Energy and area of a run. blocks sum to total_j, and stages and `unattributed` (unused clusters, network, HBM) do.
struct energy_report {
  double seconds = 0, total_j = 0, leakage_w = 0, area_mm2 = 0;
  unsigned images = 0;
  double macs = 0;
  double programming_j = 0;                              ///< pulses, and reads that verify them; not in total_j
  double calibration_j = 0;                              ///< of crossbars before the reported time, not in total_j
  double crossbars_j = 0;                                ///< of MVMs, leakage not included
  double crossbars_fixed_j = 0, crossbars_in_use_j = 0;  ///< the same by both readings of an MVM's energy
  std::vector<energy_part> blocks;
  std::vector<stage_energy> stages;
  std::map<std::string, double> unattributed;  ///< joules by block
  double unattributed_j = 0;
  std::vector<coefficient_share> sensitivity;  ///< greatest share of energy first, then of area
};

/// Equations and sources: docs/energy.md.
energy_report evaluate_energy(const chip_activity&, const energy_coefficients&);

/// The digital_scale with which this run costs coefficients.fit_mj. Throws config_error if the crossbars and HBM alone
/// cost more, or if there is nothing to scale.
double fit_digital_scale(const chip_activity&, const energy_coefficients&);

}  // namespace ohmic
