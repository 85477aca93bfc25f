// Entries of the cache with bits flipped, cut, emptied, exchanged: whoever wants what is in them gets what it would get
// without a cache, and a right entry stands there afterwards. Some get a right checksum after the damage, as entries of
// another format would have: they may say anything, and must not crash.
//
// An input is the kind's first letter and the bytes of the entry.
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <random>

#include "host/checksum.h"
#include "host/whole_file.h"
#include "platform/experiment/golden.h"
#include "platform/experiment/mapped_network.h"
#include "sw/compiler/mapping/emit/deployment_folder.h"
#include "sw/compiler/mapping/mapping.h"
#include "sw/compiler/onnx/calibration_metadata.h"
#include "tests/fuzz/campaign.h"
#include "tests/sw/compiler/images/stored_png.h"
#include "tests/sw/compiler/mapping/small_networks.h"
#include "tests/sw/compiler/onnx/qdq_builder.h"

namespace ohmic::fuzz {
namespace {

namespace fs = std::filesystem;

std::string uncalibrated_network() {
  qdq_builder b(3, 6, 6);
  const std::vector<float> scales{0.01f, 0.02f};
  const std::string image = b.quantise("image", 1 / 64.f);
  const std::string conv = b.conv("conv", image, 1 / 64.f, {2, 3, 1, 1}, {1, -2, 3, 4, 5, -6}, scales, {10, 20}, 1, 0);
  const std::string mean =
      b.quantise(b.node("GlobalAveragePool", "mean", {b.quantise(b.relu("relu", conv), 0.05f)}).output(0), 0.05f);
  b.output(b.gemm("fc", b.node("Flatten", "flatten", {mean}).output(0), 0.05f, 2, 2, {7, 8, -9, 10}, scales, {0, 0}));
  b.metadata("ohmic.input", R"({"pixel_offset": 128})");
  return b.bytes();
}

/// What is cached, each made of small things in a moment.
class users {
 public:
  users() {
    std::mt19937 random(5);
    net_.graph = small_network(random, 9, 11, 64);
    net_.hash = "0123";
    images_.maps = {random_image(random, net_.graph.input()), random_image(random, net_.graph.input())};
    images_.hash = "4567";
    config_.chip = small_chip(32, 64, 64);
    config_.model = (folder_ / "net.onnx").string();
    config_.model_is_file = true;
    config_.images.calibration = (folder_ / "calibration").string();
    config_.engine.threads = 1;
    fs::create_directories(config_.images.calibration);
    write_whole_file(config_.model, uncalibrated_network());
    write_whole_file(config_.images.calibration + "/0.png",
                     stored_png(6, 6, [](int x, int y) { return 40 * x + 5 * y; }));
    use_cache("first");
    for (const char kind : kinds) results_[kind] = result(kind);
    for (const auto& entry : fs::recursive_directory_iterator(cache_))
      if (entry.is_regular_file())
        entries_[entry.path().parent_path().filename().string()[0]] = {fs::relative(entry.path(), cache_).string(),
                                                                       read_whole_file(entry.path())};
  }
  ~users() {
    std::error_code ignored;
    if (owner_ == getpid()) fs::remove_all(folder_, ignored);
  }

  static constexpr char kinds[] = {'r', 'd', 'c'};  // reference, deployments, calibrated

  const std::string& expected(char kind) const { return results_.at(kind); }
  const std::string& entry(char kind) const { return entries_.at(kind).bytes; }
  /// The entry's file in the cache of this process.
  std::string file(char kind) {
    use_cache(std::to_string(getpid()));
    const fs::path file = cache_ / entries_.at(kind).name;
    fs::create_directories(file.parent_path());
    return file.string();
  }
  /// What the entry's user makes, with or without it.
  std::string result(char kind) const {
    if (kind == 'd') return deployment_bytes(map_network(config_, net_, true));
    if (kind == 'c') {
      const network made = load_network(config_, true);
      return made.hash + made.graph.name + write_calibration(made.graph);
    }
    std::string all;
    for (const auto& logits : run_reference(net_, images_, false, 1, true).logits)
      for (const std::int32_t logit : logits) all += std::to_string(logit) + " ";
    return all;
  }

 private:
  struct kept {
    std::string name, bytes;
  };
  void use_cache(const std::string& name) {
    cache_ = folder_ / name;
    setenv("OHMIC_CACHE", cache_.c_str(), 1);
  }

  const pid_t owner_ = getpid();
  const fs::path folder_ = fs::temp_directory_path() / ("ohmic_cache_fuzz_" + std::to_string(getpid()));
  fs::path cache_;
  network net_;
  image_set images_;
  experiment_config config_;
  std::map<char, std::string> results_;
  std::map<char, kept> entries_;
};

users& the_users() {
  static users all;
  return all;
}

struct parts {
  std::string name;     ///< "ohmic cache 1 reference 0123..."
  std::string content;  ///< what the header's size and checksum are of
};
/// Nothing if there is no such header.
std::optional<parts> split(const std::string& entry) {
  const std::size_t end = entry.find('\n');
  if (end == std::string::npos) return std::nullopt;
  std::size_t at = end;
  for (int words = 2; words != 0; --words) {
    at = at == 0 ? std::string::npos : entry.rfind(' ', at - 1);
    if (at == std::string::npos) return std::nullopt;
  }
  return parts{entry.substr(0, at), entry.substr(end + 1)};
}
std::string sealed(const parts& p) {
  char numbers[40];
  std::snprintf(numbers, sizeof numbers, " %zu %08x\n", p.content.size(), crc32_of(p.content));
  return p.name + numbers + p.content;
}

std::string make(dice& random) {
  const char kind = users::kinds[random.below(sizeof users::kinds)];
  std::string entry = the_users().entry(kind);
  switch (random.below(8)) {
    case 0:
      entry.resize(random.below(entry.size()));
      break;
    case 1:
      entry += std::string(1 + random.below(9), static_cast<char>(random.number()));
      break;
    case 2:
      entry = the_users().entry(users::kinds[random.below(sizeof users::kinds)]);
      break;
    case 3:
    case 4: {
      std::optional<parts> p = split(entry);
      p->content =
          mutated(std::move(p->content), random, 1 + static_cast<unsigned>(random.below(4)), {"\xff\xff\xff\x7f"});
      entry = sealed(*p);
      break;
    }
    default:
      entry = mutated(std::move(entry), random, 1 + static_cast<unsigned>(random.below(4)),
                      {"ohmic cache 1 ", " 0 ", "\n"});
  }
  return kind + entry;
}

verdict run(const std::string& input) {
  verdict v;
  users& all = the_users();
  const char kind = input.empty() ? 'r' : input[0];
  if (std::find(std::begin(users::kinds), std::end(users::kinds), kind) == std::end(users::kinds)) return v;
  const std::string bytes = input.empty() ? input : input.substr(1), file = all.file(kind);
  write_whole_file(file, bytes);
  const std::optional<parts> now = split(bytes), right = split(all.entry(kind));
  v.reached = now && now->name == right->name;  // what is wrong with it lies behind its name
  const bool valid = v.reached && bytes == sealed(*now) && now->content != right->content;
  const std::string found = all.result(kind);
  if (valid) return v;
  if (found != all.expected(kind))
    v.wrong = "a damaged entry changes the result";
  else if (read_whole_file(file) != all.entry(kind))
    v.wrong = "a damaged entry is not replaced by a right one";
  return v;
}

}  // namespace
}  // namespace ohmic::fuzz

extern "C" int sc_main(int, char**) { return 0; }  // the SystemC library wants one

int main(int argc, char** argv) {
  ohmic::fuzz::the_users();
  return ohmic::fuzz::main_of({"cache", ohmic::fuzz::make, ohmic::fuzz::run}, argc, argv);
}
