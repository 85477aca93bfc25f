#pragma once

#include <string>
#include <vector>

#include "chip/chip_config.h"
#include "sw/compiler/mapping/mapping.h"

namespace ohmic {

/// Clusters that a mapping asks for: those with crossbars, those that give their cores only, by their make, and those
/// that pass data on.
struct cluster_demand {
  unsigned crossbars = 0, relays = 0;
  std::vector<unsigned> cores;

  unsigned all() const;
};

/// The clusters of a chip as policies spend them. Makes are numbered as in chip_config::all_makes().
class cluster_supply {
 public:
  explicit cluster_supply(const chip_config& chip);

  std::size_t makes() const { return makes_.size(); }
  const chip_config::cluster_make& make(std::size_t m) const { return makes_[m]; }
  unsigned clusters(std::size_t m) const { return static_cast<unsigned>(makes_[m].clusters.size()); }
  unsigned imas() const { return imas_; }
  cluster_demand nothing() const { return {0, 0, std::vector<unsigned>(makes_.size(), 0)}; }
  /// What a crossbar can count on: the make with the fewest cores of those with an IMA. They are taken first.
  std::size_t crossbar_make() const { return by_cores_.front(); }
  /// Clusters of a make that crossbars leave, however many cores others ask for.
  unsigned left(std::size_t m, unsigned crossbars) const;
  bool enough_for(const cluster_demand& wanted) const;
  /// "56 clusters with an IMA for one replica of every layer, and chip 'x' has 48: 8 too few": what is missing for that
  /// if `most` clusters may be taken.
  std::string shortage(const cluster_demand& wanted, unsigned most) const;

 private:
  friend class seat_giver;
  std::string name_;
  std::vector<chip_config::cluster_make> makes_;
  std::vector<std::size_t> by_cores_;  ///< makes with an IMA, the fewest cores first; then the others, likewise
  unsigned imas_ = 0, all_ = 0;
};

/// Whether all clusters of the mapping have seats, and are no more than `most`.
bool is_seated(const mapping& m, unsigned most, const chip_config& chip);

/// Hands out clusters of the chip, of each make in the chip's order, so that all that is wanted finds its seats. Where
/// all clusters are alike: one after the other. Beyond what there is, numbers that the chip does not have.
class seat_giver {
 public:
  seat_giver(const cluster_supply& supply, cluster_demand wanted);
  unsigned crossbar();
  unsigned cores(std::size_t make);
  unsigned relay();
  /// Cores of whatever make has most that nobody else wants.
  unsigned others() { return unwanted(true); }

 private:
  unsigned unwanted(bool most_cores);
  unsigned take(std::size_t make);
  unsigned take_any();
  unsigned free(std::size_t make) const { return supply_->clusters(make) - taken_[make]; }
  bool spare(std::size_t make) const { return free(make) > wanted_.cores[make]; }

  const cluster_supply* supply_;
  cluster_demand wanted_;        ///< still
  std::vector<unsigned> taken_;  ///< by make
  unsigned beyond_;
};

}  // namespace ohmic
