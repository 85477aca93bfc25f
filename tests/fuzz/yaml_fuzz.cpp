// Chips and experiments in YAML, from the schemas' keys with values at every edge, then changed byte by byte: each is
// refused in lines that name their place, or loads as a chip within its ranges that reads back as itself.
#include <algorithm>

#include "platform/config/config_tree.h"
#include "platform/config/experiment_file.h"
#include "platform/config/load_chip.h"
#include "platform/config/schema.h"
#include "tests/fuzz/campaign.h"

namespace ohmic::fuzz {
namespace {

const std::vector<std::string> numbers = {"0",
                                          "1",
                                          "2",
                                          "4",
                                          "8",
                                          "16",
                                          "64",
                                          "+8",
                                          "+0",
                                          "-1",
                                          "-0",
                                          "010",
                                          "0x10",
                                          "0X8",
                                          "0o10",
                                          "1e3",
                                          "8.0",
                                          "1.5",
                                          ".5",
                                          "1e-30",
                                          "1e999",
                                          ".inf",
                                          "-.inf",
                                          ".nan",
                                          "nan",
                                          "65",
                                          "513",
                                          "1024",
                                          "65536",
                                          "4294967295",
                                          "4294967296",
                                          "4294967297",
                                          "9223372036854775807",
                                          "9223372036854775808",
                                          "18446744073709551615",
                                          "18446744073709551617",
                                          "99999999999999999999",
                                          "1 KiB",
                                          "+1 MiB",
                                          "512 KiB",
                                          "1536 MiB",
                                          "1.5 GiB",
                                          "8589934592 GiB",
                                          "0x1 KiB",
                                          "~",
                                          "''",
                                          "'8'",
                                          "true",
                                          "no",
                                          "iss",
                                          "[1, 4]",
                                          "[1, 16, 32]",
                                          "[1, 19, 27]",
                                          "[100, 4]",
                                          "[]",
                                          "{}",
                                          "all",
                                          "0-3",
                                          "0-99999999999",
                                          "*a",
                                          "&a 8",
                                          "!!int 8",
                                          "\"\\x00\"",
                                          "|\n  8",
                                          "1_000",
                                          "0b11"};

const std::vector<std::string> pieces = {"\n",
                                         "  ",
                                         ": ",
                                         "- ",
                                         "[",
                                         "]",
                                         "{",
                                         "}",
                                         ",",
                                         "&a ",
                                         "*a",
                                         "<<: *a",
                                         "? ",
                                         "!",
                                         "|",
                                         ">",
                                         "'",
                                         "\"",
                                         "#",
                                         "%YAML 1.1\n---\n",
                                         "---\n",
                                         "...\n",
                                         "\t",
                                         std::string(1, '\0'),
                                         "\x04",
                                         "\xff",
                                         "\xef\xbb\xbf",
                                         "~",
                                         "null",
                                         "+1",
                                         "0o7",
                                         "cluster:",
                                         "cores:"};

/// A dotted key as YAML, each part on a line of its own or all in braces.
std::string nested(const std::string& path, const std::string& value, bool braces) {
  const std::vector<std::string> keys = split_path(path);
  std::string text;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (braces)
      text += (i == 0 ? "" : "{") + keys[i] + ": ";
    else
      text += std::string(2 * i, ' ') + keys[i] + (i + 1 == keys.size() ? ": " : ":\n");
  }
  return text + value + (braces ? std::string(keys.size() - 1, '}') : "") + "\n";
}

/// The first byte says which schema.
std::string make(dice& random) {
  const bool experiment = random.one_in(3);
  const auto keys = schema_defaults(experiment ? schema_kind::experiment : schema_kind::chip);
  std::string text = experiment && !random.one_in(4) ? "chip: {}\n" : "";
  std::vector<std::string> used;
  for (std::uint64_t n = 1 + random.below(5); n != 0; --n) {
    const auto& [path, value] = random.pick(keys);
    const std::string section = split_path(path)[0];
    if (std::find(used.begin(), used.end(), section) != used.end() && !random.one_in(8)) continue;
    used.push_back(section);
    text += nested(path, random.one_in(4) ? value : random.pick(numbers), random.one_in(2));
  }
  if (random.one_in(20)) text += "cores: {overrides: [{clusters: " + random.pick(numbers) + ", model: rtl}]}\n";
  if (random.one_in(20))
    text += "cores: {hand_over: [{cores: " + random.pick(numbers) +
            ", model: rtl, at: \"cycle:" + random.pick(numbers) + "\"}]}\n";
  if (random.one_in(50)) {  // many of something
    const std::string& piece = random.pick(pieces);
    for (std::uint64_t n = random.below(20'000); n != 0; --n) text += piece;
  }
  if (random.one_in(3)) text = mutated(std::move(text), random, 1 + static_cast<unsigned>(random.below(3)), pieces);
  return (experiment ? "e" : "c") + text;
}

bool within(std::uint64_t value, std::uint64_t least, std::uint64_t most) { return value >= least && value <= most; }

/// The ranges of docs/configuration.md, by hand.
std::string out_of_range(const chip_config& c) {
  if (!(c.clock_ghz >= 0.001 && c.clock_ghz <= 10)) return "clock_ghz is out of range";
  if (!within(c.cluster.cores, 1, 64)) return "cluster.cores is out of range";
  if (!within(c.cluster.l1_bytes, 1 << 16, 8 << 20)) return "cluster.l1_bytes is out of range";
  if (!within(c.cluster.l1_banks, 16, 64)) return "cluster.l1_banks is out of range";
  if (!within(c.cluster.wake_cycles, 1, 1000) || !within(c.cluster.peripheral_cycles, 1, 1000))
    return "cycles are out of range";
  if (!within(c.icache.hit_cycles, 1, 1000) || !within(c.icache.ways, 1, 16)) return "icache is out of range";
  if (!within(c.dma.channels, 1, 8) || !within(c.dma.start_cycles, 1, 1000)) return "dma is out of range";
  if (!within(c.ima.rows, 1, 1024) || !within(c.ima.columns, 1, 512)) return "ima is out of range";
  if (!within(c.ima.job_queue, 2, 255) || !within(c.ima.mvm_cycles, 1, 10'000'000)) return "ima jobs are out of range";
  if (!within(c.clusters(), 1, 16384)) return "clusters are out of range";
  for (const cycle_t l : c.network.latency)
    if (!within(l, 1, 100'000)) return "network.latency is out of range";
  if (!within(c.hbm.bytes, 1 << 20, 1792ull << 20)) return "hbm.bytes is out of range";
  return "";
}

std::string bad_message(const std::string& text) {
  if (text.rfind("x.yaml", 0) != 0) return "a message does not begin with its place: " + text;
  if (std::count(text.begin(), text.end(), '\n') > 20) return "a message has too many lines";
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n') return "a message holds control bytes";
  if (text.size() > 40'000) return "a message is too long";
  return "";
}

verdict run(const std::string& input) {
  verdict v;
  const std::string text = input.substr(std::min<std::size_t>(1, input.size()));
  try {
    const config_node root = parse_yaml(text, "x.yaml");
    v.reached = true;
    if (!input.empty() && input[0] == 'e') {
      refuse_mistakes(check(root, schema_kind::experiment));
      const experiment_file f = to_experiment_file(root);
      if (!within(f.images.count.value_or(1), 1, 1024)) v.wrong = "images.count is out of range";
      if (!within(f.engine.window.value_or(0), 0, 1'000'000)) v.wrong = "engine.window is out of range";
      if (!within(f.engine.max_cycles.value_or(0), 0, most_of_anything)) v.wrong = "engine.max_cycles is out of range";
      const naive_options naive = to_naive_options(root);
      if (!within(naive.tile_cycles, 1, 1'000'000'000)) v.wrong = "mapping.tile_cycles is out of range";
      if (!within(naive.prefetch_tiles, 1, 16)) v.wrong = "mapping.prefetch_tiles is out of range";
      const balanced_options balanced = to_balanced_options(root);
      if (!within(balanced.balance_mvms, 0, 1'000'000'000)) v.wrong = "mapping.balance_mvms is out of range";
      if (!within(balanced.most_clusters, 0, 65'536)) v.wrong = "mapping.most_clusters is out of range";
      if (!within(to_best_options(root).evaluations, 0, 1'000'000)) v.wrong = "mapping.evaluations is out of range";
      return v;
    }
    const chip_config c = resolve_chip(root);
    v.wrong = out_of_range(c);
    if (v.wrong.empty() && to_yaml(parse_chip(to_yaml(c), "again")) != to_yaml(c))
      v.wrong = "a chip does not read back as itself";
  } catch (const config_error& error) {
    v.wrong = bad_message(error.what());
  }
  return v;
}

}  // namespace
}  // namespace ohmic::fuzz

int main(int argc, char** argv) {
  return ohmic::fuzz::main_of({"yaml", ohmic::fuzz::make, ohmic::fuzz::run}, argc, argv);
}
