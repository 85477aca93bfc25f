// Random programs in lock-step: RTL against ISS. docs/lockstep.md tells how to work with it.

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <sstream>
#include <thread>

#include "ip/iss/disassembler.h"
#include "tests/cosim/case_file.h"
#include "tests/cosim/coverage.h"
#include "tests/cosim/lockstep_case.h"
#include "tests/cosim/reduce.h"

namespace ohmic::test {
namespace {

constexpr int exit_mistake = 2, exit_mismatch = 5;

struct settings {
  unsigned first = 1, seeds = 0, threads = 1;
  std::uint64_t retirements = 0;
  std::string around;
  bool reduce = false, coverage = false, progress = false;
  std::string keep;
  std::vector<std::string> files;
};

/// A random program that failed.
struct failure {
  unsigned seed = 0;
  std::string around;
  lockstep_case what;
  lockstep_outcome outcome;
};

class campaign {
 public:
  explicit campaign(const settings& s) : settings_(s) {
    for (const auto& named : all_surroundings()) {
      if (s.around.empty() || s.around == named.first) kinds_.push_back(named);
    }
  }

  void run() {
    std::vector<std::thread> workers;
    running_ = settings_.threads;
    for (unsigned t = 0; t < settings_.threads; ++t) workers.emplace_back([this] { work(); });
    watch();
    for (std::thread& w : workers) w.join();
  }

  std::uint64_t retirements() const { return retirements_; }
  std::uint64_t programs() const { return programs_; }
  const std::vector<failure>& failures() const { return failures_; }
  const coverage& covered() const { return covered_; }

 private:
  void work() {
    coverage covered;
    null_observer nobody;
    while (wanted()) {
      const std::uint64_t job = next_++;
      if (settings_.retirements == 0 && job >= std::uint64_t{settings_.seeds} * kinds_.size()) break;
      failure f;
      f.seed = settings_.first + static_cast<unsigned>(job / kinds_.size());
      f.around = kinds_[job % kinds_.size()].first;
      const surroundings& around = kinds_[job % kinds_.size()].second;
      f.what.program = random_program_for(f.seed, around);
      if (settings_.coverage) {
        f.outcome = run_randomly(f.what.program, f.seed, around, f.what.what, covered);
        covered.end_program(f.what.what);
      } else {
        f.outcome = run_randomly(f.what.program, f.seed, around, f.what.what, nobody);
      }
      retirements_ += f.outcome.retirements;
      ++programs_;
      if (f.outcome.ended && f.outcome.mismatch.empty()) continue;
      const std::lock_guard lock(mutex_);
      failures_.push_back(std::move(f));
    }
    const std::lock_guard lock(mutex_);
    covered_.add(covered);
    --running_;
    ended_.notify_all();
  }

  bool wanted() const { return settings_.retirements == 0 || retirements_ < settings_.retirements; }

  double share() const {
    if (settings_.retirements != 0)
      return static_cast<double>(retirements_) / static_cast<double>(settings_.retirements);
    return static_cast<double>(programs_) / (static_cast<double>(settings_.seeds) * static_cast<double>(kinds_.size()));
  }

  /// Tells how far it is, to stderr, every few seconds.
  void watch() {
    using clock = std::chrono::steady_clock;
    const auto begin = clock::now();
    std::unique_lock lock(mutex_);
    while (!ended_.wait_for(lock, std::chrono::seconds(5), [this] { return running_ == 0; })) {
      if (!settings_.progress) continue;
      const double s = std::chrono::duration<double>(clock::now() - begin).count(), done = share();
      std::fprintf(stderr, "lockstep: %5.1f %%, %.1f M retirements, %zu mismatches, %.0f s left\n", 100 * done,
                   static_cast<double>(retirements_) / 1e6, failures_.size(), done > 0 ? s / done - s : 0.0);
    }
  }

  const settings settings_;
  std::vector<std::pair<const char*, surroundings>> kinds_;
  std::atomic<std::uint64_t> next_{0}, retirements_{0}, programs_{0};
  std::mutex mutex_;
  std::condition_variable ended_;
  unsigned running_ = 0;
  std::vector<failure> failures_;
  coverage covered_;
};

void write_whole(const std::filesystem::path& path, const std::string& text) {
  const std::filesystem::path part = path.string() + ".part";
  {
    std::ofstream out(part);
    out << text;
    if (!out.flush()) throw std::runtime_error(path.string() + ": cannot be written");
  }
  std::filesystem::rename(part, path);
}

std::string file_name(const failure& f) { return "seed_" + std::to_string(f.seed) + "_" + f.around + ".txt"; }

/// Prints a failure, reduced if asked, and keeps it.
void report(const settings& s, const failure& f) {
  std::printf("seed %u, %s: %s\n", f.seed, f.around.c_str(),
              f.outcome.mismatch.empty() ? "does not end" : f.outcome.mismatch.c_str());
  lockstep_case what = f.what;
  lockstep_outcome outcome = f.outcome;
  if (s.reduce && !outcome.mismatch.empty()) {
    const reduction r = reduce(f.what);
    if (r.outcome.mismatch.empty()) {
      std::printf("not reduced: repeated, it does not fail\n");
    } else {
      std::printf("reduced to %u instructions by %u runs\n", r.smallest.program.instructions(), r.tried);
      what = r.smallest;
      outcome = r.outcome;
    }
  }
  std::istringstream story(outcome.mismatch);
  std::string comment = "Found by lockstep_random --first " + std::to_string(f.seed) + " --surroundings " + f.around +
                        (s.reduce ? ", reduced.\n" : ".\n");
  for (std::string line; std::getline(story, line) && line.find("before it") == std::string::npos;)
    comment += line + "\n";
  const std::string text = to_text(what, comment);
  if (s.reduce) std::printf("%s", text.c_str());
  if (s.keep.empty()) return;
  const std::filesystem::path path = std::filesystem::path(s.keep) / file_name(f);
  write_whole(path, text);
  std::printf("kept as %s\n", path.c_str());
}

void print_coverage(const coverage& covered) {
  unsigned never = 0;
  for (const auto& [name, count] : covered.table()) {
    std::printf("%12llu  %s\n", static_cast<unsigned long long>(count), name.c_str());
    never += count == 0;
  }
  std::printf("%u of %zu never executed\n", never, covered.table().size());
}

int run_campaign(const settings& s) {
  campaign c(s);
  c.run();
  for (const failure& f : c.failures()) report(s, f);
  if (s.coverage) print_coverage(c.covered());
  std::printf("%llu retirements compared, %zu mismatches, %llu programs\n",
              static_cast<unsigned long long>(c.retirements()), c.failures().size(),
              static_cast<unsigned long long>(c.programs()));
  return c.failures().empty() ? 0 : exit_mismatch;
}

int run_files(const std::vector<std::string>& files) {
  int worst = 0;
  for (const std::string& file : files) {
    std::ifstream in(file);
    std::stringstream text;
    if (!in || !(text << in.rdbuf())) throw std::runtime_error(file + ": cannot be read");
    lockstep_case c;
    try {
      c = case_from_text(text.str());
    } catch (const std::runtime_error& error) {
      throw std::runtime_error(file + ": " + error.what());
    }
    const lockstep_outcome o = run_case(c);
    const bool good = o.mismatch.empty() && o.ended;
    std::printf("%s: %s\n", file.c_str(),
                good                 ? "equal"
                : o.ended            ? o.mismatch.c_str()
                : o.mismatch.empty() ? "does not end"
                                     : o.mismatch.c_str());
    if (!good) worst = exit_mismatch;
  }
  return worst;
}

int run_program(int argc, char** argv) {
  settings s;
  unsigned seed = 0;
  const CLI::Validator from_one(
      [](const std::string& text) {
        return text.empty() || text.find_first_not_of("0123456789") != std::string::npos || text == "0"
                   ? "'" + text + "' is no whole number from 1 on"
                   : std::string();
      },
      "NUMBER");
  CLI::App app("Runs random programs in lock-step, RTL against ISS. Exit code 5: a mismatch.", "lockstep_random");
  app.add_option("FILE", s.files, "kept programs to run instead of random ones");
  app.add_option("--seed", seed, "only this seed")->check(from_one);
  app.add_option("--first", s.first, "first seed")->capture_default_str()->check(from_one);
  app.add_option("--seeds", s.seeds, "number of seeds, each in all surroundings (default 60)")->check(from_one);
  app.add_option("--retirements", s.retirements, "go on until so many are compared")->check(from_one);
  app.add_option("--surroundings", s.around, "only these: Quiet, Stalls, LongStalls, Interrupts, InterruptsAndStalls");
  app.add_option("--threads", s.threads, "worker threads")->capture_default_str()->check(CLI::Range(1, 1024));
  app.add_flag("--reduce", s.reduce, "make failing programs as short as possible and print them");
  app.add_option("--keep", s.keep, "write failing programs into this folder")->check(CLI::ExistingDirectory);
  app.add_flag("--coverage", s.coverage, "print how often each instruction and situation was executed");
  app.add_flag("--progress", s.progress, "tell every few seconds how far it is");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_mistake;
  }
  if (!s.around.empty() && !surroundings_named(s.around)) {
    std::fprintf(stderr, "lockstep_random: there are no surroundings '%s'; see --help\n", s.around.c_str());
    return exit_mistake;
  }
  if (seed != 0) s.first = seed, s.seeds = 1;
  if (s.seeds == 0) s.seeds = 60;
  try {
    return s.files.empty() ? run_campaign(s) : run_files(s.files);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lockstep_random: %s\n", error.what());
    return exit_mistake;
  }
}

}  // namespace
}  // namespace ohmic::test

int main(int argc, char** argv) { return ohmic::test::run_program(argc, argv); }
