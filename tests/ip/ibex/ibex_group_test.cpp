#include "ip/ibex/ibex_group.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "ip/iss/iss_group.h"
#include "ip/lockstep/lockstep_checker.h"
#include "platform/elf/elf_file.h"
#include "tests/ip/ibex/rv32imc_program.h"

namespace ohmic {
namespace {

using test::rv32imc_program;

constexpr std::uint32_t base = rv32imc_program::base, boot = rv32imc_program::boot;
constexpr std::uint32_t wait_address = 0x10201000, exit_address = 0xF0000000;  // of programs written here

/// Random programs per test; more by IBEX_SEEDS.
unsigned seeds() {
  const char* const text = std::getenv("IBEX_SEEDS");
  return text != nullptr ? static_cast<unsigned>(std::atoi(text)) : 120;
}

struct records {
  static constexpr bool enabled = true, counts = true;
  std::vector<retire_record> all;
  void retire(unsigned, const retire_record& r) { all.push_back(r); }
};

/// What surrounds one hart: memory by bytes, the address that ends a program, stalls.
struct bench {
  std::function<std::uint32_t(const bus_request&)> access;
  unsigned most_stall = 0;
  unsigned interrupt_every = 0;  ///< cycles between pulses of interrupt lines, on average; 0: none
  std::mt19937 random{1};
  bool exited = false;
  std::uint32_t exit_code = 0;

  unsigned stall() { return most_stall == 0 || random() % 3 != 0 ? 0 : static_cast<unsigned>(random() % most_stall); }

  cycle_t next_pulse = 100, pulse_end = 0;
  /// Interrupt lines pulse for a few cycles, one or two at a time.
  template <class Group>
  void pulse(Group& group, cycle_t now) {
    static constexpr unsigned lines[] = {3, 7, 11, 16, 20, 30};
    if (now >= pulse_end) group.set_irq(0, 0);
    if (now < next_pulse) return;
    next_pulse = now + 1 + random() % (2 * interrupt_every);
    pulse_end = now + 1 + random() % 20;
    group.set_irq(0, 1u << lines[random() % 6] | (random() % 4 == 0 ? 1u << lines[random() % 6] : 0));
  }

  template <class Group, class Observer>
  bool run(Group& group, Observer& observer, cycle_t limit) {
    while (group.time(0) < limit) {
      if (interrupt_every != 0) pulse(group, group.time(0));
      switch (group.advance(0, interrupt_every != 0 ? group.time(0) + 1 : limit, observer)) {
        case core_stop::bus: {
          const bus_request r = group.request(0);
          if (r.addr == rv32imc_program::wait && most_stall != 0) {
            // The event comes after up to 60 cycles, or an enabled line ends the wait.
            const cycle_t woken = r.cycle + 1 + random() % 60;
            if (interrupt_every != 0) pulse(group, woken - 1);
            group.complete(0, group.irq_would_be_taken(0) ? 0 : access(r), r.cycle, woken);
            break;
          }
          const cycle_t granted = r.cycle + stall();
          if (r.write && r.addr == exit_address) {
            exited = true;
            exit_code = r.wdata;
            return true;
          }
          group.complete(0, access(r), granted, granted + 1 + stall());
          break;
        }
        case core_stop::fetch:
          group.fetch_complete(0, group.time(0) + stall());
          break;
        case core_stop::horizon:
          break;
        case core_stop::halted:
          return true;
      }
    }
    return false;
  }
};

text_bytes text_of(const std::vector<std::uint32_t>& words, std::uint32_t at = base) {
  return {at, static_cast<std::uint32_t>(words.size() * 4), reinterpret_cast<const std::uint8_t*>(words.data())};
}

std::function<std::uint32_t(const bus_request&)> wrapping(std::vector<std::uint8_t>& memory) {
  return [&memory](const bus_request& r) {
    std::uint32_t v = 0;
    for (unsigned i = 0; i < r.size; ++i) {
      std::uint8_t& byte = memory[(r.addr + i) % memory.size()];
      if (r.write) byte = static_cast<std::uint8_t>(r.wdata >> 8 * i);
      v |= std::uint32_t{byte} << 8 * i;
    }
    return v;
  };
}

/// The two streams tell the same, but for cycles. `from`: retirements of `b` to leave out.
void expect_same(const std::vector<retire_record>& a, const std::vector<retire_record>& b, const std::string& where) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const retire_record &x = a[i], &y = b[i];
    const std::string at = where + " retirement " + std::to_string(i);
    ASSERT_EQ(x.pc, y.pc) << at;
    ASSERT_EQ(x.trap, y.trap) << at << " pc " << std::hex << x.pc;
    ASSERT_EQ(x.instruction, y.instruction) << at << " pc " << std::hex << x.pc;
    ASSERT_EQ(x.cause, y.cause) << at << " pc " << std::hex << x.pc;
    ASSERT_EQ(unsigned{x.rd}, unsigned{y.rd}) << at << " pc " << std::hex << x.pc;
    ASSERT_EQ(x.rd_value, y.rd_value) << at << " pc " << std::hex << x.pc;
    ASSERT_EQ(unsigned{x.mem_size}, unsigned{y.mem_size}) << at << " pc " << std::hex << x.pc;
    ASSERT_EQ(x.mem_addr, y.mem_addr) << at << " pc " << std::hex << x.pc;
    ASSERT_EQ(x.mem_data, y.mem_data) << at << " pc " << std::hex << x.pc;
    ASSERT_EQ(x.mem_write, y.mem_write) << at << " pc " << std::hex << x.pc;
  }
  ASSERT_EQ(a.size(), b.size()) << where;
}

TEST(IbexGroupTest, RandomProgramsRetireAsOnTheIssWithAnyStalls) {
  std::uint64_t compared = 0;
  for (unsigned seed = 1; seed <= seeds(); ++seed) {
    const rv32imc_program program(seed);
    const decoded_text text(base, program.words.data(), program.words.size() * 4);
    std::vector<std::uint8_t> expected = program.memory, memory = program.memory;
    records on_iss, on_ibex;
    iss_group iss(text, 1, 0);
    iss.start(0, boot, 0);
    bench flat{wrapping(expected)};
    ASSERT_TRUE(flat.run(iss, on_iss, 1000000)) << "seed " << seed;
    ibex_group ibex(text_of(program.words), 1, 0, wait_address);
    ibex.start(0, boot, 0);
    bench stalling{wrapping(memory), seed % 3 == 0 ? 0 : 12 * (seed % 3)};
    stalling.random.seed(seed);
    ASSERT_TRUE(stalling.run(ibex, on_ibex, 1000000)) << "seed " << seed;
    expect_same(on_iss.all, on_ibex.all, "seed " + std::to_string(seed));
    if (HasFatalFailure()) return;
    EXPECT_EQ(memory, expected) << "seed " << seed;
    EXPECT_EQ(ibex.instructions().of, iss.instructions().of) << "seed " << seed;
    for (unsigned r = 0; r < 32; ++r) EXPECT_EQ(ibex.x(0, r), iss.x(0, r)) << "seed " << seed << " x" << r;
    compared += on_iss.all.size();
  }
  std::printf("%llu retirements compared\n", static_cast<unsigned long long>(compared));
  EXPECT_GT(compared, 20000u);
}

/// Lets the ISS follow.
struct follower {
  static constexpr bool enabled = true;
  lockstep_checker& checker;
  bool agrees = true;
  void retire(unsigned, const retire_record& r) { agrees = agrees && checker.check(r); }
};

TEST(IbexGroupTest, TheIssFollowsEveryRetirementWithInterruptsWaitsAndStalls) {
  std::uint64_t compared = 0, interrupts = 0;
  for (unsigned seed = 1; seed <= seeds(); ++seed) {
    const rv32imc_program program(seed, true);
    const decoded_text text(base, program.words.data(), program.words.size() * 4);
    std::vector<std::uint8_t> memory = program.memory;
    ibex_group ibex(text_of(program.words), 1, 0, rv32imc_program::wait);
    ibex.start(0, boot, 0);
    lockstep_checker checker(text, 0);
    checker.start(boot);
    follower iss{checker};
    bench around{wrapping(memory), 1 + 6 * (seed % 3), 20 + 20 * (seed % 5)};
    around.random.seed(seed);
    ASSERT_TRUE(around.run(ibex, iss, 1000000)) << "seed " << seed;
    ASSERT_TRUE(iss.agrees) << "seed " << seed << ": " << checker.mismatch();
    for (const std::uint64_t n : checker.counts()) compared += n;
    interrupts += checker.counts()[static_cast<unsigned>(lockstep_class::interrupt)];
  }
  std::printf("%llu retirements compared, %llu interrupts\n", static_cast<unsigned long long>(compared),
              static_cast<unsigned long long>(interrupts));
  EXPECT_GT(compared, 20000u);
  EXPECT_GT(interrupts, 1000u);
}

/// riscv-tests (rv32ui, rv32um, rv32uc): each program checks itself, and retires as on the ISS. A jump at the place
/// where an Ibex starts leads to the program.
TEST(IbexGroupTest, RiscvTestsPassAndRetireAsOnTheIss) {
  unsigned run = 0;
  if (!std::filesystem::exists(RISCV_TESTS)) GTEST_SKIP() << "run scripts/fetch_riscv_tests and configure again";
  for (const auto& entry : std::filesystem::directory_iterator(RISCV_TESTS)) {
    if (entry.path().extension() != ".elf") continue;
    const std::string name = entry.path().stem().string();
    if (name == "rv32ui_fence_i") continue;  // writes code; text is fixed here
    const elf_segment program = elf_file::load(entry.path().string()).text();
    std::vector<std::uint8_t> image(256);
    const std::uint32_t jump = 0x0800006f;  // at -0x80
    std::memcpy(image.data() + 0x80, &jump, 4);
    image.insert(image.end(), program.bytes.begin(), program.bytes.end());
    image.resize(image.size() + program.size - program.bytes.size());
    const auto size = static_cast<std::uint32_t>(image.size());
    const decoded_text text(base - 256, image.data(), size);
    std::vector<retire_record> streams[2];
    for (unsigned kind : {0u, 1u}) {
      std::vector<std::uint8_t> memory = image;
      bench flat{[&](const bus_request& r) {
        std::uint32_t v = 0;
        for (unsigned i = 0; i < r.size; ++i) {
          const std::uint32_t at = r.addr + i - (base - 256);
          if (at >= memory.size()) continue;
          if (r.write) memory[at] = static_cast<std::uint8_t>(r.wdata >> 8 * i);
          v |= std::uint32_t{memory[at]} << 8 * i;
        }
        return v;
      }};
      records seen;
      if (kind == 0) {
        iss_group group(text, 1, 0);
        group.start(0, base - 0x80, 0);
        ASSERT_TRUE(flat.run(group, seen, 1000000)) << name;
      } else {
        ibex_group group({base - 256, size, image.data()}, 1, 0, wait_address);
        group.start(0, base - 0x80, 0);
        ASSERT_TRUE(flat.run(group, seen, 1000000)) << name;
      }
      EXPECT_TRUE(flat.exited) << name;
      EXPECT_EQ(flat.exit_code, 0u) << name << " case " << flat.exit_code / 2;
      streams[kind] = seen.all;
    }
    // The store that ends the program is not answered: what stands before it may or may not have been reported.
    for (auto& s : streams) s.resize(std::min(streams[0].size(), streams[1].size()));
    expect_same(streams[0], streams[1], name);
    if (HasFatalFailure()) return;
    ++run;
  }
  EXPECT_EQ(run, 47u);
}

/// A program from its instructions, with the vector table's entries as given, at the place where an Ibex starts.
std::vector<std::uint32_t> at_boot(const std::vector<std::uint32_t>& code, std::map<unsigned, std::uint32_t> vectors) {
  std::vector<std::uint32_t> words(32, 0x00000067);  // jr zero
  for (const auto& [n, instruction] : vectors) words[n] = instruction;
  words.insert(words.end(), code.begin(), code.end());
  return words;
}

/// Runs to the next bus request.
template <class Observer>
core_stop to_the_bus(ibex_group& group, Observer& observer, cycle_t until = never) {
  for (;;) {
    const core_stop stop = group.advance(0, until, observer);
    if (stop == core_stop::fetch)
      group.fetch_complete(0, group.time(0));
    else if (stop != core_stop::horizon || group.time(0) >= until)
      return stop;
  }
}

// lui a0, 0x10201; lw a1, 0(a0); sw a1, 4(a0); j .
const std::vector<std::uint32_t> wait_and_store = {0x10201537, 0x00052583, 0x00b52223, 0x0000006f};

TEST(IbexGroupTest, ALoadThatWaitsForAnEventCostsNoCyclesOfItsClock) {
  null_observer nobody;
  cycle_t awake[2] = {};
  const auto words = at_boot(wait_and_store, {});
  for (unsigned i = 0; i < 2; ++i) {
    ibex_group group(text_of(words), 1, 0, wait_address);
    group.start(0, boot, 0);
    ASSERT_EQ(to_the_bus(group, nobody), core_stop::bus);
    const bus_request wait = group.request(0);
    EXPECT_EQ(wait.addr, wait_address);
    const cycle_t valid = wait.cycle + (i == 0 ? 100 : 1000000000);
    group.complete(0, 42, wait.cycle, valid);
    ASSERT_EQ(to_the_bus(group, nobody), core_stop::bus);
    EXPECT_EQ(group.request(0).wdata, 42u);
    EXPECT_EQ(group.request(0).cycle, valid + 1);
    awake[i] = group.counters(0).awake_cycles;
  }
  EXPECT_EQ(awake[0], awake[1]);
}

TEST(IbexGroupTest, AnyOtherLoadThatWaitsKeepsTheClockRunning) {
  null_observer nobody;
  const auto words = at_boot({0x10202537, 0x00052583, 0x00b52223, 0x0000006f}, {});
  ibex_group group(text_of(words), 1, 0, wait_address);
  group.start(0, boot, 0);
  ASSERT_EQ(to_the_bus(group, nobody), core_stop::bus);
  group.complete(0, 42, group.request(0).cycle, group.request(0).cycle + 1000);
  ASSERT_EQ(to_the_bus(group, nobody), core_stop::bus);
  EXPECT_GT(group.counters(0).awake_cycles, 1000u);
}

/// The load is not replayed: it has returned 0, and the handler returns behind it.
TEST(IbexGroupTest, AnInterruptDuringAWaitIsTakenBehindTheLoad) {
  // li a2, 0x800 (lui 1; addi -0x800); csrw mie, a2; csrsi mstatus, 8; then wait_and_store; vector 11: mret
  std::vector<std::uint32_t> code = {0x00001637, 0x80060613, 0x30461073, 0x30046073};
  code.insert(code.end(), wait_and_store.begin(), wait_and_store.end());
  const auto words = at_boot(code, {{11, 0x30200073}});
  ibex_group group(text_of(words), 1, 0, wait_address);
  group.start(0, boot, 0);
  records seen;
  ASSERT_EQ(to_the_bus(group, seen), core_stop::bus);
  EXPECT_EQ(group.irq_enabled(0), 0x800u);
  EXPECT_FALSE(group.irq_would_be_taken(0));
  group.set_irq(0, 0x800);
  EXPECT_TRUE(group.irq_would_be_taken(0));
  const bus_request wait = group.request(0);
  group.complete(0, 0, wait.cycle, wait.cycle + 5000);
  ASSERT_EQ(to_the_bus(group, seen, wait.cycle + 5003), core_stop::horizon);
  group.set_irq(0, 0);
  ASSERT_EQ(to_the_bus(group, seen), core_stop::bus);
  EXPECT_EQ(group.request(0).pc, boot + 24);  // the store
  EXPECT_EQ(group.request(0).wdata, 0u);
  const std::size_t n = seen.all.size();
  ASSERT_GE(n, 3u);
  EXPECT_EQ(seen.all[n - 3].pc, boot + 20);  // the load
  EXPECT_TRUE(seen.all[n - 2].trap);
  EXPECT_EQ(seen.all[n - 2].cause, 0x8000000bu);
  EXPECT_EQ(seen.all[n - 2].pc, boot + 24);  // mepc: behind it
  EXPECT_EQ(seen.all[n - 2].instruction, 0u) << "of an interrupt there is none";
  EXPECT_FALSE(seen.all[n - 2].compressed);
  EXPECT_EQ(seen.all[n - 1].pc, base + 44);  // vector 11
}

TEST(IbexGroupTest, WaitForInterruptSleepsUntilALineRises) {
  // as above, but interrupts stay off: wfi; lui a0, 0x10201; sw a0, 0(a0)
  const auto words = at_boot({0x00001637, 0x80060613, 0x30461073, 0x10500073, 0x10201537, 0x00a52023, 0x0000006f}, {});
  null_observer nobody;
  ibex_group group(text_of(words), 1, 0, wait_address);
  group.start(0, boot, 0);
  ASSERT_EQ(to_the_bus(group, nobody, 1000000), core_stop::horizon);
  EXPECT_EQ(group.time(0), 1000000u);
  EXPECT_LT(group.counters(0).awake_cycles, 100u);
  EXPECT_EQ(group.irq_enabled(0), 0x800u);  // a rising line must be told at once
  group.set_irq(0, 0x800);
  ASSERT_EQ(to_the_bus(group, nobody, 1000100), core_stop::bus);
}

TEST(IbexGroupTest, AnInstructionOfOtherCoresIsAnIllegalOne) {
  // cv.lw a1, (a0), 4; vector 0: sw zero, 0(zero)
  const auto words = at_boot({0x0045258b}, {{0, 0x00002023}});
  ibex_group group(text_of(words), 1, 0, wait_address);
  group.start(0, boot, 0);
  records seen;
  ASSERT_EQ(to_the_bus(group, seen), core_stop::bus);
  EXPECT_EQ(group.request(0).pc, base);
  ASSERT_EQ(seen.all.size(), 1u);
  EXPECT_TRUE(seen.all[0].trap);
  EXPECT_EQ(seen.all[0].cause, 2u);
  EXPECT_EQ(seen.all[0].pc, boot);
}

TEST(IbexGroupTest, ExecutingOutsideTheTextHaltsAndPrefetchingDoesNot) {
  // addi a0, zero, 3; addi a0, a0, -1; bnez a0, -4 (at the end of the text: prefetched past it); jr zero
  const auto words = at_boot({0x00300513, 0xfff50513, 0xfe051ee3, 0x00000067}, {});
  ibex_group group(text_of(words), 1, 0, wait_address);
  group.start(0, boot, 0);
  null_observer nobody;
  EXPECT_EQ(to_the_bus(group, nobody), core_stop::halted);
  EXPECT_EQ(group.fault(0), hart_fault::fetch_outside_text);
  EXPECT_EQ(group.pc(0), 0u);
  EXPECT_EQ(group.counters(0).retired, 8u);
}

TEST(IbexGroupTest, ALateLineDelaysTheInstructionAndNothingElse) {
  std::vector<std::uint32_t> code(16, 0x00150513);
  code.push_back(0x00a02023);
  code.push_back(0x0000006f);
  const auto words = at_boot(code, {});
  cycle_t stored[2] = {};
  for (unsigned late : {0u, 1u}) {
    ibex_group group(text_of(words), 1, 0, wait_address);
    group.start(0, boot, 0);
    null_observer nobody;
    while (group.advance(0, never, nobody) == core_stop::horizon) {
    }
    EXPECT_EQ(group.fetch_line(0), boot);
    group.fetch_complete(0, group.time(0));
    while (group.advance(0, never, nobody) == core_stop::horizon) {
    }
    EXPECT_EQ(group.fetch_line(0), boot + 64);
    group.fetch_complete(0, group.time(0) + 1 + (late != 0 ? 7 : 0));
    ASSERT_EQ(to_the_bus(group, nobody), core_stop::bus);
    EXPECT_EQ(group.request(0).wdata, 16u);
    stored[late] = group.request(0).cycle;
  }
  EXPECT_EQ(stored[1] - stored[0], 7u);
}

}  // namespace
}  // namespace ohmic
