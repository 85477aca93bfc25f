#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "ip/ima/pcm/pcm_options.h"
#include "sw/compiler/graph/feature_map.h"
#include "sw/compiler/graph/integer_graph.h"
#include "sw/compiler/hybrid/layer_choice.h"
#include "sw/compiler/reference/analog_chip.h"
#include "sw/compiler/reference/node_executor.h"

namespace ohmic {

/// Images whose classes are known. Both functions may be called by several threads at a time.
struct judged_images {
  std::size_t count = 0;
  std::function<feature_map(std::size_t)> input;
  std::function<int(std::size_t)> label;
};

/// Accuracies of a network for many choices of layers, on the same chips and images for all of them.
///
/// A draw is a chip whose crossbars hold the whole network, in as many copies as anybody asks for; a choice says which
/// of its layers are asked, and how many copies. So devices and their noise are common to all choices of a draw (common
/// random numbers; what a layer has on one crossbar is the first of its copies on two), and what two choices have in
/// common up to the first layer in which they differ is computed once.
class choice_evaluator {
 public:
  /// `analog` is calibrated; its layers on crossbars are the choosable ones. `options.seed` is that of draw 0, the
  /// others follow. Crossbars have `columns` columns, and as many rows as the graph is calibrated for. `threads`: 0: as
  /// many as the process may use; no result depends on it. Throws graph_error for a layer whose constants on cores
  /// have no room.
  choice_evaluator(const integer_graph& analog, unsigned columns, const pcm::pcm_options& options,
                   unsigned threads = 0);

  const std::vector<choosable_layer>& layers() const { return layers_; }

  /// By [choice][draw - first]: which images are answered rightly. `progress` gets images done, of those of all choices
  /// and draws.
  std::vector<std::vector<std::vector<bool>>> right_answers(const std::vector<layer_choice>& choices,
                                                            unsigned first_draw, unsigned draws,
                                                            const judged_images& images,
                                                            const std::function<void(std::size_t)>& progress = {});

 private:
  struct walk;
  using executors = std::vector<node_executor>;  // by node

  void build_chip(unsigned draw, unsigned copies);

  const integer_graph analog_, digital_;
  std::map<unsigned, integer_graph> copied_;  // by copies: all layers, as far as their constants have room
  const unsigned columns_, threads_;
  const pcm::pcm_options options_;
  std::vector<choosable_layer> layers_;
  std::vector<int> layer_of_;  // by node; -1: not choosable
  executors on_cores_;
  struct chip {
    std::unique_ptr<analog_chip> crossbars;
    executors on_crossbars;
  };
  std::map<unsigned, std::map<unsigned, chip>> chips_;  // by draw, then by copies
};

}  // namespace ohmic
