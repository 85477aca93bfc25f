#include "platform/experiment/network.h"

#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "host/output_file.h"
#include "host/output_folder.h"
#include "host/whole_file.h"
#include "platform/config/config_error.h"
#include "platform/experiment/cache_entry.h"
#include "platform/experiment/fingerprint.h"
#include "platform/experiment/locations.h"
#include "platform/experiment/published_models.h"
#include "platform/run/progress.h"
#include "sw/compiler/calibrate/calibrate.h"
#include "sw/compiler/images/image.h"
#include "sw/compiler/images/labelled_data.h"
#include "sw/compiler/onnx/import_onnx.h"
#include "sw/compiler/reference/work_sharing.h"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

/// The layers that are chosen to run on cores, or do if nothing is said. Throws graph_error for a name that no layer
/// has.
std::set<std::string> digital_layers(const integer_graph& graph, const std::map<std::string, unsigned>& choice) {
  const auto others = choice.find("*");
  std::set<std::string> known = {"*"}, digital;
  for (const graph_node& node : graph.nodes) {
    if (!node.has_layer() || node.kind() == node_kind::codes) continue;
    known.insert(node.name);
    const auto named = choice.find(node.name);
    const bool by_default = others != choice.end() ? others->second == 0 : node.layer().depthwise();
    if (named != choice.end() ? named->second == 0 : by_default) digital.insert(node.name);
  }
  std::string names;
  for (const std::string& name : known)
    if (name != "*") names += (names.empty() ? "" : ", ") + name;
  for (const auto& [name, where] : choice)
    if (known.count(name) == 0)
      throw graph_error("layers: network '" + graph.name + "' has no layer '" + name + "'; there are: " + names);
  return digital;
}

/// Puts layers of a network that is calibrated already where the user wants them: a layer that was calibrated for
/// crossbars can run on cores as well, but not the other way round. Gives the names of those that moved.
std::set<std::string> choose_calibrated(integer_graph& graph, const std::string& file,
                                        const std::map<std::string, unsigned>& choice) {
  const std::set<std::string> asked = digital_layers(graph, choice);
  std::set<std::string> moved;
  for (const graph_node& node : graph.nodes) {
    if (!node.has_layer() || node.kind() == node_kind::codes) continue;
    if (choice.count(node.name) == 0 && choice.count("*") == 0) continue;
    const bool wanted = asked.count(node.name) != 0;
    if (node.layer().digital && !wanted)
      throw graph_error("layers: " + file + " is calibrated with layer '" + node.name +
                        "' digital, so that nothing says how wide its sums on crossbars are; calibrate it anew");
    if (wanted && !node.layer().digital) moved.insert(node.name);
  }
  if (!moved.empty()) graph = put_on_cores(std::move(graph), moved);
  return moved;
}

/// Puts layers on as many copies of their crossbars as the user wants; layers that run on cores by themselves stay
/// there. Gives the copies that were made.
std::map<std::string, unsigned> make_copies(integer_graph& graph, const std::map<std::string, unsigned>& choice) {
  const auto others = choice.find("*");
  std::map<std::string, unsigned> made;
  for (const graph_node& node : graph.nodes) {
    if (!node.on_crossbar()) continue;
    const auto named = choice.find(node.name);
    const unsigned wanted = named != choice.end() ? named->second : others != choice.end() ? others->second : 1;
    if (wanted > 1 && wanted != node.layer().copies()) made[node.name] = wanted;
  }
  if (!made.empty()) graph = copy_layers(std::move(graph), made);
  return made;
}

/// Puts a part of each layer on cores where the user wants that: some of its channels or row sets.
void divide_layers(integer_graph& graph, const layer_places& layers) {
  graph = put_rows_on_cores(split_columns(std::move(graph), layers.splits), layers.rows);
}
void add_divided(fingerprint& key, const layer_places& layers) {
  for (const auto& [layer, channels] : layers.splits) key.add("split " + layer).add(channels);
  for (const auto& [layer, sets] : layers.rows) key.add("rows " + layer).add(sets);
}

constexpr std::size_t calibration_inputs = 256;  // of labelled data, the first, if nothing is said

/// Of a float network nothing but the user and its metadata say how pixels become its input.
void settle_float_pixels(integer_graph& graph, const std::optional<pixel_conversion>& given, const std::string& file) {
  if (given) {
    graph.pixels = *given;
    graph.pixels_known = true;
  }
  if (!graph.pixels_known)
    throw import_error(file +
                       ": nothing says how pixels or values become the float network's input: give `input:` in the "
                       "experiment or --input, for example --input \"{scale: 1/255}\"; {} takes them as they are");
  settle_pixels(graph, graph.pixels, file);
}

/// Labelled data (classes are of no importance), else a folder of pictures.
bool is_labelled(const std::string& path) {
  std::error_code none;
  if (!fs::is_directory(path, none))
    return fs::path(path).extension() != ".png" && fs::path(path).extension() != ".jpg";
  for (const fs::directory_entry& entry : fs::directory_iterator(path, none))
    if (entry.is_directory() || entry.path().extension() == ".bin" ||
        entry.path().string().find("-idx3-") != std::string::npos)
      return true;
  return false;
}

/// How many of labelled data calibrate. Throws config_error if fewer are there than were asked for.
std::size_t inputs_of(const labelled_data& data, const std::string& from, std::optional<std::size_t> asked) {
  if (asked && *asked > data.size())
    throw config_error("--calibration-images " + std::to_string(*asked) + ": " + from + " holds " +
                       std::to_string(data.size()) + " samples");
  return std::min(data.size(), asked.value_or(calibration_inputs));
}

void refuse_to_choose_pictures(const std::string& from, std::optional<std::size_t> asked) {
  if (asked) throw config_error("--calibration-images: is for labelled data; all pictures of " + from + " are taken");
}

real_maps real_inputs(const integer_graph& graph, const std::string& from, std::optional<std::size_t> asked,
                      unsigned threads) {
  real_maps maps;
  if (is_labelled(from)) {
    const labelled_data data(from, graph);
    maps.resize(inputs_of(data, from, asked));
    share_work(maps.size(), threads, [&](std::size_t i) { maps[i] = data.real(i); });
    return maps;
  }
  refuse_to_choose_pictures(from, asked);
  const std::vector<std::string> files = list_images(from);
  maps.resize(files.size());
  share_work(files.size(), threads, [&](std::size_t i) { maps[i] = real_picture(graph, files[i]); });
  return maps;
}

integer_graph calibrate_with(integer_graph graph, const std::string& images, unsigned rows, unsigned threads,
                             const std::map<std::string, unsigned>& layers, bool quiet,
                             std::optional<std::size_t> asked = std::nullopt) {
  std::set<std::string> digital = digital_layers(graph, layers);
  std::vector<feature_map> maps;
  if (is_labelled(images)) {
    const labelled_data data(images, graph);
    maps.resize(inputs_of(data, images, asked));
    if (const std::string note = note_of_classes(data.labels, maps.size(), images); !note.empty())
      std::fprintf(stderr, "ohmic: note: %s\n", note.c_str());
    share_work(maps.size(), threads, [&](std::size_t i) { maps[i] = data.quantised(i, graph.input().scale); });
  } else {
    refuse_to_choose_pictures(images, asked);
    const std::vector<std::string> files = list_images(images);
    maps.resize(files.size());
    const image_quantiser quantiser(graph);
    share_work(files.size(), threads, [&](std::size_t i) { maps[i] = quantiser.load(files[i]); });
  }
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

/// The QDQ file of a float network.
std::string quantise_with(const float_network& source, integer_graph structure,
                          const std::optional<pixel_conversion>& given, const std::string& file,
                          const std::string& images, unsigned threads, bool quiet, std::optional<std::size_t> asked) {
  settle_float_pixels(structure, given, file);
  progress meter("quantising " + file, quiet);
  meter.update(0, 0, "");
  return source.quantised(real_inputs(structure, images, asked, threads), threads);
}

/// The network of a file, with what makes its input of pictures.
integer_graph import_with_pixels(const std::string& file, const std::optional<pixel_conversion>& given) {
  integer_graph graph = import_onnx(file);
  if (const std::string note = settle_pixels(graph, given, file); !note.empty())
    std::fprintf(stderr, "ohmic: note: %s\n", note.c_str());
  return graph;
}

}  // namespace

prepared_network prepare_network(const std::string& file, const std::string& calibration,
                                 const std::optional<pixel_conversion>& input, unsigned rows, unsigned threads,
                                 std::optional<std::size_t> asked, bool quiet, const layer_places& layers) {
  prepared_network result;
  result.bytes = read_network_file(file);
  if (is_float_onnx(result.bytes)) {
    result.source = std::make_unique<float_network>(result.bytes, file);
    if (calibration.empty())
      throw missing_file(file + " is a float network: name inputs that its scales come from, with --calibration");
    result.bytes =
        quantise_with(*result.source, result.source->structure(), input, file, calibration, threads, quiet, asked);
  }
  result.graph = import_onnx_bytes(result.bytes, file);
  std::optional<pixel_conversion> given = input;
  if (!given && result.source) given = result.source->structure().pixels;
  if (const std::string note = settle_pixels(result.graph, given, file); !note.empty())
    std::fprintf(stderr, "ohmic: note: %s\n", note.c_str());
  if (result.graph.calibrated) {
    if (asked) throw config_error("--calibration-images: " + file + " is calibrated already");
    result.was_calibrated = true;
    choose_calibrated(result.graph, file, layers.copies);
    make_copies(result.graph, layers.copies);
    divide_layers(result.graph, layers);
    return result;
  }
  if (calibration.empty())
    throw missing_file(file + " is not calibrated: name inputs that calibrate it, with --calibration");
  result.graph = calibrate_with(std::move(result.graph), calibration, rows, threads, layers.copies, quiet, asked);
  make_copies(result.graph, layers.copies);
  divide_layers(result.graph, layers);
  return result;
}

std::string note_of_classes(const std::vector<int>& labels, std::size_t used, const std::string& from) {
  const std::set<int> all(labels.begin(), labels.end()),
      seen(labels.begin(), labels.begin() + static_cast<std::ptrdiff_t>(std::min(used, labels.size())));
  if (used < 32 || seen.size() > 1 || all.size() < 2) return "";
  return "the first " + std::to_string(used) + " inputs of " + from + " are all of class " +
         std::to_string(*seen.begin()) + ", and scales that they give may not suit the others; shuffle the data";
}

network load_network(const experiment_config& config, bool quiet) {
  network n;
  std::optional<pixel_conversion> input = config.input;
  if (config.model_is_file) {
    n.file = config.model;
  } else {
    n.file = model_file(config.model);
    if (!input) input = model_input(config.model);
    if (is_built(config.model)) n.folder = fs::path(n.file).parent_path().string();
  }
  const std::string source = read_network_file(n.file);
  const bool is_float = is_float_onnx(source);
  if (is_float) {
    n.graph = float_network(source, n.file).structure();
    settle_float_pixels(n.graph, input, n.file);
  } else {
    n.graph = import_with_pixels(n.file, input);
  }
  const std::string name = n.graph.name;
  n.hash = fingerprint().add_file(n.file).digits();
  if (n.graph.calibrated) {
    const std::set<std::string> moved = choose_calibrated(n.graph, n.file, config.layers.copies);
    const std::map<std::string, unsigned> copied = make_copies(n.graph, config.layers.copies);
    divide_layers(n.graph, config.layers);
    if (!moved.empty() || !copied.empty() || !config.layers.whole()) {
      fingerprint key;
      key.add(n.hash);
      for (const std::string& layer : moved) key.add("digital " + layer);
      for (const auto& [layer, copies] : copied) key.add(layer).add(copies);
      add_divided(key, config.layers);
      n.hash = key.digits();
    }
    return n;
  }

  const std::string& given = config.images.calibration;
  const fs::path images = given.empty() ? fs::path(n.file).parent_path() / "calibration" : fs::path(given);
  if (given.empty() && !fs::is_directory(images))
    throw missing_file(n.file +
                       " is not calibrated: name a folder of photographs like those that will run, but others, "
                       "with --calibration (or images.calibration), or calibrate it once with `ohmic calibrate " +
                       n.file + " --images FOLDER --out FILE`");
  const std::set<std::string> digital = digital_layers(n.graph, config.layers.copies);
  fingerprint key;
  key.add(tool_hash()).add(n.hash).add(config.chip.ima.rows);
  for (const pixel_table& table : pixel_tables(n.graph.pixels, n.graph.input().channels, n.graph.input().scale))
    key.add(std::vector<std::int8_t>(table.begin(), table.end()));
  key.add(std::string(to_string(n.graph.pixels.channels)));
  for (const double v : {n.graph.pixels.scale, n.graph.pixels.offset}) key.add(&v, sizeof v);
  key.add(n.graph.pixels.mean).add(n.graph.pixels.std);
  for (const std::string& layer : digital) key.add("digital " + layer);
  for (const auto& [layer, copies] : config.layers.copies)
    if (copies > 1) key.add(layer).add(copies);
  add_divided(key, config.layers);
  if (is_labelled(images.string()))
    for (const auto& map : real_inputs(n.graph, images.string(), std::nullopt, config.engine.threads)) key.add(map);
  else
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
  const prepared_network prepared = prepare_network(n.file, images.string(), n.graph.pixels, config.chip.ima.rows,
                                                    config.engine.threads, std::nullopt, quiet, config.layers);
  const std::string bytes = calibrated_bytes_of(prepared.bytes, n.file, prepared.graph);
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
  prepared_network prepared;
  prepared.bytes = read_network_file(model);
  if (is_float_onnx(prepared.bytes)) {
    prepared = prepare_network(model, images, input, rows, threads, std::nullopt, quiet);
  } else {
    prepared.graph = calibrate_with(import_with_pixels(model, input), images, rows, threads, {}, quiet);
  }
  if (made) made->create();
  try {
    write_whole_file(out, calibrated_bytes_of(prepared.bytes, model, prepared.graph));
  } catch (const std::runtime_error& error) {
    throw import_error(error.what());
  }
}

}  // namespace ohmic
