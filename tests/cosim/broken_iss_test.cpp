#include "tests/cosim/broken_iss/broken_iss.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/cosim/case_file.h"
#include "tests/cosim/lockstep_case.h"
#include "tests/cosim/reduce.h"

namespace ohmic {
namespace {

using iss::kind;
using iss::op;
using test::mutation;

/// Breaks the ISS as long as it lives.
struct broken {
  explicit broken(mutation m) { test::chosen_mutation = m; }
  explicit broken(op o) { test::broken_op = o; }
  ~broken() {
    test::chosen_mutation = mutation::none;
    test::broken_op = op::count;
  }
};

struct found {
  test::lockstep_case what;
  test::lockstep_outcome outcome;
  unsigned programs = 0;
};

/// Random programs until one fails, at most so many.
found search(unsigned programs) {
  null_observer nobody;
  for (unsigned n = 0; n < programs; ++n) {
    const auto& [name, around] = test::all_surroundings()[n % test::all_surroundings().size()];
    found f;
    f.programs = n + 1;
    f.what.program = test::random_program_for(n + 1, around);
    f.outcome = test::run_randomly(f.what.program, n + 1, around, f.what.what, nobody);
    if (!f.outcome.mismatch.empty()) return f;
  }
  return {};
}

struct named_mutation {
  mutation m;
  std::string name, of;
};
const std::vector<named_mutation>& mutations() {
  static const std::vector<named_mutation> all = {
#define X(name, class_name) {mutation::name, #name, class_name},
#include "mutation_names.inc"
#undef X
  };
  return all;
}

/// Unbroken, it is the ISS: nothing differs.
TEST(BrokenIss, IsTheIssUntilItIsBroken) { EXPECT_EQ(search(100).programs, 0u); }

class BrokenIssClass : public ::testing::TestWithParam<named_mutation> {};

/// Each mistake is found, and reduced to a program that a person can read.
TEST_P(BrokenIssClass, IsCaughtAndReduced) {
  const broken is(GetParam().m);
  const found f = search(3000);
  ASSERT_NE(f.programs, 0u) << GetParam().of << ": " << GetParam().name << " is not caught";
  const test::reduction r = test::reduce(f.what);
  ASSERT_NE(r.outcome.mismatch, "") << "is not repeated";
  EXPECT_LE(r.smallest.program.instructions(), 12u) << test::to_text(r.smallest, r.outcome.mismatch);
  // The file of it fails just so.
  const test::lockstep_case read = test::case_from_text(test::to_text(r.smallest, "a comment"));
  EXPECT_EQ(test::run_case(read).mismatch, r.outcome.mismatch);
  std::printf("%s: program %u, %u instructions after %u runs\n", GetParam().name.c_str(), f.programs,
              r.smallest.program.instructions(), r.tried);
}

INSTANTIATE_TEST_SUITE_P(Class, BrokenIssClass, ::testing::ValuesIn(mutations()),
                         [](const auto& info) { return info.param.name; });

/// One mistake is one mismatch each time, and the core stops at the one that was asked for.
TEST(BrokenIss, GoesOnBehindMismatches) {
  const broken is(op::cv_abs);
  // addi a0, zero, -3; five times cv.abs a1, a0; addi a2, a1, 1; then sw a2, 0(zero); j .
  std::vector<std::uint32_t> words = {0xffd00513};
  for (unsigned i = 0; i < 5; ++i) words.insert(words.end(), {0x500535ab, 0x00158613});
  words.insert(words.end(), {0x00c02023, 0x0000006f});
  const decoded_text text(0x80000000, words.data(), words.size() * 4);
  for (const unsigned most : {1u, 3u, 5u, 6u}) {
    lockstep_group group(text, text.bytes(), 1, 0);
    group.stop_at(most);
    group.start(0, 0x80000000, 0);
    null_observer nobody;
    core_stop stop;
    do {
      stop = group.advance(0, 10000, nobody);
      if (stop == core_stop::fetch) group.fetch_complete(0, group.time(0));
      if (stop == core_stop::bus) group.complete(0, 0, group.request(0).cycle, group.request(0).cycle + 1);
    } while (stop != core_stop::halted && group.time(0) < 200);
    EXPECT_EQ(stop == core_stop::halted, most <= 5);
    ASSERT_EQ(group.mismatches().size(), std::min(most, 5u));
    for (unsigned i = 0; i < group.mismatches().size(); ++i) {
      EXPECT_EQ(group.mismatches()[i].pc, 0x80000004 + 8 * i);
      EXPECT_EQ(group.mismatches()[i].what.substr(0, 9), "register\n");
    }
  }
}

/// The value of every single instruction is compared: wrong, it is caught, and the report names the instruction.
TEST(BrokenIss, EveryInstructionThatIsWrongIsCaughtByName) {
  unsigned instructions = 0, most = 0;
  for (unsigned i = 0; i < static_cast<unsigned>(op::illegal); ++i) {
    const op o = static_cast<op>(i);
    const kind k = iss::info(o).kind;
    const bool computes = k == kind::alu || k == kind::alu_acc || k == kind::mulh || k == kind::div;
    const bool goes = k == kind::branch || k == kind::jalr || k == kind::loop_start || k == kind::loop_end ||
                      k == kind::loop_count || k == kind::loop_setup;
    if (!computes && !goes) continue;
    const broken is(o);
    const found f = search(1000);
    const std::string name(iss::info(o).mnemonic);
    ASSERT_NE(f.programs, 0u) << name << " is not caught";
    // What computes is named as what differs; what goes elsewhere among the instructions just before.
    const std::string& story = f.outcome.mismatch;
    EXPECT_NE((computes ? story.substr(0, story.find("  ISS ")) : story).find(name), std::string::npos)
        << name << story;
    ++instructions;
    most = std::max(most, f.programs);
  }
  EXPECT_GT(instructions, 290u);
  std::printf("%u instructions broken, each caught by %u programs at most\n", instructions, most);
}

}  // namespace
}  // namespace ohmic
