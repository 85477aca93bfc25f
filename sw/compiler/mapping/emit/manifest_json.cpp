#include "sw/compiler/mapping/emit/manifest_json.h"

#include <limits>
#include <type_traits>

namespace ohmic {
namespace {

using json = nlohmann::ordered_json;

json to_json(const channel_range& range) { return json::array({range.begin, range.end}); }

/// A number of the manifest: an integer is one in the text too, and fits, or it is refused.
template <class T>
std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>> take(const json& j, T& to) {
  using limits = std::numeric_limits<T>;
  const bool fits = j.is_number_unsigned() ? j.get<std::uint64_t>() <= static_cast<std::uint64_t>(limits::max())
                    : j.is_number_integer()
                        ? std::is_signed_v<T> && j.get<std::int64_t>() >= static_cast<std::int64_t>(limits::min())
                        : false;
  if (!fits)
    throw manifest_error(j.dump(-1, ' ', true, json::error_handler_t::replace).substr(0, 40) +
                         " where an integer is expected that fits");
  to = j.get<T>();
}
void take(const json& j, double& to) {
  if (!j.is_number() || !(j.get<double>() >= 0 && j.get<double>() < 1e300))
    throw manifest_error(j.dump(-1, ' ', true, json::error_handler_t::replace).substr(0, 40) +
                         " where a number of cycles is expected");
  to = j.get<double>();
}
void take(const json& j, bool& to) { j.get_to(to); }
void take(const json& j, std::string& to) { j.get_to(to); }
template <class T>
void take(const json& j, std::vector<T>& to) {
  if (!j.is_array()) throw manifest_error("something else where a list is expected");
  for (const json& item : j) take(item, to.emplace_back());
}
template <class T>
T taken(const json& j) {
  T value{};
  take(j, value);
  return value;
}

channel_range channels_from(const json& j) { return {taken<int>(j.at(0)), taken<int>(j.at(1))}; }

json to_json(const stage_report& stage) {
  const predicted_cycles& p = stage.predicted;
  json shares = json::array();
  for (const stage_share& share : stage.shares)
    shares.push_back({{"cluster", share.cluster}, {"mvms", share.mvms}, {"master_cycles", share.master_cycles}});
  return {{"name", stage.name},
          {"kind", stage.kind},
          {"layers", stage.layers},
          {"tile_columns", stage.tile_columns},
          {"replicas", stage.replicas},
          {"clusters", stage.clusters},
          {"shares", shares},
          {"mvms_per_image", p.mvms},
          {"bytes_per_image", p.bytes},
          {"predicted_cycles_per_image",
           {{"analog", p.analog}, {"digital", p.digital}, {"communication", p.communication}, {"bound", p.bound()}}}};
}

stage_report stage_from(const json& j) {
  stage_report stage;
  take(j.at("name"), stage.name);
  take(j.at("kind"), stage.kind);
  take(j.at("layers"), stage.layers);
  take(j.at("tile_columns"), stage.tile_columns);
  take(j.at("replicas"), stage.replicas);
  take(j.at("clusters"), stage.clusters);
  for (const json& share : j.at("shares")) {
    stage_share& to = stage.shares.emplace_back();
    take(share.at("cluster"), to.cluster);
    take(share.at("mvms"), to.mvms);
    take(share.at("master_cycles"), to.master_cycles);
  }
  take(j.at("mvms_per_image"), stage.predicted.mvms);
  take(j.at("bytes_per_image"), stage.predicted.bytes);
  const json& cycles = j.at("predicted_cycles_per_image");
  take(cycles.at("analog"), stage.predicted.analog);
  take(cycles.at("digital"), stage.predicted.digital);
  take(cycles.at("communication"), stage.predicted.communication);
  return stage;
}

json to_json(const ring_report& ring) {
  json segments = json::array(), producers = json::array();
  for (const layout_segment& s : ring.segments)
    segments.push_back({{"channels", to_json(s.channels)}, {"offset", s.offset}, {"pitch", s.pitch}});
  for (const ring_producer& p : ring.producers)
    producers.push_back({{"cluster", p.cluster},
                         {"produced_word", p.produced_word},
                         {"channels", to_json(p.channels)},
                         {"tile", p.tile},
                         {"replica", p.replica},
                         {"replicas", p.replicas}});
  return {{"cluster", ring.cluster},
          {"tensor", ring.tensor},
          {"content", ring.content},
          {"set", ring.set},
          {"stage", ring.stage},
          {"base", ring.base},
          {"column_bytes", ring.column_bytes},
          {"slots", ring.slots},
          {"columns_per_image", ring.columns_per_image},
          {"height", ring.height},
          {"sequence", ring.sequence},
          {"segments", segments},
          {"producers", producers},
          {"wanted",
           {{"tile", ring.wanted_tile},
            {"replica", ring.wanted_replica},
            {"replicas", ring.wanted_replicas},
            {"size", ring.wanted_size},
            {"stride", ring.wanted_stride},
            {"pad", ring.wanted_pad},
            {"columns", ring.wanted_columns}}}};
}

ring_report ring_from(const json& j) {
  ring_report ring;
  take(j.at("cluster"), ring.cluster);
  take(j.at("tensor"), ring.tensor);
  take(j.at("content"), ring.content);
  take(j.at("set"), ring.set);
  take(j.at("stage"), ring.stage);
  take(j.at("base"), ring.base);
  take(j.at("column_bytes"), ring.column_bytes);
  take(j.at("slots"), ring.slots);
  take(j.at("columns_per_image"), ring.columns_per_image);
  take(j.at("height"), ring.height);
  take(j.at("sequence"), ring.sequence);
  for (const json& s : j.at("segments"))
    ring.segments.push_back(
        {channels_from(s.at("channels")), taken<std::uint32_t>(s.at("offset")), taken<std::uint32_t>(s.at("pitch"))});
  for (const json& p : j.at("producers")) {
    ring_producer producer;
    take(p.at("cluster"), producer.cluster);
    take(p.at("produced_word"), producer.produced_word);
    producer.channels = channels_from(p.at("channels"));
    take(p.at("tile"), producer.tile);
    take(p.at("replica"), producer.replica);
    take(p.at("replicas"), producer.replicas);
    ring.producers.push_back(producer);
  }
  const json& wanted = j.at("wanted");
  take(wanted.at("tile"), ring.wanted_tile);
  take(wanted.at("replica"), ring.wanted_replica);
  take(wanted.at("replicas"), ring.wanted_replicas);
  take(wanted.at("size"), ring.wanted_size);
  take(wanted.at("stride"), ring.wanted_stride);
  take(wanted.at("pad"), ring.wanted_pad);
  take(wanted.at("columns"), ring.wanted_columns);
  return ring;
}

/// Without what weights.bin says.
json to_json(const crossbar_image& crossbar) {
  json sets = json::array();
  for (const packed_set& s : crossbar.sets) sets.push_back({{"set", s.set}, {"dy", s.dy}});
  return {{"cluster", crossbar.cluster},
          {"layer", crossbar.layer},
          {"channels", to_json(crossbar.channels)},
          {"sets", sets},
          {"packing", {crossbar.packing.x, crossbar.packing.y}},
          {"tile_columns", crossbar.tile_columns},
          {"replica", crossbar.replica},
          {"replicas", crossbar.replicas}};
}

crossbar_image crossbar_from(const json& j) {
  crossbar_image crossbar;
  take(j.at("cluster"), crossbar.cluster);
  take(j.at("layer"), crossbar.layer);
  crossbar.channels = channels_from(j.at("channels"));
  for (const json& s : j.at("sets")) {
    packed_set& set = crossbar.sets.emplace_back();
    take(s.at("set"), set.set);
    take(s.at("dy"), set.dy);
  }
  take(j.at("packing").at(0), crossbar.packing.x);
  take(j.at("packing").at(1), crossbar.packing.y);
  take(j.at("tile_columns"), crossbar.tile_columns);
  take(j.at("replica"), crossbar.replica);
  take(j.at("replicas"), crossbar.replicas);
  return crossbar;
}

}  // namespace

nlohmann::ordered_json manifest_of(const deployment& what) {
  const hbm_layout& hbm = what.hbm;
  json stages = json::array(), rings = json::array(), crossbars = json::array();
  for (const crossbar_image& crossbar : what.crossbars) crossbars.push_back(to_json(crossbar));
  for (const stage_report& stage : what.stages) stages.push_back(to_json(stage));
  for (const ring_report& ring : what.rings) rings.push_back(to_json(ring));
  return {{"format_version", deployment::format_version},
          {"chip", {{"name", what.chip}, {"hash", what.chip_hash}, {"clusters", what.chip_clusters}}},
          {"model", {{"name", what.model}, {"hash", what.model_hash}}},
          {"policy", what.policy},
          {"clusters_used", what.clusters.size()},
          {"mvms_per_image", what.mvms_per_image},
          {"bound", {{"cycles_per_image", what.bound.per_image}, {"cycles_once", what.bound.once}}},
          {"expected", {{"cycles_per_image", what.expected.per_image}, {"cycles_once", what.expected.once}}},
          {"image", {{"width", what.image_width}, {"height", what.image_height}, {"channels", what.image_channels}}},
          {"logits", {{"classes", what.classes}, {"shift", what.logits_shift}, {"labels", what.labels}}},
          {"hbm",
           {{"begin", hbm.begin},
            {"results", hbm.results},
            {"results_stride", hbm.results_stride},
            {"parked", hbm.parked},
            {"weights", hbm.weights},
            {"images", hbm.images},
            {"images_stride", hbm.images_stride},
            {"images_column_bytes", hbm.images_column_bytes},
            {"max_images", hbm.max_images}}},
          {"stages", stages},
          {"rings", rings},
          {"crossbars", crossbars}};
}

std::uint64_t whole_number(const json& number) { return taken<std::uint64_t>(number); }

void read_manifest(const json& manifest, deployment& what) {
  take(manifest.at("chip").at("name"), what.chip);
  take(manifest.at("chip").at("hash"), what.chip_hash);
  take(manifest.at("chip").at("clusters"), what.chip_clusters);
  take(manifest.at("model").at("name"), what.model);
  take(manifest.at("model").at("hash"), what.model_hash);
  take(manifest.at("policy"), what.policy);
  take(manifest.at("mvms_per_image"), what.mvms_per_image);
  take(manifest.at("bound").at("cycles_per_image"), what.bound.per_image);
  take(manifest.at("bound").at("cycles_once"), what.bound.once);
  take(manifest.at("expected").at("cycles_per_image"), what.expected.per_image);
  take(manifest.at("expected").at("cycles_once"), what.expected.once);
  const json& image = manifest.at("image");
  take(image.at("width"), what.image_width);
  take(image.at("height"), what.image_height);
  take(image.at("channels"), what.image_channels);
  const json& logits = manifest.at("logits");
  take(logits.at("classes"), what.classes);
  take(logits.at("shift"), what.logits_shift);
  take(logits.at("labels"), what.labels);
  const json& hbm = manifest.at("hbm");
  take(hbm.at("begin"), what.hbm.begin);
  take(hbm.at("results"), what.hbm.results);
  take(hbm.at("results_stride"), what.hbm.results_stride);
  take(hbm.at("parked"), what.hbm.parked);
  take(hbm.at("weights"), what.hbm.weights);
  take(hbm.at("images"), what.hbm.images);
  take(hbm.at("images_stride"), what.hbm.images_stride);
  take(hbm.at("images_column_bytes"), what.hbm.images_column_bytes);
  take(hbm.at("max_images"), what.hbm.max_images);
  for (const json& stage : manifest.at("stages")) what.stages.push_back(stage_from(stage));
  for (const json& ring : manifest.at("rings")) what.rings.push_back(ring_from(ring));
  for (const json& crossbar : manifest.at("crossbars")) what.crossbars.push_back(crossbar_from(crossbar));
}

}  // namespace ohmic
