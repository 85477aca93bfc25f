#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <systemc>
#include <tlm>
#include <vector>

#include "ip/axi/axi_extension.h"
#include "ip/core/types.h"

namespace ohmic {

/// The world outside the chip as the program sees it: console, end of the run, time, markers
/// (ip/registers/ohmic.rdl, platform_control). A TLM-2.0 AT target at the top of the network.
///
/// A console line is handed out when its newline arrives, whole, per core: so lines of different cores never mix,
/// and their order is that of their newlines' arrival. One register access per burst; anything else is SLVERR.
class platform_control : public sc_core::sc_module, tlm::tlm_fw_transport_if<> {
 public:
  using line_sink = std::function<void(unsigned cluster, unsigned core, cycle_t cycle, const std::string& line)>;
  static constexpr unsigned marker_count = 16;

  platform_control(sc_core::sc_module_name name, std::uint64_t base, const sc_core::sc_time& period);

  axi_target_socket socket;

  void on_line(line_sink sink) { sink_ = std::move(sink); }

  struct ending {
    cycle_t cycle = 0;
    std::uint32_t status = 0;
    bool assertion = false;
    unsigned cluster = 0, core = 0;
  };
  /// Set once the program wrote EXIT or ASSERT_FAILED; the first one counts.
  const std::optional<ending>& ended() const { return ended_; }
  std::optional<cycle_t> marker(unsigned n) const { return n < marker_count ? markers_[n] : std::nullopt; }
  /// Units of work that the program reported as finished (PROGRESS).
  std::uint64_t progress() const { return progress_; }
  /// Hands out lines that never got their newline, in the order of clusters and cores.
  void flush();

 private:
  tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload&, tlm::tlm_phase&, sc_core::sc_time&) override;
  void b_transport(tlm::tlm_generic_payload&, sc_core::sc_time&) override;
  unsigned transport_dbg(tlm::tlm_generic_payload&) override;
  bool get_direct_mem_ptr(tlm::tlm_generic_payload&, tlm::tlm_dmi&) override { return false; }

  void perform(tlm::tlm_generic_payload& payload, cycle_t cycle);
  bool write(std::uint64_t offset, const std::uint8_t* data, unsigned bytes, unsigned cluster, unsigned core,
             cycle_t cycle);
  bool read(std::uint64_t offset, std::uint8_t* data, unsigned bytes, cycle_t cycle);
  void put(unsigned cluster, unsigned core, cycle_t cycle, char c);

  const std::uint64_t base_;
  const std::uint64_t period_;
  line_sink sink_;
  std::map<std::pair<unsigned, unsigned>, std::string> partial_;  // lines without newline, by cluster and core
  std::optional<ending> ended_;
  std::array<std::optional<cycle_t>, marker_count> markers_{};
  std::uint64_t progress_ = 0;
  std::uint32_t time_hi_ = 0;
};

}  // namespace ohmic
