#include <fmt/format.h>

#include <algorithm>

#include "platform/energy/energy_report.h"

namespace ohmic {
namespace {

double per(double of, double by) { return by > 0 ? of / by : 0; }

/// A program has no images.
std::string of_image(double joules, const energy_report& r) {
  return r.images != 0 ? fmt::format("{:>10.4g}", per(joules * 1e3, r.images)) : fmt::format("{:>10}", "-");
}

std::string block_rows(const energy_report& r) {
  std::string out = "block     energy mJ  leakage mJ   mJ/image   power W  share %   area mm2\n";
  const auto row = [&](const std::string& name, double total, double leakage, double area) {
    out += fmt::format("{:<8} {:>10.4g}  {:>10.4g} {} {:>9.4g} {:>8.1f} {:>10.4g}\n", name, total * 1e3, leakage * 1e3,
                       of_image(total, r), per(total, r.seconds), 100 * per(total, r.total_j), area);
  };
  double leakage = 0;
  for (const energy_part& b : r.blocks) {
    row(b.name, b.total_j(), b.leakage_j, b.area_mm2);
    leakage += b.leakage_j;
  }
  row("all", r.total_j, leakage, r.area_mm2);
  return out;
}

std::string stage_rows(const energy_report& r) {
  if (r.stages.empty()) return "";
  std::size_t width = 12;
  for (const stage_energy& s : r.stages) width = std::max(width, s.name.size());
  std::string out =
      fmt::format("{:<{}}   energy mJ   mJ/image   power W  share %    ima  cores     l1   rest (%)\n", "stage", width);
  const auto row = [&](const std::string& name, double total, const std::map<std::string, double>& by_block) {
    const auto part = [&](const char* block) {
      const auto found = by_block.find(block);
      return found == by_block.end() ? 0 : 100 * per(found->second, total);
    };
    const double ima = part("ima"), cores = part("cores"), l1 = part("l1");
    out += fmt::format("{:<{}}  {:>10.4g} {:>10.4g} {:>9.4g} {:>8.1f} {:>6.1f} {:>6.1f} {:>6.1f} {:>6.1f}\n", name,
                       width, total * 1e3, per(total * 1e3, r.images), per(total, r.seconds),
                       100 * per(total, r.total_j), ima, cores, l1, total > 0 ? 100 - ima - cores - l1 : 0.0);
  };
  for (const stage_energy& s : r.stages) row(s.name, s.total_j, s.by_block);
  row("unattributed", r.unattributed_j, r.unattributed);
  return out + "\n";
}

std::string sensitivity_rows(const energy_report& r) {
  constexpr std::size_t most = 12;
  std::string out = "10 % more of         value              moves energy by %   area by %\n";
  for (std::size_t i = 0; i < std::min(most, r.sensitivity.size()); ++i) {
    const coefficient_share& s = r.sensitivity[i];
    if (s.energy_j == 0 && s.area_mm2 == 0) break;
    out += fmt::format("{:<20} {:>9.4g} {:<11} {:>14.2f} {:>11.2f}\n", s.key, s.value, s.unit,
                       10 * per(s.energy_j, r.total_j), 10 * per(s.area_mm2, r.area_mm2));
  }
  return out;
}

std::string sum_rows(const energy_report& r, const energy_coefficients& c) {
  const double watts = per(r.total_j, r.seconds), rate = per(r.images, r.seconds);
  const std::string image = r.images != 0 ? fmt::format(" ({:.4g} mJ per image)", per(r.total_j * 1e3, r.images)) : "";
  std::string out = fmt::format("{:<12} {:.4g} mJ{}, {:.4g} W on average, coefficients {}\n", "energy", r.total_j * 1e3,
                                image, watts, c.name);
  out += fmt::format("{:<12} {:.1f} % crossbars, {:.1f} % leakage", "", 100 * per(r.crossbars_j, r.total_j),
                     100 * per(r.leakage_w, watts));
  if (r.images != 0)
    out += fmt::format("; {:.0f} images/s/W, {:.2f} TOPS/W", per(rate, watts), per(2 * r.macs, r.total_j) / 1e12);
  if (r.programming_j > 0)
    out += fmt::format("\n{:<12} {:.4g} mJ once, to program the crossbars", "", r.programming_j * 1e3);
  if (r.calibration_j > 0)
    out += fmt::format("\n{:<12} {:.4g} mJ more for the calibration before the batch", "", r.calibration_j * 1e3);
  out += fmt::format("\n{:<12} {:.1f} mm2", "area", r.area_mm2);
  if (r.images != 0) out += fmt::format("; {:.2f} images/s/mm2", per(rate, r.area_mm2));
  return out + "\n";
}

}  // namespace

std::string energy_rows(const energy_report& r, const energy_coefficients& c) {
  return "\n" + block_rows(r) + "\n" + sum_rows(r, c);
}

std::string energy_table(const energy_report& r, const energy_coefficients& c) {
  std::string out = "\n" + block_rows(r) + "\n" + stage_rows(r) + sensitivity_rows(r) + "\n" + sum_rows(r, c);
  out += fmt::format("{:<12} {:.4g} mJ with {:.4g} nJ each (fixed), {:.4g} mJ by rows, columns and cells in use\n",
                     "MVMs", r.crossbars_fixed_j * 1e3, c("ima.mvm_full") * 1e9, r.crossbars_in_use_j * 1e3);
  return out;
}

}  // namespace ohmic
