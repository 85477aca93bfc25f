#pragma once

#include <map>
#include <tuple>
#include <vector>

#include "sw/compiler/mapping/plan/plan.h"

namespace ohmic {

/// Kernels of layers on cores whose weights are in HBM. Those of one cluster that make parts of the same tiles get
/// their weights through one ring, in turn; a kernel that is alone keeps its weights.
class weight_turns {
 public:
  /// The cluster's step, a digital layer's kernel, makes what `head` says.
  void add(unsigned cluster, unsigned step, const plan_step& head);
  /// Adds rings and PULL steps to the plan, and to the kernels a window each. Clusters that make the same parts of
  /// different tiles read the same weights.
  void stream(deployment_plan& plan) const;

 private:
  using same_tiles = std::tuple<int, unsigned, unsigned, unsigned>;  // stage, cluster, index and count of replicas
  std::map<same_tiles, std::vector<unsigned>> kernels_;              // steps, part by part
};

}  // namespace ohmic
