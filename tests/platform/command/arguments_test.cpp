#include "platform/command/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ohmic {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct outcome {
  std::optional<int> leave;
  arguments read;
  std::string message;
};

outcome parsed(std::vector<std::string> words) {
  words.insert(words.begin(), "ohmic");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  outcome o;
  ::testing::internal::CaptureStderr();
  o.leave = parse_arguments(static_cast<int>(words.size()), argv.data(), o.read);
  o.message = ::testing::internal::GetCapturedStderr();
  return o;
}

/// Of a program; `options` behind it.
outcome program(std::vector<std::string> options) {
  options.insert(options.begin(), {"run", "some.elf", "--chip", "some.yaml"});
  return parsed(std::move(options));
}

TEST(ArgumentsTest, NumbersAreThoseOfTheConfiguration) {
  const outcome o = program({"--threads", "+3", "--window", "010", "--max-cycles", "0x10", "--wave", "0.0",
                             "--wave-from", "0o10", "--wave-to", "9000000000000000000", "--trace", "+3.0x0"});
  EXPECT_EQ(o.leave, std::nullopt) << o.message;
  EXPECT_EQ(o.read.threads, 3u);
  EXPECT_EQ(o.read.window, 10u) << "not octal";
  EXPECT_EQ(o.read.max_cycles, 16u);
  EXPECT_EQ(o.read.wave_from, 8u);
  EXPECT_EQ(o.read.wave_to, 9'000'000'000'000'000'000u);
  EXPECT_EQ(o.read.traces, std::vector<std::string>{"+3.0x0"});
  const outcome none = program({});
  EXPECT_EQ(none.read.threads, 0u);
  EXPECT_EQ(none.read.window, 0u);
  EXPECT_EQ(none.read.max_cycles, 0u);
  EXPECT_EQ(none.read.wave_from, std::nullopt);
}

TEST(ArgumentsTest, NumbersHaveTheRangesOfTheirKeys) {
  const std::pair<const char*, std::vector<const char*>> wrong[] = {
      {"--threads", {"0", "-1", "1025", "99999999999", "4294967297", "18446744073709551617", "x", "1.0", "1e3"}},
      {"--window", {"-1", "1000001", "x", "0x", "1e3"}},
      {"--max-cycles", {"-1", "9000000000000000001", "18446744073709551615", "18446744073709551616", "1e9", "inf"}},
      {"--images-count", {"0", "-1", "1025", "4294967297"}},
      {"--wave-from", {"-1", "9000000000000000001", "x"}},
      {"--wave-to", {"-1", "18446744073709551615"}},
  };
  for (const auto& [option, values] : wrong)
    for (const char* value : values) {
      const outcome o = parsed({"run", "some.yaml", option, value});
      EXPECT_EQ(o.leave, 2) << option << " " << value;
      EXPECT_THAT(o.message, HasSubstr(option));
      EXPECT_THAT(o.message, HasSubstr("is not allowed; allowed: an integer from ")) << option << " " << value;
      EXPECT_EQ(std::count(o.message.begin(), o.message.end(), '\n'), 1);
    }
  for (const char* rows : {"0", "-1", "1025", "x"})
    EXPECT_EQ(parsed({"calibrate", "m.onnx", "--images", "x", "--out", "y", "--rows", rows}).leave, 2) << rows;
  EXPECT_EQ(parsed({"calibrate", "m.onnx", "--images", "x", "--out", "y", "--threads", "-1"}).leave, 2);
  const outcome fine =
      parsed({"calibrate", "m.onnx", "--images", "x", "--out", "y", "--rows", "1024", "--threads", "2"});
  EXPECT_EQ(fine.read.rows, 1024u);
  EXPECT_EQ(fine.read.threads, 2u);
  EXPECT_EQ(parsed({"calibrate", "m.onnx", "--images", "x", "--out", "y"}).read.rows, 256u);
  for (const char* bounds : {"1", "1024"}) EXPECT_EQ(program({"--threads", bounds}).leave, std::nullopt);
  for (const char* bounds : {"0", "1000000"}) EXPECT_EQ(program({"--window", bounds}).leave, std::nullopt);
}

TEST(ArgumentsTest, TracesAndTheirWindowsAreCollected) {
  const outcome o = program({"--trace", "511.15", "--trace", "0-3.all", "--trace-from", "7", "--trace-to", "0x10",
                             "--trace-pc", "main", "--trace-pc", "0x100-0x200"});
  EXPECT_EQ(o.leave, std::nullopt) << o.message;
  EXPECT_EQ(o.read.traces, (std::vector<std::string>{"511.15", "0-3.all"}));
  EXPECT_EQ(o.read.trace_from, 7u);
  EXPECT_EQ(o.read.trace_to, 16u);
  EXPECT_EQ(o.read.trace_pcs, (std::vector<std::string>{"main", "0x100-0x200"}));
  EXPECT_EQ(program({"--trace-from", "-1"}).leave, 2);
  EXPECT_EQ(program({"--trace-to", "x"}).leave, 2);
}

// An option is said even if it says what is the default: the file may say something else.
TEST(ArgumentsTest, OptionsOfAnExperimentGoBeforeItsFile) {
  const outcome o = parsed({"run", "some.yaml", "--max-cycles", "0", "--window", "0", "--threads", "2"});
  EXPECT_EQ(o.read.sets, (std::vector<std::string>{"engine.threads=2", "engine.window=0", "engine.max_cycles=0"}));
  EXPECT_THAT(parsed({"run", "some.yaml"}).read.sets, IsEmpty());
}

TEST(ArgumentsTest, AnOptionIsNotTheValueOfAnother) {
  const outcome o = parsed({"run", "some.yaml", "--out", "--threads=3"});
  EXPECT_EQ(o.leave, 2);
  EXPECT_EQ(o.message, "ohmic: --out: its value is missing, --threads=3 is behind it\n");
  EXPECT_EQ(program({"--model", "--frob"}).leave, 2);
  EXPECT_EQ(program({"--window", "--"}).leave, 2);
}

// `--json "$FILE"` with nothing in FILE.
TEST(ArgumentsTest, AnEmptyValueIsNoValue) {
  for (const char* const option : {"--json", "--trace-bursts", "--out", "--trace", "--set", "--chip", "--wave-from"}) {
    const outcome o = program({option, ""});
    EXPECT_EQ(o.leave, 2) << option;
    EXPECT_EQ(o.message, std::string("ohmic: ") + option + ": its value is empty\n");
  }
  for (const char* const option : {"--model", "--images", "--calibration", "--check", "--firmware", "--fill-memory"})
    EXPECT_EQ(parsed({"run", "some.yaml", option, ""}).leave, 2) << option;
  EXPECT_EQ(parsed({"compile", "some.yaml", "--out", "x", "--write-mapping", ""}).leave, 2);
  EXPECT_EQ(parsed({"run", ""}).leave, 2);
}

TEST(ArgumentsTest, AMistakeIsOneLineWhateverItHolds) {
  for (const char* word : {"--fr\nob", "--window=a\nb", "--trace-from=\n.\x1b"}) {
    const outcome o = program({word});
    EXPECT_EQ(o.leave, 2);
    EXPECT_EQ(std::count(o.message.begin(), o.message.end(), '\n'), 1) << o.message;
  }
}

}  // namespace
}  // namespace ohmic
