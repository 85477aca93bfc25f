#include <algorithm>
#include <limits>
#include <set>

#include "sw/compiler/graph/digital_rows.h"
#include "sw/compiler/graph/exact_sums.h"
#include "sw/compiler/graph/integer_graph.h"

namespace ohmic {
namespace {

constexpr std::int64_t int32_max = std::numeric_limits<std::int32_t>::max();

std::string shape_of(const graph_tensor& t) {
  return "[" + std::to_string(t.channels) + ", " + std::to_string(t.height) + ", " + std::to_string(t.width) + "]";
}

class checker {
 public:
  checker(const integer_graph& graph, const graph_node& node) : graph_(graph), node_(node) {}

  void run() {
    if (node_.name.empty()) fail("a node has no name");
    // Those take any number: codes behind a layer's input are checked with its row sets.
    if (node_.kind() != node_kind::concatenation && !node_.on_crossbar()) {
      const std::size_t inputs = node_.kind() == node_kind::input ? 0 : node_.kind() == node_kind::add ? 2 : 1;
      require(node_.inputs.size() == inputs,
              "has " + std::to_string(node_.inputs.size()) + " inputs, but takes " + std::to_string(inputs));
    }
    const graph_tensor& out = graph_.tensors[node_.output];
    require(out.channels > 0 && out.height > 0 && out.width > 0, "gives an empty map " + shape_of(out));
    if (node_.on_crossbar()) {
      require(!node_.inputs.empty(), "has no input");
      check_codes_read(out);
    }
    switch (node_.kind()) {
      case node_kind::input:
        break;
      case node_kind::codes:
        check_codes(in(0), out);
        break;
      case node_kind::convolution:
      case node_kind::logits:
        check_layer(in(0), out);
        break;
      case node_kind::max_pool:
        require(in(0).channels == out.channels, "changes the number of channels");
        check_window(node_.pool_window(), in(0), out);
        break;
      case node_kind::average_pool:
        check_average(in(0), out);
        break;
      case node_kind::add:
        check_add(out);
        break;
      case node_kind::concatenation:
        check_concatenation(out);
        break;
    }
  }

 private:
  [[noreturn]] void fail(const std::string& text) const {
    throw graph_error("node '" + node_.name + "' (" + to_string(node_.kind()) + "): " + text);
  }
  void require(bool condition, const std::string& text) const {
    if (!condition) fail(text);
  }
  const graph_tensor& in(int i) const { return graph_.tensors[node_.inputs[i]]; }

  /// Codes of row sets on cores, behind a layer's input.
  void check_codes_read(const graph_tensor& out) const {
    for (std::size_t i = 1; i < node_.inputs.size(); ++i) {
      const graph_tensor& map = in(static_cast<int>(i));
      const graph_node& maker = graph_.nodes[static_cast<std::size_t>(map.producer)];
      require(maker.kind() == node_kind::codes, "reads map '" + map.name + "' behind its input, which is no codes");
      require(map.channels == out.channels && map.height == out.height && map.width == out.width,
              "adds codes " + shape_of(map) + " of '" + maker.name + "' to its own, " + shape_of(out));
      require(maker.inputs.size() == 1 && maker.inputs[0] == node_.inputs[0],
              "has codes of '" + maker.name + "', which reads another map");
      const row_set& rows = std::get<row_set_codes>(maker.operation).rows;
      require(in_layer(rows), "has codes of '" + maker.name + "' that are not of its rows");
      const crossbar_layer &found = maker.layer(), right = codes_on_cores(node_.layer(), rows);
      require(found.weights == right.weights && found.first_channel == right.first_channel &&
                  found.window.pad_y == right.window.pad_y && found.window.size_y == right.window.size_y &&
                  found.window.size_x == right.window.size_x && found.window.pad_x == right.window.pad_x &&
                  found.window.stride_x == right.window.stride_x && found.window.stride_y == right.window.stride_y &&
                  found.requantise.m == right.requantise.m && found.requantise.b == right.requantise.b &&
                  found.requantise.s == right.requantise.s,
              "has codes of '" + maker.name + "' that its crossbars would not make");
    }
    require(node_.inputs.size() == 1 || (node_.layer().copies() == 1 && node_.layer().groups == 1),
            "has row sets on cores, and copies or groups");
  }

  bool in_layer(const row_set& rows) const {
    const crossbar_layer& l = node_.layer();
    return 0 <= rows.ky_begin && rows.ky_begin < rows.ky_end && rows.ky_end <= l.window.size_y &&
           0 <= rows.channel_begin && rows.channel_begin < rows.channel_end && rows.channel_end <= l.in_channels;
  }

  /// A row set on cores: what its layer would make of it, that layer checks. Its windows may lie above or below the
  /// map.
  void check_codes(const graph_tensor& input, const graph_tensor& out) const {
    const crossbar_layer& l = node_.layer();
    require(graph_.calibrated, "is of a network that is not calibrated");
    require(l.makes_codes() && l.groups == 1 && l.requantise.lo == -128 && l.requantise.hi == 127,
            "makes no codes on cores");
    require(l.first_channel >= 0 && l.in_channels > 0 && l.first_channel + l.in_channels <= input.channels,
            "reads " + std::to_string(l.in_channels) + " channels from " + std::to_string(l.first_channel) + " on of " +
                shape_of(input));
    const graph_tensor& codes = graph_.tensors[static_cast<std::size_t>(node_.output)];
    require(codes.consumers.size() == 1, "is read by " + std::to_string(codes.consumers.size()) + " nodes");
    const graph_node& reader = graph_.nodes[static_cast<std::size_t>(codes.consumers[0])];
    require(reader.on_crossbar() && reader.kind() != node_kind::codes && reader.inputs[0] != node_.output,
            "is read by '" + reader.name + "', which is no layer on crossbars");
    require(l.out_channels == out.channels,
            "makes codes of " + std::to_string(l.out_channels) + " channels, " + shape_of(out));
    check_constants(l);
  }

  void check_window(const graph_window& w, const graph_tensor& input, const graph_tensor& out) const {
    check_axis("x", w.size_x, w.stride_x, w.pad_x, input.width, out.width);
    check_axis("y", w.size_y, w.stride_y, w.pad_y, input.height, out.height);
  }
  void check_axis(const char* axis, int kernel, int stride, int pad, int size, int out) const {
    const std::string text = std::string("window along ") + axis + " (kernel " + std::to_string(kernel) + ", stride " +
                             std::to_string(stride) + ", padding " + std::to_string(pad) + ") ";
    require(kernel > 0 && stride > 0 && pad >= 0, text + "is not a window");
    require(pad < kernel && (out - 1) * stride - pad < size, text + "lies wholly outside the map of " +
                                                                 std::to_string(size) + " for some of the " +
                                                                 std::to_string(out) + " outputs");
  }

  void multiplier(const char* what, std::int64_t value) const {
    require(value >= 0 && value < 32768, std::string(what) + " = " + std::to_string(value) + " is outside 0 .. 32767");
  }
  void shift(const char* what, unsigned value) const {
    require(value >= 1 && value <= 30, std::string(what) + " = " + std::to_string(value) + " is outside 1 .. 30");
  }
  void bounds(int lo, int hi) const {
    require(lo == 0 || lo == -128, "lower bound " + std::to_string(lo) + " is neither 0 nor -128");
    require(hi >= 0 && hi <= 127, "upper bound " + std::to_string(hi) + " is outside 0 .. 127");
  }
  void fits_int32(const char* what, std::int64_t low, std::int64_t high) const {
    require(low >= -int32_max - 1 && high <= int32_max, std::string(what) + " can reach " +
                                                            std::to_string(low < -int32_max - 1 ? low : high) +
                                                            ", which does not fit 32 bits");
  }

  void check_layer(const graph_tensor& input, const graph_tensor& out) const {
    const crossbar_layer& l = node_.layer();
    require(l.groups >= 1 && l.in_channels > 0 && l.in_channels % l.groups == 0 && l.out_channels % l.groups == 0,
            std::to_string(l.groups) + " groups do not divide " + std::to_string(l.in_channels) + " input and " +
                std::to_string(l.out_channels) + " output channels");
    require(l.in_channels == input.channels && l.out_channels == out.channels,
            "maps " + std::to_string(l.in_channels) + " to " + std::to_string(l.out_channels) +
                " channels, but stands between " + shape_of(input) + " and " + shape_of(out));
    check_window(l.window, input, out);
    const std::size_t per_channel = std::size_t(l.group_inputs()) * l.window.size_x * l.window.size_y;
    require(l.weights.size() == per_channel * l.out_channels, "has " + std::to_string(l.weights.size()) +
                                                                  " weights instead of " +
                                                                  std::to_string(per_channel * l.out_channels));
    fits_int32("a partial sum", -std::int64_t(per_channel) * 16384, std::int64_t(per_channel) * 16384);
    if (node_.kind() == node_kind::logits)
      require(out.width == 1 && out.height == 1, "gives " + shape_of(out) + "; logits are one pixel");
    if (graph_.calibrated) check_constants(l);
  }

  void check_constants(const crossbar_layer& l) const {
    if (l.digital) {
      require(l.row_sets.empty(), "is digital and has row sets");
    } else {
      check_sets(l);
      multiplier("adc.m", l.adc.m);
      shift("adc.s", l.adc.s);
    }
    const requantise_constants& r = l.requantise;
    shift("requantise.s", r.s);
    bounds(r.lo, r.hi);
    const std::size_t channels = l.out_channels;
    require(r.m.size() == channels && r.b.size() == channels, "requantise has " + std::to_string(r.m.size()) +
                                                                  " m and " + std::to_string(r.b.size()) + " b for " +
                                                                  std::to_string(channels) + " channels");
    const std::int64_t sets = l.row_sets.size() + (l.digital ? 0 : rows_on_cores(node_));
    require(sets <= 255, "has " + std::to_string(sets) + " row sets, whose codes do not fit 16 bits (255 are allowed)");
    if (l.digital) {
      check_exact_sums(l);
      return;
    }
    for (std::size_t c = 0; c < channels; ++c) {
      multiplier("requantise.m", r.m[c]);
      fits_int32("requantisation", -128 * sets * r.m[c] + r.b[c], 127 * sets * r.m[c] + r.b[c]);
    }
  }

  void check_exact_sums(const crossbar_layer& l) const {
    const std::vector<std::int64_t> largest = largest_sums(l);
    const requantise_constants& r = l.requantise;
    for (std::size_t c = 0; c < r.m.size(); ++c) {
      multiplier("requantise.m", r.m[c]);
      const std::int64_t product = largest[c] * r.m[c];
      if (node_.kind() == node_kind::logits)
        fits_int32("a logit", -product + r.b[c], product + r.b[c]);
      else
        require(
            limit_of(l, c, largest[c]).has_value(),
            l.makes_codes()
                ? "its codes cannot be made on cores: adc.s = " + std::to_string(r.s) + " does not leave 32 bits room"
                : "channel " + std::to_string(c) +
                      " cannot be requantised in 32 bits (requantise.s = " + std::to_string(r.s) + " is too large)");
    }
  }

  void check_sets(const crossbar_layer& l) const {
    std::vector<char> covered(std::size_t(l.window.size_y) * l.in_channels, 0);
    require(!l.row_sets.empty(), "has no row sets");
    const std::size_t of_a_copy = l.row_sets.size() / l.copies();
    const std::vector<row_set> sets = all_row_sets(graph_, node_);
    for (std::size_t i = 0; i < sets.size(); ++i) {
      const row_set& set = sets[i];
      const std::string text = "row set of kernel rows [" + std::to_string(set.ky_begin) + ", " +
                               std::to_string(set.ky_end) + ") and channels [" + std::to_string(set.channel_begin) +
                               ", " + std::to_string(set.channel_end) + ") ";
      require(in_layer(set), text + "is not part of the layer");
      require(set.rows(l.window.size_x) <= graph_.rows, text + "has " + std::to_string(set.rows(l.window.size_x)) +
                                                            " rows, more than the " + std::to_string(graph_.rows) +
                                                            " it was calibrated for");
      if (l.row_sets.size() % l.copies() != 0 || (i >= of_a_copy && l.copies() > 1 && !(set == sets[i - of_a_copy])))
        fail(text + "is not part of a copy like the first one, which is of " + std::to_string(of_a_copy) + " sets");
      if (i >= of_a_copy && l.copies() > 1) continue;
      for (int ky = set.ky_begin; ky < set.ky_end; ++ky)
        for (int c = set.channel_begin; c < set.channel_end; ++c) {
          char& done = covered[std::size_t(ky) * l.in_channels + c];
          require(!done, text + "overlaps another one");
          done = 1;
        }
    }
    require(std::find(covered.begin(), covered.end(), 0) == covered.end(), "row sets do not cover the layer");
  }

  void check_average(const graph_tensor& input, const graph_tensor& out) const {
    const average_pool& pool = node_.average();
    require(input.channels == out.channels, "changes the number of channels");
    if (pool.window)
      check_window(*pool.window, input, out);
    else
      require(out.width == 1 && out.height == 1, "does not pool " + shape_of(input) + " to one pixel");
    if (!graph_.calibrated) return;
    multiplier("pool.m", node_.average().m);
    shift("pool.s", node_.average().s);
    const std::int64_t largest = 128 * pixels_of_average(pool, input) * pool.m;
    fits_int32("the pool's product", -largest, largest + (std::int64_t{1} << (node_.average().s - 1)));
  }

  void check_add(const graph_tensor& out) const {
    for (int i = 0; i < 2; ++i)
      require(in(i).channels == out.channels && in(i).height == out.height && in(i).width == out.width,
              "adds maps of different shapes (" + shape_of(in(i)) + " to " + shape_of(out) + ")");
    bounds(node_.add().lo, node_.add().hi);
    if (!graph_.calibrated) return;
    multiplier("add.a", node_.add().a);
    multiplier("add.b", node_.add().b);
    shift("add.s", node_.add().s);
  }

  void check_concatenation(const graph_tensor& out) const {
    int channels = 0;
    for (std::size_t i = 0; i < node_.inputs.size(); ++i) {
      const graph_tensor& part = in(static_cast<int>(i));
      require(graph_.nodes[static_cast<std::size_t>(part.producer)].kind() == node_kind::convolution,
              "joins map '" + part.name + "', which no convolution makes");
      require(part.height == out.height && part.width == out.width,
              "joins maps of different sizes (" + shape_of(part) + " to " + shape_of(out) + ")");
      require(part.consumers.size() == 1, "joins map '" + part.name + "', which something else reads too");
      channels += part.channels;
    }
    require(channels == out.channels, "joins maps of " + std::to_string(channels) + " channels to " + shape_of(out));
  }

  const integer_graph& graph_;
  const graph_node& node_;
};

void check_edges(const integer_graph& graph) {
  if (graph.nodes.size() < 2 || graph.nodes.front().kind() != node_kind::input ||
      graph.nodes.back().kind() != node_kind::logits)
    throw graph_error(
        "the network must begin with its input and end with a fully connected layer that gives the logits");
  std::vector<char> made(graph.tensors.size(), 0);
  std::set<std::string> names;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const graph_node& node = graph.nodes[n];
    const bool end = n + 1 == graph.nodes.size();
    const auto fail = [&](const std::string& text) { throw graph_error("node '" + node.name + "': " + text); };
    if ((node.kind() == node_kind::input) != (n == 0)) fail("the network must have exactly one input");
    if ((node.kind() == node_kind::logits) != end) fail("logits must be the network's only output");
    if (!names.insert(node.name).second) fail("another node has this name; names must be unique");
    for (int t : node.inputs)
      if (t < 0 || t >= static_cast<int>(made.size()) || !made[t]) fail("reads a map that no node before it makes");
    if (node.output < 0 || node.output >= static_cast<int>(made.size()) || made[node.output])
      fail("does not make a map of its own");
    made[node.output] = 1;
  }
  for (const graph_tensor& t : graph.tensors) {
    if (t.producer < 0) throw graph_error("map '" + t.name + "' is made by no node");
    if (t.consumers.empty() && &t != &graph.output())
      throw graph_error("map '" + t.name + "' of node '" + graph.nodes[t.producer].name + "' is read by no node");
  }
}

}  // namespace

void check_graph(const integer_graph& graph) {
  check_edges(graph);
  for (const graph_node& node : graph.nodes) checker(graph, node).run();
}

}  // namespace ohmic
