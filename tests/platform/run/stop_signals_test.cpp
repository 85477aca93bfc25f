#include "platform/run/stop_signals.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdexcept>

#include "host/output_file.h"
#include "tests/host/scratch_folder.h"

namespace ohmic {
namespace {

class StopSignals : public ScratchFolder {
 protected:
  StopSignals() { signal(SIGHUP, SIG_DFL); }  // whoever has started the tests with nohup
};
using StopSignalsDeathTest = StopSignals;

TEST_F(StopSignalsDeathTest, EndAtOnceWithoutDebris) {
  for (const auto& [signal, code] : {std::pair{SIGINT, 130}, {SIGTERM, 143}, {SIGHUP, 129}}) {
    EXPECT_EXIT(
        {
          install_stop_signals();
          output_file file(path("x"));
          file.write("half");
          raise(signal);
        },
        testing::ExitedWithCode(code), "");
    EXPECT_EQ(names(), std::set<std::string>{}) << signal;
  }
}

TEST_F(StopSignalsDeathTest, TheFirstIsNotedWhileARunIsSimulatedAndTheSecondEndsAtOnce) {
  EXPECT_EXIT(
      {
        install_stop_signals();
        note_stop_signals();
        output_file file(path("x"));
        raise(SIGTERM);
        if (stop_signal() != SIGTERM) _exit(1);
        raise(SIGINT);
        _exit(2);
      },
      testing::ExitedWithCode(130), "");
  EXPECT_EQ(names(), std::set<std::string>{});
}

TEST_F(StopSignalsDeathTest, BehindTheRunTheyAreObeyedAgain) {
  EXPECT_EXIT(
      {
        install_stop_signals();
        note_stop_signals();
        obey_stop_signals();
        raise(SIGTERM);
        _exit(2);
      },
      testing::ExitedWithCode(143), "");
}

TEST_F(StopSignalsDeathTest, AHangUpStaysIgnoredIfItWas) {
  EXPECT_EXIT(
      {
        signal(SIGHUP, SIG_IGN);
        install_stop_signals();
        raise(SIGHUP);
        _exit(3);
      },
      testing::ExitedWithCode(3), "");
}

// Batch systems announce and enforce their limits so. The program dies of the signal itself.
TEST_F(StopSignalsDeathTest, TimeLimitsAndTheLikeLeaveNoDebris) {
  for (const int signal : {SIGXCPU, SIGALRM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGPROF, SIGQUIT}) {
    EXPECT_EXIT(
        {
          install_stop_signals();
          note_stop_signals();
          output_file file(path("x"));
          file.write("half");
          raise(signal);
          _exit(3);
        },
        testing::KilledBySignal(signal), "");
    EXPECT_EQ(names(), std::set<std::string>{}) << signal;
  }
  EXPECT_EXIT(
      {
        ::signal(SIGUSR1, SIG_IGN);
        install_stop_signals();
        raise(SIGUSR1);
        _exit(3);
      },
      testing::ExitedWithCode(3), "")
      << "ignored stays ignored";
}

// What is written when a run has been stopped does not wait for somebody to read it.
TEST_F(StopSignalsDeathTest, ANotedSignalMakesAFifoThatNobodyReadsAnError) {
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_EXIT(
      {
        alarm(20);
        install_stop_signals();
        note_stop_signals();
        raise(SIGTERM);
        try {
          output_file(path("fifo")).commit();
        } catch (const std::runtime_error&) {
          _exit(4);
        }
        _exit(5);
      },
      testing::ExitedWithCode(4), "");
}

}  // namespace
}  // namespace ohmic
