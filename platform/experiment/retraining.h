#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ip/ima/pcm/pcm_options.h"
#include "platform/experiment/choice_store.h"
#include "platform/experiment/network.h"
#include "sw/compiler/hybrid/hybrid_search.h"

namespace ohmic {

/// Trains a network again for the layers that a choice puts on crossbars, with a program of the user's:
///
///     SCRIPT FROM.onnx TO.onnx ON_CROSSBARS ON_CORES
///
/// FROM is calibrated; the others name layers, separated by commas. TO is to be the same network with other weights,
/// calibrated as well. Everything that the program prints goes to stderr. It runs in the present folder, and may keep
/// what it goes on from beside TO, whose folder stays until it has ended well. What it made is cached by script,
/// FROM and choice.
class retrainer {
 public:
  /// Throws config_error if the script is no file that can be run.
  explicit retrainer(std::string script);

  /// Throws config_error, with the script's name, if it fails or makes another network.
  std::unique_ptr<prepared_network> run(const prepared_network& from, const std::string& from_bytes,
                                        const std::vector<choosable_layer>& layers, const layer_choice& choice) const;

 private:
  const std::string script_;
};

/// What choices are worth after retraining, one conversion after the other, as LionHeart does it: each starts from the
/// weights of the choice with most layers that are all in it and that held the threshold; all on cores are the network
/// as it was.
class retrained_accuracy : public accuracy_source {
 public:
  /// Makes what evaluates a network: its store of answers (which keeps a reference to the evaluator beside it).
  struct judge {
    std::unique_ptr<choice_evaluator> evaluator;
    std::unique_ptr<choice_store> store;
  };
  using make_judge = std::function<judge(const prepared_network&)>;

  retrained_accuracy(const retrainer& script, std::shared_ptr<const prepared_network> original,
                     std::vector<choosable_layer> layers, const hybrid_problem& problem, make_judge make);

  std::vector<drawn_accuracy> accuracies(const std::vector<layer_choice>& choices, unsigned draws) override;

  /// The weights of a choice that was asked for.
  std::shared_ptr<const prepared_network> network_of(const layer_choice& choice) const;
  /// Networks run on an image of one chip, and the seconds that took.
  std::size_t evaluations() const;
  double seconds() const;

 private:
  struct known {
    std::shared_ptr<const prepared_network> net;
    judge by;
    bool holds = false;
  };
  known& at(const layer_choice& choice);

  const retrainer& script_;
  const std::vector<choosable_layer> layers_;
  const hybrid_problem& problem_;
  const make_judge make_;
  std::map<layer_choice, known> known_;
};

}  // namespace ohmic
