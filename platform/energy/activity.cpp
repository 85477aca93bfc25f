#include "platform/energy/activity.h"

#include <nlohmann/json.hpp>

#include "platform/config/config_error.h"
#include "platform/config/core_choice.h"

namespace ohmic {
namespace {

using json = nlohmann::json;

/// The shape of a chip.
unsigned number(const json& value) {
  const double n = value.get<double>();
  if (!(n >= 0 && n <= 1e9)) throw config_error("a number of things is " + value.dump());
  return static_cast<unsigned>(n);
}

/// Blocks that work for the crossbar: what they do is split among the stages of a cluster by MVMs, the rest by the time
/// of its cores.
bool follows_mvms(const std::string& block) { return block == "ima"; }

/// A beat that comes from an endpoint has crossed no router yet.
bool from_endpoint(const std::string& link) {
  const bool from_cluster = link.rfind("cluster_", 0) == 0 && link.size() > 3 && link.substr(link.size() - 3) == ".up";
  return from_cluster || link == "top.down" || link == "platform.down";
}

/// A router has children; below the last level are clusters, and the first factor is the link to HBM.
unsigned routers(const json& factors) {
  unsigned all = 0, level = 1;
  for (std::size_t i = 0; i + 1 < factors.size(); ++i) {
    level = number(level * factors[i].get<double>());
    all += level;
  }
  return all;
}

void add(const chip_parts& cluster, double share, chip_parts& to) {
  to.clusters += share * cluster.clusters;
  to.cores += share * cluster.cores;
  to.imas += share * cluster.imas;
}

/// What each cluster is made of.
std::vector<chip_parts> clusters_of(const json& chip) {
  unsigned count = 1;
  for (const json& factor : chip.at("network").at("factors")) count = number(count * factor.get<double>());
  std::vector<chip_parts> all(count, {1, double(number(chip.at("cluster").at("cores"))), 1});
  for (const json& make : chip.value("clusters", json::array())) {
    const auto clusters = parse_ranges(make.at("clusters"), count);
    if (!clusters) throw config_error("clusters names clusters that are not there");
    for (const unsigned i : *clusters)
      all[i] = {1, double(number(make.at("cores"))), make.at("ima").get<bool>() ? 1.0 : 0.0};
  }
  return all;
}

/// A section of `analog`; null: there is none.
const json* part_of_analog(const json& s, const char* name) {
  const auto analog = s.find("analog");
  if (analog == s.end()) return nullptr;
  const auto part = analog->find(name);
  return part == analog->end() ? nullptr : &*part;
}

/// Each read of programming drives one row.
void read_programming(const json& s, chip_activity& a) {
  const json* programming = part_of_analog(s, "programming");
  if (programming == nullptr) return;
  const double reads = programming->at("rows"), columns = programming->at("columns");
  a.programming = {{"ima.mvms", reads}, {"ima.rows", reads}, {"ima.columns", columns}, {"ima.cells", columns}};
  a.programming_pulses_j = programming->at("pulses_mj").get<double>() * 1e-3;
}

void read_shape(const json& s, chip_activity& a) {
  const json& chip = s.at("resolved_chip");
  if (!chip.at("network").at("factors").is_array()) throw config_error("network.factors is no list");
  a.routers = routers(chip.at("network").at("factors"));
  for (const chip_parts& cluster : clusters_of(chip)) add(cluster, 1, a.parts);
  a.l1_kib = chip.at("cluster").at("l1_bytes").get<double>() / 1024;
  a.icache_kib = chip.at("icache").at("shared_bytes").get<double>() / 1024;
  a.rows = number(chip.at("ima").at("rows"));
  a.columns = number(chip.at("ima").at("columns"));
  a.seconds = s.at("cycles").get<double>() / (chip.at("clock_ghz").get<double>() * 1e9);
  a.images = s.contains("images") ? number(s["images"]) : 0;
  a.macs = s.value("macs_per_image", 0.0) * a.images;
  if (const json* calibration = part_of_analog(s, "calibration"))
    a.calibration_seconds = calibration->at("cycles").get<double>() / (chip.at("clock_ghz").get<double>() * 1e9);
}

// A network's time begins at marker 0, a program's with reset.
void read_total(const json& s, chip_activity& a) {
  const bool network = s.contains("boot_cycles");
  for (const json& c : s.at("counters"))
    a.total[c.at("block").get<std::string>() + "." + c.at("name").get<std::string>()] =
        c.at(network ? "after_boot" : "total");
  for (const json& c : s.at("counters"))
    if (c.contains("calibration"))
      a.calibration[c.at("block").get<std::string>() + "." + c.at("name").get<std::string>()] = c.at("calibration");
  for (const json& link : s.at("links")) {
    const std::string name = link.at("name");
    const double bytes = link.at(network ? "bytes_after_boot" : "bytes");
    if (!from_endpoint(name)) a.total["network.byte_hops"] += bytes;
    if (name == "top.up" || name == "top.down") a.total["hbm.bytes"] += bytes;
  }
}

void read_stages(const json& s, chip_activity& a) {
  std::map<std::string, std::size_t> number;
  for (const json& stage : s.value("stages", json::array())) {
    number[stage.at("name")] = a.stages.size();
    a.stages.push_back({stage.at("name"), {}, {}});
  }
  const std::vector<chip_parts> made = clusters_of(s.at("resolved_chip"));
  for (const json& cluster : s.value("clusters", json::array())) {
    const json& shares = cluster.at("stage_shares");
    double mvms = 0, work = 0;
    for (const json& share : shares) mvms += share.at("mvms").get<double>(), work += share.at("work").get<double>();
    const auto part = [&](double of, double all) { return all > 0 ? of / all : 1.0 / double(shares.size()); };
    for (const json& share : shares) {
      stage_activity& stage = a.stages.at(number.at(share.at("stage")));
      const double by_mvms = part(share.at("mvms"), mvms), by_work = part(share.at("work"), work);
      add(made.at(cluster.at("cluster").get<std::size_t>()), by_work, stage.parts);
      for (const auto& [block, counters] : cluster.at("counters_after_boot").items())
        for (const auto& [name, value] : counters.items())
          stage.counts[block + "." + name] += value.get<double>() * (follows_mvms(block) ? by_mvms : by_work);
    }
  }
}

}  // namespace

chip_activity read_activity(const std::string& summary, const std::string& name) {
  constexpr int most_nested = 64;
  bool deep = false;
  const json s = json::parse(
      summary,
      [&](int depth, json::parse_event_t, json&) {
        deep = deep || depth > most_nested;
        return !deep;
      },
      false);
  if (deep || !s.is_object()) throw config_error(name + ": this is no summary.json of a run");
  chip_activity a;
  a.name = name;
  try {
    read_shape(s, a);
    read_total(s, a);
    read_stages(s, a);
    read_programming(s, a);
  } catch (const json::exception& error) {
    throw config_error(name + ": this is no summary.json of a run of this ohmic (" + error.what() + ")");
  } catch (const config_error& error) {
    throw config_error(name + ": this is no summary.json of a run: " + error.what());
  } catch (const std::out_of_range&) {
    throw config_error(name + ": a cluster serves a stage that is not among the stages");
  }
  for (const char* needed : {"instructions.alu", "l1.core_reads"})
    if (a.total.count(needed) == 0)
      throw config_error(name + ": " + needed +
                         " was not counted: run with --energy FILE (or energy in the experiment)");
  return a;
}

}  // namespace ohmic
