#include "host/console.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>

namespace ohmic {
namespace {

int lost = 0;  // the reason

void note(bool failed) {
  if (failed && lost == 0) lost = errno != 0 ? errno : EIO;
}

}  // namespace

void prepare_console() {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor)
    if (fcntl(descriptor, F_GETFD) == -1 && errno == EBADF)
      open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);  // gets the lowest free number; use fails
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
}

void print(std::string_view text) {
  errno = 0;
  note(std::fwrite(text.data(), 1, text.size(), stdout) != text.size());
}

bool console_is_lost() { return lost != 0 || std::ferror(stdout) != 0; }

void flush_console() {
  errno = 0;
  note(std::fflush(stdout) != 0);
}

void finish_console() {
  flush_console();
  note(std::ferror(stdout) != 0);
  if (lost != 0) throw std::runtime_error(std::string("cannot write standard output: ") + std::strerror(lost));
}

}  // namespace ohmic
