// Random networks, mapped with random options: columns that nobody needs, replicas, residuals; some steps far slower.
//
// An input is a case seed and `firmware` or `rules`. Every network is run from its deployment's bytes by the untimed
// oracle of sw/deployment/deployment.h, some also by the real firmware on a chip that does everything at moments of
// chance; both must give the integer reference's logits.
#include "sw/compiler/mapping/compile.h"
#include "sw/compiler/mapping/mapping_error.h"
#include "sw/compiler/reference/reference_executor.h"
#include "tests/fuzz/campaign.h"
#include "tests/sw/compiler/mapping/deployment_simulator.h"
#include "tests/sw/compiler/mapping/random_cases.h"
#include "tests/sw/firmware/dataflow_run.h"

namespace ohmic::fuzz {
namespace {

std::string make(dice& random) {
  return std::to_string(random.below(std::uint64_t{1} << 31)) + (random.one_in(8) ? " firmware" : " rules");
}

verdict run(const std::string& input) {
  const auto seed = static_cast<std::uint32_t>(std::strtoul(input.c_str(), nullptr, 10));
  const random_case c = random_case_maker(seed).run();
  verdict v;
  deployment mapped;
  try {
    check_graph(c.graph);
    mapped = compile(c.graph, c.chip, c.options);
  } catch (const mapping_error& error) {
    v.wrong = std::string("a legal network is refused: ") + error.what();
    return v;
  }
  v.reached = true;
  set_images(mapped, c.images);
  std::mt19937 random(seed);
  const reference_executor reference(c.graph);
  std::vector<feature_map> images;
  std::vector<std::vector<std::int32_t>> expected;
  for (unsigned i = 0; i < c.images; ++i) {
    images.push_back(random_image(random, c.graph.input()));
    expected.push_back(reference.run(images[i]).logits);
  }
  const bool firmware = input.find("firmware") != std::string::npos;
  try {
    deployment_simulator rules(mapped, c.chip, seed);
    for (unsigned i = 0; i < c.images; ++i) rules.load_image(i, images[i]);
    if (!rules.run()) v.wrong = "dead-lock: " + rules.unfinished();
    for (unsigned i = 0; i < c.images && v.wrong.empty(); ++i)
      if (rules.logits(i) != expected[i]) v.wrong = "wrong logits of image " + std::to_string(i);
    if (!firmware || !v.wrong.empty()) return v;
    untimed_chip chip(OHMIC_DATAFLOW_ELF, c.chip, seed);
    load_dataflow(chip, mapped, c.chip, images);
    chip.make_uneven();
    if (chip.run(400'000'000) != untimed_chip::outcome::exited) v.wrong = "the firmware stops: " + chip.activities();
    for (unsigned i = 0; i < c.images && v.wrong.empty(); ++i)
      if (logits_of(chip, mapped, i) != expected[i])
        v.wrong = "the firmware's logits of image " + std::to_string(i) + " are wrong";
  } catch (const std::runtime_error& error) {
    v.wrong = error.what();
  }
  return v;
}

}  // namespace
}  // namespace ohmic::fuzz

int main(int argc, char** argv) {
  ohmic::fuzz::campaign networks{"networks", ohmic::fuzz::make, ohmic::fuzz::run};
  networks.inputs = 2000;
  networks.seconds_each = 60;
  networks.most_bytes = std::uint64_t{2} << 30;
  return ohmic::fuzz::main_of(networks, argc, argv);
}
