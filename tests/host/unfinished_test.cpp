#include "host/unfinished.h"

#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <thread>
#include <vector>

#include "tests/host/scratch_folder.h"

namespace ohmic {
namespace {

using names_t = std::set<std::string>;

class Unfinished : public ScratchFolder {};

TEST_F(Unfinished, FilesVanishAndThoseThatAreDoneStay) {
  put("a", "x");
  put("b", "x");
  put("c", "x");
  const unfinished a(path("a"));
  {
    const unfinished b(path("b"));
  }
  const unfinished c(path("c"));
  remove_unfinished();
  EXPECT_EQ(names(), names_t{"b"});
}

TEST_F(Unfinished, FoldersVanishWithTheirUnfinishedFilesAsFarAsTheyAreEmpty) {
  std::filesystem::create_directories(path("a/b/c"));
  put("a/b/c/x", "x");
  const unfinished folders(path("a/b/c"), 2), file(path("a/b/c/x"));
  remove_unfinished();
  EXPECT_EQ(names(), names_t{"a"}) << "two levels, with or without an order of announcement";

  std::filesystem::create_directories(path("a/b/c"));
  put("a/b/kept", "x");
  const unfinished again(path("a/b/c"), 3);
  remove_unfinished();
  EXPECT_EQ(names(), (names_t{"a", "a/b", "a/b/kept"}));
}

TEST_F(Unfinished, AForkedProcessLeavesItsParentsAlone) {
  put("a", "x");
  const unfinished a(path("a"));
  const pid_t child = fork();
  if (child == 0) {
    const unfinished own(path("own"));
    put("own", "x");
    remove_unfinished();
    _exit(0);
  }
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_EQ(names(), names_t{"a"});
  remove_unfinished();
  EXPECT_EQ(names(), names_t{});
}

TEST_F(Unfinished, ManyThreadsAnnounceAtOnce) {
  const auto work = [&](int t) {
    for (int i = 0; i < 1000; ++i) {
      std::vector<std::unique_ptr<unfinished>> some;
      for (int k = 0; k < 4; ++k) some.push_back(std::make_unique<unfinished>(path(std::to_string(t * 4 + k))));
    }
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back(work, t);
  for (std::thread& t : threads) t.join();
  put("1", "x");
  remove_unfinished();
  EXPECT_EQ(names(), names_t{"1"}) << "nothing is announced any more";
}

}  // namespace
}  // namespace ohmic
