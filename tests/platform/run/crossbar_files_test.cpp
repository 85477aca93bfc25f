#include "platform/run/crossbar_files.h"

#include <gmock/gmock.h>

#include "platform/config/config_error.h"
#include "registers/cluster_peripherals.h"
#include "tests/host/scratch_folder.h"
#include "tests/platform/experiment/plain_memory_machine.h"

namespace ohmic {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// Four clusters, crossbars of 3 rows and 5 columns.
class CrossbarFiles : public ScratchFolder {
 protected:
  CrossbarFiles() {
    chip_.network = {{1, 4}, {100, 4}, {64, 64}};
    chip_.ima.rows = 3;
    chip_.ima.columns = 5;
    for (int i = 0; i < 15; ++i) cells_ += static_cast<char>(i * 17 - 128);
  }
  /// NumPy's format (NEP 1), version `major`.
  static std::string npy(int major, const std::string& header, const std::string& content) {
    std::string text = std::string("\x93NUMPY") + static_cast<char>(major) + '\0';
    for (int i = 0; i < (major >= 2 ? 4 : 2); ++i) text += static_cast<char>(header.size() >> (8 * i));
    return text + header + content;
  }
  std::string header(const std::string& descr, const std::string& fortran, const std::string& shape) const {
    return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
  }
  std::string right_header() const { return header("|i1", "False", "(3, 5)"); }

  std::string refusal(const std::string& content, const std::string& clusters = "0") {
    put("w", content);
    try {
      const crossbar_files read({clusters + "=" + path("w")}, chip_);
    } catch (const config_error& error) {
      return error.what();
    }
    return "";
  }
  /// What a cluster's crossbar holds then.
  std::string loaded(const std::vector<std::string>& words, unsigned cluster) {
    plain_memory_machine machine(chip_);
    crossbar_files(words, chip_).load(machine);
    std::string cells(15, '\0');
    machine.read(chip_.cluster_peripherals(cluster) + registers::cluster_peripherals::crossbar_base, cells.data(), 15);
    return cells;
  }

  chip_config chip_;
  std::string cells_;
};

TEST_F(CrossbarFiles, PlainBytesAreTheCellsOfTheNamedClusters) {
  put("w", cells_);
  const std::string nothing(15, '\0');
  const std::vector<std::string> words = {"1-2=" + path("w")};
  for (const unsigned cluster : {0u, 1u, 2u, 3u})
    EXPECT_EQ(loaded(words, cluster), cluster == 1 || cluster == 2 ? cells_ : nothing) << cluster;
}

TEST_F(CrossbarFiles, EveryVersionOfNumPysFilesIsRead) {
  for (const int major : {1, 2, 3}) {
    put("w", npy(major, right_header(), cells_));
    EXPECT_EQ(loaded({"3=" + path("w")}, 3), cells_) << major;
  }
  put("w", npy(2, right_header() + std::string(300, ' '), cells_));
  EXPECT_EQ(loaded({"3=" + path("w")}, 3), cells_) << "a long header needs more than a byte of its length";
}

TEST_F(CrossbarFiles, TheLastWordOfAClusterCounts) {
  put("w", cells_);
  put("v", std::string(15, 'v'));
  EXPECT_EQ(loaded({"0-3=" + path("w"), "2=" + path("v")}, 2), std::string(15, 'v'));
  EXPECT_EQ(loaded({"0-3=" + path("w"), "2=" + path("v")}, 1), cells_);
}

TEST_F(CrossbarFiles, AnotherSizeIsRefused) {
  EXPECT_EQ(refusal(cells_), "");
  for (const std::string& content : {std::string(), cells_.substr(1), cells_ + "x", cells_ + cells_})
    EXPECT_THAT(refusal(content), AllOf(HasSubstr("holds " + std::to_string(content.size()) + " bytes of weights"),
                                        HasSubstr("15, a signed byte for each of 3 rows x 5 columns")));
  EXPECT_EQ(refusal(npy(1, right_header(), cells_)), "");
  EXPECT_THAT(refusal(npy(1, right_header(), cells_ + "x")), HasSubstr("holds 16 bytes"));
  EXPECT_THAT(refusal(npy(1, right_header(), cells_.substr(1))), HasSubstr("holds 14 bytes"));
}

TEST_F(CrossbarFiles, AnotherTypeOrderOrShapeIsRefused) {
  for (const std::string& wrong :
       {header("|u1", "False", "(3, 5)"), header("<i2", "False", "(3, 5)"), header("|i1", "True", "(3, 5)"),
        header("|i1", "False", "(5, 3)"), header("|i1", "False", "(15,)"), header("|i1", "False", "(3, 5, 1)")})
    EXPECT_THAT(refusal(npy(1, wrong, cells_)), HasSubstr("allowed: int8, C order, shape (3, 5)")) << wrong;
}

// Of a right file, any beginning that has the magic and less than the whole header.
TEST_F(CrossbarFiles, AHeaderThatIsCutOffIsRefused) {
  for (const int major : {1, 2}) {
    const std::string whole = npy(major, right_header(), cells_);
    const std::size_t begin = major >= 2 ? 12 : 10;
    for (std::size_t size = 6; size < begin + right_header().size(); ++size)
      EXPECT_THAT(refusal(whole.substr(0, size)), HasSubstr("header is cut off")) << major << ", " << size;
    EXPECT_THAT(refusal(npy(major, right_header(), "")), HasSubstr("holds 0 bytes of weights")) << "a whole header";
  }
}

TEST_F(CrossbarFiles, WordsAreNamedThatAreNoClusterAndFile) {
  EXPECT_THAT(refusal(cells_, "4"), HasSubstr("from 0 to 3"));
  EXPECT_EQ(refusal(cells_, "0-3"), "");
  EXPECT_NE(refusal(cells_, "3-2"), "");
  EXPECT_NE(refusal(cells_, ""), "");
  for (const char* const word : {"0", "0=", "="}) EXPECT_THROW(crossbar_files({word}, chip_), config_error) << word;
  EXPECT_THROW(crossbar_files({"0=" + path("missing")}, chip_), config_error);
  EXPECT_THROW(crossbar_files({"0=" + path("")}, chip_), config_error) << "a folder";
}

}  // namespace
}  // namespace ohmic
