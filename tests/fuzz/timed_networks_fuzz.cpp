// Random networks on random timed chips, with the real firmware: whatever the network, HBM, threads and windows are, a
// run ends, its logits are the integer reference's, and its cycles do not depend on threads and windows.
//
// An input is a case seed; with an odd one the mapping is random, too, in all that mappings can say.
#include <algorithm>
#include <array>
#include <stdexcept>

#include "platform/experiment/chip_loader.h"
#include "platform/machine/machine.h"
#include "platform/run/exit_code.h"
#include "platform/run/firmware.h"
#include "sw/compiler/mapping/compile.h"
#include "sw/compiler/reference/reference_executor.h"
#include "tests/fuzz/campaign.h"
#include "tests/sw/compiler/mapping/random_cases.h"
#include "tests/sw/compiler/mapping/random_mapping.h"
#include "tests/systemc/fresh_simulation.h"

namespace ohmic::fuzz {
namespace {

std::string make(dice& random) { return std::to_string(random.below(std::uint64_t{1} << 31)); }

/// A tree of small routers around as many clusters, and an HBM that is soon full.
chip_config random_chip(chip_config chip, std::mt19937& random) {
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  constexpr std::array<unsigned, 5> trees[] = {{1, 1, 4, 8, 8}, {1, 8, 4, 4, 2}, {1, 2, 2, 8, 8}, {1, 4, 4, 4, 4}};
  const std::array<unsigned, 5>& tree = trees[below(4)];
  std::copy(tree.begin(), tree.end(), chip.network.factors.begin());
  chip.hbm.outstanding = std::array{1u, 3u, 8u, 32u}[below(4)];
  return chip;
}

struct outcome {
  std::string wrong;
  cycle_t end = 0;
};

outcome run_once(const random_case& c, const deployment& mapped, const image_set& images,
                 const std::vector<std::vector<std::int32_t>>& expected, const run_options& options) {
  test::fresh_simulation();
  const firmware loaded(OHMIC_DATAFLOW_ELF, {}, c.chip, {});
  const auto chip = make_machine(c.chip, loaded.programs());
  load_chip_memory(*chip, mapped, images);
  const run_end end = chip->run(options);
  outcome found{"", chip->end_cycle()};
  if (end != run_end::exited) {
    found.wrong = std::string("a run ends otherwise: ") + name_of(end) + " in cycle " + std::to_string(found.end);
  } else if (read_logits(*chip, mapped, c.images) != expected) {
    found.wrong = "wrong logits";
  }
  return found;
}

verdict run(const std::string& input) {
  const auto seed = static_cast<std::uint32_t>(std::strtoul(input.c_str(), nullptr, 10));
  random_case c = random_case_maker(seed).run();
  std::mt19937 random(seed);
  c.chip = random_chip(c.chip, random);
  verdict v;
  try {
    check_graph(c.graph);
    if (seed % 2 == 1) {
      c.chip.cluster.l1_bytes = 1u << 20;
      c.options = random_mapping_options(c.graph, c.chip, seed);
    }
    deployment mapped = compile(c.graph, c.chip, c.options);
    v.reached = true;
    set_images(mapped, c.images);
    const reference_executor reference(c.graph);
    image_set images;
    std::vector<std::vector<std::int32_t>> expected;
    for (unsigned i = 0; i < c.images; ++i) {
      images.maps.push_back(random_image(random, c.graph.input()));
      expected.push_back(reference.run(images.maps.back()).logits);
    }
    run_options options;
    options.max_cycles = 50'000'000;
    const outcome first = run_once(c, mapped, images, expected, options);
    v.wrong = first.wrong;
    if (!v.wrong.empty() || seed % 4 != 0) return v;
    options.threads = 1 + seed / 4 % 3;
    options.window = 1 + seed / 16 % 3;
    const outcome again = run_once(c, mapped, images, expected, options);
    v.wrong = again.wrong;
    if (v.wrong.empty() && again.end != first.end)
      v.wrong = "cycles depend on threads or windows: " + std::to_string(first.end) + " and " +
                std::to_string(again.end) + " with " + std::to_string(options.threads) + " threads, window " +
                std::to_string(options.window);
  } catch (const std::runtime_error& error) {
    v.wrong = error.what();
  }
  return v;
}

}  // namespace
}  // namespace ohmic::fuzz

extern "C" int sc_main(int, char**) { return 0; }  // the SystemC library wants one

int main(int argc, char** argv) {
  ohmic::fuzz::campaign networks{"timed_networks", ohmic::fuzz::make, ohmic::fuzz::run};
  networks.inputs = 2000;
  networks.seconds_each = 120;
  networks.most_bytes = std::uint64_t{4} << 30;
  return ohmic::fuzz::main_of(networks, argc, argv);
}
