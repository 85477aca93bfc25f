#include "sw/compiler/onnx/import_onnx.h"

#include <gmock/gmock.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <random>

#include "tests/fresh_seed.h"
#include "tests/host/scratch_folder.h"
#include "tests/sw/compiler/onnx/qdq_builder.h"

namespace ohmic {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string complaint(const std::string& bytes) {
  try {
    import_onnx_bytes(bytes, "net.onnx");
  } catch (const import_error& e) {
    return e.what();
  }
  return "";
}
std::string complaint_about(const std::function<void(qdq_builder&)>& breakage) {
  qdq_builder b = every_operator();
  breakage(b);
  const std::string text = complaint(b.bytes());
  EXPECT_THAT(text, Not(HasSubstr("\n")));
  return text;
}
onnx::TensorProto& initialiser(qdq_builder& b, const std::string& name) {
  for (auto& t : *b.graph().mutable_initializer())
    if (t.name() == name) return t;
  throw name;
}

TEST(ImportOnnx, GivesEveryOperatorInFileOrder) {
  const integer_graph g = import_onnx_bytes(every_operator().bytes(), "net.onnx");
  std::vector<std::string> names, kinds;
  for (const graph_node& n : g.nodes) {
    names.push_back(n.name);
    kinds.push_back(to_string(n.kind()));
  }
  EXPECT_THAT(names, ElementsAre("image", "conv1", "maxpool", "main", "down", "add", "avgpool", "fc"));
  EXPECT_THAT(kinds, ElementsAre("input", "convolution", "max_pool", "convolution", "convolution", "add",
                                 "average_pool", "logits"));
  EXPECT_THAT(g.labels, ElementsAre("cat", "dog"));
  EXPECT_FALSE(g.calibrated);
}

TEST(ImportOnnx, TakesShapesScalesWindowsAndBias) {
  const integer_graph g = import_onnx_bytes(every_operator().bytes(), "net.onnx");
  const graph_node& main = g.nodes[3];
  const graph_tensor &in = g.tensors[main.inputs[0]], &out = g.tensors[main.output];
  EXPECT_EQ(in.name, "maxpool");
  EXPECT_EQ(in.height, 4);
  EXPECT_EQ(in.scale, 0.05f) << "a max pool keeps the scale of its input";
  EXPECT_EQ(out.width, 2);
  EXPECT_EQ(out.scale, 0.25f);
  EXPECT_THAT(main.layer().bias, ElementsAre(5, 6, 7, 8));
  EXPECT_THAT(main.layer().weight_scale, ElementsAre(0.01f, 0.02f, 0.03f, 0.04f));
  EXPECT_EQ(main.layer().window.stride_x, 2);
  EXPECT_EQ(main.layer().window.pad_y, 1);
  EXPECT_EQ(main.layer().weight(1, 2, 0, 1), (7 + (1 * 36 + 2 * 9 + 1) * 37) % 101 - 50);
}

TEST(ImportOnnx, FusesReluIntoTheOperatorBeforeIt) {
  const integer_graph g = import_onnx_bytes(every_operator().bytes(), "net.onnx");
  EXPECT_EQ(g.nodes[1].layer().requantise.lo, 0);
  EXPECT_EQ(g.nodes[3].layer().requantise.lo, -128);
  EXPECT_EQ(g.nodes[5].add().lo, 0);
}

TEST(ImportOnnx, KeepsTheOrderOfAResidualAddsInputs) {
  const integer_graph g = import_onnx_bytes(every_operator().bytes(), "net.onnx");
  EXPECT_EQ(g.tensors[g.nodes[5].inputs[0]].name, "main");
  EXPECT_EQ(g.tensors[g.nodes[5].inputs[1]].name, "down");
  EXPECT_THAT(g.tensors[g.nodes[2].output].consumers, ElementsAre(3, 4)) << "the block's input feeds both branches";
}

TEST(ImportOnnx, ReadsAMatMulWithABiasAddLikeAGemm) {
  qdq_builder b(2, 1, 1);
  const std::string x = b.node("Flatten", "flatten", {b.quantise("image", 0.5f)}).output(0);
  const std::string w =
      b.dequantised<std::int8_t>("w", onnx::TensorProto::INT8, {1, 2, 3, 4, 5, 6}, {2, 3}, {0.5f, 0.25f, 0.125f}, 1);
  const std::string c =
      b.dequantised<std::int32_t>("b", onnx::TensorProto::INT32, {7, 8, 9}, {3}, {0.25f, 0.125f, 0.0625f});
  b.output(b.node("Add", "bias", {b.node("MatMul", "fc", {x, w}).output(0), c}).output(0));
  const integer_graph g = import_onnx_bytes(b.bytes(), "net.onnx");
  EXPECT_THAT(g.nodes[1].layer().weights, ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(g.nodes[1].layer().bias, ElementsAre(7, 8, 9));
  EXPECT_THAT(g.nodes[1].layer().weight_scale, ElementsAre(0.5f, 0.25f, 0.125f));
}

TEST(ImportOnnx, RefusesTruncatedAndForeignFilesInOneLine) {
  const std::string whole = every_operator().bytes();
  for (std::size_t n : {std::size_t{0}, std::size_t{1}, whole.size() / 3, whole.size() / 2, whole.size() - 1}) {
    const std::string text = complaint(whole.substr(0, n));
    EXPECT_THAT(text, HasSubstr("net.onnx: ")) << n << " bytes";
    EXPECT_THAT(text, Not(HasSubstr("\n")));
  }
  EXPECT_THAT(complaint("this is not a model at all"), HasSubstr("ONNX"));
  EXPECT_THROW(import_onnx("no/such/file.onnx"), import_error);
}

TEST(ImportOnnx, SurvivesEveryKindOfDamage) {
  const unsigned seed = fresh_seed();
  std::mt19937 random(seed);
  SCOPED_TRACE("seed " + std::to_string(seed));
  const std::string whole = every_operator().bytes();
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = whole;
    for (int n = static_cast<int>(random() % 4); n >= 0; --n)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    try {
      check_graph(import_onnx_bytes(bytes, "net.onnx"));  // what is imported is sound
    } catch (const import_error& e) {
      ASSERT_EQ(std::string(e.what()).substr(0, 10), "net.onnx: ");
    }
  }
}

TEST(ImportOnnx, NamesNodeOperatorAndReasonOfWhatItCannotImport) {
  EXPECT_THAT(complaint_about([](auto& b) { b.find("relu1").set_op_type("Sigmoid"); }),
              AllOf(HasSubstr("net.onnx"), HasSubstr("'relu1'"), HasSubstr("Sigmoid"), HasSubstr("not supported")));
  EXPECT_THAT(complaint_about([](auto& b) { b.set(b.find("main"), "group", 4); }),
              AllOf(HasSubstr("'main' (Conv)"), HasSubstr("4 groups")));
  EXPECT_THAT(complaint_about([](auto& b) { b.set(b.find("main"), "group", 3); }),
              AllOf(HasSubstr("'main' (Conv)"), HasSubstr("group = 3 does not divide")));
  EXPECT_THAT(complaint_about([](auto& b) { b.set(b.find("main"), "dilations", {2, 2}); }), HasSubstr("dilated"));
  EXPECT_THAT(complaint_about([](auto& b) { b.find("down").set_name("main"); }), HasSubstr("unique"));
  EXPECT_THAT(complaint_about([](auto& b) { b.model.mutable_opset_import(0)->set_version(7); }),
              HasSubstr("opset version 7"));
  EXPECT_THAT(complaint_about([](auto& b) { b.find("add").set_domain("com.example"); }), HasSubstr("com.example"));
  EXPECT_THAT(complaint_about([](auto& b) { b.set(b.find("maxpool"), "ceil_mode", 1); }), HasSubstr("ceil_mode"));
  EXPECT_THAT(complaint_about([](auto& b) { b.set(b.find("conv1"), "unheard_of", 1); }), HasSubstr("unheard_of"));
}

TEST(ImportOnnx, RefusesQuantisationThatIsNotSymmetricInt8) {
  EXPECT_THAT(complaint_about([](auto& b) { initialiser(b, "image.zero").set_raw_data(std::string(1, 3)); }),
              AllOf(HasSubstr("image.q"), HasSubstr("zero point is 3")));
  EXPECT_THAT(complaint_about([](auto& b) { initialiser(b, "image.zero").set_data_type(onnx::TensorProto::UINT8); }),
              AllOf(HasSubstr("UINT8"), HasSubstr("INT8 is expected")));
  EXPECT_THAT(complaint_about([](auto& b) { b.find("image.q").mutable_input()->RemoveLast(); }),
              HasSubstr("no zero point"));
  EXPECT_THAT(complaint_about([](auto& b) { b.find("maxpool").set_input(0, "relu1.out"); }),
              AllOf(HasSubstr("'relu1.out'"), HasSubstr("before it is quantised")));
}

TEST(ImportOnnx, RefusesConstantsThatDoNotFitTheirShape) {
  EXPECT_THAT(complaint_about([](auto& b) { initialiser(b, "main.w").mutable_raw_data()->pop_back(); }),
              AllOf(HasSubstr("'main.w'"), HasSubstr("143 bytes")));
  EXPECT_THAT(complaint_about([](auto& b) { initialiser(b, "main.w").set_dims(1, -4); }), HasSubstr("impossible"));
  EXPECT_THAT(complaint_about([](auto& b) { initialiser(b, "fc.w").set_data_location(onnx::TensorProto::EXTERNAL); }),
              HasSubstr("outside the file"));
}

TEST(ImportOnnx, RefusesMetadataThatBreaksTheFormat) {
  const auto with = [](const std::string& text) {
    return complaint_about([&](auto& b) { b.metadata("ohmic.calibration", text); });
  };
  EXPECT_THAT(with("{"), HasSubstr("metadata 'ohmic.calibration'"));
  EXPECT_THAT(with(R"({"version": 2})"), HasSubstr("version 2"));
  EXPECT_THAT(with(R"({"version": 1, "rows": 256, "images": 1, "conv": {}, "add": {}, "pool": {}})"),
              HasSubstr("no entry 'conv1'"));
  EXPECT_THAT(complaint_about([](auto& b) { b.metadata("ohmic.labels", R"(["a", 3])"); }), HasSubstr("ohmic.labels"));
}

/// Conv [1, 4, 4, 4] without a bias, an Add of a constant of four numbers behind it, average pool, Gemm.
std::string with_added_constant(const std::vector<int>& shape, bool first = false) {
  qdq_builder b(4, 4, 4);
  const std::string x = b.quantise("image", 1 / 64.f);
  const std::string w =
      b.dequantised<std::int8_t>("w", onnx::TensorProto::INT8, std::vector<std::int8_t>(16, 1), {4, 4, 1, 1}, {0.5f});
  const std::string c = b.node("Conv", "conv", {x, w}).output(0);
  std::vector<std::int32_t> values;
  int count = 1;
  for (int size : shape) count *= size;
  for (int i = 0; i < count; ++i) values.push_back(10 + i);
  b.constant<std::int32_t>("k", onnx::TensorProto::INT32, values, shape);
  const std::string k = b.node("DequantizeLinear", "k.dq", {"k", b.scalar("k.scale", 0.5f / 64)}).output(0);
  const std::string sum = b.node("Add", "plus", first ? std::vector{k, c} : std::vector{c, k}).output(0);
  const std::string g = b.quantise(b.node("GlobalAveragePool", "pool", {b.quantise(sum, 0.1f)}).output(0), 0.1f);
  const std::string f = b.node("Flatten", "flatten", {g}).output(0);
  b.output(b.gemm("fc", f, 0.1f, 2, 4, std::vector<std::int8_t>(8, 1), {0.5f, 0.5f}, {0, 0}));
  return b.bytes();
}

TEST(ImportOnnx, TakesAnAddedConstantAsBiasWhereItSpreadsAsOneNumberPerChannel) {
  for (const std::vector<int>& shape : {std::vector{4, 1, 1}, {1, 4, 1, 1}}) {
    EXPECT_THAT(import_onnx_bytes(with_added_constant(shape), "net.onnx").nodes[1].layer().bias,
                ElementsAre(10, 11, 12, 13));
    EXPECT_THAT(import_onnx_bytes(with_added_constant(shape, true), "net.onnx").nodes[1].layer().bias,
                ElementsAre(10, 11, 12, 13));
  }
  for (const std::vector<int>& shape : {std::vector<int>{}, {1}, {1, 1, 1, 1}})
    EXPECT_THAT(import_onnx_bytes(with_added_constant(shape), "net.onnx").nodes[1].layer().bias,
                ElementsAre(10, 10, 10, 10));
}

TEST(ImportOnnx, RefusesAnAddedConstantThatSpreadsAlongAnotherAxis) {
  for (const std::vector<int>& shape : {std::vector{4},
                                        {4, 1},
                                        {1, 4},
                                        {1, 1, 4},
                                        {1, 4, 1},
                                        {1, 1, 4, 1},
                                        {1, 1, 1, 4},
                                        {4, 1, 1, 1},
                                        {1, 1, 4, 1, 1},
                                        {1, 1, 1, 1, 1},
                                        {4, 4},
                                        {3, 1, 1},
                                        {4, 4, 4}})
    EXPECT_THAT(complaint(with_added_constant(shape)),
                AllOf(HasSubstr("'plus' (Add)"), HasSubstr("'k' has the shape [")))
        << shape.size() << " axes";
}

TEST(ImportOnnx, TakesGemmsBiasByItsShape) {
  const auto with = [](const std::vector<int>& dims) {
    qdq_builder b = every_operator();
    auto& bias = initialiser(b, "fc.b");
    bias.clear_dims();
    for (int d : dims) bias.add_dims(d);
    b.find("fc.b.dq").mutable_attribute(0)->set_i(static_cast<int>(dims.size()) - 1);
    return b.bytes();
  };
  EXPECT_EQ(complaint(with({4})), "");
  EXPECT_EQ(complaint(with({1, 4})), "");
  qdq_builder b = every_operator();
  auto& bias = initialiser(b, "fc.b");
  bias.add_dims(1);
  b.find("fc.b.dq").mutable_attribute(0)->set_i(0);
  EXPECT_THAT(complaint(b.bytes()), AllOf(HasSubstr("'fc' (Gemm)"), HasSubstr("[4, 1]")));
  auto& of_conv = initialiser(b = every_operator(), "main.b");
  of_conv.add_dims(1);
  EXPECT_THAT(complaint(b.bytes()), AllOf(HasSubstr("'main' (Conv)"), HasSubstr("[4, 1]")));
}

TEST(ImportOnnx, RefusesAnAttributeItDoesNotKnowOnEveryNode) {
  const int nodes = every_operator().graph().node_size();
  for (int n = 0; n < nodes; ++n) {
    qdq_builder b = every_operator();
    onnx::NodeProto& node = *b.graph().mutable_node(n);
    b.set(node, "unheard_of", 1);
    EXPECT_THAT(complaint(b.bytes()), AllOf(HasSubstr("'" + node.name() + "'"), HasSubstr("unheard_of")));
  }
}

TEST(ImportOnnx, RefusesAttributesThatWouldChangeTheResult) {
  const auto with = [](const std::string& node, const std::string& attribute, long value) {
    return complaint_about([&](auto& b) { b.set(b.find(node), attribute, value); });
  };
  EXPECT_THAT(with("image.q", "block_size", 2), HasSubstr("block_size"));
  EXPECT_THAT(with("image.dq", "block_size", 2), HasSubstr("block_size"));
  EXPECT_THAT(with("image.q", "saturate", 0), HasSubstr("saturate"));
  EXPECT_THAT(with("image.q", "output_dtype", onnx::TensorProto::UINT8), HasSubstr("output_dtype is UINT8"));
  EXPECT_THAT(with("image.dq", "output_dtype", onnx::TensorProto::FLOAT16), HasSubstr("output_dtype"));
  EXPECT_THAT(with("avgpool", "keepdims", 0), HasSubstr("keepdims"));
  EXPECT_THAT(with("maxpool", "count_include_pad", 1), HasSubstr("count_include_pad"));
  EXPECT_THAT(with("maxpool", "storage_order", 2), HasSubstr("storage_order"));
  EXPECT_THAT(with("add", "axis", 1), HasSubstr("axis"));
  EXPECT_THAT(with("flatten", "axis", 2), HasSubstr("axis"));
  EXPECT_THAT(with("fc", "transA", 1), HasSubstr("transA"));
  EXPECT_EQ(with("flatten", "axis", -3), "");
  EXPECT_EQ(with("image.q", "saturate", 1), "");
  EXPECT_EQ(with("image.q", "output_dtype", onnx::TensorProto::INT8), "");
  EXPECT_EQ(with("maxpool", "storage_order", 1), "") << "concerns an output that is not there";
}

TEST(ImportOnnx, RefusesShapesOfScalesAndMapsThatDoNotFit) {
  EXPECT_THAT(complaint_about([](auto& b) { b.find("fc").set_input(0, "avgpool.out.dq.out"); }),
              AllOf(HasSubstr("'fc' (Gemm)"), HasSubstr("behind a Flatten")))
      << "[N, C, 1, 1] is no matrix";
  EXPECT_THAT(complaint_about([](auto& b) {
                initialiser(b, "image.scale").add_dims(1), initialiser(b, "image.scale").add_dims(1);
              }),
              AllOf(HasSubstr("image.q"), HasSubstr("[1, 1]")));
  EXPECT_THAT(complaint_about([](auto& b) {
                initialiser(b, "main.w.scale").set_dims(0, 0);
                initialiser(b, "main.w.scale").clear_raw_data();
                initialiser(b, "main.w.scale").set_raw_data("");
              }),
              AllOf(HasSubstr("main.w.dq"), HasSubstr("scale")));
  EXPECT_THAT(complaint_about([](auto& b) {
                initialiser(b, "main.w.zero").set_dims(0, 3);
                initialiser(b, "main.w.zero").set_raw_data(std::string(3, 0));
              }),
              AllOf(HasSubstr("main.w.dq"), HasSubstr("zero point has the shape [3]")));
  EXPECT_THAT(complaint_about([](auto& b) { *b.find("relu2").mutable_output(0) = "conv1.out"; }), HasSubstr("taken"));
}

TEST(ImportOnnx, FusesAReluBehindAQuantiserOfItsOwn) {
  const auto net = [](float first, float second) {
    qdq_builder b = every_operator();
    initialiser(b, "relu1.out.scale").set_raw_data(std::string(reinterpret_cast<const char*>(&second), 4));
    initialiser(b, "maxpool.out.scale").set_raw_data(std::string(reinterpret_cast<const char*>(&second), 4));
    const float main = second * 0.01f;
    for (const char* layer : {"main", "down"}) {
      std::vector<float> scales{main, 2 * second * 0.01f, 3 * second * 0.01f, 4 * second * 0.01f};
      initialiser(b, std::string(layer) + ".b.scale")
          .set_raw_data(std::string(reinterpret_cast<const char*>(scales.data()), 16));
    }
    qdq_builder c = b;  // the quantiser's nodes must stand before the Relu
    c.graph().clear_node();
    for (const auto& node : b.graph().node()) {
      if (node.name() == "relu1") c.quantise("conv1.out", first);
      *c.graph().add_node() = node;
    }
    c.find("relu1").set_input(0, "conv1.out.dq.out");
    return c;
  };
  const integer_graph same = import_onnx_bytes(net(0.05f, 0.05f).bytes(), "net.onnx");
  EXPECT_EQ(same.nodes[1].layer().requantise.lo, 0);
  EXPECT_EQ(same.tensors[1].scale, 0.05f);
  const integer_graph finer = import_onnx_bytes(net(0.05f, 0.02f).bytes(), "net.onnx");
  EXPECT_EQ(finer.nodes[1].layer().requantise.lo, 0);
  EXPECT_EQ(finer.tensors[1].scale, 0.02f) << "the scale behind the Relu counts";
  EXPECT_THAT(complaint(net(0.05f, 0.07f).bytes()), AllOf(HasSubstr("relu1.out.q"), HasSubstr("before its Relu")));
  qdq_builder twice = net(0.05f, 0.05f);
  twice.node("Relu", "relu3", {"conv1.out.dq.out"});
  EXPECT_THAT(complaint(twice.bytes()), AllOf(HasSubstr("'relu1'"), HasSubstr("read elsewhere")));
}

TEST(ImportOnnx, LeavesOutAQuantiserOfTheLogits) {
  qdq_builder b = every_operator();
  b.graph().clear_output();
  b.output(b.quantise("fc.out", 0.1f));
  const integer_graph g = import_onnx_bytes(b.bytes(), "net.onnx");
  EXPECT_EQ(g.nodes.back().kind(), node_kind::logits);
  EXPECT_EQ(g.nodes.back().name, "fc");
}

TEST(ImportOnnx, TakesTheConversionOfPixelsFromItsMetadata) {
  const auto graph = [](const char* text) {
    qdq_builder b = every_operator();
    b.model.clear_metadata_props();
    if (text != nullptr) b.metadata("ohmic.input", text);
    return import_onnx_bytes(b.bytes(), "net.onnx");
  };
  EXPECT_FALSE(graph(nullptr).pixels_known);
  const integer_graph older = graph(R"({"pixel_offset": 128})");
  EXPECT_TRUE(older.pixels_known);
  const std::vector<pixel_table> tables = pixel_tables(older.pixels, 3, older.input().scale);
  for (int v = 0; v < 256; ++v) ASSERT_EQ(tables[0][v], v - 128);
  const integer_graph g = graph(R"({"scale": 0.5, "offset": 1, "mean": [1, 2], "std": 4, "channels": "bgr"})");
  EXPECT_TRUE(g.pixels_known);
  EXPECT_EQ(g.pixels.scale, 0.5);
  EXPECT_EQ(g.pixels.offset, 1);
  EXPECT_THAT(g.pixels.mean, ElementsAre(1, 2));
  EXPECT_THAT(g.pixels.std, ElementsAre(4));
  EXPECT_EQ(g.pixels.channels, pixel_conversion::channel_order::bgr);
  for (const char* text : {"{", "3", R"({"size": 1})", R"({"scale": "1"})", R"({"channels": "xyz"})",
                           R"({"pixel_offset": 127})", R"({"pixel_offset": 128, "scale": 1})"})
    EXPECT_THAT(complaint_about([&](auto& b) { b.metadata("ohmic.input", text); }),
                HasSubstr("metadata 'ohmic.input'"));
}

TEST(SettlePixels, AssumesNothingInSilence) {
  const auto graph = [](float scale, int channels = 3) {
    integer_graph g;
    g.tensors.push_back({"image", channels, 4, 4, scale, 0, {}});
    g.nodes.emplace_back().output = 0;
    g.pixels_known = false;
    return g;
  };
  for (const float scale : {1 / 64.f, 2 / 127.f, 1.0095f / 64, 0.9905f / 64}) {
    integer_graph ours = graph(scale);
    EXPECT_THAT(settle_pixels(ours, {}, "net.onnx"), HasSubstr("(pixel - 128) / 64 is taken"));
    EXPECT_EQ(ours.pixels.offset, -2);
    EXPECT_TRUE(ours.pixels_known);
    EXPECT_EQ(settle_pixels(ours, {}, "net.onnx"), "") << "settled";
  }
  for (const float scale : {1.0105f / 64, 0.9895f / 64}) {
    integer_graph far = graph(scale);
    EXPECT_THROW(settle_pixels(far, {}, "net.onnx"), import_error) << "more than a hundredth from ours";
  }
  integer_graph other = graph(1 / 127.f);
  try {
    settle_pixels(other, {}, "net.onnx");
    FAIL() << "was assumed";
  } catch (const import_error& e) {
    EXPECT_THAT(e.what(), AllOf(HasSubstr("net.onnx"), HasSubstr("scale 0.00787"), HasSubstr("input: {scale: 1/255}")));
  }
  pixel_conversion unit;
  unit.scale = 1 / 255.;
  EXPECT_EQ(settle_pixels(other, unit, "net.onnx"), "");
  EXPECT_EQ(other.pixels.scale, unit.scale);
  integer_graph four = graph(1 / 64.f, 4);
  EXPECT_THROW(settle_pixels(four, {}, "net.onnx"), import_error);
}

TEST(ImportOnnx, SaysItInOneLineWhateverTheNamesHold) {
  EXPECT_THAT(complaint_about([](auto& b) {
                b.find("relu1").set_name("a\nb\x7f");
                b.find("a\nb\x7f").set_op_type("Sigmoid");
              }),
              HasSubstr("node 'a\\x0ab\\x7f' (Sigmoid)"));
}

TEST(SaveCalibrated, IsReadBackAsTheSameGraph) {
  const scratch_folder folder;
  const std::string source = folder.path("import_onnx_test.onnx");
  std::ofstream(source, std::ios::binary) << every_operator().bytes();
  integer_graph g = import_onnx(source);
  g.calibrated = true;
  g.rows = 64;
  g.calibration_images = 3;
  for (graph_node& n : g.nodes) {
    if (n.on_crossbar()) {
      const crossbar_layer& l = n.layer();
      n.layer().row_sets = split_rows(l.in_channels, l.window.size_x, l.window.size_y, 64);
      n.layer().adc = {1234, 13};
      n.layer().requantise.m = {1, 20, 300, 32767};
      n.layer().requantise.b = {-5, 0, 7, 1 << 20};
      n.layer().requantise.s = 11;
    }
    if (n.kind() == node_kind::add) n.add() = {111, 222, 10, n.add().lo};
    if (n.kind() == node_kind::average_pool) n.average() = {333, 12};
  }
  save_calibrated(source, g, folder.path("import_onnx_test.calibrated.onnx"));
  const integer_graph back = import_onnx(folder.path("import_onnx_test.calibrated.onnx"));
  ASSERT_TRUE(back.calibrated);
  EXPECT_EQ(back.rows, 64);
  EXPECT_EQ(back.calibration_images, 3);
  for (std::size_t i = 0; i < g.nodes.size(); ++i) {
    const graph_node &a = g.nodes[i], &b = back.nodes[i];
    ASSERT_EQ(a.kind(), b.kind()) << a.name;
    if (a.kind() == node_kind::add) {
      EXPECT_EQ(a.add().b, b.add().b);
    }
    if (a.kind() == node_kind::average_pool) {
      EXPECT_EQ(a.average().s, b.average().s);
    }
    if (!a.on_crossbar()) continue;
    EXPECT_EQ(a.layer().row_sets, b.layer().row_sets) << a.name;
    EXPECT_EQ(a.layer().adc.m, b.layer().adc.m);
    EXPECT_EQ(a.layer().requantise.m, b.layer().requantise.m);
    EXPECT_EQ(a.layer().requantise.b, b.layer().requantise.b);
    EXPECT_EQ(a.layer().requantise.s, b.layer().requantise.s);
  }
  EXPECT_THROW(save_calibrated(source, g, "/no/such/folder/x.onnx"), import_error);
}

// The calibration that was just written, with one thing changed.
TEST(SaveCalibrated, IsRefusedWhereItDoesNotFitTheNetwork) {
  qdq_builder b = every_operator();
  integer_graph g = import_onnx_bytes(b.bytes(), "net.onnx");
  g.rows = 64;
  for (graph_node& n : g.nodes) {
    if (n.has_layer()) {
      crossbar_layer& l = n.layer();
      l.row_sets = split_rows(l.in_channels, l.window.size_x, l.window.size_y, 64);
      l.adc = {1, 1};
      l.requantise = {{1, 1, 1, 1}, {0, 0, 0, 0}, 8, l.requantise.lo, l.requantise.hi};
    }
    if (n.kind() == node_kind::add) n.add() = {1, 1, 1, n.add().lo};
    if (n.kind() == node_kind::average_pool) n.average() = {1, 1};
  }
  const std::string right = calibrated_bytes_of(b.bytes(), "net.onnx", g);
  EXPECT_EQ(complaint(right), "");
  onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(right));
  const auto with = [&](const std::string& what, const std::string& instead) {
    onnx::ModelProto changed = model;
    for (auto& entry : *changed.mutable_metadata_props())
      if (entry.key() == "ohmic.calibration") {
        const std::size_t at = entry.value().find(what);
        EXPECT_NE(at, std::string::npos) << what;
        if (at != std::string::npos) entry.mutable_value()->replace(at, what.size(), instead);
      }
    return complaint(changed.SerializeAsString());
  };
  EXPECT_EQ(with("\"rows\":64", "\"rows\":65"), "");
  EXPECT_THAT(with("\"rows\":64", "\"rows\":0"), HasSubstr("rows = 0"));
  EXPECT_THAT(with("\"rows\":64", "\"rows\":64.5"), HasSubstr("not an integer"));
  EXPECT_THAT(with("\"kx\":[0,3]", "\"kx\":[0,3,3]"), HasSubstr("is not a range"));
  EXPECT_THAT(with("\"kx\":[0,3]", "\"kx\":[0]"), HasSubstr("is not a range"));
  EXPECT_THAT(with("\"kx\":[0,3]", "\"kx\":3"), HasSubstr("is not a range"));
  EXPECT_THAT(with("\"kx\":[0,3]", "\"kx\":[1,3]"), HasSubstr("only whole kernel rows"));
  EXPECT_THAT(with("\"kx\":[0,3]", "\"kx\":[0,2]"), HasSubstr("only whole kernel rows"));
  EXPECT_THAT(with("\"relu\":true", "\"relu\":false"), HasSubstr("which is not what the graph says"));
  EXPECT_THAT(with("\"relu\":false", "\"relu\":true"), HasSubstr("which is not what the graph says"));
  EXPECT_THAT(with("\"s\":8", "\"s\":0"), HasSubstr("outside 1 .. 30"));
  EXPECT_THAT(with("\"s\":8", "\"s\":31"), HasSubstr("outside 1 .. 30"));
  EXPECT_THAT(with("\"m\":[1,", "\"m\":[32768,"), HasSubstr("outside 0 .. 32767"));
  EXPECT_THAT(with("\"b\":[0,", "\"b\":[2147483648,"), HasSubstr("outside"));
  EXPECT_THAT(with("\"conv\":{", "\"conv\":{\"more\":{},"), HasSubstr("5 entries under"));
}

TEST(ImportErrorTest, IsOneLineWhateverNamesTheFileHolds) {
  EXPECT_STREQ(import_error("key 'a\nb\x7f' is unknown").what(), "key 'a\\x0ab\\x7f' is unknown");
}

}  // namespace
}  // namespace ohmic
