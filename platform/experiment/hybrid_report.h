#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "platform/experiment/choice_simulations.h"
#include "platform/experiment/network.h"
#include "sw/compiler/hybrid/drawn_accuracy.h"
#include "sw/compiler/hybrid/hybrid_search.h"
#include "sw/compiler/hybrid/layer_choice.h"

namespace ohmic {

struct hybrid_request;

/// A choice of layers and what is known of it.
struct hybrid_row {
  std::string method;
  double threshold = 0;  ///< 0: none, for comparison
  layer_choice choice;
  std::shared_ptr<const prepared_network> net;  ///< trained again for the choice; none: the network as it was
  bool holds = false;                           ///< the threshold, on the chips and images of the search
  drawn_accuracy search, fresh;                 ///< there, and on chips and images that nothing was chosen by
  std::size_t choices = 0;                      ///< that were looked at
  std::size_t evaluations = 0;  ///< for this row alone; what earlier rows had asked for is not asked again
  double expected_cycles = 0;   ///< of a batch; infinity: it does not fit the chip
  std::optional<simulated_choice> simulated;
  std::vector<hybrid_step> alternatives;  ///< that the method found, until simulations have chosen
};

struct hybrid_report {
  std::string model;
  std::vector<choosable_layer> layers;
  bool with_float = false;  ///< else losses are against int8 without ADCs
  std::size_t search_images = 0, fresh_images = 0;
  bool fresh_images_differ = true;            ///< from those of the search
  double reference = 0, fresh_reference = 0;  ///< shares right without crossbars
  std::vector<hybrid_row> rows;               ///< the last two: all on cores, all on crossbars
  std::string unmappable;                     ///< why a choice did not fit the chip; empty: all did
  std::size_t evaluations = 0;                ///< networks run on an image of one chip
  double evaluation_seconds = 0;
  unsigned simulated_images = 0;
  bool simulations_right = true;  ///< each ended well, with the reference's logits
};

/// Rows that no other one beats in fresh accuracy, batch time, time between images, and energy where it is known.
std::vector<bool> pareto_front(const hybrid_report& report);

std::string hybrid_table(const hybrid_report& report, const hybrid_request& request);
std::string hybrid_json(const hybrid_report& report, const hybrid_request& request);
/// The key `layers` of an experiment.
std::string layers_yaml(const hybrid_report& report, const hybrid_row& row);

}  // namespace ohmic
