#include "sw/compiler/images/labelled_data.h"

#include <gmock/gmock.h>

#include <fstream>

#include "sw/compiler/images/image.h"
#include "tests/host/scratch_folder.h"

namespace ohmic {
namespace {

using ::testing::HasSubstr;

integer_graph network(int channels, int height, int width, int classes) {
  integer_graph g;
  g.tensors.push_back({"input", channels, height, width, 1, -1, {}});
  g.tensors.push_back({"fc", classes, 1, 1, 0, -1, {}});
  g.nodes.resize(2);
  g.nodes[0].output = 0;
  g.nodes[1].output = 1;
  g.pixels = {};
  return g;
}

void write(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

std::string complaint(const std::string& path, const integer_graph& g) {
  try {
    labelled_data data(path, g);
  } catch (const image_error& e) {
    return e.what();
  }
  return "";
}

TEST(LabelledData, ReadsCifarPlanesAndRefusesCutFilesAndLabelsOutOfRange) {
  const scratch_folder folder;
  std::string bytes(2 * 3073, '\0');
  bytes[0] = 3, bytes[3073] = 1;
  bytes[3073 + 1 + 1024 + 2 * 32 + 5] = 77;  // second image, green, row 2, column 5
  write(folder.path("a.bin"), bytes);
  const integer_graph g = network(3, 32, 32, 4);
  const labelled_data data(folder.path("a.bin"), g);
  EXPECT_THAT(data.labels, testing::ElementsAre(3, 1));
  EXPECT_EQ(data.quantised(1, 1).at(5, 2, 1), 77);
  EXPECT_THAT(complaint(folder.path("a.bin"), network(3, 32, 32, 3)), HasSubstr("label of sample 0 is 3"));
  EXPECT_THAT(complaint(folder.path("a.bin"), network(1, 28, 28, 9)), HasSubstr("3x32x32"));
  write(folder.path("b.bin"), bytes.substr(0, 4000));
  EXPECT_THAT(complaint(folder.path("b.bin"), g), HasSubstr("3073"));
}

TEST(LabelledData, ReadsIdxWithItsLabelsAndRefusesOtherCounts) {
  const scratch_folder folder;
  const auto number = [](int v) { return std::string{0, 0, 0, static_cast<char>(v)}; };
  const std::string head = std::string{0, 0, 8, 3} + number(2) + number(2) + number(3);
  write(folder.path("t-images-idx3-ubyte"), head + std::string{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  write(folder.path("t-labels-idx1-ubyte"), std::string{0, 0, 8, 1} + number(2) + std::string{1, 0});
  const integer_graph g = network(1, 2, 3, 2);
  const labelled_data data(folder.path("t-images-idx3-ubyte"), g);
  EXPECT_THAT(data.labels, testing::ElementsAre(1, 0));
  EXPECT_EQ(data.quantised(1, 1).at(2, 1, 0), 12) << "column 2 of row 1";
  write(folder.path("t-labels-idx1-ubyte"), std::string{0, 0, 8, 1} + number(1) + std::string{1});
  EXPECT_THAT(complaint(folder.path("t-images-idx3-ubyte"), g), HasSubstr("1 labels for 2 images"));
  write(folder.path("t-images-idx3-ubyte"), head + "123");
  EXPECT_THAT(complaint(folder.path("t-images-idx3-ubyte"), g), HasSubstr("cut off"));
}

TEST(LabelledData, RefusesWhatIsNone) {
  const scratch_folder folder;
  const integer_graph g = network(1, 2, 3, 2);
  EXPECT_THAT(complaint(folder.path("none.npz"), g), HasSubstr("neither"));
  write(folder.path("a.npz"), "PK but nothing more");
  EXPECT_THAT(complaint(folder.path("a.npz"), g), HasSubstr("cut off"));
  write(folder.path("a.txt"), "x");
  EXPECT_THAT(complaint(folder.path("a.txt"), g), HasSubstr("no labelled data"));
}

}  // namespace
}  // namespace ohmic
