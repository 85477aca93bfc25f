#include "sw/compiler/images/image.h"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "host/checksum.h"
#include "tests/host/scratch_folder.h"
#include "tests/sw/compiler/images/stored_png.h"

// Foreign code: its warnings and its shifts of negative numbers are not ours to mend.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#ifdef __clang__
  #pragma clang attribute push(__attribute__((no_sanitize("undefined"))), apply_to = function)
#endif
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image_write.h>
#ifdef __clang__
  #pragma clang attribute pop
#endif
#pragma GCC diagnostic pop

namespace ohmic {
namespace {

using ::testing::HasSubstr;

class ImageTest : public ScratchFolder {
 protected:
  std::string write_png(const std::string& name, int width, int height, int components) {
    std::vector<unsigned char> data;
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x)
        for (int c = 0; c < components; ++c) data.push_back(value(x, y, c));
    stbi_write_png(path(name).c_str(), width, height, components, data.data(), width * components);
    return path(name);
  }
  static unsigned char value(int x, int y, int c) { return static_cast<unsigned char>(x * 7 + y * 13 + c * 50); }
  static std::string content(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static integer_graph network_of(int channels, int width, int height, float scale) {
    integer_graph g;
    g.nodes.resize(1);
    g.nodes[0].output = 0;
    g.tensors.resize(1);
    g.tensors[0].channels = channels;
    g.tensors[0].width = width;
    g.tensors[0].height = height;
    g.tensors[0].scale = scale;
    return g;
  }
  template <class function>
  static std::string complaint(const function& f) {
    try {
      f();
    } catch (const image_error& e) {
      return e.what();
    }
    return "";
  }

  const std::filesystem::path folder = path();
};

TEST_F(ImageTest, QuantisesPixelsToColumnsOfRowsOfChannels) {
  const feature_map map = image_quantiser(network_of(3, 5, 4, 1 / 64.f)).load(write_png("a.png", 5, 4, 3));
  ASSERT_EQ(map.channels, 3);
  ASSERT_EQ(map.width, 5);
  ASSERT_EQ(map.height, 4);
  for (int x = 0; x < 5; ++x)
    for (int y = 0; y < 4; ++y)
      for (int c = 0; c < 3; ++c) {
        EXPECT_EQ(map.at(x, y, c), value(x, y, c) - 128);
        EXPECT_EQ(map.data[static_cast<std::size_t>((x * 4 + y) * 3 + c)], value(x, y, c) - 128) << "[W][H][3]";
      }
}

TEST_F(ImageTest, DropsAlphaAndRepeatsGrey) {
  const rgb_image rgba = decode_image(write_png("rgba.png", 6, 3, 4));
  const rgb_image grey = decode_image(write_png("grey.png", 6, 3, 1));
  const rgb_image grey_alpha = decode_image(write_png("grey_alpha.png", 6, 3, 2));
  for (int c = 0; c < 3; ++c) {
    EXPECT_EQ(rgba.at(4, 2)[c], value(4, 2, c));
    EXPECT_EQ(grey.at(4, 2)[c], value(4, 2, 0));
    EXPECT_EQ(grey_alpha.at(4, 2)[c], value(4, 2, 0));
  }
}

TEST_F(ImageTest, CropsTheCentreRoundingDown) {
  const rgb_image crop = fit_image(decode_image(write_png("a.png", 10, 9, 3)), 5, 4);
  EXPECT_EQ(crop.at(0, 0)[1], value(2, 2, 1));
  EXPECT_EQ(crop.at(4, 3)[2], value(6, 5, 2));
}

TEST_F(ImageTest, ResizesOnlyWhereSmallerUnlessAsked) {
  const rgb_image flat_colour{40, 20, std::vector<std::uint8_t>(40 * 20 * 3, 77)};
  const rgb_image larger = fit_image(flat_colour, 64, 64);
  EXPECT_EQ(larger.width, 64);
  EXPECT_EQ(larger.height, 64);
  EXPECT_EQ(larger.pixels, std::vector<std::uint8_t>(64 * 64 * 3, 77));

  rgb_image gradient{400, 200, {}};  // left half black, right half white
  for (int i = 0; i < 200 * 400; ++i) gradient.pixels.insert(gradient.pixels.end(), 3, i % 400 < 200 ? 0 : 255);
  const rgb_image cut = fit_image(gradient, 100, 100);
  EXPECT_EQ(cut.at(0, 0)[0], 0) << "a cut keeps single pixels";
  EXPECT_EQ(cut.at(50, 50)[0], 255);
  EXPECT_EQ(cut.at(49, 50)[0], 0);
  const rgb_image asked = fit_image(gradient, 100, 100, image_resize::always);
  EXPECT_EQ(asked.at(25, 10)[0], 0);
  EXPECT_EQ(asked.at(75, 10)[0], 255);
}

// Both ways: what is too small along one axis grows along both, and the other axis is cut to its centre.
TEST_F(ImageTest, KeepsTheAspectRatioWhenItResizes) {
  rgb_image tall{2, 8, {}}, wide{8, 2, {}};
  for (int y = 0; y < 8; ++y)
    for (int x = 0; x < 2; ++x) tall.pixels.insert(tall.pixels.end(), 3, y < 3 ? 0 : y < 5 ? 120 : 240);
  for (int y = 0; y < 2; ++y)
    for (int x = 0; x < 8; ++x) wide.pixels.insert(wide.pixels.end(), 3, x < 3 ? 0 : x < 5 ? 120 : 240);
  const rgb_image a = fit_image(tall, 4, 4), b = fit_image(wide, 4, 4);  // 4 x 16 and 16 x 4: rows 6 .. 9 of 16
  ASSERT_EQ(a.width, 4);
  ASSERT_EQ(a.height, 4);
  ASSERT_EQ(b.height, 4);
  for (int i = 1; i < 3; ++i) {
    EXPECT_NEAR(a.at(1, i)[0], 120, 25) << "the middle of 8 rows, twice as large";
    EXPECT_NEAR(b.at(i, 1)[0], 120, 25);
  }
  for (int i = 0; i < 4; ++i) {
    EXPECT_GT(a.at(i, 0)[0], 40) << "no row of the upper three";
    EXPECT_LT(a.at(i, 3)[0], 200);
    EXPECT_GT(b.at(0, i)[0], 40);
    EXPECT_LT(b.at(3, i)[0], 200);
  }
}

TEST_F(ImageTest, DecodesJpegWithinItsLoss) {
  std::vector<unsigned char> data;
  for (int i = 0; i < 64 * 32; ++i) data.insert(data.end(), {static_cast<unsigned char>(i / 64 * 4), 100, 200});
  stbi_write_jpg(path("a.jpg").c_str(), 64, 32, 3, data.data(), 95);
  const rgb_image image = decode_image(path("a.jpg"));
  ASSERT_EQ(image.width, 64);
  EXPECT_NEAR(image.at(30, 20)[0], 80, 6);
  EXPECT_NEAR(image.at(30, 20)[2], 200, 6);
}

TEST_F(ImageTest, NamesTheFileThatIsMissingBrokenOrNoPicture) {
  EXPECT_THAT(complaint([&] { decode_image(path("none.png")); }), HasSubstr("none.png: cannot be read"));
  std::ofstream(path("text.png")) << "not a picture";
  EXPECT_THAT(complaint([&] { decode_image(path("text.png")); }), HasSubstr("text.png: is not a PNG or JPEG"));
  const std::string whole = write_png("whole.png", 50, 50, 3);
  std::filesystem::copy_file(whole, path("cut.png"));
  std::filesystem::resize_file(path("cut.png"), std::filesystem::file_size(whole) / 2);
  EXPECT_THAT(complaint([&] { decode_image(path("cut.png")); }), HasSubstr("cut.png: is cut off"));
  EXPECT_THAT(complaint([&] { decode_image(folder.string()); }), HasSubstr("is a folder"));
}

TEST_F(ImageTest, RefusesAPictureThatIsCutOffWherever) {
  std::vector<unsigned char> noise(40 * 30 * 3);
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<unsigned char>(i * i * 31 + i / 7);
  stbi_write_jpg(path("whole.jpg").c_str(), 40, 30, 3, noise.data(), 90);
  for (const std::string& name : {write_png("whole.png", 40, 30, 3), path("whole.jpg")}) {
    const std::string whole = content(name);
    for (std::size_t size = 0; size < whole.size(); ++size)
      ASSERT_THAT(complaint([&] { decode_image_bytes(whole.substr(0, size), "cut"); }), HasSubstr("cut: is "))
          << size << " of " << whole.size() << " bytes of " << name;
    EXPECT_EQ(complaint([&] { decode_image_bytes(whole, "whole"); }), "");
    EXPECT_EQ(complaint([&] { decode_image_bytes(whole + "behind the end", "whole"); }), "");
  }
}

TEST_F(ImageTest, RefusesAPngWithOneBitFlippedAnywhere) {
  const std::string whole = content(write_png("whole.png", 12, 9, 3));
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    ASSERT_NE(complaint([&] { decode_image_bytes(damaged, "x"); }), "") << "bit " << bit;
  }
}

// A header may claim far more than the file holds: what is too much is refused before it costs memory.
TEST_F(ImageTest, APictureHasAtMostAHundredMillionPixels) {
  const auto claiming = [](std::uint32_t width, std::uint32_t height) {
    std::string file = stored_png(1, 1, [](int, int) { return 0; });
    for (unsigned i = 0; i < 4; ++i) {
      file[16 + i] = static_cast<char>(width >> (24 - 8 * i));
      file[20 + i] = static_cast<char>(height >> (24 - 8 * i));
    }
    const std::uint32_t checksum = crc32_of(std::string_view(file).substr(12, 17));
    for (unsigned i = 0; i < 4; ++i) file[29 + i] = static_cast<char>(checksum >> (24 - 8 * i));
    return complaint([&] { decode_image_bytes(file, "x"); });
  };
  EXPECT_EQ(claiming(1, 1), "");
  EXPECT_THAT(claiming(10'000, 10'000), HasSubstr("cannot be decoded")) << "it holds one";
  EXPECT_THAT(claiming(10'000, 10'001), HasSubstr("has 10000x10001 pixels; at most 100 million are allowed"));
  EXPECT_THAT(claiming(10'001, 10'000), HasSubstr("at most 100 million"));
}

TEST_F(ImageTest, AppliesTheOrientationOfExif) {
  // Two by three blocks of 16x16 pixels, so that JPEG keeps their values: 1 2 / 3 4 / 5 6 (times 40).
  constexpr int columns = 2, rows = 3, block = 16;
  std::vector<unsigned char> data;
  for (int y = 0; y < rows * block; ++y)
    for (int x = 0; x < columns * block; ++x)
      data.insert(data.end(), 3, static_cast<unsigned char>(40 * (y / block * columns + x / block + 1)));
  stbi_write_jpg(path("a.jpg").c_str(), columns * block, rows * block, 3, data.data(), 100);
  const std::string plain = content(path("a.jpg"));
  const auto blocks = [&](const rgb_image& image) {
    std::vector<int> values;
    for (int y = 0; y < image.height / block; ++y)
      for (int x = 0; x < image.width / block; ++x)
        values.push_back((image.at(x * block + 8, y * block + 8)[1] + 20) / 40);
    values.push_back(image.width / block);
    return values;
  };
  // By the meaning of the tag: where the stored row 0 and column 0 lie in the picture. Last: blocks in a row.
  const std::vector<std::vector<int>> expected = {
      {1, 2, 3, 4, 5, 6, 2},  // 1: top, left
      {2, 1, 4, 3, 6, 5, 2},  // 2: top, right
      {6, 5, 4, 3, 2, 1, 2},  // 3: bottom, right
      {5, 6, 3, 4, 1, 2, 2},  // 4: bottom, left
      {1, 3, 5, 2, 4, 6, 3},  // 5: left, top
      {5, 3, 1, 6, 4, 2, 3},  // 6: right, top
      {6, 4, 2, 5, 3, 1, 3},  // 7: right, bottom
      {2, 4, 6, 1, 3, 5, 3},  // 8: left, bottom
  };
  for (const bool little : {true, false})
    for (int value = 0; value <= 9; ++value) {
      const auto number = [&](std::uint64_t v, int bytes) {
        std::string text;
        for (int i = 0; i < bytes; ++i) text += static_cast<char>(v >> 8 * (little ? i : bytes - 1 - i));
        return text;
      };
      const std::string tiff = (little ? "II" : "MM") + number(42, 2) + number(8, 4) + number(1, 2) +
                               number(0x0112, 2) + number(3, 2) + number(1, 4) +
                               number(static_cast<std::uint64_t>(value), 2) + number(0, 6);
      const std::string segment = std::string("Exif\0\0", 6) + tiff;
      std::string file = plain;
      file.insert(2, "\xff\xe1" + std::string{'\0', static_cast<char>(segment.size() + 2)} + segment);
      EXPECT_EQ(blocks(decode_image_bytes(file, "a")), expected[value >= 1 && value <= 8 ? value - 1 : 0])
          << "orientation " << value << (little ? " (II)" : " (MM)");
    }
}

TEST_F(ImageTest, RefusesNetworksThatPicturesHaveTooFewChannelsFor) {
  EXPECT_THROW(image_quantiser(network_of(4, 1, 1, 1.f)), graph_error);
  EXPECT_THROW(image_quantiser(network_of(2, 1, 1, 1.f)), graph_error);
}

TEST_F(ImageTest, GivesChannelsInTheOrderTheNetworkTakesThem) {
  const rgb_image image{1, 1, {10, 100, 200}};
  integer_graph g = network_of(3, 1, 1, 1 / 64.f);
  EXPECT_THAT(image_quantiser(g).quantise(image).data, ::testing::ElementsAre(10 - 128, 100 - 128, 200 - 128));
  g.pixels.channels = pixel_conversion::channel_order::bgr;
  EXPECT_THAT(image_quantiser(g).quantise(image).data, ::testing::ElementsAre(200 - 128, 100 - 128, 10 - 128));
  const integer_graph grey = network_of(1, 1, 1, 1 / 64.f);
  // 0.299 * 10 + 0.587 * 100 + 0.114 * 200 = 84.49
  EXPECT_THAT(image_quantiser(grey).quantise(image).data, ::testing::ElementsAre(84 - 128));
  for (int v = 0; v < 256; ++v) {
    const auto p = static_cast<std::uint8_t>(v);
    ASSERT_EQ(image_quantiser(grey).quantise({1, 1, {p, p, p}}).data[0], v - 128) << "grey stays what it is";
  }
  EXPECT_THROW(image_quantiser(network_of(4, 1, 1, 1 / 64.f)), graph_error);
}

TEST_F(ImageTest, ListsAFoldersPicturesByNameAndRefusesAnEmptyOne) {
  EXPECT_THAT(complaint([&] { list_images(folder.string()); }), HasSubstr("holds no PNG or JPEG"));
  EXPECT_THAT(complaint([&] { list_images(path("none")); }), HasSubstr("none: cannot be read"));
  for (const char* name : {"b.png", "a.JPG", "c.jpeg", "notes.txt"}) std::ofstream(path(name)) << "x";
  EXPECT_THAT(list_images(folder.string()), ::testing::ElementsAre(path("a.JPG"), path("b.png"), path("c.jpeg")));
  EXPECT_THAT(list_images(path("b.png")), ::testing::ElementsAre(path("b.png")));
}

}  // namespace
}  // namespace ohmic
