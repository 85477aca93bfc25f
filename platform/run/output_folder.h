#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ohmic {

/// Where results of a run will go. Checked before the run is paid for, created only when it is sure to start, so that a
/// run that is refused or interrupted before leaves nothing behind.
///
/// Call order: construct early, create() before the first file is written. On destruction, folders that were missing
/// at first are removed again if they are still empty.
class output_folder {
 public:
  /// Throws std::runtime_error naming the place and the reason if the folder could not be created, or one of `files`
  /// not be written in it. Tries by doing (permissions alone do not tell) and leaves no trace of that.
  explicit output_folder(const std::string& path, const std::vector<std::string>& files = {"results"});
  ~output_folder();
  output_folder(const output_folder&) = delete;
  output_folder& operator=(const output_folder&) = delete;

  /// Throws std::runtime_error as the constructor does.
  void create();

  const std::filesystem::path& path() const { return path_; }

 private:
  void remove_what_was_missing();

  const std::filesystem::path path_;
  std::vector<std::filesystem::path> missing_;  ///< from the innermost folder outwards
};

}  // namespace ohmic
