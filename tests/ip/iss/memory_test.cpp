#include <gtest/gtest.h>

#include <string>

#include "tests/ip/iss/one_instruction.h"

namespace ohmic {
namespace {

using test::code_base;
using test::one_instruction;
using test::operand_source;

struct access_case {
  const char* name;
  std::uint32_t match;  // encoding from the manual's tables, register fields zero
  unsigned size;
  bool write, sign, post;
  enum offset_kind { imm_load, imm_store, reg_rs2, reg_rd } offset;
};

constexpr access_case cases[] = {
    {"lb", 0x00000003, 1, false, true, false, access_case::imm_load},
    {"lh", 0x00001003, 2, false, true, false, access_case::imm_load},
    {"lw", 0x00002003, 4, false, true, false, access_case::imm_load},
    {"lbu", 0x00004003, 1, false, false, false, access_case::imm_load},
    {"lhu", 0x00005003, 2, false, false, false, access_case::imm_load},
    {"sb", 0x00000023, 1, true, false, false, access_case::imm_store},
    {"sh", 0x00001023, 2, true, false, false, access_case::imm_store},
    {"sw", 0x00002023, 4, true, false, false, access_case::imm_store},
    {"cv_lb_post_imm", 0x0000000b, 1, false, true, true, access_case::imm_load},
    {"cv_lbu_post_imm", 0x0000400b, 1, false, false, true, access_case::imm_load},
    {"cv_lh_post_imm", 0x0000100b, 2, false, true, true, access_case::imm_load},
    {"cv_lhu_post_imm", 0x0000500b, 2, false, false, true, access_case::imm_load},
    {"cv_lw_post_imm", 0x0000200b, 4, false, true, true, access_case::imm_load},
    {"cv_lb_post_reg", 0x0000302b, 1, false, true, true, access_case::reg_rs2},
    {"cv_lbu_post_reg", 0x1000302b, 1, false, false, true, access_case::reg_rs2},
    {"cv_lh_post_reg", 0x0200302b, 2, false, true, true, access_case::reg_rs2},
    {"cv_lhu_post_reg", 0x1200302b, 2, false, false, true, access_case::reg_rs2},
    {"cv_lw_post_reg", 0x0400302b, 4, false, true, true, access_case::reg_rs2},
    {"cv_lb_reg", 0x0800302b, 1, false, true, false, access_case::reg_rs2},
    {"cv_lbu_reg", 0x1800302b, 1, false, false, false, access_case::reg_rs2},
    {"cv_lh_reg", 0x0a00302b, 2, false, true, false, access_case::reg_rs2},
    {"cv_lhu_reg", 0x1a00302b, 2, false, false, false, access_case::reg_rs2},
    {"cv_lw_reg", 0x0c00302b, 4, false, true, false, access_case::reg_rs2},
    {"cv_sb_post_imm", 0x0000002b, 1, true, false, true, access_case::imm_store},
    {"cv_sh_post_imm", 0x0000102b, 2, true, false, true, access_case::imm_store},
    {"cv_sw_post_imm", 0x0000202b, 4, true, false, true, access_case::imm_store},
    {"cv_sb_post_reg", 0x2000302b, 1, true, false, true, access_case::reg_rd},
    {"cv_sh_post_reg", 0x2200302b, 2, true, false, true, access_case::reg_rd},
    {"cv_sw_post_reg", 0x2400302b, 4, true, false, true, access_case::reg_rd},
    {"cv_sb_reg", 0x2800302b, 1, true, false, false, access_case::reg_rd},
    {"cv_sh_reg", 0x2a00302b, 2, true, false, false, access_case::reg_rd},
    {"cv_sw_reg", 0x2c00302b, 4, true, false, false, access_case::reg_rd},
    {"cv_elw", 0x0000300b, 4, false, true, false, access_case::imm_load},
};

class IssMemory : public ::testing::TestWithParam<access_case> {};

TEST_P(IssMemory, MovesTheBytesAndTheBase) {
  const access_case& c = GetParam();
  const auto seed = static_cast<unsigned>(::testing::UnitTest::GetInstance()->random_seed());
  SCOPED_TRACE("seed " + std::to_string(seed));
  operand_source random(seed);
  for (unsigned round = 0; round < 300; ++round) {
    const unsigned rd = random.below(32), rs1 = random.below(32), rs2 = random.below(32);
    std::uint32_t w = c.match | rs1 << 15;
    std::int32_t imm = static_cast<std::int32_t>(random.next()) >> 20;
    if (c.offset == access_case::imm_load) w |= static_cast<std::uint32_t>(imm) << 20 | rd << 7;
    if (c.offset == access_case::imm_store)
      w |= (static_cast<std::uint32_t>(imm) >> 5 & 127) << 25 | rs2 << 20 | (static_cast<std::uint32_t>(imm) & 31) << 7;
    if (c.offset == access_case::reg_rs2 || c.offset == access_case::reg_rd) w |= rs2 << 20 | rd << 7;
    one_instruction machine({w, 0x00000013});
    hart_state before;
    before.pc = code_base;
    for (unsigned r = 1; r < 32; ++r) before.x[r] = random.next();
    for (auto& byte : machine.memory) byte = static_cast<std::uint8_t>(random.next());
    const auto memory = machine.memory;

    const std::uint32_t offset = c.offset == access_case::reg_rs2  ? before.x[rs2]
                                 : c.offset == access_case::reg_rd ? before.x[rd]
                                                                   : static_cast<std::uint32_t>(imm);
    const std::uint32_t addr = c.post ? before.x[rs1] : before.x[rs1] + offset;
    hart_state want = before;
    auto want_memory = memory;
    want.pc += 4;
    if (c.post) want.x[rs1] += offset;
    if (c.write) {
      for (unsigned i = 0; i < c.size; ++i)
        want_memory[(addr + i) % memory.size()] = static_cast<std::uint8_t>(before.x[rs2] >> (8 * i));
    } else {
      std::int64_t v = 0;
      for (unsigned i = 0; i < c.size; ++i) v += std::int64_t{memory[(addr + i) % memory.size()]} << (8 * i);
      if (c.sign && v >= std::int64_t{1} << (8 * c.size - 1)) v -= std::int64_t{1} << (8 * c.size);
      want.x[rd] = static_cast<std::uint32_t>(v);
    }
    want.x[0] = 0;

    const hart_state got = machine.step(before);
    ASSERT_EQ(got.x, want.x) << std::hex << w << " address " << addr;
    ASSERT_EQ(got.pc, want.pc);
    ASSERT_EQ(machine.memory, want_memory) << std::hex << w << " address " << addr;

    // Bus: one access, or two of which the lower address comes first and none crosses a word.
    const bool crosses = (addr & 3) + c.size > 4;
    ASSERT_EQ(machine.requests.size(), crosses ? 2u : 1u);
    ASSERT_EQ(machine.requests[0].addr, addr);
    ASSERT_EQ(machine.requests[0].pc, code_base);
    unsigned total = 0;
    for (const bus_request& r : machine.requests) {
      ASSERT_LE((r.addr & 3) + r.size, 4u);
      ASSERT_EQ(r.write, c.write);
      total += r.size;
    }
    ASSERT_EQ(total, c.size);
    if (crosses) {
      ASSERT_EQ(machine.requests[1].addr, (addr & ~3u) + 4);
      ASSERT_EQ(machine.requests[1].cycle, machine.requests[0].cycle + 1);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Access, IssMemory, ::testing::ValuesIn(cases),
                         [](const auto& p) { return std::string(p.param.name); });

/// A response later than the cycle behind the grant stalls the next instruction until it is there.
TEST(IssMemoryTiming, LateGrantAndResponseStallTheNextInstruction) {
  const std::uint32_t words[] = {0x0000a503, 0x00150593, 0x00c0a023, 0x00000013};  // lw a0; addi a1, a0, 1; sw a2; nop
  iss::decoded_text text(code_base, words, sizeof words);
  iss_group group(text, 1, 0);
  group.start(0, code_base, 100);
  null_observer silent;
  ASSERT_EQ(group.advance(0, never, silent), core_stop::fetch);
  EXPECT_EQ(group.fetch_line(0), code_base);
  group.fetch_complete(0, 108);  // the first instruction issues two cycles behind it
  ASSERT_EQ(group.advance(0, never, silent), core_stop::bus);
  EXPECT_EQ(group.request(0).cycle, 110u);
  group.complete(0, 41, 113, 120);
  // The load's user issues one cycle after the data; then the store.
  ASSERT_EQ(group.advance(0, never, silent), core_stop::bus);
  EXPECT_EQ(group.request(0).cycle, 122u);
  EXPECT_TRUE(group.request(0).write);
  group.complete(0, 0, 122, 130);
  EXPECT_EQ(group.time(0), 130u);
  EXPECT_EQ(group.save(0).x[11], 42u);
}

TEST(IssMemoryTiming, StopsAtTheHorizonBeforeRequesting) {
  const std::uint32_t words[] = {0x00000013, 0x0000a503, 0x00000013};
  iss::decoded_text text(code_base, words, sizeof words);
  iss_group group(text, 1, 0);
  group.start(0, code_base, 0);
  null_observer silent;
  ASSERT_EQ(group.advance(0, 6, silent), core_stop::fetch);  // out of reset the first instruction issues in cycle 5
  group.fetch_complete(0, 0);
  ASSERT_EQ(group.advance(0, 6, silent), core_stop::horizon);
  EXPECT_EQ(group.time(0), 6u);
  ASSERT_EQ(group.advance(0, 6, silent), core_stop::horizon);
  ASSERT_EQ(group.advance(0, 7, silent), core_stop::bus);
  EXPECT_EQ(group.request(0).cycle, 6u);
}

}  // namespace
}  // namespace ohmic
