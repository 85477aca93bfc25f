#include "sw/compiler/mapping/emit/deployment_check.h"

#include <gtest/gtest.h>

#include <functional>

#include "sw/compiler/mapping/compile.h"
#include "tests/sw/compiler/mapping/small_networks.h"

namespace ohmic {
namespace {

/// A right deployment, and what is said of it with something changed.
class DeploymentCheck : public ::testing::Test {
 protected:
  DeploymentCheck() {
    std::mt19937 random(3);
    mapping_options options;
    options.naive.replicas = {{"main", 2}};
    good_ = compile(small_network(random, 29, 37, 40), small_chip(64, 40, 8), options);
    for (const ring_report& ring : good_.rings)
      if (!ring.producers.empty()) ring_ = &ring - good_.rings.data();
    for (const cluster_image& image : good_.clusters)
      if (image.cluster == good_.rings[ring_].cluster) end_ = image.l1_end;
  }
  bool right(const std::function<void(deployment&)>& change) const {
    deployment d = good_;
    change(d);
    return what_is_impossible(d).empty();
  }
  bool right_with_ring(const std::function<void(ring_report&)>& change) const {
    return right([&](deployment& d) { change(d.rings[ring_]); });
  }

  deployment good_;
  std::ptrdiff_t ring_ = 0;  // one that others fill
  std::uint32_t end_ = 0;    // of what its cluster uses of L1
};

TEST_F(DeploymentCheck, RingsAndTheirWordsLieInL1ToTheLastByte) {
  EXPECT_TRUE(right([](deployment&) {}));
  const std::uint32_t bytes = good_.rings[ring_].slots * good_.rings[ring_].column_bytes;
  EXPECT_TRUE(right_with_ring([&](ring_report& r) { r.base = end_ - bytes; }));
  EXPECT_FALSE(right_with_ring([&](ring_report& r) { r.base = end_ - bytes + 1; }));
  EXPECT_TRUE(right_with_ring([&](ring_report& r) { r.producers[0].produced_word = end_ - 4; }));
  for (const std::uint32_t behind : {3u, 0u})
    EXPECT_FALSE(right_with_ring([&](ring_report& r) { r.producers[0].produced_word = end_ - behind; }));
  EXPECT_FALSE(right_with_ring([](ring_report& r) { r.producers[0].produced_word = UINT32_MAX; }));
}

TEST_F(DeploymentCheck, SharesAreOfWhatThereIs) {
  EXPECT_TRUE(right_with_ring([](ring_report& r) { r.producers[0].replicas = 5, r.producers[0].replica = 4; }));
  EXPECT_FALSE(right_with_ring([](ring_report& r) { r.producers[0].replicas = 5, r.producers[0].replica = 5; }));
  EXPECT_FALSE(right_with_ring([](ring_report& r) { r.producers[0].tile = 0; }));
  EXPECT_TRUE(right_with_ring([](ring_report& r) { r.wanted_replicas = 3, r.wanted_replica = 2; }));
  EXPECT_FALSE(right_with_ring([](ring_report& r) { r.wanted_replicas = 3, r.wanted_replica = 3; }));
  EXPECT_FALSE(right_with_ring([](ring_report& r) { r.wanted_size = 0; }));
  EXPECT_FALSE(right_with_ring([](ring_report& r) { r.wanted_stride = 0; }));
}

TEST_F(DeploymentCheck, RangesOfChannelsRunForwardAndMayBeEmpty) {
  for (const channel_range range : {channel_range{0, 0}, {3, 3}, {3, 4}}) {
    EXPECT_TRUE(right_with_ring([&](ring_report& r) { r.producers[0].channels = range; }));
    EXPECT_TRUE(right_with_ring([&](ring_report& r) { r.segments[0].channels = range; }));
  }
  for (const channel_range range : {channel_range{-1, 2}, {3, 2}}) {
    EXPECT_FALSE(right_with_ring([&](ring_report& r) { r.producers[0].channels = range; }));
    EXPECT_FALSE(right_with_ring([&](ring_report& r) { r.segments[0].channels = range; }));
  }
}

TEST_F(DeploymentCheck, ClustersAreThoseOfTheChip) {
  const auto on = [&](unsigned cluster) {
    return right([&](deployment& d) { d.stages[0].clusters[0] = d.stages[0].shares[0].cluster = cluster; });
  };
  EXPECT_TRUE(on(63));
  EXPECT_FALSE(on(64));
  EXPECT_TRUE(right_with_ring([](ring_report& r) { r.producers[0].cluster = 63; }));
  EXPECT_FALSE(right_with_ring([](ring_report& r) { r.producers[0].cluster = 64; }));
  EXPECT_FALSE(right_with_ring([](ring_report& r) { r.cluster = 64; }));
  EXPECT_TRUE(right([](deployment& d) { d.crossbars[0].cluster = 63; }));
  EXPECT_FALSE(right([](deployment& d) { d.crossbars[0].cluster = 64; }));
  EXPECT_FALSE(right([](deployment& d) { d.clusters[0].cluster = 64; }));
  EXPECT_FALSE(right([](deployment& d) { d.stages[0].shares[0].cluster ^= 1; })) << "of another cluster";
  EXPECT_FALSE(right([&](deployment& d) { d.rings[ring_].stage = static_cast<unsigned>(d.stages.size()); }));
}

TEST_F(DeploymentCheck, WhatIsLoadedEndsWithItsL1) {
  const auto longer = [&](unsigned bytes) {
    return right([&](deployment& d) {
      for (cluster_image& image : d.clusters) image.bytes.resize(image.l1_end - image.offset + bytes);
    });
  };
  EXPECT_TRUE(longer(0));
  EXPECT_FALSE(longer(1));
}

TEST_F(DeploymentCheck, HbmHasRoomForWhatItHolds) {
  EXPECT_TRUE(right([](deployment& d) { d.hbm.results_stride = 4 * d.classes; }));
  EXPECT_FALSE(right([](deployment& d) { d.hbm.results_stride = 4 * d.classes - 1; }));
  const auto images = [&](unsigned column, unsigned stride) {
    return right([&](deployment& d) {
      d.hbm.images_column_bytes = d.image_height * d.image_channels - column;
      d.hbm.images_stride = d.image_width * d.hbm.images_column_bytes - stride;
    });
  };
  EXPECT_TRUE(images(0, 0));
  EXPECT_FALSE(images(1, 0));
  EXPECT_FALSE(images(0, 1));
}

TEST_F(DeploymentCheck, ImagesAndClassesAreOneAtLeastAnd65536AtMost) {
  const auto with = [&](unsigned width, unsigned height, unsigned channels, unsigned classes) {
    return right([&](deployment& d) {
      d.image_width = width;
      d.image_height = height;
      d.image_channels = channels;
      d.classes = classes;
      d.hbm.images_column_bytes = height * channels;
      d.hbm.images_stride = width * height * channels;
      d.hbm.results_stride = 4 * classes;
    });
  };
  EXPECT_TRUE(with(1, 1, 1, 1));
  for (const unsigned n : {0u, 65537u}) {
    EXPECT_FALSE(with(n, 1, 1, 1)) << n;
    EXPECT_FALSE(with(1, n, 1, 1)) << n;
    EXPECT_FALSE(with(1, 1, n, 1)) << n;
    EXPECT_FALSE(with(1, 1, 1, n)) << n;
  }
  EXPECT_TRUE(with(65536, 1, 1, 65536));
  EXPECT_TRUE(with(1, 65536, 1, 1));
  EXPECT_TRUE(with(1, 1, 65536, 1));
}

TEST_F(DeploymentCheck, WhatIsReportedHasASize) {
  EXPECT_FALSE(right_with_ring([](ring_report& r) { r.slots = 0; }));
  EXPECT_FALSE(right_with_ring([](ring_report& r) { r.columns_per_image = 0; }));
  EXPECT_TRUE(right_with_ring([](ring_report& r) { r.columns_per_image = 1; }));
  EXPECT_FALSE(right([](deployment& d) { d.stages[0].tile_columns = 0; }));
  EXPECT_FALSE(right([](deployment& d) { d.stages[0].replicas = 0; }));
  EXPECT_FALSE(right([](deployment& d) {
    d.stages[0].clusters.clear();
    d.stages[0].shares.clear();
  }));
  EXPECT_FALSE(right([](deployment& d) { d.stages[0].shares.pop_back(); })) << "a cluster without a share";
  EXPECT_TRUE(right_with_ring([](ring_report& r) { r.wanted_size = r.wanted_stride = 1; }));
  EXPECT_FALSE(right([](deployment& d) { d.chip_clusters = 0; }));
}

TEST_F(DeploymentCheck, WeightsInHbmLieBetweenItsBeginAndTheImages) {
  const auto weights = [&](std::uint64_t address, std::size_t bytes) {
    return right([&](deployment& d) {
      d.hbm.weights = {address};
      d.hbm_images = {{address, std::vector<std::uint8_t>(bytes)}};
      d.hbm.begin = 0x81000000;
      d.hbm.images = 0x81002000;
    });
  };
  EXPECT_TRUE(weights(0x81001000, 0x1000));
  EXPECT_TRUE(weights(0x81000000, 0x1000));
  EXPECT_FALSE(weights(0x81001000, 0x1001));
  EXPECT_FALSE(weights(0x80FFFFFF, 0x1000));
  EXPECT_FALSE(right([](deployment& d) { d.hbm.weights = {d.hbm.begin}; })) << "listed, not there";
}

TEST_F(DeploymentCheck, CrossbarsHaveASizeThatIsPossible) {
  const auto rows = [&](unsigned first) {
    return right([&](deployment& d) { d.crossbars[0].first_row = first - d.crossbars[0].rows; });
  };
  EXPECT_TRUE(rows(65536));
  EXPECT_FALSE(rows(65537));
  EXPECT_FALSE(right([](deployment& d) { d.crossbars[0].first_bitline = UINT32_MAX; })) << "does not wrap";
  EXPECT_FALSE(right([](deployment& d) { d.crossbars[0].sets.clear(); })) << "makes nothing";
  EXPECT_FALSE(right([](deployment& d) { d.crossbars[0].packing.x = 0; }));
  EXPECT_FALSE(right([](deployment& d) { d.crossbars[0].packing.x = UINT32_MAX; }));
  EXPECT_FALSE(right([](deployment& d) { d.crossbars[0].packing.y = 0; }));
  EXPECT_FALSE(right([](deployment& d) { ++d.crossbars[0].channels.end; })) << "a channel without a bitline";
  EXPECT_FALSE(right([](deployment& d) { d.crossbars[0].channels = {-5, -4}; }));
  EXPECT_FALSE(right([](deployment& d) { d.crossbars[0].replica = d.crossbars[0].replicas; }));
  EXPECT_FALSE(right([](deployment& d) { d.crossbars[0].tile_columns = 0; }));
}

}  // namespace
}  // namespace ohmic
