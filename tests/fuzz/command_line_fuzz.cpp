// Command lines of random options with values at every edge: each is refused with exit code 2 and one line, or read as
// what it says, and its configuration options then laid over a chip.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "platform/command/arguments.h"
#include "platform/config/load_chip.h"
#include "tests/fuzz/campaign.h"

namespace ohmic::fuzz {
namespace {

const std::vector<std::string> values = {"0",
                                         "1",
                                         "8",
                                         "+8",
                                         "-1",
                                         "-0",
                                         "010",
                                         "0x10",
                                         "0o10",
                                         "1e3",
                                         "8.0",
                                         "nan",
                                         "inf",
                                         "",
                                         " ",
                                         "1025",
                                         "1000001",
                                         "4294967295",
                                         "4294967296",
                                         "4294967297",
                                         "9000000000000000000",
                                         "9000000000000000001",
                                         "18446744073709551615",
                                         "18446744073709551617",
                                         "99999999999999999999",
                                         "x",
                                         "rtl",
                                         "iss",
                                         "lockstep",
                                         "ibex",
                                         "rtl+iss",
                                         "0.0",
                                         "3.0",
                                         "0.all",
                                         "all.all=rtl",
                                         "0.0-99999999999=rtl",
                                         "0.0-99999999999",
                                         "-1.0=rtl",
                                         "0.0=rtl@cycle:5",
                                         "0.0=rtl@cycle:-1",
                                         "0.0=rtl@marker:16",
                                         "all.0=iss@pc:0x80000000:2",
                                         "=",
                                         "a=b",
                                         "cluster.cores=8",
                                         "cluster.cores=+8",
                                         "cluster.cores=-1",
                                         "cluster.cores=0",
                                         "network.factors=[1, 4]",
                                         "network.factors=[",
                                         "a..b=1",
                                         "cluster.cores=&a [*a]",
                                         "clock_ghz=1e-30",
                                         "hbm.bytes=1 GiB",
                                         "name=\n",
                                         "drop-write=1",
                                         "drop-write=-1",
                                         "outputs",
                                         "layers",
                                         "--",
                                         "-",
                                         "--help",
                                         "ibex=x.elf",
                                         "configs/aimc4.yaml"};

const std::vector<std::string> options = {
    "--set",   "--chip",  "--threads",   "--cores",   "--hand-over", "--max-cycles", "--trap-limit",   "--window",
    "--trace", "--wave",  "--wave-from", "--wave-to", "--model",     "--images",     "--images-count", "--calibration",
    "--out",   "--check", "--json",      "--inject",  "--firmware",  "--rows"};

const std::vector<std::string> flags = {"--dump", "--quiet", "--help", "--version", "-h", "--frobnicate"};

/// Words, each ended by a zero byte.
std::string make(dice& random) {
  std::vector<std::string> words;
  const std::uint64_t command = random.below(16);
  words.push_back(command < 12   ? "run"
                  : command < 13 ? "info"
                  : command < 14 ? "calibrate"
                  : command < 15 ? "compile"
                                 : random.pick(values));
  if (!random.one_in(30)) words.push_back(random.one_in(2) ? "some.elf" : "some.yaml");
  if (words.back() == "some.elf" && !random.one_in(10)) words.insert(words.end(), {"--chip", "some.yaml"});
  for (std::uint64_t n = random.below(3); n != 0; --n) {
    if (random.one_in(20)) {
      words.push_back(random.pick(flags));
      continue;
    }
    std::string option = random.pick(options), value = random.pick(values);
    if (random.one_in(10)) value = mutated(value, random, 1, values);
    if (random.one_in(4)) {
      words.push_back(option + "=" + value);
    } else {
      words.push_back(option);
      words.push_back(value);
    }
  }
  std::string text;
  for (const std::string& word : words) text += word.substr(0, word.find('\0')) + std::string(1, '\0');
  return text;
}

/// What the command prints on stderr.
class captured {
 public:
  captured() : file_(memfd_create("stderr", 0)), before_(dup(2)) { dup2(file_, 2); }
  std::string take() {
    std::fflush(stderr);
    dup2(before_, 2);
    std::string text(static_cast<std::size_t>(std::max<off_t>(0, lseek(file_, 0, SEEK_END))), '\0');
    if (pread(file_, text.data(), text.size(), 0) < 0) text.clear();
    close(file_);
    close(before_);
    return text;
  }

 private:
  int file_, before_;
};

/// The word of an option that stands exactly once; empty otherwise.
std::optional<std::string> only(const std::vector<std::string>& words, const std::string& option) {
  std::optional<std::string> found;
  unsigned times = 0;
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    if (words[i] == option && i + 1 < words.size()) found = words[i + 1], ++times;
    if (words[i].rfind(option + "=", 0) == 0) found = words[i].substr(option.size() + 1), ++times;
  }
  return times == 1 ? found : std::nullopt;
}

/// A plain decimal number has to mean what it says; a negative one is never accepted.
std::string misread(const std::vector<std::string>& words, const std::string& option, std::uint64_t read) {
  const auto word = only(words, option);
  if (!word || word->empty()) return "";
  if ((*word)[0] == '-' && word->find_first_not_of("0", 1) != std::string::npos)
    return option + " took a negative number";
  if (word->find_first_not_of("0123456789") != std::string::npos || word->size() > 19) return "";
  return std::strtoull(word->c_str(), nullptr, 10) == read ? "" : option + " was read as another number";
}

verdict run(const std::string& input) {
  std::vector<std::string> words = {"ohmic"};
  for (std::size_t at = 0; at < input.size();) {
    const std::size_t end = std::min(input.find('\0', at), input.size());
    words.push_back(input.substr(at, end - at));
    at = end + 1;
  }
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const std::vector<std::string> given = words;

  verdict v;
  arguments a;
  captured output;
  std::optional<int> leave;
  try {
    leave = parse_arguments(static_cast<int>(words.size()), argv.data(), a);
  } catch (...) {
    output.take();
    throw;
  }
  const std::string message = output.take();
  if (leave) {
    if (*leave != 0 && *leave != 2) v.wrong = "an exit code that is none of its own";
    if (*leave == 2 && std::count(message.begin(), message.end(), '\n') != 1)
      v.wrong = "a refusal is not one line: " + message;
    return v;
  }
  v.reached = true;
  if (a.threads > 1024 || a.window > 1'000'000 || a.max_cycles > 9'000'000'000'000'000'000u || a.rows < 1 ||
      a.rows > 1024)
    v.wrong = "a number is out of range";
  if (only(given, "--threads") && a.threads == 0) v.wrong = "--threads became 0";
  for (const auto& [option, read] : {std::pair<const char*, std::uint64_t>{"--threads", a.threads},
                                     {"--window", a.window},
                                     {"--max-cycles", a.max_cycles},
                                     {"--wave-from", a.wave_from.value_or(0)},
                                     {"--wave-to", a.wave_to.value_or(0)},
                                     {"--trap-limit", a.trap_limit.value_or(0)}})
    if (v.wrong.empty()) v.wrong = misread(given, option, read);
  try {
    if (a.what == command::run_program)
      parse_chip("network: {factors: [1, 4]}", "x.yaml", a.sets, a.cores, a.hand_overs);
  } catch (const config_error& error) {
    const std::string text = error.what();
    if (text.empty() || std::count(text.begin(), text.end(), '\n') > 20)
      v.wrong = "a refusal without a message, or too long";
  }
  return v;
}

}  // namespace
}  // namespace ohmic::fuzz

int main(int argc, char** argv) {
  return ohmic::fuzz::main_of({"command_line", ohmic::fuzz::make, ohmic::fuzz::run}, argc, argv);
}
