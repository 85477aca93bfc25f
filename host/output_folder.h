#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "host/unfinished.h"

namespace ohmic {

/// Where results of a run will go, for this run alone: two that write into one folder at the same time would mix their
/// files, so the second is refused. Checked before the run is paid for, created only when it is sure to start, so that
/// a run that is refused or interrupted before leaves nothing behind.
///
/// Call order: construct early, create() before the first file is written. On destruction, folders that were missing
/// at first are removed again if they are still empty. The lock is of the kernel's (flock on the folder): it leaves no
/// file and ends with the process, however that ends.
class output_folder {
 public:
  /// Throws std::runtime_error naming the place and the reason if the folder could not be created, one of `files` not
  /// be written in it, or another run has it. Tries by doing (permissions alone do not tell) and leaves no trace.
  explicit output_folder(const std::string& path, const std::vector<std::string>& files = {"results"});
  ~output_folder();
  output_folder(const output_folder&) = delete;
  output_folder& operator=(const output_folder&) = delete;

  /// Throws std::runtime_error as the constructor does.
  void create();

  const std::filesystem::path& path() const { return path_; }

 private:
  void make_and_lock();
  bool lock();
  void leave();
  void remove_what_was_missing();

  const std::filesystem::path path_;
  std::filesystem::path folder_;                ///< absolute, without links and ".."
  std::vector<std::filesystem::path> missing_;  ///< from the innermost folder outwards
  std::unique_ptr<unfinished> announced_;
  int lock_ = -1;
};

}  // namespace ohmic
