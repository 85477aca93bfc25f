#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

namespace ohmic {

/// A folder that nobody else has, whatever runs on this machine; gone with the object.
class scratch_folder {
 public:
  scratch_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "ohmic_test_XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~scratch_folder() { std::filesystem::remove_all(folder_); }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;

  const std::filesystem::path& path() const { return folder_; }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void put(const std::string& name, const std::string& content) const { std::ofstream(folder_ / name) << content; }
  std::set<std::string> names() const {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_))
      found.insert(entry.path().lexically_relative(folder_).string());
    return found;
  }

 private:
  std::filesystem::path folder_;
};

/// Each test of a fixture has one.
class ScratchFolder : public testing::Test, protected scratch_folder {};

}  // namespace ohmic
