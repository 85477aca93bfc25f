// Platform control alone in a SystemC platform, driven through its socket: loosely timed by a stranger, and as the
// network drives it.
#include "ip/platform_control/platform_control_module.h"

#include <gtest/gtest.h>
#include <tlm_utils/simple_initiator_socket.h>

#include <cstring>

#include "ip/tlm/simple_payload.h"
#include "registers/platform_control.h"

int sc_main(int, char**) { return 0; }

namespace ohmic {
namespace {

namespace reg = registers::platform_control;
using sc_core::SC_NS;
using sc_core::sc_time;

constexpr std::uint64_t base = 0xF0000000;

struct platform : sc_core::sc_module {
  platform_control model;
  platform_control_module module{"module", model, base};
  tlm_utils::simple_initiator_socket<platform> socket{"socket"};

  explicit platform(sc_core::sc_module_name name) : sc_module(name) { socket.bind(module.socket); }
};

class PlatformControlModuleTest : public testing::Test {
 protected:
  static platform& the_platform() {
    static auto* const made = new platform("platform");
    if (sc_core::sc_time_stamp() == sc_core::SC_ZERO_TIME) sc_core::sc_start(1, SC_NS);
    return *made;
  }
  platform& p = the_platform();

  PlatformControlModuleTest() { p.model = platform_control(); }

  tlm::tlm_response_status transport(bool write, std::uint64_t address, std::uint32_t& value, sc_time& delay) {
    simple_payload payload(write, address, reinterpret_cast<std::uint8_t*>(&value), 4);
    p.socket->b_transport(payload, delay);
    return payload.get_response_status();
  }
};

TEST_F(PlatformControlModuleTest, AnAccessTakesOneCycleAndHappensAtItsAnnotatedTime) {
  std::uint32_t marker = 2;
  sc_time delay(10, SC_NS);
  const auto now = static_cast<cycle_t>(sc_core::sc_time_stamp() / sc_time(1, SC_NS));
  EXPECT_EQ(transport(true, base + reg::marker_offset, marker, delay), tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(delay, sc_time(11, SC_NS));
  EXPECT_EQ(p.model.marker(2), now + 10);
}

TEST_F(PlatformControlModuleTest, WhatNoRegisterTakesIsAnError) {
  std::uint32_t value = 0;
  sc_time delay;
  EXPECT_EQ(transport(true, base + reg::time_lo_offset, value, delay), tlm::TLM_GENERIC_ERROR_RESPONSE);
  EXPECT_EQ(transport(false, base + 0x800, value, delay), tlm::TLM_GENERIC_ERROR_RESPONSE);
  EXPECT_EQ(transport(false, base - 4, value, delay), tlm::TLM_GENERIC_ERROR_RESPONSE);
}

TEST_F(PlatformControlModuleTest, TheNetworksExtensionSaysWhoAsks) {
  std::uint8_t data[4] = {5, 0, 0, 0};
  axi_burst burst;
  burst.addr = base + reg::exit_offset, burst.bytes = 4, burst.write = true, burst.data = data;
  burst.initiator = 300, burst.core = 11;
  axi_payload_pool pool;
  tlm::tlm_generic_payload* const payload = pool.acquire(&burst);
  tlm::tlm_phase phase = tlm::BEGIN_REQ;
  sc_time delay;
  EXPECT_EQ(p.socket->nb_transport_fw(*payload, phase, delay), tlm::TLM_COMPLETED);
  EXPECT_TRUE(payload->is_response_ok());
  EXPECT_EQ(delay, sc_time(1, SC_NS));
  payload->release();
  ASSERT_TRUE(p.model.ended());
  EXPECT_EQ(p.model.ended()->status, 5u);
  EXPECT_EQ(p.model.ended()->cluster, 300u);
  EXPECT_EQ(p.model.ended()->core, 11u);
}

TEST_F(PlatformControlModuleTest, DebugReadsTimeButEndsNothing) {
  std::uint32_t value = 1;
  simple_payload exit(true, base + reg::exit_offset, reinterpret_cast<std::uint8_t*>(&value), 4);
  EXPECT_EQ(p.socket->transport_dbg(exit), 0u);
  EXPECT_FALSE(p.model.ended());
  simple_payload time(false, base + reg::time_lo_offset, reinterpret_cast<std::uint8_t*>(&value), 4);
  EXPECT_EQ(p.socket->transport_dbg(time), 4u);
  EXPECT_EQ(value, static_cast<std::uint32_t>(sc_core::sc_time_stamp() / sc_time(1, SC_NS)));
}

}  // namespace
}  // namespace ohmic
