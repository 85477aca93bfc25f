#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <systemc>
#include <tlm>
#include <vector>

#include "ip/axi/axi_extension.h"
#include "ip/hbm/hbm_memory.h"
#include "ip/hbm/hbm_queue.h"

namespace ohmic {

struct hbm_config {
  std::uint64_t base = 0x8000'0000;   ///< address of the first byte
  std::uint64_t bytes = 0x6000'0000;  ///< 1.5 GiB
  hbm_timing timing;
};

/// HBM as a TLM-2.0 AT target: hbm_queue's acceptance, hbm_memory's bytes.
///
/// A read's first beat comes `access` cycles after acceptance, when the read channel is free; a write's B `access`
/// cycles after acceptance or its last beat, whichever is later. A read is sampled when its response begins; a write is
/// visible from then on, not earlier. What it does not accept waits in the network.
///
/// Behind an axi_network a write arrives with its first data beat, and channels are free when the network has taken
/// what is on them. Other initiators: nb_transport_fw(BEGIN_REQ) is accepted at once (TLM_UPDATED, END_REQ) whatever is
/// open, data come one beat per cycle, and the answer is nb_transport_bw(BEGIN_RESP) in the cycle of its first beat.
/// Requests must be sent in the order of their times. b_transport adds the access time; debug transport and DMI (the
/// whole memory) take none. Outside the memory: TLM_ADDRESS_ERROR_RESPONSE, after the same time.
class hbm : public sc_core::sc_module, public tlm::tlm_fw_transport_if<>, public axi_stream_target {
 public:
  hbm(sc_core::sc_module_name name, const hbm_config& config,
      const sc_core::sc_time& period = sc_core::sc_time(1, sc_core::SC_NS));

  axi_target_socket socket;

  hbm_memory& memory() { return memory_; }

  /// Calls `written` for every transaction that writes into [begin, end), in the cycle in which it becomes visible.
  /// Debug transport and DMI are not seen.
  using write_watch =
      std::function<void(std::uint64_t address, const std::uint8_t* data, std::uint64_t bytes, cycle_t cycle)>;
  void watch_writes(std::uint64_t begin, std::uint64_t end, write_watch written) {
    watches_.push_back({begin, end, std::move(written)});
  }
  /// Whether somebody watches one of these addresses.
  bool is_watched(std::uint64_t begin, std::uint64_t end) const {
    return std::any_of(watches_.begin(), watches_.end(),
                       [&](const watched_range& w) { return begin < w.end && w.begin < end; });
  }
  const hbm_config& config() const { return config_; }

  struct counters {
    std::uint64_t reads = 0, writes = 0, read_bytes = 0, written_bytes = 0;
  };
  const counters& count() const { return count_; }

 private:
  struct answer {
    cycle_t ready;
    tlm::tlm_generic_payload* payload;
  };
  struct channel {
    std::deque<answer> answers;  // in the order of their times
    cycle_t free = 0;            // never: until the network has taken what is on it
  };
  struct open_write {
    tlm::tlm_generic_payload* payload;
    cycle_t accepted;
  };

  tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay) override;
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) override;
  unsigned transport_dbg(tlm::tlm_generic_payload& payload) override;
  bool get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) override;
  void address_waits(cycle_t cycle) override { queue_.announce(cycle); }
  void write_beat(tlm::tlm_generic_payload& payload, cycle_t cycle, bool last) override;
  void response_left(tlm::tlm_generic_payload& payload, cycle_t cycle) override;
  bool takes_address_with_data() const override { return true; }

  void work();
  void accept(cycle_t cycle);
  void answer_due(channel& c, cycle_t now);
  void wake_for_next();
  void perform(tlm::tlm_generic_payload& payload, cycle_t cycle);
  unsigned beats(const tlm::tlm_generic_payload& payload) const;

  struct watched_range {
    std::uint64_t begin, end;
    write_watch written;
  };

  hbm_config config_;
  std::uint64_t period_;
  std::vector<watched_range> watches_;
  hbm_memory memory_;
  hbm_queue<tlm::tlm_generic_payload*> queue_;
  counters count_;
  std::array<channel, 2> channels_;     // [write]: R and B
  std::deque<open_write> open_writes_;  // from the network, accepted, data not all there
  sc_core::sc_event due_;
};

}  // namespace ohmic
