#include "platform/run/whole_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace ohmic {

namespace {
[[noreturn]] void fail(const std::string& what, const std::string& path) {
  throw std::runtime_error("cannot " + what + " " + path + ": " + std::strerror(errno));
}

std::string unfinished(const std::string& path) { return path + "." + std::to_string(getpid()) + ".part"; }
}  // namespace

void write_whole_file(const std::string& path, const std::string& content) {
  const std::string part = unfinished(path);
  errno = 0;
  std::ofstream out(part, std::ios::binary);
  if (!out) fail("write", path);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  std::error_code ignored;
  if (!out) {
    std::filesystem::remove(part, ignored);
    fail("write", path);
  }
  if (std::rename(part.c_str(), path.c_str()) != 0) {
    const int reason = errno;
    std::filesystem::remove(part, ignored);
    errno = reason;
    fail("write", path);
  }
}

void check_file_can_be_written(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    errno = EISDIR;
    fail("write", path);
  }
  const std::string part = unfinished(path);
  errno = 0;
  if (!std::ofstream(part, std::ios::binary)) fail("write", path);
  std::filesystem::remove(part, ignored);
}

std::string read_whole_file(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) fail("read", path);
  std::string content((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (in.bad()) fail("read", path);
  return content;
}

}  // namespace ohmic
