#include <algorithm>
#include <cstdio>
#include <sstream>

#include "platform/config/core_choice.h"
#include "platform/config/hand_over_choice.h"
#include "platform/config/load_chip.h"

namespace ohmic {
namespace {

/// Short text that reads back as the same number; without an exponent where a person would write none.
std::string number(double value) {
  char text[32];
  for (int digits = 6; digits <= 17; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    double back = 0;
    std::sscanf(text, "%lf", &back);
    if (back == value) break;
  }
  return text;
}

std::string size(std::uint64_t bytes) {
  if (bytes >= 1u << 20 && bytes % (1u << 20) == 0) return std::to_string(bytes >> 20) + " MiB";
  if (bytes >= 1u << 10 && bytes % (1u << 10) == 0) return std::to_string(bytes >> 10) + " KiB";
  return std::to_string(bytes);
}

template <class T>
std::string list(const std::vector<T>& values) {
  std::string out = "[";
  for (std::size_t i = 0; i < values.size(); ++i) out += (i == 0 ? "" : ", ") + std::to_string(values[i]);
  return out + "]";
}

/// A name as YAML reads it back, whatever is in it.
std::string quoted(const std::string& word) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(word.begin(), word.end(), control)) {
    std::string escaped = "\"";
    for (const char c : word) {
      char code[8];
      std::snprintf(code, sizeof code, "\\x%02x", static_cast<unsigned char>(c));
      if (control(c))
        escaped += code;
      else
        escaped += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    }
    return escaped + "\"";
  }
  std::string out = "'";
  for (char c : word) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

std::string ranges(const std::vector<unsigned>& numbers) { return '"' + ranges_text(numbers) + '"'; }

/// Who simulates the cores: of that only the cores' design is part of the chip's hash.
std::string cores(const chip_config& c) {
  std::string out = "cores:\n  model: " + std::string(name_of(c.cores.model)) + "\n  overrides:";
  out += c.cores.overrides.empty() ? " []\n" : "\n";
  for (const auto& o : c.cores.overrides)
    out += "    - {clusters: " + ranges(o.clusters) + ", cores: " + ranges(o.cores) + ", model: " + name_of(o.model) +
           "}\n";
  out += "  hand_over:";
  out += c.cores.hand_overs.empty() ? " []\n" : "\n";
  for (const auto& h : c.cores.hand_overs)
    out += "    - {clusters: " + ranges(h.clusters) + ", cores: " + ranges(h.cores) + ", model: " + name_of(h.model) +
           ", at: " + quoted(moment_of(h)) + "}\n";
  return out;
}

std::string makes(const chip_config& c) {
  std::string out = "clusters:";
  out += c.makes.empty() ? " []\n" : "\n";
  for (const auto& m : c.makes)
    out += "  - {clusters: " + ranges(m.clusters) + ", cores: " + std::to_string(m.cores) +
           ", ima: " + (m.ima ? "true" : "false") + "}\n";
  return out;
}

/// Everything but the name, clusters of other makes and the cores' models.
std::string body(const chip_config& c) {
  std::ostringstream o;
  o << "clock_ghz: " << number(c.clock_ghz) << "\n"
    << "cluster:\n"
    << "  cores: " << c.cluster.cores << "\n"
    << "  l1_bytes: " << size(c.cluster.l1_bytes) << "\n"
    << "  program_l1_bytes: " << size(c.cluster.program_l1_bytes) << "\n"
    << "  l1_banks: " << c.cluster.l1_banks << "\n"
    << "  peripheral_cycles: " << c.cluster.peripheral_cycles << "\n"
    << "  wake_cycles: " << c.cluster.wake_cycles << "\n"
    << "icache:\n"
    << "  shared_bytes: " << size(c.icache.shared_bytes) << "\n"
    << "  ways: " << c.icache.ways << "\n"
    << "  banks: " << c.icache.banks << "\n"
    << "  hit_cycles: " << c.icache.hit_cycles << "\n"
    << "dma:\n"
    << "  channels: " << c.dma.channels << "\n"
    << "  start_cycles: " << c.dma.start_cycles << "\n"
    << "  burst_buffers: " << c.dma.burst_buffers << "\n"
    << "ima:\n"
    << "  rows: " << c.ima.rows << "\n"
    << "  columns: " << c.ima.columns << "\n"
    << "  mvm_ns: " << number(c.ima.mvm_ns) << "\n"
    << "  streamer_ports: " << c.ima.streamer_ports << "\n"
    << "  job_queue: " << c.ima.job_queue << "\n"
    << "network:\n"
    << "  factors: " << list(c.network.factors) << "\n"
    << "  latency: " << list(c.network.latency) << "\n"
    << "  width: " << list(c.network.width) << "\n"
    << "  model: flit\n"
    << "  stage_depth: " << c.network.stage_depth << "\n"
    << "  remap_ids: " << c.network.remap_ids << "\n"
    << "  open_per_id: " << c.network.open_per_id << "\n"
    << "  open_writes: " << c.network.open_writes << "\n"
    << "  slave_reads: " << c.network.slave_reads << "\n"
    << "  slave_writes: " << c.network.slave_writes << "\n"
    << "  outstanding_reads: " << c.network.outstanding_reads << "\n"
    << "  outstanding_writes: " << c.network.outstanding_writes << "\n"
    << "  egress_cycles: " << c.network.egress_cycles << "\n"
    << "  ingress_cycles: " << c.network.ingress_cycles << "\n"
    << "  max_burst_bytes: " << size(c.network.max_burst_bytes) << "\n"
    << "hbm:\n"
    << "  bytes: " << size(c.hbm.bytes) << "\n"
    << "  outstanding: " << c.hbm.outstanding << "\n";
  return o.str();
}

}  // namespace

std::string to_yaml(const chip_config& chip) {
  return "name: " + quoted(chip.name) + "\n" + makes(chip) + cores(chip) + body(chip);
}

// FNV-1a over the spelled-out chip, makes of clusters that differ, and the design of its cores.
std::string chip_hash(const chip_config& chip) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  const std::string others = chip.makes.empty() ? "" : makes(chip);
  for (unsigned char c : body(chip) + others + chip.other_core_designs()) hash = (hash ^ c) * 0x100000001b3u;
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

}  // namespace ohmic
