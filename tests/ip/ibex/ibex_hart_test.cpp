// One Ibex hart at its ports: what it asks for, where it stops, and which cycles it is awake.
#include "ip/ibex/ibex_hart.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace ohmic {
namespace {

constexpr std::uint32_t base = 0x80000000, boot = base + 0x80, wait_address = 0x10201000;

/// A hart with its program at the place where an Ibex starts; every line is there as it is asked for.
class one_ibex {
 public:
  explicit one_ibex(const std::vector<std::uint32_t>& code) : words_(32, 0x00000067) {
    words_.insert(words_.end(), code.begin(), code.end());
    hart_ = std::make_unique<ibex_hart>(text_bytes{base, static_cast<std::uint32_t>(words_.size() * 4),
                                                   reinterpret_cast<const std::uint8_t*>(words_.data())},
                                        3, wait_address);
  }
  ibex_hart& operator*() { return *hart_; }
  ibex_hart* operator->() { return hart_.get(); }

  core_stop run(cycle_t until = never) {
    for (;;) {
      const core_stop stop = hart_->advance(until, false);
      if (stop == core_stop::fetch)
        hart_->fetch_complete(hart_->time());
      else if (stop != core_stop::horizon || hart_->time() >= until)
        return stop;
    }
  }

 private:
  std::vector<std::uint32_t> words_;
  std::unique_ptr<ibex_hart> hart_;
};

TEST(IbexHart, AccessesCarryAddressSizeDataAndTheInstructionsPc) {
  // lui a0, 0x10000; addi a1, zero, -2; sb a1, 3(a0); sh a1, 6(a0); sw a1, 9(a0) (two halves); lhu a2, 2(a0); j .
  one_ibex hart({0x10000537, 0xffe00593, 0x00b501a3, 0x00b51323, 0x00b524a3, 0x00255603, 0x0000006f});
  hart->start(base, 0);
  struct expected {
    std::uint32_t addr, wdata;
    unsigned size;
    bool write;
    std::uint32_t pc;
  };
  const expected all[] = {{0x10000003, 0xfe, 1, true, boot + 8},
                          {0x10000006, 0xfffe, 2, true, boot + 12},
                          {0x10000009, 0xfffffe, 3, true, boot + 16},
                          {0x1000000c, 0xff, 1, true, boot + 16},
                          {0x10000002, 0, 2, false, boot + 20}};
  for (const expected& e : all) {
    ASSERT_EQ(hart.run(), core_stop::bus);
    const bus_request r = hart->request();
    EXPECT_EQ(r.addr, e.addr);
    EXPECT_EQ(r.size, e.size);
    EXPECT_EQ(r.write, e.write);
    EXPECT_EQ(r.pc, e.pc);
    EXPECT_EQ(r.cycle, hart->time());
    if (e.write) EXPECT_EQ(r.wdata & ((std::uint64_t{1} << 8 * e.size) - 1), e.wdata);
    hart->complete(0x8765, r.cycle, r.cycle + 1);
  }
  hart.run(hart->time() + 8);
  EXPECT_EQ(hart->x(12), 0x8765u);
}

TEST(IbexHart, AStackOverflowHaltsItAtTheAccess) {
  // lui sp, 0x10001; addi sp, sp, -16; lw a0, 0(sp); addi sp, sp, -4; sw a0, 0(sp); j .
  one_ibex hart({0x10001137, 0xff010113, 0x00012503, 0xffc10113, 0x00a12023, 0x0000006f});
  hart->set_stack_guard({0x10000000, 0x10000ff0});
  hart->start(base, 0);
  ASSERT_EQ(hart.run(), core_stop::bus) << "sp is at the limit";
  hart->complete(1, hart->request().cycle, hart->request().cycle + 1);
  const std::uint64_t retired = hart->counters().retired;
  ASSERT_EQ(hart.run(), core_stop::halted);
  EXPECT_EQ(hart->fault(), hart_fault::stack_overflow);
  EXPECT_EQ(hart->pc(), boot + 16);
  EXPECT_EQ(hart->x(2), 0x10000fecu);
  EXPECT_EQ(hart->counters().retired, retired + 2) << "the load and the addi, not the store";
  EXPECT_EQ(hart.run(), core_stop::halted) << "for ever";
  hart->start(base, 1000);
  EXPECT_EQ(hart.run(), core_stop::bus) << "a reset brings it back";
  EXPECT_EQ(hart->fault(), hart_fault::none);
}

// However far it is advanced at a time, a hart in wfi is awake for the same cycles.
TEST(IbexHart, AsleepInWfiItCountsNoCycles) {
  // li a2, 0x800 (lui 1; addi -0x800); csrw mie, a2; wfi; lui a0, 0x10000; sw a0, 0(a0); j .
  const std::vector<std::uint32_t> code = {0x00001637, 0x80060613, 0x30461073, 0x10500073,
                                           0x10000537, 0x00a52023, 0x0000006f};
  cycle_t awake = 0;
  for (const cycle_t step : {100000u, 5000u, 777u, 1u}) {
    one_ibex hart(code);
    hart->start(base, 50);
    for (cycle_t until = 50 + step; until <= 50 + 4000; until += step) hart.run(until);
    hart.run(4050);
    EXPECT_EQ(hart->time(), 4050u);
    if (awake == 0) awake = hart->counters().awake_cycles;
    EXPECT_LT(awake, 60u);
    EXPECT_EQ(hart->counters().awake_cycles, awake) << "by " << step;
  }
}

}  // namespace
}  // namespace ohmic
