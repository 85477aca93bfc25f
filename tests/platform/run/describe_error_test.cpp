#include <gtest/gtest.h>

#include "platform/run/program_run.h"

namespace ohmic {
namespace {

std::string text(guest_error::source from, guest_act act, std::uint64_t number, const char* what) {
  guest_error e;
  e.from = from;
  e.cycle = 7;
  e.cluster = 1;
  e.core = 2;
  e.pc = 0x80000010;
  e.addr = number;
  e.act = act;
  e.what = what;
  return describe(e, elf_file());
}

TEST(DescribeError, SaysWhatTheGuestDid) {
  using source = guest_error::source;
  EXPECT_EQ(text(source::core_access, guest_act::read, 0x20000000, "no such address (DECERR)"),
            "cycle 7 cluster 1 core 2 pc 0x80000010 <>: read of address 0x20000000: no such address (DECERR)");
  EXPECT_EQ(text(source::core_access, guest_act::write, 0x20000000, "no"),
            "cycle 7 cluster 1 core 2 pc 0x80000010 <>: write of address 0x20000000: no");
  EXPECT_EQ(text(source::core_fetch, guest_act::fetch, 0x80000010, "outside"),
            "cycle 7 cluster 1 core 2 pc 0x80000010 <>: fetch from address 0x80000010: outside");
  EXPECT_EQ(text(source::core_fetch, guest_act::none, 0x80000010, "a hardware loop"),
            "cycle 7 cluster 1 core 2 pc 0x80000010 <>: a hardware loop");
  EXPECT_EQ(text(source::core_trap, guest_act::trap, 2, "again"),
            "cycle 7 cluster 1 core 2 pc 0x80000010 <>: trap with cause 2 (illegal instruction): again");
  EXPECT_EQ(text(source::dma, guest_act::write, 0xe0000000, "DMA: no such address (DECERR)"),
            "cycle 7 cluster 1 DMA channel 2: write of address 0xe0000000: no such address (DECERR)");
  EXPECT_EQ(text(source::dma, guest_act::value, 0x10000, "DMA: START while the channel is busy"),
            "cycle 7 cluster 1 DMA channel 2: START while the channel is busy (value 0x10000)");
  EXPECT_EQ(text(source::ima, guest_act::value, ~std::uint64_t{3}, "IMA job: the input window leaves L1"),
            "cycle 7 cluster 1 IMA: IMA job: the input window leaves L1 (value -0x4)");
  EXPECT_EQ(text(source::ima, guest_act::none, 0x200, "IMA job refused: the queue is full"),
            "cycle 7 cluster 1 IMA: IMA job refused: the queue is full");
}

}  // namespace
}  // namespace ohmic
