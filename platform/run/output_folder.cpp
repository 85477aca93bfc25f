#include "platform/run/output_folder.h"

#include <unistd.h>

#include <stdexcept>

#include "platform/run/whole_file.h"

namespace ohmic {

namespace fs = std::filesystem;

namespace {
/// Absolute and without "..", so that every folder on the way is named once.
fs::path resolved(const fs::path& path) {
  std::error_code error;
  const fs::path there = fs::weakly_canonical(path, error);
  return error ? fs::absolute(path) : there;
}
}  // namespace

output_folder::output_folder(const std::string& path, const std::vector<std::string>& files) : path_(path) {
  std::error_code error;
  for (fs::path at = resolved(path_); !fs::exists(at, error) && at.has_relative_path(); at = at.parent_path())
    if (at.has_filename()) missing_.push_back(at);
  create();
  try {
    for (const std::string& file : files) check_file_can_be_written((path_ / file).string());
  } catch (...) {
    remove_what_was_missing();
    throw;
  }
  remove_what_was_missing();
}

output_folder::~output_folder() { remove_what_was_missing(); }

void output_folder::create() {
  std::error_code error;
  fs::create_directories(resolved(path_), error);
  if (!error) return;
  remove_what_was_missing();
  throw std::runtime_error("cannot write to folder " + path_.string() + ": " + error.message());
}

void output_folder::remove_what_was_missing() {
  for (const fs::path& folder : missing_) rmdir(folder.c_str());  // fails where something was written
}

}  // namespace ohmic
