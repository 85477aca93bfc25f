// The event unit alone in a SystemC platform: cores that sleep and wake each other through their sockets.
#include "ip/event_unit/event_unit_module.h"

#include <gtest/gtest.h>
#include <tlm_utils/simple_initiator_socket.h>

#include "tests/ip/tlm/timed_access.h"

int sc_main(int, char**) { return 0; }

namespace ohmic {
namespace {

using sc_core::SC_NS;
using cycles = std::vector<cycle_t>;

constexpr unsigned cores = 4, outside = cores;
constexpr std::uint32_t mask = 0x800, clear = 0x808, irq_mask = 0x80C, wait_register = 0x810;
constexpr std::uint32_t event_2 = 0x910, barrier_mask = 0xA00, arrive = 0xA08, doorbell_1 = 0xB04;
constexpr std::uint32_t doorbell_cores = 0xB10, lock_request = 0xB20, lock_release = 0xB24;

struct platform : sc_core::sc_module {
  event_unit_module unit{"unit", cores};
  sc_core::sc_vector<tlm_utils::simple_initiator_socket<sc_core::sc_module>> socket{"socket", cores + 1};
  std::vector<std::uint64_t> irqs;  // after each change

  explicit platform(sc_core::sc_module_name name) : sc_module(name) {
    for (unsigned i = 0; i < cores; ++i) socket[i].bind(unit.core(i).socket);
    socket[outside].bind(unit.outside.socket);
    SC_HAS_PROCESS(platform);
    SC_METHOD(note);
    dont_initialize();
    sensitive << unit.irq_changed;
  }
  void note() { irqs.push_back(unit.irq_cores()); }
};

timed_access write(unsigned who, cycle_t at, std::uint32_t offset, std::uint32_t value) {
  timed_access access;
  access.port = who, access.at = at, access.address = offset, access.write = true;
  std::memcpy(access.data.data(), &value, 4);
  return access;
}
timed_access sleep(unsigned who, cycle_t at) {
  timed_access access;
  access.port = who, access.at = at, access.address = wait_register;
  return access;
}
std::uint32_t answer(const timed_access& access) {
  std::uint32_t value;
  std::memcpy(&value, access.data.data(), 4);
  return value;
}

class EventUnitModuleTest : public testing::Test {
 protected:
  static platform& the_platform() {
    static auto* const made = new platform("platform");
    if (sc_core::sc_time_stamp() == sc_core::SC_ZERO_TIME) sc_core::sc_start(1, SC_NS);
    return *made;
  }
  platform& p = the_platform();

  EventUnitModuleTest() {
    std::vector<timed_access> reset;
    for (unsigned i = 0; i < cores; ++i)
      for (const std::uint32_t offset : {mask, irq_mask}) reset.push_back(write(i, 0, offset, 0));
    for (unsigned i = 0; i < cores; ++i) reset.push_back(write(i, 1, clear, ~0u));
    run_all(reset);
    p.irqs.clear();
  }
  cycles run_all(std::vector<timed_access>& accesses) {
    run(p.socket, accesses);
    return ends(accesses);
  }
};

TEST_F(EventUnitModuleTest, ACoreSleepsUntilAnotherWakesIt) {
  std::vector<timed_access> all = {write(1, 0, mask, 1u << 2), sleep(1, 2), write(3, 50, event_2, 1u << 1)};
  EXPECT_EQ(run_all(all), (cycles{1, 51, 51})) << "the event is there in cycle 50, an access takes one cycle";
  EXPECT_EQ(answer(all[1]), 1u << 2);
}

TEST_F(EventUnitModuleTest, ALineThatIsPendingIsAnsweredAtOnce) {
  std::vector<timed_access> all = {write(1, 0, mask, 1u << 2), write(1, 5, event_2, 1u << 1), sleep(1, 10)};
  EXPECT_EQ(run_all(all)[2], 11u);
}

TEST_F(EventUnitModuleTest, TimeThatWasAnnotatedIsNotPaidTwice) {
  timed_access ahead = sleep(1, 12);
  ahead.annotated = 10;
  std::vector<timed_access> all = {write(1, 0, mask, 1u << 2), ahead, write(0, 50, event_2, 1u << 1)};
  EXPECT_EQ(run_all(all)[1], 51u);
  timed_access late = sleep(2, 40);  // the event comes while its annotated time passes: it answers at 40, not before
  late.annotated = 30;
  all = {write(2, 0, mask, 1u << 2), late, write(0, 20, event_2, 1u << 2)};
  EXPECT_EQ(run_all(all)[1], 41u);
}

TEST_F(EventUnitModuleTest, ABarrierHoldsAllUntilTheLastOne) {
  std::vector<timed_access> all = {write(0, 0, barrier_mask, 0b0111)};
  for (unsigned i = 0; i < 3; ++i) {
    all.push_back(write(i, 1, mask, 1u << 8));
    all.push_back(write(i, 10 + 10 * i, arrive, 0));
    all.push_back(sleep(i, 12 + 10 * i));
  }
  const cycles end = run_all(all);
  EXPECT_EQ(end[3], 31u);
  EXPECT_EQ(end[6], 31u);
  EXPECT_EQ(end[9], 33u) << "it was the last: no sleep";
}

TEST_F(EventUnitModuleTest, AStrangerRingsADoorbell) {
  std::vector<timed_access> all = {write(0, 0, doorbell_cores, 0b1000), write(3, 0, mask, 1u << 29), sleep(3, 3),
                                   write(outside, 30, doorbell_1, 1)};
  EXPECT_EQ(run_all(all)[2], 31u);
  EXPECT_EQ(answer(all[2]), 1u << 29);
}

// A debugger's write is one like any other, save that it takes no time.
TEST_F(EventUnitModuleTest, ADebugWriteWakesAndInterrupts) {
  std::vector<timed_access> all = {write(0, 0, doorbell_cores, 0b1000), write(3, 0, mask, 1u << 29),
                                   write(3, 1, irq_mask, 1u << 29), sleep(3, 3)};
  sc_core::sc_spawn([&] {
    sc_core::wait(40, SC_NS);
    std::uint32_t value = 1;
    tlm::tlm_generic_payload payload;
    payload.set_command(tlm::TLM_WRITE_COMMAND);
    payload.set_address(doorbell_1);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(&value));
    payload.set_data_length(4);
    EXPECT_EQ(p.socket[outside]->transport_dbg(payload), 4u);
  });
  const cycles end = run_all(all);
  EXPECT_LT(end[3], 45u);
  EXPECT_EQ(answer(all[3]), 1u << 29);
  EXPECT_EQ(p.irqs, std::vector<std::uint64_t>{1u << 3});
}

TEST_F(EventUnitModuleTest, TheLockPassesOn) {
  std::vector<timed_access> all = {write(1, 0, mask, 1u << 19),
                                   write(2, 0, mask, 1u << 19),
                                   write(1, 2, lock_request, 0),
                                   write(2, 4, lock_request, 0),
                                   sleep(1, 6),
                                   sleep(2, 6),
                                   write(1, 40, lock_release, 0),
                                   write(2, 60, lock_release, 0)};
  const cycles end = run_all(all);
  EXPECT_EQ(end[4], 7u);
  EXPECT_EQ(end[5], 41u);
}

TEST_F(EventUnitModuleTest, ADeviceLineWakesAndInterrupts) {
  std::vector<timed_access> all = {write(0, 0, irq_mask, 1u << 16), write(0, 1, mask, 1u << 16), sleep(0, 3)};
  sc_core::sc_spawn([&] {
    sc_core::wait(100, SC_NS);
    p.unit.raise_device(event_unit::ima_line);
  });
  run_all(all);
  EXPECT_EQ(answer(all[2]), 1u << 16);
  EXPECT_EQ(p.irqs, std::vector<std::uint64_t>{1});
  all = {write(0, 0, clear, 1u << 16)};
  run_all(all);
  EXPECT_EQ(p.irqs, (std::vector<std::uint64_t>{1, 0}));
}

TEST_F(EventUnitModuleTest, AnInterruptEndsASleepWithZeroAndTheNextSleepIsANewOne) {
  std::vector<timed_access> all = {write(2, 0, mask, 1u << 2), sleep(2, 2), sleep(2, 300),
                                   write(0, 400, event_2, 1u << 2)};
  p.unit.interrupt(2);  // it does not sleep: nothing happens
  sc_core::sc_spawn([&] {
    sc_core::wait(200, SC_NS);
    p.unit.interrupt(2);
  });
  const cycles end = run_all(all);
  EXPECT_EQ(answer(all[1]), 0u);
  EXPECT_LT(end[1], 210u);
  EXPECT_EQ(end[2], 401u);
  EXPECT_EQ(answer(all[2]), 1u << 2);
}

}  // namespace
}  // namespace ohmic
