// The mistake of an ohmic program with a breakable ISS: by the environment, OHMIC_BROKEN_ISS=NAME of mutations.txt.

#include <cstdlib>
#include <cstring>

#include "ip/iss/instruction_set.h"

namespace ohmic::test {
namespace {

[[maybe_unused]] const bool chosen = [] {
  const char* const name = std::getenv("OHMIC_BROKEN_ISS");
  if (name == nullptr) return false;
#define X(mutation_name, class_name) \
  if (std::strcmp(name, #mutation_name) == 0) chosen_mutation = mutation::mutation_name;
#include "mutation_names.inc"
#undef X
  if (chosen_mutation == mutation::none) std::abort();
  return true;
}();

}  // namespace
}  // namespace ohmic::test
