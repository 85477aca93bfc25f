#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <set>
#include <string>

#include "ip/iss/disassembler.h"
#include "ip/iss/instruction_set.h"

namespace ohmic {
namespace {

/// What clang assembled from a line of text must be written as that line again.
TEST(IssSpelling, DisassemblesEveryInstructionAsClangAssembledIt) {
  std::ifstream binary(GUEST_FOLDER "/spelling.bin", std::ios::binary);
  std::ifstream source(GUEST_SOURCES "/spelling.s");
  ASSERT_TRUE(binary && source);
  unsigned lines = 0;
  for (std::string line; std::getline(source, line);) {
    if (line.size() < 2 || line[0] == '#' || line[1] == '.') continue;
    std::uint32_t word = 0;
    ASSERT_TRUE(binary.read(reinterpret_cast<char*>(&word), 4)) << line;
    EXPECT_EQ(iss::disassemble(0, word), line.substr(1));
    ++lines;
  }
  EXPECT_GT(lines, 700u);
}

/// Jumps, branches and hardware loops have no place in the file above (targets, no assembler support).
TEST(IssSpelling, FileCoversEveryOtherInstruction) {
  std::ifstream binary(GUEST_FOLDER "/spelling.bin", std::ios::binary);
  std::set<iss::op> seen;
  for (std::uint32_t word = 0; binary.read(reinterpret_cast<char*>(&word), 4);) seen.insert(iss::identify(word));
  for (unsigned i = 0; i < static_cast<unsigned>(iss::op::illegal); ++i) {
    const auto o = static_cast<iss::op>(i);
    const iss::kind k = iss::info(o).kind;
    const bool elsewhere = k == iss::kind::branch || k == iss::kind::jal || k == iss::kind::loop_start ||
                           k == iss::kind::loop_end || k == iss::kind::loop_count || k == iss::kind::loop_setup ||
                           o == iss::op::fence;
    EXPECT_TRUE(elsewhere || seen.count(o)) << iss::info(o).mnemonic;
  }
}

TEST(IssSpelling, WritesJumpsBranchesAndLoops) {
  EXPECT_EQ(iss::disassemble(0x100, 0xfe0008e3), "beq zero, zero, 0xf0");
  EXPECT_EQ(iss::disassemble(0x100, 0x010000ef), "jal ra, 0x110");
  EXPECT_EQ(iss::disassemble(0x100, 0x01f5640b), "cv.beqimm a0, -1, 0x108");
  EXPECT_EQ(iss::disassemble(0x100, 0x0080472b), "cv.setup 0, zero, 32");
  EXPECT_EQ(iss::disassemble(0x100, 0x00a2462b), "cv.setupi 0, 10, 16");
  EXPECT_EQ(iss::disassemble(0x100, 0x4501), "c.addi a0, zero, 0");
  EXPECT_EQ(iss::disassemble(0x100, 0xffffffff), ".word 0xffffffff");
  EXPECT_EQ(iss::disassemble(0x100, 0), ".half 0x0");
  EXPECT_EQ(iss::disassemble(0x100, 0x12348000), ".half 0x8000") << "what stands behind it does not belong to it";
}

}  // namespace
}  // namespace ohmic
