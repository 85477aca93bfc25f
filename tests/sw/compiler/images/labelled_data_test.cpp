#include "sw/compiler/images/labelled_data.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <limits>

#include "sw/compiler/images/image.h"
#include "tests/host/scratch_folder.h"
#include "tests/sw/compiler/images/npz_file.h"
#include "tests/sw/compiler/images/stored_png.h"

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

TEST(LabelledData, RefusesACutOrEmptyCifarFileAndTakesOneOfAFolder) {
  const scratch_folder folder;
  const integer_graph g = network(3, 32, 32, 256);
  write(folder.path("empty.bin"), "");
  EXPECT_THAT(complaint(folder.path("empty.bin"), g), HasSubstr("3073"));
  write(folder.path("test_batch.bin"), std::string(3073, '\5'));
  EXPECT_THAT(labelled_data(folder.path().string(), g).labels, testing::ElementsAre(5));
  write(folder.path("high.bin"), std::string(3073, '\xff'));
  const labelled_data high(folder.path("high.bin"), g);
  EXPECT_THAT(high.labels, testing::ElementsAre(255)) << "labels and pixels have no sign";
  EXPECT_EQ(high.real(0)[0], 255);
}

/// Two samples of [2, 2, 3], counted up from 1 in the order of the file; labels 1 and 0.
template <class type>
std::string archive(const std::string& descr, const std::string& shape, int method = 0) {
  std::vector<type> values;
  for (int i = 1; i <= 24; ++i) values.push_back(static_cast<type>(i));
  return zip_file({{"y.npy", npy_file<std::int64_t>("<i8", "2,", {1, 0})}, {"x.npy", npy_file(descr, shape, values)}},
                  method);
}

TEST(LabelledData, ReadsArchivesOfEveryTypeAndOrderStoredAndDeflated) {
  const scratch_folder folder;
  const integer_graph g = network(2, 2, 3, 2);
  const auto real = [&](const std::string& bytes) {
    write(folder.path("a.npz"), bytes);
    const labelled_data data(folder.path("a.npz"), g);
    EXPECT_THAT(data.labels, testing::ElementsAre(1, 0));
    return data.real(1);
  };
  // Ours is [width][height][channels]: of [channel][row][column], 12 behind for the second sample.
  const auto planes = testing::ElementsAre(13, 19, 16, 22, 14, 20, 17, 23, 15, 21, 18, 24);
  EXPECT_THAT(real(archive<std::uint8_t>("|u1", "2, 2, 2, 3")), planes);
  EXPECT_THAT(real(archive<std::uint8_t>("|u1", "2, 2, 2, 3", 8)), planes);
  EXPECT_THAT(real(archive<std::int8_t>("|i1", "2, 2, 2, 3")), planes);
  EXPECT_THAT(real(archive<float>("<f4", "2, 2, 2, 3", 8)), planes);
  EXPECT_THAT(real(archive<double>("<f8", "2, 2, 2, 3")), planes);
  EXPECT_THAT(real(archive<double>("=f8", "2, 2, 2, 3")), planes);
  const auto pixels = testing::ElementsAre(13, 14, 19, 20, 15, 16, 21, 22, 17, 18, 23, 24);
  EXPECT_THAT(real(archive<float>("<f4", "2, 2, 3, 2")), pixels) << "[row][column][channel]";
}

TEST(LabelledData, SignsOfValuesAndLabelsAreThoseOfTheirTypes) {
  const scratch_folder folder;
  const auto read = [&](const std::string& x, const std::string& y) {
    write(folder.path("a.npz"), zip_file({{"data.npy", x}, {"labels.npy", y}}));
    return labelled_data(folder.path("a.npz"), network(2, 1, 1, 300));
  };
  const std::string x = npy_file<std::int8_t>("|i1", "1, 2", {-128, 127});
  EXPECT_THAT(read(x, npy_file<std::int64_t>("<i8", "1,", {299})).real(0), testing::ElementsAre(-128, 127));
  const std::string u = npy_file<std::uint8_t>("|u1", "1, 2", {128, 255});
  EXPECT_THAT(read(u, npy_file<std::int64_t>("<i8", "1,", {299})).real(0), testing::ElementsAre(128, 255));
  EXPECT_THAT(read(x, npy_file<std::uint8_t>("|u1", "1,", {255})).labels, testing::ElementsAre(255));
  EXPECT_THAT(read(x, npy_file<std::uint16_t>("<u2", "1,", {299})).labels, testing::ElementsAre(299));
  EXPECT_THAT(read(x, npy_file<std::int32_t>("<i4", "1,", {256})).labels, testing::ElementsAre(256));
  EXPECT_THAT(read(x, npy_file<std::uint64_t>("<u8", "1,", {299})).labels, testing::ElementsAre(299));
  for (const std::string& y : {npy_file<std::int8_t>("|i1", "1,", {-1}), npy_file<std::int64_t>("<i8", "1,", {-1}),
                               npy_file<std::int16_t>("<i2", "1,", {-3}), npy_file<std::int64_t>("<i8", "1,", {300}),
                               npy_file<std::int64_t>("<i8", "1,", {std::int64_t{1} << 32}),
                               npy_file<std::uint64_t>("<u8", "1,", {~std::uint64_t{0}})})
    EXPECT_THROW(read(x, y), image_error);
  EXPECT_NO_THROW(read(x, npy_file<std::int64_t>("<i8", "1,", {0})));
}

TEST(LabelledData, ReadsGreyMapsWithoutAnAxisOfChannels) {
  const scratch_folder folder;
  write(folder.path("a.npz"), zip_file({{"images.npy", npy_file<std::uint8_t>("|u1", "1, 2, 3", {1, 2, 3, 4, 5, 6})},
                                        {"y_test.npy", npy_file<std::int64_t>("<i8", "1,", {1})}}));
  EXPECT_THAT(labelled_data(folder.path("a.npz"), network(1, 2, 3, 2)).real(0), testing::ElementsAre(1, 4, 2, 5, 3, 6));
}

TEST(LabelledData, SaysWhatIsWrongWithAnArchive) {
  const scratch_folder folder;
  const std::string path = folder.path("a.npz");
  const integer_graph g = network(2, 2, 3, 2);
  const auto said = [&](const std::string& bytes) {
    write(path, bytes);
    const std::string text = complaint(path, g);
    EXPECT_TRUE(text.empty() || text.find(path + ": ") == 0) << text;
    return text;
  };
  const std::string whole = archive<std::uint8_t>("|u1", "2, 2, 2, 3");
  EXPECT_EQ(said(whole), "");
  for (std::size_t n = 0; n < whole.size(); ++n) ASSERT_NE(said(whole.substr(0, n)), "") << "cut to " << n << " bytes";
  // A bit that flips in what a checksum covers: the arrays, of which x is the second.
  for (const int method : {0, 8}) {
    const std::string right = archive<float>("<f4", "2, 2, 2, 3", method);
    ASSERT_EQ(said(right), "");
    const std::vector<float> sample = labelled_data(path, g).real(1);
    const std::size_t begin = right.find("x.npyabc") + 8, end = right.find("PK\1\2");
    ASSERT_LT(begin, end);
    for (std::size_t at = begin; at < end; ++at) {
      std::string wrong = right;
      wrong[at] = static_cast<char>(wrong[at] ^ 4);
      if (said(wrong).empty())  // a bit that fills the last byte of deflated data
        ASSERT_EQ(labelled_data(path, g).real(1), sample) << "method " << method << ", byte " << at;
    }
  }
  std::string far = whole;  // a directory that begins behind the file's end
  far.replace(far.size() - 6, 4, "\xff\xff\xff\x7f");
  EXPECT_THAT(said(far), HasSubstr("directory"));
  EXPECT_THAT(said(archive<std::uint8_t>("|u1", "2, 2, 2, 3", 9)), HasSubstr("compressed in a way"));

  const auto with = [&](const std::string& x, const std::string& y) {
    return said(zip_file({{"x.npy", x}, {"y.npy", y}}));
  };
  const std::string y = npy_file<std::int64_t>("<i8", "1,", {0});
  const std::vector<float> twelve(12, 1);
  EXPECT_EQ(with(npy_file("<f4", "1, 2, 2, 3", twelve), y), "");
  EXPECT_THAT(with(npy_file(">f4", "1, 2, 2, 3", twelve), y), HasSubstr(">f4"));
  EXPECT_THAT(with(npy_file("<f2", "1, 2, 2, 3", twelve), y), HasSubstr("f2"));
  EXPECT_THAT(with(npy_file("<f4", "1, 2, 2, 3", twelve, "True"), y), HasSubstr("Fortran"));
  EXPECT_THAT(with(npy_file("<f4", "1, 2, 3, 3", twelve), y), HasSubstr("cut off"));
  EXPECT_THAT(with(npy_file("<f4", "1, 3, 2, 2", twelve), y), HasSubstr("3x2x2, but the network takes 2x2x3"));
  EXPECT_THAT(with(npy_file("<f4", "2, 2, 2, 3", std::vector<float>(24, 1)), y), HasSubstr("2 inputs and 1 labels"));
  EXPECT_THAT(with(npy_file("<f4", "0, 2, 2, 3", twelve), npy_file<std::int64_t>("<i8", "0,", {})),
              HasSubstr("no sample"));
  EXPECT_THAT(with(npy_file("<f4", "1, 2, 2, 3", twelve), npy_file<double>("<f8", "1,", {0})), HasSubstr("integers"));
  EXPECT_THAT(with(npy_file("<f4", "1, 2, 2, 3", twelve), npy_file<std::int64_t>(">i8", "1,", {0})), HasSubstr(">i8"));
  EXPECT_THAT(with(npy_file("<f4", "1, 2, 2, 3", twelve), npy_file<std::int64_t>("<i8", "1, 1", {0})),
              HasSubstr("labels"));
  EXPECT_THAT(said(zip_file({{"x.npy", npy_file("<f4", "1, 2, 2, 3", twelve)}})), HasSubstr("no labels"));
  EXPECT_THAT(said("not an archive at all"), HasSubstr("no .npz"));
  EXPECT_THAT(with("no array", y), HasSubstr("NumPy's format"));
  EXPECT_THAT(with(npy_file("<f4", "1099511627776, 2, 2, 3", twelve), y), HasSubstr("impossible shape"));
}

TEST(LabelledData, RefusesASampleThatIsNotFiniteWhenItIsRead) {
  const scratch_folder folder;
  write(folder.path("a.npz"),
        zip_file({{"x.npy", npy_file<float>("<f4", "2, 1", {1, std::numeric_limits<float>::infinity()})},
                  {"y.npy", npy_file<std::int64_t>("<i8", "2,", {0, 0})}}));
  const labelled_data data(folder.path("a.npz"), network(1, 1, 1, 2));
  EXPECT_THAT(data.real(0), testing::ElementsAre(1));
  EXPECT_THROW(data.real(1), image_error);
}

TEST(LabelledData, AppliesTheNetworksConversionToEachChannel) {
  const scratch_folder folder;
  write(folder.path("a.npz"), zip_file({{"x.npy", npy_file<std::uint8_t>("|u1", "1, 3, 1, 1", {10, 20, 30})},
                                        {"y.npy", npy_file<std::int64_t>("<i8", "1,", {0})}}));
  integer_graph g = network(3, 1, 1, 2);
  g.pixels.scale = 2;
  g.pixels.offset = 1;
  g.pixels.mean = {1, 2, 3};
  g.pixels.std = {1, 1, 2};
  EXPECT_THAT(labelled_data(folder.path("a.npz"), g).real(0), testing::ElementsAre(20, 39, 29));
  g.pixels.channels = pixel_conversion::channel_order::bgr;
  EXPECT_THAT(labelled_data(folder.path("a.npz"), g).real(0), testing::ElementsAre(60, 39, 9));
  const feature_map map = labelled_data(folder.path("a.npz"), g).quantised(0, 0.5f);
  EXPECT_THAT(map.data, testing::ElementsAre(120, 78, 18));
}

/// RFC 1952, with the parts of its header that `flags` names.
std::string gzip_file(const std::string& content, int flags = 0) {
  std::string file = std::string("\x1f\x8b\x08", 3) + static_cast<char>(flags) + std::string(6, '\0');
  if ((flags & 4) != 0) file += little_bytes(5, 2) + "extra";
  if ((flags & 8) != 0) file += std::string("name\0", 5);
  if ((flags & 16) != 0) file += std::string("comment\0", 8);
  if ((flags & 2) != 0) file += "cc";
  return file + deflated(content) + little_bytes(slow_checksum(content), 4) + little_bytes(content.size(), 4);
}

TEST(LabelledData, UnpacksGzippedIdxFilesAndChecksThem) {
  const scratch_folder folder;
  const auto number = [](int v) { return std::string{0, 0, 0, static_cast<char>(v)}; };
  const std::string images = std::string{0, 0, 8, 3} + number(1) + number(2) + number(3) + "\1\2\3\4\5\xff";
  const std::string labels = std::string{0, 0, 8, 1} + number(1) + "\1";
  const std::string path = folder.path("t10k-images-idx3-ubyte.gz");
  const integer_graph g = network(1, 2, 3, 2);
  write(folder.path("t10k-labels-idx1-ubyte.gz"), gzip_file(labels));
  for (const int flags : {0, 2, 4, 8, 16, 30}) {
    write(path, gzip_file(images, flags));
    EXPECT_EQ(labelled_data(path, g).real(0)[5], 255) << "flags " << flags;
  }
  EXPECT_THAT(labelled_data(folder.path().string(), g).labels, testing::ElementsAre(1))
      << "a folder with MNIST's names";
  const std::string right = gzip_file(images);
  for (std::size_t n = 2; n < right.size(); ++n) {
    write(path, right.substr(0, n));
    ASSERT_NE(complaint(path, g), "") << n << " bytes";
  }
  for (std::size_t at = 10; at < right.size(); ++at) {
    std::string wrong = right;
    wrong[at] = static_cast<char>(wrong[at] ^ 1);
    write(path, wrong);
    ASSERT_NE(complaint(path, g), "") << "a bit flips in byte " << at;
  }
}

TEST(LabelledData, RefusesIdxFilesThatContradictThemselves) {
  const scratch_folder folder;
  const auto number = [](int v) { return std::string{0, 0, 0, static_cast<char>(v)}; };
  const std::string path = folder.path("t-images-idx3-ubyte");
  const integer_graph g = network(1, 1, 2, 2);
  const auto said = [&](const std::string& images, const std::string& labels) {
    write(path, images);
    write(folder.path("t-labels-idx1-ubyte"), labels);
    return complaint(path, g);
  };
  const std::string images = std::string{0, 0, 8, 3} + number(1) + number(1) + number(2) + "ab";
  const std::string labels = std::string{0, 0, 8, 1} + number(1) + std::string(1, '\0');
  EXPECT_EQ(said(images, labels), "");
  EXPECT_THAT(said(std::string{0, 0, 9, 3} + images.substr(4), labels), HasSubstr("8-bit images"));
  EXPECT_THAT(said(images, std::string{0, 0, 8, 3} + labels.substr(4)), HasSubstr("no IDX file of labels"));
  EXPECT_THAT(said(images + "c", labels), HasSubstr("longer than it says"));
  EXPECT_THAT(said(images, labels + "c"), HasSubstr("longer than it says"));
  EXPECT_THAT(said(images, labels.substr(0, 8)), HasSubstr("cut off"));
  EXPECT_THAT(said(images.substr(0, 15), labels), HasSubstr("8-bit images"));
  write(folder.path("t-idx.dat"), images);
  EXPECT_THAT(complaint(folder.path("t-idx.dat"), g), HasSubstr("images-idx3"));
}

TEST(LabelledData, AFolderPerClassIsNumberedByItsNameOrByTheNetworksLabels) {
  const scratch_folder folder;
  const auto picture = [](int value) { return stored_png(2, 2, [=](int x, int) { return value + x; }); };
  for (const char* name : {"zebra", "ant", "dog"}) std::filesystem::create_directory(folder.path(name));
  write(folder.path("zebra/1.png"), picture(10));
  write(folder.path("ant/1.png"), picture(20));
  write(folder.path("ant/2.png"), picture(30));
  write(folder.path("dog/1.png"), picture(40));
  write(folder.path("notes.txt"), "no class");
  integer_graph g = network(1, 2, 2, 5);
  EXPECT_THAT(labelled_data(folder.path().string(), g).labels, testing::ElementsAre(0, 0, 1, 2));
  g.labels = {"dog", "cow", "zebra", "owl", "ant"};
  const labelled_data named(folder.path().string(), g);
  EXPECT_THAT(named.labels, testing::ElementsAre(4, 4, 0, 2));
  EXPECT_THAT(named.real(1), testing::ElementsAre(30, 30, 31, 31)) << "the second ant; a column lies together";
  g.labels = {"dog", "cow", "zebra"};
  EXPECT_THAT(labelled_data(folder.path().string(), g).labels, testing::ElementsAre(0, 0, 1, 2)) << "no ant there";
  EXPECT_THAT(complaint(folder.path().string(), network(1, 2, 2, 2)), HasSubstr("label of sample 3 is 2"));
  EXPECT_THAT(complaint(folder.path("ant"), g), HasSubstr("no folder of pictures per class"));
  EXPECT_THROW(labelled_data(folder.path().string(), network(2, 2, 2, 5)).real(0), image_error) << "two channels";
}

TEST(RealPicture, ConvertsEachColourOfTheCentre) {
  const scratch_folder folder;
  write(folder.path("a.png"), stored_png(2, 1, [](int x, int) { return 10 + 50 * x; }));
  integer_graph g = network(3, 1, 2, 2);
  g.pixels.mean = {1, 2, 3};
  EXPECT_THAT(real_picture(g, folder.path("a.png")), testing::ElementsAre(9, 8, 7, 59, 58, 57));
  EXPECT_THAT(real_picture(network(1, 1, 1, 2), folder.path("a.png")), testing::ElementsAre(10)) << "rounded down";
  EXPECT_THROW(real_picture(network(2, 1, 1, 2), folder.path("a.png")), image_error);
}

}  // namespace
}  // namespace ohmic
