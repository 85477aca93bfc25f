#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ip/ima/pcm/pcm_options.h"
#include "platform/config/experiment_config.h"
#include "platform/run/exit_code.h"
#include "sw/compiler/hybrid/hybrid_search.h"

namespace ohmic {

struct hybrid_request {
  experiment_config config;        ///< network, chip, mapping policy and layers that are not to be chosen
  std::string model;               ///< file of its network
  std::string data;                ///< labelled data
  std::string calibration;         ///< empty: none
  bool calibration_given = false;  ///< asked for: refused for a network that is calibrated
  std::optional<std::size_t> calibration_images;  ///< of labelled data
  std::size_t skip = 0;                           ///< of the data; the others are shuffled, always in the same way
  std::size_t images = 1000;                      ///< for the search; 0: all
  std::size_t fresh_images = 1000;                ///< others, as far as there are, for the judgement
  std::vector<double> thresholds;                 ///< shares, ascending
  double confidence = 0.9;                        ///< of method ohmic, that other chips and images hold them, too
  std::vector<std::string> methods;
  std::string retrain;  ///< program that trains anew after each conversion of method lionheart; empty: none
  tie_order ties = tie_order::network;
  pcm::pcm_options analog;  ///< its seed is that of the first draw of the search
  unsigned draws = 20, fresh_draws = 20;
  bool simulate = true;
  bool quiet = false;
  std::string out;   ///< folder for the networks; empty: none
  std::string json;  ///< file; empty: none
};

/// `ohmic hybrid`: decides for each layer of a network whether it runs on crossbars or on cores, so that the loss of
/// accuracy stays below a threshold so long after programming; by each method and for each threshold. Judges what was
/// found by other chips and images, and simulates it on the experiment's chip. Prints a table, writes calibrated
/// networks and JSON. The code tells if a simulation failed or gave other logits than the integer reference. Throws
/// what the parts throw for a user's mistake.
exit_code choose_layers(const hybrid_request& request);

}  // namespace ohmic
