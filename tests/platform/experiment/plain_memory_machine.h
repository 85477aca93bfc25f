#pragma once

#include <algorithm>
#include <cstring>
#include <map>

#include "platform/machine/machine.h"

namespace ohmic {

/// A machine that is only memory: what is written can be read, nothing runs.
class plain_memory_machine : public machine {
 public:
  explicit plain_memory_machine(chip_config chip) : chip_(std::move(chip)) {
    l1s.assign(chip_.clusters(), std::vector<std::uint8_t>(chip_.cluster.l1_bytes));
  }

  std::vector<std::vector<std::uint8_t>> l1s;
  std::map<std::uint64_t, std::uint8_t> bytes;  ///< everything else, by address

  const chip_config& config() const override { return chip_; }
  bool read(std::uint64_t addr, void* to, std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i) static_cast<std::uint8_t*>(to)[i] = at(addr + i);
    return true;
  }
  bool write(std::uint64_t addr, const void* from, std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i) at(addr + i) = static_cast<const std::uint8_t*>(from)[i];
    return true;
  }
  const std::uint8_t* l1(unsigned cluster) const override { return l1s[cluster].data(); }

  void on_line(line_sink) override {}
  void watch_writes(std::uint64_t, std::uint64_t, std::uint64_t) override {}
  std::vector<cycle_t> written_at() const override { return {}; }
  run_end run(const run_options&) override { return run_end::exited; }
  cycle_t now() const override { return 0; }
  cycle_t window() const override { return 0; }
  cycle_t exact_window() const override { return 0; }
  std::uint64_t windows() const override { return 0; }
  std::optional<cycle_t> marker(unsigned) const override { return std::nullopt; }
  cycle_t end_cycle() const override { return 0; }
  std::uint32_t exit_status() const override { return 0; }
  std::uint64_t progress() const override { return 0; }
  const std::vector<guest_error>& errors() const override { return errors_; }
  cluster_activity activity(unsigned) override { return {}; }
  cluster_details details(unsigned) override { return {}; }
  std::vector<link_activity> links() const override { return {}; }
  hart_snapshot hart(unsigned, unsigned) const override { return {}; }
  std::uint64_t writes_entered() const override { return 0; }
  lockstep_report lockstep() const override { return {}; }
  std::vector<recorded_trace> traces() const override { return {}; }
  std::vector<recorded_waveform> waveforms() const override { return {}; }
  std::vector<hand_over_report> hand_overs() const override { return {}; }
  text_history::unfenced_writes unfenced_text() const override { return {}; }

 private:
  std::uint8_t& at(std::uint64_t addr) {
    for (unsigned i = 0; i < l1s.size(); ++i)
      if (const std::uint64_t offset = addr - chip_.cluster_l1(i); offset < l1s[i].size()) return l1s[i][offset];
    return bytes[addr];
  }

  const chip_config chip_;
  std::vector<guest_error> errors_;
};

}  // namespace ohmic
