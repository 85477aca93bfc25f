#include "platform/experiment/network.h"

#include <cstdio>
#include <filesystem>
#include <optional>

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

integer_graph calibrate_with(integer_graph graph, const std::string& images, unsigned rows, unsigned threads,
                             bool quiet) {
  const std::vector<std::string> files = list_images(images);
  std::vector<feature_map> maps(files.size());
  const image_quantiser quantiser(graph);
  share_work(files.size(), threads, [&](std::size_t i) { maps[i] = quantiser.load(files[i]); });
  progress meter("calibrating " + graph.name, quiet);
  calibration_options options;
  options.rows = static_cast<int>(rows);
  options.threads = threads;
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
  if (n.graph.calibrated) return n;

  const std::string& given = config.images.calibration;
  const fs::path images = given.empty() ? fs::path(n.file).parent_path() / "calibration" : fs::path(given);
  if (given.empty() && !fs::is_directory(images))
    throw missing_file(n.file +
                       " is not calibrated: name a folder of photographs like those that will run, but others, "
                       "with --calibration (or images.calibration), or calibrate it once with `ohmic calibrate " +
                       n.file + " --images FOLDER --out FILE`");
  fingerprint key;
  key.add(tool_hash()).add(n.hash).add(config.chip.ima.rows);
  for (const pixel_table& table : pixel_tables(n.graph.pixels, n.graph.input().channels, n.graph.input().scale))
    key.add(std::vector<std::int8_t>(table.begin(), table.end()));
  key.add(std::string(to_string(n.graph.pixels.channels)));
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
      calibrate_with(n.graph, images.string(), config.chip.ima.rows, config.engine.threads, quiet);
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
  const integer_graph calibrated = calibrate_with(import_with_pixels(model, input), images, rows, threads, quiet);
  if (made) made->create();
  save_calibrated(model, calibrated, out);
}

}  // namespace ohmic
