#include "sw/compiler/hybrid/choice_evaluator.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "sw/compiler/calibrate/calibrate.h"
#include "sw/compiler/reference/work_sharing.h"

namespace ohmic {
namespace {

/// Programmed crossbars take a moment to make and 200 kB each: so many are kept.
constexpr std::size_t kept_crossbars = 2048;

std::set<std::string> names_of(const std::vector<choosable_layer>& layers) {
  return layers_on_cores(layers, layer_choice(layers.size(), false));
}

}  // namespace

/// One image on one chip, choice after choice. Maps that the next choice has in common with the last one are kept.
struct choice_evaluator::walk {
  const choice_evaluator& all;
  const std::map<unsigned, chip>& crossbars;  // by copies
  const unsigned image;
  std::vector<feature_map> maps;  // by tensor
  layer_choice last;

  /// The class of the greatest logit.
  int answer(const layer_choice& choice) {
    const integer_graph& graph = all.analog_;
    std::vector<bool> changed(graph.tensors.size(), last.empty());
    int found = 0;
    for (std::size_t n = 1; n < graph.nodes.size(); ++n) {
      const graph_node& node = graph.nodes[n];
      const int layer = all.layer_of_[n];
      bool again = layer >= 0 && !last.empty() && last[std::size_t(layer)] != choice[std::size_t(layer)];
      std::vector<const feature_map*> inputs;
      for (const int t : node.inputs) {
        again = again || changed[std::size_t(t)];
        inputs.push_back(&maps[std::size_t(t)]);
      }
      const unsigned copies = layer >= 0 ? choice[std::size_t(layer)] : 0;
      const node_executor& by = copies > 0 ? crossbars.at(copies).on_crossbars[n] : all.on_cores_[n];
      if (node.kind() == node_kind::logits) {
        const auto logits = by.logits(inputs, image);
        found = static_cast<int>(std::max_element(logits.begin(), logits.end()) - logits.begin());
      } else if (again) {
        maps[std::size_t(node.output)] = by.apply(inputs, image);
        changed[std::size_t(node.output)] = true;
      }
    }
    last = choice;
    return found;
  }
};

choice_evaluator::choice_evaluator(const integer_graph& analog, unsigned columns, const pcm::pcm_options& options,
                                   unsigned threads)
    : analog_(analog),
      digital_(put_on_cores(analog, names_of(choosable_layers(analog)))),
      columns_(columns),
      threads_(threads),
      options_(options),
      layers_(choosable_layers(analog)) {
  int next = 0;
  for (std::size_t n = 0; n < analog_.nodes.size(); ++n) {
    layer_of_.push_back(analog_.nodes[n].on_crossbar() ? next++ : -1);
    // Codes that cores make for a layer are not in the network where the whole layer runs on cores.
    const auto there = std::find_if(digital_.nodes.begin(), digital_.nodes.end(),
                                    [&](const graph_node& node) { return node.name == analog_.nodes[n].name; });
    if (there != digital_.nodes.end())
      on_cores_.emplace_back(digital_, static_cast<int>(there - digital_.nodes.begin()), reference_mode::adc);
    else
      on_cores_.emplace_back(analog_, static_cast<int>(n), reference_mode::adc);
  }
}

void choice_evaluator::build_chip(unsigned draw, unsigned copies) {
  chip& c = chips_[draw][copies];
  if (c.crossbars) return;
  const auto [found, is_new] = copied_.try_emplace(copies);
  const integer_graph& graph = found->second;
  if (is_new) {
    layer_choice choice;
    for (const choosable_layer& layer : layers_)
      choice.push_back(static_cast<std::uint8_t>(std::min(copies, layer.most_copies)));
    found->second = graph_of(analog_, layers_, choice);
  }
  pcm::pcm_options options = options_;
  options.seed += draw;
  c.crossbars = std::make_unique<analog_chip>(graph, crossbars_without_mapping(graph, columns_),
                                              static_cast<unsigned>(graph.rows), columns_, options, threads_);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n)
    c.on_crossbars.emplace_back(graph, static_cast<int>(n), reference_mode::adc, c.crossbars.get());
}

std::vector<std::vector<std::vector<bool>>> choice_evaluator::right_answers(
    const std::vector<layer_choice>& choices, unsigned first_draw, unsigned draws, const judged_images& images,
    const std::function<void(std::size_t)>& progress) {
  // Neighbours in this order share the most.
  std::vector<std::size_t> order(choices.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return choices[a] < choices[b]; });

  std::set<unsigned> copies;
  for (const layer_choice& choice : choices)
    for (const unsigned of_layer : choice)
      if (of_layer > 0) copies.insert(of_layer);

  std::vector<std::vector<std::vector<bool>>> right(choices.size(), std::vector<std::vector<bool>>(draws));
  for (unsigned d = 0; d < draws; ++d) {
    for (const unsigned n : copies) build_chip(first_draw + d, n);
    const std::map<unsigned, chip>& crossbars = chips_[first_draw + d];
    std::vector<std::vector<char>> found(choices.size(), std::vector<char>(images.count));  // threads share no byte
    share_work(
        images.count, threads_,
        [&](std::size_t i) {
          walk w{*this, crossbars, static_cast<unsigned>(i), std::vector<feature_map>(analog_.tensors.size()), {}};
          w.maps[std::size_t(analog_.nodes.front().output)] = images.input(i);
          for (const std::size_t c : order) found[c][i] = w.answer(choices[c]) == images.label(i) ? 1 : 0;
        },
        [&](std::size_t done) {
          if (progress) progress((d * images.count + done) * choices.size());
        });
    for (std::size_t c = 0; c < choices.size(); ++c) right[c][d].assign(found[c].begin(), found[c].end());
    std::size_t kept = 0;
    for (const auto& [draw, by_copies] : chips_)
      for (const auto& [n, c] : by_copies) kept += c.crossbars->crossbars();
    if (kept > kept_crossbars) chips_.erase(first_draw + d);
  }
  return right;
}

}  // namespace ohmic
