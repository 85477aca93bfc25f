#pragma once

#include <map>
#include <string>
#include <vector>

#include "chip/chip_config.h"
#include "sw/compiler/mapping/cost/cost_model.h"
#include "sw/compiler/mapping/policy/digital_share.h"
#include "sw/compiler/mapping/policy/stage_design.h"
#include "sw/compiler/mapping/policy/stage_groups.h"

namespace ohmic {

/// What a policy lets the balancing of a pipeline do.
struct balance_rules {
  bool pack = false;                         ///< several output pixels to an MVM
  unsigned fan_in = 0;                       ///< most inputs of a sum; 0: what is cheapest
  bool trees = false;                        ///< where that is: sums of many row sets in several stages
  core_seats seats = core_seats::own;        ///< of sums, pools and adds
  core_seats layer_seats = core_seats::own;  ///< of layers on cores; if shared, all else is as small as can be
  unsigned most_clusters = 0;                ///< on some of which they take turns
  bool relays = false;                       ///< residuals wait in clusters of their own
  bool image_relay = false;                  ///< one cluster pulls the image for all replicas of a layer
  buffer_place residual = buffer_place::reader;
  /// Part of an image's time that cores may be at work.
  double busy = 0.9;
  /// Part of L1 that the rings before a crossbar, a pool or a sum may take; 0: any.
  double rings = 0;
};

/// Who may have clusters of their own, from what a large chip allows to what a small one does: sums, pools and adds,
/// and layers on cores if there are any.
std::vector<std::pair<core_seats, core_seats>> kinds_of_seats(const integer_graph& graph);

/// Finds designs of stages that all keep up with one time per image, by the cost model.
class pipeline_balancer {
 public:
  pipeline_balancer(const integer_graph& graph, const std::vector<stage>& stages, const chip_config& chip,
                    const balance_rules& rules);
  pipeline_balancer(const pipeline_balancer&) = delete;
  pipeline_balancer& operator=(const pipeline_balancer&) = delete;

  /// The cheapest design of every stage that takes at most so many cycles per image; where none is that fast, the
  /// fastest, and `in_time` is false.
  std::vector<stage_design> designs(double cycles_per_image, bool* in_time = nullptr) const;
  cluster_demand demand(const std::vector<stage_design>& designs) const;
  /// Whether the chip has the clusters, and they are no more than so many.
  bool enough(const std::vector<stage_design>& designs, unsigned clusters) const;
  /// What one replica of everything lacks, as the end of a sentence.
  std::string shortage(unsigned clusters) const { return supply_.shortage(demand(smallest()), clusters); }
  /// One replica of everything, as few clusters as the rules allow.
  std::vector<stage_design> smallest() const;
  /// Other designs of the stages on cores, with clusters that several stages share (stage_groups.h), for a few times
  /// per image from the shortest on. None where layers take turns on few clusters.
  std::vector<std::vector<stage_design>> grouped(const std::vector<stage_design>& from) const;
  /// The fastest designs that take at most so many clusters, and no less time per image than `least_cycles`. Empty:
  /// not even the smallest do.
  std::vector<stage_design> fastest(unsigned clusters, double least_cycles, double* cycles = nullptr) const;

 private:
  struct rating {
    double cycles = 0;   ///< per image, of its busiest cluster
    double latency = 0;  ///< of a tile
    cluster_demand clusters;
  };
  const graph_node& node(std::size_t s) const { return graph_.nodes[stages_[s].node]; }
  const graph_tensor& output(std::size_t s) const { return graph_.tensors[stages_[s].output]; }
  graph_window window_of(std::size_t s) const;
  std::size_t parts(std::size_t s, const stage_design& design) const;
  unsigned most_replicas(std::size_t s, const stage_design& design) const;
  std::vector<unsigned> fan_ins_of(unsigned sets) const;
  /// A design for every stage, with makes of cores so that as many stages as can be are in time, and the make that is
  /// taken up most is taken up least.
  std::vector<stage_design> share_makes(double cycles, const std::vector<stage_design>& others, bool& in_time) const;
  /// Cycles of latency that clusters are worth.
  double worth(const cluster_demand& clusters, double cycles) const;
  const cost_model& crossbar_cost() const { return costs_[supply_.crossbar_make()]; }
  const cost_model& core_cost(const stage_design& design) const {
    return design.seats == core_seats::own ? costs_[design.core_make] : crossbar_cost();
  }
  /// With the cores of one make.
  stage_design choose(std::size_t s, double cycles, const std::vector<stage_design>& others, std::size_t make,
                      bool& in_time) const;
  /// Gives the design enough replicas of everything; false if its tiles are too few.
  bool replicate(std::size_t s, double cycles, const std::vector<stage_design>& others, stage_design& design,
                 rating& to) const;
  double crossbar_cycles(std::size_t s, const std::vector<stage_design>& others, const stage_design& design) const;
  double sum_cycles(std::size_t s, const std::vector<stage_design>& others, const stage_design& design, std::size_t n,
                    double* tile = nullptr) const;
  stage_design choose_digital(std::size_t s, double cycles, const std::vector<stage_design>& others, std::size_t make,
                              bool& in_time) const;
  /// On up to so many clusters of a make.
  stage_offer offer(std::size_t s, const std::vector<stage_design>& others, std::size_t make, unsigned clusters) const;
  /// Clusters of each make that stages on cores may take.
  std::vector<unsigned> clusters_for_cores(const std::vector<stage_design>& designs) const;
  void take_buffers(std::size_t s, stage_design& design) const;
  void take_turns(std::vector<stage_design>& designs) const;
  /// Of a layer on cores.
  double digital_master(std::size_t s, const std::vector<stage_design>& others, const digital_share& share,
                        const cost_model& cost) const;
  double core_cycles(std::size_t s, const std::vector<stage_design>& others, const stage_design& design,
                     double* tile = nullptr) const;
  double arrivals(std::size_t s, const std::vector<stage_design>& others, const stage_design& design) const;
  double runs(std::size_t s, const std::vector<stage_design>& others) const;
  double returns(std::size_t s, const std::vector<stage_design>& others) const;

  const integer_graph& graph_;
  const std::vector<stage>& stages_;
  const chip_config& chip_;
  const balance_rules rules_;
  const cluster_supply supply_;
  const std::vector<cost_model> costs_;                         ///< by make
  std::map<std::size_t, std::vector<digital_sharer>> sharers_;  ///< of layers on cores, by stage: for each make
};

}  // namespace ohmic
