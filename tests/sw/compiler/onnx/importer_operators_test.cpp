// The operators that stand in few networks: what each becomes, against ONNX's definitions by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "sw/compiler/onnx/import_onnx.h"
#include "tests/sw/compiler/onnx/qdq_builder.h"

namespace ohmic {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr float image_scale = 1 / 64.f, map_scale = 0.1f;

/// [1, h, w] -> Conv of 1 x 1 (4 channels), what `build` puts behind its result, a quantiser of 0.1 -> mean -> Gemm.
struct one_conv {
  int height = 4, width = 4;
  std::function<void(onnx::NodeProto&)> conv = {};

  qdq_builder network(const std::function<std::string(qdq_builder&, const std::string&)>& build,
                      bool quantised = true) const {
    qdq_builder b(1, height, width);
    const std::string x = b.quantise("image", image_scale);
    const std::string w =
        b.dequantised<std::int8_t>("w", onnx::TensorProto::INT8, std::vector<std::int8_t>(4, 1), {4, 1, 1, 1}, {0.5f});
    b.node("Conv", "conv", {x, w});
    if (conv) conv(b.find("conv"));
    std::string c = build(b, "conv.out");
    if (quantised) c = b.quantise(c, map_scale);
    const std::string g = b.quantise(b.node("GlobalAveragePool", "mean", {c}).output(0), map_scale);
    finish(b, b.node("Flatten", "flatten", {g}).output(0));
    return b;
  }
  static void finish(qdq_builder& b, const std::string& flat) {
    b.output(b.gemm("fc", flat, map_scale, 2, 4, std::vector<std::int8_t>(8, 1), {0.5f, 0.5f}, {0, 0}));
  }
};

std::string complaint(const qdq_builder& b) {
  try {
    import_onnx_bytes(b.bytes(), "net.onnx");
  } catch (const import_error& e) {
    return e.what();
  }
  return "";
}
integer_graph imported(const qdq_builder& b) { return import_onnx_bytes(b.bytes(), "net.onnx"); }

/// A Clip; NaN: that bound is not given.
constexpr float none = std::numeric_limits<float>::quiet_NaN();
std::string clip(qdq_builder& b, const std::string& name, const std::string& x, float least, float most) {
  std::vector<std::string> inputs{x, "", ""};
  if (least == least) inputs[1] = b.scalar(name + ".least", least);
  if (most == most) inputs[2] = b.scalar(name + ".most", most);
  return b.node("Clip", name, inputs).output(0);
}
requantise_constants bounds(float least, float most) {
  return imported(one_conv{}.network([&](auto& b, const auto& x) { return clip(b, "clip", x, least, most); }))
      .nodes[1]
      .layer()
      .requantise;
}

TEST(ImporterOperators, AClipsBoundsAreStepsOfTheScaleBehindIt) {
  EXPECT_EQ(bounds(0, 6).lo, 0);
  EXPECT_EQ(bounds(0, 6).hi, 60);
  EXPECT_EQ(bounds(0, 6.04f).hi, 60);
  EXPECT_EQ(bounds(0, 6.06f).hi, 61) << "the nearest step";
  EXPECT_EQ(bounds(0, 12.7f).hi, 127);
  EXPECT_EQ(bounds(0, 1000).hi, 127) << "int8 ends there anyway";
  EXPECT_EQ(bounds(0, 0).hi, 0);
  EXPECT_EQ(bounds(none, 6).lo, -128);
  EXPECT_EQ(bounds(none, 6).hi, 60);
  EXPECT_EQ(bounds(0, none).hi, 127);
  EXPECT_EQ(bounds(none, none).lo, -128);
  constexpr float greatest = std::numeric_limits<float>::max(), infinite = std::numeric_limits<float>::infinity();
  for (const float all : {greatest, infinite}) {
    EXPECT_EQ(bounds(-all, 6).lo, -128) << "no bound";
    EXPECT_EQ(bounds(0, all).hi, 127) << "no bound";
  }
}

TEST(ImporterOperators, OfTwoClipsTheNarrowerCounts) {
  for (const bool first : {true, false}) {
    const integer_graph g = imported(one_conv{}.network(
        [&](auto& b, const auto& x) { return clip(b, "b", clip(b, "a", x, 0, first ? 3 : 6), none, first ? 6 : 3); }));
    EXPECT_EQ(g.nodes[1].layer().requantise.hi, 30);
    EXPECT_EQ(g.nodes[1].layer().requantise.lo, 0);
  }
}

TEST(ImporterOperators, AClipBehindAMaxPoolIsThatOfItsConvolution) {
  const integer_graph g = imported(
      one_conv{}.network([](auto& b, const auto& x) { return clip(b, "clip", b.max_pool("pool", x, 2, 2, 0), 0, 5); }));
  EXPECT_EQ(g.nodes[1].layer().requantise.hi, 50);
  EXPECT_EQ(g.nodes[1].layer().requantise.lo, 0);
  EXPECT_EQ(g.tensors[1].scale, map_scale) << "one quantiser for both";
  EXPECT_EQ(g.tensors[2].scale, map_scale);
}

TEST(ImporterOperators, ClipsThatInt8CannotSayAreRefused) {
  const auto said = [](float least, float most) {
    return complaint(one_conv{}.network([&](auto& b, const auto& x) { return clip(b, "clip", x, least, most); }));
  };
  EXPECT_EQ(said(0, 6), "");
  for (const float least : {-1.f, 1.f, -1e-6f}) EXPECT_THAT(said(least, 6), HasSubstr("clips from"));
  EXPECT_THAT(said(0, -1), HasSubstr("clips at -1"));
  EXPECT_THAT(said(none, -0.5f), HasSubstr("clips at -0.5"));
}

TEST(ImporterOperators, AnAveragePoolOfTheWholeMapHasNoWindow) {
  const auto pool = [](one_conv net, const std::vector<long>& kernel, const std::vector<long>& strides,
                       const std::vector<long>& pads, long counts) {
    return net.network([&](auto& b, const auto& x) {
      auto& n = b.node("AveragePool", "average", {b.quantise(x, map_scale)});
      b.set(n, "kernel_shape", kernel);
      b.set(n, "strides", strides);
      b.set(n, "pads", pads);
      b.set(n, "count_include_pad", counts);
      return n.output(0);
    });
  };
  const one_conv net{4, 6, {}};
  EXPECT_FALSE(imported(pool(net, {4, 6}, {1, 1}, {0, 0, 0, 0}, 0)).nodes[2].average().window.has_value());
  const integer_graph part = imported(pool(net, {2, 3}, {2, 3}, {0, 0, 0, 0}, 0));
  ASSERT_TRUE(part.nodes[2].average().window.has_value());
  EXPECT_EQ(part.nodes[2].average().window->size_x, 3);
  EXPECT_EQ(part.nodes[2].average().window->size_y, 2);
  EXPECT_EQ(part.tensors[part.nodes[2].output].width, 2);
  EXPECT_TRUE(imported(pool(net, {4, 5}, {1, 1}, {0, 0, 0, 0}, 0)).nodes[2].average().window.has_value());
  // Windows of unlike numbers of pixels: on any side.
  for (const std::vector<long>& pads : {std::vector<long>{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}) {
    EXPECT_THAT(complaint(pool(net, {2, 2}, {1, 1}, pads, 0)), HasSubstr("count_include_pad"));
    EXPECT_EQ(complaint(pool(net, {2, 2}, {1, 1}, pads, 1)), "") << "zeros count";
  }
  // A padding that no window reaches: 6 columns, windows of 2 at 0, 3 (and at 6, which is not there).
  EXPECT_EQ(complaint(pool(net, {2, 2}, {2, 3}, {0, 0, 0, 1}, 0)), "");
}

TEST(ImporterOperators, TheMeanOverHeightAndWidthIsAGlobalAverage) {
  const auto mean = [](const std::vector<long>& axes, long keeps, bool flat) {
    qdq_builder b(4, 3, 5);
    auto& n = b.node("ReduceMean", "mean", {b.quantise("image", map_scale)});
    b.set(n, "axes", axes);
    b.set(n, "keepdims", keeps);
    const std::string q = b.quantise("mean.out", map_scale);
    one_conv::finish(b, flat ? b.node("Flatten", "flatten", {q}).output(0) : q);
    return b;
  };
  for (const std::vector<long>& axes : {std::vector<long>{2, 3}, {3, 2}, {-1, -2}, {-2, 3}}) {
    const integer_graph g = imported(mean(axes, 1, true));
    EXPECT_EQ(g.nodes[1].kind(), node_kind::average_pool);
    EXPECT_EQ(g.tensors[g.nodes[1].output].width, 1);
    EXPECT_EQ(complaint(mean(axes, 0, false)), "") << "[N, C] already";
  }
  EXPECT_THAT(complaint(mean({2, 3}, 1, false)), HasSubstr("behind a Flatten"));
  for (const std::vector<long>& axes : {std::vector<long>{2}, {1, 2}, {1, 2, 3}, {}, {0, 3}, {2, 2}})
    EXPECT_THAT(complaint(mean(axes, 1, true)), HasSubstr("over height and width"));
}

/// Behind a mean (4 channels, one pixel), instead of the Flatten.
qdq_builder flattened_by(const std::string& op, const std::vector<std::int64_t>& numbers) {
  qdq_builder b = one_conv{}.network([](auto&, const auto& x) { return x; });
  b.constant<std::int64_t>("numbers", onnx::TensorProto::INT64, numbers, {static_cast<int>(numbers.size())});
  auto& n = b.find("flatten");
  n.set_op_type(op);
  n.add_input("numbers");
  return b;
}

TEST(ImporterOperators, AReshapeToOneRowOfValuesIsAFlatten) {
  for (const std::vector<std::int64_t>& shape : {std::vector<std::int64_t>{0, -1}, {1, -1}, {-1, 4}, {0, 4}, {1, 4}})
    EXPECT_EQ(complaint(flattened_by("Reshape", shape)), "");
  for (const std::vector<std::int64_t>& shape :
       {std::vector<std::int64_t>{-1, -1}, {0, 5}, {2, -1}, {-1}, {4}, {0, 2, 2}, {-1, 3}})
    EXPECT_THAT(complaint(flattened_by("Reshape", shape)), AllOf(HasSubstr("Reshape"), HasSubstr("a Flatten")));
}

TEST(ImporterOperators, ASqueezeOfOnePixelsAxesIsAFlatten) {
  for (const std::vector<std::int64_t>& axes : {std::vector<std::int64_t>{2, 3}, {3, 2}, {-1, -2}})
    EXPECT_EQ(complaint(flattened_by("Squeeze", axes)), "");
  for (const std::vector<std::int64_t>& axes : {std::vector<std::int64_t>{2}, {1, 2}, {2, 2}, {0, 2, 3}})
    EXPECT_THAT(complaint(flattened_by("Squeeze", axes)), HasSubstr("of one pixel"));
}

TEST(ImporterOperators, ConstantsMayBeNodes) {
  const qdq_builder of_file = one_conv{}.network([](auto&, const auto& x) { return x; });
  qdq_builder of_nodes = of_file;
  of_nodes.turn_constants_into_nodes();
  ASSERT_EQ(of_nodes.graph().initializer_size(), 0);
  const integer_graph a = imported(of_file), b = imported(of_nodes);
  ASSERT_EQ(a.nodes.size(), b.nodes.size());
  for (std::size_t n = 0; n < a.nodes.size(); ++n) {
    EXPECT_EQ(a.nodes[n].name, b.nodes[n].name);
    if (!a.nodes[n].has_layer()) continue;
    EXPECT_EQ(a.nodes[n].layer().weights, b.nodes[n].layer().weights);
    EXPECT_EQ(a.nodes[n].layer().weight_scale, b.nodes[n].layer().weight_scale);
    EXPECT_EQ(a.nodes[n].layer().bias, b.nodes[n].layer().bias);
  }
  for (std::size_t t = 0; t < a.tensors.size(); ++t) EXPECT_EQ(a.tensors[t].scale, b.tensors[t].scale);
  const auto spoilt = [&](const std::function<void(onnx::NodeProto&)>& spoil) {
    qdq_builder c = of_nodes;
    spoil(*c.graph().mutable_node(0));
    return complaint(c);
  };
  const auto named = HasSubstr(of_nodes.graph().node(0).name());
  EXPECT_THAT(spoilt([](auto& n) { n.add_output("second"); }), AllOf(named, HasSubstr("is not a tensor constant")));
  EXPECT_THAT(spoilt([](auto& n) { onnx_builder::set(n, "axis", 1L); }), HasSubstr("is not a tensor constant"));
  EXPECT_THAT(spoilt([](auto& n) { n.mutable_attribute(0)->set_name("value_float"); }),
              HasSubstr("is not a tensor constant"));
}

TEST(ImporterOperators, IdentityAndDropoutAreNothing) {
  for (const char* op : {"Identity", "Dropout"}) {
    const integer_graph g =
        imported(one_conv{}.network([&](auto& b, const auto& x) { return b.node(op, "nothing", {x}).output(0); }));
    EXPECT_EQ(g.nodes.size(), 4u) << op;
  }
  const auto dropout = [](bool mask_is_read) {
    return complaint(one_conv{}.network([&](auto& b, const auto& x) {
      auto& n = b.node("Dropout", "drop", {x});
      n.add_output("mask");
      const std::string out = n.output(0);
      if (mask_is_read) b.node("Identity", "reader", {"mask"});
      return out;
    }));
  };
  EXPECT_EQ(dropout(false), "") << "a mask that nobody reads";
  EXPECT_THAT(dropout(true), HasSubstr("2 outputs"));
}

// ONNX: output = ceil(input / stride); the odd pixel of padding goes to the end (UPPER) or to the begin (LOWER).
TEST(ImporterOperators, AutomaticPaddingIsOnnxs) {
  struct {
    const char* mode;
    int size;
    long kernel, stride;
    int outputs, pad;
  } const cases[] = {{"SAME_UPPER", 5, 3, 1, 5, 1}, {"SAME_LOWER", 5, 3, 1, 5, 1}, {"SAME_UPPER", 5, 2, 1, 5, 0},
                     {"SAME_LOWER", 5, 2, 1, 5, 1}, {"SAME_UPPER", 6, 3, 2, 3, 0}, {"SAME_LOWER", 6, 3, 2, 3, 1},
                     {"SAME_UPPER", 5, 1, 3, 2, 0}, {"SAME_LOWER", 5, 1, 3, 2, 0}, {"VALID", 5, 3, 1, 3, 0},
                     {"NOTSET", 5, 3, 1, 3, 0},     {"SAME_UPPER", 7, 4, 3, 3, 1}, {"SAME_LOWER", 7, 4, 3, 3, 2}};
  const auto pool = [](const auto& c, bool tall, bool pads) {
    return one_conv{tall ? c.size : 1, tall ? 1 : c.size, {}}.network([&](auto& b, const auto& x) {
      auto& n = b.node("MaxPool", "pool", {b.quantise(x, map_scale)});
      b.set(n, "kernel_shape", tall ? std::vector<long>{c.kernel, 1} : std::vector<long>{1, c.kernel});
      b.set(n, "strides", tall ? std::vector<long>{c.stride, 1} : std::vector<long>{1, c.stride});
      if (pads) b.set(n, "pads", {1, 0, 0, 0});
      auto* mode = n.add_attribute();
      mode->set_name("auto_pad");
      mode->set_type(onnx::AttributeProto::STRING);
      mode->set_s(c.mode);
      return n.output(0);
    });
  };
  for (const auto& c : cases)
    for (const bool tall : {true, false}) {
      const integer_graph g = imported(pool(c, tall, false));
      const graph_tensor& out = g.tensors[g.nodes[2].output];
      const graph_window& w = g.nodes[2].pool_window();
      EXPECT_EQ(tall ? out.height : out.width, c.outputs) << c.mode << " " << c.size << " " << c.kernel;
      EXPECT_EQ(tall ? w.pad_y : w.pad_x, c.pad) << c.mode << " " << c.size << " " << c.kernel;
      EXPECT_EQ(tall ? w.pad_x : w.pad_y, 0);
    }
  EXPECT_THAT(complaint(pool(cases[0], true, true)), HasSubstr("contradicts 'pads'"));
  auto unknown = cases[0];
  unknown.mode = "SAME";
  EXPECT_THAT(complaint(pool(unknown, true, false)), HasSubstr("auto_pad SAME is unknown"));
}

// The network's output is one pixel of a layer without bounds, whatever else is said of it.
TEST(ImporterOperators, OnlyALayerOfOnePixelGivesLogits) {
  const auto ends_with = [](int height, int width, const std::function<std::string(qdq_builder&, std::string)>& more) {
    qdq_builder b(1, height, width);
    const std::string x = b.quantise("image", image_scale);
    const std::string w =
        b.dequantised<std::int8_t>("w", onnx::TensorProto::INT8, std::vector<std::int8_t>(4, 1), {4, 1, 1, 1}, {0.5f});
    b.output(more(b, b.node("Conv", "conv", {x, w}).output(0)));
    return complaint(b);
  };
  const auto nothing = [](qdq_builder&, const std::string& x) { return x; };
  EXPECT_EQ(ends_with(1, 1, nothing), "");
  EXPECT_EQ(ends_with(1, 1, [](auto& b, const auto& x) { return b.quantise(x, map_scale); }), "");
  EXPECT_THAT(ends_with(1, 2, nothing), HasSubstr("that gives the logits"));
  EXPECT_THAT(ends_with(2, 1, nothing), HasSubstr("that gives the logits"));
  EXPECT_THAT(ends_with(1, 1, [](auto& b, const auto& x) { return b.relu("relu", x); }), HasSubstr("logits"));
  EXPECT_THAT(ends_with(1, 1, [](auto& b, const auto& x) { return clip(b, "clip", x, none, 6); }), HasSubstr("logits"));
  EXPECT_THAT(ends_with(1, 1, [](auto& b, const auto& x) { return b.max_pool("pool", b.quantise(x, 1), 1, 1, 0); }),
              HasSubstr("logits"));
}

TEST(ImporterOperators, TheInputIsAFloatTensorOfKnownSize) {
  const auto with = [](const std::function<void(onnx::TypeProto&)>& change) {
    qdq_builder b = every_operator();
    change(*b.graph().mutable_input(0)->mutable_type());
    return complaint(b);
  };
  for (const int type : {onnx::TensorProto::INT8, onnx::TensorProto::DOUBLE, onnx::TensorProto::UNDEFINED})
    EXPECT_THAT(with([&](auto& t) { t.mutable_tensor_type()->set_elem_type(type); }), HasSubstr("not a float tensor"));
  EXPECT_THAT(with([](auto& t) { t.clear_tensor_type(); }), HasSubstr("not a float tensor"));
  for (const int size : {0, -1, 65537})
    EXPECT_THAT(with([&](auto& t) { t.mutable_tensor_type()->mutable_shape()->mutable_dim(2)->set_dim_value(size); }),
                HasSubstr("from 1 to 65536"));
  EXPECT_THAT(with([](auto& t) { t.mutable_tensor_type()->mutable_shape()->mutable_dim(3)->set_dim_param("w"); }),
              HasSubstr("from 1 to 65536"));
  EXPECT_THAT(with([](auto& t) { t.mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(1); }),
              HasSubstr("5 dimensions"));
}

}  // namespace
}  // namespace ohmic
