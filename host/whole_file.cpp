#include "host/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace ohmic {

namespace {

struct open_file {
  int descriptor;
  ~open_file() {
    if (descriptor != -1) close(descriptor);
  }
};

}  // namespace

void write_whole_file(const std::string& path, const std::string& content) {
  output_file file(path);
  file.write(content);
  file.commit();
}

std::string read_whole_file(const std::string& path) {
  const auto refuse = [&](int reason) {
    throw std::runtime_error("cannot read " + path + ": " + std::strerror(reason));
  };
  const open_file file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat there{};
  if (file.descriptor == -1 || fstat(file.descriptor, &there) != 0) refuse(errno);
  if (S_ISDIR(there.st_mode)) refuse(EISDIR);
  std::string content;
  std::size_t filled = 0;
  content.resize(S_ISREG(there.st_mode) ? static_cast<std::size_t>(there.st_size) + 1 : 65536);
  for (;;) {
    const ssize_t got = read(file.descriptor, content.data() + filled, content.size() - filled);
    if (got == -1 && errno == EINTR) continue;
    if (got == -1) refuse(errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
    if (filled == content.size()) content.resize(2 * filled);
  }
  content.resize(filled);
  return content;
}

}  // namespace ohmic
