#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "platform/experiment/report_files.h"
#include "platform/run/progress.h"
#include "sw/compiler/reference/top_classes.h"

namespace ohmic {
namespace {

std::string grouped(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, " ");
  return digits;
}

std::string share(std::uint64_t part, std::uint64_t whole) {
  return fmt::format("{:5.1f}", whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string stage_rows(const run_figures& f) {
  std::size_t width = 5;
  for (const stage_figures& s : f.stages) width = std::max(width, s.stage->name.size());
  std::string out =
      fmt::format("{:<{}}  clusters predicted  measured   analog digital  comm.   sync    idle\n", "stage", width);
  out += fmt::format("{:<{}}           (cycles per image)   (% of its clusters' time)\n", "", width);
  for (const stage_figures& s : f.stages) {
    std::uint64_t whole = 0;
    for (const std::uint64_t c : s.cycles) whole += c;
    out += fmt::format("{:<{}}  {:>8} {:>9.0f} {:>9.0f}   {}   {}  {}  {}   {}\n", s.stage->name, width,
                       s.stage->clusters.size(), s.stage->predicted.bound(), s.busiest_cycles,
                       share(s.cycles[0], whole), share(s.cycles[1], whole), share(s.cycles[2], whole),
                       share(s.cycles[3], whole), share(s.cycles[4], whole));
  }
  return out;
}

std::string image_rows(const run_figures& f, const network& net, const image_set& images) {
  std::size_t width = 10;
  std::vector<std::string> names, found;
  for (std::size_t i = 0; i < images.size(); ++i) {
    names.push_back(std::filesystem::path(images.files[i]).filename());
    found.push_back(top_classes(net.graph, f.logits[i], 1).front().label);
    width = std::max(width, names.back().size());
  }
  constexpr std::size_t most = 16;
  std::string out = fmt::format("{:<{}}  found\n", "photograph", width);
  for (std::size_t i = 0; i < std::min(most, images.size()); ++i)
    out += fmt::format("{:<{}}  {}{}\n", names[i], width, found[i],
                       f.images[i].right.has_value() && !*f.images[i].right ? "  (wrong)" : "");
  if (images.size() > most) out += fmt::format("... and {} more in logits.json\n", images.size() - most);
  return out;
}

}  // namespace

std::string result_table(const run_figures& f, const experiment_config& config, const deployment& source,
                         const network& net, const image_set& images) {
  std::string out = "\n" + stage_rows(f) + "\n" + image_rows(f, net, images) + "\n";
  auto row = [&](const char* what, const std::string& value) { out += fmt::format("{:<12} {}\n", what, value); };
  const std::string cores = config.chip.makes.empty()
                                ? fmt::format("x {} cores", config.chip.cluster.cores)
                                : fmt::format("with {} cores and {} IMAs", config.chip.all_cores(), config.chip.imas());
  row("chip", fmt::format("{}: {} clusters {}, {} clusters used, mapping {}", config.chip.name, config.chip.clusters(),
                          cores, f.clusters_used, source.policy));
  row("time", fmt::format("{:.3f} ms for {} images ({} cycles; bound {})", f.seconds_on_chip * 1e3, images.size(),
                          grouped(f.cycles), grouped(static_cast<std::uint64_t>(f.bound_cycles))));
  std::string throughput = fmt::format("{:.1f} images/s", f.images_per_s);
  if (f.steady_images_per_s) throughput += fmt::format(", steady {:.1f} images/s", *f.steady_images_per_s);
  row("throughput", throughput);
  row("work", fmt::format("{} MVMs, {} instructions, {} awake core cycles", grouped(f.mvms), grouped(f.retired),
                          grouped(f.awake_cycles)));
  if (f.scene_accuracy) {
    std::string scenes = fmt::format("{:.0f} % of the scenes recognised", 100 * *f.scene_accuracy);
    if (f.mean_float_cosine)
      scenes += fmt::format("; logits' cosine to the float model {:.4f} (worst {:.4f})", *f.mean_float_cosine,
                            *f.worst_float_cosine);
    row("accuracy", scenes);
  }
  if (config.analog)
    row("crossbars", fmt::format("phase-change memory, {} s after programming, draw {}", config.analog->time_s,
                                 config.analog->seed));
  if (f.calibration)
    row("calibration",
        fmt::format("{:.3f} ms before the batch ({} cycles): {} crossbars, gain {:.3f} to {:.3f}, mean {:.3f}",
                    static_cast<double>(f.calibration->cycles) / (config.chip.clock_ghz * 1e6),
                    grouped(f.calibration->cycles), f.calibration->crossbars, f.calibration->least_gain,
                    f.calibration->greatest_gain, f.calibration->mean_gain));
  row("reference", f.outputs.mismatching == 0
                       ? fmt::format("all {} output values equal the {} reference", grouped(f.outputs.compared),
                                     config.analog ? "noisy" : "integer")
                       : fmt::format("{} of {} output values DIFFER; first: {}", grouped(f.outputs.mismatching),
                                     grouped(f.outputs.compared), describe(*f.outputs.first, source)));
  if (f.layers)
    row("layers", f.layers->mismatching == 0
                      ? fmt::format("all {} values in {} columns on all edges equal the reference",
                                    grouped(f.layers->compared), grouped(f.layer_columns))
                      : fmt::format("{} of {} values DIFFER; first: {}", grouped(f.layers->mismatching),
                                    grouped(f.layers->compared), describe(*f.layers->first, source)));
  row("simulation", fmt::format("{} (start-up {}), {:.1f} MIPS, {} threads, window {}, {:.0f} MB",
                                readable_seconds(f.wall.simulating), readable_seconds(f.wall.startup),
                                f.wall.simulating > 0 ? static_cast<double>(f.retired) / 1e6 / f.wall.simulating : 0.0,
                                f.threads, f.window, f.peak_rss_mb));
  row("hash", f.result_hash);
  return out;
}

}  // namespace ohmic
