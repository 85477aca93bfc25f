// A network on its way from a file to what is mapped: which layers run on cores, what it is calibrated with, and when
// that is done anew.
#include "platform/experiment/network.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include "platform/config/config_error.h"
#include "platform/experiment/locations.h"
#include "sw/compiler/onnx/import_onnx.h"
#include "sw/compiler/quantise/quantise_onnx.h"
#include "tests/host/scratch_folder.h"
#include "tests/sw/compiler/images/npz_file.h"
#include "tests/sw/compiler/images/stored_png.h"
#include "tests/sw/compiler/onnx/float_builder.h"

namespace ohmic {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using layer_choice = std::map<std::string, unsigned>;

/// image [3, 4, 4] -> depthwise `deep` -> `one` of 1 x 1 -> mean -> `fc`; ten samples to calibrate it with.
class NetworkTest : public ScratchFolder {
 protected:
  NetworkTest() {
    setenv("OHMIC_CACHE", path("cache").c_str(), 1);
    write("net.onnx", builder().bytes());
    write("data.npz", samples(10, 0));
    write("other.npz", samples(10, 1));
  }
  ~NetworkTest() override { unsetenv("OHMIC_CACHE"); }

  static float_builder builder() {
    float_builder b(3, 4, 4);
    std::vector<float> nine(27), four(12);
    for (std::size_t i = 0; i < nine.size(); ++i) nine[i] = 0.1f * static_cast<float>(i % 7) - 0.2f;
    for (std::size_t i = 0; i < four.size(); ++i) four[i] = 0.1f * static_cast<float>(i % 5) - 0.1f;
    std::string x = b.conv("deep", "image", {3, 1, 3, 3}, nine, {}, {{3, 3}, {1, 1}, {1, 1, 1, 1}}, 3);
    x = b.conv("one", x, {4, 3, 1, 1}, four, {}, {{1, 1}});
    b.output(b.gemm("fc", b.flat(b.node("GlobalAveragePool", "mean", {x}).output(0)), 2, 4, {1, 2, 3, 4, 4, 3, 2, 1},
                    {0, 0}));
    return b;
  }
  static std::string samples(int count, int shift) {
    std::vector<std::uint8_t> x;
    for (int i = 0; i < count * 48; ++i) x.push_back(static_cast<std::uint8_t>((i * 37 + shift * 11) % 100));
    const std::string n = std::to_string(count);
    return zip_file(
        {{"x.npy", npy_file("|u1", n + ", 3, 4, 4", x)},
         {"y.npy", npy_file("<i8", n + ",", std::vector<std::int64_t>(static_cast<std::size_t>(count), 0))}});
  }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
  }

  prepared_network prepared(const layer_choice& layers = {}, std::optional<std::size_t> most = std::nullopt,
                            const std::string& calibration = "data.npz") const {
    return prepare_network(path("net.onnx"), calibration.empty() ? "" : path(calibration), pixel_conversion{}, 256, 1,
                           most, true, {layers, {}});
  }
  static std::vector<std::string> digital(const integer_graph& graph) {
    std::vector<std::string> names;
    for (const graph_node& n : graph.nodes)
      if (n.has_layer() && n.layer().digital) names.push_back(n.name);
    return names;
  }
  experiment_config experiment() const {
    experiment_config c;
    c.model = path("net.onnx");
    c.model_is_file = true;
    c.images.calibration = path("data.npz");
    c.input = pixel_conversion{};
    c.engine.threads = 1;
    return c;
  }
  template <class error, class work>
  static std::string refusal(const work& f) {
    try {
      f();
    } catch (const error& e) {
      return e.what();
    }
    return "";
  }
};

TEST_F(NetworkTest, DepthwiseLayersRunOnCoresUnlessSomethingElseIsSaid) {
  EXPECT_THAT(digital(prepared().graph), ElementsAre("deep"));
  EXPECT_THAT(digital(prepared({{"deep", 1}}).graph), IsEmpty());
  EXPECT_THAT(digital(prepared({{"one", 0}}).graph), ElementsAre("deep", "one"));
  EXPECT_THAT(digital(prepared({{"*", 0}}).graph), ElementsAre("deep", "one", "fc"));
  EXPECT_THAT(digital(prepared({{"*", 1}}).graph), IsEmpty());
  EXPECT_THAT(digital(prepared({{"*", 0}, {"fc", 1}}).graph), ElementsAre("deep", "one"));
  EXPECT_THAT(digital(prepared({{"*", 1}, {"fc", 0}}).graph), ElementsAre("fc"));
}

TEST_F(NetworkTest, ALayerThatIsNotThereIsRefusedWithThoseThatAre) {
  EXPECT_THAT(refusal<graph_error>([&] { prepared({{"won", 0}}); }),
              AllOf(HasSubstr("no layer 'won'"), HasSubstr("there are: deep, fc, one")));
}

TEST_F(NetworkTest, OfLabelledDataTheFirstAreTaken) {
  EXPECT_EQ(prepared().graph.calibration_images, 10);
  EXPECT_EQ(prepared({}, 10).graph.calibration_images, 10);
  EXPECT_EQ(prepared({}, 3).graph.calibration_images, 3);
  EXPECT_THAT(refusal<config_error>([&] { prepared({}, 11); }),
              AllOf(HasSubstr("--calibration-images 11"), HasSubstr("data.npz holds 10 samples")));
}

// What is quantised already takes all pictures, too.
TEST_F(NetworkTest, OfPicturesNoneAreChosenForAQuantisedNetwork) {
  const std::string bytes = builder().bytes();
  write("qdq.onnx", float_network(bytes, "net.onnx").quantised({std::vector<float>(48, 0.5f)}, 1));
  std::filesystem::create_directory(path("pictures"));
  for (const char* name : {"pictures/a.png", "pictures/b.png"})
    write(name, stored_png(4, 4, [](int x, int y) { return 10 * x + y; }));
  const auto images = [&](std::optional<std::size_t> most) {
    return prepare_network(path("qdq.onnx"), path("pictures"), pixel_conversion{}, 256, 1, most, true)
        .graph.calibration_images;
  };
  EXPECT_EQ(images(std::nullopt), 2);
  EXPECT_THAT(refusal<config_error>([&] { images(1); }), HasSubstr("all pictures of "));
}

TEST_F(NetworkTest, AFolderOfPicturesCalibratesToo) {
  std::filesystem::create_directory(path("pictures"));
  for (const char* name : {"pictures/a.png", "pictures/b.png"})
    write(name, stored_png(4, 4, [](int x, int y) { return 10 * x + y; }));
  EXPECT_EQ(prepared({}, std::nullopt, "pictures").graph.calibration_images, 2);
  EXPECT_THAT(refusal<config_error>([&] { prepared({}, 1, "pictures"); }), HasSubstr("all pictures of "));
  EXPECT_EQ(prepared({}, std::nullopt, "pictures/a.png").graph.calibration_images, 1);
  std::filesystem::create_directories(path("classes/one"));
  write("classes/one/a.png", stored_png(4, 4, [](int x, int) { return x; }));
  EXPECT_EQ(prepared({}, std::nullopt, "classes").graph.calibration_images, 1) << "a folder per class is labelled data";
}

TEST_F(NetworkTest, WhatIsMissingIsNamed) {
  EXPECT_THAT(refusal<missing_file>([&] { prepared({}, std::nullopt, ""); }), HasSubstr("--calibration"));
  EXPECT_THAT(refusal<import_error>(
                  [&] { prepare_network(path("net.onnx"), path("data.npz"), {}, 256, 1, std::nullopt, true); }),
              HasSubstr("nothing says how pixels or values become the float network's input"));
  float_builder b = builder();
  auto* entry = b.model.add_metadata_props();
  entry->set_key("ohmic.input");
  entry->set_value(R"({"scale": 2})");
  write("net.onnx", b.bytes());
  const prepared_network net = prepare_network(path("net.onnx"), path("data.npz"), {}, 256, 1, std::nullopt, true);
  EXPECT_EQ(net.graph.pixels.scale, 2) << "its metadata say it";
  EXPECT_EQ(prepared().graph.pixels.scale, 1) << "what is given wins";
}

TEST_F(NetworkTest, AFileThatSaysItAllNeedsNothing) {
  calibrate_file(path("net.onnx"), path("data.npz"), 128, 1, pixel_conversion{}, path("new/folder/out.onnx"), true);
  EXPECT_EQ(names().count("new/folder/out.onnx"), 1u) << "with its folders";
  const integer_graph made = import_onnx(path("new/folder/out.onnx"));
  EXPECT_TRUE(made.calibrated);
  EXPECT_EQ(made.rows, 128);
  EXPECT_TRUE(made.pixels_known);
  const prepared_network again = prepare_network(path("new/folder/out.onnx"), "", {}, 256, 1, std::nullopt, true);
  EXPECT_EQ(again.source, nullptr) << "no float network";
  EXPECT_EQ(again.graph.rows, 128);
  experiment_config c = experiment();
  c.model = path("new/folder/out.onnx");
  c.images.calibration.clear();
  c.input.reset();
  const network as_it_is = load_network(c, true);
  EXPECT_TRUE(as_it_is.graph.calibrated);
  c.layers.copies = {{"deep", 0}, {"one", 1}};
  EXPECT_EQ(load_network(c, true).hash, as_it_is.hash);
  c.layers.copies = {{"one", 0}};
  const network moved = load_network(c, true);
  EXPECT_NE(moved.hash, as_it_is.hash);
  for (const graph_node& node : moved.graph.nodes)
    if (node.name == "one") EXPECT_TRUE(node.layer().digital && node.layer().row_sets.empty());
  const prepared_network evaluated =
      prepare_network(path("new/folder/out.onnx"), "", {}, 256, 1, std::nullopt, true, {{{"one", 0}}, {}});
  EXPECT_EQ(calibrated_bytes_of(evaluated.bytes, "", evaluated.graph),
            calibrated_bytes_of(evaluated.bytes, "", moved.graph))
      << "what runs is what is evaluated";
  c.layers.copies = {{"*", 1}};
  EXPECT_THAT(refusal<graph_error>([&] { load_network(c, true); }),
              AllOf(HasSubstr("'deep' digital"), HasSubstr("calibrate it anew")));
}

TEST_F(NetworkTest, InputsOfOneClassOfSeveralAreToldOf) {
  std::vector<int> sorted(64, 7);
  sorted.insert(sorted.end(), 64, 3);
  EXPECT_THAT(note_of_classes(sorted, 64, "data.bin"),
              AllOf(HasSubstr("first 64"), HasSubstr("data.bin"), HasSubstr("class 7")));
  EXPECT_EQ(note_of_classes(sorted, 65, "data.bin"), "") << "two classes";
  EXPECT_EQ(note_of_classes(sorted, 31, "data.bin"), "") << "few, which may be of one class by chance";
  EXPECT_EQ(note_of_classes(std::vector<int>(64, 7), 64, "data.bin"), "") << "there is one only";
  EXPECT_EQ(note_of_classes({}, 256, "data.bin"), "");
}

TEST_F(NetworkTest, ACalibrationThatFailsLeavesNoFolder) {
  write("empty.npz", "nothing");
  EXPECT_ANY_THROW(
      calibrate_file(path("net.onnx"), path("empty.npz"), 128, 1, pixel_conversion{}, path("new/out.onnx"), true));
  EXPECT_EQ(names().count("new"), 0u);
}

TEST_F(NetworkTest, WhatItIsCalibratedWithIsPartOfItsHash) {
  const std::string one = load_network(experiment(), true).hash;
  EXPECT_EQ(load_network(experiment(), true).hash, one);
  const std::function<void(experiment_config&)> changes[] = {
      [&](experiment_config& c) { c.images.calibration = path("other.npz"); },
      [](experiment_config& c) { c.chip.ima.rows = 128; },
      [](experiment_config& c) { c.layers.copies = {{"one", 0}}; },
      [](experiment_config& c) { c.layers.splits = {{"one", 1}}; },
      [](experiment_config& c) { c.layers.splits = {{"one", 2}}; },
      [](experiment_config& c) { c.input->scale = 0.5; },
      [](experiment_config& c) { c.input->offset = 1; },
      [](experiment_config& c) { c.input->mean = {1}; },
      [](experiment_config& c) { c.input->std = {2}; },
      [](experiment_config& c) { c.input->channels = pixel_conversion::channel_order::bgr; },
  };
  std::set<std::string> hashes = {one};
  for (std::size_t i = 0; i < std::size(changes); ++i) {
    experiment_config c = experiment();
    changes[i](c);
    EXPECT_TRUE(hashes.insert(load_network(c, true).hash).second) << "change " << i;
  }
  experiment_config same = experiment();
  same.layers.copies = {{"deep", 0}};  // as it is by itself
  EXPECT_EQ(load_network(same, true).hash, one);
}

TEST_F(NetworkTest, TheSameGraphComesFromTheCacheAndABrokenEntryIsMadeAnew) {
  const network first = load_network(experiment(), true), second = load_network(experiment(), true);
  const auto same = [&](const network& n) {
    ASSERT_EQ(n.graph.nodes.size(), first.graph.nodes.size());
    EXPECT_EQ(n.graph.name, first.graph.name);
    for (std::size_t i = 0; i < n.graph.nodes.size(); ++i) {
      if (!n.graph.nodes[i].has_layer()) continue;
      EXPECT_EQ(n.graph.nodes[i].layer().requantise.m, first.graph.nodes[i].layer().requantise.m);
      EXPECT_EQ(n.graph.nodes[i].layer().requantise.b, first.graph.nodes[i].layer().requantise.b);
      EXPECT_EQ(n.graph.nodes[i].layer().weights, first.graph.nodes[i].layer().weights);
    }
  };
  same(second);
  const std::filesystem::path entry = std::filesystem::directory_iterator(path("cache/calibrated"))->path();
  std::ofstream(entry) << "broken";
  same(load_network(experiment(), true));
}

// A folder that is there is asked before the work: nothing is read for what cannot be written.
TEST_F(NetworkTest, WhatCannotBeWrittenIsToldFirst) {
  std::filesystem::create_directory(path("folder"));
  try {
    calibrate_file(path("none.onnx"), path("none"), 128, 1, {}, path("folder"), true);
    FAIL();
  } catch (const std::exception& error) {
    EXPECT_NE(std::string(error.what()).find("cannot write " + path("folder")), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace ohmic
