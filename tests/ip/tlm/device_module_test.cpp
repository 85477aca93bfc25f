// The IMA and the DMA alone in a SystemC platform, driven through their sockets only.
#include "ip/tlm/device_module.h"

#include <gtest/gtest.h>
#include <tlm_utils/simple_initiator_socket.h>

#include <cstring>
#include <functional>
#include <vector>

#include "ip/dma/dma_module.h"
#include "ip/ima/ima_module.h"
#include "ip/tlm/block_targets.h"

int sc_main(int, char**) { return 0; }

namespace ohmic {
namespace {

using sc_core::SC_NS;
using sc_core::sc_time;

/// Two memories and the devices: each L1 socket has a memory of its own kind, as a user would write it.
struct platform : sc_core::sc_module {
  std::vector<std::uint8_t> ima_l1 = std::vector<std::uint8_t>(1 << 20);
  std::vector<std::uint8_t> dma_l1 = std::vector<std::uint8_t>(1 << 20), outside = std::vector<std::uint8_t>(1 << 16);
  ima_module accelerator{"accelerator"};
  dma_module mover{"mover"};
  block_module<memory_target> ima_memory{"ima_memory", {ima_l1.data(), ima_l1.size()}, sc_time(), sc_time(1, SC_NS)};
  block_module<memory_target> dma_memory{"dma_memory", {dma_l1.data(), dma_l1.size()}, sc_time(), sc_time(1, SC_NS)};
  block_module<memory_target> far_memory{
      "far", {outside.data(), outside.size()}, sc_time(20, SC_NS), sc_time(1, SC_NS)};
  tlm_utils::simple_initiator_socket<platform> to_ima{"to_ima"}, to_dma{"to_dma"};
  std::function<void()> body;
  sc_core::sc_event start;
  bool finished = false;

  explicit platform(sc_core::sc_module_name name) : sc_module(name) {
    to_ima.bind(accelerator.registers.socket);
    to_dma.bind(mover.registers.socket);
    accelerator.l1.bind(ima_memory.socket);
    mover.l1.bind(dma_memory.socket);
    mover.network.bind(far_memory.socket);
    sc_core::sc_spawn_options options;
    sc_core::sc_spawn(
        [this] {
          for (;;) {
            sc_core::wait(start);
            body();
            finished = true;
          }
        },
        "driver", &options);
  }

  template <class Socket>
  std::uint32_t access(Socket& socket, std::uint32_t offset, std::uint32_t value, bool write) {
    tlm::tlm_generic_payload payload;
    payload.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    payload.set_address(offset);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(&value));
    payload.set_data_length(4);
    payload.set_streaming_width(4);
    payload.set_byte_enable_ptr(nullptr);
    payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    sc_time delay;
    socket->b_transport(payload, delay);
    EXPECT_TRUE(payload.is_response_ok()) << std::hex << offset;
    sc_core::wait(delay);
    return value;
  }
  unsigned debug(std::uint32_t offset, std::vector<std::uint8_t>& bytes, bool write) {
    tlm::tlm_generic_payload payload;
    payload.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    payload.set_address(offset);
    payload.set_data_ptr(bytes.data());
    payload.set_data_length(static_cast<unsigned>(bytes.size()));
    return to_ima->transport_dbg(payload);
  }
};

platform& the_platform() {
  static auto* const p = new platform("platform");
  return *p;
}

void run(std::function<void()> body) {
  platform& p = the_platform();
  if (!sc_core::sc_is_running() && sc_core::sc_time_stamp() == sc_core::SC_ZERO_TIME) sc_core::sc_start(1, SC_NS);
  p.body = std::move(body);
  p.finished = false;
  p.start.notify(sc_core::SC_ZERO_TIME);
  sc_core::sc_start(100'000, SC_NS);
  EXPECT_TRUE(p.finished) << "time-out";
}

TEST(DeviceModule, RunsAnImaJob) {
  platform& p = the_platform();
  std::vector<std::uint8_t> weights(256 * 256, 0), back(256 * 256);
  for (unsigned i = 0; i < 256; ++i) weights[i * 256 + i] = 2;
  ASSERT_EQ(p.debug(ima_module::weights_base, weights, true), weights.size());
  ASSERT_EQ(p.debug(ima_module::weights_base, back, false), back.size());
  EXPECT_EQ(back, weights);
  for (unsigned i = 0; i < 64; ++i) p.ima_l1[i] = static_cast<std::uint8_t>(i);
  run([&p] {
    const auto set = [&p](std::uint32_t offset, std::uint32_t value) { p.access(p.to_ima, offset, value, true); };
    set(0x000, 64), set(0x004, 1);  // LOOP0: 64 bytes
    for (const std::uint32_t loop : {0x010u, 0x020u, 0x030u, 0x040u, 0x050u}) set(loop, 1);
    set(0x070, 1u << 16), set(0x074, 1u << 16);   // X_RANGE, Y_RANGE: 0..0
    set(0x080, 1), set(0x084, 1), set(0x088, 1);  // code = (ps + 1) >> 1, one group
    set(0x090, 64u << 16), set(0x094, 0x1001);    // 64 columns
    set(0x200, 1);
    const sc_time pushed = sc_core::sc_time_stamp();
    sc_core::wait(p.accelerator.raised);
    EXPECT_EQ(p.accelerator.take_events(), 1u << 16);
    // One beat in, 130 cycles, two beats out (unaligned).
    EXPECT_NEAR((sc_core::sc_time_stamp() - pushed) / sc_time(1, SC_NS), 133, 1.5);
    EXPECT_EQ(p.access(p.to_ima, 0x208, 0, false), 1u);
  });
  for (unsigned i = 0; i < 64; ++i) EXPECT_EQ(p.ima_l1[0x1001 + i], i);
}

TEST(DeviceModule, RunsADmaChain) {
  platform& p = the_platform();
  for (unsigned i = 0; i < 5000; ++i) p.dma_l1[0x1000 + i] = static_cast<std::uint8_t>(i * 7);
  dma_descriptor out{};
  out.flags = 1;
  out.next = 0x40;
  out.bytes = 5000;
  out.src_lo = 0x10001000;
  out.dst_lo = 0x0123;
  dma_descriptor in = out;
  in.flags = 1 | DMA_EVENT;
  in.next = DMA_CHAIN_END;
  in.src_lo = 0x0123;
  in.dst_lo = 0x10008001;
  std::memcpy(&p.dma_l1[0], &out, 64);
  std::memcpy(&p.dma_l1[0x40], &in, 64);
  run([&p] {
    p.access(p.to_dma, 0x000, 0, true);
    sc_core::wait(p.mover.raised);
    EXPECT_EQ(p.mover.take_events(), 1u << 20);
    EXPECT_EQ(p.access(p.to_dma, 0x008, 0, false), 2u);
  });
  EXPECT_EQ(std::memcmp(&p.outside[0x123], &p.dma_l1[0x1000], 5000), 0);
  EXPECT_EQ(std::memcmp(&p.dma_l1[0x8001], &p.dma_l1[0x1000], 5000), 0);
}

TEST(DeviceModule, ReportsAnAddressNobodyAnswers) {
  platform& p = the_platform();
  dma_descriptor d{};
  d.flags = 1;
  d.next = DMA_CHAIN_END;
  d.bytes = 64;
  d.src_lo = 0x10001000;
  d.dst_lo = 0x00020000;  // behind the far memory's end
  std::memcpy(&p.dma_l1[0], &d, 64);
  run([&p] {
    p.access(p.to_dma, 0x010, 0, true);
    sc_core::wait(p.mover.raised);
    EXPECT_EQ(p.mover.take_events(), 1u << 17);
  });
  const auto error = p.mover.take_error();
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->address, 0x20000u);
  EXPECT_EQ(error->unit, 1u);
}

TEST(DeviceModule, SleepsBetweenJobs) {
  // Nothing is due: simulated time stops by itself.
  the_platform();
  sc_core::sc_start(10, SC_NS);
  EXPECT_FALSE(sc_core::sc_pending_activity());
}

}  // namespace
}  // namespace ohmic
