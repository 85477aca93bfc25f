#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

namespace ohmic {

/// A folder of the test's own that is gone after it.
class ScratchFolder : public testing::Test {
 protected:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "ohmic_test_XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~ScratchFolder() override { std::filesystem::remove_all(folder_); }

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

}  // namespace ohmic
