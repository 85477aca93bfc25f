#include "sw/compiler/mapping/policy/cluster_supply.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>

namespace ohmic {

unsigned cluster_demand::all() const { return std::accumulate(cores.begin(), cores.end(), crossbars + relays); }

cluster_supply::cluster_supply(const chip_config& chip)
    : name_(chip.name), makes_(chip.all_makes()), by_cores_(makes_.size()), imas_(chip.imas()), all_(chip.clusters()) {
  std::iota(by_cores_.begin(), by_cores_.end(), std::size_t{0});
  std::sort(by_cores_.begin(), by_cores_.end(), [&](std::size_t a, std::size_t b) {
    return std::make_tuple(!makes_[a].ima, makes_[a].cores, a) < std::make_tuple(!makes_[b].ima, makes_[b].cores, b);
  });
}

unsigned cluster_supply::left(std::size_t m, unsigned crossbars) const {
  if (!makes_[m].ima) return clusters(m);
  return std::min(clusters(m), imas_ > crossbars ? imas_ - crossbars : 0);
}

bool cluster_supply::enough_for(const cluster_demand& wanted) const {
  unsigned with_ima = wanted.crossbars;
  for (std::size_t m = 0; m < makes_.size(); ++m) {
    if (wanted.cores[m] > clusters(m)) return false;
    if (makes_[m].ima) with_ima += wanted.cores[m];
  }
  return with_ima <= imas_ && wanted.all() <= all_;
}

std::string cluster_supply::shortage(const cluster_demand& wanted, unsigned most) const {
  const auto text = [](unsigned needed, const std::string& what, const std::string& who, unsigned there) {
    return fmt::format("{} clusters{} for one replica of every layer, and {} {}: {} too few", needed, what, who, there,
                       needed - there);
  };
  const std::string chip = fmt::format("chip '{}' has", name_);
  if (wanted.all() > most) return text(wanted.all(), "", most < all_ ? "most_clusters allows" : chip, most);
  if (wanted.crossbars > imas_) return text(wanted.crossbars, " with an IMA", chip, imas_);
  for (std::size_t m = 0; m < makes_.size(); ++m)
    if (wanted.cores[m] > left(m, wanted.crossbars))
      return text(wanted.cores[m], fmt::format(" of {} cores without crossbars", makes_[m].cores), chip,
                  left(m, wanted.crossbars));
  unsigned with_ima = wanted.crossbars;
  for (std::size_t m = 0; m < makes_.size(); ++m) with_ima += makes_[m].ima ? wanted.cores[m] : 0;
  return text(with_ima, " with an IMA or of such a make", chip, imas_);
}

bool is_seated(const mapping& m, unsigned most, const chip_config& chip) {
  return m.clusters <= most &&
         std::all_of(m.places.begin(), m.places.end(), [&](unsigned place) { return place < chip.clusters(); });
}

seat_giver::seat_giver(const cluster_supply& supply, cluster_demand wanted)
    : supply_(&supply), wanted_(std::move(wanted)), taken_(supply.makes(), 0), beyond_(supply.all_) {}

unsigned seat_giver::take(std::size_t make) { return supply_->makes_[make].clusters[taken_[make]++]; }

unsigned seat_giver::take_any() {
  for (const std::size_t make : supply_->by_cores_)
    if (free(make) != 0) return take(make);
  return beyond_++;
}

unsigned seat_giver::crossbar() {
  if (wanted_.crossbars != 0) --wanted_.crossbars;
  for (const bool needed_by_others : {false, true})
    for (const std::size_t make : supply_->by_cores_)
      if (supply_->makes_[make].ima && (needed_by_others ? free(make) != 0 : spare(make))) return take(make);
  return beyond_++;
}

unsigned seat_giver::cores(std::size_t make) {
  if (wanted_.cores[make] != 0) --wanted_.cores[make];
  return free(make) != 0 ? take(make) : take_any();
}

unsigned seat_giver::relay() {
  if (wanted_.relays != 0) --wanted_.relays;
  return unwanted(false);
}

unsigned seat_giver::unwanted(bool most_cores) {
  std::vector<std::size_t> order = supply_->by_cores_;
  if (most_cores) std::reverse(order.begin(), order.end());
  unsigned with_ima = 0;
  for (const std::size_t make : order)
    if (supply_->makes_[make].ima && spare(make)) with_ima += free(make) - wanted_.cores[make];
  for (const std::size_t make : order)
    if (spare(make) && (!supply_->makes_[make].ima || with_ima > wanted_.crossbars)) return take(make);
  return take_any();
}

}  // namespace ohmic
