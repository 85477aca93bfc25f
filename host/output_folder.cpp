#include "host/output_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include "host/destination.h"
#include "host/whole_file.h"

namespace ohmic {

namespace fs = std::filesystem;

namespace {

/// Another run may hold a lock for the moment in which it checks the folder.
constexpr auto patience = std::chrono::milliseconds(500), pause = std::chrono::milliseconds(20);

/// Absolute and without "..", so that every folder on the way is named once.
fs::path resolved(const std::string& path) {
  std::error_code error;
  try {
    const fs::path there = fs::weakly_canonical(follow_links(path), error);
    return error ? fs::absolute(path) : there;
  } catch (const std::system_error&) {
    return fs::absolute(path);
  }
}

/// "process 123 (ohmic run ...)" that holds a lock on an inode, as the kernel lists it; empty if it does not tell.
std::string holder_of_lock(ino_t inode) {
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number, kind, strictness, access, process, file;
    words >> number >> kind >> strictness >> access >> process >> file;
    const std::size_t colon = file.rfind(':');
    if (kind != "FLOCK" || colon == std::string::npos || file.substr(colon + 1) != std::to_string(inode)) continue;
    std::string command;
    try {
      command = read_whole_file("/proc/" + process + "/cmdline");
    } catch (const std::runtime_error&) {
      return "process " + process;
    }
    while (!command.empty() && command.back() == '\0') command.pop_back();
    for (char& c : command)
      if (static_cast<unsigned char>(c) < ' ') c = ' ';
    constexpr std::size_t longest = 200;
    if (command.size() > longest) command = command.substr(0, longest) + "...";
    return "process " + process + " (" + command + ")";
  }
  return "";
}

}  // namespace

output_folder::output_folder(const std::string& path, const std::vector<std::string>& files)
    : path_(path), folder_(resolved(path)) {
  std::error_code error;
  for (fs::path at = folder_; !fs::exists(at, error) && at.has_relative_path(); at = at.parent_path())
    if (at.has_filename()) missing_.push_back(at);
  if (!missing_.empty())
    announced_ = std::make_unique<unfinished>(missing_.front().string(), static_cast<unsigned>(missing_.size()));
  try {
    make_and_lock();
    for (const std::string& file : files) check_file_can_be_written((path_ / file).string());
  } catch (...) {
    leave();
    throw;
  }
  leave();
}

output_folder::~output_folder() { leave(); }

void output_folder::create() {
  if (lock_ == -1) make_and_lock();
}

void output_folder::make_and_lock() {
  const auto refuse = [&](const std::string& reason) {
    throw std::runtime_error("cannot write to folder " + path_.string() + ": " + reason);
  };
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    std::error_code error;
    fs::create_directories(folder_, error);
    if (!error && !fs::is_directory(folder_, error)) error = std::make_error_code(std::errc::not_a_directory);
    if (error) {
      remove_what_was_missing();
      refuse(error.message());
    }
    if (lock()) return;
    if (std::chrono::steady_clock::now() > until) break;
    std::this_thread::sleep_for(pause);
  }
  struct stat there{};
  const std::string other = stat(folder_.c_str(), &there) == 0 ? holder_of_lock(there.st_ino) : "";
  refuse("another run writes to it" + (other.empty() ? "" : ": " + other) + "; give this one a folder of its own");
}

/// False if another process has the lock, or the folder has vanished meanwhile.
bool output_folder::lock() {
  const int descriptor = open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor == -1) return errno != ENOENT;  // no reading, but perhaps writing: without a lock then
  const bool taken = flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;  // or it knows no locks
  struct stat own{}, named{};
  const bool there = fstat(descriptor, &own) == 0 && stat(folder_.c_str(), &named) == 0 && own.st_ino == named.st_ino &&
                     own.st_dev == named.st_dev;
  if (taken || !there) {
    close(descriptor);
    return false;
  }
  lock_ = descriptor;
  return true;
}

/// Folders are removed under the lock, so that none vanishes that another run has just made its own.
void output_folder::leave() {
  if (lock_ == -1) return;
  remove_what_was_missing();
  close(std::exchange(lock_, -1));
}

void output_folder::remove_what_was_missing() {
  for (const fs::path& folder : missing_) rmdir(folder.c_str());  // fails where something was written
}

}  // namespace ohmic
