#include <cmath>
#include <filesystem>
#include <map>
#include <sstream>
#include <stdexcept>
#include <type_traits>

#include "host/whole_file.h"
#include "platform/config/config_error.h"
#include "platform/config/core_choice.h"
#include "platform/config/experiment_config.h"
#include "platform/config/experiment_file.h"
#include "platform/config/hand_over_choice.h"
#include "platform/config/load_chip.h"
#include "platform/config/numbers.h"
#include "platform/config/schema.h"
#include "platform/config/tree_reader.h"

namespace ohmic {
namespace {

/// Of a value of `layers`, which the schema has checked.
unsigned copies_of(const std::string& place) {
  return place == "digital" ? 0 : place == "analog_x2" ? 2 : place == "analog_x4" ? 4 : 1;
}

namespace fs = std::filesystem;

template <class T, class U>
void apply(const std::optional<T>& from, U& to) {
  if (from) to = static_cast<U>(*from);
}

struct chip_override {
  std::string key;
  config_node value;
};

/// Lays the experiment's own options over the file; returns those that belong to the chip, whichever that will be:
/// an option that names another one stands before or behind them.
std::vector<chip_override> apply_overrides(config_node& root, const std::vector<std::string>& sets) {
  std::vector<chip_override> for_chip;
  for (const std::string& option : sets) {
    auto [path, value] = parse_override(option);
    const std::string first = split_path(path)[0];
    if (first == "chip" && path != "chip") {
      for_chip.push_back({path.substr(5), std::move(value)});
    } else if (has_top_level_key(schema_kind::chip, first)) {  // an experiment has no key of that name
      for_chip.push_back({path, std::move(value)});
    } else {
      set_value(root, path, std::move(value));
    }
  }
  return for_chip;
}

/// A path as seen from the current folder: options are written there, files mean their own folder.
std::string located(const std::string& path, const config_node& where, const fs::path& file) {
  if (path.empty() || where.from_option() || fs::path(path).is_absolute()) return path;
  return (file.parent_path() / path).lexically_normal().string();
}

/// "0.5", "1/255"
double fraction(const config_node& node, const std::string& key) {
  const std::string& text = node.scalar;
  const std::size_t slash = text.find('/');
  const auto above = parse_number(text.substr(0, slash));
  const auto below = parse_number(slash == std::string::npos ? "1" : text.substr(slash + 1));
  if (!above || !below || *below == 0 || !std::isfinite(*above / *below))
    throw config_error(node.place + ": " + key + ": " + printable(text) +
                       " is not a number or a fraction (like 1/255)");
  return *above / *below;
}

pixel_conversion pixels_of(const config_node& root, const experiment_file& f) {
  using order = pixel_conversion::channel_order;
  pixel_conversion p;
  if (f.input.scale) p.scale = fraction(*root.find("input.scale"), "input.scale");
  if (f.input.offset) p.offset = fraction(*root.find("input.offset"), "input.offset");
  if (f.input.mean)
    for (const config_node& item : root.find("input.mean")->items) p.mean.push_back(fraction(item, "input.mean"));
  if (f.input.std)
    for (const config_node& item : root.find("input.std")->items) p.std.push_back(fraction(item, "input.std"));
  if (f.input.channels)
    p.channels = *f.input.channels == "bgr" ? order::bgr : *f.input.channels == "grey" ? order::grey : order::rgb;
  return p;
}

pcm::pcm_options pcm_of(const config_node& root, const experiment_file& f) {
  pcm::pcm_options o;
  if (f.analog.devices == "hermes") o.devices = pcm::hermes_devices();
  apply(f.analog.seed, o.seed);
  apply(f.analog.programmed_s, o.time_s);
  if (f.analog.read_noise == "static") o.reads = pcm::read_noise::once;
  if (f.analog.read_noise == "off") o.reads = pcm::read_noise::off;
  if (f.analog.scale == "crossbar") o.scale = pcm::weight_scale::crossbar;
  if (f.analog.scale == "column") o.scale = pcm::weight_scale::column;
  if (f.analog.compensation == "global") o.compensation = pcm::drift_compensation::global;
  if (f.analog.compensation == "per_column") o.compensation = pcm::drift_compensation::per_column;
  if (f.analog.compensation == "exact") o.compensation = pcm::drift_compensation::exact;
  apply(f.analog.programming_noise, o.devices.programming_scale);
  apply(f.analog.drift, o.devices.drift_scale);
  apply(f.analog.read_noise_factor, o.devices.read_scale);
  apply(f.analog.dead, o.dead);
  apply(f.analog.stuck, o.stuck);
  apply(f.analog.stuck_at, o.stuck_at);
  apply(f.analog.wire_ohm, o.wire_ohm);
  apply(f.analog.dac_bits, o.dac_bits);
  apply(f.analog.adc_bits, o.adc_bits);
  if (o.dead + o.stuck > 1)
    throw config_error(root.find("analog")->place +
                       ": analog.dead and analog.stuck are more than all devices together");
  return o;
}

chip_config chip_of(const config_node& root, const fs::path& file, std::vector<chip_override> overrides,
                    const std::vector<std::string>& cores, const std::vector<std::string>& hand_overs) {
  const config_node& chip = *root.find("chip");
  config_node tree = chip.kind == config_node::kind_t::scalar ? read_yaml(located(chip.scalar, chip, file)) : chip;
  for (chip_override& o : overrides) set_value(tree, o.key, std::move(o.value));
  for (const std::string& choice : cores) lay_core_choice(tree, choice);
  for (const std::string& hand_over : hand_overs) lay_hand_over(tree, hand_over);
  return resolve_chip(tree);
}

/// A visitor that takes a policy's options from the keys under `mapping`; the schema has checked them.
class option_reader {
 public:
  explicit option_reader(const config_node& root) : root_(root) {}
  void operator()(const std::string& key, unsigned& value) const {
    if (const config_node* node = find(key)) value = static_cast<unsigned>(parse_integer(node->scalar).value());
  }
  void operator()(const std::string& key, std::map<std::string, unsigned>& values) const {
    const config_node* node = find(key);
    for (std::size_t i = 0; node != nullptr && i < node->entries.size(); ++i)
      values[node->entries[i].key] = static_cast<unsigned>(parse_integer(node->entries[i].value.scalar).value());
  }
  template <class Word, class = std::enable_if_t<std::is_enum_v<Word>>>
  void operator()(const std::string& key, Word& value) const {
    const config_node* node = find(key);
    if (node == nullptr) return;
    std::istringstream words(words_of(value));
    std::string word;
    for (unsigned index = 0; words >> word; ++index)
      if (word == node->scalar) value = static_cast<Word>(index);
  }

 private:
  const config_node* find(const std::string& key) const {
    const config_node* node = root_.find("mapping." + key);
    return node == nullptr || node->kind == config_node::kind_t::null ? nullptr : node;
  }
  const config_node& root_;
};

}  // namespace

bool is_network_file(const std::string& path) {
  fs::path file(path);
  if (file.extension() == ".gz") file.replace_extension();
  return file.extension() == ".onnx";
}

experiment_file to_experiment_file(const config_node& root) {
  experiment_file f;
  const tree_reader read(root);
  read("model", f.model);
  f.input.present = root.find("input") != nullptr;
  read("input.scale", f.input.scale);
  read("input.offset", f.input.offset);
  read("input.mean", f.input.mean);
  read("input.std", f.input.std);
  read("input.channels", f.input.channels);
  read("images.dir", f.images.dir);
  read("images.count", f.images.count);
  read("images.resize", f.images.resize);
  read("images.calibration", f.images.calibration);
  read("mapping.policy", f.mapping.policy);
  read("mapping.file", f.mapping.file);
  read("engine.window", f.engine.window);
  read("engine.threads", f.engine.threads);
  read("engine.max_cycles", f.engine.max_cycles);
  read("engine.trap_limit", f.engine.trap_limit);
  read("engine.on_guest_error", f.engine.on_guest_error);
  read("engine.random_delay.max_cycles", f.engine.random_delay.max_cycles);
  read("engine.random_delay.seed", f.engine.random_delay.seed);
  read("engine.fill_memory.with", f.engine.fill_memory.with);
  read("engine.fill_memory.seed", f.engine.fill_memory.seed);
  read("analog.model", f.analog.model);
  read("analog.devices", f.analog.devices);
  read("analog.seed", f.analog.seed);
  read("analog.programmed_s", f.analog.programmed_s);
  read("analog.read_noise", f.analog.read_noise);
  read("analog.scale", f.analog.scale);
  read("analog.programming_noise", f.analog.programming_noise);
  read("analog.drift", f.analog.drift);
  read("analog.read_noise_factor", f.analog.read_noise_factor);
  read("analog.compensation", f.analog.compensation);
  read("analog.dead", f.analog.dead);
  read("analog.stuck", f.analog.stuck);
  read("analog.stuck_at", f.analog.stuck_at);
  read("analog.wire_ohm", f.analog.wire_ohm);
  read("analog.dac_bits", f.analog.dac_bits);
  read("analog.adc_bits", f.analog.adc_bits);
  read("analog.write_iterations", f.analog.write_iterations);
  read("analog.write_pulse_ns", f.analog.write_pulse_ns);
  read("analog.write_pulse_pj", f.analog.write_pulse_pj);
  read("adc", f.adc);
  read("check", f.check);
  read("energy", f.energy);
  read("output", f.output);
  return f;
}

naive_options to_naive_options(const config_node& root) {
  naive_options options;
  visit_naive_options(options, option_reader(root));
  return options;
}

balanced_options to_balanced_options(const config_node& root) {
  balanced_options options;
  visit_balanced_options(options, option_reader(root));
  return options;
}

best_options to_best_options(const config_node& root) {
  best_options options;
  visit_best_options(options, option_reader(root));
  return options;
}

pcm::pcm_options parse_pcm_options(const std::string& text, const std::string& option, bool with_time) {
  config_node root = parse_yaml("chip: none\nanalog: " + text, option);
  refuse_mistakes(check(root, schema_kind::experiment));
  const experiment_file f = to_experiment_file(root);
  if (f.analog.model.value_or("pcm") != "pcm")
    throw config_error(option + ": model: " + *f.analog.model + " has neither devices nor noise; allowed: pcm");
  if (!with_time && f.analog.programmed_s) throw config_error(option + ": programmed_s: the time is that of --time");
  return pcm_of(root, f);
}

pixel_conversion parse_pixel_conversion(const std::string& text, const std::string& option) {
  config_node root = parse_yaml("chip: none\ninput: " + text, option);
  refuse_mistakes(check(root, schema_kind::experiment));
  return pixels_of(root, to_experiment_file(root));
}

experiment_config load_experiment(const std::string& path, const std::vector<std::string>& sets,
                                  const std::vector<std::string>& cores, const std::vector<std::string>& hand_overs) {
  const fs::path file(path);
  config_node root = read_yaml(path);
  std::vector<chip_override> for_chip = apply_overrides(root, sets);
  refuse_mistakes(check(root, schema_kind::experiment));

  const experiment_file f = to_experiment_file(root);
  experiment_config c;
  c.name = file.stem().string();
  c.chip = chip_of(root, file, std::move(for_chip), cores, hand_overs);
  apply(f.model, c.model);
  c.model_is_file = c.model.find('/') != std::string::npos || is_network_file(c.model);
  if (c.model_is_file) c.model = located(c.model, *root.find("model"), file);
  if (f.input.present) c.input = pixels_of(root, f);
  if (const config_node* layers = root.find("layers"))
    for (const auto& entry : layers->entries) {
      const std::string& place = entry.value.scalar;
      c.layers.copies[entry.key] = copies_of(place);
      const bool split = place.rfind("split_", 0) == 0;
      if (!split && place.rfind("rows_", 0) != 0) continue;
      if (entry.key == "*") throw config_error(entry.place + ": layers.*: " + place + " is for one layer, by its name");
      const int count = std::stoi(place.substr(place.find('_') + 1));
      if (split)
        c.layers.splits[entry.key] = count;
      else
        c.layers.rows[entry.key] = static_cast<std::size_t>(count);
    }
  if (f.images.dir) c.images.dir = located(*f.images.dir, *root.find("images.dir"), file);
  apply(f.images.count, c.images.count);
  apply(f.images.resize, c.images.resize);
  if (f.images.calibration)
    c.images.calibration = located(*f.images.calibration, *root.find("images.calibration"), file);

  apply(f.mapping.policy, c.mapping.policy);
  if (f.mapping.file && !f.mapping.file->empty()) {
    const config_node& key = *root.find("mapping.file");
    c.mapping.file = located(*f.mapping.file, key, file);
    try {
      c.mapping.file_text = read_whole_file(c.mapping.file);
    } catch (const std::runtime_error& error) {
      throw config_error(key.place + ": mapping.file: " + error.what());
    }
  }
  c.mapping.naive = to_naive_options(root);
  c.mapping.balanced = to_balanced_options(root);
  c.mapping.best = to_best_options(root);

  apply(f.engine.window, c.engine.window);
  apply(f.engine.threads, c.engine.threads);
  apply(f.engine.max_cycles, c.engine.max_cycles);
  apply(f.engine.trap_limit, c.engine.trap_limit);
  if (f.engine.on_guest_error) c.engine.continue_on_guest_error = *f.engine.on_guest_error == "continue";
  apply(f.engine.random_delay.max_cycles, c.engine.random_delay_max);
  apply(f.engine.random_delay.seed, c.engine.random_delay_seed);
  if (f.engine.fill_memory.with) c.engine.fill_random = *f.engine.fill_memory.with == "random";
  apply(f.engine.fill_memory.seed, c.engine.fill_seed);

  if (f.analog.model.value_or("ideal") == "pcm") c.analog = pcm_of(root, f);
  apply(f.analog.write_iterations, c.write.iterations);
  if (f.analog.write_pulse_ns) c.write.pulse_s = *f.analog.write_pulse_ns * 1e-9;
  if (f.analog.write_pulse_pj) c.write.pulse_j = *f.analog.write_pulse_pj * 1e-12;
  if (f.adc) c.adc_exact = *f.adc == "exact";
  if (f.check) c.check_layers = *f.check == "layers";
  if (f.energy) c.energy = located(*f.energy, *root.find("energy"), file);
  apply(f.output, c.output);
  if (c.output.empty()) c.output = (fs::path("out") / c.name).string();

  c.inputs = {{"the experiment", path}};
  const auto read = [&](const char* role, const std::string& input) {
    if (!input.empty()) c.inputs.push_back({role, input});
  };
  if (const config_node& chip = *root.find("chip"); chip.kind == config_node::kind_t::scalar)
    read("chip", located(chip.scalar, chip, file));
  if (c.model_is_file) read("model", c.model);
  read("images.dir", c.images.dir);
  read("images.calibration", c.images.calibration);
  if (c.model_is_file && c.images.calibration.empty())
    read("the folder calibration beside the network", (fs::path(c.model).parent_path() / "calibration").string());
  read("mapping.file", c.mapping.file);
  read("energy", c.energy);
  return c;
}

}  // namespace ohmic
