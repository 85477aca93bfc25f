#include "ip/tlm/block_module.h"

#include <gtest/gtest.h>
#include <tlm_utils/simple_initiator_socket.h>

#include <array>
#include <functional>
#include <map>
#include <vector>

#include "ip/tlm/block_targets.h"
#include "registers/dma.h"

// SystemC elaborates once per process, so one platform serves all tests.
int sc_main(int, char**) { return 0; }

namespace ohmic {
namespace {

using sc_core::SC_NS;
using sc_core::sc_time;

/// A block of the kind register_target wants, with the DMA's register map.
struct scratch_block {
  std::map<std::uint32_t, std::uint32_t> words;
  cycle_t last = 0;
  std::uint32_t read_register(std::uint32_t offset, cycle_t now) {
    last = now;
    return words[offset];
  }
  void write_register(std::uint32_t offset, std::uint32_t value, cycle_t now) {
    last = now;
    words[offset] = value;
  }
};
using scratch_target = register_target<scratch_block, decltype(registers::dma::access)>;

struct platform : sc_core::sc_module {
  scratch_block scratch;
  event_unit unit{16};
  std::array<std::uint8_t, 1024> memory{};

  block_module<scratch_target> registers_module;
  block_module<event_unit_target> core3, outside;
  block_module<memory_target> memory_module;
  tlm_utils::simple_initiator_socket<platform> to_registers{"to_registers"}, to_core3{"to_core3"},
      to_outside{"to_outside"}, to_memory{"to_memory"};
  std::vector<std::function<void()>> work;
  sc_core::sc_event start;

  SC_HAS_PROCESS(platform);
  explicit platform(sc_core::sc_module_name name)
      : sc_module(name),
        registers_module("registers", scratch_target(scratch, registers::dma::access), sc_time(2, SC_NS),
                         sc_time(1, SC_NS)),
        core3("core3", event_unit_target(unit, 3), sc_time(2, SC_NS), sc_time(1, SC_NS)),
        outside("outside", event_unit_target(unit), sc_time(2, SC_NS), sc_time(1, SC_NS)),
        memory_module("memory", memory_target(memory.data(), memory.size()), sc_time(1, SC_NS), sc_time(1, SC_NS)) {
    to_registers.bind(registers_module.socket);
    to_core3.bind(core3.socket);
    to_outside.bind(outside.socket);
    to_memory.bind(memory_module.socket);
    SC_THREAD(first);
    SC_THREAD(second);
  }

  // Two processes, so that one can wake the other.
  void first() { run(0); }
  void second() { run(1); }
  void run(std::size_t n) {
    for (;;) {
      wait(start);
      if (n < work.size()) work[n]();
    }
  }
};

platform& the_platform() {
  static auto* const p = new platform("platform");
  return *p;
}

class BlockModuleTest : public ::testing::Test {
 protected:
  platform& p = the_platform();

  /// Runs the given steps as processes until nothing is left to do.
  void run(std::function<void()> one, std::function<void()> two = [] {}) {
    if (!sc_core::sc_is_running()) sc_core::sc_start(sc_core::SC_ZERO_TIME);
    p.work = {std::move(one), std::move(two)};
    p.start.notify(sc_core::SC_ZERO_TIME);
    sc_core::sc_start(sc_time(1000, SC_NS));
  }

  template <class Socket>
  static tlm::tlm_response_status transport(Socket& socket, tlm::tlm_command command, std::uint64_t address, void* data,
                                            unsigned length, sc_time* delay = nullptr) {
    tlm::tlm_generic_payload payload;
    payload.set_command(command);
    payload.set_address(address);
    payload.set_data_ptr(static_cast<unsigned char*>(data));
    payload.set_data_length(length);
    payload.set_streaming_width(length);
    sc_time none;
    socket->b_transport(payload, delay != nullptr ? *delay : none);
    return payload.get_response_status();
  }
  template <class Socket>
  static unsigned debug(Socket& socket, tlm::tlm_command command, std::uint64_t address, void* data, unsigned length) {
    tlm::tlm_generic_payload payload;
    payload.set_command(command);
    payload.set_address(address);
    payload.set_data_ptr(static_cast<unsigned char*>(data));
    payload.set_data_length(length);
    return socket->transport_dbg(payload);
  }
};

constexpr auto read = tlm::TLM_READ_COMMAND;
constexpr auto write = tlm::TLM_WRITE_COMMAND;

TEST_F(BlockModuleTest, RegisterAccessIsAnnotatedAndReachesTheBlockInItsCycle) {
  run([&] {
    std::uint32_t value = 77;
    sc_time delay(5, SC_NS);
    const auto before = sc_core::sc_time_stamp();
    EXPECT_EQ(transport(p.to_registers, write, 0x30, &value, 4, &delay), tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(delay, sc_time(7, SC_NS));
    EXPECT_EQ(sc_core::sc_time_stamp(), before) << "loosely timed: the delay is annotated, not waited for";
    EXPECT_EQ(p.scratch.words[0x30], 77u);
    EXPECT_EQ(p.scratch.last, static_cast<cycle_t>(before / sc_time(1, SC_NS)) + 5);
  });
}

TEST_F(BlockModuleTest, RegisterErrorsNameTheirKind) {
  run([&] {
    std::uint64_t word = 0;
    EXPECT_EQ(transport(p.to_registers, read, 0x104, &word, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE);
    EXPECT_EQ(transport(p.to_registers, read, 0x1'0000'0004, &word, 4), tlm::TLM_ADDRESS_ERROR_RESPONSE);
    EXPECT_EQ(transport(p.to_registers, read, 0x00, &word, 4), tlm::TLM_COMMAND_ERROR_RESPONSE) << "write-only";
    EXPECT_EQ(transport(p.to_registers, write, 0x04, &word, 4), tlm::TLM_COMMAND_ERROR_RESPONSE) << "read-only";
    EXPECT_EQ(transport(p.to_registers, read, 0x04, &word, 1), tlm::TLM_BURST_ERROR_RESPONSE);
    EXPECT_EQ(transport(p.to_registers, read, 0x04, &word, 8), tlm::TLM_BURST_ERROR_RESPONSE);
    EXPECT_EQ(transport(p.to_registers, read, 0x06, &word, 4), tlm::TLM_BURST_ERROR_RESPONSE);
  });
}

TEST_F(BlockModuleTest, DebugTransportReadsRunsOfRegistersAndStopsAtAHole) {
  p.scratch.words = {{0x04, 1}, {0x08, 2}, {0x0C, 3}};
  std::array<std::uint32_t, 8> out{};
  EXPECT_EQ(debug(p.to_registers, read, 0x04, out.data(), 16), 12u) << "0x10 is write-only";
  EXPECT_EQ(out[0], 1u);
  EXPECT_EQ(out[2], 3u);
  EXPECT_EQ(debug(p.to_registers, read, 0x200, out.data(), 4), 0u);
}

TEST_F(BlockModuleTest, WaitRegisterHoldsItsReaderUntilAnEvent) {
  sc_time woken;
  run(
      [&] {
        std::uint32_t mask = 0x2, got = 0;
        EXPECT_EQ(transport(p.to_core3, write, 0x800, &mask, 4), tlm::TLM_OK_RESPONSE);
        EXPECT_EQ(transport(p.to_core3, read, 0x810, &got, 4), tlm::TLM_OK_RESPONSE);
        EXPECT_EQ(got, 0x2u);
        woken = sc_core::sc_time_stamp();
        EXPECT_EQ(p.unit.waiting_cores(), 0u);
      },
      [&] {
        const auto begin = sc_core::sc_time_stamp();
        std::uint32_t core3 = 1u << 3;
        sc_core::wait(10, SC_NS);
        EXPECT_EQ(transport(p.to_core3, write, 0x900, &core3, 4), tlm::TLM_OK_RESPONSE);  // another line
        sc_core::wait(10, SC_NS);
        EXPECT_EQ(woken, sc_time());
        EXPECT_EQ(transport(p.to_outside, write, 0x908, &core3, 4), tlm::TLM_OK_RESPONSE);
        p.core3.changed();
        sc_core::wait(1, SC_NS);
        EXPECT_EQ(woken, begin + sc_time(20, SC_NS));
      });
}

TEST_F(BlockModuleTest, StrangersMayNotUseOwn) {
  run([&] {
    std::uint32_t word = 0;
    EXPECT_EQ(transport(p.to_outside, read, 0x800, &word, 4), tlm::TLM_COMMAND_ERROR_RESPONSE);
    EXPECT_EQ(transport(p.to_outside, write, 0xB00, &word, 4), tlm::TLM_OK_RESPONSE) << "doorbells are open";
  });
}

TEST_F(BlockModuleTest, MemoryMovesBytesAndChecksItsEnd) {
  run([&] {
    std::array<std::uint8_t, 100> out{}, in{};
    for (unsigned i = 0; i < in.size(); ++i) in[i] = static_cast<std::uint8_t>(i + 1);
    EXPECT_EQ(transport(p.to_memory, write, 3, in.data(), 100), tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(transport(p.to_memory, read, 3, out.data(), 100), tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(out, in);
    EXPECT_EQ(transport(p.to_memory, read, 925, out.data(), 100), tlm::TLM_ADDRESS_ERROR_RESPONSE);
    EXPECT_EQ(transport(p.to_memory, read, ~std::uint64_t{0}, out.data(), 100), tlm::TLM_ADDRESS_ERROR_RESPONSE);
  });
}

TEST_F(BlockModuleTest, MemoryHonoursByteEnablesAndStreaming) {
  run([&] {
    p.memory.fill(0);
    std::array<std::uint8_t, 8> data = {1, 2, 3, 4, 5, 6, 7, 8};
    std::array<std::uint8_t, 2> enable = {TLM_BYTE_ENABLED, TLM_BYTE_DISABLED};
    tlm::tlm_generic_payload payload;
    payload.set_command(write);
    payload.set_address(16);
    payload.set_data_ptr(data.data());
    payload.set_data_length(8);
    payload.set_streaming_width(8);
    payload.set_byte_enable_ptr(enable.data());
    payload.set_byte_enable_length(2);
    sc_time delay;
    p.to_memory->b_transport(payload, delay);
    EXPECT_EQ(payload.get_response_status(), tlm::TLM_OK_RESPONSE);
    EXPECT_EQ(std::vector<int>(p.memory.begin() + 16, p.memory.begin() + 24),
              (std::vector<int>{1, 0, 3, 0, 5, 0, 7, 0}));
    payload.set_byte_enable_ptr(nullptr);
    payload.set_streaming_width(4);  // a FIFO of four bytes: the second half wins
    p.to_memory->b_transport(payload, delay);
    EXPECT_EQ(std::vector<int>(p.memory.begin() + 16, p.memory.begin() + 24),
              (std::vector<int>{5, 6, 7, 8, 5, 0, 7, 0}));
  });
}

TEST_F(BlockModuleTest, MemoryGivesADirectPointerAndRegistersDoNot) {
  tlm::tlm_generic_payload payload;
  tlm::tlm_dmi dmi;
  ASSERT_TRUE(p.to_memory->get_direct_mem_ptr(payload, dmi));
  EXPECT_EQ(dmi.get_dmi_ptr(), p.memory.data());
  EXPECT_EQ(dmi.get_end_address(), 1023u);
  EXPECT_TRUE(dmi.is_read_write_allowed());
  EXPECT_FALSE(p.to_registers->get_direct_mem_ptr(payload, dmi));
}

TEST_F(BlockModuleTest, DebugReachesEveryByteUpToTheEnd) {
  std::array<std::uint8_t, 64> data{};
  data.fill(9);
  EXPECT_EQ(debug(p.to_memory, write, 1000, data.data(), 64), 24u);
  EXPECT_EQ(p.memory[1023], 9);
  EXPECT_EQ(debug(p.to_memory, read, 1024, data.data(), 1), 0u);
}

}  // namespace
}  // namespace ohmic
