// Cores with their registers, events, interrupts and enables: one cluster in its loop.
#include <gtest/gtest.h>

#include "tests/platform/cluster/cluster_bench.h"

namespace ohmic {
namespace {

constexpr std::uint32_t own = static_cast<std::uint32_t>(chip_config::own_l1_base);
constexpr std::uint32_t l1_bytes = 1u << 20;
constexpr std::uint64_t global = chip_config::clusters_base;
constexpr std::uint64_t event_unit_at = l1_bytes + 0x1000;
constexpr std::uint64_t doorbell_at = global + event_unit_at + 0xB00;

class CoresTest : public testing::Test {
 protected:
  void debug_write(cluster_bench<>& b, std::uint64_t offset, std::uint32_t value) {
    EXPECT_EQ(b[0].debug_access(offset, reinterpret_cast<std::uint8_t*>(&value), 4, true, b.now()), 4u);
    b.touch();
  }
  std::uint32_t debug_read(cluster_bench<>& b, std::uint64_t offset) {
    std::uint32_t value = 0;
    EXPECT_EQ(b[0].debug_access(offset, reinterpret_cast<std::uint8_t*>(&value), 4, false, b.now()), 4u);
    return value;
  }
  void enable(cluster_bench<>& b, std::uint32_t cores) { debug_write(b, l1_bytes + 0x30, cores); }
};

TEST_F(CoresTest, LoadsAndStoresOfEverySizeWorkAtEveryAlignment) {
  for (const std::uint64_t base : {std::uint64_t{own}, global}) {
    cluster_bench<> b("sizes");
    b.table(0, 0, static_cast<std::uint32_t>(base) + 0x8000);
    b.start();
    b.run(10'000);
    const std::uint8_t* l1 = b.l1(0) + 0x8000;
    const std::uint8_t word[] = {0x84, 0x83, 0x82, 0x81};
    for (const unsigned at : {0u, 5u, 10u, 15u})
      for (unsigned k = 0; k < 4; ++k) EXPECT_EQ(l1[at + k], word[k]) << at << "+" << k;
    EXPECT_EQ(l1[4] | l1[9] | l1[14] | l1[19] | l1[22] | l1[25] | l1[28] | l1[31] | l1[33] | l1[34] | l1[36], 0);
    for (const unsigned at : {20u, 23u, 26u, 29u}) {
      EXPECT_EQ(l1[at], 0xF2);
      EXPECT_EQ(l1[at + 1], 0xF1);
    }
    const std::uint32_t expected[] = {0x81828384, 0x81828384, 0x81828384, 0x81828384, 0xFFFFF1F2,
                                      0x0000F1F2, 0xFFFFF1F2, 0x0000F1F2, 0xFFFFFFF2, 0x000000F2};
    for (unsigned n = 0; n < 10; ++n) EXPECT_EQ(b.result(0, n), expected[n]) << n;
    // Bytes 21..24: F1 00 F2 F1.
    EXPECT_EQ(b.result(0, 10), 0xF1F200F1u);
    EXPECT_TRUE(b.errors().empty());
    EXPECT_EQ(b[0].sleeping(), 1u);
  }
}

TEST_F(CoresTest, NarrowAccessesTakeTheirPartOfARegisterAndWriteAllOfIt) {
  cluster_bench<> b("narrow");
  constexpr std::uint32_t argument = l1_bytes + 0x48;
  debug_write(b, argument, 0x87654321);
  b.table(0, 0, own + argument);
  b.start();
  b.run(5000);
  const std::uint32_t expected[] = {0x43, 0x8765, 0xFFFFFF87, 0x00007800, 0x56780000};
  for (unsigned n = 0; n < 5; ++n) EXPECT_EQ(b.result(0, n), expected[n]) << n;
  EXPECT_TRUE(b.errors().empty());
}

TEST_F(CoresTest, ARegisterAccessTakesItsCycles) {
  for (const cycle_t cycles : {1, 2, 5}) {
    chip_config chip = one_cluster();
    chip.cluster.peripheral_cycles = cycles;
    std::vector<std::vector<retire_record>> records(1);
    cluster_bench<recorder> b("registers", chip, 1, {recorder{&records}});
    b.start();
    b.run(10'000);
    std::vector<retire_record> loop;  // the second turn
    for (const retire_record& r : records[0]) {
      if (r.pc == b.at("registers_loop")) loop.clear();
      loop.push_back(r);
    }
    ASSERT_GE(loop.size(), 6u);
    for (unsigned k = 1; k <= 4; ++k) EXPECT_EQ(loop[k].cycle - loop[k - 1].cycle, cycles) << k;
    EXPECT_EQ(loop[5].cycle - loop[4].cycle, 1u) << "an own L1 access";
    EXPECT_EQ(b.result(0, 0), 1u) << "core count";
    EXPECT_EQ(b.result(0, 1), cycles) << "cycle counter, read twice";
  }
}

TEST_F(CoresTest, BlocksOtherThanTheEventUnitShareOneRegisterBus) {
  chip_config chip = one_cluster(4);
  std::vector<std::vector<retire_record>> records(4);
  cluster_bench<recorder> b("registers", chip, 1, {recorder{&records}});
  b.start();
  b.run(10'000);
  std::map<cycle_t, unsigned> granted;
  for (const auto& list : records)
    for (std::size_t k = 0; k + 1 < list.size(); ++k)
      if (list[k].mem_addr >= own + l1_bytes && list[k].mem_addr < own + l1_bytes + 0x1000)
        ++granted[list[k + 1].cycle - chip.cluster.peripheral_cycles];
  ASSERT_GE(granted.size(), 32u);
  for (const auto& [cycle, n] : granted) EXPECT_EQ(n, 1u) << cycle;
}

TEST_F(CoresTest, ACoreSeesTheLineThatItMovesItselfInItsNextInstruction) {
  cluster_bench<> b("own_line");
  b.start();
  b.run(5000);
  constexpr std::uint32_t high = 1u << 11;
  const std::uint32_t expected[] = {0, high, 0, high, 0, high};  // masked in, raised, cleared, raised, masked out, in
  for (unsigned n = 0; n < 6; ++n) EXPECT_EQ(b.result(0, n), expected[n]) << n;
  EXPECT_TRUE(b.errors().empty());
}

// The event comes from 3 cycles before the read to many after it: never lost, and a sleeping core is there
// wake_cycles after the event (plus the two cycles its pipeline needs, FACTS of the core: 4 after the grant at least).
TEST_F(CoresTest, AnEventAroundTheVeryCycleOfTheReadIsNeverLost) {
  bool early = false, late = false, same = false;
  for (const cycle_t wake : {1, 2, 7})
    for (unsigned nops = 0; nops < 48; ++nops) {
      chip_config chip = one_cluster(2);
      chip.cluster.wake_cycles = wake;
      std::vector<std::vector<retire_record>> records(2);
      cluster_bench<recorder> b("ping", chip, 1, {recorder{&records}});
      constexpr unsigned rounds = 6;
      for (unsigned h = 0; h < 2; ++h) {
        b.table(h, 0, rounds);
        b.table(h, 1, nops);
      }
      b.start();
      b.run(20'000);
      ASSERT_EQ(b.result(0, 0), rounds) << nops;
      EXPECT_EQ(b.result(0, 1), 8u);
      // The last round, with warm caches.
      cycle_t read = 0, resumed = 0, raised = 0;
      for (std::size_t k = 0; k + 1 < records[0].size(); ++k)
        if (records[0][k].pc == b.at("ping_wait")) read = records[0][k].cycle, resumed = records[0][k + 1].cycle;
      for (const retire_record& r : records[1])
        if (r.pc == b.at("ping_raise")) raised = r.cycle;
      const cycle_t at_once = std::max(read + 4, read + chip.cluster.peripheral_cycles + 2);
      if (raised < read) {
        early = true;
        EXPECT_EQ(resumed, at_once);
      } else if (raised > read) {
        late = true;
        EXPECT_EQ(resumed, std::max(read + 4, raised + wake + 2)) << "read " << read << " event " << raised;
      } else {
        same = true;
        EXPECT_LE(resumed, std::max(at_once, raised + wake + 2));
      }
    }
  EXPECT_TRUE(early && late && same) << "the sweep does not cover the very cycle";
}

TEST_F(CoresTest, AnInterruptDuringElwIsTakenAndTheElwReplayed) {
  for (const cycle_t delay : {0u, 1u, 2u, 3u, 500u}) {
    cluster_bench<> b("interrupted");
    b.start();
    b.run(400);
    ASSERT_EQ(b[0].sleeping(), 1u);
    b.send_word(doorbell_at, 1, 600);
    // Software event 1 for core 0, sometimes in the very cycles of the interrupt.
    b.send_word(global + event_unit_at + 0x900 + 8, 1, 600 + 1 + delay);
    b.run(10'000);
    EXPECT_EQ(b.result(0, 0), 1u) << "the handler ran once";
    EXPECT_EQ(b.result(0, 1), b.at("interrupted_wait")) << "mepc";
    EXPECT_EQ(b.result(0, 2), 2u) << "the replayed cv.elw saw the software event";
    EXPECT_EQ(b.result(0, 3), 1u);
  }
}

/// The interrupt that ends a cv.elw wakes the core as an event does: wake_cycles before the handler can begin.
TEST_F(CoresTest, AnInterruptWakesASleepingCoreInWakeCycles) {
  const auto handler_begins = [](cycle_t wake) {
    chip_config chip = one_cluster();
    chip.cluster.wake_cycles = wake;
    std::vector<std::vector<retire_record>> records(1);
    cluster_bench<recorder> b("interrupted", chip, 1, {recorder{&records}});
    b.start();
    b.send_word(doorbell_at, 1, 1000);  // its handler's lines are there afterwards
    b.run(3000);
    records[0].clear();
    b.send_word(doorbell_at, 1, 3000);
    b.run(5000);
    std::size_t k = 0;
    while (k < records[0].size() && !records[0][k].trap) ++k;
    EXPECT_LT(k + 1, records[0].size());
    return k + 1 < records[0].size() ? records[0][k + 1].cycle : 0;
  };
  const cycle_t shortest = handler_begins(2);
  // The doorbell rings in its beat's cycle; response 2 later, cv.elw 2 behind it, the handler 2 behind that.
  EXPECT_EQ(shortest, 3000u + 2 + 2 + 2);
  for (const cycle_t wake : {3u, 5u, 9u, 20u}) EXPECT_EQ(handler_begins(wake), shortest + wake - 2) << wake;
}

// Also when it rises between the cv.elw's last instruction before and the read that would fall asleep.
TEST_F(CoresTest, ACoreInItsHandlerDoesNotSleep) {
  cluster_bench<> b("interrupted");
  b.start();
  b.run(400);
  ASSERT_EQ(b[0].sleeping(), 1u);
  b.send_word(doorbell_at, 1, 600);
  b.run(606);  // its handler's line comes from memory
  EXPECT_EQ(b[0].sleeping(), 0u);
  b.run(1000);
  EXPECT_EQ(b.result(0, 0), 1u);
  EXPECT_EQ(b[0].sleeping(), 1u) << "again";
}

TEST_F(CoresTest, AnInterruptInAnyCycleReachesTheCore) {
  for (cycle_t rises = 40; rises < 400; ++rises) {
    cluster_bench<> b("interrupted");
    b.start();
    b.send_word(doorbell_at, 1, rises);
    b.run(10'000);
    EXPECT_EQ(b.result(0, 0), 1u) << "the handler of the interrupt of cycle " << rises;
    EXPECT_EQ(b[0].sleeping(), 1u);
  }
}

TEST_F(CoresTest, AnInterruptAloneDoesNotEndTheWait) {
  cluster_bench<> b("interrupted");
  b.start();
  b.run(400);
  for (unsigned n = 0; n < 5; ++n) b.send_word(doorbell_at, 1, 600 + 100 * n);
  b.run(10'000);
  EXPECT_EQ(b.result(0, 0), 5u);
  EXPECT_EQ(b.result(0, 3), 0u) << "still waiting";
  EXPECT_EQ(b[0].sleeping(), 1u);
}

// A bit carries no count: doorbells that come before the handler has cleared the line are one interrupt.
TEST_F(CoresTest, EventsBeforeTheClearMerge) {
  cluster_bench<> b("interrupted");
  b.start();
  b.run(400);
  for (unsigned n = 0; n < 3; ++n) b.send_word(doorbell_at, 1, 600);
  b.run(10'000);
  EXPECT_EQ(b.result(0, 0), 1u);
}

// The line is opened by another master while the core computes: it must not have run ahead of the interrupt.
TEST_F(CoresTest, AnInterruptReachesACoreThatNeverTouchesTheBus) {
  cluster_bench<> b("computing");
  b.start();
  b.run(1000);
  b.send_word(global + event_unit_at + 0x0C, 1u << 28, 1000);  // core 0's IRQ_MASK
  b.send_word(doorbell_at, 1, 1010);
  b.run(1300);  // the handler's lines come from HBM
  EXPECT_EQ(b.result(0, 0), 1u);
  EXPECT_GE(b.result(0, 1), b.at("computing_loop"));
  EXPECT_LE(b.result(0, 1), b.at("computing_loop") + 4);
  b.send_word(doorbell_at, 1, 3000);
  b.run(3030);
  EXPECT_EQ(b.result(0, 0), 2u);
}

TEST_F(CoresTest, ASleepingCoreIsResetAndStartsAnew) {
  cluster_bench<> b("restart");
  b.start();
  b.run(1000);
  EXPECT_EQ(b[0].sleeping(), 1u);
  enable(b, 0);
  b.run(2000);
  EXPECT_EQ(b[0].sleeping(), 0u);
  EXPECT_EQ(b.result(0, 0), 1u);
  enable(b, 1);
  b.run(3000);
  EXPECT_EQ(b.result(0, 0), 2u);
  EXPECT_EQ(b[0].sleeping(), 1u);
}

TEST_F(CoresTest, AComputingCoreStopsAtOnce) {
  cluster_bench<> b("restart");
  b.table(0, 0, 5);
  b.start();
  b.run(700);
  enable(b, 0);
  b.run(701);
  enable(b, 1);  // in the next cycle: the old program must not store, the new one starts at once
  b.run(1200);
  EXPECT_EQ(b.result(0, 0), 2u);
  EXPECT_EQ(b.result(0, 2), 0u) << "1000 cycles have not passed since the second start";
  b.run(3000);
  EXPECT_EQ(b.result(0, 2), 1u);
  EXPECT_EQ(b.result(0, 0), 2u);
}

TEST_F(CoresTest, ACoreThatWaitsOnTheBusIsResetWhenItsAnswerComes) {
  for (const bool enabled_again : {false, true}) {
    cluster_bench<> b("restart");
    b.table(0, 0, 2);
    b.table(0, 1, 0x80000000u);
    b.start();
    cycle_t now = 0;
    while (b[0].waiting_for_bus() == 0) b.run(++now);
    enable(b, 0);
    if (enabled_again) enable(b, 1);
    b.table(0, 0, 0);
    b.run(now + 1000);
    EXPECT_EQ(b.result(0, 0), enabled_again ? 2u : 1u);
    EXPECT_EQ(b.result(0, 1), 0u) << "the load was in flight when the core was reset";
    EXPECT_EQ(b[0].sleeping(), enabled_again ? 1u : 0u);
    EXPECT_TRUE(b.errors().empty());
  }
}

TEST_F(CoresTest, ACoreThatWaitsForALineIsResetAtOnce) {
  for (const bool enabled_again : {false, true}) {
    cluster_bench<> b("restart");
    b.start();
    cycle_t now = 0;
    while (b[0].waiting_for_line() == 0) b.run(++now);
    enable(b, 0);
    EXPECT_EQ(b[0].waiting_for_line(), 0u);
    if (enabled_again) enable(b, 1);
    b.run(now + 1000);
    EXPECT_EQ(b.result(0, 0), enabled_again ? 1u : 0u);
    EXPECT_EQ(b[0].sleeping(), enabled_again ? 1u : 0u);
  }
}

// It asks for another line at once. The one that it waited for comes first, and is no answer to that.
TEST_F(CoresTest, ALineAskedForBeforeAResetIsNoAnswerToTheNext) {
  const auto first_retirement = [&](bool reset) {
    std::vector<std::vector<retire_record>> records(2);
    // Two cores, of which one is used: the cache has as many lines on their way as there are cores.
    cluster_bench<recorder> b(reset ? "conflict" : "registers", one_cluster(2), 1, {recorder{&records}});
    const auto write = [&](std::uint64_t offset, std::uint32_t value) {
      EXPECT_EQ(b[0].debug_access(offset, reinterpret_cast<std::uint8_t*>(&value), 4, true, b.now()), 4u);
      b.touch();
    };
    b[0].start(0, false);
    write(l1_bytes + 0x30, 1);
    cycle_t now = 0;
    while (b[0].waiting_for_line() == 0) b.run(++now);
    if (reset) {
      write(l1_bytes + 0x30, 0);
      write(l1_bytes + 0x38, b.at("registers"));
      write(l1_bytes + 0x30, 1);
      while (b[0].waiting_for_line() == 0) b.run(++now);
    }
    b.run(now + 1000);
    EXPECT_EQ(records[0].at(0).pc, b.at("registers"));
    return records[0][0].cycle - now;
  };
  EXPECT_EQ(first_retirement(true), first_retirement(false));
}

// The reset comes over the network, in the cycles around the read that falls asleep.
TEST_F(CoresTest, ACoreThatIsResetAsItFallsAsleepIsNotWoken) {
  cycle_t asleep = 0;
  {
    cluster_bench<> b("interrupted");
    b.start();
    while (b[0].sleeping() == 0) b.run(++asleep);
  }
  for (cycle_t at = asleep - 12; at < asleep + 4; ++at) {
    cluster_bench<> b("interrupted");
    b.start();
    b.send_word(global + l1_bytes + 0x30, 0, at);
    b.run(1000);
    EXPECT_EQ(b[0].sleeping(), 0u) << at;
    b.send_word(global + event_unit_at + 0x900 + 8, 1, 1000);
    b.run(2000);
    EXPECT_TRUE(b.errors().empty()) << at;
    EXPECT_EQ(b.result(0, 3), 0u) << "it went on behind its cv.elw: " << at;
    enable(b, 1);
    b.run(3000);
    EXPECT_EQ(b.result(0, 3), 1u) << "the event is there still: " << at;
    EXPECT_TRUE(b.errors().empty()) << at;
  }
}

TEST_F(CoresTest, ACoreMayDisableItself) {
  cluster_bench<> b("restart", one_cluster(3));
  b.table(1, 0, 6);
  b.start();
  b.run(1000);
  EXPECT_EQ(b.result(1, 0), 1u);
  EXPECT_EQ(b.result(1, 2), 0u) << "nothing is executed behind the store";
  EXPECT_EQ(b[0].sleeping(), 5u);
  EXPECT_EQ(debug_read(b, l1_bytes + 0x30), 5u);
  EXPECT_TRUE(b.errors().empty());
}

TEST_F(CoresTest, AHaltedCoreStaysHaltedUntilItIsEnabledAgain) {
  cluster_bench<> b("restart", one_cluster(2));
  b.table(0, 0, 3);
  b.table(0, 1, 0x80F00000u);
  b.start();
  b.run(1000);
  ASSERT_EQ(b.errors().size(), 1u);
  EXPECT_EQ(b.errors()[0].from, guest_error::source::core_fetch);
  EXPECT_EQ(b.errors()[0].pc, 0x80F00000u);
  debug_write(b, l1_bytes + 0x68, 1);  // any control register
  b.table(0, 0, 0);
  b.run(2000);
  EXPECT_EQ(b.result(0, 0), 1u);
  enable(b, 2);
  enable(b, 3);
  b.run(3000);
  EXPECT_EQ(b.result(0, 0), 2u);
  EXPECT_EQ(b.result(1, 0), 1u);
  EXPECT_EQ(b[0].sleeping(), 3u);
}

// A core that has gone astray ahead of time once is a core like any other when it has been started anew.
TEST_F(CoresTest, AMistakeIsForgottenWithTheReset) {
  cluster_bench<> b("restart");
  b.table(0, 0, 7);
  b.table(0, 1, 0x80F00000u);
  b.start();
  b.run(5000);
  ASSERT_EQ(b.errors().size(), 1u);
  b.table(0, 0, 2);
  b.table(0, 1, 0x80000000u);
  enable(b, 0);
  enable(b, 1);
  cycle_t now = b.now();  // nothing has happened since the mistake
  while (b[0].waiting_for_bus() == 0 && now < 10'000) b.run(++now);
  ASSERT_NE(b[0].waiting_for_bus(), 0u);
  enable(b, 0);
  b.run(now + 1000);
  EXPECT_EQ(b.errors().size(), 1u);
  EXPECT_EQ(b.result(0, 0), 2u);
  EXPECT_EQ(b.result(0, 1), 0u);
}

TEST_F(CoresTest, AStackOverflowNamesTheStackPointerAndItsLimit) {
  cluster_bench<> b("overflow", one_cluster(2));
  debug_write(b, l1_bytes + 0x74, own + 0x10000);   // STACK_FLOOR
  debug_write(b, l1_bytes + 0x104, own + 0x10400);  // STACK_LIMIT of core 1
  b.table(0, 0, own + 0x10200);
  b.table(1, 0, own + 0x10200);
  b.start();
  b.run(5000);
  ASSERT_EQ(b.errors().size(), 1u);
  const guest_error& e = b.errors()[0];
  EXPECT_EQ(e.from, guest_error::source::core_stack);
  EXPECT_EQ(e.core, 1u);
  EXPECT_EQ(e.pc, b.at("overflow_access"));
  EXPECT_EQ(e.addr, own + 0x10200);
  EXPECT_EQ(e.limit, own + 0x10400);
  EXPECT_EQ(debug_read(b, l1_bytes + 0x50), 1u << 3) << "ERROR_STATUS.STACK";
  EXPECT_EQ(e.act, guest_act::none);
  EXPECT_EQ(b[0].sleeping(), 1u) << "core 0 has no limit";
}

TEST_F(CoresTest, ATrapStormIsAMistakeWithItsCause) {
  cluster_bench<> b("storm");
  b[0].cores().set_trap_limit(0, 5);
  b.start();
  b.run(5000);
  ASSERT_EQ(b.errors().size(), 1u);
  const guest_error& e = b.errors()[0];
  EXPECT_EQ(e.from, guest_error::source::core_trap);
  EXPECT_EQ(e.pc, b.at("storm_again"));
  EXPECT_EQ(e.addr, 11u) << "an ecall";
  EXPECT_EQ(e.act, guest_act::trap);
}

// Reset is released in the cycle of the write; the core begins in the next one, as if it were alone.
TEST_F(CoresTest, ACoreBeginsInTheCycleBehindItsReset) {
  for (const cycle_t enabled : {0u, 500u}) {
    cluster_bench<> b("idle");
    b[0].start(0, false);
    b.touch();
    b.run(enabled);
    std::uint32_t one = 1;
    b[0].debug_access(l1_bytes + 0x30, reinterpret_cast<std::uint8_t*>(&one), 4, true, enabled);
    b.touch();
    cycle_t now = enabled;
    while (b[0].waiting_for_line() == 0 && now < enabled + 100) b.run(++now);
    const std::uint32_t words[] = {0x13, 0x13};
    const decoded_text text(0x80000000, words, sizeof words);
    iss_group alone(text, 1, 0);
    alone.start(0, 0x80000000, enabled + 1);
    null_observer nobody;
    ASSERT_EQ(alone.advance(0, enabled + 100, nobody), core_stop::fetch);
    EXPECT_EQ(now - 1, alone.time(0));
  }
}

TEST_F(CoresTest, AForbiddenLoopIsAMistakeOfItsInstruction) {
  cluster_bench<> b("forbidden_loop");
  b.start();
  b.run(5000);
  ASSERT_EQ(b.errors().size(), 1u);
  const guest_error& e = b.errors()[0];
  EXPECT_EQ(e.from, guest_error::source::core_loop);
  EXPECT_EQ(e.pc, b.at("forbidden_setup"));
  EXPECT_EQ(e.addr, b.at("forbidden_setup"));
  EXPECT_EQ(e.act, guest_act::none);
}

// The core computes without touching the bus before it goes astray, so it is simulated ahead; its mistake is not.
TEST_F(CoresTest, AMistakeBehindAComputationIsNotedWhenItHappens) {
  for (const bool disabled : {false, true}) {
    cluster_bench<> b("restart");
    b.table(0, 0, 7);
    b.table(0, 1, 0x80F00000u);
    b.start();
    b.run(900);
    EXPECT_TRUE(b.errors().empty());
    if (disabled) enable(b, 0);
    b.run(5000);
    ASSERT_EQ(b.errors().size(), disabled ? 0u : 1u);
    if (disabled) continue;
    EXPECT_GT(b.errors()[0].cycle, 1000u) << "250 turns of 4 cycles";
    EXPECT_LT(b.errors()[0].cycle, 1500u);
    EXPECT_EQ(b.errors()[0].pc, 0x80F00000u);
  }
}

TEST_F(CoresTest, LockAndBarrierHoldUnderContention) {
  for (const unsigned cores : {1u, 2u, 16u, 64u}) {
    constexpr unsigned rounds = 20;
    cluster_bench<> b("together", one_cluster(cores));
    for (unsigned h = 0; h < cores; ++h) b.table(h, 0, rounds);
    const std::uint64_t all = cores == 64 ? ~0ull : (1ull << cores) - 1;
    debug_write(b, event_unit_at + 0xA40, static_cast<std::uint32_t>(all));
    debug_write(b, event_unit_at + 0xA44, static_cast<std::uint32_t>(all >> 32));
    b.start();
    b.run(1'000'000);
    EXPECT_EQ(b.word(0x8000), cores * rounds) << "mutual exclusion";
    for (unsigned h = 0; h < cores; ++h) {
      EXPECT_EQ(b.result(h, 0), cores * rounds) << "after the last barrier every core sees all of the round";
      EXPECT_EQ(b.result(h, 1), 0u) << "somebody else was inside the lock";
    }
    EXPECT_EQ(b[0].sleeping(), all);
  }
}

// A debugger is no core: it has neither registers of its own in the event unit, nor a place at barriers.
TEST_F(CoresTest, DebugTransportIsAStrangerToTheEventUnit) {
  cluster_bench<> b("idle", one_cluster(2));
  b.start();
  b.run(500);
  std::uint32_t value = 1;
  const auto access = [&](std::uint64_t offset, bool write) {
    return b[0].debug_access(offset, reinterpret_cast<std::uint8_t*>(&value), 4, write, b.now());
  };
  for (const std::uint64_t own_register : {0x800u, 0x80Cu, 0x810u}) {
    EXPECT_EQ(access(event_unit_at + own_register, true), 0u) << own_register;
    EXPECT_EQ(access(event_unit_at + own_register, false), 0u) << own_register;
  }
  value = 3;
  EXPECT_EQ(access(event_unit_at + 0xA00, true), 4u) << "the mask of barrier 0";
  EXPECT_EQ(access(event_unit_at + 0xA08, true), 0u) << "an arrival";
  EXPECT_EQ(access(event_unit_at + 0xB20, true), 0u) << "a lock";
  EXPECT_EQ(b[0].sleeping(), 3u);
}

TEST_F(CoresTest, DebugTransportReachesEveryByteAndDisturbsNothing) {
  cluster_bench<> plain("together", one_cluster(4)), watched("together", one_cluster(4));
  for (auto* b : {&plain, &watched}) {
    for (unsigned h = 0; h < 4; ++h) b->table(h, 0, 10);
    debug_write(*b, event_unit_at + 0xA40, 15);
    b->start();
  }
  for (cycle_t now = 0; now < 3000; now += 7) {
    plain.run(now);
    watched.run(now);
    for (std::uint64_t at = l1_bytes; at < l1_bytes + 0x4000; at += 4) {
      std::uint32_t value = 0;
      const auto n = watched[0].debug_access(at, reinterpret_cast<std::uint8_t*>(&value), 4, false, now);
      ASSERT_TRUE(n == 0 || n == 4);
      if (at == l1_bytes + 0x08) EXPECT_EQ(value, 4u);
    }
    std::uint8_t bytes[100];
    ASSERT_EQ(watched[0].debug_access(l1_bytes - 50, bytes, 50, false, now), 50u);
    ASSERT_EQ(plain.now(), watched.now());
    ASSERT_EQ(plain[0].next_event(), watched[0].next_event()) << now;
  }
  EXPECT_EQ(std::memcmp(plain.l1(0), watched.l1(0), l1_bytes), 0);
  std::vector<std::uint8_t> weights(256 * 256), back(256 * 256);
  for (std::size_t k = 0; k < weights.size(); ++k) weights[k] = static_cast<std::uint8_t>(k * 7);
  EXPECT_EQ(plain[0].debug_access(l1_bytes + 0x10000, weights.data(), weights.size(), true, plain.now()),
            weights.size());
  EXPECT_EQ(plain[0].debug_access(l1_bytes + 0x10000, back.data(), back.size(), false, plain.now()), back.size());
  EXPECT_EQ(weights, back);
}

}  // namespace
}  // namespace ohmic
