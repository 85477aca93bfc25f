#include "sw/compiler/reference/top_classes.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ohmic {

std::vector<ranked_class> top_classes(const integer_graph& graph, const std::vector<std::int32_t>& logits, int count) {
  std::vector<int> rows(logits.size());
  std::iota(rows.begin(), rows.end(), 0);
  std::sort(rows.begin(), rows.end(),
            [&](int a, int b) { return logits[a] != logits[b] ? logits[a] > logits[b] : a < b; });
  rows.resize(std::min<std::size_t>(rows.size(), static_cast<std::size_t>(std::max(count, 0))));
  const int s = static_cast<int>(graph.nodes.back().layer().requantise.s);
  std::vector<ranked_class> top;
  for (int row : rows) {
    const bool named = static_cast<std::size_t>(row) < graph.labels.size();
    top.push_back({row, named ? graph.labels[row] : "class " + std::to_string(row), logits[row],
                   std::ldexp(static_cast<double>(logits[row]), -s)});
  }
  return top;
}

}  // namespace ohmic
