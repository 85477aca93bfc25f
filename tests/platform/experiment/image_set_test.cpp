#include "platform/experiment/image_set.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "platform/experiment/locations.h"
#include "sw/compiler/images/image.h"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

/// A folder with two 40 x 8 pictures whose pixels tell where they are. PGM is not read, so they are tiny PNGs made by
/// hand: 8-bit grey, stored (not compressed) blocks.
class ImageSetTest : public testing::Test {
 protected:
  static constexpr int picture_width = 40, picture_height = 8;

  ImageSetTest() : folder_(fs::temp_directory_path() / ("ohmic_images_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
    write_png(folder_ / "00_cat.png", 0);
    write_png(folder_ / "1_dog.png", 100);
    graph.labels = {"dog", "cat"};
    graph.nodes.resize(1);
    graph.nodes[0].output = 0;
    graph.tensors.resize(1);
    graph.tensors[0].channels = 3;
    graph.tensors[0].width = 8;
    graph.tensors[0].height = 8;
    graph.tensors[0].scale = 1 / 64.f;
    config.images.dir = folder_.string();
  }
  ~ImageSetTest() override { fs::remove_all(folder_); }

  static void put32(std::string& out, std::uint32_t v) {
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(v >> shift & 255);
  }
  static std::uint32_t crc(const std::string& bytes) {
    std::uint32_t c = ~0u;
    for (const unsigned char b : bytes) {
      c ^= b;
      for (int k = 0; k < 8; ++k) c = c & 1 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
    }
    return ~c;
  }
  static void chunk(std::string& out, const std::string& type, const std::string& data) {
    put32(out, static_cast<std::uint32_t>(data.size()));
    out += type + data;
    put32(out, crc(type + data));
  }
  static void write_png(const fs::path& file, int base) {
    std::string raw, header, stored("\x78\x01\x01", 3), out("\x89PNG\r\n\x1a\n", 8);
    for (int y = 0; y < picture_height; ++y) {
      raw += '\0';
      for (int x = 0; x < picture_width; ++x) raw += static_cast<char>(base + x);
    }
    const auto n = static_cast<unsigned>(raw.size());
    for (const unsigned v : {n & 255, n >> 8, ~n & 255, ~n >> 8 & 255}) stored += static_cast<char>(v);
    std::uint32_t a = 1, b = 0;
    for (const unsigned char c : raw) a = (a + c) % 65521, b = (b + a) % 65521;
    stored += raw;
    put32(stored, b << 16 | a);
    put32(header, picture_width);
    put32(header, picture_height);
    header += std::string("\x08\x00\x00\x00\x00", 5);
    chunk(out, "IHDR", header);
    chunk(out, "IDAT", stored);
    chunk(out, "IEND", "");
    std::ofstream(file, std::ios::binary) << out;
  }
  int first_column(const image_set& set, std::size_t image) { return set.maps[image].at(0, 0, 0) + 128; }

  fs::path folder_;
  integer_graph graph;
  experiment_config config;
};

TEST_F(ImageSetTest, ReadsScenesFromNumberedNames) {
  config.images.count = 2;
  const image_set set = load_images(config, graph, "");
  EXPECT_EQ(set.scenes, (std::vector<int>{1, 0}));
  EXPECT_EQ(first_column(set, 0), 16);  // the centre 8 of 40 pixels
  EXPECT_EQ(first_column(set, 1), 116);
}

TEST_F(ImageSetTest, TakesFurtherImagesAtOtherOffsets) {
  config.images.count = 6;
  const image_set set = load_images(config, graph, "");
  EXPECT_EQ(set.scenes, (std::vector<int>{1, 0, 1, 0, 1, 0}));
  EXPECT_NE(first_column(set, 2), first_column(set, 0));
  EXPECT_NE(first_column(set, 4), first_column(set, 2));
  for (std::size_t i = 0; i < set.size(); ++i)
    for (int x = 0; x < 8; ++x) EXPECT_EQ(set.maps[i].at(x, 3, 2) + 128, first_column(set, i) + x);
}

TEST_F(ImageSetTest, HashTellsImagesApart) {
  config.images.count = 1;
  const std::string one = load_images(config, graph, "").hash;
  EXPECT_EQ(load_images(config, graph, "").hash, one);
  config.images.count = 2;
  EXPECT_NE(load_images(config, graph, "").hash, one);
}

TEST_F(ImageSetTest, AsksForAFolderIfThereIsNone) {
  config.images.dir.clear();
  EXPECT_THROW(load_images(config, graph, ""), missing_file);
}

}  // namespace
}  // namespace ohmic
