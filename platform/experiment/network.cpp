#include "platform/experiment/network.h"

#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "host/output_file.h"
#include "host/output_folder.h"
#include "platform/experiment/cache_entry.h"
#include "platform/experiment/fingerprint.h"
#include "platform/experiment/locations.h"
#include "platform/run/progress.h"
#include "sw/compiler/calibrate/calibrate.h"
#include "sw/compiler/images/image.h"
#include "sw/compiler/onnx/import_onnx.h"
#include "sw/compiler/reference/work_sharing.h"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

/// The layers that are chosen to run on cores, or do if nothing is said. Throws graph_error for a name that no layer
/// has.
std::set<std::string> digital_layers(const integer_graph& graph, const std::map<std::string, bool>& choice) {
  const auto others = choice.find("*");
  std::set<std::string> known = {"*"}, digital;
  for (const graph_node& node : graph.nodes) {
    if (!node.has_layer()) continue;
    known.insert(node.name);
    const auto named = choice.find(node.name);
    const bool by_default = others != choice.end() ? others->second : node.layer().depthwise();
    if (named != choice.end() ? named->second : by_default) digital.insert(node.name);
  }
  std::string names;
  for (const std::string& name : known)
    if (name != "*") names += (names.empty() ? "" : ", ") + name;
  for (const auto& [name, where] : choice)
    if (known.count(name) == 0)
      throw graph_error("layers: network '" + graph.name + "' has no layer '" + name + "'; there are: " + names);
  return digital;
}

/// What a file was calibrated with cannot be chosen anew.
void check_choice(const network& n, const std::map<std::string, bool>& choice) {
  const std::set<std::string> asked = digital_layers(n.graph, choice);
  for (const graph_node& node : n.graph.nodes) {
    if (!node.has_layer() || (choice.count(node.name) == 0 && choice.count("*") == 0)) continue;
    if (node.layer().digital != (asked.count(node.name) != 0))
      throw graph_error("layers: " + n.file + " is calibrated with layer '" + node.name + "' " +
                        (node.layer().digital ? "digital" : "analog") + ", which cannot be chosen anew");
  }
}

integer_graph calibrate_with(integer_graph graph, const std::string& images, unsigned rows, unsigned threads,
                             std::set<std::string> digital, bool quiet) {
  const std::vector<std::string> files = list_images(images);
  std::vector<feature_map> maps(files.size());
  const image_quantiser quantiser(graph);
  share_work(files.size(), threads, [&](std::size_t i) { maps[i] = quantiser.load(files[i]); });
  progress meter("calibrating " + graph.name, quiet);
  calibration_options options;
  options.rows = static_cast<int>(rows);
  options.threads = threads;
  for (const graph_node& node : graph.nodes)
    if (node.has_layer() && digital.count(node.name) == 0) options.analog.insert(node.name);
  options.digital = std::move(digital);
  return calibrate(std::move(graph), maps, options,
                   [&](const std::string& node, int position, int nodes) { meter.update(position - 1, nodes, node); });
}

/// The network of a file, with what makes its input of pictures.
integer_graph import_with_pixels(const std::string& file, const std::optional<pixel_conversion>& given) {
  integer_graph graph = import_onnx(file);
  if (const std::string note = settle_pixels(graph, given, file); !note.empty())
    std::fprintf(stderr, "ohmic: note: %s\n", note.c_str());
  return graph;
}

}  // namespace

network load_network(const experiment_config& config, bool quiet) {
  network n;
  if (config.model_is_file) {
    n.file = config.model;
  } else {
    n.folder = model_folder(config.model);
    n.file = (fs::path(n.folder) / (config.model + ".onnx")).string();
  }
  n.graph = import_with_pixels(n.file, config.input);
  const std::string name = n.graph.name;
  n.hash = fingerprint().add_file(n.file).digits();
  if (n.graph.calibrated) {
    check_choice(n, config.digital_layers);
    return n;
  }

  const std::string& given = config.images.calibration;
  const fs::path images = given.empty() ? fs::path(n.file).parent_path() / "calibration" : fs::path(given);
  if (given.empty() && !fs::is_directory(images))
    throw missing_file(n.file +
                       " is not calibrated: name a folder of photographs like those that will run, but others, "
                       "with --calibration (or images.calibration), or calibrate it once with `ohmic calibrate " +
                       n.file + " --images FOLDER --out FILE`");
  const std::set<std::string> digital = digital_layers(n.graph, config.digital_layers);
  fingerprint key;
  key.add(tool_hash()).add(n.hash).add(config.chip.ima.rows);
  for (const pixel_table& table : pixel_tables(n.graph.pixels, n.graph.input().channels, n.graph.input().scale))
    key.add(std::vector<std::int8_t>(table.begin(), table.end()));
  key.add(std::string(to_string(n.graph.pixels.channels)));
  for (const std::string& layer : digital) key.add("digital " + layer);
  for (const std::string& file : list_images(images.string())) key.add_file(file);
  n.hash = key.digits();

  const cache_entry entry("calibrated", n.hash, ".onnx");
  if (const auto bytes = entry.get()) {
    try {
      n.graph = import_onnx_bytes(*bytes, entry.file());
      n.graph.name = name;
      return n;
    } catch (const import_error&) {  // of another format: it is made again
    }
  }
  const integer_graph calibrated =
      calibrate_with(n.graph, images.string(), config.chip.ima.rows, config.engine.threads, digital, quiet);
  const std::string bytes = calibrated_bytes(n.file, calibrated);
  entry.put(bytes);
  n.graph = import_onnx_bytes(bytes, n.file);  // as it will be when it comes from the cache
  n.graph.name = name;
  return n;
}

void calibrate_file(const std::string& model, const std::string& images, unsigned rows, unsigned threads,
                    const std::optional<pixel_conversion>& input, const std::string& out, bool quiet) {
  const fs::path folder = fs::path(out).parent_path();
  std::optional<output_folder> made;
  if (folder.empty() || fs::exists(folder))
    check_file_can_be_written(out);
  else
    made.emplace(folder.string());
  integer_graph graph = import_with_pixels(model, input);
  const std::set<std::string> digital = digital_layers(graph, {});
  const integer_graph calibrated = calibrate_with(std::move(graph), images, rows, threads, digital, quiet);
  if (made) made->create();
  save_calibrated(model, calibrated, out);
}

}  // namespace ohmic
