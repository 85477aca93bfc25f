#include "sw/compiler/mapping/manifest_json.h"

namespace ohmic {
namespace {

using json = nlohmann::ordered_json;

json to_json(const channel_range& range) { return json::array({range.begin, range.end}); }
channel_range channels_from(const json& j) { return {j.at(0).get<int>(), j.at(1).get<int>()}; }

json to_json(const stage_report& stage) {
  const predicted_cycles& p = stage.predicted;
  return {{"name", stage.name},
          {"kind", stage.kind},
          {"layers", stage.layers},
          {"tile_columns", stage.tile_columns},
          {"copies", stage.copies},
          {"clusters", stage.clusters},
          {"mvms_per_image", p.mvms},
          {"bytes_per_image", p.bytes},
          {"predicted_cycles_per_image",
           {{"analog", p.analog}, {"digital", p.digital}, {"communication", p.communication}, {"bound", p.bound()}}}};
}

stage_report stage_from(const json& j) {
  stage_report stage;
  j.at("name").get_to(stage.name);
  j.at("kind").get_to(stage.kind);
  j.at("layers").get_to(stage.layers);
  j.at("tile_columns").get_to(stage.tile_columns);
  j.at("copies").get_to(stage.copies);
  j.at("clusters").get_to(stage.clusters);
  j.at("mvms_per_image").get_to(stage.predicted.mvms);
  j.at("bytes_per_image").get_to(stage.predicted.bytes);
  const json& cycles = j.at("predicted_cycles_per_image");
  cycles.at("analog").get_to(stage.predicted.analog);
  cycles.at("digital").get_to(stage.predicted.digital);
  cycles.at("communication").get_to(stage.predicted.communication);
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
            {"kernel", ring.wanted_kernel},
            {"stride", ring.wanted_stride},
            {"pad", ring.wanted_pad},
            {"columns", ring.wanted_columns}}}};
}

ring_report ring_from(const json& j) {
  ring_report ring;
  j.at("cluster").get_to(ring.cluster);
  j.at("tensor").get_to(ring.tensor);
  j.at("content").get_to(ring.content);
  j.at("set").get_to(ring.set);
  j.at("stage").get_to(ring.stage);
  j.at("base").get_to(ring.base);
  j.at("column_bytes").get_to(ring.column_bytes);
  j.at("slots").get_to(ring.slots);
  j.at("columns_per_image").get_to(ring.columns_per_image);
  j.at("height").get_to(ring.height);
  j.at("sequence").get_to(ring.sequence);
  for (const json& s : j.at("segments"))
    ring.segments.push_back(
        {channels_from(s.at("channels")), s.at("offset").get<std::uint32_t>(), s.at("pitch").get<std::uint32_t>()});
  for (const json& p : j.at("producers")) {
    ring_producer producer;
    p.at("cluster").get_to(producer.cluster);
    p.at("produced_word").get_to(producer.produced_word);
    producer.channels = channels_from(p.at("channels"));
    p.at("tile").get_to(producer.tile);
    p.at("replica").get_to(producer.replica);
    p.at("replicas").get_to(producer.replicas);
    ring.producers.push_back(producer);
  }
  const json& wanted = j.at("wanted");
  wanted.at("tile").get_to(ring.wanted_tile);
  wanted.at("replica").get_to(ring.wanted_replica);
  wanted.at("replicas").get_to(ring.wanted_replicas);
  wanted.at("kernel").get_to(ring.wanted_kernel);
  wanted.at("stride").get_to(ring.wanted_stride);
  wanted.at("pad").get_to(ring.wanted_pad);
  wanted.at("columns").get_to(ring.wanted_columns);
  return ring;
}

}  // namespace

nlohmann::ordered_json manifest_of(const deployment& what) {
  const hbm_layout& hbm = what.hbm;
  json stages = json::array(), rings = json::array();
  for (const stage_report& stage : what.stages) stages.push_back(to_json(stage));
  for (const ring_report& ring : what.rings) rings.push_back(to_json(ring));
  return {{"format_version", deployment::format_version},
          {"chip", {{"name", what.chip}, {"hash", what.chip_hash}, {"clusters", what.chip_clusters}}},
          {"model", {{"name", what.model}, {"hash", what.model_hash}}},
          {"policy", what.policy},
          {"clusters_used", what.clusters.size()},
          {"mvms_per_image", what.mvms_per_image},
          {"predicted", {{"bottleneck_cycles_per_image", what.bottleneck_cycles}, {"fill_cycles", what.fill_cycles}}},
          {"image", {{"width", what.image_width}, {"height", what.image_height}, {"channels", what.image_channels}}},
          {"logits", {{"classes", what.classes}, {"shift", what.logits_shift}, {"labels", what.labels}}},
          {"hbm",
           {{"begin", hbm.begin},
            {"results", hbm.results},
            {"results_stride", hbm.results_stride},
            {"parked", hbm.parked},
            {"images", hbm.images},
            {"images_stride", hbm.images_stride},
            {"images_column_bytes", hbm.images_column_bytes},
            {"max_images", hbm.max_images}}},
          {"stages", stages},
          {"rings", rings}};
}

void read_manifest(const json& manifest, deployment& what) {
  manifest.at("chip").at("name").get_to(what.chip);
  manifest.at("chip").at("hash").get_to(what.chip_hash);
  manifest.at("chip").at("clusters").get_to(what.chip_clusters);
  manifest.at("model").at("name").get_to(what.model);
  manifest.at("model").at("hash").get_to(what.model_hash);
  manifest.at("policy").get_to(what.policy);
  manifest.at("mvms_per_image").get_to(what.mvms_per_image);
  manifest.at("predicted").at("bottleneck_cycles_per_image").get_to(what.bottleneck_cycles);
  manifest.at("predicted").at("fill_cycles").get_to(what.fill_cycles);
  const json& image = manifest.at("image");
  image.at("width").get_to(what.image_width);
  image.at("height").get_to(what.image_height);
  image.at("channels").get_to(what.image_channels);
  const json& logits = manifest.at("logits");
  logits.at("classes").get_to(what.classes);
  logits.at("shift").get_to(what.logits_shift);
  logits.at("labels").get_to(what.labels);
  const json& hbm = manifest.at("hbm");
  hbm.at("begin").get_to(what.hbm.begin);
  hbm.at("results").get_to(what.hbm.results);
  hbm.at("results_stride").get_to(what.hbm.results_stride);
  hbm.at("parked").get_to(what.hbm.parked);
  hbm.at("images").get_to(what.hbm.images);
  hbm.at("images_stride").get_to(what.hbm.images_stride);
  hbm.at("images_column_bytes").get_to(what.hbm.images_column_bytes);
  hbm.at("max_images").get_to(what.hbm.max_images);
  for (const json& stage : manifest.at("stages")) what.stages.push_back(stage_from(stage));
  for (const json& ring : manifest.at("rings")) what.rings.push_back(ring_from(ring));
}

}  // namespace ohmic
