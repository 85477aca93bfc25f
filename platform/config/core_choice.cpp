#include "platform/config/core_choice.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <optional>
#include <string_view>

#include "platform/config/config_error.h"
#include "platform/config/numbers.h"
#include "platform/config/schema.h"

namespace ohmic {
namespace {

/// The kinds of cores. Two can run in lock-step if they execute the same instructions.
struct core_kind {
  core_model model;
  const char* name;
  const char* instructions;
};
constexpr const char* with_xcv = "RV32IMC with XCV extensions and hardware loops";
constexpr core_kind kinds[] = {{core_model::iss, "iss", with_xcv},
                               {core_model::rtl, "rtl", with_xcv},
                               {core_model::lockstep, "lockstep", with_xcv},
                               {core_model::ibex, "ibex", "RV32IMC"}};

const core_kind* kind_named(const std::string& word) {
  const auto found =
      std::find_if(std::begin(kinds), std::end(kinds), [&](const core_kind& k) { return word == k.name; });
  return found == std::end(kinds) ? nullptr : found;
}

/// "rtl+iss" is the long name of lockstep. Throws config_error for any other pair.
void resolve_pair(config_node& model) {
  const std::size_t plus = model.scalar.find('+');
  if (model.kind != config_node::kind_t::scalar || plus == std::string::npos) return;
  const std::string words[] = {model.scalar.substr(0, plus), model.scalar.substr(plus + 1)};
  const std::string place = model.place + ": cores: " + model.scalar + ": ";
  const core_kind* pair[2];
  for (int k : {0, 1}) {
    pair[k] = kind_named(words[k]);
    if (pair[k] != nullptr) continue;
    const std::string near = nearest(words[k], {"iss", "rtl", "ibex"});
    throw config_error(place + "there is no model \"" + words[k] + "\"" +
                       (near.empty() ? "" : "; did you mean " + near + "?") + "; allowed for lock-step: rtl+iss");
  }
  if (pair[0]->instructions != std::string(pair[1]->instructions))
    throw config_error(place + "lock-step needs two models of one instruction set, but " + words[0] + " is " +
                       pair[0]->instructions + " and " + words[1] + " is " + pair[1]->instructions +
                       "; allowed: rtl+iss");
  if (model.scalar != "rtl+iss" && model.scalar != "iss+rtl")
    throw config_error(place + "lock-step compares the RTL of a core with the ISS; allowed: rtl+iss");
  model.scalar = name_of(core_model::lockstep);
}

/// The number that the whole of `text` is, if it is below `count`.
std::optional<unsigned> number_below(unsigned count, std::string_view text) {
  const auto number = parse_integer(text);
  if (!number || *number < 0 || *number >= static_cast<std::int64_t>(count)) return std::nullopt;
  return static_cast<unsigned>(*number);
}

std::optional<unsigned> first_common(const std::vector<unsigned>& a, const std::vector<unsigned>& b) {
  for (unsigned x : a)
    if (std::binary_search(b.begin(), b.end(), x)) return x;
  return std::nullopt;
}

using override_entry = chip_config::cores_config::override_entry;

/// An override and where it was said.
struct placed_override {
  override_entry entry;
  std::string place;
  bool from_option = false;
};

/// What is left of `entry` without the cores of `other`: up to two blocks of clusters and cores.
void cut(const placed_override& whole, const override_entry& other, std::vector<placed_override>& left) {
  const override_entry& entry = whole.entry;
  std::vector<unsigned> apart, shared, cores;
  std::set_difference(entry.clusters.begin(), entry.clusters.end(), other.clusters.begin(), other.clusters.end(),
                      std::back_inserter(apart));
  std::set_intersection(entry.clusters.begin(), entry.clusters.end(), other.clusters.begin(), other.clusters.end(),
                        std::back_inserter(shared));
  std::set_difference(entry.cores.begin(), entry.cores.end(), other.cores.begin(), other.cores.end(),
                      std::back_inserter(cores));
  if (!apart.empty()) left.push_back({{apart, entry.cores, entry.model}, whole.place, whole.from_option});
  if (!shared.empty() && !cores.empty()) left.push_back({{shared, cores, entry.model}, whole.place, whole.from_option});
}

/// Adds an override, so that all stay disjoint: an option goes before what a file says. Returns what is wrong, or "".
std::string add(placed_override added, std::vector<placed_override>& all) {
  std::vector<placed_override> kept;
  for (placed_override& earlier : all) {
    const auto cluster = first_common(added.entry.clusters, earlier.entry.clusters);
    const auto core = first_common(added.entry.cores, earlier.entry.cores);
    if (!cluster || !core) {
      kept.push_back(std::move(earlier));
    } else if (earlier.entry.model == added.entry.model || (added.from_option && !earlier.from_option)) {
      cut(earlier, added.entry, kept);
    } else {
      return added.place + ": cores.overrides: makes core " + std::to_string(*cluster) + "." + std::to_string(*core) +
             " " + name_of(added.entry.model) + ", but " + earlier.place + " makes it " + name_of(earlier.entry.model) +
             "; allowed: overrides that give each core one model";
    }
  }
  kept.push_back(std::move(added));
  all = std::move(kept);
  return "";
}

/// The chip's where no cluster is named.
unsigned most_cores(const std::vector<unsigned>& clusters, const chip_config& chip) {
  unsigned most = clusters.empty() ? chip.cluster.cores : 0;
  for (const unsigned cluster : clusters) most = std::max(most, chip.cores_of(cluster));
  return most;
}

unsigned least_cores(const std::vector<unsigned>& clusters, const chip_config& chip) {
  unsigned least = most_cores(clusters, chip);
  for (const unsigned cluster : clusters) least = std::min(least, chip.cores_of(cluster));
  return least;
}

config_node scalar(const std::string& text, const std::string& place) {
  config_node node;
  node.kind = config_node::kind_t::scalar;
  node.scalar = text;
  node.quoted = text.empty();
  node.place = place;
  return node;
}

}  // namespace

std::string allowed_ranges(const std::string& text, unsigned count) {
  return '"' + printable(text) + "\" is not allowed; allowed: all, or numbers and ranges from 0 to " +
         std::to_string(count - 1) + ", each once, as in 0-3,7";
}

std::optional<std::vector<unsigned>> parse_ranges(const std::string& text, unsigned count) {
  std::vector<unsigned> numbers;
  if (text == "all") {
    numbers.resize(count);
    std::iota(numbers.begin(), numbers.end(), 0u);
    return numbers;
  }
  for (std::string_view rest = text;;) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view range = rest.substr(0, comma);
    const std::size_t dash = std::min(range.find('-'), range.size());
    const auto first = number_below(count, range.substr(0, dash));
    const auto last = dash == range.size() ? first : number_below(count, range.substr(dash + 1));
    if (!first || !last || *first > *last || numbers.size() > count) return std::nullopt;
    for (unsigned i = *first; i <= *last; ++i) numbers.push_back(i);
    if (comma == rest.size()) break;
    rest.remove_prefix(comma + 1);
  }
  std::sort(numbers.begin(), numbers.end());
  if (std::adjacent_find(numbers.begin(), numbers.end()) != numbers.end()) return std::nullopt;
  return numbers;
}

std::optional<std::vector<unsigned>> parse_cores(const std::string& text, const std::vector<unsigned>& clusters,
                                                 const chip_config& chip) {
  return parse_ranges(text, text == "all" ? most_cores(clusters, chip) : least_cores(clusters, chip));
}

std::string allowed_cores(const std::string& text, const std::vector<unsigned>& clusters, const chip_config& chip) {
  return allowed_ranges(text, least_cores(clusters, chip));
}

std::string ranges_text(const std::vector<unsigned>& numbers) {
  std::string out;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    out += (out.empty() ? "" : ",") + std::to_string(numbers[i]);
    if (last != i) out += "-" + std::to_string(numbers[last]);
    i = last + 1;
  }
  return out;
}

const char* name_of(core_model model) {
  for (const core_kind& kind : kinds)
    if (kind.model == model) return kind.name;
  return "";
}

void resolve_lockstep_pairs(config_node& chip) {
  if (const config_node* model = chip.find("cores.model")) {
    config_node resolved = *model;
    resolve_pair(resolved);
    set_value(chip, "cores.model", std::move(resolved));
  }
  if (const config_node* overrides = chip.find("cores.overrides")) {
    config_node list = *overrides;
    for (config_node& item : list.items)
      for (config_node::entry& e : item.entries)
        if (e.key == "model") resolve_pair(e.value);
    set_value(chip, "cores.overrides", std::move(list));
  }
}

std::optional<core_model> core_model_named(const std::string& word) {
  const core_kind* kind = kind_named(word);
  return kind != nullptr ? std::optional(kind->model) : std::nullopt;
}

void lay_core_choice(config_node& chip, const std::string& argument) {
  const std::string place = "--cores " + printable(argument);
  const std::size_t equals = argument.find('='), dot = argument.find('.');
  if (equals == std::string::npos && dot == std::string::npos) {
    set_value(chip, "cores.model", scalar(argument, place));
    return;
  }
  if (equals == std::string::npos || dot > equals)
    throw config_error(place + ": allowed: MODEL, or CLUSTERS.CORES=MODEL as in 0-3.0=rtl or all.0=lockstep");
  config_node list;
  if (const config_node* files = chip.find("cores.overrides")) list = *files;
  if (list.kind == config_node::kind_t::scalar) return;  // no list: refused when the file is checked
  if (list.place.empty()) list.place = place;
  list.kind = config_node::kind_t::sequence;
  config_node entry;
  entry.place = place;
  const auto put = [&](const char* key, const std::string& text) {
    entry.entries.push_back({key, place, scalar(text, place)});
  };
  put("clusters", argument.substr(0, dot));
  put("cores", argument.substr(dot + 1, equals - dot - 1));
  put("model", argument.substr(equals + 1));
  list.items.push_back(std::move(entry));
  set_value(chip, "cores.overrides", std::move(list));
}

std::vector<std::pair<unsigned, unsigned>> named_cores(const std::string& text, const chip_config& chip,
                                                       const std::string& place) {
  const std::size_t dot = text.find('.');
  if (dot == std::string::npos)
    throw config_error(place + ": cores are written CLUSTERS.CORES, as in 3.0, 0-3.0,2 or 2.all");
  const auto numbers = [&](const char* what, const std::string& range, unsigned count) {
    if (auto found = parse_ranges(range, count)) return *found;
    throw config_error(place + ": " + what + ": " + allowed_ranges(range, count));
  };
  const std::vector<unsigned> clusters = numbers("clusters", text.substr(0, dot), chip.clusters());
  const std::string cores_text = text.substr(dot + 1);
  const auto cores = parse_cores(cores_text, clusters, chip);
  if (!cores) throw config_error(place + ": cores: " + allowed_cores(cores_text, clusters, chip));
  std::vector<std::pair<unsigned, unsigned>> named;
  for (unsigned cluster : clusters)
    for (unsigned core : *cores)
      if (core < chip.cores_of(cluster)) named.emplace_back(cluster, core);
  return named;
}

std::vector<std::string> choose_cores(const chip_file& file, chip_config& chip) {
  std::vector<std::string> errors;
  if (file.cores.model) chip.cores.model = core_model_named(*file.cores.model).value_or(core_model::iss);
  std::vector<placed_override> all;
  for (const auto& o : file.cores.overrides) {
    placed_override next{{}, o.place, o.from_option};
    next.entry.model = core_model_named(o.model).value_or(core_model::iss);
    if (auto clusters = parse_ranges(o.clusters, chip.clusters()))
      next.entry.clusters = std::move(*clusters);
    else
      errors.push_back(o.place + ": cores.overrides: clusters: " + allowed_ranges(o.clusters, chip.clusters()));
    if (auto cores = parse_cores(o.cores, next.entry.clusters, chip))
      next.entry.cores = std::move(*cores);
    else
      errors.push_back(o.place + ": cores.overrides: cores: " + allowed_cores(o.cores, next.entry.clusters, chip));
    if (std::string wrong = add(std::move(next), all); !wrong.empty()) errors.push_back(std::move(wrong));
  }
  for (placed_override& o : all) chip.cores.overrides.push_back(std::move(o.entry));
  return errors;
}

}  // namespace ohmic
