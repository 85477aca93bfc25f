#pragma once

#include <map>
#include <string>
#include <type_traits>

namespace ohmic {

/// A visitor that writes a policy's options as "key: value" lines.
class options_writer {
 public:
  void operator()(const char* key, unsigned value) { line(key, std::to_string(value)); }
  void operator()(const char* key, const std::string& value) { line(key, value); }
  void operator()(const char* key, const std::map<std::string, unsigned>& values) {
    std::string list;
    for (const auto& [name, value] : values) list += (list.empty() ? "" : ", ") + name + ": " + std::to_string(value);
    line(key, "{" + list + "}");
  }
  template <class Word, class = std::enable_if_t<std::is_enum_v<Word>>>
  void operator()(const char* key, Word value) {
    line(key, word(words_of(value), static_cast<unsigned>(value)));
  }
  const std::string& text() const { return text_; }

 private:
  void line(const char* key, const std::string& value) { text_ += std::string(key) + ": " + value + "\n"; }
  static std::string word(const std::string& words, unsigned index) {
    std::size_t begin = 0;
    for (; index != 0; --index) begin = words.find(' ', begin) + 1;
    return words.substr(begin, words.find(' ', begin) - begin);
  }
  std::string text_;
};

}  // namespace ohmic
