// What a cluster tells of its time and of the program's mistakes: classes, kernels, watched writes, errors with their
// places.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "ip/dma/descriptor.h"
#include "registers/cluster_control.h"
#include "registers/cluster_peripherals.h"
#include "registers/dma.h"
#include "tests/platform/cluster/cluster_bench.h"

namespace ohmic {
namespace {

namespace control = registers::cluster_control;

constexpr std::uint32_t own = static_cast<std::uint32_t>(chip_config::own_l1_base);
constexpr std::uint32_t l1_bytes = 1u << 20;
constexpr std::uint64_t global = chip_config::clusters_base;
constexpr std::uint64_t event_unit_at = l1_bytes + registers::cluster_peripherals::event_unit_base;

std::uint32_t debug_read(cluster_bench<>& b, std::uint64_t offset, unsigned cluster = 0) {
  std::uint32_t value = 0;
  EXPECT_EQ(b[cluster].debug_access(offset, reinterpret_cast<std::uint8_t*>(&value), 4, false, b.now()), 4u);
  return value;
}
void debug_write(cluster_bench<>& b, std::uint64_t offset, std::uint32_t value) {
  EXPECT_EQ(b[0].debug_access(offset, reinterpret_cast<std::uint8_t*>(&value), 4, true, b.now()), 4u);
  b.touch();
}

// A register is written in the cycle of its beat, and the class is another one from then on.
TEST(ClusterAccounts, ClassesAndKernelsAreWhatTheProgramSays) {
  cluster_bench<> b("idle");
  b.start();
  b.run(900);
  b[0].times().restart(900);
  const struct {
    cycle_t cycle;
    std::uint32_t offset, value;
  } writes[] = {{1000, control::in_kernel_offset, 1},   {1100, control::in_kernel_offset, 0},
                {1200, control::waiting_for_offset, 1}, {1350, control::waiting_for_offset, 0},
                {1400, control::waiting_for_offset, 2}, {1405, control::in_kernel_offset, 3},
                {1415, control::in_kernel_offset, 0},   {1500, control::waiting_for_offset, 0},
                {1600, control::in_kernel_offset, 1},   {1603, control::in_kernel_offset, 3},
                {1610, control::in_kernel_offset, 0}};
  for (const auto& w : writes) b.send_word(global + l1_bytes + w.offset, w.value, w.cycle);
  b.run(2000);
  const auto cycles = b[0].times().cycles(2000);
  const auto of = [&](time_class c) { return cycles[static_cast<unsigned>(c)]; };
  EXPECT_EQ(of(time_class::digital), 100u + 10 + 10);
  EXPECT_EQ(of(time_class::synchronisation), 150u);
  EXPECT_EQ(of(time_class::communication), 100u - 10) << "being in a kernel comes first";
  EXPECT_EQ(of(time_class::idle), 1100u - 120 - 150 - 90);
  using kernel = std::pair<std::uint32_t, std::uint64_t>;
  EXPECT_EQ(b[0].kernels().cycles(), (std::vector<kernel>{{1, 103}, {3, 17}}));
}

// From START until the write's B is back.
TEST(ClusterAccounts, ATransferIsCommunication) {
  for (const cycle_t egress : {1, 3}) {
    chip_config chip = one_cluster();
    chip.network.egress_cycles = egress;
    cluster_bench<> b("idle", chip);
    b.start();
    b.run(1000);
    dma_descriptor d{};
    d.flags = 1;
    d.next = DMA_CHAIN_END;
    d.bytes = 64;
    d.src_lo = own + 0x8000;
    d.dst_lo = 0x80080000u;
    std::memcpy(b.l1(0) + 0x3000, &d, sizeof d);
    b[0].times().restart(1000);
    b.send_word(global + l1_bytes + registers::cluster_peripherals::dma_base, 0x3000, 1000);
    b.run(2000);
    // Descriptor in 1010, data in 1011, queued for 1012, egress, there and back, ingress.
    const cycle_t end = 1012 + egress + 2 * cluster_bench<>::hop + 1;
    EXPECT_EQ(b[0].times().cycles(2000)[static_cast<unsigned>(time_class::communication)], end - 1000);
  }
}

// Granted, queued for the next cycle, egress, there and back, ingress.
TEST(ClusterAccounts, ALoadFromMemoryWaitsForItsWayAndNoLonger) {
  for (const cycle_t egress : {1, 3}) {
    chip_config chip = one_cluster();
    chip.network.egress_cycles = egress;
    cluster_bench<> b("restart", chip);
    b.table(0, 0, 2);
    b.table(0, 1, 0x80000000u);
    b.start();
    cycle_t now = 0, waits = 0;
    while (b[0].waiting_for_bus() == 0) b.run(++now);
    for (; b[0].waiting_for_bus() != 0; b.run(++now)) ++waits;
    EXPECT_EQ(waits, 1 + egress + 2 * cluster_bench<>::hop + 1);
  }
}

TEST(ClusterAccounts, AnswersLeaveBehindTheEgressAndArePendingUntilThen) {
  cycle_t answered[2] = {};
  for (const cycle_t egress : {1, 3}) {
    chip_config chip = one_cluster();
    chip.network.egress_cycles = egress;
    cluster_bench<> b("idle", chip);
    b.start();
    b.run(1000);
    EXPECT_FALSE(b[0].transfers_pending());
    const axi_burst& read = b.send(false, global + 0x3000, std::vector<std::uint8_t>(256), 1001);
    b.run(1003);
    EXPECT_TRUE(b[0].transfers_pending()) << "it is at its second beat";
    b.run(2000);
    EXPECT_FALSE(b[0].transfers_pending());
    answered[egress == 3] = b.answered(read);
  }
  EXPECT_EQ(answered[1], answered[0] + 2);
}

TEST(ClusterAccounts, WatchedWritesAreThoseThatTouchTheRange) {
  constexpr std::uint64_t memory = cluster_bench<>::memory_base;
  const auto written = [&](std::uint64_t begin, std::uint64_t end, std::uint64_t to, std::uint32_t bytes,
                           bool read = false) {
    cluster_bench<> b("move");
    b[0].watch_writes(memory + begin, memory + end, 64);
    dma_descriptor d{};
    d.flags = 1 | DMA_EVENT;
    d.next = DMA_CHAIN_END;
    d.bytes = bytes;
    d.src_lo = own + 0x8000;
    d.dst_lo = static_cast<std::uint32_t>(memory + to);
    if (read) std::swap(d.src_lo, d.dst_lo);
    std::memcpy(b.l1(0) + 0x3000, &d, sizeof d);
    b.table(0, 0, 0x3000);
    b.start();
    b.run(5000);
    EXPECT_EQ(b.result(0, 1), 1u);
    std::string pieces;
    for (const cycle_t at : b[0].written_at()) pieces += at == 0 ? '-' : '+';
    return pieces;
  };
  EXPECT_EQ(written(0x80040, 0x80100, 0x80000, 64), "") << "ends where the range begins";
  EXPECT_EQ(written(0x80000, 0x80040, 0x80040, 64), "") << "begins where the range ends";
  EXPECT_EQ(written(0x80000, 0x80040, 0x80000, 64, true), "") << "is read";
  EXPECT_EQ(written(0x80040, 0x80100, 0x80000, 65), "+");
  EXPECT_EQ(written(0x80000, 0x80041, 0x80040, 64), "-+");
  EXPECT_EQ(written(0x80000, 0x80200, 0x80040, 128), "-++");
  EXPECT_EQ(written(0x80000, 0x80200, 0x80040, 129), "-+++");
  EXPECT_EQ(written(0x80010, 0x80200, 0x80010, 64), "+") << "pieces count from the range's begin";
  EXPECT_EQ(written(0x80000, 0x80080, 0x7F000, 0x2000), "++");
}

TEST(ClusterAccounts, ACoreReachesItsOwnRegistersByTheirGlobalAddress) {
  chip_config chip = one_cluster();
  chip.network.factors = {1, 1, 1, 1, 3};
  cluster_bench<> b("restart", chip);
  const std::uint64_t registers_at = chip.cluster_peripherals(2);
  b.table(0, 0, 2, 2);
  b.table(0, 1, static_cast<std::uint32_t>(registers_at), 2);  // CLUSTER_ID, right behind L1
  b.start();
  b.run(2000);
  EXPECT_EQ(b.result(0, 1, 2), 2u);
  EXPECT_TRUE(b.errors().empty());
  EXPECT_EQ(b[2].waiting_for_bus(), 0u);
  EXPECT_FALSE(b[2].transfers_pending());
}

TEST(ClusterAccounts, ARemoteAccessThatIsAnsweredIsForgotten) {
  cluster_bench<> b("restart");
  b.table(0, 0, 2);
  b.table(0, 1, 0x80000000u);
  b.start();
  cycle_t now = 0;
  while (b[0].waiting_for_bus() == 0) b.run(++now);
  EXPECT_TRUE(b[0].transfers_pending());
  b.run(now + 500);
  EXPECT_EQ(b[0].waiting_for_bus(), 0u);
  EXPECT_FALSE(b[0].transfers_pending());
  EXPECT_EQ(b[0].sleeping(), 1u);
}

TEST(ClusterAccounts, ErrorsOfADmaTellChannelAccessAndAddress) {
  chip_config chip = one_cluster();
  chip.network.factors = {1, 1, 1, 1, 2};
  const std::uint64_t second = chip.cluster_l1(1);
  for (const bool write : {false, true}) {
    cluster_bench<> b("idle", chip);
    b.start();
    b.run(500);
    dma_descriptor d{};
    d.flags = 1;
    d.next = DMA_CHAIN_END;
    d.bytes = 64;
    d.src_lo = write ? own + 0x8000 : 0x2000'0000;
    d.dst_lo = write ? 0x2000'0000 : own + 0x8000;
    std::memcpy(b.l1(1) + 0x3000, &d, sizeof d);
    b.send_word(second + l1_bytes + registers::cluster_peripherals::dma_base + 0x30, 0x3000, 500);
    b.run(2000);
    ASSERT_EQ(b.errors().size(), 1u);
    const guest_error& e = b.errors()[0];
    EXPECT_EQ(e.cluster, 1u);
    EXPECT_EQ(e.core, 3u) << "the channel";
    EXPECT_EQ(e.act, write ? guest_act::write : guest_act::read);
    EXPECT_EQ(e.addr, 0x2000'0000u);
    EXPECT_NE(std::string(e.what).find("DECERR"), std::string::npos) << e.what;
    EXPECT_EQ(debug_read(b, l1_bytes + control::error_status_offset, 1), 2u) << "the DMA's bit";
    EXPECT_EQ(debug_read(b, l1_bytes + control::error_addr_offset, 1), 0x2000'0000u);
    EXPECT_EQ(debug_read(b, l1_bytes + control::error_core_offset, 1), 3u);
    EXPECT_NE(debug_read(b, event_unit_at + 4, 1) & 1u << event_unit::error_line, 0u) << "and the error's event line";
  }
}

TEST(ClusterAccounts, ErrorsOfCoresSayWhatWasWrong) {
  chip_config chip = one_cluster();
  chip.network.factors = {1, 1, 1, 1, 2};
  cluster_bench<> b("mistakes", chip);
  b.table(0, 0, 0x2000'0000u);
  b.table(0, 1, static_cast<std::uint32_t>(chip.cluster_peripherals(1)) + 0x2C);
  b[0].start(0, true);
  b.touch();
  b.run(10'000);
  ASSERT_EQ(b.errors().size(), 9u);
  EXPECT_STREQ(b.errors()[0].what, "no such address (DECERR)");
  EXPECT_STREQ(b.errors()[3].what, "no such register, or it refuses this access");
  EXPECT_STREQ(b.errors()[6].what, "access refused (SLVERR)");
  EXPECT_EQ(b.errors()[8].addr, 0x80F0'0000u) << "where the fetch went";
  EXPECT_NE(debug_read(b, event_unit_at + 4) & 1u << event_unit::error_line, 0u) << "the error's event line";
  EXPECT_EQ(debug_read(b, event_unit_at + 4, 1) & 1u << event_unit::error_line, 0u) << "the other cluster's is not";
}

// All harts have sp = 0, which is below each one's limit as long as the floor is no higher.
TEST(ClusterAccounts, EveryCoreHasItsOwnStackGuard) {
  for (const std::uint32_t floor : {0u, 4u}) {
    cluster_bench<> b("idle", one_cluster(3));
    for (unsigned h = 0; h < 3; ++h) debug_write(b, l1_bytes + control::stack_limit_offset + 4 * h, 16 * (h + 1));
    debug_write(b, l1_bytes + control::stack_floor_offset, floor);
    b.start();
    b.run(2000);
    ASSERT_EQ(b.errors().size(), floor == 0 ? 3u : 0u);
    for (const guest_error& e : b.errors()) {
      EXPECT_EQ(e.from, guest_error::source::core_stack);
      EXPECT_EQ(e.limit, 16 * (e.core + 1));
      EXPECT_EQ(e.addr, 0u) << "sp";
    }
    if (floor == 0) EXPECT_EQ(debug_read(b, l1_bytes + control::error_status_offset), 8u);
  }
}

// A notification of a register that does not exist, over and over: the first 64 errors tell the story.
TEST(ClusterAccounts, KeepsTheFirstErrorsOfACycleThatHasMany) {
  cluster_bench<> b("idle");
  b.start();
  b.run(1000);
  dma_descriptor d{};
  d.flags = 1 | DMA_NOTIFY_DOORBELL;
  d.next = 0x3000;  // itself
  d.doorbell_lo = own + l1_bytes + 0x7000;
  std::memcpy(b.l1(0) + 0x3000, &d, sizeof d);
  b.send_word(global + l1_bytes + registers::cluster_peripherals::dma_base, 0x3000, 1000);
  b.run(3000, 2000);  // one window, whose errors are taken at its end
  EXPECT_EQ(b.errors().size(), 64u);
  for (const guest_error& e : b.errors()) EXPECT_EQ(e.addr, own + l1_bytes + 0x7000u);
}

TEST(ClusterAccounts, ASleeperThatIsResetWaitsForNoEventAnyMore) {
  cluster_bench<> b("idle");
  b.start();
  b.run(1000);
  ASSERT_EQ(b[0].events().waiting_cores(), 1u);
  debug_write(b, l1_bytes + control::core_enable_lo_offset, 0);
  b.run(1100);
  EXPECT_EQ(b[0].events().waiting_cores(), 0u);
  EXPECT_EQ(b[0].sleeping(), 0u);
}

TEST(ClusterAccounts, AnInterruptThatIsOffLeavesASleeperAsleep) {
  cluster_bench<> b("idle");
  b.start();
  b.run(1000);
  ASSERT_EQ(b[0].sleeping(), 1u);
  const std::uint64_t retired = b[0].cores().counters(0).retired;
  b.send_word(global + event_unit_at + 0x0C, 1u << 28, 1000);  // core 0's IRQ_MASK; mstatus.MIE is 0
  b.send_word(global + event_unit_at + 0xB00, 1, 1010);
  b.run(2000);
  EXPECT_EQ(b[0].events().irq_cores(), 1u);
  EXPECT_EQ(b[0].sleeping(), 1u);
  EXPECT_EQ(b[0].cores().counters(0).retired, retired);
}

// Read port and write port of the slave are the requesters 5 and 6 of 7: the write comes first when the cycle mod 7
// is 6, as everybody in front of it has no turn then.
TEST(ClusterAccounts, WidePortsTakeTurnsAmongEachOther) {
  for (cycle_t arrival = 1001; arrival < 1015; ++arrival) {
    cluster_bench<> b("idle");
    b.start();
    b.run(1000);
    const axi_burst& w = b.send(true, global + 0x3000, std::vector<std::uint8_t>(64, 7), arrival);
    const axi_burst& r = b.send(false, global + 0x3000, std::vector<std::uint8_t>(64), arrival);
    b.run(2000);
    const bool write_first = arrival % 7 == 6;
    EXPECT_EQ(b.answered(w), arrival + 2 + (write_first ? 0 : 1)) << arrival;
    EXPECT_EQ(b.answered(r), arrival + 2 + (write_first ? 1 : 0)) << arrival;
    EXPECT_EQ(r.data[0], write_first ? 7 : 0) << "a word that is written in the cycle before is seen";
  }
}

TEST(ClusterDebug, AnAccessEndsWithTheLastWholeRegister) {
  cluster_bench<> b("idle");
  std::uint8_t bytes[16] = {};
  EXPECT_EQ(b[0].debug_access(l1_bytes, bytes, 6, false, 0), 4u);
  EXPECT_EQ(b[0].debug_access(l1_bytes, bytes, 3, false, 0), 0u);
  EXPECT_EQ(b[0].debug_access(l1_bytes + 2, bytes, 4, false, 0), 0u) << "registers are words";
  EXPECT_EQ(b[0].debug_access(l1_bytes - 2, bytes, 6, false, 0), 6u);
  EXPECT_EQ(b[0].debug_access(l1_bytes + 0x28, bytes, 16, false, 0), 4u) << "no register behind DMA_CHANNELS";
}

// CYCLE_HI is what the program's last read of CYCLE_LO has left; a debugger's leaves nothing.
TEST(ClusterDebug, LeavesTheCyclesHighWordToTheProgram) {
  constexpr cycle_t late = cycle_t{5} << 32;
  cluster_bench<> b("idle");
  b.start();
  b.send_word(global + 0x8000, 1, late);  // brings the bench there
  b.run(late + 50);
  ASSERT_GT(b.now(), late);
  EXPECT_EQ(debug_read(b, l1_bytes + control::cycle_lo_offset), b.now() - late);
  EXPECT_EQ(debug_read(b, l1_bytes + control::cycle_hi_offset), 0u);
  const axi_burst& low =
      b.send(false, global + l1_bytes + control::cycle_lo_offset, std::vector<std::uint8_t>(4), b.now() + 10);
  b.run(late + 200);
  EXPECT_NE(b.answered(low), never);
  EXPECT_EQ(debug_read(b, l1_bytes + control::cycle_hi_offset), 5u);
}

}  // namespace
}  // namespace ohmic
