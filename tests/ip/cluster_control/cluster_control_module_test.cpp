// Control registers alone in a SystemC platform, driven through their socket only.
#include "ip/cluster_control/cluster_control_module.h"

#include <gtest/gtest.h>
#include <tlm_utils/simple_initiator_socket.h>

#include "tests/ip/tlm/timed_access.h"

int sc_main(int, char**) { return 0; }

namespace ohmic {
namespace {

namespace reg = registers::cluster_control;
using sc_core::SC_NS;
using sc_core::sc_time;

cluster_identity five_cores() {
  cluster_identity identity;
  identity.cluster = 3;
  identity.cores = 5;
  return identity;
}

struct platform : sc_core::sc_module {
  cluster_control_module control{"control", five_cores()};
  sc_core::sc_vector<tlm_utils::simple_initiator_socket<sc_core::sc_module>> core{"core", 1};
  std::vector<std::uint64_t> enables;  // after each change

  explicit platform(sc_core::sc_module_name name) : sc_module(name) {
    core[0].bind(control.registers.socket);
    SC_HAS_PROCESS(platform);
    SC_METHOD(note);
    dont_initialize();
    sensitive << control.enables_changed;
  }
  void note() { enables.push_back(control.control().enabled()); }
};

platform& the_platform() {
  static auto* const p = new platform("platform");
  if (sc_core::sc_time_stamp() == sc_core::SC_ZERO_TIME) sc_core::sc_start(1, SC_NS);
  return *p;
}

struct outcome {
  tlm::tlm_response_status status;
  std::uint32_t value;
};

outcome access(std::uint64_t offset, bool write, std::uint32_t value = 0) {
  timed_access one;
  one.address = offset, one.write = write;
  std::memcpy(one.data.data(), &value, 4);
  std::vector<timed_access> all = {one};
  run(the_platform().core, all);
  EXPECT_EQ(all[0].end, 1u) << "an access takes one cycle";
  std::memcpy(&value, all[0].data.data(), 4);
  return {all[0].status, value};
}

TEST(ClusterControlModule, TellsWhoTheClusterIs) {
  EXPECT_EQ(access(reg::cluster_id_offset, false).value, 3u);
  EXPECT_EQ(access(reg::core_count_offset, false).value, 5u);
}

TEST(ClusterControlModule, NotifiesWhenCoresEnterOrLeaveReset) {
  platform& p = the_platform();
  p.enables.clear();
  EXPECT_EQ(access(reg::core_enable_lo_offset, true, 0xFF).status, tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(access(reg::core_enable_lo_offset, true, 0x1F).status, tlm::TLM_OK_RESPONSE);  // the same five
  EXPECT_EQ(access(reg::core_enable_lo_offset, true, 0x01).status, tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(access(reg::argument_offset, true, 7).status, tlm::TLM_OK_RESPONSE);
  EXPECT_EQ(p.enables, (std::vector<std::uint64_t>{0x1F, 0x01}));
}

TEST(ClusterControlModule, RefusesWhatTheRegisterMapRefuses) {
  EXPECT_EQ(access(reg::cluster_id_offset, true).status, tlm::TLM_COMMAND_ERROR_RESPONSE);
  EXPECT_EQ(access(reg::block_bytes, false).status, tlm::TLM_ADDRESS_ERROR_RESPONSE);
  EXPECT_EQ(access(reg::cluster_id_offset + 2, false).status, tlm::TLM_BURST_ERROR_RESPONSE);
}

TEST(ClusterControlModule, TellsTheCycleOfTheAccessAndDebugLatchesNothing) {
  platform& p = the_platform();
  // Past 2^32 cycles, so that the high word tells something.
  sc_core::sc_start(sc_time(4294967296.0, SC_NS));
  const cycle_t before = cycle_clock(sc_time(1, SC_NS)).cycle();
  const std::uint32_t low = access(reg::cycle_lo_offset, false).value;
  EXPECT_NEAR(low, static_cast<double>(before & 0xFFFFFFFF), 5);
  EXPECT_EQ(access(reg::cycle_hi_offset, false).value, 1u);
  sc_core::sc_start(sc_time(4294967296.0, SC_NS));
  std::uint8_t bytes[4];
  simple_payload look(false, reg::cycle_lo_offset, bytes, 4);
  EXPECT_EQ(p.core[0]->transport_dbg(look), 4u);
  EXPECT_EQ(access(reg::cycle_hi_offset, false).value, 1u) << "as the program read it";
}

}  // namespace
}  // namespace ohmic
