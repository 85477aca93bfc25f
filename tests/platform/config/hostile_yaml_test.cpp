// Files that no person writes are refused at once, in one line, before they cost memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <ctime>
#include <string>

#include "platform/config/load_chip.h"

namespace ohmic {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string repeated(const std::string& text, std::size_t times) {
  std::string out;
  while (times-- != 0) out += text;
  return out;
}

long peak_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

/// Of this process: other programs do not count.
double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// What this machine takes for a file of the greatest size that has nearly as many values as are allowed: a tenth of a
/// second on today's.
double seconds_of_a_large_file() {
  static const double seconds = [] {
    const std::string text = "unknown: [" + repeated("1000,", 49'000) + "1]";
    const double begin = processor_seconds();
    try {
      parse_chip(text, "chip.yaml");
    } catch (const config_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("unknown: unknown key"));
    }
    return processor_seconds() - begin;
  }();
  return seconds;
}

std::string message(const std::string& text, const std::vector<std::string>& sets = {}) {
  const double allowed = 10 * seconds_of_a_large_file(), begin = processor_seconds();
  const long before = peak_mb();
  std::string what = "no error";
  try {
    parse_chip(text, "chip.yaml", sets);
  } catch (const config_error& error) {
    what = error.what();
  }
  EXPECT_LT(processor_seconds() - begin, allowed) << "a second on today's machines";
  EXPECT_LT(peak_mb() - before, 200 * OHMIC_SLOWER);
  EXPECT_EQ(what.find('\n'), std::string::npos) << what.substr(0, 1000);
  EXPECT_LT(what.size(), 1000u);
  return what;
}

TEST(HostileYamlTest, AliasesCountAsWhatTheyStandFor) {
  std::string bomb = "a: &a [\"l\",\"l\",\"l\",\"l\",\"l\",\"l\",\"l\",\"l\",\"l\"]\n";
  for (char c = 'b'; c != 'j'; ++c) {
    const std::string name(1, c), alias(1, static_cast<char>(c - 1));
    bomb += name + ": &" + name + " [" + repeated("*" + alias + ",", 8) + "*" + alias + "]\n";
  }
  EXPECT_THAT(message(bomb), HasSubstr("more than 50000 values"));
  EXPECT_THAT(message("name: &a [1, *a]\n"), StartsWith("chip.yaml:1:14: an alias stands inside of what it names"));
  EXPECT_THAT(message("&a {name: *a}\n"), HasSubstr("an alias stands inside of what it names"));
  EXPECT_THAT(message("name: *nothing\n"), StartsWith("chip.yaml:1:7: not valid YAML"));
  std::string chain = "a0: &a0 [x]\n";
  for (int i = 1; i <= 400; ++i)
    chain += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  EXPECT_THAT(message(chain), HasSubstr("more than 32 lists and maps in each other"));
}

// The map at the top, a list in it that holds the alias, and the lists that this stands for: 32 in each other, and 33.
TEST(HostileYamlTest, AnAliasMayReachTheGreatestDepth) {
  const auto text = [](std::size_t lists) {
    return "unknown: [&deep " + repeated("[", lists) + repeated("]", lists) + ", [[*deep]]]";
  };
  EXPECT_THAT(message(text(28)), HasSubstr("unknown: unknown key"));
  EXPECT_THAT(message(text(29)), HasSubstr("more than 32 lists and maps in each other"));
}

TEST(HostileYamlTest, AnAliasOfAValueIsThatValue) {
  EXPECT_EQ(parse_chip("cluster: {cores: &n 8}\nima: {job_queue: *n}\n", "x").ima.job_queue, 8u);
  EXPECT_EQ(parse_chip("network: &n {factors: &f [1, 4], width: [64, 64]}\n", "x").clusters(), 4u);
}

TEST(HostileYamlTest, DepthIsLimited) {
  EXPECT_THAT(message(repeated("[", 100'000)), HasSubstr("more than 32 lists and maps"));
  EXPECT_THAT(message(repeated("{a: ", 60'000)), HasSubstr("more than 32 lists and maps"));
  EXPECT_THAT(message(repeated("- ", 100'000)), HasSubstr("more than 32 lists and maps"));
  EXPECT_THAT(message(repeated("? ", 100'000)), HasSubstr("more than 32 lists and maps"));
  std::string indented;
  for (unsigned i = 0; i < 600; ++i) indented += std::string(i, ' ') + "a:\n";
  EXPECT_THAT(message(indented), HasSubstr("more than 32 lists and maps"));
  EXPECT_THAT(message("", {"a." + repeated("b.", 50'000) + "c=1"}), HasSubstr("no key has so many parts"));
  EXPECT_THAT(message("", {"name=" + repeated("[", 50'000)}), HasSubstr("more than 32 lists and maps"));
}

TEST(HostileYamlTest, SizeIsLimited) {
  EXPECT_THAT(message("name: " + std::string(2u << 20, 'x')), StartsWith("chip.yaml: has more than 256 KiB"));
  EXPECT_THAT(message("[" + repeated("1,", 120'000) + "1]"), HasSubstr("more than 50000 values"));
  EXPECT_THAT(message("cluster: {cores: " + std::string(200'000, '9') + "}"),
              HasSubstr("9... (200000 bytes) is not allowed"));
  EXPECT_THAT(message(std::string(100'000, 'k') + "x: 1"), HasSubstr("not valid YAML"));
  EXPECT_THAT(message("? " + std::string(100'000, 'k') + "\n: 1"), HasSubstr("k... (100000 bytes): unknown key"));
  EXPECT_THAT(message(repeated("#", 256u << 10)), "no error");
}

// The map at the top, its key, the list and the numbers in that are 50,000 values, and 50,001.
TEST(HostileYamlTest, FiftyThousandValuesAreAllowed) {
  EXPECT_THAT(message("unknown: [" + repeated("1,", 49'996) + "1]"), HasSubstr("unknown: unknown key"));
  EXPECT_THAT(message("unknown: [" + repeated("1,", 49'997) + "1]"), HasSubstr("more than 50000 values"));
}

TEST(HostileYamlTest, CharactersOfEveryLengthAreText) {
  // U+00E9, U+4E2D, U+1F600, U+100000, U+10FFFD
  for (const char* const text :
       {"\xc3\xa9", "\xe4\xb8\xad", "\xf0\x9f\x98\x80", "\xf4\x80\x80\x80", "\xf4\x8f\xbf\xbd"})
    EXPECT_THAT(message("# " + std::string(text) + "\nunknown: 1\n"), HasSubstr("unknown: unknown key")) << text;
  // U+110000, and what begins no character
  for (const char* const text : {"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc1\xbf", "\xbf"})
    EXPECT_THAT(message("# " + std::string(text) + "\nunknown: 1\n"), Not(HasSubstr("unknown key"))) << text;
}

TEST(HostileYamlTest, OfManyMistakesTheFirstOnesAreTold) {
  std::string many;
  for (int i = 0; i < 15'000; ++i) many += "key" + std::to_string(i) + ": 1\n";
  try {
    parse_chip(many, "chip.yaml");
    FAIL();
  } catch (const config_error& error) {
    const std::string text = error.what();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 20);
    EXPECT_THAT(text, HasSubstr("\nchip.yaml:20:1: key19: unknown key"));
    EXPECT_THAT(text, ::testing::EndsWith("\n(there may be more mistakes; these are the first)"));
  }
}

TEST(HostileYamlTest, BytesThatAreNoTextAreRefusedWithTheirPlace) {
  EXPECT_THAT(message("name: x\nclock_ghz: 1 \x04\ncluster: 8\n"),
              StartsWith("chip.yaml:2:14: not valid YAML: the byte \\x04 is no text"));
  EXPECT_THAT(message(std::string("na\0me: x", 8)), StartsWith("chip.yaml:1:3: not valid YAML: the byte \\x00"));
  for (const char* bytes : {"\xff\xfe", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "\x80", "\xe0\x80\x80",
                            "\xc2\x80", "\x7f", "\xef\xbf\xbf"})
    EXPECT_THAT(message(std::string("name: ") + bytes), StartsWith("chip.yaml:1:7: not valid YAML")) << bytes;
  EXPECT_EQ(parse_chip("name: \u00e9\u4e2d\U0001F600\r\n", "x").name, "\u00e9\u4e2d\U0001F600");
}

TEST(HostileYamlTest, WhatIsNotSupportedIsNamed) {
  EXPECT_THAT(message("cluster: &c {cores: 8}\nima: {<<: *c}\n"), HasSubstr("ima.<<: unknown key"));
  EXPECT_THAT(message("cluster: {cores: !!int \"8\"}\n"),
              HasSubstr("the tag tag:yaml.org,2002:int; allowed: values without tags"));
  EXPECT_THAT(message("!!map {name: x}\n"), HasSubstr("values without tags"));
  EXPECT_THAT(message("? [a, b]\n: 1\n"), HasSubstr("a key must be a plain word"));
  EXPECT_THAT(message("{a: 1}: 1\n"), HasSubstr("a key must be a plain word"));
  EXPECT_THAT(message("~: 1\n"), HasSubstr("a key must be a plain word"));
  EXPECT_THAT(message("- 1\n- 2\n"), HasSubstr("found a list; allowed: keys and values"));
  EXPECT_THAT(message("", {"name=a\n---\nb"}), HasSubstr("one YAML document is allowed"));
}

}  // namespace
}  // namespace ohmic
