#include "sw/compiler/reference/reference_executor.h"

#include <gmock/gmock.h>

#include <cmath>

#include "sw/compiler/reference/node_executor.h"
#include "sw/compiler/reference/top_classes.h"
#include "sw/compiler/reference/work_sharing.h"
#include "tests/fresh_seed.h"
#include "tests/sw/compiler/mapping/small_networks.h"
#include "tests/sw/compiler/random_network.h"

namespace ohmic {
namespace {

using ::testing::ElementsAre;

unsigned new_seed() {
  const unsigned seed = fresh_seed();
  ::testing::Test::RecordProperty("seed", std::to_string(seed));
  return seed;
}

// The format's sentences word for word, value by value, with wide integers and no cleverness.
struct plain_executor {
  const integer_graph& g;
  std::vector<feature_map> maps;

  static __int128 shifted(__int128 v, unsigned s) {
    const __int128 unit = static_cast<__int128>(1) << s;
    return v >= 0 ? v / unit : -((-v + unit - 1) / unit);  // floor
  }
  static int clip(__int128 v, int lo) { return v < lo ? lo : v > 127 ? 127 : static_cast<int>(v); }

  int input(const feature_map& m, int x, int y, int c, int outside) const {
    return x < 0 || y < 0 || x >= m.width || y >= m.height ? outside : m.at(x, y, c);
  }
  __int128 codes(const graph_node& n, int x, int y, int out) const {
    const feature_map& in = maps[n.inputs[0]];
    const graph_window& w = n.layer().window;
    __int128 total = 0;
    if (n.layer().digital) {
      for (int c = 0; c < n.layer().in_channels; ++c)
        for (int ky = 0; ky < w.size_y; ++ky)
          for (int kx = 0; kx < w.size_x; ++kx)
            total += int{n.layer().weight(out, c, ky, kx)} *
                     input(in, x * w.stride_x - w.pad_x + kx, y * w.stride_y - w.pad_y + ky, c, 0);
      return total;
    }
    for (const row_set& set : n.layer().row_sets) {
      long sum = 0;
      for (int c = set.channel_begin; c < set.channel_end; ++c)
        for (int ky = set.ky_begin; ky < set.ky_end; ++ky)
          for (int kx = 0; kx < w.size_x; ++kx)
            sum += long{n.layer().weight(out, c, ky, kx)} *
                   input(in, x * w.stride_x - w.pad_x + kx, y * w.stride_y - w.pad_y + ky, c, 0);
      const adc_scale& a = n.layer().adc;
      total += clip(shifted(static_cast<__int128>(sum) * a.m + (1L << (a.s - 1)), a.s), -128);
    }
    return total;
  }
  std::vector<std::int32_t> run(const feature_map& image) {
    maps.assign(g.tensors.size(), {});
    maps[0] = image;
    for (const graph_node& n : g.nodes) {
      if (n.kind() == node_kind::input) continue;
      const graph_tensor& t = g.tensors[n.output];
      const feature_map& in = maps[n.inputs[0]];
      const requantise_constants r = n.has_layer() ? n.layer().requantise : requantise_constants{};
      if (n.kind() == node_kind::logits) {
        std::vector<std::int32_t> logits;
        for (int c = 0; c < t.channels; ++c)
          logits.push_back(static_cast<std::int32_t>(codes(n, 0, 0, c) * r.m[c] + r.b[c]));
        return logits;
      }
      feature_map& y = maps[n.output] = feature_map(t.channels, t.height, t.width);
      for (int ox = 0; ox < t.width; ++ox)
        for (int oy = 0; oy < t.height; ++oy)
          for (int c = 0; c < t.channels; ++c) {
            int v = -1000;
            if (n.kind() == node_kind::convolution) {
              v = clip(shifted(codes(n, ox, oy, c) * r.m[c] + r.b[c], r.s), r.lo);
            } else if (n.kind() == node_kind::max_pool) {
              const graph_window& w = n.pool_window();
              for (int ky = 0; ky < w.size_y; ++ky)
                for (int kx = 0; kx < w.size_x; ++kx)
                  v = std::max(v, input(in, ox * w.stride_x - w.pad_x + kx, oy * w.stride_y - w.pad_y + ky, c, -1000));
            } else if (n.kind() == node_kind::add) {
              v = clip(shifted(static_cast<__int128>(in.at(ox, oy, c)) * n.add().a +
                                   maps[n.inputs[1]].at(ox, oy, c) * n.add().b + (1L << (n.add().s - 1)),
                               n.add().s),
                       n.add().lo);
            } else {
              long sum = 0;
              for (int ix = 0; ix < in.width; ++ix)
                for (int iy = 0; iy < in.height; ++iy) sum += in.at(ix, iy, c);
              v = clip(shifted(static_cast<__int128>(sum) * n.average().m + (1L << (n.average().s - 1)), n.average().s),
                       -128);
            }
            y.at(ox, oy, c) = static_cast<std::int8_t>(v);
          }
    }
    return {};
  }
};

TEST(ReferenceExecutor, EqualsTheFormatWordForWordOnRandomNetworks) {
  const unsigned seed = new_seed();
  std::mt19937 random(seed);
  for (int round = 0; round < 6; ++round) {
    // rows: everything in one set; sets by channels of all taps; a crossbar of a single kernel
    integer_graph g = random_network(random, 1 + round, 11 + round, 14);
    if (round >= 3) choose_digital(g, random);
    guess_calibration(g, random, std::vector<int>{256, 64, 9}[round % 3]);
    check_graph(g);
    const feature_map image = random_image(random, g.input());
    plain_executor plain{g, {}};
    const std::vector<std::int32_t> expected = plain.run(image);
    const reference_result found = reference_executor(g).run(image, true);
    ASSERT_EQ(found.logits, expected) << "seed " << seed << " round " << round;
    for (std::size_t t = 0; t + 1 < g.tensors.size(); ++t)
      ASSERT_EQ(found.maps[t].data, plain.maps[t].data) << g.tensors[t].name << " seed " << seed;
  }
}

TEST(ReferenceExecutor, EqualsTheFormatWordForWordOnDepthwiseLayers) {
  const unsigned seed = new_seed();
  std::mt19937 random(seed);
  for (const int channels : {2, 5, 16, 19}) {
    integer_graph g =
        chain_network(random, 9, 11, {{1, 1, 1, 1, 0, 0}, {3, 2, 1, 2, 1, 0}, {1, 3, 2, 1, 0, 1}}, channels);
    for (const std::size_t n : {2u, 3u}) {
      crossbar_layer& l = g.nodes[n].layer();
      l.groups = channels;
      l.weights.resize(static_cast<std::size_t>(channels * l.window.size_x * l.window.size_y));
      put_on_cores(g.nodes[n], random);
    }
    check_graph(g);
    const feature_map image = random_image(random, g.input());
    plain_executor plain{g, {}};
    const std::vector<std::int32_t> expected = plain.run(image);
    const reference_result found = reference_executor(g).run(image, true);
    EXPECT_EQ(found.logits, expected) << "seed " << seed << ", channels " << channels;
    for (std::size_t t = 0; t + 1 < g.tensors.size(); ++t)
      ASSERT_EQ(found.maps[t].data, plain.maps[t].data) << g.tensors[t].name << " seed " << seed;
  }
}

TEST(ReferenceExecutor, ResultsDoNotDependOnThreads) {
  std::mt19937 random(7);
  integer_graph g = random_network(random, 3, 17, 19);
  guess_calibration(g, random, 64);
  std::vector<feature_map> images;
  for (int i = 0; i < 9; ++i) images.push_back(random_image(random, g.input()));
  const reference_executor executor(g);
  std::vector<std::size_t> progress;
  const auto one = executor.run(images, false, 1, [&](std::size_t n) { progress.push_back(n); });
  const auto four = executor.run(images, false, 4);
  EXPECT_THAT(progress, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
  for (std::size_t i = 0; i < images.size(); ++i) EXPECT_EQ(one[i].logits, four[i].logits);
}

TEST(ReferenceExecutor, AdcRoundsHalvesUpAndSaturates) {
  const adc_scale half{16384, 15};
  EXPECT_EQ(adc_code(1, half), 1) << "0.5 rounds up";
  EXPECT_EQ(adc_code(-1, half), 0) << "-0.5 rounds up";
  EXPECT_EQ(adc_code(-3, half), -1);
  EXPECT_EQ(adc_code(255, half), 127);
  EXPECT_EQ(adc_code(-258, half), -128);
  EXPECT_EQ(adc_code(256 * 16384, adc_scale{32767, 1}), 127) << "needs 64 bits";
}

// The exact form against real arithmetic: y = clip(round(acc * sx * sw / sy)); no value may be further than
// one.
// A maximum is that of the numbers inside the map, of negative ones, too: padding is no number.
TEST(NodeExecutor, PoolsNegativeNumbers) {
  integer_graph g;
  g.tensors = {{"image", 1, 4, 4, 1, -1, {}}, {"pool", 1, 2, 2, 1, -1, {}}};
  graph_node image, pool;
  image.output = 0;
  pool.operation = make_operation(node_kind::max_pool);
  pool.inputs = {0};
  pool.output = 1;
  pool.pool_window().size_x = pool.pool_window().size_y = 3;
  pool.pool_window().stride_x = pool.pool_window().stride_y = 2;
  pool.pool_window().pad_x = pool.pool_window().pad_y = 1;
  g.nodes = {image, pool};
  link_tensors(g);
  feature_map map(1, 4, 4);
  for (int x = 0; x < 4; ++x)
    for (int y = 0; y < 4; ++y) map.at(x, y, 0) = static_cast<std::int8_t>(-128 + 10 * x + y);
  const feature_map found = node_executor(g, 1, reference_mode::adc).apply({&map});
  EXPECT_EQ(found.at(0, 0, 0), -128 + 11);  // columns and rows 0, 1
  EXPECT_EQ(found.at(1, 0, 0), -128 + 31);  // columns 1 .. 3
  EXPECT_EQ(found.at(0, 1, 0), -128 + 13);
  EXPECT_EQ(found.at(1, 1, 0), -128 + 33);
}

TEST(ReferenceExecutor, ExactFormFollowsTheRealNumbers) {
  const unsigned seed = new_seed();
  std::mt19937 random(seed);
  integer_graph g = random_network(random, 3, 13, 15);
  const feature_map image = random_image(random, g.input());
  const reference_result found = reference_executor(g, reference_mode::exact).run(image, true);
  long differ = 0, total = 0;
  for (const graph_node& n : g.nodes) {
    if (n.kind() != node_kind::convolution) continue;
    const feature_map &in = found.maps[n.inputs[0]], &out = found.maps[n.output];
    const graph_window& w = n.layer().window;
    for (int x = 0; x < out.width; ++x)
      for (int y = 0; y < out.height; ++y)
        for (int o = 0; o < out.channels; ++o) {
          double sum = n.layer().bias[o];
          for (int c = 0; c < in.channels; ++c)
            for (int ky = 0; ky < w.size_y; ++ky)
              for (int kx = 0; kx < w.size_x; ++kx) {
                const int ix = x * w.stride_x - w.pad_x + kx, iy = y * w.stride_y - w.pad_y + ky;
                if (ix >= 0 && iy >= 0 && ix < in.width && iy < in.height)
                  sum += double{1} * n.layer().weight(o, c, ky, kx) * in.at(ix, iy, c);
              }
          const double real =
              sum * g.tensors[n.inputs[0]].scale * n.layer().weight_scale[o] / g.tensors[n.output].scale;
          const double expected = std::min(127.0, std::max<double>(n.layer().requantise.lo, std::rint(real)));
          ++total;
          if (out.at(x, y, o) != expected) {
            ++differ;
            ASSERT_LT(std::abs(real - std::floor(real) - 0.5), 1e-3) << n.name << " seed " << seed;
          }
        }
  }
  EXPECT_LE(differ, total / 100) << "seed " << seed;
}

TEST(ReferenceExecutor, RefusesAnUncalibratedGraphAndAnImageOfTheWrongSize) {
  std::mt19937 random(1);
  integer_graph g = random_network(random, 3, 9, 9);
  EXPECT_THROW(reference_executor{g}, graph_error);
  guess_calibration(g, random, 64);
  EXPECT_THROW(reference_executor(g).run(feature_map(3, 9, 8)), graph_error);
}

TEST(TopClasses, RanksByLogitThenRowAndNamesWhatTheModelNames) {
  std::mt19937 random(1);
  integer_graph g = random_network(random, 3, 9, 9);
  g.labels = {"cat", "dog"};
  g.nodes.back().layer().requantise.s = 3;
  const auto top = top_classes(g, {5, 9, 16, 9, -1}, 4);
  ASSERT_EQ(top.size(), 4u);
  EXPECT_EQ(top[0].label, "class 2");
  EXPECT_EQ(top[0].value, 2.0);
  EXPECT_EQ(top[1].label, "dog");
  EXPECT_EQ(top[2].row, 3);
  EXPECT_EQ(top[3].label, "cat");
}

TEST(ShareWork, ThrowsWhatTheWorkThrows) {
  EXPECT_THROW(share_work(20, 3,
                          [](std::size_t i) {
                            if (i == 5) throw graph_error("five");
                          }),
               graph_error);
}

/// Two maps of one pixel, added in the exact form by the real numbers' ratios.
int exact_sum(float scale_0, float scale_1, float scale_out, int x0, int x1) {
  integer_graph g;
  g.tensors = {{"a", 1, 1, 1, scale_0, -1, {}}, {"b", 1, 1, 1, scale_1, -1, {}}, {"sum", 1, 1, 1, scale_out, -1, {}}};
  graph_node a, b, add;
  a.output = 0;
  b.output = 1;
  add.operation = make_operation(node_kind::add);
  add.name = "add";
  add.inputs = {0, 1};
  add.output = 2;
  g.nodes = {a, b, add};
  link_tensors(g);
  feature_map m0(1, 1, 1), m1(1, 1, 1);
  m0.at(0, 0, 0) = static_cast<std::int8_t>(x0);
  m1.at(0, 0, 0) = static_cast<std::int8_t>(x1);
  return node_executor(g, 2, reference_mode::exact).apply({&m0, &m1}).at(0, 0, 0);
}

// The larger of two scales decides how many bits the factors have: both orders, far apart.
TEST(NodeExecutor, AddsMapsOfScalesFarApart) {
  for (const int x : {-128, -77, -1, 0, 1, 100, 127})
    for (const int y : {-128, -60, 0, 50, 127}) {
      const auto expected = [&](double small) {
        return static_cast<int>(std::clamp(std::floor(small * y + x + 0.5), -128., 127.));
      };
      EXPECT_EQ(exact_sum(1, 1 / 1024.f, 1, x, y), expected(1 / 1024.));
      EXPECT_EQ(exact_sum(1 / 1024.f, 1, 1, y, x), expected(1 / 1024.));
      EXPECT_EQ(exact_sum(0.5f, 8, 8, y, x), expected(1 / 16.));
    }
}

// 31 bits of a channel's multiplier behind a shift of 34 .. 62: ratios from 2^-32 to less than 1/8.
TEST(NodeExecutor, TheExactFormHasItsRangeOfScales) {
  const auto complaint = [](float weight_scale) -> std::string {
    integer_graph g;
    g.tensors = {{"image", 1, 1, 1, 1, -1, {}}, {"out", 1, 1, 1, 1, -1, {}}};
    graph_node image, layer;
    image.output = 0;
    layer.operation = make_operation(node_kind::convolution);
    layer.name = "conv";
    layer.inputs = {0};
    layer.output = 1;
    crossbar_layer& l = layer.layer();
    l.in_channels = l.out_channels = 1;
    l.weights = {1};
    l.bias = {0};
    l.weight_scale = {weight_scale};
    g.nodes = {image, layer};
    link_tensors(g);
    try {
      node_executor(g, 1, reference_mode::exact);
    } catch (const graph_error& e) {
      return e.what();
    }
    return "";
  };
  for (const float ratio : {0.1249f, 0.0625f, 0x1p-32f}) EXPECT_EQ(complaint(ratio), "") << ratio;
  for (const float ratio : {0.125f, 1.f, 0x1.8p-33f})
    EXPECT_THAT(complaint(ratio), ::testing::HasSubstr("is outside the range of the exact form")) << ratio;
}

// Windows of 2 columns and 3 rows, one column and two rows apart, each pixel of them a sixth.
TEST(NodeExecutor, AveragesWindowsWithStridesOfTheirOwn) {
  integer_graph g;
  g.tensors = {{"image", 1, 7, 5, 1, -1, {}}, {"pool", 1, 3, 4, 1, -1, {}}};
  graph_node image, pool;
  image.output = 0;
  pool.operation = make_operation(node_kind::average_pool);
  pool.inputs = {0};
  pool.output = 1;
  pool.average() = {(1 << 16) / 6, 16};
  pool.average().window = graph_window{2, 3, 1, 2, 0, 0};
  g.nodes = {image, pool};
  link_tensors(g);
  feature_map map(1, 7, 5);
  for (int x = 0; x < 5; ++x)
    for (int y = 0; y < 7; ++y) map.at(x, y, 0) = static_cast<std::int8_t>(x * x * 5 - 7 * y + 3 * x * y % 11);
  const feature_map found = node_executor(g, 1, reference_mode::adc).apply({&map});
  for (int x = 0; x < 4; ++x)
    for (int y = 0; y < 3; ++y) {
      int sum = 0;
      for (int kx = 0; kx < 2; ++kx)
        for (int ky = 0; ky < 3; ++ky) sum += map.at(x + kx, 2 * y + ky, 0);
      EXPECT_NEAR(found.at(x, y, 0), sum / 6., 0.51) << x << ", " << y;
    }
}

}  // namespace
}  // namespace ohmic
