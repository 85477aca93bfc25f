#include "platform/config/load_chip.h"

#include <algorithm>
#include <cmath>

#include "platform/config/chip_file.h"
#include "platform/config/core_choice.h"
#include "platform/config/hand_over_choice.h"
#include "platform/config/make_choice.h"
#include "platform/config/schema.h"
#include "platform/config/tree_reader.h"

namespace ohmic {
namespace {

constexpr std::uint64_t cores_see_clusters_below = 0x80000000u;

template <class T, class U>
void apply(const std::optional<T>& from, U& to) {
  if (from) to = static_cast<U>(*from);
}

std::string hex(std::uint64_t value) {
  const char* digits = "0123456789abcdef";
  std::string out;
  for (; value != 0 || out.empty(); value /= 16) out.insert(out.begin(), digits[value % 16]);
  return "0x" + out;
}

template <class T>
std::string list(const std::vector<T>& values) {
  std::string out;
  for (const T& v : values) out += (out.empty() ? "[" : ", ") + std::to_string(v);
  return out.empty() ? "[]" : out + "]";
}

/// Rules that join several keys. Each message names the place of the key that is most likely wrong.
class combination_rules {
 public:
  combination_rules(const config_node& root, const chip_config& chip) : root_(root), c_(chip) {}

  std::vector<std::string> broken() {
    network();
    address_map();
    caches();
    return std::move(errors_);
  }

 private:
  void refuse(const std::string& path, const std::string& message) {
    const config_node* node = root_.find(path);
    errors_.push_back((node != nullptr ? node->place : root_.place) + ": " + path + ": " + message);
  }

  void network() {
    const auto& n = c_.network;
    if (n.factors[0] != 1) {
      refuse("network.factors",
             list(n.factors) + " begins with " + std::to_string(n.factors[0]) + "; allowed: 1, there is one HBM link");
    }
    const std::size_t levels = n.factors.size();
    for (std::size_t l = 1; l < levels; ++l) {
      // A router has 64 ports; besides its children the top one has HBM, platform control and errors, others a parent.
      const unsigned most = l == 1 ? 61 : 63;
      if (n.factors[l] > most) {
        refuse("network.factors", list(n.factors) + " gives a router of level " + std::to_string(l) + " " +
                                      std::to_string(n.factors[l]) + " children; allowed: up to " +
                                      std::to_string(most) + " there");
      }
    }
    const auto same_length = [&](const char* path, std::size_t length, const std::string& text) {
      if (length == levels) return;
      refuse(path, text + " has " + std::to_string(length) + " entries but network.factors has " +
                       std::to_string(levels) + "; allowed: one entry per level");
    };
    same_length("network.latency", n.latency.size(), list(n.latency));
    same_length("network.width", n.width.size(), list(n.width));
    const std::uint32_t narrow = *std::min_element(n.width.begin(), n.width.end());
    if (n.max_burst_bytes > 256 * narrow) {
      refuse("network.max_burst_bytes", std::to_string(n.max_burst_bytes) +
                                            " is more than 256 beats of the narrowest link (" + std::to_string(narrow) +
                                            " bytes); allowed: up to " + std::to_string(256 * narrow));
    }
  }

  void address_map() {
    std::uint64_t clusters = 1;
    for (unsigned f : c_.network.factors) clusters = std::min<std::uint64_t>(clusters * f, 1u << 30);
    const std::uint64_t room = (cores_see_clusters_below - chip_config::clusters_base) / c_.cluster_stride();
    if (clusters > room) {
      refuse("network.factors", list(c_.network.factors) + " makes " + std::to_string(clusters) + " clusters, each " +
                                    hex(c_.cluster_stride()) +
                                    " bytes of addresses (L1 and peripherals): they end above " +
                                    hex(cores_see_clusters_below) + "; allowed: up to " + std::to_string(room) +
                                    " clusters with this cluster.l1_bytes");
    }
    if (c_.cluster.program_l1_bytes % 4096 != 0) {
      refuse("cluster.program_l1_bytes",
             std::to_string(c_.cluster.program_l1_bytes) + " is not a multiple of 4 KiB; allowed: whole 4 KiB");
    }
    if (c_.hbm.bytes % (1u << 20) != 0) {
      refuse("hbm.bytes", std::to_string(c_.hbm.bytes) + " is not a multiple of 1 MiB; allowed: whole MiB");
    }
    if (c_.hbm_base + c_.hbm.bytes > chip_config::platform_base) {
      refuse("hbm.bytes", std::to_string(c_.hbm.bytes) + " bytes from " + hex(c_.hbm_base) +
                              " on reach into platform control at " + hex(chip_config::platform_base) +
                              "; allowed: up to " + std::to_string(chip_config::platform_base - c_.hbm_base));
    }
  }

  void caches() {
    const auto& i = c_.icache;
    const std::uint32_t least = i.line_bytes * i.ways * i.banks;
    if (i.shared_bytes < least) {
      refuse("icache.shared_bytes", std::to_string(i.shared_bytes) + " is less than one line per way and bank (" +
                                        std::to_string(least) + " bytes); allowed: at least that");
    }
  }

  const config_node& root_;
  const chip_config& c_;
  std::vector<std::string> errors_;
};

chip_config lay_over(config_node root, const std::vector<std::string>& sets, const std::vector<std::string>& cores,
                     const std::vector<std::string>& hand_overs) {
  for (const std::string& option : sets) {
    auto [path, value] = parse_override(option);
    set_value(root, path, std::move(value));
  }
  for (const std::string& choice : cores) lay_core_choice(root, choice);
  for (const std::string& hand_over : hand_overs) lay_hand_over(root, hand_over);
  return resolve_chip(root);
}

}  // namespace

chip_file to_chip_file(const config_node& root) {
  chip_file f;
  const tree_reader read(root);
  read("name", f.name);
  read("clock_ghz", f.clock_ghz);
  read("cluster.cores", f.cluster.cores);
  read("cluster.l1_bytes", f.cluster.l1_bytes);
  read("cluster.program_l1_bytes", f.cluster.program_l1_bytes);
  read("cluster.l1_banks", f.cluster.l1_banks);
  read("cluster.peripheral_cycles", f.cluster.peripheral_cycles);
  read("cluster.wake_cycles", f.cluster.wake_cycles);
  if (const config_node* makes = root.find("clusters")) {
    for (const config_node& item : makes->items) {
      auto& m = f.makes.emplace_back();
      m.clusters = item.find("clusters")->scalar;
      const tree_reader of_item(item);
      of_item("cores", m.cores);
      of_item("ima", m.ima);
      m.place = item.place;
    }
  }
  read("cores.model", f.cores.model);
  if (const config_node* overrides = root.find("cores.overrides")) {
    for (const config_node& item : overrides->items) {
      auto& o = f.cores.overrides.emplace_back();
      const auto text = [&](const char* key, std::string& to) {
        if (const config_node* node = item.find(key)) to = node->scalar;
      };
      text("clusters", o.clusters);
      text("cores", o.cores);
      text("model", o.model);
      o.place = item.place;
      o.from_option = item.from_option();
    }
  }
  if (const config_node* hand_overs = root.find("cores.hand_over")) {
    for (const config_node& item : hand_overs->items) {
      auto& o = f.cores.hand_overs.emplace_back();
      const auto text = [&](const char* key, std::string& to) {
        if (const config_node* node = item.find(key)) to = node->scalar;
      };
      text("clusters", o.clusters);
      text("cores", o.cores);
      text("model", o.model);
      text("at", o.at);
      o.place = item.place;
    }
  }
  read("icache.shared_bytes", f.icache.shared_bytes);
  read("icache.ways", f.icache.ways);
  read("icache.banks", f.icache.banks);
  read("icache.hit_cycles", f.icache.hit_cycles);
  read("dma.channels", f.dma.channels);
  read("dma.start_cycles", f.dma.start_cycles);
  read("dma.burst_buffers", f.dma.burst_buffers);
  read("ima.rows", f.ima.rows);
  read("ima.columns", f.ima.columns);
  read("ima.mvm_ns", f.ima.mvm_ns);
  read("ima.streamer_ports", f.ima.streamer_ports);
  read("ima.job_queue", f.ima.job_queue);
  read("network.factors", f.network.factors);
  read("network.latency", f.network.latency);
  read("network.width", f.network.width);
  read("network.stage_depth", f.network.stage_depth);
  read("network.remap_ids", f.network.remap_ids);
  read("network.open_per_id", f.network.open_per_id);
  read("network.open_writes", f.network.open_writes);
  read("network.slave_reads", f.network.slave_reads);
  read("network.slave_writes", f.network.slave_writes);
  read("network.outstanding_reads", f.network.outstanding_reads);
  read("network.outstanding_writes", f.network.outstanding_writes);
  read("network.egress_cycles", f.network.egress_cycles);
  read("network.ingress_cycles", f.network.ingress_cycles);
  read("network.max_burst_bytes", f.network.max_burst_bytes);
  read("hbm.bytes", f.hbm.bytes);
  read("hbm.outstanding", f.hbm.outstanding);
  return f;
}

chip_config resolve_chip(const config_node& as_written) {
  config_node root = as_written;
  resolve_lockstep_pairs(root);
  refuse_mistakes(check(root, schema_kind::chip));
  const chip_file f = to_chip_file(root);
  chip_config c;
  apply(f.name, c.name);
  apply(f.clock_ghz, c.clock_ghz);
  apply(f.cluster.cores, c.cluster.cores);
  apply(f.cluster.l1_bytes, c.cluster.l1_bytes);
  apply(f.cluster.program_l1_bytes, c.cluster.program_l1_bytes);
  apply(f.cluster.l1_banks, c.cluster.l1_banks);
  apply(f.cluster.peripheral_cycles, c.cluster.peripheral_cycles);
  apply(f.cluster.wake_cycles, c.cluster.wake_cycles);
  apply(f.icache.shared_bytes, c.icache.shared_bytes);
  apply(f.icache.ways, c.icache.ways);
  apply(f.icache.banks, c.icache.banks);
  apply(f.icache.hit_cycles, c.icache.hit_cycles);
  apply(f.dma.channels, c.dma.channels);
  apply(f.dma.start_cycles, c.dma.start_cycles);
  apply(f.dma.burst_buffers, c.dma.burst_buffers);
  apply(f.ima.rows, c.ima.rows);
  apply(f.ima.columns, c.ima.columns);
  apply(f.ima.mvm_ns, c.ima.mvm_ns);
  apply(f.ima.streamer_ports, c.ima.streamer_ports);
  apply(f.ima.job_queue, c.ima.job_queue);
  // A little less than the product, so that 130 ns at 1.1 GHz is not rounded up by an error of its last bit.
  c.ima.mvm_cycles = std::max<cycle_t>(1, static_cast<cycle_t>(std::ceil(c.ima.mvm_ns * c.clock_ghz - 1e-9)));

  auto& n = c.network;
  apply(f.network.factors, n.factors);
  n.latency.assign(n.factors.size(), 4);
  n.latency[0] = 100;
  n.width.assign(n.factors.size(), 64);
  if (f.network.latency) n.latency.assign(f.network.latency->begin(), f.network.latency->end());
  apply(f.network.width, n.width);
  apply(f.network.stage_depth, n.stage_depth);
  apply(f.network.remap_ids, n.remap_ids);
  apply(f.network.open_per_id, n.open_per_id);
  apply(f.network.open_writes, n.open_writes);
  apply(f.network.slave_reads, n.slave_reads);
  apply(f.network.slave_writes, n.slave_writes);
  apply(f.network.outstanding_reads, n.outstanding_reads);
  apply(f.network.outstanding_writes, n.outstanding_writes);
  apply(f.network.egress_cycles, n.egress_cycles);
  apply(f.network.ingress_cycles, n.ingress_cycles);
  n.max_burst_bytes = std::min(4096u, 256 * *std::min_element(n.width.begin(), n.width.end()));
  apply(f.network.max_burst_bytes, n.max_burst_bytes);
  apply(f.hbm.bytes, c.hbm.bytes);
  apply(f.hbm.outstanding, c.hbm.outstanding);

  refuse_mistakes(combination_rules(root, c).broken());
  refuse_mistakes(choose_makes(f, c));
  refuse_mistakes(choose_cores(f, c));
  refuse_mistakes(choose_hand_overs(f, c));
  return c;
}

chip_config parse_chip(const std::string& text, const std::string& name, const std::vector<std::string>& sets,
                       const std::vector<std::string>& cores, const std::vector<std::string>& hand_overs) {
  return lay_over(parse_yaml(text, name), sets, cores, hand_overs);
}

chip_config load_chip(const std::string& path, const std::vector<std::string>& sets,
                      const std::vector<std::string>& cores, const std::vector<std::string>& hand_overs) {
  return lay_over(read_yaml(path), sets, cores, hand_overs);
}

}  // namespace ohmic
