#include "host/whole_file.h"

#include <sys/stat.h>

#include <thread>

#include "tests/host/scratch_folder.h"

namespace ohmic {
namespace {

using names_t = std::set<std::string>;

class WholeFile : public ScratchFolder {};

TEST_F(WholeFile, GivesBackEveryByte) {
  std::string bytes;
  for (int i = 0; i < 512; ++i) bytes += static_cast<char>(i);
  write_whole_file(path("x"), bytes);
  EXPECT_EQ(read_whole_file(path("x")), bytes);
  EXPECT_EQ(names(), names_t{"x"});
}

TEST_F(WholeFile, ReplacesWhatWasThere) {
  put("x", "a longer content than the new one");
  write_whole_file(path("x"), "new");
  EXPECT_EQ(read_whole_file(path("x")), "new");
}

TEST_F(WholeFile, ThatCannotAppearLeavesNothing) {
  std::filesystem::create_directory(path("folder"));
  for (const char* name : {"none/x", "folder"}) {
    EXPECT_THROW(write_whole_file(path(name), "text"), std::runtime_error) << name;
    EXPECT_THROW(check_file_can_be_written(path(name)), std::runtime_error) << name;
  }
  EXPECT_EQ(names(), names_t{"folder"});
}

TEST_F(WholeFile, CheckChangesNothing) {
  put("x", "earlier");
  check_file_can_be_written(path("x"));
  check_file_can_be_written(path("y"));
  EXPECT_EQ(names(), names_t{"x"});
  EXPECT_EQ(read_whole_file(path("x")), "earlier");
}

// What has no size to tell is read to its end, however long it is; so is what says 0, as files below /proc do.
TEST_F(WholeFile, APipeIsReadToItsEnd) {
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  std::string bytes;
  for (int i = 0; i < 300000; ++i) bytes += static_cast<char>(i % 251);
  std::thread writer([&] { put("fifo", bytes); });
  EXPECT_EQ(read_whole_file(path("fifo")), bytes);
  writer.join();
  EXPECT_NE(read_whole_file("/proc/self/status").find("Name:"), std::string::npos);
  put("empty", "");
  EXPECT_EQ(read_whole_file(path("empty")), "");
}

TEST_F(WholeFile, MissingFileIsNamed) {
  try {
    read_whole_file(path("none"));
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find(path("none")), std::string::npos);
  }
}

}  // namespace
}  // namespace ohmic
