#include "platform/config/hand_over_choice.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "platform/config/config_error.h"
#include "platform/config/core_choice.h"
#include "platform/config/numbers.h"

namespace ohmic {
namespace {

using hand_over = chip_config::cores_config::hand_over;
using moment = hand_over::moment;

constexpr const char* moments = "marker:0 to marker:15, cycle:N, pc:ADDRESS or symbol:NAME, these two also with :K";

std::optional<std::uint64_t> number_in(const std::string& text) {
  const auto value = parse_integer(text);
  if (!value || *value < 0 || *value > most_of_anything) return std::nullopt;
  return static_cast<std::uint64_t>(*value);
}

/// False if the text is no moment.
bool parse_moment(const std::string& text, hand_over& to) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return false;
  const std::string what = text.substr(0, colon);
  std::string rest = text.substr(colon + 1);
  if (what == "pc" || what == "symbol") {
    if (const std::size_t second = rest.rfind(':'); second != std::string::npos) {
      const auto times = number_in(rest.substr(second + 1));
      if (!times || *times == 0 || *times > 1'000'000'000) return false;
      to.times = static_cast<unsigned>(*times);
      rest.resize(second);
    }
  }
  if (what == "symbol") {
    to.at = moment::symbol;
    to.symbol = rest;
    return !rest.empty();
  }
  const auto number = number_in(rest);
  if (!number) return false;
  to.number = *number;
  if (what == "marker") {
    constexpr unsigned markers = 16;  // of platform control
    to.at = moment::marker;
    return *number < markers;
  }
  if (what == "cycle") {
    to.at = moment::cycle;
    return true;
  }
  to.at = moment::pc;
  return what == "pc" && *number % 2 == 0 && *number >> 32 == 0;
}

/// What a core is before a hand-over, and when it became that.
struct core_past {
  core_model model;
  const hand_over* last = nullptr;
};

/// What is wrong with the next hand-over of a core, or "".
std::string contradiction(const core_past& core, const hand_over& next) {
  if (core.model == core_model::ibex) return "is ibex, which is not handed over";
  if (core.model == next.model) return std::string("is ") + name_of(core.model) + " by then already";
  if (core.last == nullptr || core.last->at != next.at) return "";
  if (next.at == moment::cycle && next.number <= core.last->number)
    return "is handed over at cycle " + std::to_string(core.last->number) + " before, so not at cycle " +
           std::to_string(next.number);
  if (next.at == moment::marker && next.number == core.last->number)
    return "is handed over at marker " + std::to_string(next.number) + " already, to " + name_of(core.model);
  return "";
}

}  // namespace

std::string moment_of(const hand_over& h) {
  const std::string times = h.times == 1 ? "" : ":" + std::to_string(h.times);
  char pc[16];
  switch (h.at) {
    case moment::marker:
      return "marker:" + std::to_string(h.number);
    case moment::cycle:
      return "cycle:" + std::to_string(h.number);
    case moment::pc:
      std::snprintf(pc, sizeof pc, "0x%llx", static_cast<unsigned long long>(h.number));
      return "pc:" + std::string(pc) + times;
    default:
      return "symbol:" + h.symbol + times;
  }
}

void lay_hand_over(config_node& chip, const std::string& argument) {
  const std::string place = "--hand-over " + printable(argument);
  const std::size_t equals = argument.find('='), dot = argument.find('.'), at = argument.find('@');
  if (equals == std::string::npos || dot > equals || at == std::string::npos || at < equals)
    throw config_error(place +
                       ": allowed: CLUSTERS.CORES=MODEL@MOMENT as in 0-3.all=rtl@marker:1 or 0.0=iss@cycle:250000");
  config_node list;
  if (const config_node* files = chip.find("cores.hand_over")) list = *files;
  if (list.kind == config_node::kind_t::scalar) return;  // no list: refused when the file is checked
  if (list.place.empty()) list.place = place;
  list.kind = config_node::kind_t::sequence;
  config_node entry;
  entry.place = place;
  const auto put = [&](const char* key, const std::string& text) {
    config_node node;
    node.kind = config_node::kind_t::scalar;
    node.scalar = text;
    node.quoted = true;
    node.place = place;
    entry.entries.push_back({key, place, std::move(node)});
  };
  put("clusters", argument.substr(0, dot));
  put("cores", argument.substr(dot + 1, equals - dot - 1));
  put("model", argument.substr(equals + 1, at - equals - 1));
  put("at", argument.substr(at + 1));
  list.items.push_back(std::move(entry));
  set_value(chip, "cores.hand_over", std::move(list));
}

std::vector<std::string> choose_hand_overs(const chip_file& file, chip_config& chip) {
  std::vector<std::string> errors;
  for (const auto& o : file.cores.hand_overs) {
    hand_over& next = chip.cores.hand_overs.emplace_back();
    next.model = core_model_named(o.model).value_or(core_model::iss);
    if (auto clusters = parse_ranges(o.clusters, chip.clusters()))
      next.clusters = std::move(*clusters);
    else
      errors.push_back(o.place + ": cores.hand_over: clusters: " + allowed_ranges(o.clusters, chip.clusters()));
    if (auto cores = parse_cores(o.cores, next.clusters, chip))
      next.cores = std::move(*cores);
    else
      errors.push_back(o.place + ": cores.hand_over: cores: " + allowed_cores(o.cores, next.clusters, chip));
    if (!parse_moment(o.at, next))
      errors.push_back(o.place + ": cores.hand_over: at: \"" + printable(o.at) +
                       "\" is no moment; allowed: " + moments);
  }
  if (!errors.empty()) return errors;

  for (unsigned cluster = 0; cluster < chip.clusters() && !chip.cores.hand_overs.empty(); ++cluster) {
    std::vector<core_past> cores;
    for (const core_model model : chip.core_models(cluster)) cores.push_back({model, nullptr});
    for (std::size_t i = 0; i < chip.cores.hand_overs.size(); ++i) {
      const hand_over& next = chip.cores.hand_overs[i];
      if (!std::binary_search(next.clusters.begin(), next.clusters.end(), cluster)) continue;
      for (const unsigned core : next.cores) {
        if (core >= cores.size()) continue;  // "all": of larger clusters
        if (const std::string wrong = contradiction(cores[core], next); !wrong.empty())
          return {file.cores.hand_overs[i].place + ": cores.hand_over: core " + std::to_string(cluster) + "." +
                  std::to_string(core) + " " + wrong +
                  "; allowed: hand-overs of a core in the order of their moments, each to another model"};
        cores[core] = {next.model, &next};
      }
    }
  }
  return errors;
}

}  // namespace ohmic
