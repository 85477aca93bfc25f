#include "host/child_processes.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <utility>

namespace ohmic {
namespace {

// A message on a pipe: what it is, its size, its text.
enum class kind : char { told, failed, finished };
constexpr std::size_t head_bytes = 1 + sizeof(std::uint32_t);

bool send(int pipe, kind what, const std::string& text) {
  std::string message(head_bytes, static_cast<char>(what));
  const auto size = static_cast<std::uint32_t>(text.size());
  std::memcpy(&message[1], &size, sizeof size);
  message += text;
  for (std::size_t sent = 0; sent < message.size();) {
    const ssize_t n = write(pipe, message.data() + sent, message.size() - sent);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

struct child {
  unsigned work = 0;
  pid_t process = -1;
  int pipe = -1;
  std::string unread;
  bool stopped = false, answered = false;
};

class child_runner {
 public:
  using telling = std::function<void(const std::string&)>;

  child_runner(const std::function<void(unsigned, const telling&)>& work,
               const std::function<bool(unsigned, const std::string&)>& heard, unsigned count)
      : work_(work), heard_(heard), outcomes_(count) {}
  child_runner(const child_runner&) = delete;
  child_runner& operator=(const child_runner&) = delete;
  ~child_runner() {  // some are left if heard() threw, or no process could be begun
    for (child& c : running_) {
      c.stopped = true;
      end(c);
    }
  }

  std::vector<child_outcome> run(unsigned at_once) {
    for (unsigned next = 0; next < outcomes_.size() || !running_.empty();) {
      while (next < outcomes_.size() && running_.size() < std::max(1u, at_once)) begin(next++);
      listen();
    }
    return std::move(outcomes_);
  }

 private:
  void begin(unsigned i) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) fail();
    const pid_t parent = getpid(), process = fork();
    if (process < 0) {
      close(ends[0]);
      close(ends[1]);
      fail();
    }
    if (process == 0) {
      close(ends[0]);
      live(i, ends[1], parent);
    }
    close(ends[1]);
    child c;
    c.work = i;
    c.process = process;
    c.pipe = ends[0];
    running_.push_back(std::move(c));
  }

  [[noreturn]] static void fail() {
    throw std::runtime_error(std::string("cannot start a process: ") + std::strerror(errno));
  }

  /// The life of a child.
  [[noreturn]] void live(unsigned i, int pipe, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);                                             // it has ended meanwhile
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, SIG_DFL);  // nothing to tidy up here
    for (const child& other : running_) close(other.pipe);
    try {
      work_(i, [&](const std::string& text) {
        if (!send(pipe, kind::told, text)) _exit(1);
      });
      send(pipe, kind::finished, "");
    } catch (const std::exception& error) {
      send(pipe, kind::failed, error.what());
    } catch (...) {
      send(pipe, kind::failed, "an unknown error");
    }
    _exit(0);
  }

  void listen() {
    std::vector<pollfd> pipes;
    for (const child& c : running_) pipes.push_back({c.pipe, POLLIN, 0});
    if (poll(pipes.data(), pipes.size(), -1) < 0) return;  // a signal
    for (std::size_t k = 0; k < pipes.size(); ++k)
      if (pipes[k].revents != 0) read_from(running_[k]);
    running_.erase(std::remove_if(running_.begin(), running_.end(), [](const child& c) { return c.process < 0; }),
                   running_.end());
  }

  void read_from(child& c) {
    char buffer[4096];
    const ssize_t n = read(c.pipe, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) return;
    if (n > 0) {
      c.unread.append(buffer, static_cast<std::size_t>(n));
      while (!c.stopped && take_message(c)) {
      }
    }
    if (n <= 0 || c.stopped) end(c);
  }

  /// False: the next one is not there yet.
  bool take_message(child& c) {
    std::uint32_t size = 0;
    if (c.unread.size() < head_bytes) return false;
    std::memcpy(&size, c.unread.data() + 1, sizeof size);
    if (c.unread.size() - head_bytes < size) return false;
    const auto what = static_cast<kind>(c.unread[0]);
    const std::string text = c.unread.substr(head_bytes, size);
    c.unread.erase(0, head_bytes + size);
    child_outcome& outcome = outcomes_[c.work];
    c.answered = what != kind::told;
    outcome.finished = what == kind::finished;
    if (what == kind::failed) outcome.error = text;
    if (what == kind::told) c.stopped = !heard_(c.work, text);
    return true;
  }

  /// Waits for the process, which has closed its pipe or is not wanted any more.
  void end(child& c) {
    if (c.process < 0) return;
    if (c.stopped) kill(c.process, SIGKILL);
    close(c.pipe);
    int status = 0;
    while (waitpid(c.process, &status, 0) < 0 && errno == EINTR) {
    }
    c.process = -1;
    if (c.answered || c.stopped) return;
    outcomes_[c.work].error = WIFSIGNALED(status)
                                  ? std::string("its process was ended by signal ") + std::to_string(WTERMSIG(status))
                                  : "its process ended without an answer";
  }

  const std::function<void(unsigned, const telling&)>& work_;
  const std::function<bool(unsigned, const std::string&)>& heard_;
  std::vector<child_outcome> outcomes_;
  std::vector<child> running_;
};

}  // namespace

std::vector<child_outcome> run_in_children(
    unsigned count, unsigned at_once,
    const std::function<void(unsigned i, const std::function<void(const std::string&)>& tell)>& work,
    const std::function<bool(unsigned i, const std::string& message)>& heard) {
  return child_runner(work, heard, count).run(at_once);
}

}  // namespace ohmic
