#include "host/destination.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>

namespace ohmic {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(int reason) { throw std::system_error(reason, std::generic_category()); }

bool same_file(const struct stat& a, const struct stat& b) { return a.st_dev == b.st_dev && a.st_ino == b.st_ino; }

/// An open descriptor of this process to which that file can be written; -1: none.
int open_descriptor(const struct stat& file) {
  struct closer {
    void operator()(DIR* d) const { closedir(d); }
  };
  const std::unique_ptr<DIR, closer> all(opendir("/proc/self/fd"));
  if (!all) return -1;
  while (const dirent* entry = readdir(all.get())) {
    const int descriptor = std::atoi(entry->d_name);
    struct stat found{};
    if (entry->d_name[0] == '.' || fstat(descriptor, &found) != 0 || !same_file(found, file)) continue;
    const int flags = fcntl(descriptor, F_GETFL);
    if (flags != -1 && (flags & O_ACCMODE) != O_RDONLY) return descriptor;
  }
  return -1;
}

}  // namespace

std::string follow_links(const std::string& path) {
  constexpr int most_links = 40;  // as the kernel allows
  fs::path at = path;
  while (at.has_relative_path() && !at.has_filename()) at = at.parent_path();  // "folder/"
  for (int i = 0; i < most_links; ++i) {
    struct stat found{};
    if (lstat(at.c_str(), &found) != 0) {
      if (errno == ENOENT) return at;
      fail(errno);
    }
    if (!S_ISLNK(found.st_mode)) return at;
    std::error_code error;
    const fs::path next = fs::read_symlink(at, error);
    if (error) throw std::system_error(error);
    at = next.is_absolute() ? next : at.parent_path() / next;
  }
  fail(ELOOP);
}

destination find_destination(const std::string& path) {
  destination found;
  struct stat there{};
  if (stat(path.c_str(), &there) != 0) {
    if (errno != ENOENT) fail(errno);
    if (path.empty()) fail(ENOENT);
    if (path.back() == '/') fail(EISDIR);
    found.file = follow_links(path);
    return found;
  }
  if (S_ISDIR(there.st_mode)) fail(EISDIR);
  found.exists = true;
  found.mode = there.st_mode & 07777u;
  found.descriptor = open_descriptor(there);
  found.written_into = found.descriptor != -1 || !S_ISREG(there.st_mode);
  if (found.written_into) return found;
  found.file = follow_links(path);
  struct stat followed{};
  // A link below /proc may lead to a file that no name leads to any more.
  if (stat(found.file.c_str(), &followed) != 0 || !same_file(there, followed)) found.written_into = true;
  return found;
}

bool is_standard_output(const std::string& path) {
  struct stat there{}, out{};
  return stat(path.c_str(), &there) == 0 && fstat(STDOUT_FILENO, &out) == 0 && same_file(there, out);
}

}  // namespace ohmic
