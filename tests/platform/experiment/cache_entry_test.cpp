#include "platform/experiment/cache_entry.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "host/whole_file.h"
#include "tests/host/scratch_folder.h"

namespace ohmic {
namespace {

class CacheEntry : public ScratchFolder {
 protected:
  CacheEntry() { setenv("OHMIC_CACHE", path("cache").c_str(), 1); }
  ~CacheEntry() override { unsetenv("OHMIC_CACHE"); }
};

TEST_F(CacheEntry, GivesBackWhatWasPut) {
  std::string content = "any\nbytes\n";
  for (int i = 0; i < 256; ++i) content += static_cast<char>(i);
  const cache_entry entry("kind", "0123", ".x");
  EXPECT_FALSE(entry.get());
  for (const std::string& some : {content, std::string(), std::string("\n")}) {
    entry.put(some);
    EXPECT_EQ(entry.get(), some);
  }
  EXPECT_EQ(names(), (std::set<std::string>{"cache", "cache/kind", "cache/kind/0123.x"}));
}

TEST_F(CacheEntry, EveryFlippedBitAndEveryOtherLengthIsNoEntry) {
  const cache_entry entry("kind", "0123", "");
  entry.put("content\nof it");
  const std::string whole = read_whole_file(entry.file());
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    write_whole_file(entry.file(), flipped);
    EXPECT_FALSE(entry.get()) << "bit " << bit;
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write_whole_file(entry.file(), whole.substr(0, size));
    EXPECT_FALSE(entry.get()) << size << " bytes";
  }
  for (const char* const more : {"x", "\n"}) {
    write_whole_file(entry.file(), whole + more);
    EXPECT_FALSE(entry.get());
  }
  write_whole_file(entry.file(), whole);
  EXPECT_EQ(entry.get(), "content\nof it");
}

TEST_F(CacheEntry, OneUnderAnotherNameIsNone) {
  const cache_entry entry("kind", "0123", "");
  entry.put("content");
  std::filesystem::rename(entry.file(), path("cache/kind/4567"));
  EXPECT_FALSE(cache_entry("kind", "4567", "").get());
  std::filesystem::create_directory(path("cache/other"));
  std::filesystem::rename(path("cache/kind/4567"), path("cache/other/0123"));
  EXPECT_FALSE(cache_entry("other", "0123", "").get());
}

TEST_F(CacheEntry, AnythingInItsPlaceIsReplaced) {
  const cache_entry entry("kind", "0123", "");
  std::filesystem::create_directories(entry.file() + "/full/of");
  EXPECT_FALSE(entry.get());
  entry.put("one");
  EXPECT_EQ(entry.get(), "one");

  std::filesystem::remove(entry.file());
  ASSERT_EQ(mkfifo(entry.file().c_str(), 0600), 0);
  EXPECT_FALSE(entry.get()) << "without waiting for a writer";
  entry.put("two");
  EXPECT_EQ(entry.get(), "two");

  std::filesystem::remove(entry.file());
  std::filesystem::create_symlink(path("nowhere"), entry.file());
  EXPECT_FALSE(entry.get());
  entry.put("three");
  EXPECT_EQ(entry.get(), "three");
  EXPECT_FALSE(std::filesystem::exists(path("nowhere")));
}

TEST_F(CacheEntry, WithoutAPlaceThereIsNone) {
  put("cache", "a file where the folder should be");
  const cache_entry entry("kind", "0123", "");
  entry.put("content");
  EXPECT_FALSE(entry.get());
  EXPECT_EQ(names(), std::set<std::string>{"cache"});
}

}  // namespace
}  // namespace ohmic
