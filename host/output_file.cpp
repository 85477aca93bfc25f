#include "host/output_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <random>
#include <regex>
#include <set>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "host/console.h"

namespace ohmic {

namespace fs = std::filesystem;

namespace {

constexpr char part_mark[] = ".ohmic-", part_end[] = ".part";
constexpr char writers_own[] = ".hier";  // the FST writer keeps a part of its own beside the file until it closes it

std::atomic<bool> waiting_for_readers{true};

[[noreturn]] void refuse(const std::string& name, int reason) {
  throw std::runtime_error("cannot write " + name + ": " + std::strerror(reason));
}

destination destination_of(const std::string& name) {
  try {
    return find_destination(name);
  } catch (const std::system_error& error) {
    refuse(name, error.code().value());
  }
}

fs::path folder_of(const fs::path& file) { return file.has_parent_path() ? file.parent_path() : fs::path("."); }

/// A name for bytes on their way to `file`; of a long name only so much is kept that the system takes it.
std::string part_name(const fs::path& file) {
  constexpr std::size_t longest = 255, digits = 8;
  static std::random_device random;
  static std::mutex one_at_a_time;
  const std::lock_guard<std::mutex> lock(one_at_a_time);
  char number[digits + 1];
  std::snprintf(number, sizeof number, "%08x", static_cast<unsigned>(random()));
  const std::string end = part_mark + std::string(number) + part_end;
  const std::string base = file.filename().string().substr(0, longest - end.size() - std::strlen(writers_own));
  return (folder_of(file) / (base + end)).string();
}

/// Nobody writes it any more.
bool left_behind(const std::string& part) {
  const int descriptor = open(part.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor == -1) return errno == ENOENT;
  const bool free = flock(descriptor, LOCK_EX | LOCK_NB) == 0;
  close(descriptor);
  return free;
}

/// Removes what killed processes left in a folder; once per folder is enough.
void sweep(const fs::path& folder) {
  static std::mutex one_at_a_time;
  static std::set<fs::path> swept;
  const std::lock_guard<std::mutex> lock(one_at_a_time);
  if (!swept.insert(folder).second) return;
  static const std::regex ours(R"((.*\.ohmic-[0-9a-f]{8}\.part)(\.hier)?)");
  std::error_code ignored;
  for (fs::directory_iterator entry(folder, ignored), end; !ignored && entry != end; entry.increment(ignored)) {
    std::smatch match;
    const std::string name = entry->path().filename().string();
    if (!std::regex_match(name, match, ours) || !fs::is_regular_file(entry->symlink_status(ignored))) continue;
    if (left_behind((folder / match[1].str()).string())) unlink(entry->path().c_str());
  }
}

/// Opens for writing what is there already.
int open_thing(const std::string& name) {
  constexpr int how = O_WRONLY | O_NOCTTY | O_CLOEXEC;
  if (waiting_for_readers) return open(name.c_str(), how);
  const int descriptor = open(name.c_str(), how | O_NONBLOCK);
  if (descriptor != -1) fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK);
  return descriptor;
}

}  // namespace

output_file::output_file(const std::string& name, filled how) : name_(name), how_(how), to_(destination_of(name)) {
  try {
    if (!to_.written_into)
      create_part(to_.file);
    else if (how_ == filled::by_name)
      create_part((fs::temp_directory_path() / fs::path(name).filename()).string());
    else
      open_existing();
  } catch (...) {
    discard();
    throw;
  }
}

output_file::~output_file() { discard(); }

void output_file::create_part(const std::string& beside) {
  // Its folder would let it be replaced, but whoever has protected a file wants to keep it.
  if (to_.exists && !to_.written_into && faccessat(AT_FDCWD, to_.file.c_str(), W_OK, AT_EACCESS) != 0) fail(errno);
  sweep(folder_of(beside));
  for (;;) {
    part_ = part_name(beside);
    announced_ = std::make_unique<unfinished>(part_);
    if (how_ == filled::by_name) announced_beside_ = std::make_unique<unfinished>(part_ + writers_own);
    const int descriptor = open(part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor == -1) {
      const int reason = errno;
      announced_.reset();
      part_.clear();
      if (reason == EEXIST) continue;
      fail(reason);
    }
    lock_ = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) errno = 0;  // a file system without locks: nobody sweeps there
    if (to_.exists && !to_.written_into) fchmod(descriptor, to_.mode);
    struct stat own{}, named{};
    const bool kept = fstat(descriptor, &own) == 0 && stat(part_.c_str(), &named) == 0 && own.st_ino == named.st_ino;
    if (!kept) {  // swept away before it was locked
      close(descriptor);
      discard();
      continue;
    }
    if (how_ == filled::by_name) {
      close(descriptor);
      return;
    }
    file_ = fdopen(descriptor, "w");
    if (file_ != nullptr) return;
    const int reason = errno;
    close(descriptor);
    fail(reason);
  }
}

void output_file::open_existing() {
  flush_console();  // it may be the same
  const int descriptor = to_.descriptor != -1 ? fcntl(to_.descriptor, F_DUPFD_CLOEXEC, 0) : open_thing(name_);
  if (descriptor == -1) fail(errno);
  file_ = fdopen(descriptor, "w");
  if (file_ != nullptr) return;
  const int reason = errno;
  close(descriptor);
  fail(reason);
}

void output_file::write(std::string_view bytes) {
  if (file_ == nullptr || reason_ != 0) return;
  errno = 0;
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) reason_ = errno != 0 ? errno : EIO;
}

void output_file::commit() {
  if (file_ != nullptr) {
    errno = 0;
    const bool unwritten = std::fclose(std::exchange(file_, nullptr)) != 0;
    if (unwritten && reason_ == 0) reason_ = errno != 0 ? errno : EIO;
    if (reason_ != 0) fail(reason_);
  }
  if (part_.empty()) return;
  if (!to_.written_into) {
    const destination now = destination_of(to_.file);  // it may have become another thing meanwhile
    if (!now.written_into) {
      if (std::rename(part_.c_str(), to_.file.c_str()) == 0) {
        part_.clear();
        discard();
        return;
      }
      if (errno != EBUSY) fail(errno);  // EBUSY: a mount point, as containers have for single files
    }
  }
  copy_into_existing();
  discard();
}

void output_file::copy_into_existing() {
  std::FILE* const from = std::fopen(part_.c_str(), "rb");
  if (from == nullptr) fail(errno);
  try {
    open_existing();
  } catch (...) {
    std::fclose(from);
    throw;
  }
  struct stat there{};
  if (fstat(fileno(file_), &there) == 0 && S_ISREG(there.st_mode) && to_.descriptor == -1)
    if (ftruncate(fileno(file_), 0) != 0) reason_ = errno;
  char block[65536];
  for (std::size_t size; (size = std::fread(block, 1, sizeof block, from)) != 0;) write({block, size});
  if (std::ferror(from) != 0 && reason_ == 0) reason_ = EIO;
  std::fclose(from);
  errno = 0;
  if (std::fclose(std::exchange(file_, nullptr)) != 0 && reason_ == 0) reason_ = errno != 0 ? errno : EIO;
  if (reason_ != 0) fail(reason_);
}

void output_file::discard() {
  if (file_ != nullptr) std::fclose(std::exchange(file_, nullptr));
  if (!part_.empty()) unlink(part_.c_str());
  if (announced_beside_ && !part_.empty()) unlink((part_ + writers_own).c_str());
  part_.clear();
  if (lock_ != -1) close(std::exchange(lock_, -1));
  announced_.reset();
  announced_beside_.reset();
}

void output_file::fail(int reason) {
  discard();
  refuse(name_, reason);
}

void check_file_can_be_written(const std::string& name) {
  const destination to = destination_of(name);
  if (!to.written_into) {
    const output_file probe(name);
  } else if (to.descriptor == -1 && access(name.c_str(), W_OK) != 0) {
    refuse(name, errno);
  }
}

void remove_earlier_file(const std::string& name) {
  const destination to = destination_of(name);
  if (to.exists && !to.written_into) unlink(to.file.c_str());
}

void do_not_wait_for_readers() noexcept { waiting_for_readers = false; }

}  // namespace ohmic
