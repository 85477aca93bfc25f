#include "platform/experiment/retraining.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <utility>

#include "host/console.h"
#include "host/whole_file.h"
#include "platform/config/config_error.h"
#include "platform/config/numbers.h"
#include "platform/experiment/cache_entry.h"
#include "platform/experiment/fingerprint.h"
#include "platform/experiment/locations.h"
#include "sw/compiler/onnx/import_onnx.h"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

/// A word of a shell's command.
std::string quoted(const std::string& word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? "'\\''" : std::string(1, c);
  return text + "'";
}

std::string names(const std::vector<choosable_layer>& layers, const layer_choice& choice, bool on_crossbars) {
  std::string text;
  for (std::size_t l = 0; l < layers.size(); ++l)
    if ((choice[l] > 0) == on_crossbars) text += (text.empty() ? "" : ",") + layers[l].name;
  return text;
}

}  // namespace

retrainer::retrainer(std::string script) : script_(std::move(script)) {
  if (!fs::is_regular_file(script_) || access(script_.c_str(), X_OK) != 0)
    throw config_error("--retrain " + printable(script_) + ": this is no file that can be run");
}

std::unique_ptr<prepared_network> retrainer::run(const prepared_network& from, const std::string& from_bytes,
                                                 const std::vector<choosable_layer>& layers,
                                                 const layer_choice& choice) const {
  const std::string key = fingerprint().add_file(script_).add(from_bytes).add(to_digits(choice)).digits();
  const cache_entry entry("retrained", key, ".onnx");
  const fs::path folder = fs::path(cache_root()) / "retraining" / key;
  std::optional<std::string> made = entry.get();
  const std::string on_crossbars = names(layers, choice, true);
  if (!made) {
    fs::create_directories(folder);
    const std::string in = fs::absolute(folder / "from.onnx").string(), out = fs::absolute(folder / "to.onnx").string();
    write_whole_file(in, from_bytes);
    const std::string program = fs::absolute(script_).string();
    std::string command;
    for (const std::string& word : {program, in, out, on_crossbars, names(layers, choice, false)})
      command += quoted(word) + " ";
    flush_console();
    const int status = std::system((command + ">&2").c_str());
    if (status == -1 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
      throw config_error(fmt::format("--retrain {}: it ended with {} for layers {}", printable(script_),
                                     WIFEXITED(status) ? fmt::format("code {}", WEXITSTATUS(status)) : "a signal",
                                     on_crossbars));
    if (!fs::is_regular_file(out))
      throw config_error("--retrain " + printable(script_) + ": it made no network for layers " + on_crossbars);
    made = read_whole_file(out);
  }
  auto result = std::make_unique<prepared_network>();
  try {
    result->graph = import_onnx_bytes(*made, "the network that --retrain made");
  } catch (const std::exception& error) {
    throw config_error("--retrain " + printable(script_) + ": " + error.what());
  }
  const auto same = [](const choosable_layer& a, const choosable_layer& b) {
    return a.name == b.name && a.macs == b.macs;
  };
  const std::vector<choosable_layer> found = choosable_layers(result->graph);
  if (!result->graph.calibrated || result->graph.rows != from.graph.rows ||
      !std::equal(found.begin(), found.end(), layers.begin(), layers.end(), same))
    throw config_error("--retrain " + printable(script_) +
                       ": it made another network, or one that is not calibrated for these crossbars");
  result->graph.name = from.graph.name;
  result->bytes = *made;
  result->was_calibrated = true;
  entry.put(*made);
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  return result;
}

retrained_accuracy::retrained_accuracy(const retrainer& script, std::shared_ptr<const prepared_network> original,
                                       std::vector<choosable_layer> layers, const hybrid_problem& problem,
                                       make_judge make)
    : script_(script), layers_(std::move(layers)), problem_(problem), make_(std::move(make)) {
  known& none = known_[layer_choice(layers_.size(), 0)];
  none.by = make_(*original);
  none.net = std::move(original);
}

retrained_accuracy::known& retrained_accuracy::at(const layer_choice& choice) {
  if (const auto found = known_.find(choice); found != known_.end()) return found->second;
  const auto layers_of = [](const layer_choice& c) {
    return c.size() - std::size_t(std::count(c.begin(), c.end(), 0));
  };
  const layer_choice* parent = &known_.begin()->first;  // all on cores
  for (const auto& [other, what] : known_) {
    bool inside = what.holds;
    for (std::size_t l = 0; l < other.size(); ++l) inside = inside && (other[l] == 0 || choice[l] != 0);
    if (inside && layers_of(other) > layers_of(*parent)) parent = &other;
  }
  const prepared_network& from = *known_.at(*parent).net;
  known made;
  made.net = script_.run(from, calibrated_bytes_of(from.bytes, "the network", from.graph), layers_, choice);
  made.by = make_(*made.net);
  return known_[choice] = std::move(made);
}

std::vector<drawn_accuracy> retrained_accuracy::accuracies(const std::vector<layer_choice>& choices, unsigned draws) {
  std::vector<drawn_accuracy> all;
  for (const layer_choice& choice : choices) {
    known& one = at(choice);
    all.push_back(one.by.store->accuracies({choice}, draws)[0]);
    one.holds = within(problem_, all.back());
  }
  return all;
}

std::shared_ptr<const prepared_network> retrained_accuracy::network_of(const layer_choice& choice) const {
  return known_.at(choice).net;
}

std::size_t retrained_accuracy::evaluations() const {
  std::size_t all = 0;
  for (const auto& [choice, one] : known_) all += one.by.store->evaluations();
  return all;
}

double retrained_accuracy::seconds() const {
  double all = 0;
  for (const auto& [choice, one] : known_) all += one.by.store->seconds();
  return all;
}

}  // namespace ohmic
