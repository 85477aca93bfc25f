#include "sw/compiler/calibrate/calibrate.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>

#include "sw/compiler/graph/digital_rows.h"
#include "sw/compiler/graph/exact_sums.h"
#include "sw/compiler/graph/split_layer.h"
#include "sw/compiler/reference/column_sums.h"
#include "sw/compiler/reference/fit_scale.h"
#include "sw/compiler/reference/node_executor.h"
#include "sw/compiler/reference/work_sharing.h"

namespace ohmic {
namespace {

constexpr unsigned most_shift = 30;
constexpr std::int64_t most_row_sets = 255;  // their codes are added in 16 bits

using counts = std::vector<std::uint64_t>;  ///< how often each |partial sum| occurs

[[noreturn]] void fail(const graph_node& node, const std::string& text) {
  throw graph_error("node '" + node.name + "': " + text);
}

unsigned shift_for(const graph_node& node, double x) {
  const unsigned s = fit_shift(x);
  if (s == 0) fail(node, "ratio of scales " + std::to_string(x) + " is too large for a 15-bit multiplier");
  return s;
}

/// The largest |partial sum| that any input can give.
std::int64_t largest_sum(const crossbar_layer& layer) {
  std::int64_t largest = 0;
  for (const row_set& set : layer.row_sets)
    for (int o = 0; o < layer.out_channels; ++o) {
      std::int64_t sum = 0;
      for (int row = 0; row < set.rows(layer.window.size_x); ++row)
        sum += std::abs(int{layer.weight(set, row, o)}) * 128;
      largest = std::max(largest, sum);
    }
  return largest;
}

counts count_sums(const crossbar_layer& layer, const graph_tensor& out, const std::vector<feature_map>& inputs,
                  unsigned threads) {
  const column_sums sums(layer, layer.row_sets, layer.in_channels);
  const std::size_t size = static_cast<std::size_t>(largest_sum(layer)) + 1;
  threads = static_cast<unsigned>(std::min<std::size_t>(threads, inputs.size()));
  std::vector<counts> partial(threads);
  share_work(threads, threads, [&](std::size_t share) {
    counts& mine = partial[share];
    mine.assign(size, 0);
    column_sums::workspace space;
    for (std::size_t i = share; i < inputs.size(); i += threads) {
      sums.take(inputs[i], out.width, out.height, space);
      for (int set = 0; set < sums.sets(); ++set)
        for (int x = 0; x < out.width; ++x) {
          const std::int32_t* column = sums.run(set, x, out.height, space);
          for (int y = 0; y < out.height; ++y, column += sums.stride())
            for (int c = 0; c < out.channels; ++c) ++mine[static_cast<std::size_t>(std::abs(column[c]))];
        }
    }
  });
  for (unsigned t = 1; t < threads; ++t)
    std::transform(partial[0].begin(), partial[0].end(), partial[t].begin(), partial[0].begin(), std::plus<>());
  return std::move(partial[0]);
}

/// The smallest value that 99.99 % of the counted ones do not exceed.
std::int64_t p9999(const counts& histogram) {
  std::uint64_t total = 0, below = 0;
  for (std::uint64_t n : histogram) total += n;
  const std::uint64_t enough = (9999 * total + 9999) / 10000;
  for (std::size_t v = 0; v < histogram.size(); ++v)
    if ((below += histogram[v]) >= enough) return static_cast<std::int64_t>(v);
  return 0;
}

void set_adc(crossbar_layer& layer, std::int64_t p) {
  const double inverse = p == 0 ? 1.0 : std::min(1.0, 127.0 / static_cast<double>(p));
  layer.adc.s = fit_shift(inverse);
  layer.adc.m = static_cast<std::int32_t>(scaled(inverse, layer.adc.s));
}

void set_requantise(graph_node& node, double input_scale, double output_scale) {
  crossbar_layer& layer = node.layer();
  requantise_constants& r = layer.requantise;
  const double lsb = std::ldexp(1.0, static_cast<int>(layer.adc.s)) / layer.adc.m;
  std::vector<double> ratios;
  for (float weight_scale : layer.weight_scale) ratios.push_back(input_scale * weight_scale * lsb / output_scale);
  // Large biases take bits from the multipliers: the sum of both must fit 32 bits.
  const double codes = 128.0 * static_cast<double>(layer.row_sets.size());
  std::size_t too_large = 0;
  for (r.s = shift_for(node, *std::max_element(ratios.begin(), ratios.end())); r.s >= 1; --r.s) {
    const double unit = std::ldexp(1.0, static_cast<int>(r.s));
    const double rounding = node.kind() == node_kind::logits ? 0 : unit / 2;
    bool fits = true;
    r.m.clear();
    r.b.clear();
    for (std::size_t c = 0; c < ratios.size() && fits; ++c) {
      const std::int64_t m = scaled(ratios[c], r.s);
      const double b = std::rint(layer.bias[c] * input_scale * layer.weight_scale[c] / output_scale * unit) + rounding;
      fits = std::abs(b) + codes * static_cast<double>(m) <= std::numeric_limits<std::int32_t>::max();
      too_large = c;
      if (!fits) break;
      r.m.push_back(static_cast<std::int16_t>(m));
      r.b.push_back(static_cast<std::int32_t>(b));
    }
    if (fits) return;
  }
  fail(node, "the bias of channel " + std::to_string(too_large) + " does not fit 32 bits after scaling");
}

/// The same for exact sums: s is as large as 15 bits of m and 32 bits of the kernels' arithmetic allow.
void set_exact_requantise(graph_node& node, double input_scale, double output_scale) {
  crossbar_layer& layer = node.layer();
  requantise_constants& r = layer.requantise;
  const std::vector<std::int64_t> largest = largest_sums(layer);
  std::vector<double> ratios;
  for (float weight_scale : layer.weight_scale) ratios.push_back(input_scale * weight_scale / output_scale);
  const bool logits = node.kind() == node_kind::logits;
  std::size_t too_large = 0;
  for (r.s = shift_for(node, *std::max_element(ratios.begin(), ratios.end())); r.s >= 1; --r.s) {
    const double unit = std::ldexp(1.0, static_cast<int>(r.s));
    r.m.clear();
    r.b.clear();
    for (std::size_t c = 0; c < ratios.size(); ++c) {
      const std::int64_t m = scaled(ratios[c], r.s);
      const double b = std::rint(layer.bias[c] * input_scale * layer.weight_scale[c] / output_scale * unit) +
                       (logits ? 0 : unit / 2);
      const double most = std::numeric_limits<std::int32_t>::max();
      too_large = c;
      if (std::abs(b) > most) break;
      const bool fits = logits ? static_cast<double>(largest[c]) * static_cast<double>(m) + std::abs(b) <= most
                               : sum_limit(m, static_cast<std::int64_t>(b), r.s, largest[c]).has_value();
      if (!fits) break;
      r.m.push_back(static_cast<std::int16_t>(m));
      r.b.push_back(static_cast<std::int32_t>(b));
    }
    if (r.m.size() == ratios.size()) return;
  }
  fail(node, "the sums and the bias of channel " + std::to_string(too_large) + " do not fit 32 bits after scaling");
}

void make_digital(const integer_graph& graph, graph_node& node) {
  node.layer().digital = true;
  node.layer().adc = {};
  node.layer().row_sets.clear();
  set_exact_requantise(node, graph.tensors[node.inputs[0]].scale,
                       node.kind() == node_kind::logits ? 1.0 : static_cast<double>(graph.tensors[node.output].scale));
}

void calibrate_node(integer_graph& graph, graph_node& node, const std::vector<std::vector<feature_map>>& maps,
                    unsigned threads) {
  const auto scale = [&](int input) -> double { return graph.tensors[node.inputs[input]].scale; };
  const graph_tensor& out = graph.tensors[node.output];
  if (node.has_layer() && node.layer().digital) {
    make_digital(graph, node);
  } else if (node.on_crossbar()) {
    crossbar_layer& l = node.layer();
    try {
      l.row_sets = split_rows(l.in_channels, l.window.size_x, l.window.size_y, graph.rows);
    } catch (const graph_error& e) {
      fail(node, e.what());
    }
    set_adc(l, p9999(count_sums(l, out, maps[node.inputs[0]], threads)));
    set_requantise(node, scale(0), node.kind() == node_kind::logits ? 1.0 : out.scale);
  } else if (node.kind() == node_kind::add) {
    node.add().s = shift_for(node, std::max(scale(0), scale(1)) / out.scale);
    node.add().a = static_cast<std::int32_t>(scaled(scale(0) / out.scale, node.add().s));
    node.add().b = static_cast<std::int32_t>(scaled(scale(1) / out.scale, node.add().s));
  } else if (node.kind() == node_kind::average_pool) {
    const graph_tensor& in = graph.tensors[node.inputs[0]];
    const std::int64_t pixels = pixels_of_average(node.average(), in);
    const double ratio = scale(0) / out.scale / static_cast<double>(pixels);
    node.average().s = fit_average_shift(ratio, pixels);
    if (node.average().s == 0)
      fail(node, "the average of " + std::to_string(pixels) + " pixels, scaled by " +
                     std::to_string(scale(0) / out.scale) +
                     ", cannot be computed to half a step in 32 bits: too many pixels or too large a scale");
    node.average().m = static_cast<std::int32_t>(scaled(ratio, node.average().s));
  }
}

}  // namespace

integer_graph calibrate(integer_graph graph, const std::vector<feature_map>& images, const calibration_options& options,
                        const calibration_progress& progress) {
  if (images.empty()) throw graph_error("calibration needs at least one image");
  for (const feature_map& image : images)
    if (image.channels != graph.input().channels || image.height != graph.input().height ||
        image.width != graph.input().width)
      throw graph_error("a calibration image does not have the size of the network's input");
  const unsigned threads = options.threads ? options.threads : usable_processors();
  std::vector<std::string> names;
  for (const graph_node& node : graph.nodes) names.push_back(node.name);
  for (const std::string& name : names) put_rows_back(graph, name);
  std::set<std::string> unknown = options.digital;
  unknown.insert(options.analog.begin(), options.analog.end());
  for (graph_node& node : graph.nodes) {
    if (!node.has_layer()) continue;
    node.layer().digital =
        options.digital.count(node.name) != 0 || (node.layer().depthwise() && options.analog.count(node.name) == 0);
    unknown.erase(node.name);
  }
  if (!unknown.empty()) throw graph_error("there is no layer '" + *unknown.begin() + "' that could be digital");
  graph.rows = options.rows;
  graph.calibration_images = static_cast<int>(images.size());

  std::vector<std::vector<feature_map>> maps(graph.tensors.size());  // [tensor][image], while somebody reads them
  std::vector<std::size_t> readers;
  for (const graph_tensor& t : graph.tensors) readers.push_back(t.consumers.size());
  maps[graph.nodes.front().output] = images;
  const int nodes = static_cast<int>(graph.nodes.size());
  for (int n = 1; n < nodes; ++n) {
    graph_node& node = graph.nodes[n];
    if (progress) progress(node.name, n, nodes - 1);
    calibrate_node(graph, node, maps, threads);
    if (node.kind() == node_kind::logits) break;
    const node_executor executor(graph, n, reference_mode::adc);
    std::vector<feature_map>& results = maps[node.output];
    results.resize(images.size());
    share_work(images.size(), threads, [&](std::size_t i) {
      std::vector<const feature_map*> inputs;
      for (int t : node.inputs) inputs.push_back(&maps[t][i]);
      results[i] = executor.apply(inputs);
    });
    for (int t : node.inputs)
      if (--readers[t] == 0) maps[t] = {};
  }
  graph.calibrated = true;
  check_graph(graph);
  return graph;
}

integer_graph put_on_cores(integer_graph graph, const std::set<std::string>& layers) {
  std::set<std::string> unknown = layers;
  for (const std::string& name : layers) put_rows_back(graph, name);
  for (graph_node& node : graph.nodes) {
    if (!node.has_layer() || unknown.erase(node.name) == 0 || node.layer().digital) continue;
    make_digital(graph, node);
  }
  if (!unknown.empty()) throw graph_error("there is no layer '" + *unknown.begin() + "' that could run on cores");
  check_graph(graph);
  return graph;
}

integer_graph split_columns(integer_graph graph, const std::map<std::string, int>& channels) {
  for (const auto& [name, analog] : channels) {
    const auto node = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                   [&, wanted = &name](const graph_node& n) { return n.name == *wanted; });
    if (node == graph.nodes.end() || !node->has_layer())
      throw graph_error("there is no layer '" + name + "' that could be split");
    if (node->kind() == node_kind::logits)
      fail(*node, "makes the network's outputs, which have one scale, and cannot be split");
    const crossbar_layer& layer = node->layer();
    if (layer.digital) fail(*node, "runs on cores and cannot be split");
    if (layer.groups != 1) fail(*node, "has " + std::to_string(layer.groups) + " groups and cannot be split");
    if (rows_on_cores(*node) != 0) fail(*node, "has row sets on cores and cannot be split");
    const int all = layer.out_channels;
    if (analog < 1 || analog >= all)
      fail(*node, std::to_string(analog) + " of its channels on crossbars; it has " + std::to_string(all) +
                      ", of which at least one runs there and one on cores");
    split_layer(graph, name, {analog, all});
    for (graph_node& slice : graph.nodes)
      if (slice.name == name + "[" + std::to_string(analog) + ":" + std::to_string(all) + "]") {
        make_digital(graph, slice);
      }
  }
  check_graph(graph);
  return graph;
}

integer_graph put_rows_on_cores(integer_graph graph, const std::map<std::string, std::size_t>& sets) {
  for (const auto& [name, count] : sets) {
    put_rows_back(graph, name);
    const auto node = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                   [&, wanted = &name](const graph_node& n) { return n.name == *wanted; });
    if (node == graph.nodes.end() || !node->has_layer() || node->kind() == node_kind::codes)
      throw graph_error("there is no layer '" + name + "' with row sets");
    const crossbar_layer& layer = node->layer();
    const auto refuse = [&](const std::string& why) { fail(*node, why + ": none of its row sets can run on cores"); };
    if (layer.digital) refuse("runs on cores as a whole");
    if (layer.groups != 1) refuse("has " + std::to_string(layer.groups) + " groups");
    if (layer.copies() != 1) refuse("has copies of its crossbars");
    const std::size_t all = layer.row_sets.size();
    if (all == 1) refuse("has one row set");
    if (count < 1 || count >= all)
      fail(*node, std::to_string(count) + " of its row sets on cores; it has " + std::to_string(all) +
                      ", of which at least one runs there and one on a crossbar");
    put_rows_on_cores(graph, name, count);
  }
  check_graph(graph);
  return graph;
}

unsigned most_copies(const crossbar_layer& layer, unsigned most) {
  if (layer.digital) return 1;
  const requantise_constants& r = layer.requantise;
  const auto sets = static_cast<std::int64_t>(layer.row_sets.size());
  const auto fits = [&](unsigned copies, unsigned more_shift) {
    constexpr std::int64_t greatest = std::numeric_limits<std::int32_t>::max();
    if (copies * sets > most_row_sets || r.s + more_shift > most_shift) return false;
    for (std::size_t c = 0; c < r.m.size(); ++c)
      if (copies * (std::abs(std::int64_t{r.b[c]}) + 128 * sets * r.m[c]) > greatest) return false;
    return true;
  };
  unsigned copies = 1;
  for (unsigned shift = 1; 2 * copies <= most && fits(2 * copies, shift); ++shift) copies *= 2;
  return copies;
}

integer_graph copy_layers(integer_graph graph, const std::map<std::string, unsigned>& copies) {
  std::map<std::string, unsigned> unknown = copies;
  for (graph_node& node : graph.nodes) {
    const auto named = node.has_layer() ? unknown.find(node.name) : unknown.end();
    if (named == unknown.end()) continue;
    const unsigned wanted = named->second;
    unknown.erase(named);
    crossbar_layer& l = node.layer();
    if (l.digital || l.copies() != 1) fail(node, l.digital ? "runs on cores" : "has copies of its crossbars already");
    if (rows_on_cores(node) != 0) fail(node, "has row sets on cores, and no copies beside");
    if (wanted == 0 || (wanted & (wanted - 1)) != 0)
      fail(node, std::to_string(wanted) + " copies; a power of two is expected");
    if (const unsigned room = most_copies(l, wanted); room < wanted)
      fail(node, "its constants have room for " + std::to_string(room) + (room == 1 ? " copy" : " copies") +
                     " of its crossbars, and " + std::to_string(wanted) + " are asked for");
    const std::vector<row_set> sets = l.row_sets;
    for (unsigned done = 1; done < wanted; done *= 2) ++l.requantise.s;
    for (std::int32_t& b : l.requantise.b) b *= static_cast<std::int32_t>(wanted);
    for (unsigned copy = 1; copy < wanted; ++copy) l.row_sets.insert(l.row_sets.end(), sets.begin(), sets.end());
  }
  if (!unknown.empty()) throw graph_error("there is no layer '" + unknown.begin()->first + "' to be copied");
  check_graph(graph);
  return graph;
}

}  // namespace ohmic
