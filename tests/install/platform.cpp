// A DMA brings an input byte from a far memory into banked L1, an IMA multiplies it: three blocks alone in a platform.
#include <cstdio>
#include <cstring>
#include <vector>

#include "ip/dma/dma_module.h"
#include "ip/ima/ima_module.h"
#include "ip/tcdm/tcdm_module.h"
#include "ip/tlm/block_targets.h"

using namespace ohmic;
using sc_core::SC_NS;
using sc_core::sc_time;

/// Writes registers through TLM; what a processor would do.
struct driver : sc_core::sc_module {
  tlm_utils::simple_initiator_socket<driver> to_ima{"to_ima"}, to_dma{"to_dma"};

  explicit driver(sc_core::sc_module_name name) : sc_module(name) {}

  template <class Socket>
  static void write(Socket& socket, std::uint32_t offset, std::uint32_t value, bool debug = false) {
    tlm::tlm_generic_payload payload;
    payload.set_command(tlm::TLM_WRITE_COMMAND);
    payload.set_address(offset);
    payload.set_data_ptr(reinterpret_cast<unsigned char*>(&value));
    payload.set_data_length(4);
    payload.set_streaming_width(4);
    sc_time delay;
    if (debug)
      socket->transport_dbg(payload);
    else
      socket->b_transport(payload, delay);
  }
};

int sc_main(int, char**) {
  std::vector<std::uint8_t> far(4096, 7);

  // The platform, in ten lines.
  driver cpu("cpu");
  ima_module accelerator("accelerator");
  dma_module mover("mover");
  tcdm_module banks("banks", {1 << 20, 64, 2});
  block_module<memory_target> memory("memory", {far.data(), far.size()}, sc_time(100, SC_NS), sc_time(1, SC_NS));
  cpu.to_ima.bind(accelerator.registers.socket), cpu.to_dma.bind(mover.registers.socket);
  accelerator.l1.bind(banks.ports[0]), mover.l1.bind(banks.ports[1]), mover.network.bind(memory.socket);

  std::uint8_t* const l1 = banks.data();
  dma_descriptor descriptor{};
  descriptor.flags = 1 | DMA_EVENT;
  descriptor.next = DMA_CHAIN_END;
  descriptor.bytes = 64;
  descriptor.dst_lo = 0x10001000;  // own L1
  std::memcpy(l1, &descriptor, sizeof descriptor);
  sc_core::sc_start(1, SC_NS);
  driver::write(cpu.to_dma, registers::dma::channel_start_offset, 0);
  sc_core::sc_start(1000, SC_NS);
  if (mover.take_events() != 1u << dma::done_line) return 1;

  namespace reg = registers::ima;
  driver::write(cpu.to_ima, ima_module::weights_base, 6, true);  // row 0, column 0
  const std::uint32_t job[][2] = {{0x000, 1},                    // LOOP0..3, PIXEL0..1: one byte, one pixel
                                  {0x010, 1},
                                  {0x020, 1},
                                  {0x030, 1},
                                  {0x040, 1},
                                  {0x050, 1},
                                  {reg::ring_base_offset, 0x1000},
                                  {reg::x_range_offset, 1u << 16},
                                  {reg::y_range_offset, 1u << 16},
                                  {reg::adc_m_offset, 1},
                                  {reg::adc_s_offset, 1},
                                  {reg::groups_offset, 1},
                                  {reg::group_columns_offset, 1u << 16},
                                  {reg::group_base_offset, 0x2000},
                                  {reg::push_offset, 1}};
  const sc_time pushed = sc_core::sc_time_stamp();
  for (const auto& [offset, value] : job) driver::write(cpu.to_ima, offset, value);
  while (l1[0x2000] == 0 && sc_core::sc_time_stamp() < pushed + sc_time(1000, SC_NS)) sc_core::sc_start(1, SC_NS);
  std::printf("code %d after %.0f ns\n", l1[0x2000], (sc_core::sc_time_stamp() - pushed) / sc_time(1, SC_NS));
  return 0;
}
