#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ohmic::fuzz {

/// Seeded random numbers (SplitMix64): cheap to begin, so that every input has a seed of its own and can be made again.
class dice {
 public:
  explicit dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t number();                                                ///< any 64 bits
  std::uint64_t below(std::uint64_t count) { return number() % count; }  ///< 0..count-1; count > 0
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }

 private:
  std::uint64_t state_;
};

/// Changes a text a little, `times` times: bytes flipped, runs deleted, doubled, moved, or words of `dictionary` put
/// in.
std::string mutated(std::string text, dice& random, unsigned times, const std::vector<std::string>& dictionary);

/// What became of one input. `wrong` names what a user must never see (a mistake accepted in silence, a message that
/// says nothing); empty: all right. `reached`: it came past the parser, into what is made of its contents.
struct verdict {
  bool reached = false;
  std::string wrong;
};

/// One campaign: many inputs, made from a seed, each given to the code under test.
struct campaign {
  const char* name;                                ///< "yaml"
  std::function<std::string(dice&)> make;          ///< an input, from this dice only
  std::function<verdict(const std::string&)> run;  ///< may throw nothing, crash, hang, or take more than `most_bytes`
  std::uint64_t inputs = 100'000;                  ///< unless --inputs or --minutes say otherwise
  double seconds_each = 1;                         ///< one that takes longer hangs
  std::uint64_t most_bytes = 200u << 20;           ///< one that takes more memory is a finding
  double least_reached = 0.30;                     ///< a campaign of which less comes past the parser tests little
};

/// Runs a campaign as the command line says:
///
///   NAME_fuzz [--inputs N] [--seed S] [--minutes M] [--keep FOLDER]     runs it
///   NAME_fuzz FILE ...                                                  runs kept inputs again
///
/// --minutes alone goes on until the time is over; both end with whichever comes first. Inputs run in a child process,
/// so a crash ends one input, not the campaign. A finding is reduced (as long as it stays a finding of the same kind),
/// kept as FOLDER/NAME-<seed>-<number>, and named. The last line on stdout counts; the exit code is 1 if there was a
/// finding or too few inputs got past the parser, 2 for a wrong command line, else 0.
int main_of(const campaign& what, int argc, char** argv);

}  // namespace ohmic::fuzz
