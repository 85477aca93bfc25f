#include "platform/config/numbers.h"

#include <charconv>
#include <cmath>

#include "platform/config/config_error.h"

namespace ohmic {
namespace {

constexpr std::string_view decimal = "0123456789";

bool sign(char c) { return c == '+' || c == '-'; }

/// Takes the digits in front of `rest`; how many there are.
std::size_t take_digits(std::string_view& rest) {
  const std::size_t count = std::min(rest.find_first_not_of(decimal), rest.size());
  rest.remove_prefix(count);
  return count;
}

bool is_real(std::string_view rest) {
  if (!rest.empty() && sign(rest.front())) rest.remove_prefix(1);
  const std::size_t whole = take_digits(rest);
  std::size_t fraction = 0;
  if (!rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    fraction = take_digits(rest);
  }
  if (whole + fraction == 0) return false;
  if (rest.empty()) return true;
  if (rest.front() != 'e' && rest.front() != 'E') return false;
  rest.remove_prefix(1);
  if (!rest.empty() && sign(rest.front())) rest.remove_prefix(1);
  return take_digits(rest) != 0 && rest.empty();
}

template <class T, class... Format>
std::optional<T> converted(std::string_view text, Format... format) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, format...);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
  for (const auto& [prefix, base] : {std::pair<std::string_view, int>{"0x", 16}, {"0o", 8}})
    if (text.substr(0, 2) == prefix) {
      text.remove_prefix(2);
      if (text.empty() || sign(text.front())) return std::nullopt;
      return converted<std::int64_t>(text, base);
    }
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (!text.empty() && sign(text.front())) return std::nullopt;
  }
  return converted<std::int64_t>(text, 10);
}

std::optional<double> parse_number(std::string_view text) {
  if (const auto integer = parse_integer(text)) return static_cast<double>(*integer);
  if (!is_real(text)) return std::nullopt;
  if (text.front() == '+') text.remove_prefix(1);
  const auto value = converted<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::optional<std::int64_t> number = parse_integer(text);
  std::int64_t factor = 1;
  for (const auto& [name, bytes] :
       {std::pair<std::string_view, std::int64_t>{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"B", 1}}) {
    if (number || text.size() <= name.size() || text.substr(text.size() - name.size()) != name) continue;
    text.remove_suffix(name.size());
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    if (text.substr(0, 2) == "0x" || text.substr(0, 2) == "0o") return std::nullopt;
    number = parse_integer(text);
    factor = bytes;
    break;
  }
  std::int64_t bytes = 0;
  if (!number || *number < 0 || __builtin_mul_overflow(*number, factor, &bytes)) return std::nullopt;
  return static_cast<std::uint64_t>(bytes);
}

std::int64_t integer_of_option(const std::string& option, const std::string& text, integer_range allowed) {
  const auto value = parse_integer(text);
  if (!value || *value < allowed.least || *value > allowed.most)
    throw config_error(option + ": " + (text.empty() ? "nothing" : printable(text)) +
                       " is not allowed; allowed: an integer from " + std::to_string(allowed.least) + " to " +
                       std::to_string(allowed.most));
  return *value;
}

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      out += c;
      continue;
    }
    const char* const digits = "0123456789abcdef";
    out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
  }
  return out;
}

std::string printable(std::string_view text) {
  constexpr std::size_t most = 100;
  if (text.size() <= most) return one_line(text);
  std::size_t end = most;
  while (end != 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // whole characters of UTF-8
  return one_line(text.substr(0, end)) + "... (" + std::to_string(text.size()) + " bytes)";
}

std::optional<bool> parse_boolean(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

}  // namespace ohmic
