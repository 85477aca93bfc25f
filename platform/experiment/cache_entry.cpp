#include "platform/experiment/cache_entry.h"

#include <fmt/format.h>

#include <cstring>
#include <exception>
#include <filesystem>
#include <utility>

#include "host/checksum.h"
#include "host/whole_file.h"
#include "platform/experiment/locations.h"

namespace ohmic {

namespace fs = std::filesystem;

cache_entry::cache_entry(std::string kind, std::string key, const std::string& suffix)
    : kind_(std::move(kind)), key_(std::move(key)), file_(fs::path(cache_root()) / kind_ / (key_ + suffix)) {}

std::string cache_entry::header(const char* content, std::size_t size) const {
  return fmt::format("ohmic cache 1 {} {} {} {:08x}\n", kind_, key_, size, crc32_of({content, size}));
}

std::optional<std::string> cache_entry::get() const {
  std::error_code error;
  if (!fs::is_regular_file(file_, error)) return std::nullopt;
  try {
    std::string bytes = read_whole_file(file_);
    const std::size_t begin = bytes.find('\n') + 1;  // 0 without one
    if (bytes.compare(0, begin, header(bytes.data() + begin, bytes.size() - begin)) != 0) return std::nullopt;
    return bytes.erase(0, begin);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

void cache_entry::put(const std::string& content) const {
  try {
    fs::create_directories(fs::path(file_).parent_path());
    if (fs::symlink_status(file_).type() != fs::file_type::regular) fs::remove_all(file_);
    write_whole_file(file_, header(content.data(), content.size()) + content);
  } catch (const std::exception&) {
    return;
  }
}

}  // namespace ohmic
