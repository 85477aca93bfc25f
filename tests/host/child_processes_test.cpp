#include "host/child_processes.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <set>
#include <stdexcept>

namespace ohmic {
namespace {

using telling = std::function<void(const std::string&)>;

TEST(ChildProcesses, EachTellsItsMessagesInOrderFromAProcessOfItsOwn) {
  std::map<unsigned, std::vector<std::string>> heard;
  const std::string long_text(300'000, 'x');  // more than a pipe holds
  const auto outcomes = run_in_children(
      5, 2,
      [&](unsigned i, const telling& tell) {
        tell("process " + std::to_string(getpid()));
        for (unsigned k = 0; k < 100; ++k) tell(std::to_string(i * 1000 + k));
        tell(long_text);
      },
      [&](unsigned i, const std::string& message) {
        heard[i].push_back(message);
        return true;
      });
  ASSERT_EQ(outcomes.size(), 5u);
  std::set<std::string> processes = {"process " + std::to_string(getpid())};
  for (unsigned i = 0; i < 5; ++i) {
    EXPECT_TRUE(outcomes[i].finished);
    EXPECT_EQ(outcomes[i].error, "");
    ASSERT_EQ(heard[i].size(), 102u);
    processes.insert(heard[i][0]);
    for (unsigned k = 0; k < 100; ++k) EXPECT_EQ(heard[i][1 + k], std::to_string(i * 1000 + k));
    EXPECT_EQ(heard[i][101], long_text);
  }
  EXPECT_EQ(processes.size(), 6u);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
}

TEST(ChildProcesses, NoMoreAtOnceThanAsked) {
  // Each says that it runs and waits until another one's message lets it go: with two at once, pairs meet.
  int gates[2];
  ASSERT_EQ(pipe(gates), 0);
  unsigned running = 0, most = 0;
  run_in_children(
      6, 2,
      [&](unsigned, const telling& tell) {
        tell("begin");
        char token = 0;
        if (read(gates[0], &token, 1) != 1) throw std::runtime_error("no token");
        tell("end");
      },
      [&](unsigned, const std::string& message) {
        running += message == "begin" ? 1 : -1;
        most = std::max(most, running);
        if (message == "begin" && running == 2) EXPECT_EQ(write(gates[1], "tt", 2), 2);
        return true;
      });
  EXPECT_EQ(most, 2u);
  EXPECT_EQ(running, 0u);
  close(gates[0]);
  close(gates[1]);
}

TEST(ChildProcesses, OneThatIsNotWantedAnyMoreIsStopped) {
  const auto outcomes = run_in_children(
      2, 2,
      [](unsigned i, const telling& tell) {
        tell("here");
        while (i == 1) tell("still here");  // for ever
      },
      [](unsigned i, const std::string& message) { return i == 0 || message != "still here"; });
  EXPECT_TRUE(outcomes[0].finished);
  EXPECT_FALSE(outcomes[1].finished);
  EXPECT_EQ(outcomes[1].error, "");
}

TEST(ChildProcesses, SaysWhatWentWrong) {
  const auto outcomes = run_in_children(
      3, 3,
      [](unsigned i, const telling&) {
        if (i == 0) throw std::runtime_error("no room for it");
        if (i == 1) raise(SIGKILL);
        _exit(0);
      },
      [](unsigned, const std::string&) { return true; });
  EXPECT_EQ(outcomes[0].error, "no room for it");
  EXPECT_EQ(outcomes[1].error, "its process was ended by signal 9");
  EXPECT_EQ(outcomes[2].error, "its process ended without an answer");
  for (const child_outcome& o : outcomes) EXPECT_FALSE(o.finished);
}

TEST(ChildProcesses, NoneIsLeftWhenTheListenerThrows) {
  EXPECT_THROW(run_in_children(
                   3, 2,
                   [](unsigned, const telling& tell) {
                     for (;;) tell("on and on");
                   },
                   [](unsigned, const std::string&) -> bool { throw std::runtime_error("enough"); }),
               std::runtime_error);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(ChildProcesses, TheyEndWithTheirParent) {
  int life[2];  // held open by every process that lives
  ASSERT_EQ(pipe(life), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    close(life[0]);
    run_in_children(
        1, 1,
        [](unsigned, const telling& tell) {
          tell("here");
          for (;;) pause();
        },
        [](unsigned, const std::string&) -> bool {
          raise(SIGKILL);
          return true;
        });
    _exit(0);
  }
  close(life[1]);
  char none = 0;
  EXPECT_EQ(read(life[0], &none, 1), 0);  // the end of the last one
  close(life[0]);
  waitpid(parent, nullptr, 0);
}

}  // namespace
}  // namespace ohmic
