#include "sw/compiler/mapping/mapping_file.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <map>

#include "sw/compiler/mapping/mapping_error.h"

namespace ohmic {
namespace {

// ---- writing

std::string list(const std::vector<unsigned>& numbers) { return fmt::format("[{}]", fmt::join(numbers, ", ")); }

std::string tile_text(const crossbar_tile& tile, pixel_packing packing) {
  std::string sets;
  for (const packed_set& p : tile.sets) {
    sets += sets.empty() ? "" : ", ";
    sets += packing.y == 1 ? fmt::format("{}", p.set) : fmt::format("[{}, {}]", p.set, p.dy);
  }
  return fmt::format("{{cluster: {}, row: {}, bitline: {}, sets: [{}]}}", tile.cluster, tile.first_row,
                     tile.first_bitline, sets);
}

std::string sum_text(const reduction_node& sum) {
  return fmt::format("{{clusters: {}, sets: {}, sums: {}}}", list(sum.clusters), list(sum.sets), list(sum.nodes));
}

std::string edge_text(const char* key, const edge_mapping& edge) {
  if (edge.buffer == buffer_place::reader && edge.columns == 0) return "";
  constexpr const char* places[] = {"reader", "relay", "hbm"};
  std::string text = fmt::format("    {}: {{buffer: {}", key, places[static_cast<int>(edge.buffer)]);
  if (edge.buffer == buffer_place::relay) text += fmt::format(", clusters: {}", list(edge.relays));
  if (edge.columns != 0) text += fmt::format(", columns: {}", edge.columns);
  return text + "}\n";
}

std::string quoted(const std::string& text) {
  YAML::Emitter out;
  out << YAML::DoubleQuoted << text;
  return out.c_str();
}

// ---- reading

constexpr unsigned most_clusters = 1u << 16;  // far more than any chip has

class mapping_reader {
 public:
  mapping_reader(const std::string& text, const std::string& name, const integer_graph& graph,
                 const std::vector<stage>& stages)
      : text_(text), name_(name), graph_(graph), stages_(stages) {}

  mapping run() {
    try {
      return mapping_of(YAML::Load(text_));
    } catch (const YAML::Exception& problem) {
      throw mapping_error(
          fmt::format("{}:{}: no YAML that can be read: {}", name_, problem.mark.line + 1, problem.msg));
    }
  }

 private:
  template <class... Arguments>
  [[noreturn]] void fail(const YAML::Node& at, fmt::format_string<Arguments...> text, Arguments&&... arguments) const {
    throw mapping_error(
        fmt::format("{}:{}: {}", name_, at.Mark().line + 1, fmt::format(text, std::forward<Arguments>(arguments)...)));
  }

  /// A map with no other keys than these, none twice.
  void check_map(const YAML::Node& node, const std::string& what, std::initializer_list<const char*> keys) const {
    if (!node.IsMap()) fail(node, "{} must be a map with the keys {}", what, fmt::join(keys, ", "));
    std::map<std::string, bool> seen;
    for (const auto& entry : node) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
      if (std::find(keys.begin(), keys.end(), key) == keys.end())
        fail(entry.first, "{} has no key '{}'; there are: {}", what, key, fmt::join(keys, ", "));
      if (seen[key]) fail(entry.first, "{} has the key '{}' twice", what, key);
      seen[key] = true;
    }
  }
  YAML::Node need(const YAML::Node& node, const char* key, const std::string& what) const {
    const YAML::Node found = node[key];
    if (!found.IsDefined()) fail(node, "{} lacks the key '{}'", what, key);
    return found;
  }

  unsigned number(const YAML::Node& node, const std::string& what) const {
    const std::string word = node.IsScalar() ? node.Scalar() : "";
    const bool digits = !word.empty() && word.size() <= 9 &&
                        std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits) fail(node, "{} must be a whole number, 0 or above", what);
    return static_cast<unsigned>(std::stoul(word));
  }
  unsigned number(const YAML::Node& node, const char* key, unsigned otherwise) const {
    return node[key].IsDefined() ? number(node[key], key) : otherwise;
  }
  std::vector<unsigned> numbers(const YAML::Node& node, const std::string& what) const {
    if (!node.IsSequence()) fail(node, "{} must be a list of whole numbers", what);
    std::vector<unsigned> all;
    for (const YAML::Node& item : node) all.push_back(number(item, what));
    return all;
  }

  mapping mapping_of(const YAML::Node& root) const {
    check_map(root, "a mapping", {"network", "prefetch_tiles", "places", "stages"});
    if (root["network"].IsDefined() && root["network"].as<std::string>() != graph_.name)
      fail(root["network"], "the mapping is for network '{}', and '{}' is to be mapped",
           root["network"].as<std::string>(), graph_.name);
    mapping m;
    m.as_written = true;
    m.prefetch_tiles = number(root, "prefetch_tiles", 1);
    const YAML::Node list = need(root, "stages", "a mapping");
    if (!list.IsSequence()) fail(list, "stages must be a list");
    if (list.size() != stages_.size())
      fail(list, "the mapping has {} stages and network '{}' has {}: {}", list.size(), graph_.name, stages_.size(),
           stage_names());
    for (std::size_t s = 0; s < stages_.size(); ++s) m.stages.push_back(stage_of(list[s], s));
    m.clusters = clusters_of(m);
    if (m.clusters > most_clusters)
      fail(root, "the mapping names cluster {}; clusters are numbered from 0, without gaps", m.clusters - 1);
    if (root["places"].IsDefined()) m.places = numbers(root["places"], "places");
    for (unsigned c = static_cast<unsigned>(m.places.size()); !root["places"].IsDefined() && c < m.clusters; ++c)
      m.places.push_back(c);
    return m;
  }

  std::string stage_names() const {
    std::string names;
    for (const stage& s : stages_) names += (names.empty() ? "" : ", ") + s.name;
    return names;
  }

  stage_mapping stage_of(const YAML::Node& node, std::size_t s) const {
    const std::string what = "stage '" + stages_[s].name + "'";
    check_map(node, what, {"name", "tile_columns", "packing", "input", "residual", "weights", "replicas"});
    const YAML::Node name = need(node, "name", what);
    if (!name.IsScalar() || name.Scalar() != stages_[s].name)
      fail(name, "stage {} of network '{}' is '{}' (in order: {})", s, graph_.name, stages_[s].name, stage_names());
    stage_mapping m;
    m.tile_columns = number(need(node, "tile_columns", what), "tile_columns");
    if (const YAML::Node packing = node["packing"]; packing.IsDefined()) {
      check_map(packing, "packing", {"x", "y"});
      m.packing = {number(packing, "x", 1), number(packing, "y", 1)};
    }
    m.input = edge_of(node["input"], "input");
    m.residual = edge_of(node["residual"], "residual");
    if (const YAML::Node weights = node["weights"]; weights.IsDefined()) {
      const std::string place = weights.IsScalar() ? weights.Scalar() : "";
      if (place != "l1" && place != "hbm") fail(weights, "weights are in '{}'; there are: l1, hbm", place);
      m.weights_in_hbm = place == "hbm";
    }
    const YAML::Node replicas = need(node, "replicas", what);
    if (!replicas.IsSequence()) fail(replicas, "replicas must be a list");
    const bool has_parts = graph_.nodes[stages_[s].node].has_layer();
    for (const YAML::Node& replica : replicas) m.replicas.push_back(replica_of(replica, has_parts, m.packing));
    return m;
  }

  edge_mapping edge_of(const YAML::Node& node, const std::string& what) const {
    edge_mapping edge;
    if (!node.IsDefined()) return edge;
    check_map(node, what, {"buffer", "clusters", "columns"});
    const std::string place = need(node, "buffer", what).as<std::string>();
    if (place != "reader" && place != "relay" && place != "hbm")
      fail(node["buffer"], "{}: buffer is '{}'; there are: reader, relay, hbm", what, place);
    edge.buffer = place == "relay" ? buffer_place::relay : place == "hbm" ? buffer_place::hbm : buffer_place::reader;
    if (node["clusters"].IsDefined()) edge.relays = numbers(node["clusters"], "clusters");
    edge.columns = number(node, "columns", 0);
    return edge;
  }

  replica_mapping replica_of(const YAML::Node& node, bool has_parts, pixel_packing packing) const {
    replica_mapping replica;
    if (!has_parts) {
      check_map(node, "a replica on cores", {"cluster"});
      replica.cluster = number(need(node, "cluster", "a replica on cores"), "cluster");
      return replica;
    }
    check_map(node, "a layer's replica", {"parts"});
    const YAML::Node parts = need(node, "parts", "a layer's replica");
    if (!parts.IsSequence()) fail(parts, "parts must be a list");
    for (const YAML::Node& part : parts) replica.parts.push_back(part_of(part, packing));
    return replica;
  }

  channel_part part_of(const YAML::Node& node, pixel_packing packing) const {
    check_map(node, "a part", {"channels", "tiles", "sums"});
    channel_part part;
    const YAML::Node channels = need(node, "channels", "a part");
    const std::vector<unsigned> range = numbers(channels, "channels");
    if (range.size() != 2 || range[0] >= range[1])
      fail(channels, "channels must be the first and one past the last: [0, 64]");
    part.channels = {static_cast<int>(range[0]), static_cast<int>(range[1])};
    const YAML::Node tiles = node["tiles"], sums = need(node, "sums", "a part");  // on cores there are no tiles
    if (tiles.IsDefined() && !tiles.IsSequence()) fail(tiles, "tiles must be a list");
    for (const YAML::Node& tile : tiles) part.tiles.push_back(tile_of(tile, packing));
    if (!sums.IsSequence()) fail(sums, "sums must be a list");
    for (const YAML::Node& sum : sums) {
      check_map(sum, "a sum", {"clusters", "sets", "sums"});
      reduction_node made;
      made.clusters = numbers(need(sum, "clusters", "a sum"), "clusters");
      if (sum["sets"].IsDefined()) made.sets = numbers(sum["sets"], "sets");
      if (sum["sums"].IsDefined()) made.nodes = numbers(sum["sums"], "sums");
      part.sums.push_back(made);
    }
    return part;
  }

  crossbar_tile tile_of(const YAML::Node& node, pixel_packing packing) const {
    check_map(node, "a tile", {"cluster", "row", "bitline", "sets"});
    crossbar_tile tile;
    tile.cluster = number(need(node, "cluster", "a tile"), "cluster");
    tile.first_row = number(node, "row", 0);
    tile.first_bitline = number(node, "bitline", 0);
    const YAML::Node sets = need(node, "sets", "a tile");
    if (!sets.IsSequence()) fail(sets, "sets must be a list");
    for (const YAML::Node& set : sets) {
      const std::vector<unsigned> pair =
          set.IsSequence() ? numbers(set, "a row set") : std::vector<unsigned>{number(set, "a row set"), 0};
      if (pair.size() != 2 || (packing.y > 1 && !set.IsSequence()))
        fail(set, "where rows are packed, a set is [row set, row of those packed]");
      tile.sets.push_back({pair[0], pair[1]});
    }
    return tile;
  }

  static unsigned clusters_of(const mapping& m) {
    unsigned most = 0;
    const auto see = [&](unsigned cluster) { most = std::max(most, cluster + 1); };
    for (const stage_mapping& s : m.stages) {
      for (const edge_mapping* edge : {&s.input, &s.residual})
        for (unsigned relay : edge->relays) see(relay);
      for (const replica_mapping& replica : s.replicas) {
        if (replica.parts.empty()) see(replica.cluster);
        for (const channel_part& part : replica.parts) {
          for (const crossbar_tile& tile : part.tiles) see(tile.cluster);
          for (const reduction_node& sum : part.sums)
            for (unsigned cluster : sum.clusters) see(cluster);
        }
      }
    }
    return most;
  }

  const std::string& text_;
  const std::string& name_;
  const integer_graph& graph_;
  const std::vector<stage>& stages_;
};

}  // namespace

std::string write_mapping(const integer_graph& graph, const std::vector<stage>& stages, const mapping& what) {
  std::string text =
      "# A mapping: docs/mapping.md. Clusters are numbered from 0; places make them clusters of the chip.\n";
  text += fmt::format("network: {}\nprefetch_tiles: {}\nplaces: {}\nstages:\n", quoted(graph.name), what.prefetch_tiles,
                      list(what.places));
  for (std::size_t s = 0; s < stages.size(); ++s) {
    const stage_mapping& m = what.stages[s];
    text += fmt::format("  - name: {}\n    tile_columns: {}\n", quoted(stages[s].name), m.tile_columns);
    if (m.packing.x != 1 || m.packing.y != 1)
      text += fmt::format("    packing: {{x: {}, y: {}}}\n", m.packing.x, m.packing.y);
    text += edge_text("input", m.input) + edge_text("residual", m.residual);
    text += m.weights_in_hbm ? "    weights: hbm\n    replicas:\n" : "    replicas:\n";
    for (const replica_mapping& replica : m.replicas) {
      if (replica.parts.empty()) {
        text += fmt::format("      - cluster: {}\n", replica.cluster);
        continue;
      }
      text += "      - parts:\n";
      for (const channel_part& part : replica.parts) {
        text += fmt::format("          - channels: [{}, {}]\n", part.channels.begin, part.channels.end);
        if (!part.tiles.empty()) text += "            tiles:\n";
        for (const crossbar_tile& tile : part.tiles) text += "              - " + tile_text(tile, m.packing) + "\n";
        text += "            sums:\n";
        for (const reduction_node& sum : part.sums) text += "              - " + sum_text(sum) + "\n";
      }
    }
  }
  return text;
}

mapping read_mapping(const std::string& text, const std::string& name, const integer_graph& graph,
                     const std::vector<stage>& stages) {
  return mapping_reader(text, name, graph, stages).run();
}

}  // namespace ohmic
