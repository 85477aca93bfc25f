#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "host/destination.h"
#include "host/unfinished.h"

namespace ohmic {

/// A file of results on its way, and the one place that decides how results reach their names.
///
/// A regular file, or a name that nothing bears yet, is replaced by a rename when all is written: it is whole or not
/// there at all. Until then its bytes are in NAME.ohmic-XXXXXXXX.part beside it; what killed processes left of these is
/// removed by the next one that writes into that folder. A symbolic link stays and its target is replaced. Anything
/// else (FIFO, device, /dev/stdout, >(process)) is written into and never replaced; opening a FIFO waits for its
/// reader.
///
/// Call order: write() any number of times, or anybody writes to the file named place(); then commit(). Without
/// commit() nothing is left. All throw std::runtime_error "cannot write NAME: reason".
class output_file {
 public:
  enum class filled { by_write, by_name };

  explicit output_file(const std::string& name, filled how = filled::by_write);
  ~output_file();
  output_file(const output_file&) = delete;
  output_file& operator=(const output_file&) = delete;

  /// Errors may show as late as in commit().
  void write(std::string_view bytes);
  void commit();
  /// Leaves nothing; destruction without commit() does the same.
  void discard();

  /// With filled::by_name: a seekable file to be opened, written and closed before commit().
  const std::string& place() const { return part_; }
  const std::string& name() const { return name_; }

 private:
  void create_part(const std::string& beside);
  void open_existing();
  void copy_into_existing();
  [[noreturn]] void fail(int reason);

  const std::string name_;
  const filled how_;
  destination to_;
  std::string part_;
  std::unique_ptr<unfinished> announced_, announced_beside_;
  std::FILE* file_ = nullptr;
  int lock_ = -1;   // of part_: tells other processes that it is being written
  int reason_ = 0;  // of the first write that failed
};

/// Whether output_file will be able to, asked before the content is worked for: throws the same otherwise. An existing
/// file keeps its content, a missing one stays missing, and nothing is opened that could notice.
void check_file_can_be_written(const std::string& name);

/// Removes a regular file that output_file would replace, so that it cannot be taken for the coming one. Anything else
/// stays.
void remove_earlier_file(const std::string& name);

/// From now on no FIFO is waited for: one that nobody reads is an error. Async-signal-safe.
void do_not_wait_for_readers() noexcept;

}  // namespace ohmic
