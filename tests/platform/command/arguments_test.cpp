#include "platform/command/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/console.h"

namespace ohmic {
namespace {

using ::testing::AllOf;
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

TEST(ArgumentsTest, EveryKeyOfAnExperimentStandsWhereItsFileHasIt) {
  const outcome o =
      parsed({"run",           "some.yaml", "--chip",         "c.yaml", "--model",      "m",  "--images", "i",
              "--calibration", "k",         "--images-count", "7",      "--trap-limit", "9",  "--check",  "layers",
              "--energy",      "e.yaml",    "--out",          "o",      "--set",        "a=b"});
  EXPECT_EQ(o.leave, std::nullopt) << o.message;
  EXPECT_EQ(o.read.what, command::run_experiment);
  EXPECT_EQ(o.read.sets, (std::vector<std::string>{"a=b", "chip=c.yaml", "model=m", "images.dir=i",
                                                   "images.calibration=k", "images.count=7", "engine.trap_limit=9",
                                                   "check=layers", "energy=e.yaml", "output=o"}))
      << "the shorthands come last: they win";
  const outcome compiled = parsed({"compile", "some.yaml", "--out", "o", "--model", "m", "--explain"});
  EXPECT_EQ(compiled.read.what, command::compile);
  EXPECT_EQ(compiled.read.sets, std::vector<std::string>{"model=m"}) << "the folder is no key of it";
  EXPECT_TRUE(compiled.read.explain);
  EXPECT_THAT(program({"--energy", "e.yaml", "--trace", "0.0", "--out", "o"}).read.sets, IsEmpty());
}

TEST(ArgumentsTest, FillMemoryIsTwoKeys) {
  const auto sets = [](const char* word) { return parsed({"run", "some.yaml", "--fill-memory", word}).read.sets; };
  EXPECT_EQ(sets("zero"), std::vector<std::string>{"engine.fill_memory.with=zero"});
  EXPECT_EQ(sets("random"), std::vector<std::string>{"engine.fill_memory.with=random"});
  EXPECT_EQ(sets("random:5"),
            (std::vector<std::string>{"engine.fill_memory.with=random", "engine.fill_memory.seed=5"}));
  for (const char* word : {"zero:1", "zero:", "random:", "random:x", "random:-1", "ones", ":"}) {
    const outcome o = parsed({"run", "some.yaml", "--fill-memory", word});
    EXPECT_EQ(o.leave, 2) << word;
    EXPECT_THAT(o.message, HasSubstr("--fill-memory"));
  }
}

TEST(ArgumentsTest, WhatIsRunDecidesWhichOptionsMeanSomething) {
  for (const char* option : {"--model", "--images", "--images-count", "--calibration", "--inject"}) {
    const outcome o = program({option, "1"});
    EXPECT_EQ(o.leave, 2) << option;
    EXPECT_EQ(o.message, std::string("ohmic: ") + option + " is for experiments, and this is a program\n");
  }
  EXPECT_EQ(program({"--check", "layers"}).leave, 2);
  EXPECT_THAT(parsed({"run", "some.yaml", "--json", "x"}).message,
              HasSubstr("--json is for programs; an experiment writes summary.json"));
  EXPECT_THAT(parsed({"run", "some.yaml", "--crossbar", "0=x"}).message,
              HasSubstr("--crossbar is for programs; an experiment has its network's weights"));
  EXPECT_EQ(program({"--json", "x", "--crossbar", "0=x"}).leave, std::nullopt);
  EXPECT_THAT(program({"--out", "x"}).message, HasSubstr("allowed for a program together with --trace or --wave"));
  EXPECT_EQ(program({"--out", "x", "--trace", "0.0"}).leave, std::nullopt);
  EXPECT_EQ(program({"--out", "x", "--wave", "0.0"}).leave, std::nullopt);
  EXPECT_THAT(parsed({"run", "some.elf"}).message, HasSubstr("a program needs a chip"));
  EXPECT_EQ(parsed({"run", "some.yaml"}).leave, std::nullopt) << "an experiment has its own";
  const outcome words = parsed({"run", "some.elf", "--chip", "c", "--", "--json", "-1"});
  EXPECT_EQ(words.leave, std::nullopt) << words.message;
  EXPECT_EQ(words.read.program_words, (std::vector<std::string>{"--json", "-1"}));
  EXPECT_THAT(parsed({"run", "some.yaml", "--", "5"}).message, HasSubstr("words behind -- are for programs"));
  EXPECT_EQ(parsed({"run", "some.yaml", "--"}).leave, std::nullopt) << "no words";
}

TEST(ArgumentsTest, EvaluateTakesItsNumbersInTheirRanges) {
  const auto with = [](std::vector<std::string> options) {
    options.insert(options.begin(), {"evaluate", "net.onnx", "--data", "d.npz"});
    return parsed(std::move(options));
  };
  const outcome o = with({"--calibration", "k", "--calibration-images", "100", "--images", "5", "--skip", "7",
                          "--input", "{scale: 1}", "--rows", "128", "--threads", "3", "--only-adc", "--json", "j"});
  EXPECT_EQ(o.leave, std::nullopt) << o.message;
  EXPECT_EQ(o.read.what, command::evaluate);
  EXPECT_EQ(o.read.file, "net.onnx");
  EXPECT_EQ(o.read.data, "d.npz");
  EXPECT_EQ(o.read.calibration, "k");
  EXPECT_EQ(o.read.calibration_images, 100u);
  EXPECT_EQ(o.read.images_count, 5u);
  EXPECT_EQ(o.read.skip, 7u);
  EXPECT_EQ(o.read.input, "{scale: 1}");
  EXPECT_EQ(o.read.rows, 128u);
  EXPECT_EQ(o.read.threads, 3u);
  EXPECT_TRUE(o.read.only_adc);
  EXPECT_EQ(o.read.json, "j");
  const outcome plain = with({});
  EXPECT_EQ(plain.read.calibration_images, std::nullopt);
  EXPECT_EQ(plain.read.images_count, 0u) << "all";
  EXPECT_EQ(plain.read.skip, 0u);
  EXPECT_FALSE(plain.read.only_adc);
  EXPECT_EQ(with({"--skip", "0"}).leave, std::nullopt);
  for (const auto& [option, value] : {std::pair{"--calibration-images", "0"},
                                      {"--calibration-images", "1000001"},
                                      {"--images", "0"},
                                      {"--skip", "-1"},
                                      {"--rows", "1025"}})
    EXPECT_EQ(with({option, value}).leave, 2) << option << " " << value;
  EXPECT_EQ(parsed({"evaluate", "net.onnx"}).leave, 2) << "without data";

  const outcome timed = with({"--time", "1s,1.5m,1h,1d,1mo,1y", "--draws", "20", "--analog", "{seed: 3}"});
  EXPECT_EQ(timed.leave, std::nullopt) << timed.message;
  EXPECT_EQ(timed.read.times_s, (std::vector<double>{1, 90, 3600, 86400, 2592000, 31536000}));
  EXPECT_EQ(with({"--time", "10000000000s"}).read.times_s, (std::vector<double>{1e10})) << "the longest";
  EXPECT_EQ(with({"--time", "10000000001s"}).leave, 2);
  EXPECT_EQ(timed.read.draws, 20u);
  EXPECT_EQ(timed.read.analog, "{seed: 3}");
  EXPECT_TRUE(plain.read.times_s.empty());
  for (const char* wrong : {"1", "h", "-1s", "1s,", "1w", "1s 2s", "400y", "1e3s", "1..2s"}) {
    const outcome refused = with({"--time", wrong});
    EXPECT_EQ(refused.leave, 2) << wrong;
    EXPECT_NE(refused.message.find("--time"), std::string::npos) << refused.message;
  }
  EXPECT_EQ(with({"--draws", "0"}).leave, 2);
  for (const auto& [option, value] : {std::pair{"--draws", "3"}, std::pair{"--analog", "{seed: 3}"}}) {
    const outcome refused = with({option, value});
    EXPECT_EQ(refused.leave, 2) << "without --time nothing is drawn";
    EXPECT_NE(refused.message.find(option), std::string::npos) << refused.message;
  }
}

TEST(ArgumentsTest, LimitsOfTrapsAndMismatchesHaveTheirRanges) {
  EXPECT_EQ(program({}).read.lockstep_mismatches, 1u);
  EXPECT_EQ(program({"--lockstep-mismatches", "1000000"}).read.lockstep_mismatches, 1'000'000u);
  for (const char* wrong : {"0", "1000001", "x"}) EXPECT_EQ(program({"--lockstep-mismatches", wrong}).leave, 2);
  EXPECT_EQ(program({}).read.trap_limit, std::nullopt);
  EXPECT_EQ(program({"--trap-limit", "0"}).read.trap_limit, 0u) << "none";
  EXPECT_EQ(program({"--trap-limit", "-1"}).leave, 2);
}

TEST(ArgumentsTest, EachCommandIsKnownAndOneIsNeeded) {
  EXPECT_EQ(parsed({"energy", "s.json", "--fit"}).read.what, command::energy);
  EXPECT_TRUE(parsed({"energy", "s.json", "--fit"}).read.fit);
  EXPECT_EQ(parsed({"info", "c.yaml"}).read.what, command::info);
  EXPECT_EQ(parsed({"calibrate", "m.onnx", "--images", "x", "--out", "y"}).read.what, command::calibrate);
  EXPECT_EQ(parsed({"models", "list"}).read.what, command::models);
  EXPECT_EQ(parsed({"models", "get", "dscnn"}).read.name, "dscnn");
  EXPECT_THAT(parsed({"models", "get"}).message, HasSubstr("a name is missing"));
  EXPECT_THAT(parsed({"models", "list", "dscnn"}).message, HasSubstr("takes no name"));
  EXPECT_EQ(parsed({"models", "show"}).leave, 2);
  EXPECT_EQ(parsed({}).leave, 2);
  EXPECT_THAT(parsed({}).message, HasSubstr("a command is missing"));
  EXPECT_EQ(parsed({"walk"}).leave, 2);
}

TEST(ArgumentsTest, HelpAndVersionArePrintedAndRight) {
  const auto printed = [](std::vector<std::string> words) {
    ::testing::internal::CaptureStdout();
    const outcome o = parsed(std::move(words));
    flush_console();
    EXPECT_EQ(o.leave, 0);
    EXPECT_EQ(o.message, "");
    return ::testing::internal::GetCapturedStdout();
  };
  EXPECT_THAT(printed({"--version"}), ::testing::StartsWith("ohmic "));
  EXPECT_THAT(printed({"--help"}), AllOf(HasSubstr("Exit codes: 0 right"), HasSubstr("calibrate")));
  EXPECT_THAT(printed({"run", "--help"}), HasSubstr("--trap-limit"));
}

TEST(ArgumentsTest, AMistakeIsOneLineWhateverItHolds) {
  for (const char* word : {"--fr\nob", "--window=a\nb", "--trace-from=\n.\x1b"}) {
    const outcome o = program({word});
    EXPECT_EQ(o.leave, 2);
    EXPECT_EQ(std::count(o.message.begin(), o.message.end(), '\n'), 1) << o.message;
  }
}

TEST(ArgumentsTest, HybridHasThresholdsMethodsAndDefaults) {
  const outcome none = parsed({"hybrid", "some.yaml", "--data", "d.npz"});
  EXPECT_EQ(none.leave, std::nullopt) << none.message;
  EXPECT_EQ(none.read.what, command::hybrid);
  EXPECT_THAT(none.read.thresholds, ::testing::ElementsAre(.01));
  EXPECT_THAT(none.read.methods, ::testing::ElementsAre("ohmic"));
  EXPECT_EQ(none.read.draws, 20u);
  EXPECT_EQ(none.read.images_count, 1000u);
  EXPECT_TRUE(none.read.simulate);
  EXPECT_FALSE(none.read.ties_reversed);
  EXPECT_THAT(none.read.times_s, IsEmpty());
  const outcome all = parsed({"hybrid",          "some.yaml",
                              "--data",          "d.npz",
                              "--threshold",     "3,0.5%,3%",
                              "--method",        "lionheart,ohmic,lionheart",
                              "--draws",         "4",
                              "--images",        "7",
                              "--fresh-draws",   "5",
                              "--fresh-images",  "0",
                              "--ties-reversed", "--no-simulation",
                              "--time",          "1d",
                              "--energy",        "e.yaml",
                              "--model",         "net.onnx",
                              "--chip",          "c.yaml"});
  EXPECT_EQ(all.leave, std::nullopt) << all.message;
  ASSERT_EQ(all.read.thresholds.size(), 2u) << "ascending, each once";
  EXPECT_DOUBLE_EQ(all.read.thresholds[0], .005);
  EXPECT_DOUBLE_EQ(all.read.thresholds[1], .03);
  EXPECT_THAT(all.read.methods, ::testing::ElementsAre("lionheart", "ohmic"));
  EXPECT_EQ(all.read.draws, 4u);
  EXPECT_EQ(all.read.images_count, 7u);
  EXPECT_EQ(all.read.fresh_draws, 5u);
  EXPECT_EQ(all.read.fresh_images, 0u);
  EXPECT_FALSE(all.read.simulate);
  EXPECT_TRUE(all.read.ties_reversed);
  EXPECT_THAT(all.read.times_s, ::testing::ElementsAre(86400));
  EXPECT_THAT(all.read.sets, ::testing::ElementsAre("chip=c.yaml", "model=net.onnx", "energy=e.yaml"));
}

TEST(ArgumentsTest, HybridRefusesWhatIsNoThreshold) {
  for (const char* wrong : {"0", "0%", "-1", "100.5%", "x", "%", "1%2", "1%%", "1,", "1e400"}) {
    const outcome o = parsed({"hybrid", "some.yaml", "--data", "d.npz", "--threshold", wrong});
    EXPECT_EQ(o.leave, 2) << wrong;
    EXPECT_THAT(o.message, HasSubstr("--threshold")) << wrong;
  }
  EXPECT_EQ(parsed({"hybrid", "some.yaml", "--data", "d.npz", "--threshold", "100%"}).leave, std::nullopt);
  EXPECT_EQ(parsed({"hybrid", "some.yaml", "--data", "d.npz", "--method", "ohmic,"}).leave, 2);
  EXPECT_EQ(parsed({"hybrid", "some.yaml", "--data", "d.npz", "--time", "1s,1d"}).leave, 2);
  EXPECT_EQ(parsed({"hybrid", "some.yaml"}).leave, 2) << "no data";
}

}  // namespace
}  // namespace ohmic
