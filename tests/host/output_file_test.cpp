#include "host/output_file.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "host/whole_file.h"
#include "tests/host/scratch_folder.h"

namespace ohmic {
namespace {

using names_t = std::set<std::string>;

class OutputFile : public ScratchFolder {
 protected:
  std::string refusal(const std::string& name, const std::string& content) {
    try {
      write_whole_file(name, content);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(OutputFile, IsThereWholeWithCommitOnly) {
  put("x", "earlier");
  {
    output_file file(path("x"));
    file.write("new");
    EXPECT_EQ(read_whole_file(path("x")), "earlier");
  }
  EXPECT_EQ(read_whole_file(path("x")), "earlier");
  output_file file(path("x"));
  file.write("ne");
  file.write("w");
  file.commit();
  EXPECT_EQ(read_whole_file(path("x")), "new");
  EXPECT_EQ(names(), names_t{"x"});
}

TEST_F(OutputFile, KeepsThePermissionsOfWhatItReplaces) {
  put("x", "earlier");
  chmod(path("x").c_str(), 0600);
  write_whole_file(path("x"), "new");
  struct stat there{};
  stat(path("x").c_str(), &there);
  EXPECT_EQ(there.st_mode & 07777u, 0600u);
}

TEST_F(OutputFile, ANewFileHasThePermissionsOfAnyNewFile) {
  const mode_t before = umask(0022);
  write_whole_file(path("x"), "new");
  umask(before);
  struct stat there{};
  stat(path("x").c_str(), &there);
  EXPECT_EQ(there.st_mode & 07777u, 0644u);
}

// In a process of its own, which root makes anybody's: nothing is forbidden to root.
TEST_F(OutputFile, LeavesAFileThatIsProtected) {
  put("x", "earlier");
  chmod(path("x").c_str(), 0444);
  chmod(path("").c_str(), 0777);
  const pid_t child = fork();
  if (child == 0) {
    if (geteuid() == 0 && seteuid(65534) != 0) _exit(77);
    _exit(refusal(path("x"), "new") == "cannot write " + path("x") + ": Permission denied" ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "root may not become another user here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(read_whole_file(path("x")), "earlier");
  EXPECT_EQ(names(), names_t{"x"});
}

TEST_F(OutputFile, LeavesALinkAndReplacesItsTarget) {
  std::filesystem::create_directory(path("folder"));
  std::filesystem::create_symlink("folder/target", path("link"));
  for (const char* const content : {"first", "second"}) {
    write_whole_file(path("link"), content);
    EXPECT_TRUE(std::filesystem::is_symlink(path("link")));
    EXPECT_EQ(read_whole_file(path("folder/target")), content);
  }
  EXPECT_EQ(names(), (names_t{"folder", "folder/target", "link"}));
}

TEST_F(OutputFile, GoesThroughAFifo) {
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  for (const auto how : {output_file::filled::by_write, output_file::filled::by_name}) {
    std::string got;
    std::thread reader([&] { got = read_whole_file(path("fifo")); });
    {
      output_file file(path("fifo"), how);
      if (how == output_file::filled::by_name)
        std::ofstream(file.place()) << "through";
      else
        file.write("through");
      file.commit();
    }
    reader.join();
    EXPECT_EQ(got, "through");
    EXPECT_TRUE(std::filesystem::is_fifo(path("fifo")));
  }
  EXPECT_EQ(names(), names_t{"fifo"});
}

TEST_F(OutputFile, GoesOnWhereAnOpenFileStands) {
  for (const auto how : {output_file::filled::by_write, output_file::filled::by_name}) {
    const int descriptor = open(path("log").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ASSERT_EQ(write(descriptor, "before ", 7), 7);
    {
      output_file file("/dev/fd/" + std::to_string(descriptor), how);
      if (how == output_file::filled::by_name)
        std::ofstream(file.place()) << "between ";
      else
        file.write("between ");
      file.commit();
    }
    ASSERT_EQ(write(descriptor, "after", 5), 5);
    close(descriptor);
    EXPECT_EQ(read_whole_file(path("log")), "before between after");
  }
}

TEST_F(OutputFile, AFullDeviceIsNamedWithItsReason) {
  EXPECT_EQ(refusal("/dev/full", "x"), "cannot write /dev/full: No space left on device");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
}

TEST_F(OutputFile, WhatCannotBeOpenedIsNamedWithItsReason) {
  EXPECT_EQ(refusal(path("none/x"), "x"), "cannot write " + path("none/x") + ": No such file or directory");
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  ASSERT_LT(path("s").size(), sizeof name.sun_path);
  path("s").copy(name.sun_path, sizeof name.sun_path - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(socket, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  EXPECT_EQ(refusal(path("s"), "x"), "cannot write " + path("s") + ": No such device or address");
  close(socket);
}

TEST_F(OutputFile, AFullDiskIsAnErrorAndLeavesWhatWasThere) {
  put("x", "earlier");
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{10000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string at_once = refusal(path("x"), std::string(20000, 'x'));
  std::string in_pieces;
  try {
    output_file file(path("new"));
    for (int i = 0; i < 200; ++i) file.write(std::string(100, 'x'));
    file.commit();
  } catch (const std::runtime_error& error) {
    in_pieces = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(at_once, "cannot write " + path("x") + ": File too large");
  EXPECT_EQ(in_pieces, "cannot write " + path("new") + ": File too large");
  EXPECT_EQ(read_whole_file(path("x")), "earlier");
  EXPECT_EQ(names(), names_t{"x"});
}

TEST_F(OutputFile, AClosedPipeIsAnError) {
  std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  const std::string name = "/dev/fd/" + std::to_string(ends[1]);
  EXPECT_EQ(refusal(name, "x"), "cannot write " + name + ": Broken pipe");
  close(ends[1]);
}

TEST_F(OutputFile, BecomesWhatTheNameHasBecomeMeanwhile) {
  output_file file(path("x"));
  file.write("through");
  ASSERT_EQ(mkfifo(path("x").c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] { got = read_whole_file(path("x")); });
  file.commit();
  reader.join();
  EXPECT_EQ(got, "through");
  EXPECT_TRUE(std::filesystem::is_fifo(path("x")));
}

// As containers mount single files: they cannot be replaced, so they are written anew. In a process of its own, with
// mounts of its own where the system allows that.
TEST_F(OutputFile, AFileThatIsAMountPointIsWrittenInto) {
  put("x", "a longer text from before");
  put("behind", "y");
  const pid_t child = fork();
  if (child == 0) {
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) _exit(77);
    mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    if (mount(path("behind").c_str(), path("x").c_str(), nullptr, MS_BIND, nullptr) != 0) _exit(77);
    if (std::rename(path("behind").c_str(), path("x").c_str()) != -1 || errno != EBUSY) _exit(2);
    put("behind", "an even longer text from before");
    const bool wrote = refusal(path("x"), "new").empty();
    _exit(wrote && read_whole_file(path("x")) == "new" && read_whole_file(path("behind")) == "new" ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "no mounts of one's own here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(read_whole_file(path("x")), "a longer text from before") << "what lies below the mount";
  EXPECT_EQ(names(), (names_t{"behind", "x"}));
}

TEST_F(OutputFile, TakesNamesAsLongAsTheSystemDoes) {
  const std::string name(255, 'n');
  write_whole_file(path(name), "x");
  EXPECT_EQ(names(), names_t{name});
  EXPECT_EQ(refusal(path(name + "n"), "x"), "cannot write " + path(name + "n") + ": File name too long");
  output_file by_name(path(name), output_file::filled::by_name);
  std::ofstream(by_name.place()) << "y";
  const std::string beside = by_name.place() + ".hier";  // as the FST writer makes and removes it
  EXPECT_TRUE(std::ofstream(beside).is_open());
  std::filesystem::remove(beside);
  by_name.commit();
  EXPECT_EQ(read_whole_file(path(name)), "y");
  EXPECT_EQ(names(), names_t{name});
}

TEST_F(OutputFile, SweepsAwayWhatKilledProcessesLeftAndNothingElse) {
  for (const char* const name :
       {"a.ohmic-01234567.part", "b.ohmic-89abcdef.part", "b.ohmic-89abcdef.part.hier", "gone.ohmic-89abcdef.part.hier",
        "a.part", "a.ohmic-0123456.part", "a.ohmic-x1234567.part"})
    put(name, "x");
  put("busy.ohmic-01234567.part", "of another process");
  const int other = open(path("busy.ohmic-01234567.part").c_str(), O_RDONLY);
  ASSERT_EQ(flock(other, LOCK_EX), 0);
  write_whole_file(path("a"), "x");
  EXPECT_EQ(names(),
            (names_t{"a", "a.part", "a.ohmic-0123456.part", "a.ohmic-x1234567.part", "busy.ohmic-01234567.part"}));
  close(other);
}

// The FST writer is stopped in its midst: neither its file nor the part beside it stays.
TEST_F(OutputFile, WhatIsFilledByNameLeavesNothingIfItIsGivenUp) {
  {
    output_file file(path("x"), output_file::filled::by_name);
    std::ofstream(file.place()) << "half";
    std::ofstream(file.place() + ".hier") << "half";
    EXPECT_EQ(names().size(), 2u);
  }
  EXPECT_EQ(names(), names_t{});
  output_file file(path("x"), output_file::filled::by_name);
  std::ofstream(file.place()) << "half";
  std::ofstream(file.place() + ".hier") << "half";
  remove_unfinished();
  EXPECT_EQ(names(), names_t{}) << "by a signal";
}

TEST_F(OutputFile, KnowsItsUnfinishedFile) {
  output_file file(path("x"));
  file.write("x");
  EXPECT_EQ(names().size(), 1u);
  remove_unfinished();
  EXPECT_EQ(names(), names_t{});
  EXPECT_THROW(file.commit(), std::runtime_error);
}

TEST_F(OutputFile, CheckChangesNothingAndOpensNoFifo) {
  put("x", "earlier");
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  for (const char* const name : {"x", "new", "fifo"}) check_file_can_be_written(path(name));
  EXPECT_EQ(names(), (names_t{"fifo", "x"}));
  EXPECT_EQ(read_whole_file(path("x")), "earlier");
}

TEST_F(OutputFile, RemovesOnlyEarlierRegularFiles) {
  put("x", "earlier");
  put("target", "earlier");
  std::filesystem::create_symlink("target", path("link"));
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  for (const char* const name : {"x", "link", "fifo", "none"}) remove_earlier_file(path(name));
  EXPECT_TRUE(std::filesystem::is_symlink(path("link")));
  EXPECT_EQ(names(), (names_t{"fifo", "link"}));
}

}  // namespace
}  // namespace ohmic
