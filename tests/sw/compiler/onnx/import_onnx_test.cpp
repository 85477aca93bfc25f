#include "sw/compiler/onnx/import_onnx.h"

#include <gmock/gmock.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <random>

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
    kinds.push_back(to_string(n.kind));
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
  EXPECT_THAT(main.layer.bias, ElementsAre(5, 6, 7, 8));
  EXPECT_THAT(main.layer.weight_scale, ElementsAre(0.01f, 0.02f, 0.03f, 0.04f));
  EXPECT_EQ(main.layer.window.stride_x, 2);
  EXPECT_EQ(main.layer.window.pad_y, 1);
  EXPECT_EQ(main.layer.weight(1, 2, 0, 1), (7 + (1 * 36 + 2 * 9 + 1) * 37) % 101 - 50);
}

TEST(ImportOnnx, FusesReluIntoTheOperatorBeforeIt) {
  const integer_graph g = import_onnx_bytes(every_operator().bytes(), "net.onnx");
  EXPECT_EQ(g.nodes[1].layer.requantise.lo, 0);
  EXPECT_EQ(g.nodes[3].layer.requantise.lo, -128);
  EXPECT_EQ(g.nodes[5].add.lo, 0);
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
  EXPECT_THAT(g.nodes[1].layer.weights, ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(g.nodes[1].layer.bias, ElementsAre(7, 8, 9));
  EXPECT_THAT(g.nodes[1].layer.weight_scale, ElementsAre(0.5f, 0.25f, 0.125f));
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
  const unsigned seed = std::random_device{}();
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
              AllOf(HasSubstr("'main' (Conv)"), HasSubstr("grouped or depthwise")));
  EXPECT_THAT(complaint_about([](auto& b) { b.set(b.find("main"), "dilations", {2, 2}); }), HasSubstr("dilated"));
  EXPECT_THAT(complaint_about([](auto& b) { b.find("main").clear_name(); }), HasSubstr("no name"));
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

TEST(SaveCalibrated, IsReadBackAsTheSameGraph) {
  const std::string folder = ::testing::TempDir(), source = folder + "import_onnx_test.onnx";
  std::ofstream(source, std::ios::binary) << every_operator().bytes();
  integer_graph g = import_onnx(source);
  g.calibrated = true;
  g.rows = 64;
  g.calibration_images = 3;
  for (graph_node& n : g.nodes) {
    if (n.on_crossbar()) {
      const crossbar_layer& l = n.layer;
      n.layer.row_sets = split_rows(l.in_channels, l.window.kernel_x, l.window.kernel_y, 64);
      n.layer.adc = {1234, 13};
      n.layer.requantise.m = {1, 20, 300, 32767};
      n.layer.requantise.b = {-5, 0, 7, 1 << 20};
      n.layer.requantise.s = 11;
    }
    if (n.kind == node_kind::add) n.add = {111, 222, 10, n.add.lo};
    if (n.kind == node_kind::average_pool) n.average = {333, 12};
  }
  save_calibrated(source, g, folder + "import_onnx_test.calibrated.onnx");
  const integer_graph back = import_onnx(folder + "import_onnx_test.calibrated.onnx");
  ASSERT_TRUE(back.calibrated);
  EXPECT_EQ(back.rows, 64);
  EXPECT_EQ(back.calibration_images, 3);
  for (std::size_t i = 0; i < g.nodes.size(); ++i) {
    const graph_node &a = g.nodes[i], &b = back.nodes[i];
    EXPECT_EQ(a.layer.row_sets, b.layer.row_sets) << a.name;
    EXPECT_EQ(a.layer.adc.m, b.layer.adc.m);
    EXPECT_EQ(a.layer.requantise.m, b.layer.requantise.m);
    EXPECT_EQ(a.layer.requantise.b, b.layer.requantise.b);
    EXPECT_EQ(a.layer.requantise.s, b.layer.requantise.s);
    EXPECT_EQ(a.add.b, b.add.b);
    EXPECT_EQ(a.average.s, b.average.s);
  }
  EXPECT_THROW(save_calibrated(source, g, "/no/such/folder/x.onnx"), import_error);
  std::remove(source.c_str());
  std::remove((folder + "import_onnx_test.calibrated.onnx").c_str());
}

}  // namespace
}  // namespace ohmic
