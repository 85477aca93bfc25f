// compile() is pure, on every machine: the same network, chip and options give the same mapping, the same bytes and the
// same expectation today as yesterday. What these must be is what the other tests say; here nothing changes unnoticed.
// Who changes it on purpose runs the test with OHMIC_KEEP=FILE, looks at what differs, and keeps that file.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "sw/compiler/mapping/compile.h"
#include "sw/compiler/mapping/cost/prediction.h"
#include "sw/compiler/mapping/emit/content_hash.h"
#include "sw/compiler/mapping/emit/deployment_folder.h"
#include "sw/compiler/mapping/emit/explain.h"
#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/mapping/mapping_file.h"
#include "tests/sw/compiler/mapping/random_cases.h"

namespace ohmic {
namespace {

constexpr const char* kept_file = OHMIC_SOURCE_FOLDER "/tests/sw/compiler/mapping/kept_deployments.txt";

/// What is made of a case, a word each: cycles that an image is expected to take, and hashes of the mapping, the
/// deployment and the table for people; or of the message if it is refused.
std::string made_of(const integer_graph& graph, const chip_config& chip, const mapping_options& options) {
  std::ostringstream text;
  try {
    const deployment_plan plan = make_plan(graph, chip, options);
    const deployment here = emit(plan, chip, options);
    char cycles[40];
    std::snprintf(cycles, sizeof cycles, "%.0f", here.expected.per_image);
    text << cycles << " mapping " << content_hash(write_mapping(graph, make_stages(graph), plan.assignment))
         << " deployment " << content_hash(deployment_bytes(here)) << " explained "
         << content_hash(explain_mapping(plan, chip, {}));
  } catch (const mapping_error& error) {
    text << "refused " << content_hash(std::string(error.what()));
  }
  return text.str();
}

std::map<std::string, std::string> made_now() {
  std::map<std::string, std::string> all;
  for (std::uint32_t seed = 1; seed <= 150; ++seed) {
    random_case c = random_case_maker(seed).run();
    if (c.options.policy == "best") c.options.policy = "naive";
    char name[40];
    std::snprintf(name, sizeof name, "random_%03u", seed);
    all[name] = made_of(c.graph, c.chip, c.options);
  }
  std::mt19937 random(20261130);
  for (unsigned round = 0; round < 24; ++round) {
    const integer_graph graph = round % 2
                                    ? small_network(random, 16 + static_cast<int>(round), 40, 64)
                                    : digital_network(random, 30, 17 + static_cast<int>(round), 64, round % 4 == 0);
    chip_config chip = small_chip(std::array{24u, 64u, 200u}[round % 3], 64, 16);
    chip.cluster.cores = std::array{1u, 2u, 4u, 16u}[round % 4];
    std::vector<unsigned> other[2];
    for (unsigned c = 0; c < chip.clusters(); ++c)
      if (const auto k = random() % 6; k < 2) other[k].push_back(c);
    if (round % 5 != 0) chip.makes = {{other[0], 16, false}, {other[1], 8, round % 3 == 0}};
    mapping_options options;
    options.policy = std::array{"naive", "replicated", "paper"}[round % 3];
    options.balanced.balance_mvms = round % 5 < 2 ? 0 : 1024;
    char name[60];
    std::snprintf(name, sizeof name, "mixed_%02u_%s", round, options.policy.c_str());
    all[name] = made_of(graph, chip, options);
  }
  return all;
}

TEST(KeptDeployments, AreMadeToday) {
  const std::map<std::string, std::string> now = made_now();
  if (const char* const file = std::getenv("OHMIC_KEEP")) {
    std::ofstream out(file);
    for (const auto& [name, made] : now) out << name << ": " << made << "\n";
  }
  std::map<std::string, std::string> kept;
  std::ifstream in(kept_file);
  for (std::string line; std::getline(in, line);) {
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos) kept[line.substr(0, colon)] = line.substr(colon + 2);
  }
  ASSERT_EQ(kept.size(), now.size()) << kept_file;
  for (const auto& [name, made] : now) EXPECT_EQ(made, kept[name]) << name;
}

}  // namespace
}  // namespace ohmic
