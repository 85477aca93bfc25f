#include "host/distinct_files.h"

#include <sys/stat.h>

#include <filesystem>
#include <stdexcept>

#include "tests/host/scratch_folder.h"

namespace ohmic {
namespace {

class DistinctFiles : public ScratchFolder {
 protected:
  static std::string message(const std::vector<named_file>& outputs, const std::vector<named_file>& inputs = {}) {
    try {
      check_outputs_differ(outputs, inputs);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(DistinctFiles, OfTwoOutputsNoneMayReplaceTheOther) {
  EXPECT_EQ(message({{"--a", path("x")}, {"--b", path("y")}}), "");
  EXPECT_EQ(message({{"--a", path("x")}, {"--c", path("y")}, {"--b", path("x")}}),
            "cannot write " + path("x") + ": --a and --b would be one file; give each a name of its own");
}

TEST_F(DistinctFiles, LinksAndOtherWaysToOneFileAreSeenThrough) {
  std::filesystem::create_directory(path("folder"));
  std::filesystem::create_directory_symlink("folder", path("other"));
  std::filesystem::create_symlink("folder/x", path("link"));  // to what is not there yet
  for (const char* const same : {"folder/x", "folder/../folder/./x", "other/x", "link"})
    EXPECT_NE(message({{"--a", path("folder/x")}, {"--b", path(same)}}), "") << same;
  EXPECT_EQ(message({{"--a", path("folder/x")}, {"--b", path("x")}}), "");
}

TEST_F(DistinctFiles, WhatIsReadIsNotReplaced) {
  put("program", "x");
  std::filesystem::create_symlink("program", path("link"));
  EXPECT_EQ(message({{"--json", path("link")}}, {{"the program", path("program")}}),
            "cannot write " + path("link") + ": --json would replace what is read (the program)");
  EXPECT_EQ(message({{"--json", path("new")}}, {{"the program", path("program")}, {"--chip", path("missing")}}), "");
}

TEST_F(DistinctFiles, NeitherArePicturesAndDataOfAFolder) {
  std::filesystem::create_directories(path("photos/cats"));
  std::filesystem::create_directory_symlink("photos", path("other"));
  for (const char* const name :
       {"photos/a.PNG", "photos/cats/b.jpeg", "photos/test_batch.bin", "photos/summary.json", "photos2.png"})
    put(name, "x");
  const std::vector<named_file> inputs = {{"--images", path("photos")}};
  for (const char* const read : {"photos/a.PNG", "photos/cats/b.jpeg", "photos/test_batch.bin", "other/a.PNG"})
    EXPECT_EQ(message({{"--json", path(read)}}, inputs),
              "cannot write " + path(read) + ": --json would replace what is read (--images)");
  for (const char* const free : {"photos/new.png", "photos/summary.json", "photos2.png", "photos"})
    EXPECT_EQ(message({{"--json", path(free)}}, inputs), "") << free;
}

TEST_F(DistinctFiles, WhatIsWrittenIntoMayBeNamedTwice) {
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  for (const std::string& name : {path("fifo"), std::string("/dev/null")})
    EXPECT_EQ(message({{"--a", name}, {"--b", name}}, {{"--c", name}}), "");
}

TEST_F(DistinctFiles, NamesThatAreWrongAreForOthersToRefuse) {
  for (const std::string& name : {std::string(), path(""), path("folder/")})
    EXPECT_EQ(message({{"--a", name}, {"--b", name}}), "");
}

}  // namespace
}  // namespace ohmic
