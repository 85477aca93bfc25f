// Deployments whose manifest has other numbers, types, keys and bytes: each is refused in one line that names the file,
// or is one that a chip could hold.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "sw/compiler/mapping/compile.h"
#include "sw/compiler/mapping/emit/deployment_folder.h"
#include "sw/compiler/mapping/mapping_error.h"
#include "tests/fuzz/campaign.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic::fuzz {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> values = {"0",
                                         "-1",
                                         "1",
                                         "4294967295",
                                         "4294967296",
                                         "18446744073709551615",
                                         "-9223372036854775808",
                                         "99999999999999999999",
                                         "1e999",
                                         "1.5",
                                         "-0.0",
                                         "true",
                                         "null",
                                         "\"\"",
                                         "[]",
                                         "{}",
                                         "[1]",
                                         "65536",
                                         "1e3"};

const std::vector<std::string> pieces = {"{",       "}",       "[",    "]", ",", ":", "\"",
                                         "\\u0000", "\\ud800", "\xff", "1", "e", "-", "\"clusters\": 1,"};

/// A deployment on disk, whose manifest is replaced for each input.
class folder {
 public:
  folder() : path_(fs::temp_directory_path() / ("ohmic_manifest_fuzz_" + std::to_string(getpid()))) {
    std::mt19937 random(3);
    mapping_options options;
    options.naive.replicas = {{"main", 2}};
    save_deployment(compile(small_network(random, 29, 37, 40), small_chip(64, 40, 8), options), path_.string());
    std::ifstream in(path_ / "manifest.json", std::ios::binary);
    manifest_.assign(std::istreambuf_iterator<char>(in), {});
  }
  ~folder() {
    std::error_code ignored;
    if (owner_ == getpid()) fs::remove_all(path_, ignored);
  }
  const std::string& manifest() const { return manifest_; }
  /// Every child writes into a folder of its own.
  std::string with(const std::string& manifest) {
    const fs::path own = path_ / std::to_string(getpid());
    if (!fs::exists(own)) {
      fs::create_directory(own);
      for (const char* file : {"clusters.bin", "weights.bin", "hbm.bin"}) fs::copy_file(path_ / file, own / file);
    }
    std::ofstream(own / "manifest.json", std::ios::binary) << manifest;
    return own.string();
  }

 private:
  const pid_t owner_ = getpid();
  const fs::path path_;
  std::string manifest_;
};

folder& the_folder() {
  static folder one;
  return one;
}

/// Begins and ends of the numbers in a text.
std::vector<std::pair<std::size_t, std::size_t>> numbers_in(const std::string& text) {
  std::vector<std::pair<std::size_t, std::size_t>> found;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (quoted || text[i] < '0' || text[i] > '9') continue;
    const std::size_t end = std::min(text.find_first_not_of("0123456789.e+-", i), text.size());
    found.emplace_back(i, end);
    i = end - 1;
  }
  return found;
}

std::string make(dice& random) {
  std::string text = the_folder().manifest();
  static const auto numbers = numbers_in(text);
  if (!random.one_in(5)) {
    const auto [begin, end] = random.pick(numbers);
    text.replace(begin, end - begin, random.pick(values));
  } else {
    text = mutated(std::move(text), random, 1 + static_cast<unsigned>(random.below(3)), pieces);
  }
  return text;
}

verdict run(const std::string& input) {
  verdict v;
  const std::string where = the_folder().with(input);
  try {
    const deployment d = load_deployment(where);
    v.reached = true;
    for (const stage_report& s : d.stages)
      for (const unsigned cluster : s.clusters)
        if (cluster >= d.chip_clusters) v.wrong = "a stage is on a cluster that there is not";
    for (const ring_report& r : d.rings) {
      if (r.cluster >= d.chip_clusters || r.slots == 0 || r.stage >= d.stages.size()) v.wrong = "an impossible ring";
      for (const ring_producer& p : r.producers)
        if (p.replica >= p.replicas || p.tile == 0) v.wrong = "an impossible producer";
    }
    if (d.hbm.results_stride < 4 * d.classes) v.wrong = "results without room";
  } catch (const mapping_error& error) {
    const std::string text = error.what();
    v.reached = text.find("parse error") == std::string::npos;
    if (text.rfind(where, 0) != 0) v.wrong = "a message does not name the file: " + text;
    if (text.find('\n') != std::string::npos) v.wrong = "a message has several lines: " + text;
    if (text.size() > 1000) v.wrong = "a message is too long: " + text;
  }
  return v;
}

}  // namespace
}  // namespace ohmic::fuzz

int main(int argc, char** argv) {
  ohmic::fuzz::the_folder();
  return ohmic::fuzz::main_of({"manifest", ohmic::fuzz::make, ohmic::fuzz::run}, argc, argv);
}
