#include "platform/experiment/image_set.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "platform/experiment/locations.h"
#include "sw/compiler/images/image.h"
#include "tests/host/scratch_folder.h"
#include "tests/sw/compiler/images/stored_png.h"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

/// A folder with two 40 x 8 pictures whose pixels tell where they are.
class ImageSetTest : public ScratchFolder {
 protected:
  static constexpr int picture_width = 40, picture_height = 8;

  ImageSetTest() {
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

  static void write_png(const fs::path& file, int base) {
    std::ofstream(file, std::ios::binary)
        << stored_png(picture_width, picture_height, [&](int x, int) { return base + x; });
  }
  int first_column(const image_set& set, std::size_t image) { return set.maps[image].at(0, 0, 0) + 128; }

  const fs::path folder_ = path();
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

// A number and an underscore stand before the scene; what only looks like that is part of the name.
TEST_F(ImageSetTest, AnUnderscoreWithoutANumberBelongsToTheName) {
  for (const char* const name : {"00_cat.png", "1_dog.png"}) fs::remove(folder_ / name);
  for (const char* const name : {"_cat.png", "12cat.png", "3__cat.png", "4_cat.png", "cat.png"})
    write_png(folder_ / name, 0);
  config.images.count = 5;
  const image_set set = load_images(config, graph, "");
  for (std::size_t i = 0; i < 5; ++i) {
    const std::string name = fs::path(set.files[i]).filename();
    EXPECT_EQ(set.scenes[i], name == "4_cat.png" || name == "cat.png" ? 1 : -1) << name;
  }
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

// A network that takes [3, height, 8] of pictures of 40 x 8: rooms of both axes, of one, and of none.
TEST_F(ImageSetTest, FurtherImagesAreWholeWhateverRoomThereIs) {
  for (const int height : {4, 8, 12}) {
    graph.tensors[0].height = height;
    config.images.count = 6;
    const image_set set = load_images(config, graph, "");
    for (std::size_t i = 0; i < set.size(); ++i) {
      ASSERT_EQ(set.maps[i].height, height);
      ASSERT_EQ(set.maps[i].width, 8);
      for (int x = 1; x < 8; ++x)
        for (int y = 0; y < height; ++y) {
          const int step = set.maps[i].at(x, y, 0) - set.maps[i].at(x - 1, y, 0);
          EXPECT_TRUE(height <= 8 ? step == 1 : step == 0 || step == 1) << "image " << i << ", column " << x;
          EXPECT_NEAR(set.maps[i].at(x, y, 0), set.maps[i].at(x, 0, 0), height <= 8 ? 0 : 1) << "rows are alike";
        }
    }
  }
}

// Pictures that are narrower than the network takes have no other place: further ones are the first ones again.
TEST_F(ImageSetTest, FurtherImagesOfNarrowPicturesAreTheSame) {
  graph.tensors[0].width = 48;
  config.images.count = 6;
  const image_set set = load_images(config, graph, "");
  for (std::size_t i = 2; i < 6; ++i) EXPECT_EQ(set.maps[i].data, set.maps[i - 2].data) << i;
}

TEST_F(ImageSetTest, HashTellsImagesApart) {
  config.images.count = 1;
  const std::string one = load_images(config, graph, "").hash;
  EXPECT_EQ(load_images(config, graph, "").hash, one);
  config.images.count = 2;
  EXPECT_NE(load_images(config, graph, "").hash, one);
}

// A model's folder holds the photographs, and more crops of them for runs of more images.
TEST_F(ImageSetTest, OfAModelsFolderTheSmallerSetThatIsEnoughIsTaken) {
  config.images.dir.clear();
  const fs::path model = folder_ / "model";
  for (const auto& [name, count] : {std::pair<const char*, int>{"photos", 2}, {"photos48", 5}}) {
    fs::create_directories(model / name);
    for (int i = 0; i < count; ++i) write_png(model / name / (std::to_string(i) + "_cat.png"), i);
  }
  for (const auto& [count, from] : {std::pair<unsigned, const char*>{1, "photos"},
                                    {2, "photos"},
                                    {3, "photos48"},
                                    {5, "photos48"},
                                    {6, "photos48"}}) {
    config.images.count = count;
    const image_set set = load_images(config, graph, model.string());
    EXPECT_EQ(fs::path(set.files[0]).parent_path().filename(), from) << count;
    EXPECT_EQ(set.files.size(), count);
  }
}

TEST_F(ImageSetTest, AsksForAFolderIfThereIsNone) {
  config.images.dir.clear();
  EXPECT_THROW(load_images(config, graph, ""), missing_file);
}

}  // namespace
}  // namespace ohmic
