#include "platform/run/output_folder.h"

#include "tests/platform/run/scratch_folder.h"

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

TEST_F(OutputFolder, IsRefusedWhereTheSystemLetsNobodyWrite) {
  EXPECT_THROW(output_folder("/proc/ohmic/out"), std::runtime_error);
  EXPECT_THROW(output_folder("/proc"), std::runtime_error);
}

}  // namespace
}  // namespace ohmic
