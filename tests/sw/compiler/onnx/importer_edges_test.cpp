// What the importer takes and refuses at its edges: one network for each claim, made by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "sw/compiler/onnx/import_onnx.h"
#include "sw/compiler/onnx/onnx_constants.h"
#include "tests/sw/compiler/onnx/qdq_builder.h"

namespace ohmic {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

integer_graph import(const std::function<void(qdq_builder&)>& change) {
  qdq_builder b = every_operator();
  change(b);
  return import_onnx_bytes(b.bytes(), "net.onnx");
}
std::string complaint(const std::function<void(qdq_builder&)>& change) {
  try {
    import(change);
  } catch (const import_error& e) {
    return e.what();
  }
  return "";
}
onnx::TensorProto& initialiser(qdq_builder& b, const std::string& name) {
  for (auto& t : *b.graph().mutable_initializer())
    if (t.name() == name) return t;
  throw name;
}
void set_again(onnx::NodeProto& node, const std::string& name, const std::vector<long>& values) {
  for (auto& a : *node.mutable_attribute()) {
    if (a.name() != name) continue;
    a.clear_ints();
    for (long v : values) a.add_ints(v);
  }
}

TEST(ImporterEdges, NodesWithoutTheirInputsAreRefused) {
  for (const char* op : {"Identity", "Dropout", "Relu", "Flatten"})
    EXPECT_THAT(complaint([&](qdq_builder& b) {
                  onnx::NodeProto& node = *b.graph().mutable_node()->Add();
                  node.set_op_type(op);
                  node.set_name("lone");
                  node.add_output("lonely");
                }),
                AllOf(HasSubstr("lone"), HasSubstr("0 inputs")))
        << op;
}

// ONNX: [top, left, bottom, right], and strides are [down, right]. conv1 is 3x3 on 8x8.
TEST(ImporterEdges, EachSideHasItsOwnPadding) {
  struct {
    std::vector<long> pads, strides;
    int height, width, pad_y, pad_x;
  } const cases[] = {{{0, 0, 0, 0}, {1, 1}, 6, 6, 0, 0}, {{2, 0, 0, 0}, {1, 1}, 8, 6, 2, 0},
                     {{0, 2, 0, 0}, {1, 1}, 6, 8, 0, 2}, {{0, 0, 2, 0}, {1, 1}, 8, 6, 0, 0},
                     {{0, 0, 0, 2}, {1, 1}, 6, 8, 0, 0}, {{1, 0, 2, 2}, {1, 1}, 9, 8, 1, 0},
                     {{1, 1, 1, 1}, {3, 2}, 3, 4, 1, 1}};
  for (const auto& c : cases) {
    qdq_builder b = every_operator();
    set_again(b.find("conv1"), "pads", c.pads);
    set_again(b.find("conv1"), "strides", c.strides);
    set_again(b.find("maxpool"), "strides", {1, 1});
    const integer_graph g = import_onnx_bytes(b.bytes(), "net.onnx");
    const graph_tensor& out = g.tensors[g.nodes[1].output];
    const graph_window& window = g.nodes[1].layer().window;
    EXPECT_EQ(out.height, c.height);
    EXPECT_EQ(out.width, c.width);
    EXPECT_EQ(window.pad_y, c.pad_y);
    EXPECT_EQ(window.pad_x, c.pad_x);
    EXPECT_EQ(window.stride_y, c.strides[0]);
    EXPECT_EQ(window.stride_x, c.strides[1]);
  }
}

TEST(ImporterEdges, TheKernelMayBeAsLargeAsThePaddedMapAndNoLarger) {
  const auto with = [](long bottom) {
    return complaint([&](qdq_builder& b) {
      set_again(b.find("maxpool"), "kernel_shape", {9, 3});
      set_again(b.find("maxpool"), "pads", {0, 1, bottom, 1});
    });
  };
  EXPECT_EQ(with(1), "");
  EXPECT_THAT(with(0), AllOf(HasSubstr("'maxpool'"), HasSubstr("larger than the padded map")));
}

// A bias is added to sums of inputs times weights, so it has their scale, to the precision of a float.
TEST(ImporterEdges, ABiasHasTheScaleOfWhatItIsAddedTo) {
  const auto with = [](float off) {
    return complaint([&](qdq_builder& b) {
      float scales[4];
      std::memcpy(scales, initialiser(b, "main.b.scale").raw_data().data(), sizeof scales);
      scales[2] *= 1 + off;
      initialiser(b, "main.b.scale").set_raw_data(std::string(reinterpret_cast<const char*>(scales), sizeof scales));
    });
  };
  EXPECT_EQ(with(1e-6f), "");
  for (const float off : {1e-4f, -1e-4f, 1e-3f, -0.5f})
    EXPECT_THAT(with(off), AllOf(HasSubstr("'main' (Conv)"), HasSubstr("in channel 2"))) << off;
}

// Scales of weights belong to output channels: axis 0 of a Conv and of a transposed Gemm, axis 1 of another.
TEST(ImporterEdges, WeightsAreQuantisedByOutputChannel) {
  const auto along = [](const std::string& node, int axis) {
    return complaint([&](qdq_builder& b) { b.find(node + ".w.dq").mutable_attribute(0)->set_i(axis); });
  };
  EXPECT_EQ(along("main", 0), "");
  EXPECT_THAT(along("main", 1), AllOf(HasSubstr("'main' (Conv)"), HasSubstr("along axis 1")));
  EXPECT_THAT(along("fc", 1), AllOf(HasSubstr("'fc' (Gemm)"), HasSubstr("along axis 1")));
  const auto not_transposed = [](int axis) {
    return complaint([&](qdq_builder& b) {
      for (auto& a : *b.find("fc").mutable_attribute()) a.set_i(0);  // transB
      b.find("fc.w.dq").mutable_attribute(0)->set_i(axis);
    });
  };
  EXPECT_EQ(not_transposed(1), "");
  EXPECT_THAT(not_transposed(0), AllOf(HasSubstr("'fc' (Gemm)"), HasSubstr("along axis 0")));
}

/// Conv [1, 4, 4, 4] with what `build` puts between it and its quantiser.
std::string behind_conv(const std::function<std::string(qdq_builder&, const std::string&)>& build) {
  qdq_builder b(4, 4, 4);
  const std::string x = b.quantise("image", 1 / 64.f);
  const std::string w =
      b.dequantised<std::int8_t>("w", onnx::TensorProto::INT8, std::vector<std::int8_t>(16, 1), {4, 4, 1, 1}, {0.5f});
  b.constant<std::int32_t>("k", onnx::TensorProto::INT32, {10}, {});
  b.node("DequantizeLinear", "k.dq", {"k", b.scalar("k.scale", 0.5f / 64)});
  const std::string c = build(b, b.node("Conv", "conv", {x, w}).output(0));
  const std::string g = b.quantise(b.node("GlobalAveragePool", "pool", {b.quantise(c, 0.1f)}).output(0), 0.1f);
  const std::string f = b.node("Flatten", "flatten", {g}).output(0);
  b.output(b.gemm("fc", f, 0.1f, 2, 4, std::vector<std::int8_t>(8, 1), {0.5f, 0.5f}, {0, 0}));
  try {
    import_onnx_bytes(b.bytes(), "net.onnx");
  } catch (const import_error& e) {
    return e.what();
  }
  return "";
}

TEST(ImporterEdges, AConstantIsABiasOnlyRightBehindItsConvolution) {
  const auto add = [](qdq_builder& b, const char* name, const std::string& to) {
    return b.node("Add", name, {to, "k.dq.out"}).output(0);
  };
  EXPECT_EQ(behind_conv([&](auto& b, const std::string& c) { return b.relu("relu", add(b, "plus", c)); }), "");
  EXPECT_THAT(behind_conv([&](auto& b, const std::string& c) { return add(b, "plus", b.relu("relu", c)); }),
              AllOf(HasSubstr("'plus' (Add)"), HasSubstr("something other than")))
      << "max(x, 0) + k is not max(x + k, 0)";
  EXPECT_THAT(behind_conv([&](auto& b, const std::string& c) { return add(b, "again", add(b, "plus", c)); }),
              AllOf(HasSubstr("'again' (Add)"), HasSubstr("something other than")));
}

// Conv, a quantiser, a Relu, a max pool, and a quantiser: what is cut by the first one stays cut behind the pool.
TEST(ImporterEdges, ARoundingInFrontOfARelusMaxPoolIsNotForgotten) {
  const auto net = [](float second) {
    qdq_builder b = every_operator(), c = b;
    c.graph().clear_node();
    for (const auto& node : b.graph().node()) {
      if (node.name().rfind("relu1.out.", 0) == 0) continue;
      if (node.name() == "relu1") c.quantise("conv1.out", 0.05f);
      *c.graph().add_node() = node;
    }
    c.find("relu1").set_input(0, "conv1.out.dq.out");
    c.find("maxpool").set_input(0, "relu1.out");
    initialiser(c, "maxpool.out.scale").set_raw_data(std::string(reinterpret_cast<const char*>(&second), 4));
    const float scales[4] = {0.01f * second, 0.02f * second, 0.03f * second, 0.04f * second};
    for (const char* const bias : {"main.b.scale", "down.b.scale"})
      initialiser(c, bias).set_raw_data(std::string(reinterpret_cast<const char*>(scales), sizeof scales));
    try {
      import_onnx_bytes(c.bytes(), "net.onnx");
    } catch (const import_error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_EQ(net(0.05f), "");
  EXPECT_EQ(net(0.02f), "");
  EXPECT_THAT(net(0.07f), AllOf(HasSubstr("maxpool.out.q"), HasSubstr("before its Relu")));
}

TEST(ImporterEdges, ConstantsHaveExactlyTheBytesOfTheirShape) {
  for (const char* const name : {"main.w", "main.b", "main.w.scale", "image.scale", "image.zero"}) {
    EXPECT_THAT(complaint([&](qdq_builder& b) { initialiser(b, name).mutable_raw_data()->push_back(1); }),
                HasSubstr(std::string("'") + name + "' holds"))
        << "a byte too much";
    EXPECT_THAT(complaint([&](qdq_builder& b) { initialiser(b, name).mutable_raw_data()->pop_back(); }),
                HasSubstr(std::string("'") + name + "' holds"));
  }
}

// ONNX keeps int8 in lists of int32 where it is not raw.
TEST(ImporterEdges, ListedNumbersAreWithinTheirType) {
  const auto with = [](int value, int count = 16) {
    return [=](qdq_builder& b) {
      auto& w = initialiser(b, "down.w");
      w.clear_raw_data();
      for (int i = 0; i < count; ++i) w.add_int32_data(i == 5 ? value : i);
    };
  };
  for (const int value : {-128, 127}) EXPECT_EQ(import(with(value)).nodes[4].layer().weights[5], value);
  for (const int value : {-129, 128, 255, 1 << 20})
    EXPECT_THAT(complaint(with(value)), AllOf(HasSubstr("'down.w' holds " + std::to_string(value)), HasSubstr("INT8")));
  EXPECT_THAT(complaint(with(0, 15)), HasSubstr("'down.w' holds 15 values"));
  EXPECT_THAT(complaint(with(0, 17)), HasSubstr("'down.w' holds 17 values"));
}

TEST(ImporterEdges, KernelsStridesAndPaddingHaveTheirRanges) {
  const auto with = [](const char* attribute, std::vector<long> values) {
    return complaint([&](qdq_builder& b) { set_again(b.find("maxpool"), attribute, values); });
  };
  for (const long wrong : {0l, -1l, 1025l}) {
    EXPECT_THAT(with("kernel_shape", {wrong, 3}), HasSubstr("is outside 1 .. 1024"));
    EXPECT_THAT(with("kernel_shape", {3, wrong}), HasSubstr("is outside 1 .. 1024"));
    EXPECT_THAT(with("strides", {wrong, 1}), HasSubstr("is outside 1 .. 1024"));
    EXPECT_THAT(with("strides", {1, wrong}), HasSubstr("is outside 1 .. 1024"));
  }
  EXPECT_EQ(with("strides", {1024, 1024}), "");
  EXPECT_THAT(with("pads", {1024, 1, 1, 1}), Not(HasSubstr("is outside"))) << "wrong for another reason";
  for (int side = 0; side < 4; ++side)
    for (const long wrong : {-1l, 1025l}) {
      std::vector<long> pads{1, 1, 1, 1};
      pads[static_cast<std::size_t>(side)] = wrong;
      EXPECT_THAT(with("pads", pads), HasSubstr("is outside 0 .. 1024"));
    }
  EXPECT_THAT(with("pads", {1, 1}), HasSubstr("height and width"));
  EXPECT_THAT(with("kernel_shape", {3}), HasSubstr("height and width"));
}

TEST(ImporterEdges, OperatorSetsFrom13To21AreTaken) {
  const auto with = [](long version) {
    return complaint([&](qdq_builder& b) { b.model.mutable_opset_import(0)->set_version(version); });
  };
  for (const long version : {13, 17, 21}) EXPECT_EQ(with(version), "");
  for (const long version : {-1, 0, 12, 22})
    EXPECT_THAT(with(version), HasSubstr("opset version " + std::to_string(version) + " is not supported"));
}

TEST(ImporterEdges, OperatorSetsOfOthersDoNotCount) {
  const auto with = [](const std::vector<std::pair<const char*, long>>& sets) {
    return complaint([&](qdq_builder& b) {
      b.model.clear_opset_import();
      for (const auto& [domain, version] : sets) {
        auto* set = b.model.add_opset_import();
        set->set_domain(domain);
        set->set_version(version);
      }
    });
  };
  EXPECT_EQ(with({{"com.microsoft", 1}, {"", 17}}), "");
  EXPECT_EQ(with({{"com.microsoft", 99}, {"ai.onnx", 17}}), "");
  EXPECT_THAT(with({{"com.microsoft", 17}, {"ai.onnx", 12}}), HasSubstr("opset version 12"));
  EXPECT_THAT(with({{"com.microsoft", 17}}), HasSubstr("names no operator set"));
  EXPECT_THAT(with({}), HasSubstr("names no operator set"));
}

// ONNX counts axes below zero from the last one.
TEST(ImporterEdges, AScalesAxisMayBeCountedFromTheEnd) {
  const auto along = [](const char* node, int axis) {
    return complaint([&](qdq_builder& b) { b.find(node).mutable_attribute(0)->set_i(axis); });
  };
  EXPECT_EQ(along("main.w.dq", -4), "");
  EXPECT_EQ(along("fc.w.dq", -2), "");
  EXPECT_THAT(along("main.w.dq", -3), AllOf(HasSubstr("'main' (Conv)"), HasSubstr("along axis 1")));
  EXPECT_THAT(along("main.w.dq", -5), HasSubstr("4 scales do not fit axis -1"));
  EXPECT_THAT(along("main.w.dq", 4), HasSubstr("4 scales do not fit axis 4"));
}

// [] and [1] are both one number.
TEST(ImporterEdges, AZeroPointHasTheShapeOfItsScale) {
  const auto with = [](const std::vector<int>& dims) {
    return complaint([&](qdq_builder& b) {
      auto& zero = initialiser(b, "image.zero");
      zero.clear_dims();
      std::size_t n = 1;
      for (const int d : dims) zero.add_dims(d), n *= static_cast<std::size_t>(d);
      zero.set_raw_data(std::string(n, 0));
    });
  };
  EXPECT_EQ(with({}), "");
  EXPECT_EQ(with({1}), "");
  EXPECT_THAT(with({2}), HasSubstr("zero point has the shape [2], but scale has []"));
  EXPECT_THAT(with({1, 1}), HasSubstr("zero point has the shape [1, 1], but scale has []"));
}

TEST(ImporterEdges, AnInputHas1To65536OfEverything) {
  for (int dim = 1; dim < 4; ++dim) {
    const auto with = [&](long size) {
      return complaint([&](qdq_builder& b) {
        auto* shape = b.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
        shape->mutable_dim(dim)->set_dim_value(size);
      });
    };
    for (const long size : {1, 65536}) EXPECT_THAT(with(size), Not(HasSubstr("must be fixed numbers"))) << dim;
    for (const long size : {-1, 0, 65537})
      EXPECT_THAT(with(size), HasSubstr("must be fixed numbers from 1 to 65536")) << dim;
  }
}

std::string constant_complaint(int type, const std::vector<std::int64_t>& dims, const std::vector<int>& values) {
  onnx::TensorProto t;
  t.set_name("it");
  t.set_data_type(type);
  for (const std::int64_t d : dims) t.add_dims(d);
  for (const int v : values) t.add_int32_data(v);
  try {
    const std::vector<std::int64_t> read = read_integers(t, {}, "constant");
    EXPECT_EQ(read, std::vector<std::int64_t>(values.begin(), values.end()));
  } catch (const import_error& e) {
    return e.what();
  }
  return "";
}

TEST(ImporterEdges, ListsOfUnsignedNumbersHaveTheirRangeToo) {
  EXPECT_EQ(constant_complaint(onnx::TensorProto::UINT8, {2}, {0, 255}), "");
  EXPECT_EQ(constant_complaint(onnx::TensorProto::INT8, {2}, {-128, 127}), "");
  EXPECT_EQ(constant_complaint(onnx::TensorProto::INT32, {2}, {-129, 256}), "");
  for (const int value : {-1, -128, 256})
    EXPECT_THAT(constant_complaint(onnx::TensorProto::UINT8, {1}, {value}),
                HasSubstr("holds " + std::to_string(value) + ", which is no UINT8"));
}

TEST(ImporterEdges, AConstantHasAtMostTwoToThe31Elements) {
  const std::int64_t most = std::int64_t{1} << 31;
  EXPECT_THAT(constant_complaint(onnx::TensorProto::INT8, {most}, {1}), HasSubstr("holds 1 values"));
  EXPECT_THAT(constant_complaint(onnx::TensorProto::INT8, {1 << 16, 1 << 15}, {1}), HasSubstr("holds 1 values"));
  for (const auto& dims : std::vector<std::vector<std::int64_t>>{
           {most + 1}, {1 << 16, (1 << 15) + 1}, {most, 2}, {most, most, most}, {-1}, {2, -1}})
    EXPECT_THAT(constant_complaint(onnx::TensorProto::INT8, dims, {1}), HasSubstr("impossible shape"));
  EXPECT_EQ(constant_complaint(onnx::TensorProto::INT8, {0}, {}), "");
}

}  // namespace
}  // namespace ohmic
