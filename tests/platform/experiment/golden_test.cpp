#include "platform/experiment/golden.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <random>

#include "platform/experiment/cache_entry.h"
#include "sw/compiler/reference/reference_executor.h"
#include "tests/host/scratch_folder.h"
#include "tests/sw/compiler/random_network.h"

namespace ohmic {
namespace {

integer_graph graph_with_logits() {
  integer_graph graph;
  graph.nodes.resize(1);
  graph.nodes[0].name = "fc";
  return graph;
}

TEST(CompareLogits, CountsAndNamesTheFirstDifference) {
  const comparison c = compare_logits(graph_with_logits(), {{1, 2, 3}, {4, 5, 6}}, {{1, 2, 3}, {4, -5, 7}});
  EXPECT_EQ(c.compared, 6u);
  EXPECT_EQ(c.mismatching, 2u);
  ASSERT_TRUE(c.first);
  EXPECT_EQ(describe(*c.first, {}), "layer fc of image 1 at x 0, y 0, channel 1: -5 instead of 5");
}

// Two row sets of channels 8 to 15, of two output rows and two neighbours; two replicas take turns at tiles of four.
TEST(DescribeMismatch, NamesTheColumnsOfCrossbarsThatMakeTheValue) {
  deployment mapped;
  for (unsigned replica = 0; replica < 2; ++replica)
    for (unsigned set = 0; set < 2; ++set) {
      crossbar_image& image = mapped.crossbars.emplace_back();
      image.cluster = 10 * replica + set;
      image.first_bitline = 100;
      image.bitlines = 32;
      image.layer = "conv1";
      image.channels = {8, 16};
      image.sets = {{set, 0}, {set, 1}};
      image.packing = {2, 2};
      image.tile_columns = 4;
      image.replica = replica;
      image.replicas = 2;
    }
  mismatch at;
  at.layer = "conv1";
  at.x = 5;  // the second tile; the second of two neighbours
  at.y = 3;  // the second of two rows
  at.channel = 9;
  const auto columns = [&] {
    const std::string text = describe(at, mapped);
    const std::size_t from = text.find(" (");
    return from == std::string::npos ? "" : text.substr(from);
  };
  EXPECT_EQ(columns(), " (crossbar column 125 of cluster 10, 125 of cluster 11)");
  at.x = 8;
  at.y = 2;
  EXPECT_EQ(columns(), " (crossbar column 101 of cluster 0, 101 of cluster 1)");
  at.channel = 7;
  EXPECT_EQ(columns(), "") << "no channel of theirs";
  at.channel = 16;
  EXPECT_EQ(columns(), "");
  at.channel = 15;
  at.layer = "pool";
  EXPECT_EQ(columns(), "") << "no crossbar makes it";
}

TEST(CompareLogits, EqualValuesHaveNoFirstDifference) {
  const comparison c = compare_logits(graph_with_logits(), {{1, 2}}, {{1, 2}});
  EXPECT_EQ(c.mismatching, 0u);
  EXPECT_FALSE(c.first);
}

/// A network, two images and a cache of its own.
class RunReference : public ScratchFolder {
 protected:
  RunReference() {
    setenv("OHMIC_CACHE", path("cache").c_str(), 1);
    std::mt19937 random(7);
    net.graph = random_network(random, 3, 9, 9);
    guess_calibration(net.graph, random, 64);
    net.hash = "net";
    images.hash = "images";
    for (int i = 0; i < 2; ++i) {
      images.maps.push_back(random_image(random, net.graph.input()));
      expected.push_back(reference_executor(net.graph).run(images.maps.back()).logits);
    }
  }
  ~RunReference() override { unsetenv("OHMIC_CACHE"); }
  golden_outputs run(bool keep_maps = false) const { return run_reference(net, images, keep_maps, 1, true); }
  /// The one entry that a run has left: replaced by other bytes with a right checksum.
  void replace_entry(const std::function<void(std::string&)>& change) const {
    const std::filesystem::path folder = path("cache/reference");
    const std::string key = std::filesystem::directory_iterator(folder)->path().stem().string();
    const cache_entry entry("reference", key, ".logits");
    std::string bytes = entry.get().value();
    change(bytes);
    entry.put(bytes);
  }

  network net;
  image_set images;
  std::vector<std::vector<std::int32_t>> expected;
};

TEST_F(RunReference, TakesLogitsFromTheCacheTheSecondTime) {
  EXPECT_EQ(run().logits, expected);
  replace_entry([](std::string& bytes) { bytes[0] = static_cast<char>(bytes[0] ^ 1); });
  golden_outputs cached = run();
  EXPECT_EQ(cached.logits[0][0], expected[0][0] ^ 1) << "what the cache says, not computed again";
  EXPECT_EQ(cached.seconds, 0);
  cached.logits[0][0] ^= 1;
  EXPECT_EQ(cached.logits, expected) << "row by row";
}

TEST_F(RunReference, AnEntryOfAnotherSizeIsMadeAnew) {
  for (const int change : {-4, -1, 1, 4}) {
    run();
    replace_entry([&](std::string& bytes) { bytes.resize(bytes.size() + static_cast<std::size_t>(change), '\1'); });
    EXPECT_EQ(run().logits, expected) << change << " bytes";
    EXPECT_EQ(run().logits, expected) << "and is right from then on";
  }
}

TEST_F(RunReference, AnotherNetworkOrOtherImagesHaveEntriesOfTheirOwn) {
  run();
  replace_entry([](std::string& bytes) { bytes[0] = static_cast<char>(bytes[0] ^ 1); });
  net.hash = "another net";
  EXPECT_EQ(run().logits, expected);
  net.hash = "net";
  images.hash = "other images";
  EXPECT_EQ(run().logits, expected);
}

TEST_F(RunReference, MapsAreAlwaysComputed) {
  run();
  const golden_outputs golden = run(true);
  EXPECT_EQ(golden.logits, expected);
  ASSERT_EQ(golden.maps.size(), 2u);
  EXPECT_EQ(golden.maps[1][0].data, images.maps[1].data) << "by image and tensor; the first is the image";
  EXPECT_TRUE(run().maps.empty());
}

}  // namespace
}  // namespace ohmic
