#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "sw/compiler/graph/integer_graph.h"

namespace ohmic {

/// One link of the pipeline: a node of the graph, with the residual add that follows it where the two can be
/// one.
struct stage {
  std::string name;              ///< of the node; "<node>+<add>" where fused
  int node = -1;                 ///< index into integer_graph::nodes
  int fused_add = -1;            ///< node of the residual add done by the same root
  int input = -1;                ///< tensor
  std::vector<int> codes;        ///< tensors: codes of row sets on cores, added to those of the crossbars
  int residual = -1;             ///< tensor: the other operand of an add, fused or not
  bool input_is_second = false;  ///< of an add: our own operand is x1
  int output = -1;               ///< tensor: the channels, height and width that the stage makes
  int delivers = -1;             ///< tensor that these are, or are channels of, for who reads them
  int first_channel = 0;         ///< of that: where ours begin
};

/// Row sets whose codes the stage's sums add: those of its crossbars, then those of cores. Sums count them so.
inline unsigned sets_added(const integer_graph& graph, const stage& s) {
  return static_cast<unsigned>(graph.nodes[static_cast<std::size_t>(s.node)].layer().row_sets.size() + s.codes.size());
}

/// Whether the stage's sums add these codes.
inline bool adds_codes(const stage& s, int tensor) {
  return std::find(s.codes.begin(), s.codes.end(), tensor) != s.codes.end();
}

/// Pipeline order: a stage stands behind the stages that make its inputs. A convolution whose only consumer
/// is an add is fused with it; of two candidates the one farther from the image, so that the other can wait.
/// A concatenation is no stage: those that make its inputs deliver channels of its map. What is fused with a
/// concatenation is fused with each of them.
std::vector<stage> make_stages(const integer_graph& graph);

/// Columns of its output that a stage's readers need for their first output, at most; at least 1.
unsigned columns_awaited(const integer_graph& graph, const std::vector<stage>& stages, std::size_t s);

}  // namespace ohmic
