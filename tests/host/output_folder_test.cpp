#include "host/output_folder.h"

#include <unistd.h>

#include "tests/host/scratch_folder.h"

namespace ohmic {
namespace {

using names_t = std::set<std::string>;

class OutputFolder : public ScratchFolder {};

TEST_F(OutputFolder, IsCheckedWithoutATrace) {
  const output_folder folder(path("a/b"));
  EXPECT_EQ(names(), names_t{});
}

TEST_F(OutputFolder, IsMadeWithEveryFolderOnTheWay) {
  output_folder folder(path("a/b/"));
  folder.create();
  EXPECT_EQ(names(), (names_t{"a", "a/b"}));
}

TEST_F(OutputFolder, VanishesIfNothingWasWritten) {
  std::filesystem::create_directory(path("a"));
  {
    output_folder folder(path("a/b/c"));
    folder.create();
  }
  EXPECT_EQ(names(), names_t{"a"});
}

TEST_F(OutputFolder, StaysWithWhatWasWritten) {
  {
    output_folder folder(path("a/b"));
    folder.create();
    put("a/b/result", "x");
  }
  EXPECT_EQ(names(), (names_t{"a", "a/b", "a/b/result"}));
}

TEST_F(OutputFolder, ThatWasThereStaysEvenEmpty) {
  std::filesystem::create_directory(path("a"));
  {
    output_folder(path("a")).create();
  }
  EXPECT_EQ(names(), names_t{"a"});
}

TEST_F(OutputFolder, IsRefusedBehindAFileAndNamesIt) {
  put("file", "kept");
  for (const char* name : {"file", "file/deeper", "new/../file"}) {
    try {
      output_folder folder(path(name));
      FAIL() << name;
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string(error.what()).find(path(name)), std::string::npos) << error.what();
    }
  }
  EXPECT_EQ(names(), names_t{"file"});
}

TEST_F(OutputFolder, IsRefusedIfAFileOfTheResultsCannotAppearInIt) {
  std::filesystem::create_directories(path("a/logits"));
  EXPECT_NO_THROW(output_folder(path("a"), {"summary"}));
  EXPECT_THROW(output_folder(path("a"), {"summary", "logits"}), std::runtime_error);
  EXPECT_EQ(names(), (names_t{"a", "a/logits"}));
}

TEST_F(OutputFolder, IsForOneRunAlone) {
  for (const bool there : {true, false}) {
    const std::string name = path(there ? "there" : "new/folder");
    if (there) std::filesystem::create_directory(name);
    {
      output_folder first(name), second(name);
      first.create();
      try {
        second.create();
        FAIL();
      } catch (const std::runtime_error& error) {
        const std::string expected =
            "cannot write to folder " + name + ": another run writes to it: process " + std::to_string(getpid()) + " (";
        EXPECT_EQ(std::string(error.what()).substr(0, expected.size()), expected);
      }
      EXPECT_THROW(output_folder third(name), std::runtime_error);
      put((there ? "there" : "new/folder") + std::string("/result"), "x");  // the folder of the first is still there
    }
    EXPECT_NO_THROW(output_folder(name).create()) << "afterwards";
  }
}

TEST_F(OutputFolder, ThatIsALinkIsMadeWhereItLeads) {
  std::filesystem::create_symlink("real", path("link"));
  output_folder folder(path("link"));
  folder.create();
  put("link/result", "x");
  EXPECT_EQ(names(), (names_t{"link", "real", "real/result"}));
}

TEST_F(OutputFolder, VanishesWithTheProgram) {
  output_folder folder(path("a/b"));
  folder.create();
  remove_unfinished();
  EXPECT_EQ(names(), names_t{});
}

TEST_F(OutputFolder, IsRefusedWhereTheSystemLetsNobodyWrite) {
  EXPECT_THROW(output_folder("/proc/ohmic/out"), std::runtime_error);
  EXPECT_THROW(output_folder("/proc"), std::runtime_error);
}

}  // namespace
}  // namespace ohmic
