#pragma once

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "sw/compiler/reference/analog_chip.h"
#include "sw/compiler/reference/reference_executor.h"
#include "tests/sw/compiler/mapping/deployment_simulator.h"
#include "tests/sw/compiler/mapping/edge_observer.h"
#include "tests/sw/compiler/mapping/random_cases.h"

namespace ohmic {

/// The deployment's bytes, run by the oracle on random images, give every edge and all outputs of the reference, with
/// as many MVMs as it says. So does the reference that knows where the crossbars are, as long as they have no noise.
inline void expect_reference(const integer_graph& graph, const chip_config& chip, deployment mapped,
                             std::mt19937& random, unsigned images = 3) {
  set_images(mapped, images);
  deployment_simulator simulator(mapped, chip, random());
  const reference_executor reference(graph);
  pcm::pcm_options exact;
  exact.devices.programming_scale = exact.devices.drift_scale = 0;
  exact.reads = pcm::read_noise::off;
  const analog_chip devices(graph, mapped.crossbars, chip.ima.rows, chip.ima.columns, exact, 1);
  const reference_executor mapped_reference(graph, reference_mode::adc, &devices);
  std::vector<reference_result> expected;
  for (unsigned i = 0; i < images; ++i) {
    const feature_map image = random_image(random, graph.input());
    expected.push_back(reference.run(image, true));
    ASSERT_EQ(mapped_reference.run(image, false, i).logits, expected.back().logits) << "of the crossbars, image " << i;
    simulator.load_image(i, image);
  }
  edge_observer observer(mapped, graph, expected, simulator);
  ASSERT_TRUE(simulator.run()) << simulator.unfinished();
  for (unsigned i = 0; i < images; ++i) ASSERT_EQ(simulator.logits(i), expected[i].logits) << "image " << i;
  EXPECT_EQ(observer.first_difference(), "");
  EXPECT_EQ(simulator.mvms(), mapped.mvms_per_image * images);
}

}  // namespace ohmic
