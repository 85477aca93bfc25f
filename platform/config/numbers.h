#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ohmic {

/// Numbers as a user writes them, wherever they come from: a file, --set, another option, part of an option. The
/// grammar is that of YAML 1.2's core schema (10.3.2), in which +8 is 8, 010 is 10 (no octal in silence) and 0o10 is 8.

/// [-+]?[0-9]+, 0o[0-7]+ or 0x[0-9a-fA-F]+; empty if the text is anything else or does not fit.
std::optional<std::int64_t> parse_integer(std::string_view text);

/// An integer as above or [-+]?(.[0-9]+|[0-9]+(.[0-9]*)?)([eE][-+]?[0-9]+)?; empty if the text is anything else (.inf
/// and .nan too) or a double cannot hold it.
std::optional<double> parse_number(std::string_view text);

/// A number of bytes from 0 on: an integer as above, or a decimal one with B, KiB, MiB or GiB behind it (spaces may
/// stand between them). Empty if the text is anything else or does not fit 63 bits.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// What an integer may be, both ends included.
struct integer_range {
  std::int64_t least, most;
};

/// The greatest cycle, seed or count that can be asked for.
inline constexpr std::int64_t most_of_anything = 9'000'000'000'000'000'000;

/// The integer that an option's text is. Throws config_error, which says where ("--window -1"), what stands there and
/// what is allowed.
std::int64_t integer_of_option(const std::string& option, const std::string& text, integer_range allowed);

/// Text of a user in a one-line message: control bytes escaped.
std::string one_line(std::string_view text);
/// The same, shortened if it is long.
std::string printable(std::string_view text);

/// YAML 1.2's true and false; nothing for any other word.
std::optional<bool> parse_boolean(std::string_view text);

}  // namespace ohmic
