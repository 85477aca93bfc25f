#include "host/destination.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <system_error>

#include "tests/host/scratch_folder.h"

namespace ohmic {
namespace {

class Destination : public ScratchFolder {
 protected:
  int reason(const std::string& name) {
    try {
      find_destination(name);
    } catch (const std::system_error& error) {
      return error.code().value();
    }
    return 0;
  }
};

TEST_F(Destination, RegularFilesAndFreeNamesAreReplaced) {
  put("file", "x");
  EXPECT_FALSE(find_destination(path("file")).written_into);
  EXPECT_TRUE(find_destination(path("file")).exists);
  EXPECT_FALSE(find_destination(path("new")).written_into);
  EXPECT_FALSE(find_destination(path("new")).exists);
  EXPECT_EQ(find_destination(path("new")).file, path("new"));
}

TEST_F(Destination, LinksAreFollowedToWhereTheyEnd) {
  std::filesystem::create_directory(path("folder"));
  std::filesystem::create_symlink("folder/target", path("link"));  // relative to the link
  std::filesystem::create_symlink(path("link"), path("second"));
  EXPECT_EQ(find_destination(path("second")).file, path("folder/target"));
  put("folder/target", "x");
  EXPECT_EQ(find_destination(path("second")).file, path("folder/target"));
  EXPECT_EQ(find_destination(path("second")).mode, 0644u & ~0u) << "of the target";
}

TEST_F(Destination, WhatIsNoRegularFileIsWrittenInto) {
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  std::filesystem::create_symlink("fifo", path("link"));
  for (const char* const name : {"fifo", "link"}) EXPECT_TRUE(find_destination(path(name)).written_into) << name;
  EXPECT_TRUE(find_destination("/dev/full").written_into);
}

TEST_F(Destination, WhatThisProcessHasOpenForWritingIsWrittenInto) {
  put("file", "x");
  const int descriptor = open(path("file").c_str(), O_WRONLY);
  EXPECT_TRUE(find_destination(path("file")).written_into);
  EXPECT_TRUE(find_destination("/dev/fd/" + std::to_string(descriptor)).written_into);
  close(descriptor);
  EXPECT_FALSE(find_destination(path("file")).written_into);
  const int both = open(path("file").c_str(), O_RDWR);
  EXPECT_EQ(find_destination(path("file")).descriptor, both);
  EXPECT_TRUE(find_destination(path("file")).written_into);
  close(both);
  const int reading = open(path("file").c_str(), O_RDONLY);
  EXPECT_FALSE(find_destination(path("file")).written_into) << "one that is only read";
  close(reading);
}

// By /proc a file can be reached that no name leads to any more: there is nothing that could be replaced.
TEST_F(Destination, AFileWithoutANameIsWrittenInto) {
  put("file", "x");
  const int reading = open(path("file").c_str(), O_RDONLY);
  const std::string way = "/proc/self/fd/" + std::to_string(reading);
  EXPECT_FALSE(find_destination(way).written_into);
  EXPECT_EQ(find_destination(way).file, path("file"));
  std::filesystem::remove(path("file"));
  EXPECT_TRUE(find_destination(way).written_into);
  put("file", "another one");
  EXPECT_TRUE(find_destination(way).written_into) << "it has the name, and is not it";
  close(reading);
}

TEST_F(Destination, FoldersAndLoopsAreRefused) {
  std::filesystem::create_symlink("loop", path("loop"));
  EXPECT_EQ(reason(path("loop")), ELOOP);
  EXPECT_EQ(reason(path("")), EISDIR);
  EXPECT_EQ(reason(path("new/")), EISDIR);
  put("file", "x");
  EXPECT_EQ(reason(path("file/x")), ENOTDIR);
}

}  // namespace
}  // namespace ohmic
