#include "tests/fuzz/campaign.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <new>
#include <optional>

#if defined(__has_feature)
  #if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    #define OHMIC_SANITIZED 1
  #endif
#endif

namespace ohmic::fuzz {
namespace {

using clock = std::chrono::steady_clock;

double seconds_since(clock::time_point begin) { return std::chrono::duration<double>(clock::now() - begin).count(); }

/// Sanitizers take several times the time and memory of what they watch.
constexpr double slower =
#ifdef OHMIC_SANITIZED
    10;
#else
    1;
#endif

struct request {
  std::optional<std::uint64_t> inputs;
  std::optional<double> minutes;
  std::uint64_t seed = 1;
  std::string keep = "fuzz-findings";
  std::vector<std::string> files;
};

[[noreturn]] void wrong_usage(const campaign& what, const std::string& why) {
  std::fprintf(stderr, "%s_fuzz: %s; allowed: [--inputs N] [--seed S] [--minutes M] [--keep FOLDER], or FILE ...\n",
               what.name, why.c_str());
  std::exit(2);
}

request parse(const campaign& what, int argc, char** argv) {
  request r;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.rfind("--", 0) != 0) {
      r.files.push_back(word);
      continue;
    }
    if (i + 1 == argc) wrong_usage(what, word + " lacks its value, or there is no such option");
    const std::string value = argv[++i];
    char* end = nullptr;
    const bool number = !value.empty() && value[0] >= '0' && value[0] <= '9';
    if (word == "--keep") {
      r.keep = value;
    } else if (word == "--inputs" && number) {
      r.inputs = std::strtoull(value.c_str(), &end, 10);
    } else if (word == "--seed" && number) {
      r.seed = std::strtoull(value.c_str(), &end, 10);
    } else if (word == "--minutes" && number) {
      r.minutes = std::strtod(value.c_str(), &end);
    } else {
      wrong_usage(what, word + " " + value);
    }
    if (end != nullptr && *end != 0) wrong_usage(what, word + " " + value);
  }
  return r;
}

/// What the child that runs inputs and its parent both see.
struct shared_state {
  static constexpr std::size_t room = 4u << 20;
  std::uint64_t next = 0, reached = 0;  ///< number of the input in work; inputs past the parser
  std::uint64_t size = 0;               ///< of `input`
  char wrong[1024] = {};                ///< the finding, if the child could tell it itself
  char input[room] = {};
};

std::uint64_t peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

void say(shared_state& shared, const std::string& wrong) {
  std::snprintf(shared.wrong, sizeof shared.wrong, "%s", wrong.c_str());
}

/// Runs one input in this process; false (and shared.wrong) if it is a finding.
bool run_here(const campaign& what, const std::string& input, shared_state& shared) {
  const std::uint64_t before = peak_bytes();
  itimerval limit{};
  const double seconds = what.seconds_each * slower;
  // Processor time, so that a busy machine makes no findings; a long wait is one all the same.
  const auto arm = [&](int timer, double after) {
    limit.it_value.tv_sec = static_cast<time_t>(after);
    limit.it_value.tv_usec = static_cast<suseconds_t>((after - std::floor(after)) * 1e6);
    setitimer(static_cast<__itimer_which_t>(timer), &limit, nullptr);
  };
  arm(ITIMER_PROF, seconds);
  arm(ITIMER_REAL, 20 * seconds);
  verdict v;
  try {
    v = what.run(input);
  } catch (const std::bad_alloc&) {
    v.wrong = "runs out of memory";
  } catch (const std::exception& error) {
    v.wrong = std::string("lets an exception of another kind out: ") + error.what();
  }
  const itimerval off{};
  setitimer(ITIMER_PROF, &off, nullptr);
  setitimer(ITIMER_REAL, &off, nullptr);
  const std::uint64_t grown = peak_bytes() - before;
  if (v.wrong.empty() && static_cast<double>(grown) > static_cast<double>(what.most_bytes) * slower)
    v.wrong = "takes more memory than it may";
  if (v.reached) ++shared.reached;
  if (v.wrong.empty()) return true;
  say(shared, v.wrong);
  return false;
}

void limit_memory(const campaign& what) {
#ifndef OHMIC_SANITIZED
  rlimit limit{};
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4 * what.most_bytes + (1u << 30));
  setrlimit(RLIMIT_AS, &limit);
#endif
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

/// Runs `work` in a child process whose output goes nowhere; what the child died of, or what it said; empty: nothing.
std::string in_a_child(shared_state& shared, const campaign& what, const std::function<void()>& work) {
  shared.wrong[0] = 0;
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    limit_memory(what);
    if (std::freopen("/dev/null", "w", stdout) == nullptr) std::_Exit(3);
#ifndef OHMIC_SANITIZED
    if (std::freopen("/dev/null", "w", stderr) == nullptr) std::_Exit(3);
#endif
    work();
    std::_Exit(0);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
  }
  if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGALRM || WTERMSIG(status) == SIGPROF)) return "hangs";
  if (WIFSIGNALED(status)) return std::string("crashes: ") + strsignal(WTERMSIG(status));
  if (shared.wrong[0] != 0) return shared.wrong;
  if (status != 0) return "ends the program";
  return "";
}

/// Findings are of one kind if they say the same, numbers and quoted contents aside.
std::string kind_of(const std::string& wrong) { return wrong.substr(0, wrong.find(':')); }

/// A shorter input with a finding of the same kind, found by leaving out ever smaller pieces.
std::string reduced(const campaign& what, std::string input, const std::string& wrong, shared_state& shared) {
  const clock::time_point begin = clock::now();
  const auto still_wrong = [&](const std::string& candidate) {
    const std::string found = in_a_child(shared, what, [&] { run_here(what, candidate, shared); });
    return kind_of(found) == kind_of(wrong);
  };
  for (std::size_t piece = std::max<std::size_t>(1, input.size() / 2);; piece /= 2) {
    for (std::size_t at = 0; at < input.size();) {
      if (seconds_since(begin) > 30) return input;
      std::string candidate = input;
      candidate.erase(at, piece);
      if (still_wrong(candidate))
        input = std::move(candidate);
      else
        at += piece;
    }
    if (piece <= 1) return input;
  }
}

std::string left(double seconds) {
  char text[64];
  std::snprintf(text, sizeof text, "%d min %02d s left", static_cast<int>(seconds) / 60,
                static_cast<int>(seconds) % 60);
  return text;
}

/// Says how far it is, a line every few seconds.
class teller {
 public:
  teller(const campaign& what, std::uint64_t inputs, double seconds)
      : what_(what), inputs_(inputs), seconds_(seconds) {}
  void tell(std::uint64_t done) {
    const double now = seconds_since(begin_);
    if (now < next_) return;
    next_ = now + 5;
    double rest = seconds_ - now;
    if (inputs_ != 0 && done != 0)
      rest = std::min(rest, now * static_cast<double>(inputs_ - done) / static_cast<double>(done));
    std::fprintf(screen_, "%s: %llu inputs, %s\n", what_.name, static_cast<unsigned long long>(done),
                 left(std::max(0.0, rest)).c_str());
  }
  double seconds() const { return seconds_since(begin_); }

 private:
  static std::FILE* screen() {
    std::FILE* const file = fdopen(dup(2), "w");
    if (file == nullptr) return stderr;
    std::setvbuf(file, nullptr, _IONBF, 0);
    return file;
  }

  const campaign& what_;
  const std::uint64_t inputs_;
  const double seconds_;
  const clock::time_point begin_ = clock::now();
  double next_ = 5;
  std::FILE* const screen_ = screen();  // the children's stderr goes nowhere
};

std::string read_file(const campaign& what, const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) wrong_usage(what, "cannot read " + file);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

int run_files(const campaign& what, const request& r, shared_state& shared) {
  int code = 0;
  for (const std::string& file : r.files) {
    const std::string input = read_file(what, file);
    const std::string wrong = in_a_child(shared, what, [&] { run_here(what, input, shared); });
    std::printf("%s: %s\n", file.c_str(), wrong.empty() ? "right" : wrong.c_str());
    if (!wrong.empty()) code = 1;
  }
  return code;
}

}  // namespace

std::uint64_t dice::number() {
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

std::string mutated(std::string text, dice& random, unsigned times, const std::vector<std::string>& dictionary) {
  const auto run_of = [&](std::size_t at) { return 1 + random.below(std::min<std::size_t>(16, text.size() - at)); };
  for (; times != 0; --times) {
    const std::size_t at = random.below(text.size() + 1);
    switch (at == text.size() ? 4 : random.below(6)) {
      case 0:
        text[at] = static_cast<char>(text[at] ^ (1 << random.below(8)));
        break;
      case 1:
        text[at] = static_cast<char>(random.below(256));
        break;
      case 2:
        text.erase(at, run_of(at));
        break;
      case 3:
        text.insert(random.below(text.size() + 1), text.substr(at, run_of(at)));
        break;
      case 4:
        if (!dictionary.empty()) text.insert(at, random.pick(dictionary));
        break;
      default:
        if (!dictionary.empty()) {
          const std::string& word = random.pick(dictionary);
          text.replace(at, std::min(word.size(), text.size() - at), word);
        }
    }
  }
  return text;
}

int main_of(const campaign& what, int argc, char** argv) {
  const request r = parse(what, argc, argv);
  void* const memory = mmap(nullptr, sizeof(shared_state), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) wrong_usage(what, "no shared memory");
  shared_state& shared = *new (memory) shared_state;
  if (!r.files.empty()) return run_files(what, r, shared);

  const std::uint64_t inputs = r.inputs ? *r.inputs : r.minutes ? 0 : what.inputs;  // 0: as many as the time allows
  const double seconds = r.minutes ? *r.minutes * 60 : 1e18;
  teller progress(what, inputs, seconds);
  std::map<std::string, unsigned> findings;
  const auto over = [&] { return (inputs != 0 && shared.next >= inputs) || progress.seconds() >= seconds; };
  while (!over() && findings.size() < 20) {
    const std::string wrong = in_a_child(shared, what, [&] {
      for (; !over(); ++shared.next) {
        dice random(r.seed * 0x2545f4914f6cdd1du + shared.next);
        const std::string input = what.make(random);
        shared.size = std::min(input.size(), shared_state::room);
        std::memcpy(shared.input, input.data(), shared.size);
        if (!run_here(what, input, shared)) std::_Exit(0);
        if ((shared.next & 255) == 0) progress.tell(shared.next);
      }
    });
    if (wrong.empty()) continue;
    const std::uint64_t number = shared.next++;
    if (++findings[kind_of(wrong)] != 1) continue;  // one of its kind is enough
    const std::uint64_t reached = shared.reached;
    const std::string shorter = reduced(what, std::string(shared.input, shared.size), wrong, shared);
    shared.reached = reached;  // shorter ones are not inputs of the campaign
    std::filesystem::create_directories(r.keep);
    const std::string file = r.keep + "/" + what.name + "-" + std::to_string(r.seed) + "-" + std::to_string(number);
    std::ofstream(file, std::ios::binary) << shorter;
    std::printf("FINDING: %s (input %llu of seed %llu, kept as %s)\n", wrong.c_str(),
                static_cast<unsigned long long>(number), static_cast<unsigned long long>(r.seed), file.c_str());
  }
  unsigned all = 0;
  for (const auto& [kind, count] : findings) all += count;
  const double part = shared.next == 0 ? 0 : static_cast<double>(shared.reached) / static_cast<double>(shared.next);
  std::printf("%s: %llu inputs of seed %llu in %.1f s, %.0f %% past the parser, %u findings of %zu kinds\n", what.name,
              static_cast<unsigned long long>(shared.next), static_cast<unsigned long long>(r.seed), progress.seconds(),
              100 * part, all, findings.size());
  if (shared.next >= 1000 && part < what.least_reached) {
    std::printf("%s: fewer than %.0f %% came past the parser\n", what.name, 100 * what.least_reached);
    return 1;
  }
  return findings.empty() ? 0 : 1;
}

}  // namespace ohmic::fuzz
