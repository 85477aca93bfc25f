#include "sw/compiler/images/image.h"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <fstream>

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

class ImageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder = std::filesystem::path(::testing::TempDir()) /
             ("ohmic_image_test_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::string path(const std::string& name) const { return (folder / name).string(); }
  std::string write_png(const std::string& name, int width, int height, int components) {
    std::vector<unsigned char> data;
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x)
        for (int c = 0; c < components; ++c) data.push_back(value(x, y, c));
    stbi_write_png(path(name).c_str(), width, height, components, data.data(), width * components);
    return path(name);
  }
  static unsigned char value(int x, int y, int c) { return static_cast<unsigned char>(x * 7 + y * 13 + c * 50); }
  template <class function>
  static std::string complaint(const function& f) {
    try {
      f();
    } catch (const image_error& e) {
      return e.what();
    }
    return "";
  }

  std::filesystem::path folder;
};

TEST_F(ImageTest, QuantisesPixelsToColumnsOfRowsOfChannels) {
  const feature_map map = load_image(write_png("a.png", 5, 4, 3), 5, 4);
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
  EXPECT_THAT(complaint([&] { decode_image(path("cut.png")); }), HasSubstr("cut.png: cannot be decoded"));
  EXPECT_THAT(complaint([&] { decode_image(folder.string()); }), HasSubstr("is a folder"));
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
