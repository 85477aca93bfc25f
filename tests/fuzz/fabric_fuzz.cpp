// Random AXI networks: every burst is answered once and in order, nothing dead-locks, whoever calls how.
#include <charconv>
#include <stdexcept>
#include <string>

#include "tests/fuzz/campaign.h"
#include "tests/ip/axi/random_network.h"

namespace {

using namespace ohmic;

/// "SEED CLUSTERS BURSTS"
std::string made(fuzz::dice& random) {
  const std::uint64_t clusters = random.one_in(8) ? 512 : random.one_in(2) ? 64 : 16;
  return std::to_string(random.number() >> 1) + ' ' + std::to_string(clusters) + ' ' +
         std::to_string(100 + random.below(2000));
}

bool read(const std::string& text, std::uint64_t (&numbers)[3]) {
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::uint64_t& number : numbers) {
    while (at != end && *at == ' ') ++at;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc{}) return false;
    at = next;
  }
  return at == end && numbers[1] >= 1 && numbers[1] <= 4096 && numbers[2] >= 1 && numbers[2] <= 100'000;
}

fuzz::verdict run(const std::string& text) {
  std::uint64_t numbers[3] = {};
  if (!read(text, numbers)) return {};
  const test::network_trial trial =
      test::draw_trial(numbers[0], static_cast<unsigned>(numbers[1]), static_cast<unsigned>(numbers[2]));
  try {
    const std::uint64_t result = test::play(trial, test::division::one_by_one);
    if (test::play(trial, test::division::random) != result) return {true, "cycles in batches give another result"};
    if (test::play(trial, test::division::announced) != result) return {true, "early acceptance gives another result"};
  } catch (const std::logic_error& error) {
    return {true, error.what()};
  }
  return {true, ""};
}

}  // namespace

int main(int argc, char** argv) {
  fuzz::campaign what{"fabric", made, run};
  what.inputs = 3000;
  what.seconds_each = 20;
  return fuzz::main_of(what, argc, argv);
}
