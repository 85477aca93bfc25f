#include "platform/energy/evaluate.h"

#include <algorithm>
#include <initializer_list>
#include <tuple>

#include "platform/config/config_error.h"

namespace ohmic {
namespace {

/// How an MVM's energy is read.
enum class reading { always, fixed, in_use };

/// Dynamic energy: a coefficient times how often that happened, summed over counters.
struct term {
  const char *key, *block;
  std::initializer_list<const char*> counters;
  const char* less = nullptr;  ///< counter to be taken off
  reading when = reading::always;
  bool crossbar = false;
};

const term terms[] = {
    {"ima.mvm_full", "ima", {"ima.mvms"}, nullptr, reading::fixed, true},
    {"ima.mvm", "ima", {"ima.mvms"}, nullptr, reading::in_use, true},
    {"ima.row", "ima", {"ima.rows"}, nullptr, reading::in_use, true},
    {"ima.column", "ima", {"ima.columns"}, nullptr, reading::in_use, true},
    {"ima.cell", "ima", {"ima.cells"}, nullptr, reading::in_use, true},
    {"ima.byte", "ima", {"ima.bytes_in", "ima.bytes_out"}},
    {"cores.alu", "cores", {"instructions.alu"}},
    {"cores.mul", "cores", {"instructions.mul"}},
    {"cores.div", "cores", {"instructions.div"}},
    {"cores.simd", "cores", {"instructions.simd"}},
    {"cores.dot", "cores", {"instructions.dot"}},
    {"cores.load", "cores", {"instructions.load"}},
    {"cores.store", "cores", {"instructions.store"}},
    {"cores.branch", "cores", {"instructions.branch"}},
    {"cores.jump", "cores", {"instructions.jump"}},
    {"cores.loop", "cores", {"instructions.loop"}},
    {"cores.system", "cores", {"instructions.system"}},
    {"cores.waiting_cycle", "cores", {"cores.awake_cycles"}, "cores.retired"},
    {"l1.read", "l1", {"l1.core_reads", "l1.dma_reads", "l1.ima_reads", "l1.network_reads"}},
    {"l1.write", "l1", {"l1.core_writes", "l1.dma_writes", "l1.ima_writes", "l1.network_writes"}},
    {"icache.lookup", "icache", {"icache.hits", "icache.misses", "icache.merged"}},
    {"icache.line", "icache", {"icache.misses"}},
    {"dma.descriptor", "dma", {"dma.descriptors"}},
    {"dma.byte", "dma", {"dma.bytes_read", "dma.bytes_written", "dma.bytes_copied"}},
    {"network.byte_hop", "network", {"network.byte_hops"}},
    {"hbm.byte", "hbm", {"hbm.bytes"}},
};

/// Area, and the leakage of it. in_clusters: of some of its parts, else of the chip.
struct piece {
  const char *key, *block, *leakage;
  bool in_clusters;
  double (*count)(const chip_activity&, const chip_parts& of);
};

const piece pieces[] = {
    {"area.ima_column", "ima", "leakage.analog", true,
     [](const chip_activity& a, const chip_parts& of) { return of.imas * a.columns; }},
    {"area.ima_cell", "ima", "leakage.analog", true,
     [](const chip_activity& a, const chip_parts& of) { return of.imas * a.rows * a.columns; }},
    {"area.core", "cores", "leakage.logic", true, [](const chip_activity&, const chip_parts& of) { return of.cores; }},
    {"area.l1_kib", "l1", "leakage.memory", true,
     [](const chip_activity& a, const chip_parts& of) { return of.clusters * a.l1_kib; }},
    {"area.icache_kib", "icache", "leakage.memory", true,
     [](const chip_activity& a, const chip_parts& of) { return of.clusters * a.icache_kib; }},
    {"area.cluster", "cluster", "leakage.logic", true,
     [](const chip_activity&, const chip_parts& of) { return of.clusters; }},
    {"area.router", "network", "leakage.logic", false,
     [](const chip_activity& a, const chip_parts&) { return double(a.routers); }},
};

constexpr const char* block_names[] = {"ima", "cores", "l1", "icache", "dma", "cluster", "network", "hbm"};

double counted(const activity_counts& counts, const char* name) {
  const auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

double events(const term& t, const activity_counts& counts) {
  double n = 0;
  for (const char* counter : t.counters) n += counted(counts, counter);
  if (t.less != nullptr) n -= std::min(n, counted(counts, t.less));
  return n;
}

class evaluation {
 public:
  evaluation(const chip_activity& a, const energy_coefficients& c) : a_(a), c_(c) {}

  energy_report report() {
    r_.seconds = a_.seconds;
    r_.images = a_.images;
    r_.macs = a_.macs;
    for (const char* name : block_names) r_.blocks.push_back({name});
    for (const auto& [key, own] : c_.of) r_.sensitivity.push_back({key, own.unit, own.value()});
    r_.sensitivity.push_back({digital_scale, "", c_.digital_scale});
    whole_chip();
    for (const stage_activity& s : a_.stages) stage(s);
    rest();
    calibration();
    programming();
    std::sort(r_.sensitivity.begin(), r_.sensitivity.end(), [](const auto& x, const auto& y) {
      return std::tie(y.energy_j, y.area_mm2, x.key) < std::tie(x.energy_j, x.area_mm2, y.key);
    });
    return std::move(r_);
  }

 private:
  static constexpr const char* digital_scale = "digital_scale";
  /// digital_scale is for the chip's digital part: crossbars are analog, the memory is another chip.
  static bool is_digital(const term& t) { return !t.crossbar && std::string(t.block) != "hbm"; }
  static bool is_digital(const piece& p) { return std::string(p.block) != "ima"; }
  template <class Item>
  double scale_of(const Item& item) const {
    return is_digital(item) ? c_.digital_scale : 1;
  }
  bool applies(const term& t) const { return t.when == reading::always || (t.when == reading::fixed) == c_.fixed_mvm; }
  double joules(const term& t, const activity_counts& counts) const {
    return applies(t) ? events(t, counts) * c_(t.key) * scale_of(t) : 0;
  }
  /// Leakage in joules.
  double leaked(const piece& p, const chip_parts& of) const {
    return p.count(a_, of) * c_(p.key) * c_(p.leakage) * scale_of(p) * a_.seconds;
  }
  energy_part& block(const std::string& name) {
    return *std::find_if(r_.blocks.begin(), r_.blocks.end(), [&](const auto& b) { return b.name == name; });
  }
  coefficient_share& share(const std::string& key) {
    return *std::find_if(r_.sensitivity.begin(), r_.sensitivity.end(), [&](const auto& s) { return s.key == key; });
  }

  void whole_chip() {
    for (const term& t : terms) {
      const double j = joules(t, a_.total);
      block(t.block).dynamic_j += j;
      share(t.key).energy_j += j;
      if (is_digital(t)) share(digital_scale).energy_j += j;
      if (!t.crossbar) continue;
      r_.crossbars_j += j;
      (t.when == reading::fixed ? r_.crossbars_fixed_j : r_.crossbars_in_use_j) += events(t, a_.total) * c_(t.key);
    }
    for (const piece& p : pieces) {
      const double area = p.count(a_, a_.parts) * c_(p.key), j = leaked(p, a_.parts);
      block(p.block).area_mm2 += area;
      block(p.block).leakage_j += j;
      share(p.key).area_mm2 += area;
      share(p.key).energy_j += j;
      share(p.leakage).energy_j += j;
      if (is_digital(p)) share(digital_scale).energy_j += j;
    }
    const double standby = c_("hbm.standby") * a_.seconds;
    block("hbm").leakage_j += standby;
    share("hbm.standby").energy_j += standby;
    double leakage = 0;
    for (const energy_part& b : r_.blocks) {
      r_.total_j += b.total_j();
      r_.area_mm2 += b.area_mm2;
      leakage += b.leakage_j;
    }
    r_.leakage_w = a_.seconds > 0 ? leakage / a_.seconds : 0;
  }

  void stage(const stage_activity& s) {
    stage_energy e{s.name, {}, 0, 0};
    for (const term& t : terms) e.by_block[t.block] += joules(t, s.counts);
    for (const piece& p : pieces) {
      if (!p.in_clusters) continue;
      const double j = leaked(p, s.parts);
      e.by_block[p.block] += j;
      e.leakage_j += j;
    }
    for (const auto& [name, j] : e.by_block) e.total_j += j;
    r_.stages.push_back(std::move(e));
  }

  /// Clusters at work, and the whole chip's leakage as long as they are. What they fetched of instructions is not told
  /// apart in network and HBM.
  void calibration() {
    for (const term& t : terms) r_.calibration_j += joules(t, a_.calibration);
    r_.calibration_j += r_.leakage_w * a_.calibration_seconds;
  }

  void programming() {
    r_.programming_j = a_.programming_pulses_j;
    for (const term& t : terms) r_.programming_j += joules(t, a_.programming);
  }

  void rest() {
    for (const energy_part& b : r_.blocks) {
      double j = b.total_j();
      for (const stage_energy& s : r_.stages) {
        const auto own = s.by_block.find(b.name);
        if (own != s.by_block.end()) j -= own->second;
      }
      r_.unattributed[b.name] = j;
      r_.unattributed_j += j;
    }
  }

  const chip_activity& a_;
  const energy_coefficients& c_;
  energy_report r_;
};

}  // namespace

energy_report evaluate_energy(const chip_activity& activity, const energy_coefficients& coefficients) {
  return evaluation(activity, coefficients).report();
}

double fit_digital_scale(const chip_activity& activity, const energy_coefficients& coefficients) {
  if (coefficients.fit_mj == 0)
    throw config_error(coefficients.name +
                       ": fit_mj: 0 is nothing to fit digital_scale to; allowed: what the run costs");
  energy_coefficients unscaled = coefficients;
  unscaled.digital_scale = 1;
  const energy_report with = evaluate_energy(activity, unscaled);
  unscaled.digital_scale = 0;
  const double fixed = evaluate_energy(activity, unscaled).total_j, wanted = coefficients.fit_mj * 1e-3;
  const auto mj = [](double joules) { return std::to_string(joules * 1e3) + " mJ"; };
  if (wanted < fixed)
    throw config_error(coefficients.name + ": fit_mj: the crossbars and HBM alone take " + mj(fixed) + " in " +
                       activity.name + ", more than the " + mj(wanted) + " to fit: digital_scale would be negative");
  if (with.total_j <= fixed)
    throw config_error(coefficients.name + ": digital_scale: there is no digital energy to scale in " + activity.name);
  return (wanted - fixed) / (with.total_j - fixed);
}

}  // namespace ohmic
