#include "sw/compiler/mapping/emit/content_hash.h"

#include <fmt/format.h>

namespace ohmic {
namespace {

class hash_stream {
 public:
  void bytes(const void* data, std::size_t size) {
    const auto* byte = static_cast<const unsigned char*>(data);
    for (std::size_t i = 0; i < size; ++i) state_ = (state_ ^ byte[i]) * 0x100000001b3u;
  }
  void number(std::int64_t value) { bytes(&value, sizeof value); }
  void text(const std::string& value) {
    number(static_cast<std::int64_t>(value.size()));
    bytes(value.data(), value.size());
  }
  template <class T>
  void array(const std::vector<T>& values) {
    number(static_cast<std::int64_t>(values.size()));
    bytes(values.data(), values.size() * sizeof(T));
  }
  std::string hex() const { return fmt::format("{:016x}", state_); }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325u;
};

void add(hash_stream& hash, const graph_window& w) {
  for (int value : {w.size_x, w.size_y, w.stride_x, w.stride_y, w.pad_x, w.pad_y}) hash.number(value);
}

}  // namespace

std::string content_hash(const chip_config& chip) {
  hash_stream hash;
  hash.number(chip.cluster.cores);
  hash.number(chip.cluster.l1_bytes);
  hash.number(chip.cluster.program_l1_bytes);
  hash.number(chip.cluster.l1_banks);
  hash.number(static_cast<std::int64_t>(chip.icache.hit_cycles));
  hash.number(chip.dma.channels);
  hash.number(chip.ima.rows);
  hash.number(chip.ima.columns);
  hash.number(static_cast<std::int64_t>(chip.ima.mvm_cycles));
  hash.array(chip.network.factors);
  hash.array(chip.network.width);
  hash.number(static_cast<std::int64_t>(chip.hbm.bytes));
  hash.number(static_cast<std::int64_t>(chip.hbm_base));
  hash.text(chip.other_core_designs());
  for (const chip_config::cluster_make& make : chip.makes) {
    hash.array(make.clusters);
    hash.number(make.cores);
    hash.number(make.ima);
  }
  return hash.hex();
}

std::string content_hash(const integer_graph& graph) {
  hash_stream hash;
  hash.text(graph.name);
  hash.number(graph.rows);
  for (const graph_tensor& tensor : graph.tensors) {
    hash.text(tensor.name);
    for (int value : {tensor.channels, tensor.height, tensor.width}) hash.number(value);
  }
  for (const graph_node& node : graph.nodes) {
    hash.text(node.name);
    hash.number(static_cast<int>(node.kind()));
    hash.array(node.inputs);
    hash.number(node.output);
    // Every node has the same words, those of another kind their defaults: what was hashed before nodes were variants.
    const auto* pool = std::get_if<max_pool>(&node.operation);
    const auto* sum = std::get_if<residual_add>(&node.operation);
    const auto* average = std::get_if<average_pool>(&node.operation);
    add(hash, pool ? pool->window : graph_window{});
    const residual_add a = sum ? *sum : residual_add{};
    const average_pool p = average ? *average : average_pool{};
    for (const std::int64_t value : {std::int64_t{a.a}, std::int64_t{a.b}, std::int64_t{a.s}, std::int64_t{a.lo},
                                     std::int64_t{p.m}, std::int64_t{p.s}})
      hash.number(value);
    if (p.window) add(hash, *p.window);
    if (a.hi != 127) hash.number(a.hi);
    if (!node.has_layer()) continue;
    if (node.layer().digital) hash.text("digital");
    add(hash, node.layer().window);
    hash.array(node.layer().weights);
    hash.array(node.layer().row_sets);
    hash.number(node.layer().adc.m);
    hash.number(node.layer().adc.s);
    hash.array(node.layer().requantise.m);
    hash.array(node.layer().requantise.b);
    hash.number(node.layer().requantise.s);
    hash.number(node.layer().requantise.lo);
    // What only some layers have is named, so that it is not taken for something else.
    if (node.layer().first_channel != 0) hash.text("from"), hash.number(node.layer().first_channel);
    if (node.layer().groups != 1) hash.text("groups"), hash.number(node.layer().groups);
    if (node.layer().requantise.hi != 127) hash.text("hi"), hash.number(node.layer().requantise.hi);
  }
  for (const std::string& label : graph.labels) hash.text(label);
  return hash.hex();
}

std::string content_hash(const std::string& bytes) {
  hash_stream hash;
  hash.bytes(bytes.data(), bytes.size());
  return hash.hex();
}

}  // namespace ohmic
