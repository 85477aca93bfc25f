#include "platform/config/numbers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "platform/config/config_error.h"

namespace ohmic {
namespace {

constexpr std::int64_t greatest = std::numeric_limits<std::int64_t>::max();

// YAML 1.2, 10.3.2: tag resolution of the core schema.
TEST(NumbersTest, IntegersAreThoseOfTheCoreSchema) {
  const std::pair<const char*, std::int64_t> right[] = {{"0", 0},
                                                        {"8", 8},
                                                        {"+8", 8},
                                                        {"-8", -8},
                                                        {"+0", 0},
                                                        {"-0", 0},
                                                        {"010", 10},
                                                        {"08", 8},
                                                        {"-007", -7},
                                                        {"0o10", 8},
                                                        {"0o17", 15},
                                                        {"0x10", 16},
                                                        {"0xaF", 175},
                                                        {"9223372036854775807", greatest},
                                                        {"-9223372036854775808", -greatest - 1},
                                                        {"0x7fffffffffffffff", greatest},
                                                        {"0000000000000000000000000000001", 1}};
  for (const auto& [text, value] : right) EXPECT_EQ(parse_integer(text), value) << text;
  for (const char* wrong : {"",
                            "+",
                            "-",
                            "++8",
                            "--8",
                            "+-8",
                            "-+8",
                            " 8",
                            "8 ",
                            "8.0",
                            "1e3",
                            "8u",
                            "0x",
                            "0o",
                            "0o8",
                            "0x-1",
                            "0x+1",
                            "+0x8",
                            "-0x8",
                            "-0o7",
                            "0X10",
                            "0O7",
                            "0b1",
                            "1_000",
                            "1,000",
                            "eight",
                            ".inf",
                            ".nan",
                            "0xg",
                            "١",
                            "9223372036854775808",
                            "-9223372036854775809",
                            "0x8000000000000000",
                            "99999999999999999999",
                            "8\n",
                            "0x 1"})
    EXPECT_EQ(parse_integer(wrong), std::nullopt) << wrong;
  EXPECT_EQ(parse_integer(std::string_view("8\0", 2)), std::nullopt);
}

TEST(NumbersTest, RealNumbersAreThoseOfTheCoreSchemaThatADoubleHolds) {
  const std::pair<const char*, double> right[] = {{"1", 1},      {"+1.5", 1.5},   {"-.5", -0.5},     {"1.", 1},
                                                  {"1e3", 1000}, {"1E+3", 1000},  {"12e-1", 1.2},    {"0x10", 16},
                                                  {"0o10", 8},   {"010.5", 10.5}, {"1e-300", 1e-300}};
  for (const auto& [text, value] : right) EXPECT_EQ(parse_number(text), value) << text;
  for (const char* wrong :
       {"",    ".",    "+",    "e3",    "1e",   "1e+",  "1e1.5", "1.2.3",  "--1",    "+-1",   " 1", "1 ", "nan",
        "inf", ".nan", ".inf", "-.inf", ".Inf", ".NaN", "1e999", "-1e999", "1e-999", "0x1p3", "1f", "1,5"})
    EXPECT_EQ(parse_number(wrong), std::nullopt) << wrong;
}

TEST(NumbersTest, SizesAreIntegersOrDecimalNumbersWithAUnit) {
  const std::pair<const char*, std::uint64_t> right[] = {{"0", 0},
                                                         {"-0", 0},
                                                         {"+8", 8},
                                                         {"010", 10},
                                                         {"0x1000", 4096},
                                                         {"0x1B", 27},
                                                         {"0o10", 8},
                                                         {"1B", 1},
                                                         {"1 B", 1},
                                                         {"+1 KiB", 1024},
                                                         {"1KiB", 1024},
                                                         {"3   MiB", 3u << 20},
                                                         {"8589934591 GiB", 8589934591ull << 30}};
  for (const auto& [text, value] : right) EXPECT_EQ(parse_size(text), value) << text;
  for (const char* wrong : {"",
                            "B",
                            " B",
                            "KiB",
                            "-1",
                            "-1 B",
                            "1.5 GiB",
                            "1e3 B",
                            "1 GB",
                            "1 kib",
                            "1 KIB",
                            "0x1 KiB",
                            "0o1 B",
                            "1 KiB ",
                            " 1 KiB",
                            "1 Ki B",
                            "1 B B",
                            "8589934592 GiB",
                            "9223372036854775808",
                            "+ 1 B",
                            "1\tB"})
    EXPECT_EQ(parse_size(wrong), std::nullopt) << wrong;
}

std::string message(const std::string& text, integer_range allowed) {
  try {
    return std::to_string(integer_of_option("--window", text, allowed));
  } catch (const config_error& error) {
    return error.what();
  }
}

TEST(NumbersTest, AnOptionsNumberHasItsRangeWithBothEnds) {
  EXPECT_EQ(message("3", {3, 5}), "3");
  EXPECT_EQ(message("+5", {3, 5}), "5");
  for (const char* wrong : {"2", "6", "-3", "x", "3.0"})
    EXPECT_EQ(message(wrong, {3, 5}),
              "--window: " + std::string(wrong) + " is not allowed; allowed: an integer from 3 to 5");
  EXPECT_EQ(message("", {3, 5}), "--window: nothing is not allowed; allowed: an integer from 3 to 5");
}

TEST(NumbersTest, WhatAUserWroteStaysOneShortLine) {
  EXPECT_EQ(printable("plain \u00e9"), "plain \u00e9");
  EXPECT_EQ(printable("a\nb\x1b[31m\x7f"), "a\\x0ab\\x1b[31m\\x7f");
  EXPECT_EQ(printable(std::string(100, 'x')), std::string(100, 'x'));
  EXPECT_EQ(printable(std::string(101, 'x')), std::string(100, 'x') + "... (101 bytes)");
  EXPECT_EQ(printable(std::string(99, 'x') + "\u00e9\u00e9"), std::string(99, 'x') + "... (103 bytes)");
  EXPECT_EQ(one_line(std::string(101, '\n')).size(), 404u);
}

}  // namespace
}  // namespace ohmic
