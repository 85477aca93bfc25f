#include "sw/compiler/onnx/calibration_metadata.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "sw/compiler/graph/digital_rows.h"
#include "sw/compiler/graph/split_layer.h"
#include "sw/compiler/onnx/import_onnx.h"

namespace ohmic {
namespace {

using json = nlohmann::json;

template <class fill>
void with_json(const char* key, const std::string& text, const fill& f) {
  try {
    f(json::parse(text));
  } catch (const json::exception& e) {
    std::string reason = e.what();  // "[json.exception.type_error.302] type must be ..."
    if (const auto end = reason.find("] "); end != std::string::npos) reason.erase(0, end + 2);
    throw import_error(std::string("metadata '") + key + "': " + reason);
  }
}

[[noreturn]] void fail(const std::string& text) { throw import_error("metadata 'ohmic.calibration': " + text); }

template <class number>
number integer(const json& value, std::int64_t low, std::int64_t high, const std::string& what) {
  if (!value.is_number_integer()) fail(what + " is not an integer: " + value.dump());
  const std::int64_t v = value.get<std::int64_t>();
  if (v < low || v > high)
    fail(what + " = " + std::to_string(v) + " is outside " + std::to_string(low) + " .. " + std::to_string(high));
  return static_cast<number>(v);
}

std::int32_t multiplier(const json& v, const std::string& what) { return integer<std::int32_t>(v, 0, 32767, what); }
unsigned shift(const json& v, const std::string& what) { return integer<unsigned>(v, 1, 30, what); }

struct range {
  int begin, end;
};
range read_range(const json& value, const std::string& what) {
  if (!value.is_array() || value.size() != 2) fail(what + " is not a range [begin, end): " + value.dump());
  return {integer<int>(value[0], 0, 1 << 20, what), integer<int>(value[1], 0, 1 << 20, what)};
}

void agree_on_relu(const json& entry, int lo, const std::string& name) {
  if (entry.at("relu").get<bool>() != (lo == 0))
    fail("'" + name + "' says relu = " + entry.at("relu").dump() + ", which is not what the graph says");
}

const json& entry_of(const json& calibration, const char* section, const std::string& name) {
  const auto entries = calibration.find(section);
  if (entries == calibration.end() || !entries->contains(name))
    fail(std::string("no entry '") + name + "' under \"" + section + "\"");
  return entries->at(name);
}

/// A layer that is split by output channels has an entry for each slice; the graph gets them.
void split_layers(const json& calibration, integer_graph& graph) {
  if (!calibration.contains("conv")) return;
  for (const auto& [name, entry] : calibration.at("conv").items()) {
    const auto slices = entry.find("slices");
    if (slices == entry.end()) continue;
    const auto node = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                   [&, wanted = &name](const graph_node& n) { return n.name == *wanted; });
    if (node == graph.nodes.end() || node->kind() != node_kind::convolution || node->layer().groups != 1)
      fail("'" + name + "' has slices, and is no convolution of one group in the graph");
    std::vector<int> ends;
    int begin = 0;
    for (const json& slice : *slices) {
      const range channels = read_range(slice.at("outputs"), "'" + name + "' slices.outputs");
      if (channels.begin != begin || channels.end <= begin)
        fail("'" + name + "' has a slice of channels " + slice.at("outputs").dump() + " behind channel " +
             std::to_string(begin - 1));
      ends.push_back(begin = channels.end);
    }
    const int all = node->layer().out_channels;
    if (ends.size() < 2 || begin != all)
      fail("'" + name + "' has " + std::to_string(ends.size()) + " slices up to channel " + std::to_string(begin) +
           "; two or more that cover its " + std::to_string(all) + " channels are expected");
    split_layer(graph, name, ends);
  }
}

void read_layer(const json& entry, graph_node& node) {
  crossbar_layer& l = node.layer();
  const std::string in = "'" + node.name + "' ";
  l.row_sets.clear();
  l.digital = entry.value("digital", false);
  for (const json& set : l.digital ? json::array() : entry.at("row_sets")) {
    const range channels = read_range(set.at("channels"), in + "row_sets.channels");
    const range ky = read_range(set.at("ky"), in + "row_sets.ky");
    const range kx = read_range(set.at("kx"), in + "row_sets.kx");
    if (kx.begin != 0 || kx.end != l.window.size_x)
      fail(in + "has a row set of kernel columns " + set.at("kx").dump() + "; only whole kernel rows are supported");
    l.row_sets.push_back({ky.begin, ky.end, channels.begin, channels.end});
  }
  if (!l.digital) {
    l.adc.m = multiplier(entry.at("adc").at("m"), in + "adc.m");
    l.adc.s = shift(entry.at("adc").at("s"), in + "adc.s");
  }
  const json& r = entry.at("requantise");
  l.requantise.s = shift(r.at("s"), in + "requantise.s");
  l.requantise.m.clear();
  l.requantise.b.clear();
  for (const json& m : r.at("m"))
    l.requantise.m.push_back(static_cast<std::int16_t>(multiplier(m, in + "requantise.m")));
  for (const json& b : r.at("b"))
    l.requantise.b.push_back(integer<std::int32_t>(b, INT32_MIN, INT32_MAX, in + "requantise.b"));
  agree_on_relu(r, l.requantise.lo, node.name);
}

/// Of layers some of whose row sets run on cores; the graph gets these.
void read_rows_on_cores(const json& calibration, integer_graph& graph) {
  for (const auto& [name, entry] : calibration.at("conv").items()) {
    const auto count = entry.find("sets_on_cores");
    if (count == entry.end()) continue;
    const auto node = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                   [&, wanted = &name](const graph_node& n) { return n.name == *wanted; });
    const std::string what = "'" + name + "' sets_on_cores";
    if (node == graph.nodes.end() || !node->on_crossbar() || node->layer().groups != 1 || node->layer().copies() != 1)
      fail(what + " is for a layer of one group on one copy of its crossbars");
    const auto sets = static_cast<std::int64_t>(node->layer().row_sets.size());
    put_rows_on_cores(graph, name, integer<std::size_t>(*count, 0, sets - 1, what));
  }
}

pixel_conversion::channel_order order_named(const std::string& name) {
  using order = pixel_conversion::channel_order;
  for (const order o : {order::rgb, order::bgr, order::grey})
    if (name == to_string(o)) return o;
  throw import_error("metadata 'ohmic.input': channels is '" + name + "'; rgb, bgr or grey is expected");
}

json range_of(int begin, int end) { return json::array({begin, end}); }

json layer_entry(const integer_graph& graph, const graph_node& node) {
  const crossbar_layer& layer = node.layer();
  const requantise_constants& r = layer.requantise;
  const json requantise{{"m", r.m}, {"b", r.b}, {"s", r.s}, {"relu", r.lo == 0}};
  if (layer.digital) return {{"digital", true}, {"requantise", requantise}};
  json sets = json::array();
  for (const row_set& set : all_row_sets(graph, node))
    sets.push_back({{"channels", range_of(set.channel_begin, set.channel_end)},
                    {"ky", range_of(set.ky_begin, set.ky_end)},
                    {"kx", range_of(0, layer.window.size_x)}});
  json entry{{"row_sets", sets}, {"adc", {{"m", layer.adc.m}, {"s", layer.adc.s}}}, {"requantise", requantise}};
  if (rows_on_cores(node) != 0) entry["sets_on_cores"] = rows_on_cores(node);
  return entry;
}

/// Of a layer that is split: an entry for each slice.
json slices_entry(const integer_graph& graph, const graph_node& concatenation) {
  json slices = json::array();
  int begin = 0;
  for (const int n : slices_of(graph, concatenation)) {
    const graph_node& node = graph.nodes[static_cast<std::size_t>(n)];
    json slice = layer_entry(graph, node);
    slice["outputs"] = range_of(begin, begin + node.layer().out_channels);
    begin += node.layer().out_channels;
    slices.push_back(std::move(slice));
  }
  return {{"slices", slices}};
}

}  // namespace

std::string write_calibration(const integer_graph& graph) {
  json conv = json::object(), add = json::object(), pool = json::object();
  std::set<std::string> slices;
  for (const graph_node& n : graph.nodes)
    if (n.kind() == node_kind::concatenation)
      for (const int slice : slices_of(graph, n)) slices.insert(graph.nodes[static_cast<std::size_t>(slice)].name);
  for (const graph_node& n : graph.nodes) {
    if (n.kind() == node_kind::codes) continue;  // their layer says so
    if (n.has_layer()) {
      if (!slices.count(n.name)) conv[n.name] = layer_entry(graph, n);
    } else if (n.kind() == node_kind::concatenation) {
      conv[n.name] = slices_entry(graph, n);
    } else if (n.kind() == node_kind::add) {
      add[n.name] = {{"a", n.add().a}, {"b", n.add().b}, {"s", n.add().s}, {"relu", n.add().lo == 0}};
    } else if (n.kind() == node_kind::average_pool) {
      pool[n.name] = {{"m", n.average().m}, {"s", n.average().s}};
    }
  }
  return json{{"version", 1}, {"rows", graph.rows}, {"images", graph.calibration_images},
              {"conv", conv}, {"add", add},         {"pool", pool}}
      .dump();
}

void read_calibration(const std::string& text, integer_graph& graph) {
  with_json("ohmic.calibration", text, [&](const json& calibration) {
    if (!calibration.is_object()) fail("is not a JSON object");
    const int version = integer<int>(calibration.at("version"), 0, INT32_MAX, "version");
    if (version != 1) fail("version " + std::to_string(version) + " is unknown; this program reads version 1");
    graph.rows = integer<int>(calibration.at("rows"), 1, 1 << 20, "rows");
    graph.calibration_images = integer<int>(calibration.at("images"), 0, INT32_MAX, "images");
    std::size_t layers = 0;
    split_layers(calibration, graph);
    std::set<int> slices;
    for (const graph_node& n : graph.nodes) {
      if (n.kind() != node_kind::concatenation) continue;
      const json& entries = entry_of(calibration, "conv", n.name).at("slices");
      std::size_t i = 0;
      for (const int slice : slices_of(graph, n)) {
        read_layer(entries.at(i++), graph.nodes[static_cast<std::size_t>(slice)]);
        slices.insert(slice);
      }
      ++layers;
    }
    int index = 0;
    for (graph_node& n : graph.nodes) {
      if (slices.count(index++) != 0) continue;
      if (n.has_layer()) {
        read_layer(entry_of(calibration, "conv", n.name), n);
        ++layers;
      } else if (n.kind() == node_kind::add) {
        const json& entry = entry_of(calibration, "add", n.name);
        n.add().a = multiplier(entry.at("a"), "'" + n.name + "' a");
        n.add().b = multiplier(entry.at("b"), "'" + n.name + "' b");
        n.add().s = shift(entry.at("s"), "'" + n.name + "' s");
        agree_on_relu(entry, n.add().lo, n.name);
      } else if (n.kind() == node_kind::average_pool) {
        const json& entry = entry_of(calibration, "pool", n.name);
        n.average().m = multiplier(entry.at("m"), "'" + n.name + "' m");
        n.average().s = shift(entry.at("s"), "'" + n.name + "' s");
      }
    }
    read_rows_on_cores(calibration, graph);
    if (calibration.at("conv").size() != layers)
      fail("has " + std::to_string(calibration.at("conv").size()) + " entries under \"conv\", but the graph has " +
           std::to_string(layers) + " layers");
    graph.calibrated = true;
  });
}

void read_labels(const std::string& text, integer_graph& graph) {
  with_json("ohmic.labels", text, [&](const json& labels) {
    graph.labels = labels.get<std::vector<std::string>>();
    if (graph.labels.size() > static_cast<std::size_t>(graph.output().channels))
      throw import_error("metadata 'ohmic.labels': " + std::to_string(graph.labels.size()) + " labels for " +
                         std::to_string(graph.output().channels) + " logits");
  });
}

std::string write_input(const integer_graph& graph) {
  const pixel_conversion& p = graph.pixels;
  json input{{"scale", p.scale}, {"offset", p.offset}};
  if (!p.mean.empty()) input["mean"] = p.mean;
  if (!p.std.empty()) input["std"] = p.std;
  if (p.channels != pixel_conversion::channel_order::unsaid) input["channels"] = to_string(p.channels);
  return input.dump();
}

void read_input(const std::string& text, integer_graph& graph) {
  const auto refuse = [](const std::string& reason) { throw import_error("metadata 'ohmic.input': " + reason); };
  with_json("ohmic.input", text, [&](const json& input) {
    if (!input.is_object()) refuse("is not a JSON object");
    if (const auto offset = input.find("pixel_offset"); offset != input.end()) {  // what older files say
      if (input.size() != 1 || !offset->is_number_integer() || offset->get<std::int64_t>() != 128)
        refuse("pixel_offset can only be 128, and alone; scale, offset, mean, std and channels say anything else");
      graph.pixels = {};
      graph.pixels.scale = double{graph.input().scale};
      graph.pixels.offset = -128 * graph.pixels.scale;
      graph.pixels_known = true;
      return;
    }
    pixel_conversion p;
    for (const auto& [key, value] : input.items()) {
      if (key == "scale")
        p.scale = value.get<double>();
      else if (key == "offset")
        p.offset = value.get<double>();
      else if (key == "mean" || key == "std")
        (key == "mean" ? p.mean : p.std) =
            value.is_array() ? value.get<std::vector<double>>() : std::vector<double>{value.get<double>()};
      else if (key == "channels")
        p.channels = order_named(value.get<std::string>());
      else
        refuse("key '" + key + "' is unknown; scale, offset, mean, std and channels are known");
    }
    graph.pixels = std::move(p);
    graph.pixels_known = true;
  });
}

}  // namespace ohmic
