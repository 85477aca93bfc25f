// Float networks: what they compute, against ONNX's own definitions of the operators in doubles; and the scales,
// weights and biases of the QDQ file that is made of them, against numbers by hand.
#include "sw/compiler/quantise/quantise_onnx.h"

#include <gmock/gmock.h>

#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "sw/compiler/onnx/import_onnx.h"
#include "tests/fresh_seed.h"
#include "tests/sw/compiler/onnx/float_builder.h"
#include "tests/sw/compiler/onnx/qdq_builder.h"

namespace ohmic {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::HasSubstr;
using ::testing::Not;

/// A map in ONNX's order.
struct plain_map {
  int channels = 0, height = 0, width = 0;
  std::vector<double> values;

  plain_map(int c, int h, int w) : channels(c), height(h), width(w), values(static_cast<std::size_t>(c * h * w)) {}
  double& at(int c, int y, int x) { return values[static_cast<std::size_t>((c * height + y) * width + x)]; }
  bool inside(int y, int x) const { return y >= 0 && x >= 0 && y < height && x < width; }
};

plain_map windowed(plain_map in, int channels, const float_builder::window& w, double first,
                   const std::function<double(double, int, int, int, int, int, int)>& step) {
  const auto size = [](int n, long before, long behind, long kernel, long stride) {
    return static_cast<int>((n + before + behind - kernel) / stride + 1);
  };
  plain_map out(channels, size(in.height, w.pads[0], w.pads[2], w.kernel[0], w.strides[0]),
                size(in.width, w.pads[1], w.pads[3], w.kernel[1], w.strides[1]));
  for (int c = 0; c < channels; ++c)
    for (int y = 0; y < out.height; ++y)
      for (int x = 0; x < out.width; ++x) {
        double v = first;
        for (int ky = 0; ky < w.kernel[0]; ++ky)
          for (int kx = 0; kx < w.kernel[1]; ++kx) {
            const int iy = static_cast<int>(y * w.strides[0] - w.pads[0]) + ky,
                      ix = static_cast<int>(x * w.strides[1] - w.pads[1]) + kx;
            if (in.inside(iy, ix)) v = step(v, c, iy, ix, ky, kx, x);
          }
        out.at(c, y, x) = v;
      }
  return out;
}

plain_map convolved(plain_map in, const std::vector<long>& dims, const std::vector<float>& weights,
                    const std::vector<float>& bias, const float_builder::window& w, int groups) {
  const int each = static_cast<int>(dims[1]), outputs = static_cast<int>(dims[0]) / groups;
  plain_map out =
      windowed(in, static_cast<int>(dims[0]), w, 0, [&](double v, int c, int y, int x, int ky, int kx, int) {
        for (int i = 0; i < each; ++i)
          v += double{weights[static_cast<std::size_t>(((c * each + i) * dims[2] + ky) * dims[3] + kx)]} *
               in.at(c / outputs * each + i, y, x);
        return v;
      });
  for (std::size_t i = 0; i < out.values.size(); ++i)
    if (!bias.empty()) out.values[i] += bias[i / static_cast<std::size_t>(out.height * out.width)];
  return out;
}

/// Of a map in ONNX's order, as the project's maps lie: [width][height][channels].
std::vector<float> in_our_order(plain_map m) {
  std::vector<float> values;
  for (int x = 0; x < m.width; ++x)
    for (int y = 0; y < m.height; ++y)
      for (int c = 0; c < m.channels; ++c) values.push_back(static_cast<float>(m.at(c, y, x)));
  return values;
}

class FloatNetwork : public ::testing::Test {
 protected:
  void SetUp() override {
    const unsigned seed = fresh_seed();
    RecordProperty("seed", std::to_string(seed));
    random.seed(seed);
  }
  std::vector<float> reals(std::size_t n, float least = -1, float most = 1) {
    std::vector<float> v(n);
    for (float& x : v) x = std::uniform_real_distribution<float>(least, most)(random);
    return v;
  }
  std::mt19937 random;
};

TEST_F(FloatNetwork, ComputesWhatOnnxSaysOfItsOperators) {
  // [2, 7, 6] -> Conv 3x2 of strides 2x1 and uneven pads, BatchNormalization, Relu [6, 4, 6] -> MaxPool 2x3
  // -> depthwise Conv, Clip; + the pool's map -> Conv of 2 groups -> AveragePool 2x2 -> GlobalAveragePool -> Gemm.
  const float_builder::window first{{3, 2}, {2, 1}, {1, 1, 1, 0}}, pool{{2, 3}, {1, 1}, {0, 1, 1, 1}},
      depth{{3, 3}, {1, 1}, {1, 1, 1, 1}}, one{{1, 1}}, average{{2, 2}, {2, 2}};
  const auto w1 = reals(6 * 2 * 6), b1 = reals(6), w2 = reals(6 * 9), w3 = reals(4 * 3), b3 = reals(4), w4 = reals(20),
             b4 = reals(5);
  const std::vector<std::vector<float>> norm{reals(6, 0.5, 2), reals(6), reals(6), reals(6, 0.1f, 3)};
  constexpr float epsilon = 0.01f, upper = 0.7f;

  float_builder b(2, 7, 6);
  std::string x = b.conv("conv1", "image", {6, 2, 3, 2}, w1, b1, first);
  x = b.node("Relu", "relu", {b.norm("norm", x, norm, epsilon)}).output(0);
  const std::string pooled = b.pool("MaxPool", "pool", x, pool);
  const std::string deep = b.conv("deep", pooled, {6, 1, 3, 3}, w2, {}, depth, 6);
  const std::string clipped =
      b.node("Clip", "clip", {deep, b.constant("least", {0}, {}), b.constant("most", {upper}, {})}).output(0);
  const std::string sum = b.node("Add", "add", {clipped, pooled}).output(0);
  const std::string grouped = b.conv("grouped", sum, {4, 3, 1, 1}, w3, b3, one, 2);
  const std::string averaged = b.pool("AveragePool", "average", grouped, average);
  const std::string all = b.node("GlobalAveragePool", "all", {averaged}).output(0);
  b.output(b.gemm("fc", b.flat(all), 5, 4, w4, b4));
  const float_network net(b.bytes(), "float.onnx");

  for (int round = 0; round < 5; ++round) {
    plain_map in(2, 7, 6);
    for (double& v : in.values) v = reals(1)[0];
    plain_map m = convolved(in, {6, 2, 3, 2}, w1, b1, first, 1);
    for (int c = 0; c < 6; ++c)
      for (int y = 0; y < m.height; ++y)
        for (int col = 0; col < m.width; ++col) {
          const auto i = static_cast<std::size_t>(c);
          const double v = (m.at(c, y, col) - norm[2][i]) / std::sqrt(norm[3][i] + epsilon) * norm[0][i] + norm[1][i];
          m.at(c, y, col) = std::max(0.0, v);
        }
    plain_map p =
        windowed(m, 6, pool, -std::numeric_limits<double>::infinity(),
                 [&](double v, int c, int y, int col, int, int, int) { return std::max(v, m.at(c, y, col)); });
    plain_map s = convolved(p, {6, 1, 3, 3}, w2, {}, depth, 6);
    for (std::size_t i = 0; i < s.values.size(); ++i)
      s.values[i] = std::min(std::max(s.values[i], 0.0), double{upper}) + p.values[i];
    plain_map g = convolved(s, {4, 3, 1, 1}, w3, b3, one, 2);
    plain_map a = windowed(g, 4, average, 0,
                           [&](double v, int c, int y, int col, int, int, int) { return v + g.at(c, y, col) / 4; });
    std::vector<double> mean(4, 0);
    for (int c = 0; c < 4; ++c)
      for (int y = 0; y < a.height; ++y)
        for (int col = 0; col < a.width; ++col) mean[c] += a.at(c, y, col) / (a.height * a.width);
    const std::vector<float> found = net.logits(in_our_order(in));
    ASSERT_EQ(found.size(), 5u);
    for (std::size_t o = 0; o < 5; ++o) {
      double expected = b4[o];
      for (std::size_t c = 0; c < 4; ++c) expected += double{w4[o * 4 + c]} * mean[c];
      EXPECT_NEAR(found[o], expected, 1e-4) << "logit " << o;
    }
  }
}

// Kernels that are much taller than wide, and the other way round, of many channels.
TEST_F(FloatNetwork, KernelsHaveTwoSizes) {
  for (const auto& [height, width] : {std::pair{15, 1}, {1, 15}}) {
    constexpr int channels = 16, outputs = 16;
    const float_builder::window window{{height, width}};
    const auto w = reals(static_cast<std::size_t>(outputs) * channels * 15), b = reals(outputs),
               w2 = reals(outputs * 3), b2 = reals(3);
    float_builder builder(channels, 16, 16);
    const std::string x = builder.conv("conv", "image", {outputs, channels, height, width}, w, b, window);
    const std::string all = builder.node("GlobalAveragePool", "all", {x}).output(0);
    builder.output(builder.gemm("fc", builder.flat(all), 3, outputs, w2, b2));
    const float_network net(builder.bytes(), "float.onnx");
    plain_map in(channels, 16, 16);
    for (double& v : in.values) v = reals(1)[0];
    plain_map m = convolved(in, {outputs, channels, height, width}, w, b, window, 1);
    const std::vector<float> found = net.logits(in_our_order(in));
    ASSERT_EQ(found.size(), 3u);
    for (std::size_t o = 0; o < 3; ++o) {
      double expected = b2[o];
      for (int c = 0; c < outputs; ++c) {
        double mean = 0;
        for (int y = 0; y < m.height; ++y)
          for (int col = 0; col < m.width; ++col) mean += m.at(c, y, col) / (m.height * m.width);
        expected += double{w2[o * outputs + static_cast<std::size_t>(c)]} * mean;
      }
      EXPECT_NEAR(found[o], expected, 1e-3) << height << "x" << width << ", logit " << o;
    }
  }
}

TEST_F(FloatNetwork, FlattensAMapInOnnxsOrderAndTransposesAMatMul) {
  // [2, 2, 3] -> Flatten -> MatMul [12, 2] + constant: the weight of value i is 10^i-like, all different.
  float_builder b(2, 2, 3);
  std::vector<float> weights;
  for (int i = 0; i < 12; ++i)
    for (int o = 0; o < 2; ++o) weights.push_back(static_cast<float>(o == 0 ? i + 1 : 100 * i));
  const std::string product = b.node("MatMul", "fc", {b.flat("image"), b.constant("w", weights, {12, 2})}).output(0);
  b.output(b.node("Add", "plus", {b.constant("bias", {0.5f, -3}, {2}), product}).output(0));
  const float_network net(b.bytes(), "float.onnx");
  for (int i = 0; i < 12; ++i) {
    plain_map in(2, 2, 3);
    in.values[static_cast<std::size_t>(i)] = 1;
    EXPECT_THAT(net.logits(in_our_order(in)),
                ElementsAre(static_cast<float>(i + 1) + 0.5f, static_cast<float>(100 * i) - 3))
        << "value " << i;
  }
}

/// image [1, h, w] -> Conv of one weight (and what `more` puts behind it) -> GlobalAveragePool -> Gemm.
float_builder one_pixel_network(int height, int width, float weight, const std::vector<float>& bias = {},
                                const std::function<std::string(float_builder&, std::string)>& more = {}) {
  float_builder b(1, height, width);
  std::string x = b.conv("conv", "image", {1, 1, 1, 1}, {weight}, bias, {{1, 1}});
  if (more) x = more(b, x);
  const std::string mean = b.node("GlobalAveragePool", "mean", {x}).output(0);
  b.output(b.gemm("fc", b.flat(mean), 2, 1, {1, -1}, {0, 0}));
  return b;
}

integer_graph quantised_graph(const float_builder& b, const real_maps& inputs, unsigned threads = 1) {
  return import_onnx_bytes(float_network(b.bytes(), "float.onnx").quantised(inputs, threads), "quantised");
}
float scale_of(const integer_graph& graph, const std::string& name) {
  for (const graph_tensor& t : graph.tensors)
    if (t.name == name) return t.scale;
  return -1;
}

TEST_F(FloatNetwork, WeightsHaveAScalePerOutputChannelAndTheGreatestIs127Steps) {
  float_builder b(2, 1, 1);
  const std::string x = b.conv("conv", "image", {5, 2, 1, 1}, {1.27f, -0.5f, -0.0254f, 0.012f, 0, 0, 0, 0, 1e-20f, 0},
                               {0.25f, -2, 3, 0, 0}, {{1, 1}});
  b.output(b.gemm("fc", b.flat(x), 2, 5, {1, 0, 0, 0, 1, 0.5f, 0, 0, 0, 0}, {0, 0}));
  const integer_graph g = quantised_graph(b, {{100, 50}});
  const crossbar_layer& layer = g.nodes[1].layer();
  EXPECT_THAT(layer.weights, ElementsAre(127, -50, -127, 60, 0, 0, 0, 0, 0, 0));
  const float least = 0.01f / 4096;
  EXPECT_THAT(layer.weight_scale,
              ElementsAre(FloatEq(0.01f), FloatEq(0.0002f), FloatEq(least), FloatEq(least), FloatEq(least)))
      << "a channel without weights, or with tiny ones, has a scale that all forms of the network can work with";
  ASSERT_EQ(layer.bias.size(), 5u);
  EXPECT_EQ(layer.bias[0], 25) << "0.25 in units of the input's scale (1) times the weights'";
  EXPECT_EQ(layer.bias[1], -10000);
  EXPECT_EQ(layer.bias[2], 1228800);
  EXPECT_EQ(layer.bias[3], 0);
}

TEST_F(FloatNetwork, TheInputIsTakenAsItIsWhereItIsWholeNumbersOfInt8AndIsNeverClipped) {
  const float_builder b = one_pixel_network(1, 2, 1);
  EXPECT_EQ(quantised_graph(b, {{-128, 127}, {3, 0}}).input().scale, 1);
  EXPECT_FLOAT_EQ(quantised_graph(b, {{-128, 127}, {3, 0.5f}}).input().scale, 128.f / 127);
  EXPECT_FLOAT_EQ(quantised_graph(b, {{128, 2}}).input().scale, 128.f / 127);
  EXPECT_FLOAT_EQ(quantised_graph(b, {{-129, 2}}).input().scale, 129.f / 127);
  EXPECT_FLOAT_EQ(quantised_graph(b, {{0.5f, 0.25f}, {-0.75f, 0}}).input().scale, 0.75f / 127) << "of all inputs";
}

TEST_F(FloatNetwork, AMapsScaleHasTheLeastSquaredErrorOverAllInputs) {
  // N values of 1/2 and a single 1: clipping at c costs (1 - c)^2 and N steps of c / 127 cost (c / 127)^2 / 12 each.
  // The best c is 1 / (1 + N / (12 * 127^2)): with 8 images of 64 x 64, .855, and with fewer of them more than .9.
  // Clips are tried in steps of 1/40: .85 is the best of these.
  const float_builder b = one_pixel_network(64, 64, 1);
  real_maps inputs(8, std::vector<float>(64 * 64, 0.5f));
  for (const std::size_t outlier : {std::size_t{0}, std::size_t{7}}) {
    real_maps with = inputs;
    with[outlier][100] = -1;
    const integer_graph g = quantised_graph(b, with);
    EXPECT_NEAR(scale_of(g, "conv") * 127, 0.85, 1e-3) << "the one is in image " << outlier;
    EXPECT_FLOAT_EQ(g.input().scale, 1.f / 127) << "the input is not clipped";
  }
  inputs.resize(1);
  inputs[0][100] = 1;
  EXPECT_NEAR(scale_of(quantised_graph(b, inputs), "conv") * 127, 0.975, 1e-3) << "1 / (1 + 4095 / 193548) = .979";
}

TEST_F(FloatNetwork, NothingLiesBelowAQuarterOfTheGreatestValue) {
  // Clips are tried down to 1 - 30/40; 2^20 values at 1/10 would want less.
  const float_builder b = one_pixel_network(1024, 1024, 1);
  real_maps inputs(1, std::vector<float>(1024 * 1024, 0.1f));
  inputs[0][5] = 1;
  EXPECT_NEAR(scale_of(quantised_graph(b, inputs), "conv") * 127, 0.25, 1e-3);
}

TEST_F(FloatNetwork, AMapOfZerosAndOneWithoutHasAScaleToo) {
  const integer_graph g = quantised_graph(one_pixel_network(2, 2, 1), {{0, 0, 0, 0}});
  EXPECT_EQ(scale_of(g, "conv"), 1);
  EXPECT_EQ(g.input().scale, 1);
}

TEST_F(FloatNetwork, AMaxPoolKeepsTheScaleOfItsInputAndAClipNeverHasMoreThan127Steps) {
  const auto with = [](float upper, bool pool) {
    return one_pixel_network(4, 4, 1, {}, [&](float_builder& b, std::string x) {
      if (pool) x = b.pool("MaxPool", "pool", x, {{2, 2}, {2, 2}});
      return b.node("Clip", "clip", {x, b.constant("least", {0}, {}), b.constant("most", {upper}, {})}).output(0);
    });
  };
  std::vector<float> input(16, 0.5f);
  input[3] = 10;
  EXPECT_NEAR(scale_of(quantised_graph(with(2, false), {input}), "conv") * 127, 2, 1e-3) << "values end at 2";
  EXPECT_NEAR(scale_of(quantised_graph(with(20, false), {input}), "conv") * 127, 10, 1e-3) << "at 10";
  const integer_graph pooled = quantised_graph(with(2, true), {input});
  EXPECT_FLOAT_EQ(scale_of(pooled, "pool") * 127, 2);
  EXPECT_EQ(scale_of(pooled, "conv"), scale_of(pooled, "pool"));
  EXPECT_EQ(pooled.nodes[1].layer().requantise.hi, 127);
}

TEST_F(FloatNetwork, TheFileDoesNotDependOnThreads) {
  const float_builder b = one_pixel_network(9, 7, 0.3f, {0.1f});
  real_maps inputs;
  for (int i = 0; i < 11; ++i) inputs.push_back(reals(63));
  const float_network net(b.bytes(), "float.onnx");
  const std::string one = net.quantised(inputs, 1);
  EXPECT_EQ(net.quantised(inputs, 3), one);
  EXPECT_EQ(net.quantised(inputs, 16), one) << "more threads than inputs";
  EXPECT_FALSE(is_float_onnx(one));
  onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(one));
  for (const onnx::TensorProto& t : model.graph().initializer())
    EXPECT_FALSE(t.name() == "conv.w" || t.name() == "fc.b") << "float weights stay in it";
}

TEST_F(FloatNetwork, BothTheFloatNetworkAndItsQdqFileSayTheSameWithinAFewSteps) {
  const float_builder b = one_pixel_network(
      3, 3, 0.8f, {0.1f}, [](float_builder& f, const std::string& x) { return f.node("Relu", "relu", {x}).output(0); });
  const integer_graph g = quantised_graph(b, {{1, 2, 3, -4, 5, 6, 7, -8, 9}});
  EXPECT_EQ(g.nodes[1].layer().requantise.lo, 0) << "the Relu";
  EXPECT_NEAR(g.nodes[1].layer().weights[0] * g.nodes[1].layer().weight_scale[0], 0.8, 1e-6);
  EXPECT_NEAR(g.nodes[1].layer().bias[0] * double{g.input().scale} * double{g.nodes[1].layer().weight_scale[0]}, 0.1,
              0.01);
  EXPECT_THAT(float_network(b.bytes(), "f").structure().tensors, ::testing::SizeIs(g.tensors.size()));
}

std::string complaint(float_builder b, const std::function<void(float_builder&)>& breakage = {}) {
  if (breakage) breakage(b);
  try {
    const float_network net(b.bytes(), "float.onnx");
  } catch (const import_error& e) {
    EXPECT_THAT(e.what(), AllOf(testing::StartsWith("float.onnx: "), Not(HasSubstr("\n"))));
    EXPECT_EQ(std::string(e.what()).find("float.onnx: ", 1), std::string::npos) << "named once";
    return e.what();
  }
  return "";
}

/// Conv of two channels, BatchNormalization, Relu.
float_builder normed_network() {
  float_builder b(2, 3, 3);
  const std::string x = b.conv("conv", "image", {2, 2, 1, 1}, {1, 2, 3, 4}, {1, 2}, {{1, 1}});
  const std::string n = b.norm("norm", x, {{1, 1}, {0, 0}, {0, 0}, {1, 1}}, 1e-5f);
  const std::string r = b.node("Relu", "relu", {n}).output(0);
  b.output(b.gemm("fc", b.flat(b.node("GlobalAveragePool", "mean", {r}).output(0)), 2, 2, {1, 2, 3, 4}, {0, 0}));
  return b;
}

TEST_F(FloatNetwork, SaysWhatItCannotQuantise) {
  EXPECT_EQ(complaint(normed_network()), "");
  EXPECT_THAT(complaint(normed_network(), [](auto& b) { b.find("relu").set_op_type("Sigmoid"); }),
              AllOf(HasSubstr("'relu' (Sigmoid)"), HasSubstr("not supported")));
  EXPECT_THAT(complaint(normed_network(), [](auto& b) { b.set(b.find("norm"), "training_mode", 1L); }),
              HasSubstr("training mode"));
  EXPECT_THAT(complaint(normed_network(), [](auto& b) { b.find("norm").mutable_input()->RemoveLast(); }),
              HasSubstr("5 inputs"));
  EXPECT_THAT(complaint(normed_network(), [](auto& b) { b.find("norm").add_input("fc.w"); }), HasSubstr("5 inputs"));
  EXPECT_THAT(complaint(normed_network(), [](auto& b) { b.find("norm").set_input(4, "fc.w"); }),
              HasSubstr("one parameter per channel"));
  EXPECT_THAT(complaint(normed_network(), [](auto& b) { b.set(b.find("fc"), "alpha", 0.5f); }), HasSubstr("alpha"));
  EXPECT_THAT(complaint(normed_network(), [](auto& b) { b.set(b.find("fc"), "beta", 0.5f); }), HasSubstr("beta"));
  EXPECT_THAT(complaint(normed_network(), [](auto& b) { b.set(b.find("fc"), "transA", 1L); }), HasSubstr("transA"));
  EXPECT_THAT(complaint(normed_network(), [](auto& b) { b.find("conv").set_input(1, "image"); }),
              HasSubstr("not a constant"));
  for (const float broken : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    EXPECT_THAT(complaint(one_pixel_network(2, 2, broken)), HasSubstr("not a finite number"));
    EXPECT_THAT(complaint(one_pixel_network(2, 2, 1, {broken})), HasSubstr("not a finite number"));
  }
  EXPECT_THAT(complaint(one_pixel_network(2, 2, 1, {1, 2})), HasSubstr("bias"));
}

TEST_F(FloatNetwork, FoldsANormalisationOnlyIntoAConvThatNothingElseReads) {
  // The Conv's result is read by an Add as well: folding would change what that sees.
  float_builder b(1, 2, 2);
  const std::string x = b.conv("conv", "image", {1, 1, 1, 1}, {1}, {0}, {{1, 1}});
  const std::string n = b.norm("norm", x, {{2}, {0}, {0}, {1}}, 0);
  const std::string sum = b.node("Add", "add", {x, n}).output(0);
  b.output(b.gemm("fc", b.flat(b.node("GlobalAveragePool", "mean", {sum}).output(0)), 1, 1, {1}, {0}));
  EXPECT_THAT(complaint(b), AllOf(HasSubstr("'norm'"), HasSubstr("behind a Conv of its own")));
  // A Relu in between, though it has the Conv's name.
  const auto behind_relu = [](const std::string& name) {
    return one_pixel_network(2, 2, 1, {}, [&](float_builder& f, const std::string& from) {
      auto& relu = f.node("Relu", "relu", {from});
      relu.set_name(name);
      return f.norm("norm", relu.output(0), {{2}, {-1}, {0}, {1}}, 0);
    });
  };
  EXPECT_THAT(complaint(behind_relu("relu")), AllOf(HasSubstr("'norm'"), HasSubstr("behind a Conv of its own")));
  EXPECT_THAT(complaint(behind_relu("conv")), AllOf(HasSubstr("'norm'"), HasSubstr("behind a Conv of its own")));
}

TEST_F(FloatNetwork, AnAddedConstantBecomesTheBiasOnlyWhereItIsOneNumberPerChannel) {
  const auto with = [](const std::vector<long>& dims, bool first) {
    float_builder b(2, 2, 2);
    const std::string x = b.conv("conv", "image", {2, 2, 1, 1}, {1, 0, 0, 1}, {1, 2}, {{1, 1}});
    long n = 1;
    for (long d : dims) n *= d;
    std::vector<float> values;
    for (long i = 0; i < n; ++i) values.push_back(static_cast<float>(10 * (i + 1)));
    const std::string k = b.constant("k", values, dims);
    const std::string sum = b.node("Add", "plus", first ? std::vector{k, x} : std::vector{x, k}).output(0);
    b.output(b.gemm("fc", b.flat(b.node("GlobalAveragePool", "mean", {sum}).output(0)), 2, 2, {1, 0, 0, 1}, {0, 0}));
    return b;
  };
  const std::vector<float> zeros(8, 0);
  for (const bool first : {false, true}) {
    EXPECT_THAT(float_network(with({2, 1, 1}, first).bytes(), "f").logits(zeros), ElementsAre(11, 22));
    EXPECT_THAT(float_network(with({1, 2, 1, 1}, first).bytes(), "f").logits(zeros), ElementsAre(11, 22));
    EXPECT_THAT(float_network(with({1}, first).bytes(), "f").logits(zeros), ElementsAre(11, 12));
  }
  for (const std::vector<long>& dims : {std::vector<long>{2}, {2, 1}, {1, 2}, {1, 1, 2}, {2, 1, 1, 1}, {1, 2, 1}})
    EXPECT_THAT(complaint(with(dims, false)), AllOf(HasSubstr("'plus'"), HasSubstr("one number per channel")));
}

TEST_F(FloatNetwork, QuantisationNeedsAnInput) {
  const float_network net(one_pixel_network(2, 2, 1).bytes(), "float.onnx");
  EXPECT_THROW(net.quantised({}, 1), import_error);
}

TEST(IsFloatOnnx, TellsAFloatFileFromAQuantisedOneAndFromNone) {
  const float_builder b = one_pixel_network(2, 2, 1);
  EXPECT_TRUE(is_float_onnx(b.bytes()));
  EXPECT_FALSE(is_float_onnx(every_operator().bytes()));
  float_builder one = b;  // a single DequantizeLinear, of weights, makes it a quantised one
  one.node("DequantizeLinear", "dq", {"w8", "s"});
  EXPECT_FALSE(is_float_onnx(one.bytes()));
  EXPECT_FALSE(is_float_onnx(""));
  EXPECT_FALSE(is_float_onnx("no model at all"));
  EXPECT_FALSE(is_float_onnx(onnx::ModelProto{}.SerializeAsString()));
}

// Of the nearest whole step, the even one of two; steps are 1 here, and the input's too.
TEST_F(FloatNetwork, WeightsAndBiasesAreRoundedToTheNearestStep) {
  float_builder b(7, 1, 1);
  const std::string x = b.conv("conv", "image", {2, 7, 1, 1},
                               {127, 0.6f, -0.6f, 0.4f, 1.5f, 2.5f, -1.5f, -127, 126.6f, -126.4f, 0.5f, -0.5f, 3.5f, 0},
                               {10.6f, -10.6f}, {{1, 1}});
  b.output(b.gemm("fc", b.flat(x), 2, 2, {1, 0, 0, 1}, {0, 0}));
  const integer_graph g = quantised_graph(b, {{100, 50, 0, 0, 0, 0, 0}});
  ASSERT_EQ(g.input().scale, 1);
  const crossbar_layer& layer = g.nodes[1].layer();
  EXPECT_THAT(layer.weight_scale, ElementsAre(1, 1));
  EXPECT_THAT(layer.weights, ElementsAre(127, 1, -1, 0, 2, 2, -2, -127, 127, -126, 0, 0, 4, 0));
  EXPECT_THAT(layer.bias, ElementsAre(11, -11));
}

TEST_F(FloatNetwork, AFileThatIsCutIsNoWholeFile) {
  const std::string bytes = one_pixel_network(3, 3, 1).bytes();
  EXPECT_NO_THROW(float_network(bytes, "float.onnx"));
  for (const std::size_t cut : {bytes.size() - 1, bytes.size() - 2, bytes.size() / 2, std::size_t{0}}) try {
      float_network(std::string_view(bytes).substr(0, cut), "float.onnx");
      ADD_FAILURE() << cut << " of " << bytes.size() << " bytes";
    } catch (const import_error& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr("float.onnx"), HasSubstr("is not a whole ONNX file"))) << cut;
    }
}

TEST_F(FloatNetwork, ConstantsMayBeNodes) {
  float_builder b(2, 5, 4);
  const std::string c = b.conv("conv", "image", {3, 2, 1, 1}, reals(6), reals(3), {{1, 1}});
  const std::string clipped =
      b.node("Clip", "clip", {c, b.constant("least", {0}, {}), b.constant("most", {0.5f}, {})}).output(0);
  b.output(b.gemm("fc", b.flat(b.node("GlobalAveragePool", "all", {clipped}).output(0)), 4, 3, reals(12), reals(4)));
  float_builder nodes = b;
  nodes.turn_constants_into_nodes();
  const float_network of_file(b.bytes(), "float.onnx"), of_nodes(nodes.bytes(), "float.onnx");
  const real_maps inputs{reals(40), reals(40), reals(40)};
  for (const auto& input : inputs) EXPECT_EQ(of_file.logits(input), of_nodes.logits(input));
  const integer_graph x = import_onnx_bytes(of_file.quantised(inputs, 1), "a.onnx"),
                      y = import_onnx_bytes(of_nodes.quantised(inputs, 1), "b.onnx");
  ASSERT_EQ(x.nodes.size(), y.nodes.size());
  for (std::size_t n = 0; n < x.nodes.size(); ++n)
    if (x.nodes[n].has_layer()) EXPECT_EQ(x.nodes[n].layer().weights, y.nodes[n].layer().weights);
  for (std::size_t t = 0; t < x.tensors.size(); ++t) EXPECT_EQ(x.tensors[t].scale, y.tensors[t].scale);
}

}  // namespace
}  // namespace ohmic
